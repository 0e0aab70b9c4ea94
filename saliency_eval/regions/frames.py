"""Frames: the part of an image that a classifier sees, at the size at which it is evaluated."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval.pool import Shape
from saliency_eval.resize import resize

Floats = NDArray[np.float64]


class Frame(NamedTuple):
    """How an image of any size becomes the one that is evaluated.

    `original`: as it is. `squash`: both sides brought to `side`, whatever the aspect. `crop`: the shorter side
    brought to `side`, then the central square. `corners` is what becomes of boxes: `exact` ones keep fractions of
    pixels and end at the border; `wsol` cuts their first and last pixel to whole ones (wsolevaluation); `casme` scales
    by one ratio, takes the last pixel for the end, cuts to whole numbers towards 0, and lets boxes leave the frame.
    """

    kind: Literal["original", "squash", "crop"] = "original"
    side: int = 224
    corners: Literal["exact", "wsol", "casme"] = "exact"

    def __str__(self) -> str:
        size = self.kind if self.kind == "original" else f"{self.kind}{self.side}"
        return size if self.corners == "exact" else f"{size}-{self.corners}"

    def shape(self, shape: Shape) -> Shape:
        """Height and width of the frame of an image."""
        return shape if self.kind == "original" else (self.side, self.side)

    def scaled(self, shape: Shape) -> Shape:
        """Height and width to which an image is resized before it is cropped."""
        if self.kind != "crop":
            return self.shape(shape)
        height, width = (self.side * length // min(shape) for length in shape)
        return height, width

    def corner(self, shape: Shape) -> Shape:
        """Row and column of the resized image at which the frame begins."""
        row, column = ((n - f) // 2 for n, f in zip(self.scaled(shape), self.shape(shape), strict=True))
        return row, column

    def cut(self, resized: NDArray[Any], shape: Shape) -> NDArray[Any]:
        """The frame of an image that was resized to `scaled`."""
        (row, column), (height, width) = self.corner(shape), self.shape(shape)
        return resized[row : row + height, column : column + width]

    def map(self, values: NDArray[Any], shape: Shape, rule: str) -> NDArray[Any]:
        """A map in the frame of an image of some shape, by a rule of `resize`.

        Under `crop` one that is square is of the frame, and one of the aspect of the image is cropped as that is.

        >>> Frame("crop", 2).map(np.array([[1, 2, 3, 4], [5, 6, 7, 8]]), (2, 4), "bilinear").tolist()
        [[2, 3], [6, 7]]
        """
        (height, width), (tall, wide) = values.shape, shape
        if self.kind == "crop" and height != width and abs(height * wide - width * tall) <= max(shape):
            return self.cut(resize(values, self.scaled(shape), rule), shape)
        return resize(values, self.shape(shape), rule)

    def boxes(self, boxes: NDArray[Any], shape: Shape) -> Floats:
        """Boxes (k, 4) of an image in its frame; one that lies outside is empty.

        >>> Frame("squash", 224, "wsol").boxes(np.array([[108, 111, 194, 442]]), (375, 500)).tolist()
        [[64.0, 49.0, 116.0, 198.0]]
        """
        last = np.array([0, 0, 1, 1])  # from the end of a box to its last pixel
        size, frame = np.array([*shape] * 2), np.array([*self.shape(shape)] * 2)
        resized, corner = np.array([*self.scaled(shape)] * 2), np.array([*self.corner(shape)] * 2)
        if self.corners == "wsol":
            return np.asarray((boxes - last) * resized // size - corner + last, np.float64)
        if self.corners == "casme":
            ratio = self.side / (min(shape) if self.kind == "crop" else size)
            return np.asarray(np.trunc((boxes - last) * ratio - (size * ratio - frame) / 2))
        return np.asarray(np.clip(boxes * (resized / size) - corner, 0, frame))


ORIGINAL = Frame()
