"""Two or more runs against each other: paired differences, tests, and the images that decide."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval import notebook, stats
from saliency_eval.boards.alike import check_alike, order
from saliency_eval.boards.board import ARROWS
from saliency_eval.core import METRICS
from saliency_eval.errors import fail, shown, unknown
from saliency_eval.escape import code, markdown
from saliency_eval.exports.text import pipes
from saliency_eval.run import DataId, Run, rounded
from saliency_eval.stats import RESAMPLES, Interval, Pair

if TYPE_CHECKING:
    import pandas as pd

ALPHA, WORST = 0.05, 10
HEADER = ["pair", "difference", "95 % interval", "p", "p Holm", "p Wilcoxon", "wins/ties/losses", "better"]
NEITHER = "neither"


class Image(NamedTuple):
    """An image that decides, and the difference of two models on it."""

    id: str
    difference: float


@dataclass(frozen=True, repr=False)
class Comparison:
    """Models compared by one metric on the images that all of them were scored on.

    `pairs` are in the order of the models, the first against the second first; a `difference` is the mean of the
    first less that of the second, and a win is an image on which the first is better, whatever the direction of the
    metric. `scores` (images, models) are in the order of `ids`.
    """

    data: DataId
    protocol: str
    metric: str
    better: str
    models: tuple[str, ...]
    means: tuple[Interval, ...]
    pairs: tuple[Pair, ...]
    ids: tuple[str, ...]
    scores: NDArray[np.float64]
    signatures: tuple[str, ...]
    bootstrap: int
    flips: int
    alpha: float
    worst: int

    def winner(self, pair: Pair) -> int | None:
        """Which of a pair is better, if they are told apart: p after Holm is below alpha."""
        if not pair.p_holm < self.alpha or pair.difference == 0:
            return None
        return pair.a if (pair.difference > 0) == (self.better == "higher") else pair.b

    def deciding(self, pair: Pair) -> tuple[list[Image], list[Image]]:
        """The images on which the first, and on which the second of a pair is ahead by most; equal ones by name."""
        differences = self.scores[:, pair.a] - self.scores[:, pair.b]
        ahead = differences if self.better == "higher" else -differences
        found = []
        for gain in (ahead, -ahead):
            rows = [row for row in np.argsort(-gain, kind="stable")[: self.worst] if gain[row] > 0]
            found.append([Image(self.ids[row], float(differences[row])) for row in rows])
        return found[0], found[1]

    @property
    def title(self) -> str:
        """What is compared, on which data."""
        return (
            f"{self.metric} {ARROWS[self.better]} on {self.data.tag}, {self.protocol}: {len(self.ids)} images"
        )

    @property
    def method(self) -> str:
        """How the numbers were made."""
        count, every = len(self.pairs), "all " if self.flips == 2 ** len(self.ids) else ""
        return (
            f"Percentile intervals of {self.bootstrap} resamples of images; p of {every}{self.flips} sign flips, Holm "
            f"over {count} pair{'s' * (count != 1)}, alpha {self.alpha:g}. The difference is the first less the "
            "second; a win is an image on which the first is better."
        )

    def cells(self, pair: Pair) -> list[str]:
        """A pair as text, without its names."""
        winner = self.winner(pair)
        gap, interval = "n/a", ""
        if not math.isnan(pair.low):
            gap, interval = rounded(Interval(pair.difference, pair.low, pair.high, len(self.ids)))
        elif not math.isnan(pair.difference):
            gap = f"{pair.difference:.4g}"
        tests = [f"{p:.2g}" for p in (pair.p, pair.p_holm, pair.p_wilcoxon)]
        counts = f"{pair.wins}/{pair.ties}/{pair.losses}"
        return [signed(gap), interval, *tests, counts, NEITHER if winner is None else self.models[winner]]

    def to_frame(self) -> pd.DataFrame:
        """One row for each pair: names, means, difference, interval, tests, wins, and the better one or None."""
        import pandas as pd

        rows = []
        for pair in self.pairs:
            a, b, winner = self.models[pair.a], self.models[pair.b], self.winner(pair)
            means = {"mean_a": self.means[pair.a].mean, "mean_b": self.means[pair.b].mean}
            better = None if winner is None else self.models[winner]
            rows.append({**pair._asdict(), "a": a, "b": b, **means, "better": better})
        return pd.DataFrame(rows)

    def to_markdown(self) -> str:
        """Means, pairs and the images that decide as a Markdown page."""
        means = [[markdown(name), *rounded(mean)] for name, mean in zip(self.models, self.means, strict=True)]
        pairs = []
        for pair in self.pairs:
            *numbers, better = self.cells(pair)
            names = f"{markdown(self.models[pair.a])} - {markdown(self.models[pair.b])}"
            pairs.append([names, *numbers, markdown(better)])
        parts = [
            f"# {markdown(self.title, 200)}",
            pipes([["model", "mean", "95 % interval"], *means], "<<<"),
            pipes([HEADER, *pairs], "<" * len(HEADER)),
            *(f"{markdown(a)} ahead of {markdown(b)}: {listed(images)}" for a, b, images in self.ahead()),
            self.method,
            "\n".join(f"- {code(line)}" for line in self.signatures),
        ]
        return "\n\n".join(parts) + "\n"

    def ahead(self) -> list[tuple[str, str, list[Image]]]:
        """For each pair, in both directions: who is ahead of whom, and on which images by most."""
        found = []
        for pair in self.pairs:
            a, b = self.models[pair.a], self.models[pair.b]
            first, second = self.deciding(pair)
            found += [(a, b, first), (b, a, second)]
        return found

    def to_dict(self) -> dict[str, Any]:
        """Flat, for trackers: `model_1`, `mean_1` ..., and `difference_1_2`, `p_1_2`, `wins_1_2` ... of each pair."""
        flat: dict[str, Any] = {
            "data": self.data.tag, "protocol": self.protocol, "metric": self.metric, "direction": self.better,
            "n": len(self.ids), "bootstrap": self.bootstrap, "flips": self.flips, "alpha": self.alpha,
        }  # fmt: skip
        for k, (name, mean) in enumerate(zip(self.models, self.means, strict=True), start=1):
            flat |= {f"model_{k}": name, f"mean_{k}": mean.mean, f"low_{k}": mean.low, f"high_{k}": mean.high}
        for pair in self.pairs:
            a, b, *values = pair
            flat |= {f"{key}_{a + 1}_{b + 1}": v for key, v in zip(pair._fields[2:], values, strict=True)}
            winner = self.winner(pair)
            flat[f"better_{a + 1}_{b + 1}"] = None if winner is None else self.models[winner]
        return {key: None if value != value else value for key, value in flat.items()}

    def _repr_html_(self) -> str:
        """What a notebook shows: the pairs, and the signatures folded below; at most 50 kB."""
        rows = [
            [f"{shown(self.models[p.a])} - {shown(self.models[p.b])}", *self.cells(p)] for p in self.pairs
        ]
        return notebook.table(self.title, HEADER, rows, [self.method, *self.signatures])

    def __repr__(self) -> str:
        return f"<{', '.join(map(shown, self.models))} by {self.title}>"


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
    ids = tuple(chosen[0].ids[row] for row in order(chosen[0]))
    scores = np.column_stack([run.values[order(run), 0] for run in chosen])
    first, better = chosen[0], str(METRICS[chosen[0].keys[0]].traits["better"])
    seed = (first.data.id, first.data.sha256)
    means = stats.resample_means(scores, *seed, resamples=bootstrap)
    return Comparison(
        first.data, first.setting.protocol, metric, better, names(chosen),
        tuple(interval(*columns) for columns in zip(scores.T, means.T, strict=True)),
        tuple(stats.pairs(scores, means, better == "higher", *seed, flips=flips)),
        ids, scores, tuple(dict.fromkeys(run.signatures[metric] for run in chosen)),
        bootstrap, min(flips or stats.flips_for(len(chosen)), 2 ** len(ids)), alpha, worst,
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
        text = (
            f"only complete runs are compared, {shown(run.model)} has {run.n_scored} images of {run.data.n}"
        )
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


def signed(number: str) -> str:
    """A difference with its sign, none for zero.

    >>> signed("0.12"), signed("-0.12"), signed("0.00"), signed("n/a")
    ('+0.12', '-0.12', '0.00', 'n/a')
    """
    return f"+{number}" if number[0].isdigit() and float(number) > 0 else number


def listed(images: Sequence[Image]) -> str:
    """Images with the differences on them, as Markdown."""
    return ", ".join(f"{markdown(image.id)} ({image.difference:+.4g})" for image in images) or "no image"
