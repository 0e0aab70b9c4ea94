"""What a classifier is: RGB images in [0, 1] in, class probabilities out, and which column means which class."""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Literal, NoReturn, get_args

import numpy as np
from numpy.typing import NDArray

from saliency_eval.core import Fields
from saliency_eval.counting import count
from saliency_eval.errors import TRUTH, Problem, SaliencyEvalError, fail, nearest, shown
from saliency_eval.pool import Shape

Batch = NDArray[np.float32]  # (n, height, width, 3), RGB in [0, 1]
Floats = NDArray[np.float64]
Kind = Literal["probabilities", "logits"]
Colour = tuple[float, float, float]
Function = Callable[[Batch], Any]
ClassNames = Sequence[str] | Sequence[Sequence[str]]  # one name a class, or several

MEAN: Colour = (0.485, 0.456, 0.406)  # of the images of ImageNet, and their standard deviation
STD: Colour = (0.229, 0.224, 0.225)
LEAST = 1e-300  # a probability of 0 counts as this one
MOST = 256  # images of one call
SLACK = 1e-3  # by which probabilities may miss a sum of one: half precision gets this near


class Classifier:
    """A function from a batch to probabilities or logits, with what is to be known of it.

    `function` takes float32 (n, height, width, 3), RGB in [0, 1], and gives (n, classes) of `kind`. `class_names` are
    matched with the names of the data set's classes; without them its columns are the data set's own numbers.
    `input_size` (height, width) of the images that it takes, None for any; `mean` the colour that means nothing to it;
    `module` the network behind it; `problems` what had to be assumed.

    >>> seen = Classifier(lambda batch: np.tile([2.0, 0.0], (len(batch), 1)), kind="logits")
    >>> seen(np.zeros((1, 4, 4, 3), np.float32)).round(4).tolist()
    [[0.8808, 0.1192]]
    """

    def __init__(
        self,
        function: Function,
        name: str = "classifier",
        class_names: ClassNames = (),
        *,
        kind: Kind = "probabilities",
        input_size: Shape | None = None,
        mean: Colour = MEAN,
        module: Any = None,
        problems: Sequence[Problem] = (),
    ) -> None:
        if kind not in get_args(Kind):
            fail(
                "usage", f"the kind of a classifier cannot be '{shown(kind)}'", nearest(kind, get_args(Kind))
            )
        self.function, self.name, self.kind = function, safe_name(name), kind
        self.input_size, self.mean, self.module = input_size, mean, module
        self.problems = tuple(problems)
        self.named(class_names)

    def __repr__(self) -> str:
        return f"<classifier {shown(self.name)}: {self.kind} of {self.classes or 'so far unknown'} classes>"

    def named(self, class_names: ClassNames) -> None:
        """Name its classes; a name that several of them share means none."""
        names = self.listed(class_names)
        shared = Counter(name for one in names for name in set(one))
        self.class_names = tuple(one[0] for one in names)
        self.columns = {name: n for n, one in enumerate(names) for name in one if shared[name] == 1}
        self.classes = len(names)

    def listed(self, class_names: Any) -> list[tuple[str, ...]]:
        """The names of each class; raises `classifier` (exit 4) for what is no list of texts."""
        try:
            names = [(one,) if isinstance(one, str) else tuple(one) for one in class_names]
        except TypeError:
            names = [()]
        if not all(one and all(isinstance(name, str) for name in one) for one in names):
            self.refuse(f"must name its classes in a list of texts, got {shown(class_names, 120)}")
        return names

    # -------------------------------------------------------------- its answers

    def __call__(self, batch: Batch) -> Floats:
        """Probabilities (n, classes), float64. Raises `classifier` (exit 4) for answers that are none."""
        count("evaluations", len(batch))
        values = self.outputs(batch)
        return np.exp(log_softmax(values)) if self.kind == "logits" else values

    def log_probabilities(self, batch: Batch) -> Floats:
        """Natural logarithms of the probabilities, of logits exact however small; else 0 counts as `LEAST`.

        Raises `classifier` (exit 4) for answers that are none.
        """
        count("evaluations", len(batch))
        values = self.outputs(batch)
        if self.kind == "logits":
            return log_softmax(values)
        if zeros := int((values == 0).any(axis=1).sum()):
            count("zero_prob", zeros)
        return np.log(np.maximum(values, LEAST))

    def outputs(self, batch: Batch) -> Floats:
        """What the function gives, asked for so many images at a time as fit in memory: float64 (n, classes)."""
        if len(batch) <= MOST:
            return self.checked(self.function(batch), len(batch))
        parts = [batch[start : start + MOST] for start in range(0, len(batch), MOST)]
        return np.concatenate([self.checked(self.function(part), len(part)) for part in parts])

    def checked(self, outputs: Any, images: int) -> Floats:
        """Outputs as float64 (n, classes)."""
        values = self.numbers(outputs)
        if values.ndim != 2 or len(values) != images or not values.size:
            self.refuse(f"must answer {images} images with ({images}, classes) numbers, got {values.shape}")
        self.classes = self.classes or values.shape[1]
        if values.shape[1] != self.classes:
            self.refuse(f"must know {self.classes} classes, as many as are named, got {values.shape[1]} columns",
                        "name all of its classes, in the order of its columns, with --class-names")  # fmt: skip
        if not np.isfinite(values).all():
            self.refuse("must answer with finite numbers, got NaN or infinity")
        if self.kind == "probabilities":
            self.check_probabilities(values)
        return values

    def numbers(self, outputs: Any) -> Floats:
        """Outputs as float64, whatever their shape."""
        try:
            found = np.asarray(outputs)
            values = found.astype(np.float64) if found.dtype.kind in "biufO" else None
        except (ValueError, TypeError, RuntimeError) as error:
            self.refuse(
                f"must answer with real numbers, got {shown(type(outputs).__name__)}: {shown(error, 120)}"
            )
        if values is None:  # of complex numbers a part would be lost, and texts of digits would pass
            self.refuse(f"must answer with real numbers, got {found.dtype}")
        return values

    def check_probabilities(self, values: Floats) -> None:
        """Probabilities are not negative, and those of an image sum to one."""
        remedy = "apply softmax, or say that they are logits: kind = 'logits' of the function or its factory"
        if values.min() < 0:
            self.refuse(f"must answer with probabilities, got {values.min():g}", remedy)
        sums = values.sum(axis=1)
        worst = float(sums[np.abs(sums - 1).argmax()])
        if abs(worst - 1) > SLACK:
            self.refuse(f"must answer with probabilities that sum to one, got a sum of {worst:g}", remedy)

    def refuse(self, text: str, remedy: str = "correct the factory that makes it") -> NoReturn:
        """Raise what is wrong with the classifier."""
        fail("classifier", f"the classifier {shown(self.name)} {text}", remedy)

    def raised(self, error: BaseException) -> SaliencyEvalError:
        """What it raised while it was asked, as `classifier` (exit 4)."""
        text = f"the classifier {shown(self.name)} raised {type(error).__name__}: {shown(error, 200)}"
        return SaliencyEvalError([Problem("classifier", text, "correct it, or name another classifier")])

    def asking(self, function: Function) -> Classifier:
        """The same classifier, asked by another way."""
        found = copy.copy(self)
        found.function = function
        return found

    # -------------------------------------------------------------- its classes

    def column(self, image: Fields) -> int:
        """The column of the label of an image; raises `undefined_metric` (exit 4) for a class that is unknown."""
        name, number = image["label_name"] if self.class_names else "", int(image["label"])
        found = self.columns.get(name, -1) if self.class_names else number
        if number < 0:
            self.unknown(f"image {shown(image.id)} must have a label", "leave it out of the data set", image)
        if found < 0:
            self.unknown(f"the class {shown(name)} must be known to the classifier {shown(self.name)}",
                         "name its classes with --class-names", image)  # fmt: skip
        if self.classes and found >= self.classes:
            text = f"class {found} must be one of the {self.classes} of the classifier {shown(self.name)}"
            self.unknown(text, "name its classes with --class-names", image)
        return found

    def unknown(self, text: str, remedy: str, image: Fields) -> NoReturn:
        """Raise that an image has no column."""
        fail("undefined_metric", text, remedy, image=image.id, exit=TRUTH)

    def check_classes(self, names: Sequence[str]) -> None:
        """Raises `classifier` (exit 4) unless its classes have names, or are as many as those of the data set."""
        if not self.class_names and self.classes and self.classes != len(names):
            text = f"must know the {len(names)} classes of the data set, got {self.classes} without names"
            self.refuse(text, "name its classes with --class-names")

    def for_classes(self, names: Sequence[str]) -> Classifier:
        """The same classifier for a data set of these classes. Raises `classifier` (exit 4), now or at its answer."""
        self.check_classes(names)
        found = self.asking(self.function)
        found.classes = found.classes or len(names)
        return found


def check_column(target: Any, classes: int) -> None:
    """Raises `usage` for a column that a classifier of so many classes does not have."""
    if not isinstance(target, int | np.integer) or not 0 <= target < classes:
        text = f"target must be a column of the classifier, from 0 to {classes - 1}, got {shown(target)}"
        fail("usage", text, "give the number of the class that the image is of")


def log_softmax(logits: Floats) -> Floats:
    """Logarithms of the probabilities (n, classes) of logits.

    >>> log_softmax(np.array([[1000.0, -1000.0]])).tolist()
    [[0.0, -2000.0]]
    """
    moved = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(moved - np.log(np.exp(moved).sum(axis=1, keepdims=True)))


def safe_name(name: str) -> str:
    """A name that can stand in a signature.

    >>> safe_name("my net|v1:b")
    'my_net_v1_b'
    """
    return re.sub(r"[^\w.#+()=,-]", "_", name) or "classifier"
