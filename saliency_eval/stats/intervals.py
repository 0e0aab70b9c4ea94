"""Uncertainty of means over images."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval.stats.bootstrap import resample_means

Array = NDArray[np.float64]
ROUNDING = 1e-12
HEAVY_TAIL = 3  # skew beyond which an interval is too narrow: no way of resampling rescues a heavy tail


class Interval(NamedTuple):
    """A mean with its interval; the ends are None where there is none: of one image, or of none."""

    mean: float
    low: float | None
    high: float | None
    n: int


def bca(scores: Array, means: Array, level: float = 0.95) -> tuple[float, float] | tuple[None, None]:
    """Bias-corrected and accelerated interval of a mean; none where all resamples lie on one side of it.

    `scores` (images,), `means` (resamples,) of its bootstrap. An end is the quantile of `means` at
    Phi(b + z / (1 - a z)) with z = b + Phi^-1(tail), b the normal quantile of the share of means below the mean, and
    a = sum d^3 / (6 (sum d^2)^1.5) of the deviations d. Both ends are the mean where all scores are equal.
    Source: Efron 1987, doi:10.1080/01621459.1987.10478410.

    >>> x = np.arange(30.0) ** 2
    >>> [round(end, 1) for end in bca(x, resample_means(x[:, None], "osie")[:, 0])]
    [201.1, 385.5]
    """
    if np.ptp(scores) == 0:
        return mean_of(scores), mean_of(scores)
    normal = NormalDist()
    mean = scores.mean()
    spread = np.abs(scores - mean).max()
    deviations = (scores - mean) / spread  # squares of tiny or huge scores leave the range
    squares = np.sum(deviations**2)
    equal = ROUNDING * spread + 4 * np.spacing(abs(mean))  # few images give many resamples of the same mean
    below = np.mean(means < mean - equal) + np.mean(np.abs(means - mean) <= equal) / 2
    if not 0 < below < 1:
        return None, None
    bias = normal.inv_cdf(float(below))
    acceleration = float(np.sum(deviations**3) / (6 * squares**1.5))
    ends = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        z = bias + normal.inv_cdf(tail)
        ends.append(normal.cdf(bias + z / (1 - acceleration * z)))
    low, high = np.quantile(means, ends)
    return float(low), float(high)


def mean_of(scores: Array) -> float:
    """The mean, the same whatever the order; NaN of none and of what is not finite."""
    return math.fsum(scores) / len(scores) if len(scores) and np.isfinite(scores).all() else math.nan


def mean_interval(scores: Array, means: Array) -> Interval:
    """The mean of `scores` (images,) with its BCa interval from `means` (resamples,); of one image the mean alone."""
    low, high = bca(scores, means) if len(scores) > 1 else (None, None)
    return Interval(mean_of(scores), low, high, len(scores))


def mean_intervals(scores: Array, *seed: object) -> list[Interval]:
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
        alone = Interval(mean_of(column), None, None, n)
        found.append(mean_interval(column, next(resampled)) if ok else alone)
    return found


def skewness(scores: Array) -> Array:
    """Third standardised moment of each column; NaN for one that is constant, empty or not finite.

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
