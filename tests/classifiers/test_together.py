"""Images that meet at the classifier: full batches, one order, and nobody who waits for ever."""

import threading

import numpy as np
import pytest

from saliency_eval.classifiers import Classifier
from saliency_eval.classifiers.together import CHUNK, together
from saliency_eval.counting import counting
from saliency_eval.errors import SaliencyEvalError


class Recorder:
    """A classifier whose first probability is the mean of each image, and that notes what it was asked."""

    def __init__(self):
        self.batches = []

    def __call__(self, batch):
        self.batches.append((batch[:, 0, 0, 0] * MOST).tolist())
        return np.stack([batch.mean((1, 2, 3)), 1 - batch.mean((1, 2, 3))], 1)


MOST = 256


def image(value, count=1):
    return np.full((count, 2, 2, 3), value / MOST, np.float32)


def asking(times):
    """A task that asks so many times as `times` says of an image, with other images each time."""

    def task_with(classifier):
        def task(id):
            number = int(id)
            asked = (classifier(image(number + step / 8, 2)) for step in range(times(number)))
            return [float(found[1, 0]) * MOST for found in asked]

        return task

    return task_with


def test_answers_are_those_of_asking_alone_and_batches_are_full_and_in_order():
    recorder = Recorder()
    ids = [str(n) for n in range(CHUNK + 3)]
    found = list(together(asking(lambda n: n % 3), ids, Classifier(recorder)))
    assert found == [[n + step / 8 for step in range(n % 3)] for n in range(CHUNK + 3)]
    first = [n for n in range(CHUNK) if n % 3 > 0]
    second = [n + 0.125 for n in range(CHUNK) if n % 3 > 1]
    assert recorder.batches[:2] == [np.repeat(first, 2).tolist(), np.repeat(second, 2).tolist()]
    assert len(recorder.batches) == 4


def test_an_image_that_fails_ends_all_without_anyone_waiting():
    def task_with(classifier):
        def task(id):
            if id == "3":
                raise ValueError("3 is bad")
            return classifier(image(1))

        return task

    before = threading.active_count()
    with pytest.raises(ValueError, match="3 is bad"):
        list(together(task_with, [str(n) for n in range(9)], Classifier(Recorder())))
    assert threading.active_count() == before


def test_what_the_classifier_raises_reaches_every_image():
    def broken(batch):
        raise RuntimeError("out of memory")

    def task_with(classifier):
        def task(id):
            try:
                classifier(image(1))
            except SaliencyEvalError as error:
                return error.problems[0].message

        return task

    assert (
        list(together(task_with, ["a", "b"], Classifier(broken, "c")))
        == ["the classifier c raised RuntimeError: out of memory"] * 2
    )


def test_whoever_stops_taking_results_leaves_nobody_waiting():
    before = threading.active_count()
    results = together(asking(lambda n: 1), [str(n) for n in range(CHUNK * 2)], Classifier(Recorder()))
    assert next(results) == [0.0]
    results.close()
    assert threading.active_count() == before


def test_images_of_several_sizes_and_counts_are_answered_each():
    def task_with(classifier):
        def task(id):
            number = int(id)
            with counting() as found:
                batch = np.full((number % 3 + 1, 2 + number % 2, 2, 3), number / MOST, np.float32)
                answer = classifier(batch)[:, 0] * MOST
            return answer.tolist(), found["evaluations"]

        return task

    found = list(together(task_with, [str(n) for n in range(7)], Classifier(Recorder())))
    assert found == [([float(n)] * (n % 3 + 1), n % 3 + 1) for n in range(7)]


def test_a_wrong_answer_is_an_error_of_every_image():
    def task_with(classifier):
        return lambda id: classifier(image(1)).tolist()

    with pytest.raises(SaliencyEvalError, match="must answer 2 images"):
        list(together(task_with, ["a", "b"], Classifier(lambda batch: None)))


@pytest.mark.parametrize(
    "raised", [RuntimeError("boom"), SystemExit(3), KeyboardInterrupt(), StopIteration()]
)
def test_whatever_a_classifier_raises_is_said_of_it_and_nobody_waits(raised):
    def fails(batch):
        raise raised

    with pytest.raises(
        SaliencyEvalError, match=f"'?mine'? raised {type(raised).__name__}: {raised}; "
    ) as error:
        list(together(asking(lambda n: n % 3), [str(n) for n in range(9)], Classifier(fails, "mine")))
    assert (error.value.code, error.value.exit_code) == ("classifier", 4)
