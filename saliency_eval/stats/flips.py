"""Paired tests of all pairs at once: random signs of the differences, one matrix of signs for all pairs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from saliency_eval.core import generator
from saliency_eval.stats.fixed_point import FixedPoint

FEWEST, EACH = 10_000, 200  # flips at least, and flips for each pair
CHUNK = 1_000_000  # signs at a time: they take 8 MB
WORD = 64


def flips_for(models: int) -> int:
    """How many flips all pairs of so many models need.

    The smallest p after Holm is pairs/(flips + 1): with a fixed number no pair of many models could be told apart.

    >>> flips_for(3), flips_for(50)
    (10000, 245000)
    """
    return max(FEWEST, EACH * models * (models - 1) // 2)


def sign_flips(scores: NDArray[np.float64], *seed: object, flips: int | None = None) -> NDArray[np.float64]:
    """Two-sided p of the mean difference of every pair of columns, by random signs of the differences of images.

    `scores` (images, models); returns (models, models), symmetric, 1 on the diagonal, NaN for a column that is not
    finite. p = (c + 1)/(flips + 1), where c flips are at least as far from zero as what was observed, up to rounding;
    where there are no more than `flips` (default `flips_for`) ways to choose signs, each is taken once and p is exact.
    Source: Pitman 1937, doi:10.2307/2984124.

    >>> sign_flips(np.array([[1.0, 0.0], [2.0, 0.0], [4.0, 1.0]]))
    array([[1.  , 0.25],
           [0.25, 1.  ]])
    """
    n, models = scores.shape
    flips = flips_for(models) if flips is None else flips
    columns = FixedPoint.of(scores)
    exact = 2**n <= flips
    signs = every_sign(n) if exact else drawn_signs(generator(*seed, "flips", n), n, flips)
    with threadpool_limits(1):  # more threads wait for each other more than they gain
        count = as_far(columns, signs)
    p = count / 2**n if exact else (count + 1) / (flips + 1)
    p[~columns.finite] = p[:, ~columns.finite] = np.nan
    np.fill_diagonal(p, 1.0)
    return p


def every_sign(n: int) -> Iterator[NDArray[np.uint8]]:
    """All choices among n, each once, as rows of 0 and 1, a chunk at a time."""
    for start in range(0, 2**n, CHUNK // WORD):
        rows = np.arange(start, min(2**n, start + CHUNK // WORD))
        yield (rows[:, None] >> np.arange(n) & 1).astype(np.uint8)


def drawn_signs(rng: np.random.Generator, n: int, flips: int) -> Iterator[NDArray[np.uint8]]:
    """Random choices among n as rows of 0 and 1, a chunk at a time; the chunks leave no trace in them."""
    words = -(-n // WORD)
    for start in range(0, flips, step := max(1, CHUNK // n)):
        rows = min(step, flips - start)
        drawn = rng.integers(2**WORD, size=(rows, words), dtype=np.uint64).astype("<u8", copy=False)
        yield np.unpackbits(drawn.view(np.uint8), axis=1, count=n)


def as_far(columns: FixedPoint, chunks: Iterator[NDArray[np.uint8]]) -> NDArray[np.intp]:
    """How many flipped sums of the difference of each pair are as far from zero as the observed one.

    A flipped sum of a difference is the difference of flipped sums. They are exact but for what `high` leaves out,
    half a unit for each image, which is also more than the rounding of any score: what is nearer counts as equal.
    """
    units = np.ldexp(1.0, columns.exponents)
    totals = columns.high.sum(axis=0) * units
    slack = len(columns.high) * np.maximum(units[:, None], units)
    bars = np.abs(totals[:, None] - totals) - slack
    counts = np.zeros(bars.shape, np.intp)
    for chosen in chunks:
        sums = 2 * (columns.high.T @ chosen.T.astype(np.float64)) * units[:, None] - totals[:, None]
        for a in range(len(sums) - 1):
            far = np.abs(sums[a + 1 :] - sums[a]) >= bars[a, a + 1 :, None]
            counts[a, a + 1 :] += [np.count_nonzero(row) for row in far]
    return counts + counts.T


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """p-values of several tests, raised so that the chance of any false finding is at most alpha.

    The k-th smallest of m becomes the greatest of p_j (m - j + 1) over j <= k, at most 1. A NaN stays one and does not
    count as a test. Source: Holm 1979, Scandinavian Journal of Statistics 6, 65-70.

    >>> holm(np.array([0.01, 0.04, 0.03]))
    array([0.03, 0.06, 0.06])
    """
    raised = np.full(len(p), np.nan)
    order = np.argsort(p)[: np.count_nonzero(~np.isnan(p))]
    steps = np.arange(len(order), 0, -1)
    raised[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * steps))
    return raised
