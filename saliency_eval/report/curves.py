"""The ROC curve behind each AUC of one image, from the kernels that scored it: its area is the value.

A function here takes what the metric of its name takes, and gives None where the metric is set by a rule.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from saliency_eval.maps import Counts, Floats, Map
from saliency_eval.metrics import grid, roc
from saliency_eval.metrics.declare import Constant
from saliency_eval.metrics.roc import RocPoints
from saliency_eval.pool import Duplicates, Points, once_per_pixel


class Curve(NamedTuple):
    """Points of an ROC curve, and the share of pairs of a positive and a negative that have one value."""

    points: RocPoints
    ties: float

    @property
    def total(self) -> float:
        """The area, which is the value of the metric."""
        return roc.area(self.points)


def auc(
    saliency: Map, fixations: Points, *, negatives: roc.Negatives, duplicates: Duplicates
) -> Curve | None:
    """The exact curve: a step for each distinct fixated value."""
    positives = saliency.at(once_per_pixel(fixations, duplicates))
    return stepped(positives, *roc.ranks_among_negatives(saliency, positives, fixations, negatives))


def auc_judd(
    saliency: Map,
    fixations: Points,
    *,
    ties: str,
    negatives: roc.Negatives,
    duplicates: Duplicates,
    law: str,
    constant: Constant,
    seed: int,
    rng: np.random.Generator | None = None,
) -> Curve | None:
    """The points at the fixated values; of `expected` ties, where the jitter puts them on average."""
    positives = once_per_pixel(fixations, duplicates)
    values = saliency.at(positives)
    below, equal, number = roc.ranks_among_negatives(saliency, values, fixations, negatives)
    if not len(values) or not number or (ties == "sequential" and saliency.constant):
        return None
    if ties == "random":
        saliency = roc.with_jitter(saliency, law, rng or np.random.default_rng(seed))
    if ties in ("random", "sequential"):
        points = roc.sequential_points(saliency, positives, fixations, negatives)
    elif ties == "grouped":
        points = roc.grouped_points(values, below, number)
    else:
        points = expected_points(values, below, equal, number)
    return None if points is None else Curve(points, float(np.mean(equal / number)))


def expected_points(values: Floats, below: Counts, equal: Counts, negatives: int) -> RocPoints:
    """The j-th of m fixations of one value has passed, on average, j/(m + 1) of the negatives of that value."""
    order = np.argsort(-values, kind="stable")
    _, group, times = np.unique(-values[order], return_inverse=True, return_counts=True)
    place = np.arange(len(values)) - (np.cumsum(times) - times)[group] + 1
    above = negatives - (below + equal)[order]
    fp = (above + equal[order] * place / (times[group] + 1)) / negatives
    return RocPoints(fp, np.arange(1, len(values) + 1) / len(values), values[order])


def stepped(positives: Floats, below: Counts, equal: Counts, negatives: int) -> Curve | None:
    """Two points for each distinct positive: negatives above it, then it with the negatives of its value."""
    if not len(positives) or not negatives:
        return None
    distinct, first, times = np.unique(-positives, return_index=True, return_counts=True)
    above = negatives - (below + equal)[first]
    fp = np.column_stack([above, negatives - below[first]]).ravel() / negatives
    after = np.cumsum(times)
    tp = np.column_stack([after - times, after]).ravel() / len(positives)
    return Curve(RocPoints(fp, tp, np.repeat(-distinct, 2)), float(np.mean(equal / negatives)))


# ------------------------------------------------------------------ on a grid of thresholds


def auc_borji(
    saliency: Map,
    fixations: Points,
    *,
    splits: grid.Splits,
    step: float,
    top: grid.Top,
    draws: int | str,
    duplicates: Duplicates,
    constant: Constant,
    seed: int,
    rng: np.random.Generator | None = None,
) -> Curve | None:
    """The curve on the grid; of random splits, that of all draws together."""
    positives = saliency.at(once_per_pixel(fixations, duplicates))
    if not len(positives) or saliency.constant:
        return None
    if splits == "expected":
        return gridded(saliency, positives, None, grid.grid_of(step, top))
    number = splits * (len(positives) if isinstance(draws, str) else draws)
    drawn = grid.drawn_with_replacement(saliency, number, rng or np.random.default_rng(seed))
    return gridded(saliency, positives, drawn, grid.grid_of(step, top))


def shuffled_auc(
    saliency: Map,
    fixations: Points,
    other_fixations: Points,
    *,
    estimator: str,
    splits: grid.Splits,
    step: float,
    top: grid.Top,
    duplicates: Duplicates,
    constant: Constant,
    seed: int,
    rng: np.random.Generator | None = None,
) -> Curve | None:
    """The curve against the fixations of other images, on the grid or exact."""
    positives = saliency.at(once_per_pixel(fixations, duplicates))
    others = other_fixations
    if not len(positives) or not len(others):
        return None
    if splits != "expected":
        generator = rng or np.random.default_rng(seed)
        others = grid.drawn_without_replacement(others, splits, len(positives), generator)
    if estimator == "exact":
        return stepped(positives, *roc.ranks_among(saliency, others, positives), len(others))
    if saliency.constant:
        return None
    return gridded(saliency, positives, others, grid.grid_of(step, top))


def gridded(saliency: Map, positives: Floats, pixels: Points | None, thresholds: Floats) -> Curve:
    """The curve of a map cut to levels: a point for each threshold, the highest first."""
    level, negative = grid.levels(saliency, positives, pixels, thresholds)
    positive = np.bincount(level, minlength=len(negative))
    tp, fp = (np.cumsum(n[::-1]) / n.sum() for n in (positive, negative))
    at = np.r_[-np.inf, saliency.low + thresholds * (saliency.high - saliency.low)][::-1]
    kept = (
        slice(None) if positive[0] + negative[0] else slice(-1)
    )  # below all thresholds there may be nothing
    pairs = len(level) * negative.sum()
    return Curve(RocPoints(fp[kept], tp[kept], at[kept]), float(positive @ negative / pairs))
