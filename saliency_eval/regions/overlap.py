"""Half-open boxes (n, 4), whole pixels or fractions of them: the pixels in them, and their overlap."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saliency_eval.pool import Shape

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Bools = NDArray[np.bool_]
SLACK = 2.0**-40  # far below what one pixel of 10^9 makes; sides that are fractions are rounded


def pixels(boxes: NDArray[Any], shape: Shape) -> Counts:
    """The pixels of an image whose centres lie in boxes (k, 4), as boxes of whole pixels; some may be empty.

    >>> pixels(np.array([[0.4, 0.6, 2.4, 2.6], [1.0, -3.0, 2.0, -1.0]]), (2, 3)).tolist()
    [[0, 1, 2, 3], [1, 0, 2, 0]]
    """
    return np.clip(np.ceil(boxes - 0.5), 0, [*shape] * 2).astype(np.int64)


def area(boxes: NDArray[Any]) -> Floats:
    """Pixels of boxes (..., 4); 0 of those that are turned inside out."""
    sides = np.maximum(boxes[..., 2:] - boxes[..., :2], 0.0)
    return np.asarray(sides[..., 0] * sides[..., 1])


def overlap(boxes: ArrayLike, others: ArrayLike) -> tuple[Floats, Floats]:
    """Pixels in both and in either, of boxes (..., 4) and others (..., 4) that broadcast."""
    one, two = np.asarray(boxes, np.float64), np.asarray(others, np.float64)
    both = area(np.concatenate([np.maximum(one, two)[..., :2], np.minimum(one, two)[..., 2:]], axis=-1))
    return both, area(one) + area(two) - both


def iou(boxes: ArrayLike, others: ArrayLike) -> Floats:
    """Intersection over union (n, k) of boxes (n, 4) and others (k, 4); 0 of empty ones.

    >>> iou([[2, 1, 7, 6]], [[1, 3, 6, 5]]).round(6).tolist()
    [[0.296296]]
    """
    both, either = overlap(np.asarray(boxes).reshape(-1, 1, 4), np.asarray(others).reshape(1, -1, 4))
    return np.divide(both, either, out=np.zeros_like(both), where=either > 0)


def reaches(both: Floats, either: Floats, limit: ArrayLike, strict: bool = False) -> Bools:
    """Is the intersection over union at least (or, `strict`, more than) the limit, without a rounded quotient?"""
    bar = np.asarray(limit) * either
    if strict:
        return np.asarray((both > bar * (1 + SLACK)) & (either > 0))
    return np.asarray((both >= bar * (1 - SLACK)) & (either > 0))
