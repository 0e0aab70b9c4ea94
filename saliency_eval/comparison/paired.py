"""Comparing runs: only what may stand side by side, and every number paired by image."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from saliency_eval import stats
from saliency_eval.boards.alike import check_alike, order
from saliency_eval.comparison.result import Comparison
from saliency_eval.core import METRICS
from saliency_eval.errors import fail, shown, unknown
from saliency_eval.run import Run
from saliency_eval.stats import RESAMPLES, Interval

ALPHA, WORST = 0.05, 10


def compare(
    *runs: Run,
    metric: str | None = None,
    bootstrap: int = RESAMPLES,
    flips: int | None = None,
    alpha: float = ALPHA,
    worst: int = WORST,
) -> Comparison:
    """Compare runs by one metric, by default the first: all pairs, paired by image.

    `bootstrap` resamples for intervals; `flips` for p, by default as many as all pairs need; two models are told apart
    where p after Holm is below `alpha`; `worst` images are named in each direction. Raises `usage` for less than two
    runs or a metric that one of them lacks, `incomplete` for a run that did not score every image, `mixed_signature`
    for other data, images or options, `undefined_metric` where a mean is not finite.
    """
    if len(runs) < 2:
        fail("usage", f"a comparison needs at least two runs, got {len(runs)}")
    metric = metric or runs[0].labels[0]
    chosen = [only(run, metric) for run in runs]
    for run in chosen:
        may_be_compared(run, chosen[0])
    flips = stats.flips_for(len(runs)) if flips is None else flips
    first, better = chosen[0], str(METRICS[chosen[0].keys[0]].traits["better"])
    seed, ids = (first.data.id, first.data.sha256), tuple(first.ids[row] for row in order(first))
    scores = np.column_stack([run.values[order(run), 0] for run in chosen])
    means = stats.resample_means(scores, *seed, resamples=bootstrap)
    return Comparison(
        first.data, first.setting.protocol, metric, better, names(runs),
        tuple(interval(*columns) for columns in zip(scores.T, means.T, strict=True)),
        tuple(stats.pairs(scores, means, better == "higher", *seed, flips=flips)),
        ids, scores, tuple(dict.fromkeys(run.signatures[metric] for run in chosen)),
        bootstrap, min(flips, 2 ** len(ids)), alpha, worst,
    )  # fmt: skip


def only(run: Run, metric: str) -> Run:
    """The run with one of its metrics alone. Raises `usage` where it has no such metric."""
    if metric not in run.labels:
        unknown(f"metric of {shown(run.model)}", metric, run.labels)
    k = run.labels.index(metric)
    signatures = {metric: run.signatures[metric]}
    return replace(
        run, labels=(metric,), keys=(run.keys[k],), signatures=signatures, values=run.values[:, [k]]
    )


def may_be_compared(run: Run, first: Run) -> None:
    """Raises `incomplete`, `mixed_signature` or `undefined_metric` for a run that may not stand beside the first."""
    if not run.complete:
        scored = f"{run.n_scored} images of {run.data.n}"
        text = f"only complete runs are compared, {shown(run.model)} has {scored}"
        fail("incomplete", text, "score all images")
    check_alike(run, first)
    if reason := run.reason(run.labels[0]):
        text = f"{run.labels[0]} of {shown(run.model)} has no mean: {reason}"
        fail("undefined_metric", text, "compare by another metric")


def names(runs: Sequence[Run]) -> tuple[str, ...]:
    """The names of models; where one stands several times, the digits of its run tell them apart."""
    times = Counter(run.model for run in runs)
    return tuple(run.model if times[run.model] == 1 else f"{run.model} ({run.digest})" for run in runs)


def interval(scores: NDArray[np.float64], means: NDArray[np.float64]) -> Interval:
    """Mean and interval of one model; of one image there is the mean alone."""
    low, high = stats.bca(scores, means) if len(scores) > 1 else (None, None)
    return Interval(math.fsum(scores) / len(scores), low, high, len(scores))
