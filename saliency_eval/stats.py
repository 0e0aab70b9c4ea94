"""Uncertainty of means over images."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from saliency_eval.core import generator

RESAMPLES = 10_000
ROUNDING = 1e-12
MOST_VALUE = 1e100  # sums and squares of anything larger leave the range of floats
CHUNK = 500  # resamples at a time: the counts of 500 resamples of 5,000 images take 20 MB


class Interval(NamedTuple):
    """A mean with its interval; the ends are None where one image or none was scored."""

    mean: float
    low: float | None
    high: float | None
    n: int


def resample_means(
    scores: NDArray[np.float64], *seed: object, resamples: int = RESAMPLES
) -> NDArray[np.float64]:
    """Means of bootstrap resamples of the images.

    `scores` (images, columns). The resamples depend on the seed words and the number of images alone, so
    columns, models and metrics are paired. Returns (resamples, columns).
    """
    n = len(scores)
    rng = generator(*seed, "bootstrap", n)
    columns = [np.ascontiguousarray(column) for column in scores.T]
    means = []
    with threadpool_limits(1):  # the order of a sum must not depend on the machine's cores
        for start in range(0, resamples, CHUNK):
            rows = min(CHUNK, resamples - start)
            drawn = rng.integers(n, size=(rows, n)) + n * np.arange(rows)[:, None]
            weights = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n).astype(np.float64)
            # one by one: the digits of a column must not depend on its neighbours
            means.append(np.column_stack([weights @ column / n for column in columns]))
    return np.concatenate(means)


def bca(scores: NDArray[np.float64], means: NDArray[np.float64], level: float = 0.95) -> tuple[float, float]:
    """Bias-corrected and accelerated interval of a mean.

    `scores` (images,), `means` (resamples,) of its bootstrap. Source: Efron 1987,
    doi:10.1080/01621459.1987.10478410.

    >>> x = np.arange(30.0)
    >>> low, high = bca(x, resample_means(x[:, None], 0)[:, 0])
    >>> bool(11.0 < low < 12.0 and 17.0 < high < 18.0)
    True
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
