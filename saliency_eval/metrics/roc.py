"""The AUC family: a map as a ranking of pixels, fixated ones against others.

Truth is `fixations`, points (n, 2) of row and column; `other_fixations` are those of other images. With
`duplicates="unique"` several fixations on one pixel are one positive, with `"count"` each is one. An image without
fixations scores NaN. Random splits and jitter are replaced by their expectation unless they are asked for.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from saliency_eval.fields import Duplicates, once_per_pixel
from saliency_eval.maps import LEVELS, Counts, Floats, Map
from saliency_eval.metrics.declare import Constant, metric, undefined
from saliency_eval.options import Count, Range, Seed
from saliency_eval.pool import Points

NAN = float("nan")
Negatives = Literal["unfixated", "all"]
Splits = Annotated[int, Range(1, 10_000)] | Literal["expected"]
Step = Annotated[float, Range(1e-4, 1)]
Top = Literal["include", "exclude"]
FLIP, MONOTONE = "flip", "monotone"


def mann_whitney(below: Counts, equal: Counts, negatives: int) -> float:
    """Share of negatives below each positive, equal ones counted half, averaged over the positives."""
    return float(np.mean((below + equal / 2) / negatives))


def ranks_among(saliency: Map, pixels: Points, thresholds: Floats) -> tuple[Counts, Counts]:
    """For each threshold, the numbers of pixels whose value is below it and equal to it."""
    if saliency.is_levels:
        counts = np.bincount(saliency.stored_at(pixels), minlength=LEVELS)
        equal = counts[thresholds.astype(np.int64)]
        return np.cumsum(counts)[thresholds.astype(np.int64)] - equal, equal
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
    invariant=[MONOTONE, FLIP, "complement", "twice"],
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
    invariant=[MONOTONE, FLIP],
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

    `saliency` (height, width) real; `fixations` (n, 2) pixels. `ties`: `expected` is the closed form of the
    jitter of the MIT code; `sequential` its form without jitter, where each distinct fixated pixel passed moves the
    false positives back; `grouped` one point for each distinct value;
    `random` a seeded jitter of 1e-7 by `law`. `constant` rules `sequential` on a map of one value. NaN without
    fixations or negatives.

    ROC points (fp_i, tp_i) at the i-th largest fixated value t_i, tp_i = i/n, fp_i = share of negatives >= t_i,
    with (0, 0) and (1, 1); area by trapezoids. It exceeds the exact AUC by about fp(smallest)/(2n): chance is
    0.5 + 1/(2(n+1)). Source: Judd, Ehinger, Durand, Torralba 2009, doi:10.1109/ICCV.2009.5459462.

    >>> round(auc_judd([[0, 1], [2, 3]], [[1, 0]]), 6)
    0.833333
    """
    positives = once_per_pixel(fixations, duplicates)
    values = saliency.at(positives)
    if ties == "random":
        jittered = with_jitter(saliency, law, rng or np.random.default_rng(seed))
        return auc_judd_sequential(jittered, positives, fixations, negatives)
    if ties == "sequential":
        if saliency.constant:
            return undefined(constant, 0.5, saliency)
        return auc_judd_sequential(saliency, positives, fixations, negatives)
    below, equal, number = ranks_among_negatives(saliency, values, fixations, negatives)
    if not len(values) or not number:
        return NAN
    if ties == "grouped":
        _, first, times = np.unique(-values, return_index=True, return_counts=True)
        return trapezoid((number - below[first]) / number, np.cumsum(times) / len(values))
    last = values.argmin()
    lowest = np.count_nonzero(values == values[last])
    above = number - below[last] - equal[last]
    bias = (above + equal[last] * lowest / (lowest + 1)) / (number * 2 * len(values))
    return mann_whitney(below, equal, number) + float(bias)


def auc_judd_sequential(saliency: Map, positives: Points, fixations: Points, negatives: Negatives) -> float:
    """The ROC of the MIT code: tied fixations follow each other, and each moves the false positives back."""
    if not len(positives):
        return NAN
    values = saliency.at(positives)
    order = np.argsort(-values, kind="stable")
    at_or_above = saliency.size - saliency.ranks(values)[0][order]
    if negatives == "all":
        return trapezoid(at_or_above / saliency.size, np.arange(1, len(values) + 1) / len(values))
    pixels = positives[order]
    passed = 1 + np.cumsum(np.r_[False, (pixels[1:] != pixels[:-1]).any(1)])  # distinct fixated pixels so far
    number = saliency.size - len(once_per_pixel(fixations))
    if not number:
        return NAN
    return trapezoid((at_or_above - passed) / number, np.arange(1, len(values) + 1) / len(values))


def trapezoid(fp: Floats, tp: Floats) -> float:
    """Area under ROC points between (0, 0) and (1, 1)."""
    return float(np.trapezoid(np.r_[0, tp, 1], np.r_[0, fp, 1]))


def with_jitter(saliency: Map, law: str, rng: np.random.Generator) -> Map:
    """The map plus noise of 1e-7 on its own scale, which orders tied pixels at random."""
    noise = rng.random(saliency.shape) if law == "uniform" else rng.standard_normal(saliency.shape)
    return Map(saliency.values + noise * 1e-7)


# ------------------------------------------------------------------ on a grid of thresholds: Borji, shuffled


def grid_of(step: float, top: Top) -> Floats:
    """Thresholds k * step of the min-max normalised map, with or without the one at its maximum."""
    thresholds = np.arange(int(1 / step + 1e-9) + 1) * step
    return np.asarray(thresholds if top == "include" else thresholds[thresholds < 1], np.float64)


def grid_level(saliency: Map, values: Floats, grid: Floats) -> Counts:
    """How many thresholds of the grid each value reaches."""
    return np.searchsorted(grid, (values - saliency.low) / (saliency.high - saliency.low), "right")


def grid_counts(saliency: Map, grid: Floats, pixels: Points | None = None) -> Counts:
    """Number of pixels, all or those given, that reach exactly k thresholds, for each k."""
    if saliency.is_levels:
        level = grid_level(saliency, np.arange(LEVELS, dtype=np.float64), grid)
        counts = (
            saliency.histogram
            if pixels is None
            else np.bincount(saliency.stored_at(pixels), minlength=LEVELS)
        )
        return np.bincount(level, counts, minlength=len(grid) + 1).astype(np.int64)
    values = saliency.values.ravel() if pixels is None else saliency.at(pixels)
    return np.bincount(grid_level(saliency, values, grid), minlength=len(grid) + 1)


def auc_of_levels(positive: Counts, negative: Counts) -> float:
    """Exact AUC of levels: `positive` the level of each positive, `negative` the number of negatives by level."""
    return mann_whitney(
        np.cumsum(negative)[positive] - negative[positive], negative[positive], negative.sum()
    )


@metric(
    "AUC-Borji",
    better="higher",
    range=(0, 1),
    chance=0.5,
    source="doi:10.1109/TIP.2012.2210727",
    invariant=["affine2", FLIP],
    idle=lambda options: ("draws", "seed") if options["splits"] == "expected" else (),
)
def auc_borji(
    saliency: Map,
    fixations: Points,
    *,
    splits: Splits = "expected",
    step: Step = 0.1,
    top: Top = "include",
    draws: Count | Literal["fixations"] = "fixations",
    duplicates: Duplicates = "unique",
    constant: Constant = "nan",
    seed: Seed = 0,
    rng: np.random.Generator | None = None,
) -> float:
    """Area under the ROC curve on a grid of thresholds, negatives drawn from all pixels.

    `saliency` (height, width) real; `fixations` (n, 2) pixels. `splits`: the `expected` value over random
    splits, or a number of them, each of `draws` pixels (as many as `fixations`) drawn with replacement. `step`:
    distance of thresholds of the min-max normalised map; `top`: is there one at its maximum. `constant` rules a
    map of one value. NaN without fixations.

    The trapezoid is linear in the counts of the negatives, so the expectation is the exact AUC of the map cut
    to 1/step + 1 levels. Source: Borji, Sihite, Itti 2013, doi:10.1109/TIP.2012.2210727.

    >>> auc_borji([[0, 1], [2, 3]], [[1, 0]])
    0.625
    """
    positives = saliency.at(once_per_pixel(fixations, duplicates))
    if not len(positives):
        return NAN
    if saliency.constant:
        return undefined(constant, 0.5, saliency)
    grid = grid_of(step, top)
    level = grid_level(saliency, positives, grid)
    if splits == "expected":
        return auc_of_levels(level, grid_counts(saliency, grid))
    number = splits * (len(positives) if draws == "fixations" else draws)
    drawn = (rng or np.random.default_rng(seed)).integers(saliency.size, size=number)
    pixels = np.column_stack(np.unravel_index(drawn, saliency.shape))
    return auc_of_levels(level, grid_counts(saliency, grid, pixels))


@metric(
    "sAUC",
    better="higher",
    range=(0, 1),
    chance=0.5,
    source="doi:10.1016/j.visres.2004.09.017",
    invariant=["affine2", FLIP],
    idle=lambda options: (
        *(("seed",) if options["splits"] == "expected" else ()),
        *(("step", "top", "constant") if options["estimator"] == "exact" else ()),
    ),
)
def shuffled_auc(
    saliency: Map,
    fixations: Points,
    other_fixations: Points,
    *,
    estimator: Literal["grid", "exact"] = "grid",
    splits: Splits = "expected",
    step: Step = 0.1,
    top: Top = "include",
    duplicates: Duplicates = "unique",
    constant: Constant = "nan",
    seed: Seed = 0,
    rng: np.random.Generator | None = None,
) -> float:
    """Area under the ROC curve of fixations against the fixations of other images.

    `saliency` (height, width) real; `fixations` (n, 2) and `other_fixations` (m, 2) pixels. `estimator`: on the
    `grid` of thresholds of AUC-Borji, or `exact`. `splits`: the `expected` value, or a number of random splits,
    each of min(n, m) other fixations without replacement. `constant` rules a map of one value on the grid. NaN
    without fixations or other fixations.

    A map that shows only the centre bias scores about 0.5. Source: Tatler, Baddeley, Gilchrist 2005,
    doi:10.1016/j.visres.2004.09.017; Zhang et al. 2008, doi:10.1167/8.7.32.

    >>> shuffled_auc([[0, 1], [2, 3]], [[1, 0]], [[0, 0], [1, 1]])
    0.5
    """
    positives = saliency.at(once_per_pixel(fixations, duplicates))
    others = other_fixations
    if not len(positives) or not len(others):
        return NAN
    if splits != "expected":
        others = drawn_without_replacement(others, splits, len(positives), rng or np.random.default_rng(seed))
    if estimator == "exact":
        return mann_whitney(*ranks_among(saliency, others, positives), len(others))
    if saliency.constant:
        return undefined(constant, 0.5, saliency)
    grid = grid_of(step, top)
    return auc_of_levels(grid_level(saliency, positives, grid), grid_counts(saliency, grid, others))


def drawn_without_replacement(points: Points, splits: int, size: int, rng: np.random.Generator) -> Points:
    """The pooled points of several splits, each drawn without replacement; splits of one size average alike."""
    size = min(size, len(points))
    return np.concatenate([rng.choice(points, size, replace=False) for _ in range(splits)])
