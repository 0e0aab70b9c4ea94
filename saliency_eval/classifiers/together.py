"""One batch from many images: a metric calls its classifier as if it were alone, and the classifier sees full batches.

Each image of a chunk is worked at in a thread of its own. Where all that are left wait for the classifier, their
requests become batches in the order of the images, so that no value depends on which thread came first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np

from saliency_eval.classifiers.contract import Batch, Classifier, Floats
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.profiling import stage

T = TypeVar("T")
CHUNK = 64  # images that are worked at together
_image = threading.local()  # its number, in the thread that works at it


class Meeting:
    """The images of a chunk, those of them that wait for the classifier, and what it answered."""

    def __init__(self, classifier: Classifier, images: int) -> None:
        self.classifier, self.working = classifier, images
        self.asked: dict[int, Batch] = {}
        self.answers: dict[int, Any] = {}
        self.changed = threading.Condition()
        self.stopped = False

    def ask(self, batch: Batch) -> Floats:
        """The answer to one image, which waits for the others; raises what the classifier raises."""
        number: int = _image.number
        with self.changed:
            self.asked[number] = batch
            self.answer_if_all_wait()
            self.changed.wait_for(lambda: number in self.answers or self.stopped)
            answer = self.answers.pop(number, None)
        if answer is None:
            raise InterruptedError("nobody waits for this image any longer")
        if isinstance(answer, Exception):
            raise answer
        return np.asarray(answer)

    def work(self, number: int, task: Callable[[str], T], id: str) -> T:
        """One image from beginning to end."""
        _image.number = number
        try:
            return task(id)
        finally:
            with self.changed:
                self.working -= 1
                self.answer_if_all_wait()

    def stop(self) -> None:
        """Let nobody wait any longer."""
        with self.changed:
            self.stopped = True
            self.changed.notify_all()

    def answer_if_all_wait(self) -> None:
        """Ask the classifier once everyone who is left waits."""
        if self.stopped or not self.asked or len(self.asked) < self.working:
            return
        numbers = sorted(self.asked)
        try:
            found = self.answer([self.asked[number] for number in numbers])
            self.answers |= dict(zip(numbers, found, strict=True))
        except SaliencyEvalError as error:
            self.answers |= dict.fromkeys(numbers, error)
        except BaseException as error:  # of others' code; whatever it is, nobody may wait for ever
            self.answers |= dict.fromkeys(numbers, self.classifier.raised(error))
        self.asked.clear()
        self.changed.notify_all()

    def answer(self, batches: Sequence[Batch]) -> list[Any]:
        """What the classifier gives for each batch; images of one size are asked for together."""
        found: list[Any] = [None] * len(batches)
        sizes = [batch.shape[1:] for batch in batches]
        for size in dict.fromkeys(sizes):
            own = [n for n, one in enumerate(sizes) if one == size]
            batch = np.concatenate([batches[n] for n in own])
            with stage("classifier"):
                outputs = self.classifier.outputs(batch)
            ends = np.cumsum([len(batches[n]) for n in own])
            for n, part in zip(own, np.split(outputs, ends[:-1]), strict=True):
                found[n] = part
        return found


def chunks(ids: Sequence[str]) -> list[Sequence[str]]:
    """The images that are worked at together."""
    return [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]


def together(
    task_with: Callable[[Classifier], Callable[[str], T]], ids: Sequence[str], classifier: Classifier
) -> Generator[T]:
    """Apply a task that asks a classifier to every id, chunk by chunk; `task_with` makes the task of a classifier."""
    with ThreadPoolExecutor(CHUNK) as pool:
        for chunk in chunks(ids):
            meeting = Meeting(classifier, len(chunk))
            task = task_with(classifier.asking(meeting.ask))
            futures: list[Future[T]] = [
                pool.submit(meeting.work, number, task, id) for number, id in enumerate(chunk)
            ]
            try:
                yield from [future.result() for future in futures]
            except BaseException:
                meeting.stop()
                raise
