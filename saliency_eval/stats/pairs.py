"""Every pair of models: difference, interval, tests, and who wins on how many images."""

from __future__ import annotations

import math
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval.stats.bootstrap import percentile
from saliency_eval.stats.flips import holm, sign_flips
from saliency_eval.stats.signed_ranks import wilcoxon

Array = NDArray[np.float64]
NAN = math.nan


class Pair(NamedTuple):
    """Columns a and b: `difference` is mean of a less mean of b, a win an image on which a is better.

    NaN where it is not defined: an interval needs two images, and everything finite scores.
    """

    a: int
    b: int
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    p_wilcoxon: float
    wins: int
    ties: int
    losses: int


def pairs(
    scores: Array, means: Array, higher: bool, *seed: object, flips: int | None = None, level: float = 0.95
) -> list[Pair]:
    """All pairs of columns of `scores` (images, models), in the order of columns; Holm over all of them.

    `means` are their `resample_means`, `higher`: is a higher score better?

    >>> scores = np.array([[3.0, 1.0], [2.0, 2.0], [6.0, 3.0]])
    >>> [pair] = pairs(scores, np.array([[4.0, 3.0], [4.0, 1.0]]), True, "osie")
    >>> pair.p, pair.wins, pair.ties, pair.losses
    (0.5, 2, 1, 0)
    """
    p = sign_flips(scores, *seed, flips=flips)
    places = list(combinations(range(scores.shape[1]), 2))
    raised = holm(np.array([p[place] for place in places]))
    return [
        pair(scores, means, higher, a, b, level)._replace(p=float(p[a, b]), p_holm=float(q))
        for (a, b), q in zip(places, raised, strict=True)
    ]


def pair(scores: Array, means: Array, higher: bool, a: int, b: int, level: float = 0.95) -> Pair:
    """What two columns show without the others; no p of sign flips yet."""
    differences = scores[:, a] - scores[:, b]
    if not (len(differences) and np.isfinite(differences).all()):
        return Pair(a, b, NAN, NAN, NAN, NAN, NAN, NAN, 0, 0, 0)
    low, high = percentile(means[:, a] - means[:, b], level) if len(differences) > 1 else (NAN, NAN)
    better = differences if higher else -differences
    counts = [int(np.count_nonzero(found)) for found in (better > 0, better == 0, better < 0)]
    gap = math.fsum(scores[:, a]) / len(scores) - math.fsum(scores[:, b]) / len(scores)
    return Pair(a, b, gap, float(low), float(high), NAN, NAN, wilcoxon(differences), *counts)
