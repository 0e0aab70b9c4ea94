"""Metrics that ask a classifier, against closed forms: constant, linear and additive ones, and their identities."""

import math

import numpy as np
import pytest
from PIL import Image

from saliency_eval import metrics
from saliency_eval.classifiers import Classifier
from saliency_eval.classifiers.together import together
from saliency_eval.core import METRICS, Fields
from saliency_eval.counting import counting
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.fields import deletion_curve, insertion_curve, whole_image
from saliency_eval.fields.curves import kernel
from saliency_eval.maps import Map
from saliency_eval.metrics.classifier import doubts, means
from saliency_eval.models import boxes as _declared  # noqa: F401  (declares the model `random`)
from saliency_eval.variant import variant

vector = metrics.saliency_metric.__wrapped__
DRAWN = np.random.default_rng(5)


def constant(p, **options):
    return Classifier(lambda batch: np.tile([p, 1 - p], (len(batch), 1)), **options)


def mean_intensity(batch):
    """p of class 0 is the mean of the image."""
    mean = batch.mean((1, 2, 3), dtype=np.float64)
    return np.stack([mean, 1 - mean], 1)


def boxed(shape, box):
    saliency = np.zeros(shape)
    top, left, bottom, right = box
    saliency[top:bottom, left:right] = 1
    return saliency


# ------------------------------------------------------------------ saliency metric


@pytest.mark.parametrize(
    ("box", "expected"),
    [((2, 1, 4, 5), -1.856298), ((3, 3, 4, 4), -2.772589), ((0, 0, 8, 8), 0.223144)],
)
def test_a_constant_classifier_leaves_the_area(box, expected):
    image, saliency = np.zeros((8, 8, 3), np.uint8), boxed((8, 8), box)
    assert metrics.saliency_metric(image, saliency, constant(0.8), 0) == pytest.approx(expected, abs=1e-6)
    assert metrics.saliency_metric(image, saliency, constant(0.8), 0, a_min=1) == -math.log(0.8)


@pytest.mark.parametrize("value", [0, 1, 0.3])
def test_maps_that_mark_nothing_are_worth_the_whole_image(value):
    image = DRAWN.integers(0, 256, (6, 9, 3), dtype=np.uint8)
    expected = -math.log(mean_intensity((image / 255)[None].astype(np.float32))[0, 0])
    with counting() as found:
        got = metrics.saliency_metric(image, np.full((6, 9), value), Classifier(mean_intensity), 0)
    assert got == pytest.approx(expected, abs=1e-7)
    assert found["empty"] == 1
    with counting() as found:
        assert math.isnan(
            metrics.saliency_metric(
                image, np.full((6, 9), value), Classifier(mean_intensity), 0, empty="none"
            )
        )
    assert found["undefined"] == 1


def test_a_classifier_of_the_mean_of_the_crop():
    box, area = (1, 2, 5, 8), 24 / 80
    image = np.where(boxed((8, 10), box)[..., None] > 0, 1.0, 0.25) * np.ones(3)
    found = vector(image, Map(boxed((8, 10), box)), Classifier(mean_intensity), 0, np.array([box], float))
    s, log_area, log_p, right, neg_log_p, top1, truth, random, guess = found
    assert (s, log_p, right, guess) == (math.log(area), 0, 1, 0.5)
    assert log_area == math.log(area)
    assert truth == s
    assert neg_log_p == pytest.approx(-math.log(0.25 + 0.75 * area), abs=1e-7)
    assert top1 == (0.25 + 0.75 * area > 0.5)
    assert math.isfinite(random)
    assert guess == 1 / 2  # of two classes


def test_logits_of_a_thousand_are_finite():
    seen = Classifier(lambda batch: np.tile([-1000.0, 1000.0], (len(batch), 1)), kind="logits")
    image, saliency = np.zeros((8, 8, 3), np.uint8), boxed((8, 8), (2, 1, 4, 5))
    assert metrics.saliency_metric(image, saliency, seen, 0) == pytest.approx(
        math.log(0.125) + 2000, abs=1e-9
    )
    with counting() as found:
        got = metrics.saliency_metric(image, saliency, constant(0.0), 0)
    assert got == pytest.approx(math.log(0.125) - math.log(1e-300), abs=1e-9)
    assert found["zero_prob"] == 3  # the crop, the whole image, and a box around noise


def test_of_several_boxes_the_logarithms_are_averaged():
    image = np.full((10, 10, 3), 0.5)
    image[:5] = 0.25
    boxes = np.array([[0, 0, 5, 10], [5, 0, 10, 5], [9, 9, 10, 10]], float)
    logs = np.log([0.5, 0.25, 0.05]) - np.log([0.25, 0.5, 0.5])
    seen, flat = Classifier(mean_intensity), Map(np.ones((10, 10)))
    found = vector(image, flat, seen, 0, boxes[:2], boxes)
    assert found[0] == pytest.approx(logs.mean(), abs=1e-7)
    assert found[1] == pytest.approx(np.log([0.5, 0.25, 0.05]).mean(), abs=1e-12)
    assert found[6] == pytest.approx(logs[:2].mean(), abs=1e-7)
    outside = np.array([[-4, 0, 0, 10], [5, 0, 10, 5]], float)  # of the frame, the first leaves it
    assert vector(image, flat, seen, 0, outside, boxes)[6] == pytest.approx(logs[1], abs=1e-7)
    assert math.isnan(vector(image, flat, seen, 0)[6])


def test_boxes_between_pixels_have_their_own_area_and_whole_pixels():
    image = np.zeros((10, 10, 3))
    image[2:8, 2:8] = 1
    box = np.array([[1.6, 1.6, 8.4, 8.4]])  # the centres of pixels 2 to 7 lie in it
    found = vector(image, Map(np.ones((10, 10))), Classifier(mean_intensity), 0, None, box)
    assert found[1:3].tolist() == [pytest.approx(math.log(6.8**2 / 100), abs=1e-12), 0]


def test_crops_are_brought_to_the_size_of_the_classifier_by_pillow_on_8_bits():
    image = DRAWN.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    asked = []

    def seen(batch):
        asked.append(batch)
        return mean_intensity(batch)

    box = (3, 4, 17, 13)
    metrics.saliency_metric(image, boxed((20, 30), box), Classifier(seen, input_size=(7, 11)), 0)
    [batch] = asked
    assert batch.shape == (3, 7, 11, 3)
    assert batch.dtype == np.float32
    for crop in (image, image[3:17, 4:13]):
        expected = np.asarray(Image.fromarray(crop).resize((11, 7), Image.Resampling.BICUBIC)) / np.float32(
            255
        )
        assert (batch == expected).all((1, 2, 3)).sum() == 1


def test_each_crop_is_shown_once():
    image, saliency = np.zeros((8, 8, 3), np.uint8), np.ones((8, 8))
    whole = np.array([[0, 0, 8, 8.0]])
    with counting() as found:
        vector(image, Map(saliency), constant(0.8), 0, whole, whole)
    assert found["evaluations"] == 2  # the whole image, and a box around noise


def test_noise_is_that_of_the_model_of_this_name():
    shape, seen = (30, 40), Classifier(mean_intensity)
    image = DRAWN.integers(0, 256, (*shape, 3), dtype=np.uint8)
    noise = variant("random", "model")(Fields("i7", shape=shape))
    own = vector(image, Map(noise), seen, 0, None, None, "i7")
    assert own[7] == own[0]
    assert vector(image, Map(noise), seen, 0, None, None, "i8")[7] != own[0]


def test_whatever_the_map_the_value_is_above_the_least_area():
    image = np.zeros((12, 12, 3), np.uint8)
    for _ in range(20):
        value = metrics.saliency_metric(image, DRAWN.random((12, 12)) ** 4, constant(1.0), 0)
        assert value >= math.log(0.05)


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (np.zeros((8, 8), np.uint8), "shape"),
        (np.zeros((8, 8, 4), np.uint8), "shape"),
        (np.full((8, 8, 3), 255.0), "dtype"),
        (np.zeros((8, 8, 3), np.int64), "dtype"),
        (np.zeros((8, 9, 3), np.uint8), "wrong_size"),
    ],
)
def test_images_that_are_none(image, code):
    for call in (
        lambda: metrics.saliency_metric(image, np.eye(8), constant(0.5), 0),
        lambda: insertion_curve(
            image, np.eye(8), constant(0.5), whole_image(np.zeros((8, 8, 3)), constant(0.5)), 0
        ),
    ):
        with pytest.raises(SaliencyEvalError) as error:
            call()
        assert error.value.code == code


def test_facts_are_means_over_the_images_that_have_them():
    matrix = np.array(
        [
            [1, -1, -2, 1, 3, 0, 0.5, 4, 0.25],
            [3, -2, -5, 0, 5, 1, np.nan, 6, 0.25],
            [8, -3, -5, 0, 4, 1, 2.5, 2.0, 0.25],
        ]
    )
    assert means(matrix, {}) == {
        "mean_log_area": -2, "mean_log_prob": -4, "crop_accuracy": pytest.approx(1 / 3),
        "top1": pytest.approx(2 / 3), "whole": 4, "ground_truth": 1.5, "random": 4, "guess": 0.25, "median": 3,
    }  # fmt: skip
    settle = METRICS["saliency_metric"].traits["settle"]
    assert settle(matrix, [], {}).tolist() == [1, 3, 8]
    assert math.isnan(means(matrix[:0], {})["median"])


def test_doubts():
    good = {"ground_truth": 0.3, "whole": 1.4, "random": 2.0, "top1": 0.8, "guess": 0.001}
    assert doubts(good) == []
    assert doubts({**good, "ground_truth": math.nan}) == []
    assert "the classifier does not bear crops" in doubts({**good, "whole": 0.3})[0]
    assert "rewards small boxes" in doubts({**good, "random": 0.3})[0]
    assert doubts({**good, "top1": 0.001})[0].startswith(
        "the classifier is right on 0.10% of the whole images"
    )
    assert len(doubts({"ground_truth": 2.0, "whole": 1.0, "random": 1.0, "top1": 0.0, "guess": 0.1})) == 3


# ------------------------------------------------------------------ curves


PARTS = np.array([[0.5, 0.25], [0.1875, 0.0625]])  # what each of four pixels adds


def additive(batch):
    """The sum of the parts of the pixels that are shown; black ones add nothing."""
    p = (batch[..., 0] * PARTS).sum((1, 2))
    return np.stack([p, 1 - p], 1)


ADDITIVE = Classifier(additive, mean=(0.0, 0.0, 0.0))
WHITE = np.ones((2, 2, 3))


def curves(saliency, image=WHITE, seen=ADDITIVE, target=0, **options):
    whole = whole_image(image, seen)
    return [
        curve(image, saliency, seen, whole, target, **{"substrate": "mean", **options})
        for curve in (insertion_curve, deletion_curve)
    ]


@pytest.mark.parametrize(
    ("step", "deletion", "insertion"),
    [(1, 0.328125, 0.671875), (2, 0.375, 0.625), (3, 0.40625, 0.59375), (4, 0.5, 0.5), (9, 0.5, 0.5)],
)
def test_additive_scores(step, deletion, insertion):
    inserted, deleted = curves(PARTS, step=step)
    assert metrics.insertion_auc(inserted) == insertion
    assert metrics.deletion_auc(deleted) == deletion
    assert (inserted.scores + deleted.scores).tolist() == [1.0] * len(inserted.scores)


def test_the_last_step_counts_as_far_as_it_goes():
    """RISE takes all steps for equal: of four pixels, three at a time, it has 0.28125 for deletion."""
    _, deleted = curves(PARTS, step=3)
    assert (deleted.shares.tolist(), deleted.scores.tolist()) == ([0, 0.75, 1], [1, 0.0625, 0])
    assert (deleted.scores.sum() - deleted.scores[0] / 2 - deleted.scores[-1] / 2) / 2 == 0.28125
    assert metrics.deletion_auc(deleted) == 0.40625


def test_areas_that_suffice_and_that_destroy():
    inserted, deleted = curves(PARTS, step=1)
    assert inserted.scores.tolist() == [0, 0.5, 0.75, 0.9375, 1]
    assert (metrics.ssr_area(inserted), metrics.sdr_area(deleted)) == (0.75, 0.75)
    assert metrics.ssr_area(inserted, tau=0.5) == 0.25
    assert metrics.sdr_area(([0, 0.5, 1], [1, 0.1, 0])) == 0.5  # 1 - 0.9 < 0.1
    assert metrics.ssr_area(([0, 0.5, 1], [0, 0.72, 0.8])) == 0.5  # 0.9 * 0.8 > 0.72
    assert metrics.sdr_area(deleted, tau=0.5) == 0.25
    assert metrics.ssr_area(inserted, tau=0) == 0
    assert metrics.sdr_area(deleted, tau=0) == 0
    half = inserted._replace(scores=inserted.scores / 2), deleted._replace(scores=deleted.scores / 2)
    assert (metrics.ssr_area(half[0]), metrics.sdr_area(half[1])) == (0.75, 0.75)
    assert metrics.sdr_area(half[1], relative=False) == 0.75
    with counting() as found:
        assert metrics.ssr_area(half[0], relative=False) == 1
    assert found == {"undefined": 1}
    with counting() as found:
        assert metrics.sdr_area(deleted._replace(scores=np.array([1, 0.9, 0.8, 0.7, 0.6]))) == 1
    assert found == {"undefined": 1}


@pytest.mark.parametrize("substrate", ["mean", "blur"])
@pytest.mark.parametrize("step", [1, 7, "auto"])
def test_insertion_of_a_map_is_deletion_of_its_negative(substrate, step):
    weights = DRAWN.random((7, 8, 3))

    def seen(batch):
        p = 1 / (1 + np.exp(-(((batch - 0.5) * weights).sum((1, 2, 3)) ** 3)))
        return np.stack([p, 1 - p], 1)

    image, saliency = DRAWN.integers(0, 256, (7, 8, 3), dtype=np.uint8), DRAWN.random((7, 8))
    options = {"image": image, "seen": Classifier(seen), "substrate": substrate, "step": step}
    inserted, _ = curves(saliency, **options)
    _, deleted = curves(-saliency, **options)
    assert inserted.shares == pytest.approx(1 - deleted.shares[::-1], abs=1e-15)
    assert inserted.scores == pytest.approx(deleted.scores[::-1], abs=1e-12)
    assert metrics.insertion_auc(inserted) == pytest.approx(metrics.deletion_auc(deleted), abs=1e-12)


def test_ends_of_the_curves_do_not_depend_on_the_map():
    image = DRAWN.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    seen = Classifier(mean_intensity)
    first, second = (curves(DRAWN.random((8, 8)), image, seen, substrate="blur") for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert one.scores[[0, -1]].tolist() == other.scores[[0, -1]].tolist()
        assert one.scores[1:-1].tolist() != other.scores[1:-1].tolist()


def test_equal_values_go_in_the_order_of_rows_and_are_counted():
    """RISE turns an ascending order round: of a constant map of 2 x 2 it has 3, 2, 1, 0."""
    inserted, _ = curves(np.full((2, 2), 7), step=1)
    assert inserted.scores.tolist() == [0, 0.5, 0.75, 0.9375, 1]
    for saliency, step, ties in (
        ([[7, 7], [7, 7]], 1, 1), ([[4, 4], [2, 1]], 1, 1), ([[4, 4], [2, 2]], 2, 0), ([[4, 3], [2, 1]], 1, 0)
    ):  # fmt: skip
        with counting() as found:
            curves(np.array(saliency), step=step)
        assert found["ties"] == 2 * ties, saliency


def test_many_equal_values_go_in_the_order_of_rows():
    parts = DRAWN.random((20, 30))
    parts /= parts.sum()
    saliency = DRAWN.integers(0, 3, (20, 30))

    def seen(batch):
        p = (batch[..., 0] * parts).sum((1, 2))
        return np.stack([p, 1 - p], 1)

    inserted, _ = curves(saliency, np.ones((20, 30, 3)), Classifier(seen, mean=(0, 0, 0)), step=7)
    order = sorted(range(600), key=lambda n: -saliency.flat[n])
    expected = [parts.flat[order[: 7 * k]].sum() for k in range(87)]
    assert inserted.scores == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("piece", [1, 5, 1000])
def test_curves_do_not_change_with_the_size_of_batches(monkeypatch, piece):
    image, saliency = np.linspace(0, 1, 300).reshape(10, 10, 3), np.sin(np.arange(100.0)).reshape(10, 10)
    options = {"image": image, "seen": Classifier(mean_intensity), "substrate": "blur", "blur": "gaussian"}
    before = curves(saliency, **options)
    monkeypatch.setattr("saliency_eval.fields.curves.PIECE", piece)
    for one, other in zip(before, curves(saliency, **options), strict=True):
        assert one.scores.tolist() == other.scores.tolist()


def test_the_label_is_that_of_the_truth_or_of_the_prediction():
    inserted, _ = curves(PARTS, target=1, step=1)
    assert inserted.scores.tolist() == [1, 0.5, 0.25, 0.0625, 0]
    predicted, _ = curves(PARTS, target=1, step=1, label="pred")
    assert predicted.scores.tolist() == [0, 0.5, 0.75, 0.9375, 1]
    assert curves(PARTS, target=None, step=1, label="pred")[0].scores.tolist() == predicted.scores.tolist()
    with pytest.raises(SaliencyEvalError, match="label=gt needs target"):
        curves(PARTS, target=None)


def test_evaluations_are_counted_and_curves_share_the_whole_image():
    fields = Fields(
        "i", image=DRAWN.integers(0, 256, (16, 16, 3), dtype=np.uint8), saliency=Map(DRAWN.random((16, 16))),
        classifier=Classifier(mean_intensity), target=0,
    )  # fmt: skip
    with counting() as found:
        for key in ("insertion_auc", "deletion_auc", "ssr_area", "sdr_area"):
            variant(key)(fields)
    assert found["evaluations"] == 1 + 2 + 2 * (28 - 1)
    with counting() as found:
        variant("insertion_auc", step=100, label="pred")(fields)
    assert found["evaluations"] == 3
    assert str(variant("insertion_auc", step=1792, label="pred")) == (
        "insertion_auc|insertion_curve.step:1792|insertion_curve.label:pred|insertion_curve.substrate:blur|"
        "insertion_curve.blur:rise"
    )


def test_the_kernel_of_rise_is_nearly_a_box():
    weights = kernel("rise", 1.0)
    assert len(weights) == 11
    assert weights.sum() == pytest.approx(1)
    assert (weights[5] / weights[0]) ** 2 == pytest.approx(1.14, abs=0.005)
    gaussian = kernel("gaussian", 5.0)
    assert (gaussian == gaussian[::-1]).all(), "pytorch-saliency has it one tap off, from -28 to 26 of 55"
    assert (len(gaussian), gaussian[20] / gaussian[15]) == (41, pytest.approx(math.exp(0.5)))


def test_what_lies_outside_of_a_blurred_image_is_the_mean_colour():
    image = np.full((30, 40, 3), [0.2, 0.4, 0.6])
    asked = []

    def seen(batch):
        asked.extend(batch)
        return mean_intensity(batch)

    for mean in ([0.2, 0.4, 0.6], [0.7, 0.7, 0.7]):
        asked.clear()
        curves(DRAWN.random((30, 40)), image, Classifier(seen, mean=mean), substrate="blur")
        blurred = asked[1]  # the first of insertion, after the whole image
        weights = kernel("rise", 1.0)
        inside = 1 - weights[:5].sum() if mean[0] == 0.7 else 1
        assert blurred[15, 20] == pytest.approx(image[0, 0], abs=1e-6)
        corner = np.array(mean) + (image[0, 0] - mean) * inside**2
        assert blurred[0, 0] == pytest.approx(corner, abs=1e-6)


def test_images_of_another_size_than_the_classifier_takes_are_brought_to_it():
    image = DRAWN.integers(0, 256, (12, 10, 3), dtype=np.uint8)
    shapes = set()

    def seen(batch):
        shapes.add(batch.shape[1:])
        assert batch.min() >= 0
        assert batch.max() <= 1
        return mean_intensity(batch)

    inserted, deleted = curves(
        DRAWN.random((12, 10)), image, Classifier(seen, input_size=(24, 30)), substrate="blur"
    )
    assert shapes == {(24, 30, 3)}
    assert inserted.scores[-1] == deleted.scores[0]


@pytest.mark.parametrize("key", ["insertion_auc", "deletion_auc", "ssr_area", "sdr_area"])
@pytest.mark.parametrize(
    "given",
    [3, None, "curve", [0, 1], ([0, 1], [0, 0.5, 1]), ([0, 0.5], [1, 1]), ([0, 0, 1], [1, 1, 1]), ([0, 1], [0, np.nan]),
     np.ones((3, 4)), ([[0, 1]], [[1, 1]]), ([], [])],
)  # fmt: skip
def test_what_is_no_curve(key, given):
    name = f"{'insertion' if key in ('insertion_auc', 'ssr_area') else 'deletion'}_curve"
    with pytest.raises(
        SaliencyEvalError, match=rf"^error\[shape\]: {name} must be \(shares, probabilities\) of one"
    ) as e:
        getattr(metrics, key)(given)
    assert f"saliency_eval.fields.{name}(image, saliency, classifier" in str(e.value)
    assert "\n" not in str(e.value)


def test_a_curve_of_elsewhere_is_a_pair():
    assert metrics.insertion_auc([[0, 0.75, 1], [0, 0.5, 1]]) == 0.375
    assert metrics.sdr_area((np.array([0, 0.25, 1]), [0.8, 0.05, 0.01])) == 0.25


@pytest.mark.parametrize("target", [-1, 2, 0.5, "a"])
def test_a_target_that_is_no_column(target):
    for call in (
        lambda: curves(PARTS, target=target),
        lambda: metrics.saliency_metric(WHITE, PARTS, ADDITIVE, target),
    ):
        with pytest.raises(
            SaliencyEvalError, match=f"target must be a column of the classifier, from 0 to 1, got {target}"
        ):
            call()


def test_a_whole_image_that_is_none():
    with pytest.raises(
        SaliencyEvalError,
        match=r"whole_image must be the probabilities \(classes,\) of the whole image, got 0",
    ) as e:
        insertion_curve(WHITE, PARTS, ADDITIVE, 0)
    assert e.value.code == "usage"


# ------------------------------------------------------------------ together


KEYS = ("saliency_metric", "insertion_auc", "deletion_auc", "ssr_area", "sdr_area")


def scored(images, size, single):
    """Vectors and values of some images that meet at a classifier, or of each alone."""
    seen = Classifier(mean_intensity, input_size=size)

    def task_with(classifier):
        def task(id):
            given = images[int(id)] | {"classifier": classifier, "target": int(id) % 2}
            fields = Fields(id, **given)
            with counting() as found:
                values = [variant(key)(fields) for key in KEYS]
            return np.concatenate([np.atleast_1d(value) for value in values]).tolist(), dict(found)

        return task

    ids = [str(n) for n in range(len(images))]
    return [task_with(seen)(id) for id in ids] if single else list(together(task_with, ids, seen))


def test_values_do_not_depend_on_who_else_is_asked_about():
    images = [
        {
            "image": DRAWN.integers(0, 256, (9, 12 - n % 2, 3), dtype=np.uint8),
            "saliency": Map(DRAWN.random((9, 12 - n % 2))),
            "boxes": np.array([[1, 1, 5, 6 + n]], float),
        }
        for n in range(5)
    ]
    for size in (None, (8, 8)):
        assert scored(images, size, single=True) == scored(images, size, single=False)
