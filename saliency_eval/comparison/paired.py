"""Comparing runs: only what may stand side by side, and every number paired by image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from saliency_eval import stats
from saliency_eval.boards.alike import check_alike, order
from saliency_eval.comparison.result import Comparison
from saliency_eval.core import METRICS
from saliency_eval.errors import fail, shown, unknown
from saliency_eval.run import Run, check_runs
from saliency_eval.stats import RESAMPLES

ALPHA, WORST = 0.05, 10
FEWEST, MOST, MOST_FLIPS = 100, 1_000_000, 100_000_000  # of fewer resamples none may lie beyond an end


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
    runs, one given twice, a metric that one of them lacks or a number beyond its limits, `incomplete` for a run that
    did not score every image, `mixed_signature` for other data, images or options, `undefined_metric` where a mean is
    not finite.
    """
    check_runs(runs)
    check_options(bootstrap, flips, alpha, worst)
    if len(runs) < 2:
        fail("usage", f"a comparison needs at least two runs, got {len(runs)}")
    metric = metric or runs[0].labels[0]
    chosen = [only(run, metric) for run in runs]
    for run in chosen:
        may_be_compared(run, chosen[0])
    none_twice(chosen)
    flips = stats.flips_for(len(runs)) if flips is None else flips
    first, better = chosen[0], str(METRICS[chosen[0].keys[0]].traits["better"])
    seed, ids = (first.data.id, first.data.sha256), tuple(first.ids[row] for row in order(first))
    scores = np.column_stack([run.values[order(run), 0] for run in chosen])
    means = stats.resample_means(scores, *seed, resamples=bootstrap)
    return Comparison(
        first.data, first.setting.protocol, metric, better, names(runs),
        tuple(stats.mean_interval(*columns) for columns in zip(scores.T, means.T, strict=True)),
        tuple(stats.pairs(scores, means, better == "higher", *seed, flips=flips)),
        ids, scores, tuple(dict.fromkeys(run.signatures[metric] for run in chosen)),
        bootstrap, min(flips, 2 ** len(ids)), alpha, worst,
    )  # fmt: skip


def check_options(bootstrap: object, flips: object, alpha: object, worst: object) -> None:
    """Raises `usage` for a number that is none, or beyond its limits."""
    whole("bootstrap", bootstrap, FEWEST, MOST)
    if flips is not None:
        whole("flips", flips, 1, MOST_FLIPS)
    whole("worst", worst, 0, None)
    if not (isinstance(alpha, int | float) and 0 <= alpha <= 1):
        fail("usage", f"alpha must be a number of 0 to 1, got {shown(alpha)}", f"the usual one is {ALPHA}")


def whole(name: str, value: object, least: int, most: int | None) -> None:
    """Raises `usage` for what is no whole number within limits."""
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not (is_whole and least <= value and (most is None or value <= most)):  # type: ignore[operator]
        limits = f"of at least {least}" if most is None else f"of {least} to {most}"
        fail(
            "usage",
            f"{name} must be a whole number {limits}, got {shown(value)}",
            "leave it out for the default",
        )


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


def none_twice(runs: Sequence[Run]) -> None:
    """Raises `usage` for a run that is there twice: it would only be compared with itself."""
    [(digest, times)] = Counter(run.digest for run in runs).most_common(1)
    if times > 1:
        name = next(run.model for run in runs if run.digest == digest)
        text = f"a comparison needs different runs, that of {shown(name)} was given {times} times"
        fail("usage", text, "name each run once")


def names(runs: Sequence[Run]) -> tuple[str, ...]:
    """The names of models; where one stands several times, the digits of its run tell them apart."""
    times = Counter(run.model for run in runs)
    return tuple(run.model if times[run.model] == 1 else f"{run.model} ({run.digest})" for run in runs)
