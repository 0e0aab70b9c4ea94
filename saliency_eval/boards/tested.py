"""Which models of a board can be told apart: the tests of all pairs of a metric, and those that the board lists."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval import stats
from saliency_eval.boards.samples import Sample

ALPHA = 0.05
MOST_HOLM = (
    100  # models: the flips of Holm's correction grow with the pairs, and 300 models would take an hour
)
MOST_MODELS = 1_000
LISTED = MOST_HOLM * (MOST_HOLM - 1) // 2  # pairs of a metric


class Tested(NamedTuple):
    """The pairs that are listed, by places on the board, and for all columns of a sample: are two apart?"""

    pairs: list[stats.Pair]
    apart: NDArray[np.bool_]


def tested(sample: Sample, higher: bool, seed: Sequence[str], on_board: int) -> Tested:
    """All pairs of a metric, tested; on a board of more than `MOST_HOLM` models near ones alone are listed."""
    models = len(sample.places)
    apart = np.zeros((models, models), bool)
    if models < 2:
        return Tested([], apart)
    if on_board > MOST_HOLM:
        return of_many(sample, higher, seed, reach(on_board))
    found = stats.pairs(sample.scores, sample.means, higher, *seed)
    for pair in found:
        apart[pair.a, pair.b] = apart[pair.b, pair.a] = pair.p_holm < ALPHA
    return Tested([placed(pair, sample) for pair in found], apart)


def of_many(sample: Sample, higher: bool, seed: Sequence[str], near: int) -> Tested:
    """The same of many models: p after correction is that of max T, whose flips need not grow with the pairs."""
    corrected = stats.max_t(sample.scores, *seed)
    p = stats.sign_flips(sample.scores, *seed, flips=stats.FEWEST)
    pairs = [
        stats.pair(sample.scores, sample.means, higher, a, b)._replace(p=p[a, b], p_holm=corrected[a, b])
        for a, b in combinations(range(len(sample.places)), 2)
        if b - a <= near
    ]
    return Tested([placed(pair, sample) for pair in pairs], corrected < ALPHA)


def reach(models: int) -> int:
    """How many places apart listed pairs may stand: all, or so few that there are at most `LISTED`.

    >>> reach(100), reach(300), reach(1000)
    (99, 17, 4)
    """
    return max(k for k in range(1, models) if k * models - k * (k + 1) // 2 <= LISTED)


def correction(models: int) -> str:
    """How p is corrected for all pairs of so many models: the end of its key, `p_holm` or `p_max_t`."""
    return "holm" if models <= MOST_HOLM else "max_t"


def flips_of(sample: Sample, on_board: int) -> int:
    """How many choices of signs the tests of a metric took: all of them where there are few."""
    wanted = stats.flips_for(len(sample.places)) if on_board <= MOST_HOLM else stats.FEWEST
    return min(wanted, 1 << len(sample.scores))


def placed(pair: stats.Pair, sample: Sample) -> stats.Pair:
    """A pair of columns as one of places on the board."""
    return pair._replace(a=sample.places[pair.a], b=sample.places[pair.b])


def letters(sample: Sample, higher: bool, apart: NDArray[np.bool_]) -> list[list[str]]:
    """The groups of each column, in the order of this metric: whose pair is apart shares none."""
    rows = sample.order(higher)
    named = stats.letters(apart[np.ix_(rows, rows)])
    by_column = dict(zip(rows, named, strict=True))
    return [list(by_column[k]) for k in range(len(rows))]
