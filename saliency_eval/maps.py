"""A map with the statistics that several metrics share, each computed when first read.

Whatever its dtype, a map is kept in one of two forms: `uint8` when every value is a whole number of 0..255,
else `float64`. Equal numbers therefore give equal results, and 8-bit maps need one histogram for most metrics.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from typing import Any, Literal, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saliency_eval import check
from saliency_eval.pool import Points, Shape

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Shift = Literal["none", "negative", "minimum"]  # what is moved to zero before a map is divided by its sum
LEVELS = 256
T = TypeVar("T")
EXTREME = 400  # binary exponents beyond which sums of squares leave the range of float64


class Map:
    """A two-dimensional map of real numbers and its statistics.

    >>> Map([[0, 1], [2, 5]]).mean
    2.0
    """

    def __init__(self, values: ArrayLike, what: str = "saliency") -> None:
        self.values = canonical(check.real_map(values, what))
        self._memo: dict[Any, Any] = {}

    @classmethod
    def of(cls, values: Map | ArrayLike, what: str = "saliency") -> Map:
        """The map itself, or an array checked and wrapped."""
        return values if isinstance(values, Map) else cls(values, what)

    @property
    def shape(self) -> Shape:
        return cast(Shape, self.values.shape)

    @property
    def size(self) -> int:
        return self.values.size

    @property
    def is_levels(self) -> bool:
        """Is every value one of 256 levels?"""
        return self.values.dtype == np.uint8

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self.values.astype(dtype or np.float64)

    # -------------------------------------------------------------- moments

    @functools.cached_property
    def histogram(self) -> Counts:
        """Number of pixels of each of the 256 levels."""
        flat = self.values.ravel()
        pairs = np.bincount(flat[: flat.size // 2 * 2].view(np.uint16), minlength=LEVELS**2)
        by_byte = pairs.reshape(LEVELS, LEVELS)
        counts: Counts = by_byte.sum(0) + by_byte.sum(1)
        if flat.size % 2:
            counts[flat[-1]] += 1
        return counts

    @functools.cached_property
    def low(self) -> float:
        return float(np.flatnonzero(self.histogram)[0]) if self.is_levels else float(self.values.min())

    @functools.cached_property
    def high(self) -> float:
        return float(np.flatnonzero(self.histogram)[-1]) if self.is_levels else float(self.values.max())

    @property
    def constant(self) -> bool:
        """One value everywhere; decided by the values, since a rounded deviation may differ from 0."""
        return self.low == self.high

    @functools.cached_property
    def mean(self) -> float:
        return self._moment(lambda v: v) / self.size

    def deviation(self, ddof: int = 0) -> float:
        """Standard deviation with N - ddof in the denominator."""
        return float(np.sqrt(self._squares / (self.size - ddof)))

    @functools.cached_property
    def _squares(self) -> float:
        return self._moment(lambda v: np.square(v - self.mean))

    def _moment(self, power: Any) -> float:
        if self.is_levels:
            return float(self.histogram @ power(np.arange(LEVELS, dtype=np.float64)))
        return float(np.sum(power(self.values)))

    # -------------------------------------------------------------- values at pixels, ranks

    def at(self, points: Points) -> Floats:
        """Values at pixels (n, 2)."""
        return self.stored_at(points).astype(np.float64)

    def stored_at(self, points: Points) -> NDArray[Any]:
        """Values at pixels (n, 2) as they are kept: levels as `uint8`."""
        return self.values.ravel().take(points[:, 0] * self.shape[1] + points[:, 1])

    def ranks(self, thresholds: Floats) -> tuple[Counts, Counts]:
        """For each threshold, the numbers of pixels below it and equal to it; thresholds are values of the map."""
        return self.once(("ranks", thresholds.tobytes()), lambda: self._ranks(thresholds))

    def _ranks(self, thresholds: Floats) -> tuple[Counts, Counts]:
        if self.is_levels:
            level = thresholds.astype(np.int64)
            equal = self.histogram[level]
            return np.cumsum(self.histogram)[level] - equal, equal
        distinct, place = np.unique(thresholds, return_inverse=True)
        edges = np.column_stack([distinct, np.nextafter(distinct, np.inf)]).ravel()  # at it, just above it
        passed = np.bincount(np.searchsorted(edges, self.values.ravel(), "right"), minlength=edges.size + 1)
        below = np.cumsum(passed)[:-1]
        return below[::2][place], (below[1::2] - below[::2])[place]

    # -------------------------------------------------------------- maps that sum to one

    def shift(self, rule: Shift) -> float:
        """What is subtracted before the map is divided by its sum."""
        return {"none": 0.0, "negative": min(self.low, 0.0), "minimum": self.low}[rule]

    def mass(self, rule: Shift) -> float:
        """The sum after the shift."""
        shift = self.shift(rule)
        return self.once(("mass", rule), lambda: self._moment(lambda v: v - shift))

    def probability(self, rule: Shift) -> Floats:
        """The map shifted and divided by its sum; a map without mass is uniform."""
        return self.once(("probability", rule), lambda: self.through(self.probability_of(rule)))

    def probability_of(self, rule: Shift) -> Any:
        """The function from value to probability."""
        shift, mass = self.shift(rule), self.mass(rule)
        if mass == 0:
            return lambda v: np.full(np.shape(v), 1 / self.size)
        return lambda v: (v - shift) / mass

    def through(self, function: Any) -> Floats:
        """An elementwise function of the values; 8-bit maps look it up."""
        if self.is_levels:
            return cast(Floats, np.take(function(np.arange(LEVELS, dtype=np.float64)), self.values))
        return cast(Floats, function(self.values))

    def level_sums(self, other: Map) -> Floats:
        """Sum of another map over the pixels of each of the 256 levels."""
        return self.once(
            ("level_sums", other),
            lambda: np.bincount(self.values.ravel(), other.values.ravel(), LEVELS).astype(np.float64),
        )

    @functools.cached_property
    def centred(self) -> Floats:
        """The map minus its mean."""
        return self.values - self.mean

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        """A value that is computed once for this map."""
        if key not in self._memo:
            self._memo[key] = compute()
        return cast(T, self._memo[key])


def canonical(array: NDArray[Any]) -> NDArray[Any]:
    """The same numbers as `uint8` when all are whole and of 0..255, else `float64` in a safe range.

    Metrics do not depend on the scale of a map, so values whose squares would overflow or vanish are multiplied
    by a power of two, which is exact.
    """
    if array.dtype == np.uint8 or array.dtype == bool:
        return np.ascontiguousarray(array, np.uint8)
    if array.dtype.kind in "iu" or (array.ravel()[:64] % 1 == 0).all():
        small = (array >= 0).all() and (array <= LEVELS - 1).all()
        if small and (array.dtype.kind in "iu" or (array % 1 == 0).all()):
            return np.ascontiguousarray(array, np.uint8)
    floats = np.ascontiguousarray(array, np.float64)
    exponent = int(np.frexp(max(abs(floats.max()), abs(floats.min())))[1])
    return np.ldexp(floats, -exponent) if abs(exponent) > EXTREME else floats
