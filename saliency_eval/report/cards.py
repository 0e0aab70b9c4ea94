"""An image on a page: its pictures with alt texts, and its values under all metrics and models side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval.core import Stimulus
from saliency_eval.errors import shown
from saliency_eval.maps import Floats
from saliency_eval.report import pictures
from saliency_eval.report.looks import Look

if TYPE_CHECKING:
    from PIL.Image import Image


class Picture(NamedTuple):
    """A picture of a page; `kind` is `photo`, `plot` or `roc`."""

    address: str
    alt: str
    caption: str
    kind: str = "photo"


class Cell(NamedTuple):
    """A value as text, and whether it is the best of its metric."""

    text: str
    best: bool = False


class Card(NamedTuple):
    """One image: its name, why it is here, pictures, what is missing of them, a row of values for each model."""

    image: str
    title: str
    pictures: list[Picture]
    plots: list[Picture]
    missing: list[str]
    rows: list[tuple[str, list[Cell]]]
    own: str = ""  # the model that the card is about


def number(value: float) -> str:
    """A value as text: three decimals, or what there is.

    >>> number(0.81234), number(-1e-9), number(float("nan")), number(float("-inf"))
    ('0.812', '0.000', 'n/a', '-inf')
    """
    if math.isnan(value):
        return "n/a"
    return f"{round(value, 3) + 0.0:.3f}" if abs(value) < 1e6 else f"{value:.4g}"


def brief(value: float) -> str:
    """A value of a map as text that no line is broken in.

    >>> brief(1.5e-11) == "1.5e\\u221211"
    True
    """
    return f"{value:.3g}".replace("-", "\u2212")


def span(values: NDArray[Any]) -> str:
    """From where to where the finite values of a map reach, in words.

    >>> span(np.ones((2, 2))), span(np.array([0.0, 0.5, np.inf]))
    ('constant, 1 everywhere', 'from 0 to 0.5')
    """
    finite = values[np.isfinite(values)]
    if not len(finite):
        return "not finite"
    low, high = brief(float(finite.min())), brief(float(finite.max()))
    return f"constant, {low} everywhere" if np.ptp(finite) == 0 else f"from {low} to {high}"


def rows(values: Floats, names: Sequence[str], better: Sequence[str]) -> list[tuple[str, list[Cell]]]:
    """The values of one image, (models, metrics), as the rows of a table; the best of several is marked."""
    best = [best_of(column, direction) for column, direction in zip(values.T, better, strict=True)]
    return [
        (name, [Cell(number(v), number(v) == top) for v, top in zip(row, best, strict=True)])
        for name, row in zip(names, values, strict=True)
    ]


def best_of(values: Floats, better: str) -> str | None:
    """The best of several values as it is shown; None where all are shown alike."""
    finite = values[~np.isnan(values)]
    if len({number(v) for v in finite}) < 2:
        return None
    return number(finite.max() if better == "higher" else finite.min())


# ------------------------------------------------------------------ pictures


def stimulus(image: Stimulus) -> list[Picture]:
    """The stimulus, without and with its truth. Raises SaliencyEvalError where it cannot be read."""
    small, name = pictures.stimulus(image["image"]), shown(image.id)
    drawn, what, how = with_truth(small, image)
    return [
        Picture(pictures.jpeg(small), f"Stimulus {name}", "stimulus"),
        Picture(pictures.jpeg(drawn), f"Stimulus {name} with its {what} {how}", what),
    ]


def saliency(image: Stimulus, look: Look, model: str) -> Picture:
    """The map of a model in colours, with the truth."""
    drawn, what, _ = with_truth(pictures.heat(look.shown, shape=image["shape"]), image)
    how = span(look.shown)
    alt = f"Map of {shown(model)} for {shown(image.id)}, {how}, with its {what}"
    return Picture(pictures.jpeg(drawn), alt, f"{shown(model)}, {how}")


def with_truth(picture: Image, image: Stimulus) -> tuple[Image, str, str]:
    """A picture with the truth of its image, how much of that there is, and how it is drawn."""
    if image.has("boxes"):
        boxes = image["boxes"]
        words = f"{len(boxes)} {'box' if len(boxes) == 1 else 'boxes'}"
        return pictures.framed(picture, boxes, image["shape"]), words, "as frames"
    points = image["fixations"]
    return pictures.dotted(picture, points, image["shape"]), f"{len(points)} fixations", "as dots"
