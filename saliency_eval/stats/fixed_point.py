"""Scores as whole numbers, so small that any sum of n of them is exact: its order cannot matter."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class FixedPoint(NamedTuple):
    """Columns as `high * 2**exponents + low * 2**(exponents - bits)`, high and low whole numbers.

    A product with whole weights that add up to the number of rows, or to less, is exact below 2^53, so a matrix
    product may add in any order, on any number of cores. A column that is not finite is zero here and not `finite`.
    """

    high: Array
    low: Array
    exponents: NDArray[np.intp]
    bits: int
    finite: NDArray[np.bool_]

    @classmethod
    def of(cls, scores: Array) -> FixedPoint:
        """The whole numbers of `scores` (images, columns): what is below 2^-70 of the largest of a column is lost."""
        finite = np.logical_and.reduce(np.isfinite(scores), axis=0)
        scores = np.where(finite, scores, 0.0)
        bits = 53 - len(scores).bit_length()
        exponents = np.frexp(np.abs(scores).max(axis=0, initial=0.0))[1].astype(np.intp) - bits
        scaled = np.ldexp(scores, -exponents)
        high = np.rint(scaled)
        return cls(high, np.rint(np.ldexp(scaled - high, bits)), exponents, bits, finite)

    def products(self, weights: Array) -> Array:
        """`weights` (rows, images) times the columns, rounded once; NaN for a column that is not finite."""
        sums = weights @ self.high + np.ldexp(weights @ self.low, -self.bits)
        return np.where(self.finite, np.ldexp(sums, self.exponents), np.nan)
