"""The centre bias: where the observers of all other images look, whatever the image shows."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from saliency_eval.fields.gaussian import Gaussians, Width, blur, blur_counts, tables
from saliency_eval.maps import Floats, Map, Shift
from saliency_eval.pool import Points, Pool, Shape

TILE = 32  # side in px
FLAT = 0.01  # share of the sum above the least value, below which two digits would be lost


class CentreBias(Map):
    """Blurred fixations of all images of a pool but one, with a share `mix` of a uniform map; sums to one.

    B = (T - o) / sum(T - o) with T the blurred fixations of all images and o those of this one. What a metric reads
    of it follows from T, made once, and the kernels of o; its values are made only when they are read themselves.
    """

    def __init__(self, pool: Pool, id: str, shape: Shape, sigma: Width, mix: float) -> None:
        self._memo: dict[Any, Any] = {}
        self._mix, self._sigma = mix, sigma
        self._all = blurred_pool(pool, shape, sigma)
        points = pool.points_of(pool.number[id])
        self._own = Gaussians(points, *tables(shape, "zero", sigma))
        alone = len(points) == len(pool.points)
        self._mass = 0.0 if alone else self._all.total - self._own.total

    @property
    def shape(self) -> Shape:
        return cast(Shape, self._all.values.shape)

    @functools.cached_property
    def values(self) -> Floats:  # type: ignore[override]
        return self._mixed(self._all.values - blur(self._own.points, self.shape, "zero", self._sigma))

    def at(self, points: Points) -> Floats:
        """Values at pixels (n, 2)."""
        return super().at(points) if self._flat else np.maximum(self._at(points), self._floor)

    @functools.cached_property
    def low(self) -> float:
        return super().low if self._flat else self._floor

    total = 1.0

    def mass(self, rule: Shift) -> float:
        """The sum after the shift."""
        return super().mass(rule) if self._flat else 1 - self.shift(rule) * self.size

    @functools.cached_property
    def _flat(self) -> bool:
        """Is the map so flat that 1 minus its floor would lose digits? Then it is read as any other map."""
        return 1 - self._floor * self.size < FLAT

    @functools.cached_property
    def _floor(self) -> float:
        """The least value, rounded as it is where it is read."""
        return float(self._at(self._lowest()).item())

    def _at(self, points: Points) -> Floats:
        """Values at pixels (n, 2) by the kernels of o."""
        return self._mixed(self._all.values[tuple(points.T)] - self._own.at(points))

    def _mixed(self, others: Floats) -> Floats:
        """The values that follow from the blurred fixations of the other images."""
        share = (
            np.maximum(others, 0.0) / self._mass if self._mass > 0 else np.full(others.shape, 1 / self.size)
        )
        return (1 - self._mix) * share + self._mix / self.size

    def _lowest(self) -> Points:
        """Where T - o is least, (1, 2); tiles where the least of T minus the greatest of o is no less are left out."""
        bound = self._all.least - self._own.greatest(TILE)
        least, lowest = np.inf, (0, 0)
        for row, column in zip(*np.unravel_index(np.argsort(bound, axis=None), bound.shape), strict=True):
            if bound[row, column] >= least:
                break
            of = np.s_[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
            others = self._all.values[of] - self._own.within(*of)
            if others.min() < least:
                least, at = others.min(), divmod(int(others.argmin()), others.shape[1])
                lowest = row * TILE + at[0], column * TILE + at[1]
        return np.array([lowest])


class Blurred(NamedTuple):
    """All fixations of a pool, blurred: (height, width), their sum, and the least value in each tile."""

    values: Floats
    total: float
    least: Floats


@functools.lru_cache(maxsize=4)
def blurred_pool(pool: Pool, shape: Shape, sigma: Width) -> Blurred:
    """All fixations of a pool on one image size, blurred; kept for the sizes seen last."""
    rows, columns = by_centres(pool.points, pool.shapes[pool.image], shape).T
    counts = np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1]).reshape(shape)
    values = blur_counts(counts.astype(np.float64), sigma)
    least = values
    for axis, n in enumerate(shape):
        least = np.minimum.reduceat(least, np.arange(0, n, TILE), axis=axis)
    return Blurred(values, float(values.sum()), least)


def by_centres(points: Points, shapes: NDArray[np.int64], shape: Shape) -> Points:
    """Pixels (n, 2) of images of some shapes, (n, 2) or one, where their centres lie on an image of another."""
    mapped = (points + 0.5) * np.array(shape, np.float64) / shapes
    return np.asarray(np.floor(mapped), np.int64)
