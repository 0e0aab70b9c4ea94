"""How sure a classifier is while pixels are taken from an image, or given to it, in the order of a map."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval.classifiers import Classifier, open_classifier
from saliency_eval.classifiers.contract import check_column
from saliency_eval.classifiers.views import Image, checked, unit, view
from saliency_eval.core import Options, derived
from saliency_eval.counting import count
from saliency_eval.errors import fail, shown
from saliency_eval.maps import Counts, Floats, Map
from saliency_eval.options import Count, Range

Substrate = Literal["blur", "mean"]
Blur = Literal["rise", "gaussian"]
Label = Literal["gt", "pred"]
Width = Annotated[float, Range(0.1, 1000)]
INTERVALS = 28
PIECE = 8  # images that an image asks for at once: those of a chunk of images stay within a few 100 MB
RISE = 11, 5.0  # pixels and sigma of the kernel of RISE


class Curve(NamedTuple):
    """Probabilities of a class at shares of the pixels, from none to all."""

    shares: Floats
    scores: Floats

    @classmethod
    def of(cls, given: Any, what: str) -> Curve:
        """The curve itself, or (shares, probabilities) checked. Raises `shape`."""
        try:
            shares, scores = np.asarray([*given], np.float64)
        except (TypeError, ValueError):
            shares = scores = np.zeros(0)
        rises = shares.ndim == 1 and len(shares) > 1 and bool((np.diff(shares) > 0).all())
        if not rises or (shares[0], shares[-1]) != (0, 1) or not np.isfinite(scores).all():
            must = "(shares, probabilities) of one length, the shares rising from 0 to 1"
            remedy = f"make it: saliency_eval.fields.{what}(image, saliency, classifier, whole_image, target)"
            fail("shape", f"{what} must be {must}, got {shown(given)}", remedy)
        return cls(shares, scores)


@derived()
def whole_image(image: Image, classifier: Classifier) -> Floats:
    """Probabilities (classes,) of the whole image at the size that the classifier takes.

    >>> whole_image(np.zeros((2, 2, 3)), lambda batch: np.array([[0.25, 0.75]])).tolist()
    [0.25, 0.75]
    """
    seer = open_classifier(classifier)
    [found] = seer(view(checked(np.asarray(image)), seer.input_size)[np.newaxis])
    return np.asarray(found)


def idle_of_curve(options: Options) -> tuple[str, ...]:
    """Options without effect beside the others."""
    if options["substrate"] == "mean":
        return ("blur", "sigma")
    return ("sigma",) if options["blur"] == "rise" else ()


@derived(idle=idle_of_curve)
def insertion_curve(
    image: Image,
    saliency: Map,
    classifier: Classifier,
    whole_image: Floats,
    target: int | None = None,
    *,
    step: Count | Literal["auto"] = "auto",
    label: Label = "gt",
    substrate: Substrate = "blur",
    blur: Blur = "rise",
    sigma: Width = 10.0,
) -> Curve:
    """Probability of a class while the pixels of largest saliency are put into a substrate.

    `image` (height, width, 3) RGB; `saliency` (height, width) real; `whole_image` what the field of
    that name gives; `target` the column of its label. Pixels go by `step`, of equal values the first in row-major order
    first; `auto` takes 28 steps. `label`: the `target`, or what the classifier predicts for the whole image.
    `substrate`: the image blurred, by the kernel of RISE (11 x 11 px, nearly a box) or a Gaussian of `sigma` px, or the
    mean colour of the classifier. Raises `SaliencyEvalError` for sizes that differ, and a target that is no column.

    Source: Petsiuk, Das, Saenko 2018 (RISE), arXiv:1806.07421.

    >>> seen = lambda batch: np.stack([1 - batch.mean((1, 2, 3)), batch.mean((1, 2, 3))], 1)
    >>> image, saliency = np.array([[[1.0] * 3, [0.0] * 3]]), np.array([[2, 1]])
    >>> curve = insertion_curve(image, saliency, seen, whole_image(image, seen), 1, substrate="mean")
    >>> curve.scores.round(3).tolist()
    [0.449, 0.725, 0.5]
    """
    perturbed = Perturbed(image, saliency, classifier, step)
    column = column_of(whole_image, target, label)
    other = perturbed.substrate(substrate, blur, sigma)
    scores = perturbed.scores(perturbed.image, other, perturbed.ends[:-1], column)
    return Curve(perturbed.shares, np.append(scores, whole_image[column]))


@derived(idle=idle_of_curve)
def deletion_curve(
    image: Image,
    saliency: Map,
    classifier: Classifier,
    whole_image: Floats,
    target: int | None = None,
    *,
    step: Count | Literal["auto"] = "auto",
    label: Label = "gt",
    substrate: Substrate = "mean",
    blur: Blur = "rise",
    sigma: Width = 10.0,
) -> Curve:
    """Probability of a class while the pixels of largest saliency are replaced by a substrate.

    Fields and options as of `insertion_curve`; the substrate is the mean colour of the classifier unless it is said.
    Raises `SaliencyEvalError` for sizes that differ.

    Source: Petsiuk, Das, Saenko 2018 (RISE), arXiv:1806.07421.

    >>> seen = lambda batch: np.stack([1 - batch.mean((1, 2, 3)), batch.mean((1, 2, 3))], 1)
    >>> image, saliency = np.array([[[1.0] * 3, [0.0] * 3]]), np.array([[2, 1]])
    >>> curve = deletion_curve(image, saliency, seen, whole_image(image, seen), 1)
    >>> curve.scores.round(3).tolist()
    [0.5, 0.225, 0.449]
    """
    perturbed = Perturbed(image, saliency, classifier, step)
    column = column_of(whole_image, target, label)
    other = perturbed.substrate(substrate, blur, sigma)
    scores = perturbed.scores(other, perturbed.image, perturbed.ends[1:], column)
    return Curve(perturbed.shares, np.append(whole_image[column], scores))


def column_of(whole: Floats, target: int | None, label: Label) -> int:
    """The class whose probability is followed. Raises `usage` where there is none."""
    if np.ndim(whole) != 1:
        text = f"whole_image must be the probabilities (classes,) of the whole image, got {shown(whole)}"
        fail("usage", text, "make it: saliency_eval.fields.whole_image(image, classifier)")
    if label == "pred":
        return int(whole.argmax())
    if target is None:
        fail("usage", "label=gt needs target, the column of the image's label", "give target, or label=pred")
    check_column(target, len(whole))
    return target


class Perturbed:
    """An image whose pixels are exchanged in the order of a map."""

    def __init__(
        self, image: Image, saliency: Map, classifier: Classifier, step: int | Literal["auto"]
    ) -> None:
        saliency = Map.of(saliency)
        self.image = unit(checked(np.asarray(image), saliency.shape))
        self.classifier = open_classifier(classifier)
        size = saliency.size
        self.ends = ends(size, step)
        self.shares = self.ends / size
        order = saliency.once(
            "descending order", lambda: np.argsort(-saliency.floats, axis=None, kind="stable")
        )
        self.rank = np.empty(size, np.int64)
        self.rank[order] = np.arange(size)
        self.rank = self.rank.reshape(saliency.shape)
        inner = self.ends[1:-1]
        values = saliency.values.ravel()
        if (values[order[inner - 1]] == values[order[inner]]).any():
            count("ties")

    def substrate(self, kind: Substrate, blur: Blur, sigma: float) -> Image:
        """What stands where the image is not shown."""
        mean = np.array(self.classifier.mean, np.float32)
        if kind == "mean":
            return np.broadcast_to(mean, self.image.shape)
        return blurred(self.image, mean, kernel(blur, sigma))

    def scores(self, front: Image, back: Image, ends: Counts, column: int) -> Floats:
        """Probabilities where the first pixels, as many as each end says, are of one image and the rest of another."""
        pieces = (ends[start : start + PIECE] for start in range(0, len(ends), PIECE))
        asked = (self.classifier(np.stack([*self.mixed(front, back, piece)])) for piece in pieces)
        return np.concatenate([found[:, column] for found in asked])

    def mixed(self, front: Image, back: Image, ends: Counts) -> Iterator[Any]:
        """The images, at the size that the classifier takes."""
        for end in ends.tolist():
            image = np.where((self.rank < end)[..., np.newaxis], front, back)
            yield view(image, self.classifier.input_size)


def ends(size: int, step: int | Literal["auto"]) -> Counts:
    """How many of `size` pixels are exchanged at each point of a curve, from none to all.

    >>> ends(7, 3).tolist(), len(ends(50176, "auto")), ends(50, "auto")[:4].tolist()
    ([0, 3, 6, 7], 29, [0, 1, 3, 5])
    """
    if step == "auto":
        return np.unique(np.arange(INTERVALS + 1) * size // INTERVALS)
    return np.minimum(np.arange(math.ceil(size / step) + 1) * step, size)


@functools.lru_cache(maxsize=8)
def kernel(blur: Blur, sigma: float) -> Floats:
    """The weights of a blur along one axis, of sum one.

    `rise` is what its code makes of a Gaussian: one that is mirrored at the ends of 11 pixels, hence nearly a box.
    """
    from scipy.ndimage import gaussian_filter1d

    if blur == "rise":
        pixels, sigma = RISE
        return np.asarray(gaussian_filter1d(np.eye(1, pixels, pixels // 2)[0], sigma))
    radius = int(4 * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return np.asarray(weights / weights.sum())


def blurred(image: Image, mean: NDArray[np.float32], weights: Floats) -> NDArray[np.float32]:
    """The image blurred along both axes; outside of it lies the mean colour."""
    from scipy.ndimage import correlate1d

    away = image - mean
    for axis in (0, 1):
        away = correlate1d(away, weights, axis, mode="constant")
    return np.asarray(np.clip(away + mean, 0, 1), np.float32)
