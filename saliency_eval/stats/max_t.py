"""Paired tests of so many pairs that Holm's correction would need more flips than there is time for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from saliency_eval.core import generator
from saliency_eval.stats.fixed_point import FixedPoint
from saliency_eval.stats.flips import FEWEST, drawn_signs, every_sign

Array = NDArray[np.float64]
ROUNDING = 1e-9


def max_t(scores: Array, *seed: object, flips: int = FEWEST) -> Array:
    """p of every pair of columns after correction for all of them, by the greatest of all pairs in each flip.

    `scores` (images, models), all finite; returns (models, models), symmetric, 1 on the diagonal. T of a pair is the
    sum of its differences of images over the root of the sum of their squares, which flips of signs leave as it is.
    p = (c + 1)/(flips + 1), where in c flips some pair has as great a T; where there are no more than `flips` ways to
    choose signs, each is taken once. The chance of any false finding is at most alpha whatever the number of pairs,
    where scores spread alike to both sides, and nearly so where they do not and there are hundreds of images.
    Source: Westfall, Young 1993, Resampling-Based Multiple Testing, single-step maxT.

    >>> max_t(np.array([[1.0, 0.0], [2.0, 0.0], [4.0, 1.0]]))
    array([[1.  , 0.25],
           [0.25, 1.  ]])
    """
    n = len(scores)
    columns, roots = FixedPoint.of(scores), roots_of(scores)
    totals = sums_of(columns, np.ones((1, n)))[:, 0]
    seen = np.abs(totals[:, None] - totals) * roots
    exact = 2**n <= flips
    signs = every_sign(n) if exact else drawn_signs(generator(*seed, "flips", n), n, flips)
    with threadpool_limits(1):  # more threads wait for each other more than they gain
        greatest = [greatest_of(2 * sums_of(columns, chosen) - totals[:, None], roots) for chosen in signs]
    ordered = np.sort(np.concatenate(greatest))
    count = len(ordered) - np.searchsorted(ordered, seen * (1 - ROUNDING))
    p: Array = count / 2**n if exact else (count + 1) / (flips + 1)
    np.fill_diagonal(p, 1.0)
    return p


def sums_of(columns: FixedPoint, chosen: NDArray[np.generic]) -> Array:
    """The sums of the chosen images (flips, images) of every column: (models, flips)."""
    sums: Array = columns.high.T @ chosen.T.astype(np.float64)
    sums *= np.ldexp(1.0, columns.exponents)[:, None]
    return sums


def roots_of(scores: Array) -> Array:
    """One over the root of the sum of squares of the differences of each pair; 0 where all of them are 0."""
    scores = scores / (
        np.abs(scores).max(initial=0.0) or 1.0
    )  # squares of tiny or huge scores leave the range
    squares = np.array([((scores - own[:, None]) ** 2).sum(axis=0) for own in scores.T])
    found: Array = np.divide(1.0, np.sqrt(squares), out=np.zeros_like(squares), where=squares > 0)
    return found


def greatest_of(sums: Array, roots: Array) -> Array:
    """The greatest T of any pair in each flip, of sums (models, flips)."""
    found = np.zeros(sums.shape[1])
    for a in range(len(sums) - 1):
        steps = np.abs(sums[a + 1 :] - sums[a])
        steps *= roots[a, a + 1 :, None]
        np.maximum(found, steps.max(axis=0), out=found)
    return found
