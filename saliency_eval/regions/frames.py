"""Frames: the part of an image that a classifier sees, at the size at which it is evaluated."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval.pool import Shape

Floats = NDArray[np.float64]


class Frame(NamedTuple):
    """How an image of any size becomes the one that is evaluated.

    `original`: as it is. `squash`: both sides brought to `side`, whatever the aspect. `crop`: the shorter side
    brought to `side`, then the central square. `truncate` cuts the sides of boxes to whole pixels.
    """

    kind: Literal["original", "squash", "crop"] = "original"
    side: int = 224
    truncate: bool = False

    def __str__(self) -> str:
        return self.kind if self.kind == "original" else f"{self.kind}{self.side}"

    def shape(self, shape: Shape) -> Shape:
        """Height and width of the frame of an image."""
        return shape if self.kind == "original" else (self.side, self.side)

    def scaled(self, shape: Shape) -> Shape:
        """Height and width to which an image is resized before it is cropped."""
        if self.kind != "crop":
            return self.shape(shape)
        height, width = (int(self.side * length / min(shape)) for length in shape)
        return height, width

    def corner(self, shape: Shape) -> Shape:
        """Row and column of the resized image at which the frame begins."""
        row, column = ((n - f) // 2 for n, f in zip(self.scaled(shape), self.shape(shape), strict=True))
        return row, column

    def boxes(self, boxes: NDArray[np.int64], shape: Shape) -> Floats:
        """Boxes (k, 4) in the frame; they may leave it."""
        (height, width), (row, column) = self.scaled(shape), self.corner(shape)
        ratios = np.array([height / shape[0], width / shape[1]] * 2)
        moved = boxes * ratios - [row, column, row, column]
        return np.trunc(moved) if self.truncate else np.asarray(moved)


ORIGINAL = Frame()
