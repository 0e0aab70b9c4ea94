"""What a classifier answers: probabilities and their logarithms, and what is refused of it."""

import numpy as np
import pytest

from saliency_eval.classifiers import Classifier, open_classifier
from saliency_eval.core import Fields
from saliency_eval.counting import counting
from saliency_eval.errors import SaliencyEvalError

BATCH = np.zeros((2, 4, 5, 3), np.float32)


def giving(rows, **options):
    return Classifier(lambda batch: np.array(rows), **options)


def test_logits_become_logarithms_of_probabilities_however_small():
    seen = giving([[1000.0, -1000.0], [0.0, np.log(3)]], kind="logits")
    assert seen.log_probabilities(BATCH)[0].tolist() == [0.0, -2000.0]
    assert seen(BATCH)[1] == pytest.approx([0.25, 0.75], abs=1e-15)
    assert seen(BATCH)[0].tolist() == [1.0, 0.0]
    assert repr(seen) == "<classifier classifier: logits of 2 classes>"


def test_logits_of_32_bits_are_counted_in_64():
    seen = Classifier(lambda batch: np.float32([[0.1, 20.0, 30.5]] * 2), kind="logits")
    logits = np.float64(np.float32([0.1, 20.0, 30.5]))
    expected = logits - np.log(np.exp(logits).sum())
    assert seen.log_probabilities(BATCH)[0] == pytest.approx(expected, abs=1e-13)


def test_probabilities_of_zero_are_floored_and_counted():
    with counting() as found:
        logs = giving([[0.0, 1.0], [0.5, 0.5]]).log_probabilities(BATCH)
    assert logs[0].tolist() == [np.log(1e-300), 0.0]
    assert found == {"evaluations": 2, "zero_prob": 1}
    with counting() as found:
        assert giving([[0.0, 1.0], [0.5, 0.5]])(BATCH).tolist() == [[0.0, 1.0], [0.5, 0.5]]
    assert found == {"evaluations": 2}, "a probability of 0 is one, only its logarithm is not"


@pytest.mark.parametrize(
    ("rows", "options", "words"),
    [
        ([[0.5, 0.5]], {}, r"must answer 2 images with \(2, classes\) numbers, got \(1, 2\)"),
        ([0.5, 0.5], {}, r"got \(2,\)"),
        ([[], []], {}, r"got \(2, 0\)"),
        ([[np.nan, 1], [0, 1]], {}, "must answer with finite numbers"),
        ([[np.inf, 1], [0, 1]], {"kind": "logits"}, "must answer with finite numbers"),
        ([[-0.5, 1.5], [0, 1]], {}, "must answer with probabilities, got -0.5; apply softmax"),
        ([[0.5, 0.4], [0.5, 0.5]], {}, "sum to one, got a sum of 0.9; apply softmax"),
        (
            [[0.5, 0.5], [0.5, 0.5]],
            {"class_names": "abc"},
            "must know 3 classes, as many as are named, got 2",
        ),
    ],
)
def test_answers_that_are_none(rows, options, words):
    with pytest.raises(SaliencyEvalError, match=words) as error:
        giving(rows, **options)(BATCH)
    assert (error.value.code, error.value.exit_code) == ("classifier", 4)
    assert "\n" not in str(error.value)


def test_half_precision_sums_to_one():
    rows = np.random.default_rng(1).random((2, 1000)).astype(np.float16)
    giving((rows / rows.sum(1, keepdims=True, dtype=np.float32)).astype(np.float16))(BATCH)


def test_large_batches_are_asked_in_parts_of_one_composition():
    sizes = []

    def function(batch):
        sizes.append(len(batch))
        return np.stack([batch[:, 0, 0, 0], 1 - batch[:, 0, 0, 0]], 1)

    values = np.arange(600) / 1024
    batch = np.broadcast_to(values[:, None, None, None], (600, 1, 1, 3)).astype(np.float32)
    assert Classifier(function)(batch)[:, 0].tolist() == values.tolist()
    assert sizes == [256, 256, 88]


# ------------------------------------------------------------------ columns


NAMED = [("n1", "crane"), ("n2", "tench"), ("n3", "crane")]


def image(label=0, name="n1"):
    return Fields("i1", label=label, label_name=name)


def test_columns_follow_names_where_there_are_any():
    seen = Classifier(None, class_names=NAMED)
    assert [seen.column(image(2, name)) for name in ("n1", "n2", "tench", "n3")] == [0, 1, 1, 2]
    assert seen.class_names == ("n1", "n2", "n3")
    assert Classifier(None).column(image(7, "whatever")) == 7


@pytest.mark.parametrize(
    ("label", "name", "options", "words"),
    [
        (0, "crane", {"class_names": NAMED}, "the class crane must be known"),  # two classes are called so
        (0, "crane", {"class_names": ["crane", "crane"]}, "the class crane must be known"),  # and no other
        (0, "n9", {"class_names": NAMED}, "the class n9 must be known to the classifier c; name its classes"),
        (-1, "", {}, "image i1 must have a label"),
        (-1, "", {"class_names": NAMED}, "image i1 must have a label"),
    ],
)
def test_labels_that_have_no_column(label, name, options, words):
    with pytest.raises(SaliencyEvalError, match=words) as error:
        Classifier(None, "c", **options).column(image(label, name))
    assert (error.value.code, error.value.exit_code) == ("undefined_metric", 4)


def test_another_number_of_classes_than_the_data_set_has():
    seen = giving([[0.5, 0.5]] * 2)
    seen.check_classes(["a", "b", "c"])  # nobody knows yet
    seen(BATCH)
    seen.check_classes(["a", "b"])
    with pytest.raises(
        SaliencyEvalError, match="must know the 3 classes of the data set, got 2 without names"
    ):
        seen.check_classes(["a", "b", "c"])
    with pytest.raises(SaliencyEvalError, match="class 2 must be one of the 2"):
        seen.column(image(2))
    Classifier(None, class_names=["a", "b"]).check_classes(["a", "b", "c"])


def test_names_can_stand_in_signatures():
    assert Classifier(None, "a|b: c\n").name == "a_b__c_"


def test_a_function_says_what_it_is():
    def seen(batch):
        return batch

    seen.input_size, seen.mean, seen.kind, seen.class_names = 8, (0, 0, 1), "logits", lambda: ["a", "b"]
    found = open_classifier(seen)
    assert (found.name, found.input_size, found.mean, found.kind) == (
        "seen",
        (8, 8),
        (0.0, 0.0, 1.0),
        "logits",
    )
    assert found.class_names == ("a", "b")
    assert open_classifier(found) is found


@pytest.mark.parametrize("source", [None, 3, ["timm:x"]])
def test_what_is_no_classifier(source):
    with pytest.raises(
        SaliencyEvalError, match="a classifier must be a function of batches, a network, or text"
    ):
        open_classifier(source)


def test_a_kind_that_is_none():
    with pytest.raises(SaliencyEvalError, match="the kind of a classifier cannot be 'logit'"):
        Classifier(None, kind="logit")


@pytest.mark.parametrize("answer", ["0.5", [["0.5", "0.5"]], [[0.5, 0.5 + 1j]], [[1], [1, 2]], object()])
def test_answers_that_are_no_real_numbers(answer):
    with pytest.raises(SaliencyEvalError, match="must answer with real numbers") as error:
        Classifier(lambda batch: answer)(BATCH)
    assert error.value.code == "classifier"


def test_columns_that_nobody_counted_before_must_be_as_many_as_the_classes_of_the_data_set():
    asked = giving([[0.5, 0.5]] * 2)
    with pytest.raises(SaliencyEvalError, match=r"must know 3 classes, .* got 2 columns"):
        asked.for_classes(["a", "b", "c"])(BATCH)
    assert asked.for_classes(["a", "b"])(BATCH).tolist() == [[0.5, 0.5]] * 2


@pytest.mark.parametrize("names", [5, [1, 2], [()]])
def test_names_of_classes_that_are_no_texts(names):
    with pytest.raises(SaliencyEvalError, match="must name its classes in a list of texts"):
        Classifier(None, class_names=names)
