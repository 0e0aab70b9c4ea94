"""What scoring asks of a classifier: its classes, which images it knows, and the images of a chunk all together."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from saliency_eval.classifiers import Classifier, open_classifier
from saliency_eval.classifiers.together import chunks, together
from saliency_eval.classifiers.views import view
from saliency_eval.datasets.base import Dataset
from saliency_eval.datasets.boxes import BoxDataset
from saliency_eval.errors import TRUTH, fail
from saliency_eval.executors import Place, run_tasks
from saliency_eval.scored import Scored
from saliency_eval.tasks import Reader, Scorer, lost


def classifier_of(source: Any, data: Dataset) -> Classifier | None:
    """The classifier that is given or named, if any. Raises what it raises, and where its classes do not fit."""
    if source is None:
        return None
    found = open_classifier(source)
    return found.for_classes(data.class_names) if isinstance(data, BoxDataset) else found


def correct_part(data: Dataset, classifier: Classifier | None) -> Dataset:
    """The images whose label the classifier gives to the whole image. Raises `usage`, `undefined_metric` (exit 4)."""
    if classifier is None or not isinstance(data, BoxDataset):
        fail("usage", "subset=correct asks a classifier about labels", "name one with --classifier")

    def asking(asked: Classifier) -> Callable[[str], bool]:
        def is_right(id: str) -> bool:
            image = data[id]
            batch = view(image["image"], asked.input_size)[np.newaxis]
            return bool(asked(batch)[0].argmax() == asked.column(image))

        return is_right

    known = [id for id, right in zip(data, together(asking, list(data), classifier), strict=True) if right]
    if not known:
        fail("undefined_metric", f"the classifier {classifier.name} knows none of the {len(data)} images",
             "choose another one, or leave out --subset", exit=TRUTH)  # fmt: skip
    return data.part(known)


def results_of(task: Reader, ids: Sequence[str], where: Place) -> Generator[Scored]:
    """The results in any order: one image after the other, or those together that ask a classifier."""
    if not isinstance(task, Scorer) or task.classifier is None:
        return run_tasks(task, ids, where, lost=lost, sample=task.sample)
    whole = [chunk for chunk in chunks(ids) if set(chunk) <= set(task.known)]
    known = {
        id: task.known[id] for chunk in whole for id in chunk
    }  # of others the batches would be other ones
    return together(lambda asked: replace(task, classifier=asked, known=known), ids, task.classifier)
