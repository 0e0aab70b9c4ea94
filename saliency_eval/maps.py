"""A map with the statistics that several metrics share, each computed when first read.

Whatever its dtype, a map is kept in one of two forms: levels, as `uint8`, when every value is a whole number of
0..255, else floats. Metrics see its values as float64, so equal numbers give equal results.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from typing import Any, Literal, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saliency_eval import check, sums
from saliency_eval.pool import Points, Shape

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Shift = Literal["none", "negative", "minimum"]  # what is moved to zero before a map is divided by its sum
T = TypeVar("T")
LEVELS = 256
LEVEL = np.arange(LEVELS, dtype=np.float64)
EXTREME = 400  # binary exponents beyond which sums of squares leave the range of float64


class Map:
    """A two-dimensional map of real numbers and its statistics.

    >>> Map([[0, 1], [2, 5]]).mean
    2.0
    """

    of_levels = False  # was it 256 levels before it was resized?

    def __init__(self, values: ArrayLike, what: str = "saliency") -> None:
        self.values = canonical(check.real_map(values, what))
        self._memo: dict[Any, Any] = {}

    @classmethod
    def of(cls, values: Map | ArrayLike, what: str = "saliency") -> Map:
        """The map itself, or an array checked and wrapped."""
        return values if isinstance(values, Map) else cls(values, what)

    @classmethod
    def known(cls, values: NDArray[Any]) -> Map:
        """A map of values (height, width) that are finite and canonical, as is known without a look."""
        made = cls.__new__(cls)
        made.values, made._memo = values, {}
        return made

    @property
    def shape(self) -> Shape:
        return cast(Shape, self.values.shape)

    @property
    def size(self) -> int:
        return self.shape[0] * self.shape[1]

    @property
    def is_levels(self) -> bool:
        """Is every value one of 256 levels?"""
        return self.values.dtype == np.uint8

    @property
    def floats(self) -> Floats:
        """The values as float64."""
        if self.values.dtype == np.float64:
            return self.values
        return self.once("floats", lambda: self.values.astype(np.float64))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self.values.astype(dtype or np.float64)

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        """A value that is computed once for this map."""
        if key not in self._memo:
            self._memo[key] = compute()
        return cast(T, self._memo[key])

    # -------------------------------------------------------------- all pixels

    @functools.cached_property
    def histogram(self) -> Counts:
        """Number of pixels of each of the 256 levels."""
        return sums.histogram(self.values)

    def level_sums(self, other: Map) -> Floats:
        """Sum of a float map over the pixels of each of the 256 levels."""
        return self.once(("level_sums", other), lambda: sums.level_sums(self.values, other.floats))

    @functools.cached_property
    def moments(self) -> sums.Moments:
        """Extrema, sum, and sum of squared distances from the mean."""
        if not self.is_levels:
            return sums.moments(self.values)
        present = np.flatnonzero(self.histogram).tolist()
        total = float(self.histogram @ LEVEL)
        squares = float(self.histogram @ np.square(LEVEL - total / self.size))
        return sums.Moments(self.size, present[0], present[-1], 0.0, total, squares)

    @property
    def low(self) -> float:
        return self.moments.low

    @property
    def high(self) -> float:
        return self.moments.high

    @property
    def constant(self) -> bool:
        """One value everywhere; decided by the values, since a rounded deviation may differ from 0."""
        return self.low == self.high

    @property
    def total(self) -> float:
        """The sum of all values."""
        return self.moments.above(0.0)

    @property
    def mean(self) -> float:
        return self.total / self.size

    def centred(self, values: Floats) -> Floats:
        """Values minus the mean, whose digits an offset does not take."""
        return (values - self.moments.near) - self.moments.moved / self.size

    def deviation(self, ddof: int = 0) -> float:
        """Standard deviation with N - ddof in the denominator."""
        return float(np.sqrt(self.moments.squares / (self.size - ddof)))

    def covariance(self, other: Map) -> float:
        """Mean of (v - mean) (w - mean) over the pixels of this map and of a float map."""
        if self.is_levels:
            distances = self.level_sums(other) - other.mean * self.histogram
            return float((LEVEL - self.mean) @ distances) / self.size
        return sums.covariance(self.values, self.mean, other.floats, other.mean) / self.size

    # -------------------------------------------------------------- values at pixels, ranks

    def at(self, points: Points) -> Floats:
        """Values at pixels (n, 2)."""
        return self.stored_at(points).astype(np.float64)

    def stored_at(self, points: Points) -> NDArray[Any]:
        """Values at pixels (n, 2) as they are kept: levels as `uint8`."""
        return self.values.ravel().take(points[:, 0] * self.shape[1] + points[:, 1])

    def histogram_at(self, points: Points) -> Counts:
        """Number of pixels (n, 2) of each of the 256 levels."""
        return sums.histogram(self.stored_at(points))

    def ranks(self, thresholds: Floats) -> tuple[Counts, Counts]:
        """For each threshold, the numbers of pixels below it and equal to it; thresholds are values of the map."""
        return self.once(("ranks", thresholds.tobytes()), lambda: self._ranks(thresholds))

    def _ranks(self, thresholds: Floats) -> tuple[Counts, Counts]:
        if self.is_levels:
            return below_and_equal(self.histogram, thresholds.astype(np.int64))
        distinct, place = np.unique(thresholds, return_inverse=True)
        edges = np.column_stack([distinct, np.nextafter(distinct, np.inf)]).ravel()  # at it, just above it
        below = np.cumsum(sums.reached(self.values, 0.0, 1.0, edges))[:-1]
        return below[::2][place], (below[1::2] - below[::2])[place]

    # -------------------------------------------------------------- maps that sum to one

    def shift(self, rule: Shift) -> float:
        """What is subtracted before the map is divided by its sum."""
        return {"none": 0.0, "negative": min(self.low, 0.0), "minimum": self.low}[rule]

    def mass(self, rule: Shift) -> float:
        """The sum after the shift."""
        return self.moments.above(self.shift(rule))

    def probability(self, rule: Shift, floor: float = 0.0) -> sums.Affine:
        """The function from value to probability: shifted, divided by the sum.

        `floor` is added to every pixel before that. A map without mass is uniform, but for one whose values cancel:
        that gives NaN.
        """
        shift, mass = self.shift(rule), self.mass(rule) + floor * self.size
        if mass == 0:
            return sums.Affine(0.0, 0.0, 1 / self.size if self.constant else np.nan)
        return sums.Affine(shift, 1 / mass, floor / mass)


def below_and_equal(counts: Counts, levels: NDArray[np.int64]) -> tuple[Counts, Counts]:
    """For each of some levels, how many are below it and equal to it, where `counts` has the number at each level.

    >>> below_and_equal(np.array([5, 0, 2]), np.array([2, 0]))
    (array([5, 0]), array([2, 5]))
    """
    equal = counts[levels]
    return np.cumsum(counts)[levels] - equal, equal


def canonical(array: NDArray[Any]) -> NDArray[Any]:
    """The same numbers as `uint8` when all are whole and of 0..255, else as floats in a safe range.

    Metrics do not depend on the scale of a map, so values whose squares would overflow or vanish are multiplied
    by a power of two: exact, but for what is 2^1000 times smaller than the greatest value.
    """
    if array.dtype == np.uint8 or array.dtype == bool:
        return np.ascontiguousarray(array, np.uint8)
    low, high = array.min(), array.max()
    lines = array if array.shape[0] <= array.shape[1] else array.T  # the fewer
    if low >= 0 and high < LEVELS and all((line % 1 == 0).all() for line in lines):
        return np.ascontiguousarray(array, np.uint8)
    floats = np.ascontiguousarray(array, np.float32 if np.can_cast(array.dtype, np.float32) else np.float64)
    exponent = int(np.frexp(max(abs(float(low)), abs(float(high))))[1])
    return np.ldexp(floats, -exponent) if abs(exponent) > EXTREME else floats
