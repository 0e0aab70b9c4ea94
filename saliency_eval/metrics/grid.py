"""AUCs on a grid of thresholds, and against the fixations of other images: AUC-Borji and the shuffled AUC.

The map is min-max normalised and cut at k * step, so that each pixel has a level: the number of thresholds that it
reaches. Random splits of the negatives are replaced by their expectation unless they are asked for.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from saliency_eval import sums
from saliency_eval.maps import LEVEL, Counts, Floats, Map, below_and_equal
from saliency_eval.metrics.declare import NAN, Constant, metric, undefined
from saliency_eval.metrics.roc import mann_whitney, ranks_among
from saliency_eval.options import Count, Range, Seed
from saliency_eval.pool import Duplicates, Points, once_per_pixel

Splits = Annotated[int, Range(1, 10_000)] | Literal["expected"]
Step = Annotated[float, Range(1e-4, 1)]
Top = Literal["include", "exclude"]


def grid_of(step: float, top: Top) -> Floats:
    """Thresholds k * step of the min-max normalised map, with or without the one at its maximum."""
    thresholds = np.arange(int(1 / step + 1e-9) + 1) * step
    return np.asarray(thresholds if top == "include" else thresholds[thresholds < 1], np.float64)


def grid_level(saliency: Map, values: Floats, grid: Floats) -> Counts:
    """How many thresholds of the grid each value reaches."""
    return np.searchsorted(grid, (values - saliency.low) / (saliency.high - saliency.low), "right")


def grid_counts(saliency: Map, grid: Floats, pixels: Points | None = None) -> Counts:
    """Number of pixels, all or those given, that reach exactly k thresholds, for each k."""
    if not saliency.is_levels:
        values = saliency.values if pixels is None else saliency.stored_at(pixels)
        return sums.reached(values, saliency.low, saliency.high - saliency.low, grid)
    number = saliency.histogram if pixels is None else saliency.histogram_at(pixels)
    return np.bincount(grid_level(saliency, LEVEL, grid), number, len(grid) + 1).astype(np.int64)


def levels(saliency: Map, positives: Floats, pixels: Points | None, grid: Floats) -> tuple[Counts, Counts]:
    """The level of each positive, and the number of negatives by level, which are all pixels or those given."""
    return grid_level(saliency, positives, grid), grid_counts(saliency, grid, pixels)


def auc_of_levels(positive: Counts, negative: Counts) -> float:
    """Exact AUC of levels: `positive` the level of each positive, `negative` the number of negatives by level."""
    return mann_whitney(*below_and_equal(negative, positive), negative.sum())


@metric(
    "AUC-Borji",
    better="higher",
    range=(0, 1),
    chance=0.5,
    source="doi:10.1109/TIP.2012.2210727",
    invariant=["affine2", "flip"],
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
    if splits == "expected":
        return auc_of_levels(*levels(saliency, positives, None, grid_of(step, top)))
    number = splits * (len(positives) if draws == "fixations" else draws)
    drawn = drawn_with_replacement(saliency, number, rng or np.random.default_rng(seed))
    return auc_of_levels(*levels(saliency, positives, drawn, grid_of(step, top)))


@metric(
    "sAUC",
    better="higher",
    range=(0, 1),
    chance=0.5,
    source="doi:10.1016/j.visres.2004.09.017",
    invariant=["affine2", "flip"],
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

    `exact`: mean over fixations of (#{others below} + #{equal}/2) / m; `grid`: the same of the levels of the map.
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
    return auc_of_levels(*levels(saliency, positives, others, grid_of(step, top)))


def drawn_with_replacement(saliency: Map, number: int, rng: np.random.Generator) -> Points:
    """Pixels of a map, any of them each time."""
    drawn = rng.integers(saliency.size, size=number)
    return np.column_stack(np.unravel_index(drawn, saliency.shape))


def drawn_without_replacement(points: Points, splits: int, size: int, rng: np.random.Generator) -> Points:
    """The pooled points of several splits, each drawn without replacement; splits of one size average alike."""
    size = min(size, len(points))
    return np.concatenate([rng.choice(points, size, replace=False) for _ in range(splits)])
