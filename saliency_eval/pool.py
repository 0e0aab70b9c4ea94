"""All fixations of a data set in columns, for what one image needs from the others."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.int64]  # (n, 2): row, column; 0-based pixels
Shape = tuple[int, int]  # height, width
Duplicates = Literal["unique", "count"]
SPAN = 2**32  # more than any coordinate


@dataclass(frozen=True, eq=False)
class Pool:
    """Fixations of all images: points (n, 2), the number of the image of each, and ids and shapes by number."""

    ids: tuple[str, ...]
    shapes: NDArray[np.int64]  # (images, 2)
    points: Points
    image: NDArray[np.int64]  # (n,), ascending

    @classmethod
    def of(cls, images: Iterable[tuple[str, Shape, Points]]) -> Pool:
        """Collect (id, shape, points) of every image."""
        ids, shapes, points = zip(*images, strict=True)
        counts = [len(p) for p in points]
        return cls(
            tuple(ids),
            np.array(shapes, np.int64).reshape(-1, 2),
            np.concatenate([np.asarray(p, np.int64).reshape(-1, 2) for p in points]),
            np.repeat(np.arange(len(ids)), counts),
        )

    @functools.cached_property
    def number(self) -> Mapping[str, int]:
        """Image number by id."""
        return {id: i for i, id in enumerate(self.ids)}

    @functools.cached_property
    def starts(self) -> NDArray[np.int64]:
        """Where each image's fixations begin; one more entry for the end."""
        return np.searchsorted(self.image, np.arange(len(self.ids) + 1))

    def points_of(self, number: int) -> Points:
        """The fixations of one image."""
        return self.points[self.starts[number] : self.starts[number + 1]]

    def shape_of(self, number: int) -> Shape:
        """Height and width of an image."""
        height, width = self.shapes[number].tolist()
        return height, width

    @functools.cached_property
    def sha256(self) -> str:
        """Hash of the ground truth as it is scored: ids, shapes and fixation pixels."""
        digest = hashlib.sha256()
        for number, id in enumerate(self.ids):
            digest.update(id.encode("utf-8", "surrogateescape") + b"\0")
            digest.update(self.shapes[number].astype("<i8").tobytes())
            digest.update(self.points_of(number).astype("<i8").tobytes() + b"\0")
        return digest.hexdigest()


def once_per_pixel(points: Points, duplicates: Duplicates = "unique") -> Points:
    """Fixations in row-major order, several on one pixel kept once (`unique`) or all (`count`).

    >>> once_per_pixel(np.array([[2, 1], [0, 3], [2, 1]])).tolist()
    [[0, 3], [2, 1]]
    """
    keys = np.sort(points[:, 0] * SPAN + points[:, 1])
    if duplicates == "unique" and len(keys):
        new = np.ones(len(keys), bool)
        np.not_equal(keys[1:], keys[:-1], out=new[1:])
        keys = keys[new]
    return np.array([keys // SPAN, keys % SPAN]).T
