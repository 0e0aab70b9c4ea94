"""Areas under the ROC curve: a map as a ranking of pixels, fixated ones against others.

Truth is `fixations`, points (n, 2) of row and column. With `duplicates="unique"` several fixations on one pixel are
one positive, with `"count"` each is one. An image without fixations scores NaN. Jitter is
replaced by its expectation unless it is asked for.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from saliency_eval.maps import Counts, Floats, Map, below_and_equal
from saliency_eval.metrics.declare import NAN, Constant, metric, undefined
from saliency_eval.options import Seed
from saliency_eval.pool import Duplicates, Points, once_per_pixel

Negatives = Literal["unfixated", "all"]


def mann_whitney(below: Counts, equal: Counts, negatives: int) -> float:
    """Share of negatives below each positive, equal ones counted half, averaged over the positives."""
    return float(np.mean((below + equal / 2) / negatives))


def ranks_among(saliency: Map, pixels: Points, thresholds: Floats) -> tuple[Counts, Counts]:
    """For each threshold, the numbers of pixels whose value is below it and equal to it."""
    if saliency.is_levels:
        return below_and_equal(saliency.histogram_at(pixels), thresholds.astype(np.int64))
    ordered = np.sort(saliency.at(pixels))
    below = np.searchsorted(ordered, thresholds, "left")
    return below, np.searchsorted(ordered, thresholds, "right") - below


def ranks_among_negatives(
    saliency: Map, positives: Floats, fixations: Points, negatives: Negatives
) -> tuple[Counts, Counts, int]:
    """Pixels that serve as negatives, below and equal to each positive, and their number."""
    below, equal = saliency.ranks(positives)
    if negatives == "all":
        return below, equal, saliency.size
    pixels = once_per_pixel(fixations)
    own_below, own_equal = ranks_among(saliency, pixels, positives)
    return below - own_below, equal - own_equal, saliency.size - len(pixels)


# ------------------------------------------------------------------ exact and Judd


@metric(
    "AUC",
    better="higher",
    range=(0, 1),
    chance=0.5,
    source="doi:10.1214/aoms/1177730491",
    invariant=["monotone", "flip", "complement", "twice"],
)
def auc(
    saliency: Map, fixations: Points, *, negatives: Negatives = "all", duplicates: Duplicates = "count"
) -> float:
    """Exact area under the ROC curve of fixated against other pixels.

    `saliency` (height, width) real; `fixations` (n, 2) pixels. `negatives`: `all` pixels or the `unfixated`
    ones. NaN without fixations or without negatives. Raises `SaliencyEvalError` for arrays that do not fit.

    AUC = mean over fixations of (#{negatives below} + #{equal}/2) / #{negatives}: the Mann-Whitney statistic
    (doi:10.1214/aoms/1177730491). Chance is 0.5; a constant map scores 0.5.

    >>> auc([[0, 1], [2, 3]], [[1, 0]])
    0.625
    """
    positives = saliency.at(once_per_pixel(fixations, duplicates))
    below, equal, number = ranks_among_negatives(saliency, positives, fixations, negatives)
    return mann_whitney(below, equal, number) if len(positives) and number else NAN


@metric(
    "AUC-Judd",
    better="higher",
    range=(0, 1),
    chance=0.5,
    source="doi:10.1109/ICCV.2009.5459462",
    invariant=["monotone", "flip"],
    idle=lambda options: {
        "random": ("constant",),
        "sequential": ("law", "seed"),
    }.get(options["ties"], ("constant", "law", "seed")),
)
def auc_judd(
    saliency: Map,
    fixations: Points,
    *,
    ties: Literal["expected", "sequential", "grouped", "random"] = "expected",
    negatives: Negatives = "unfixated",
    duplicates: Duplicates = "unique",
    law: Literal["uniform", "normal"] = "uniform",
    constant: Constant = "nan",
    seed: Seed = 0,
    rng: np.random.Generator | None = None,
) -> float:
    """Area under the ROC curve with thresholds at the fixated values only.

    `saliency` (height, width) real; `fixations` (n, 2) pixels. `ties`: `expected` is a closed form, for `unique`
    fixations and `unfixated` negatives the mean over the jitter of the MIT code; `sequential` its form without
    jitter, where each distinct fixated pixel passed moves the false positives back; `grouped` one point for each
    distinct value; `random` a seeded jitter of 1e-7 by `law`. `constant` rules `sequential` on a map of one value.
    NaN without fixations or negatives.

    ROC points (fp_i, tp_i) at the i-th largest fixated value t_i, tp_i = i/n, fp_i = share of negatives >= t_i,
    with (0, 0) and (1, 1); area by trapezoids. It exceeds the exact AUC by about fp(smallest)/(2n): chance is
    0.5 + 1/(2(n+1)). `expected` = AUC + (g + e k/(k+1)) / (2 n m), where of m negatives g are above and e equal to
    the least fixated value, which k of the n fixations have.
    Source: Judd, Ehinger, Durand, Torralba 2009, doi:10.1109/ICCV.2009.5459462.

    >>> round(auc_judd([[0, 1], [2, 3]], [[1, 0]]), 6)
    0.833333
    """
    positives = once_per_pixel(fixations, duplicates)
    values = saliency.at(positives)
    if ties == "random":
        jittered = with_jitter(saliency, law, rng or np.random.default_rng(seed))
        return area(sequential_points(jittered, positives, fixations, negatives))
    if ties == "sequential":
        if saliency.constant:
            return undefined(constant, 0.5, saliency)
        return area(sequential_points(saliency, positives, fixations, negatives))
    below, equal, number = ranks_among_negatives(saliency, values, fixations, negatives)
    if not len(values) or not number:
        return NAN
    if ties == "grouped":
        return area(grouped_points(values, below, number))
    least = values.argmin()
    tied = np.count_nonzero(values == values[least])
    above = number - below[least] - equal[least]
    bias = (above + equal[least] * tied / (tied + 1)) / (number * 2 * len(values))
    return mann_whitney(below, equal, number) + float(bias)


class RocPoints(NamedTuple):
    """Points of an ROC curve, from the highest threshold to the lowest, without its ends (0, 0) and (1, 1)."""

    fp: Floats
    tp: Floats
    thresholds: Floats


def area(points: RocPoints | None) -> float:
    """Area under the curve by trapezoids, NaN without one."""
    return NAN if points is None else float(np.trapezoid(np.r_[0, points.tp, 1], np.r_[0, points.fp, 1]))


def grouped_points(values: Floats, below: Counts, negatives: int) -> RocPoints:
    """One point for each distinct value of the positives; `below` is the number of negatives below each positive."""
    distinct, first, times = np.unique(-values, return_index=True, return_counts=True)
    return RocPoints((negatives - below[first]) / negatives, np.cumsum(times) / len(values), -distinct)


def sequential_points(
    saliency: Map, positives: Points, fixations: Points, negatives: Negatives
) -> RocPoints | None:
    """The ROC of the MIT code: tied fixations follow each other, and each moves the false positives back."""
    if not len(positives):
        return None
    values = saliency.at(positives)
    order = np.argsort(-values, kind="stable")
    at_or_above = saliency.size - saliency.ranks(values)[0][order]
    tp = np.arange(1, len(values) + 1) / len(values)
    if negatives == "all":
        return RocPoints(at_or_above / saliency.size, tp, values[order])
    pixels = positives[order]
    passed = 1 + np.cumsum(np.r_[False, (pixels[1:] != pixels[:-1]).any(1)])  # distinct fixated pixels so far
    number = saliency.size - len(once_per_pixel(fixations))
    if not number:
        return None
    return RocPoints((at_or_above - passed) / number, tp, values[order])


def with_jitter(saliency: Map, law: str, rng: np.random.Generator) -> Map:
    """The map plus noise of 1e-7 on its own scale, which orders tied pixels at random."""
    noise = rng.random(saliency.shape) if law == "uniform" else rng.standard_normal(saliency.shape)
    return Map(saliency.values + noise * 1e-7)
