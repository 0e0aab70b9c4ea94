"""From stored coordinates to pixels: rounding rules, and what becomes of points outside the image."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saliency_eval.datasets.gaze import Gaze, Integers, Numbers
from saliency_eval.errors import fail
from saliency_eval.pool import Shape


def pairs(values: ArrayLike) -> Numbers:
    """Stored coordinates as (n, 2) float64, whatever they are stored as: unsigned ones wrap below zero."""
    return np.asarray(values, np.float64).reshape(-1, 2)


def matlab_round(values: Numbers) -> Numbers:
    """Halves go up, as MATLAB rounds what is positive; numpy rounds them to even.

    >>> matlab_round(np.array([0.5, 1.5, 2.4])).tolist()
    [1.0, 2.0, 2.0]
    """
    return np.floor(values + 0.5)


def inside(points: Numbers, shape: Shape) -> NDArray[np.bool_]:
    """Which whole points (n, 2) row, column lie in the image; NaN and infinity do not."""
    return np.asarray(((points >= 0) & (points < np.array(shape))).all(1))


def placed(
    points: Numbers, observers: Integers, shape: Shape, *, outside: str = "drop", raw: Numbers | None = None
) -> Gaze:
    """Gaze from whole points (n, 2) row, column: those outside are dropped and counted, clipped, or refused.

    Raises `dropped_fixations` (exit 4) when `outside` is `raise`. NaN is never clipped to a pixel.

    >>> placed(np.array([[0.0, 0.0], [0.0, 9.0]]), np.array([0, 1]), (4, 4)).dropped
    1
    """
    if outside == "clip":
        points = np.clip(points, 0, np.array(shape) - 1)
    kept = inside(points, shape)
    lost = int((~kept).sum())
    if lost and outside == "raise":
        text = f"every fixation must lie inside its image, {lost} of {len(points)} do not"
        fail("dropped_fixations", text, "compare the copy with the data set's source")
    return Gaze(points[kept].astype(np.int64), observers[kept], lost, raw)


def without_first(gaze: Gaze) -> Gaze:
    """The gaze without the first fixation of each observer.

    >>> gaze = Gaze(np.array([[1, 1], [2, 2], [3, 3]]), np.array([0, 0, 1]))
    >>> without_first(gaze).points.tolist()
    [[2, 2]]
    """
    _, first = np.unique(gaze.observers, return_index=True)
    return gaze._replace(points=np.delete(gaze.points, first, 0), observers=np.delete(gaze.observers, first))
