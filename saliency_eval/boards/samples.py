"""The numbers of a board: for each metric the scores that are finite, their bootstrap, and what follows from both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval import stats
from saliency_eval.boards.alike import order
from saliency_eval.run import Run

Array = NDArray[np.float64]


class Sample(NamedTuple):
    """One metric: the places of the runs that have a mean, their scores (images, places) and resampled means."""

    places: tuple[int, ...]
    scores: Array
    means: Array  # (resamples, places); none of one image

    def first(self, count: int) -> Sample:
        """The same of the first so many runs."""
        kept = sum(place < count for place in self.places)  # places grow
        return Sample(self.places[:kept], self.scores[:, :kept], self.means[:, :kept])

    def mean(self, k: int) -> float:
        """The mean in a column."""
        return math.fsum(self.scores[:, k]) / len(self.scores)

    def order(self, higher: bool) -> list[int]:
        """The columns, the best first; of equal ones the first."""
        return sorted(range(len(self.places)), key=lambda k: -self.mean(k) if higher else self.mean(k))


def samples(runs: Sequence[Run], seed: Sequence[str]) -> dict[str, Sample]:
    """The samples of all metrics of runs that count the same images; one draw of images serves them all."""
    labels = runs[0].labels
    rows = [run.values[order(run)][:, [run.labels.index(label) for label in labels]] for run in runs]
    stacked = np.stack(rows, axis=2)  # (images, metrics, runs)
    finite = np.isfinite(stacked).all(axis=0) & np.full(stacked.shape[1:], len(stacked) > 0)
    scores = stacked[:, finite]
    drawn = len(scores) > 1 and scores.size
    means = stats.resample_means(scores, *seed) if drawn else np.empty((0, scores.shape[1]))
    found, start = {}, 0
    for label, ok in zip(labels, finite, strict=True):
        own = slice(start, start := start + int(ok.sum()))
        found[label] = Sample(tuple(map(int, np.flatnonzero(ok))), scores[:, own], means[:, own])
    return found


def interval(sample: Sample, k: int) -> dict[str, float | None]:
    """Mean, interval and standard error of a column; of one image there is the mean alone."""
    column = sample.scores[:, k]
    found = stats.mean_interval(column, sample.means[:, k])
    se = deviation(column) / math.sqrt(len(column)) if len(column) > 1 else None
    return {"mean": found.mean, "lo": found.low, "hi": found.high, "se": se}


def deviation(column: Array) -> float:
    """The standard deviation of scores whose squares may leave the range of floats."""
    largest = float(np.abs(column).max()) or 1.0
    return float(np.std(column / largest, ddof=1)) * largest


def ranked(sample: Sample, higher: bool, groups: Sequence[list[str]]) -> dict[int, dict[str, Any]]:
    """By place: interval, skew, rank interval, P(first) and groups of one metric."""
    found: dict[int, dict[str, Any]] = {}
    for k, (place, skew) in enumerate(zip(sample.places, stats.skewness(sample.scores), strict=True)):
        found[place] = interval(sample, k) | {"skew": skew, "groups": groups[k]} | of_rank()
    if sample.means.size:
        lows, highs = stats.rank_intervals(sample.means, higher)
        for place, *ends in zip(sample.places, lows, highs, stats.p_first(sample.means, higher), strict=True):
            found[place] |= of_rank(*map(float, ends))
    return found


def of_rank(
    low: float | None = None, high: float | None = None, first: float | None = None
) -> dict[str, Any]:
    """What the resampled ranks say."""
    return {"rank_lo": low, "rank_hi": high, "p_first": first}
