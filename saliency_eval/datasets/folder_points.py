"""What is wrong with the points of an own data set when many of them lie outside their images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from saliency_eval.datasets.gaze import Numbers
from saliency_eval.datasets.pixels import inside
from saliency_eval.pool import Shape

Images = Sequence[tuple[Numbers, Shape]]  # the points of each image with its size
ONE_BASED = {
    (1, 1): "1-based? set origin = 1 in dataset.toml",
    (1, 0): "rows 1-based? subtract 1 from each",
    (0, 1): "columns 1-based? subtract 1 from each",
}


def finite(points: Numbers) -> Numbers:
    """The points without NaN and infinity."""
    return points[np.isfinite(points).all(1)]


def fit(images: Images, less: tuple[int, int] = (0, 0), *, exchanged: bool = False) -> bool:
    """Do all finite points lie inside once something is subtracted, or the axes are exchanged?"""
    step = -1 if exchanged else 1
    return all(inside(np.floor(finite(p)[:, ::step] - less), shape).all() for p, shape in images)


def one_based(images: Images) -> str:
    """The remedy when subtracting one from both axes or one of them would put every point inside, else ''."""
    if fit(images):
        return ""
    return next((remedy for less, remedy in ONE_BASED.items() if fit(images, less)), "")


def why(points: Numbers, dropped: int) -> str:
    """What was wrong with the points that were dropped.

    >>> why(np.array([[np.nan, 0], [1, 1]]), 1)
    'not finite'
    """
    bad = len(points) - len(finite(points))
    if not bad:
        return "outside the image"
    return "not finite" if bad == dropped else f"{bad} not finite, {dropped - bad} outside the image"
