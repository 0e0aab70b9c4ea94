"""Uncertainty of means over images."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval.stats.bootstrap import resample_means

ROUNDING = 1e-12


class Interval(NamedTuple):
    """A mean with its interval; the ends are None where one image or none was scored."""

    mean: float
    low: float | None
    high: float | None
    n: int


def bca(scores: NDArray[np.float64], means: NDArray[np.float64], level: float = 0.95) -> tuple[float, float]:
    """Bias-corrected and accelerated interval of a mean.

    `scores` (images,), `means` (resamples,) of its bootstrap. An end is the quantile of `means` at
    Phi(b + z / (1 - a z)) with z = b + Phi^-1(tail), b the normal quantile of the share of means below the mean, and
    a = sum d^3 / (6 (sum d^2)^1.5) of the deviations d. Source: Efron 1987, doi:10.1080/01621459.1987.10478410.

    >>> x = np.arange(30.0) ** 2
    >>> [round(end, 1) for end in bca(x, resample_means(x[:, None], "osie")[:, 0])]
    [201.1, 385.5]
    """
    normal = NormalDist()
    mean = scores.mean()
    spread = np.abs(scores - mean).max() or 1.0
    deviations = (scores - mean) / spread  # squares of tiny or huge scores leave the range
    squares = np.sum(deviations**2)
    gap = (means - mean) / spread  # equal up to rounding is equal: few images give many such resamples
    below = np.mean(gap < -ROUNDING) + np.mean(np.abs(gap) <= ROUNDING) / 2
    if squares == 0 or not 0 < below < 1:
        return float(mean), float(mean)
    bias = normal.inv_cdf(float(below))
    acceleration = float(np.sum(deviations**3) / (6 * squares**1.5))
    ends = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        z = bias + normal.inv_cdf(tail)
        ends.append(normal.cdf(bias + z / (1 - acceleration * z)))
    low, high = np.quantile(means, ends)
    return float(low), float(high)


def mean_intervals(scores: NDArray[np.float64], *seed: object) -> list[Interval]:
    """Means over images with 95 % intervals; all columns share their resamples.

    `scores` (images, columns); a column that is not finite, or has fewer than two images, gets no interval.

    >>> mean_intervals(np.array([[1.0], [3.0]]), "osie")
    [Interval(mean=2.0, low=1.0, high=3.0, n=2)]
    """
    n = len(scores)
    finite = np.array([n > 1 and bool(np.isfinite(column).all()) for column in scores.T], bool)
    resampled = iter(resample_means(scores[:, finite], *seed).T) if finite.any() else iter(())
    found = []
    for column, ok in zip(scores.T, finite, strict=True):
        mean = math.fsum(column) / n if n and np.isfinite(column).all() else math.nan
        low, high = bca(column, next(resampled)) if ok else (None, None)
        found.append(Interval(mean, low, high, n))
    return found


def skewness(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Third standardised moment of each column; NaN for one that is constant, empty or not finite.

    An interval of a column with a skewness above 3 is too narrow: no way of resampling rescues a heavy tail.

    >>> skewness(np.array([[0.0, 1.0], [0.0, 1.0], [3.0, 1.0]]))
    array([0.70710678,        nan])
    """
    found = np.full(scores.shape[1:], np.nan)
    for column in np.ndindex(found.shape):
        values = scores[:, *column]
        if len(values) and np.isfinite(values).all() and np.ptp(values) > 0:
            deviations = (values - values.mean()) / np.ptp(values)
            found[column] = np.mean(deviations**3) / np.mean(deviations**2) ** 1.5
    return found
