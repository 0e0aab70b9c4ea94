"""Wilcoxon's signed-rank test, the second opinion: it sees which images are won, hardly by how much."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from saliency_eval.stats.ranks import mean_ranks

MOST_EXACT, MOST_EXACT_WITH_TIES = 50, 13  # images: as scipy.stats.wilcoxon chooses


def wilcoxon(differences: NDArray[np.float64]) -> float:
    """Two-sided p; differences of zero are left out, and 1 where there are no others. NaN where one is NaN.

    Exact for up to 13 images, up to 50 without a tie, else by the normal approximation, as in scipy. Source:
    Wilcoxon 1945, doi:10.2307/3001968.

    >>> wilcoxon(np.array([1.0, 2.0, 3.0, 4.0, -0.5]))
    0.125
    """
    if np.isnan(differences).any():
        return math.nan
    moved = differences[differences != 0]
    found = mean_ranks(np.abs(moved))
    plain = len(moved) == len(differences) and len(np.unique(found)) == len(found)
    if len(differences) <= (MOST_EXACT if plain else MOST_EXACT_WITH_TIES):
        return exact_p(found, moved > 0)
    return normal_p(found, moved > 0)


def exact_p(ranks: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Share of the choices of signs in which the sum of the positive ranks is as far from its mean."""
    doubled = np.rint(2 * ranks).astype(int)  # mean ranks of ties are halves
    ways = np.ones(1)  # by twice the sum of the positive ranks
    for rank in doubled:
        without, with_it = np.pad(ways, (0, rank)), np.pad(ways, (rank, 0))
        ways = without + with_it
    total = int(doubled[positive].sum())
    far = max(total, len(ways) - 1 - total)
    return float(min(1.0, 2 * ways[far:].sum() / 2.0 ** len(ranks)))


def normal_p(ranks: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """The same by the normal approximation; ties narrow the spread."""
    if not len(ranks):
        return 1.0
    gap = float(ranks[positive].sum() - ranks[~positive].sum()) / 2
    return math.erfc(abs(gap) / math.sqrt(float(ranks @ ranks) / 4) / math.sqrt(2))
