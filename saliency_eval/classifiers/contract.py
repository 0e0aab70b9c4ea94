"""What a classifier is: RGB images in [0, 1] in, class probabilities out, and which column means which class."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saliency_eval.core import Fields
from saliency_eval.errors import TRUTH, fail, shown

Batch = NDArray[np.float32]  # (n, height, width, 3), RGB in [0, 1]
Probabilities = NDArray[np.float64]  # (n, classes)


class Classifier:
    """A function from a batch to probabilities, with the names of its classes.

    `function` takes float32 (n, height, width, 3), RGB in [0, 1], and gives (n, classes) probabilities; `class_names`
    are matched with the names of the data set's classes; without them its columns are the data set's own numbers.
    """

    def __init__(
        self, function: Callable[[Batch], Any], name: str = "classifier", class_names: Sequence[str] = ()
    ) -> None:
        self.function, self.name = function, name
        self.class_names = tuple(class_names)
        self.columns = {name: number for number, name in enumerate(self.class_names)}

    def __call__(self, batch: Batch) -> Probabilities:
        """Probabilities (n, classes), float64."""
        return np.asarray(self.function(batch), np.float64)

    def asking(self, function: Callable[[Batch], Any]) -> Classifier:
        """The same classifier, asked by another way."""
        found = copy.copy(self)
        found.function = function
        return found

    def column(self, image: Fields) -> int:
        """The column of the label of an image; raises `undefined_metric` (exit 4) for a class that is unknown."""
        if not self.columns:
            return int(image["label"])
        name = image["label_name"]
        if name not in self.columns:
            text = f"the class {shown(name)} must be known to the classifier {shown(self.name)}"
            fail("undefined_metric", text, "name its classes with --class-names", image=image.id, exit=TRUTH)
        return self.columns[name]


def open_classifier(source: Any) -> Classifier:
    """The classifier that is given or named."""
    return source if isinstance(source, Classifier) else Classifier(source)
