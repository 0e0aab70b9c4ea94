"""The gaze on one image and on all images, in whole pixels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval.pool import Points, Pool

Numbers = NDArray[np.float64]
Integers = NDArray[np.int64]


class Gaze(NamedTuple):
    """Fixations of one image after the pixel rule, and what was left out."""

    points: Points  # (n, 2) row, column; inside the image
    observers: Integers  # (n,) position of the observer in the data set's own order
    dropped: int = 0  # outside the image or not finite
    raw: Numbers | None = None  # (m, 2) x, y as the expected totals count them


class Truth(NamedTuple):
    """The gaze of all images in columns."""

    pool: Pool
    observers: Integers  # (n,) beside pool.points
    dropped: Integers  # (images,)

    def of(self, id: str) -> Gaze:
        """The part of one image."""
        number = self.pool.number[id]
        part = slice(*self.pool.starts[number : number + 2])
        return Gaze(self.pool.points[part], self.observers[part], int(self.dropped[number]))
