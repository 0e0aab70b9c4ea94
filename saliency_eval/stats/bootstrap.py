"""The bootstrap over images: one draw of images for all columns, so that models are paired."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from saliency_eval.core import generator
from saliency_eval.stats.fixed_point import FixedPoint

RESAMPLES = 10_000
CHUNK = 500_000  # draws at a time: they take a few MB, whatever the number of images


def resample_means(
    scores: NDArray[np.float64], *seed: object, resamples: int = RESAMPLES
) -> NDArray[np.float64]:
    """Means of bootstrap resamples of the images.

    `scores` (images, columns). The resamples depend on the seed words and the number of images alone, so
    columns, models and metrics are paired. Returns (resamples, columns); NaN for a column that is not finite
    or empty. Source: Efron 1979, doi:10.1214/aos/1176344552.

    >>> means = resample_means(np.array([[0.0, 1.0], [1.0, 2.0], [5.0, 6.0]]), "osie", resamples=4)
    >>> means[:, 1] - means[:, 0]
    array([1., 1., 1., 1.])
    """
    n, columns = len(scores), FixedPoint.of(scores)
    means = np.full((resamples, scores.shape[1]), np.nan)
    with threadpool_limits(1):  # more threads wait for each other more than they gain
        for rows, weights in drawn_weights(n, *seed, resamples=resamples if n else 0):
            means[rows] = columns.products(weights) / n
    return means


def drawn_weights(n: int, *seed: object, resamples: int) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """How often each of n images was drawn, for some rows at a time; the chunks leave no trace in them."""
    rng, step = generator(*seed, "bootstrap", n), max(1, CHUNK // max(n, 1))
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        drawn = rng.integers(n, size=(rows, n))
        drawn += n * np.arange(rows)[:, None]
        weights = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n)
        yield slice(start, start + rows), weights.astype(np.float64)


def percentile(
    samples: NDArray[np.float64], level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper ends of the percentile interval of `samples` (resamples, ...), along the first axis.

    >>> low, high = percentile(np.arange(101.0), 0.9)
    >>> float(low), float(high)
    (5.0, 95.0)
    """
    low, high = np.quantile(samples, tails(level), axis=0)
    return low, high


def tails(level: float) -> tuple[float, float]:
    """The shares below the two ends of an interval, without the rounding of 1 - level.

    >>> tails(0.95)
    (0.025, 0.975)
    """
    tail = round((1 - level) / 2, 12)
    return tail, 1 - tail
