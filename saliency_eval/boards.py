"""Runs side by side: a pure function of runs."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from saliency_eval.core import METRICS
from saliency_eval.errors import fail, shown, unknown
from saliency_eval.run import Run, rounded

if TYPE_CHECKING:
    import pandas as pd

FREE = ("resize", "missing", "v")  # what the signatures of one column may differ in


def comparable(line: str) -> str:
    """The part of a signature that must be equal in one column."""
    return "|".join(f for f in line.split("|") if f.partition(":")[0] not in FREE)


def ranked(runs: Sequence[Run], primary: str | None = None) -> list[Run]:
    """The runs best first by the primary metric (default the first); ties by name.

    Raises `incomplete` for a run that did not score every image, `mixed_signature` for runs of different data,
    protocol or options, `usage` without a run or for a metric that was not scored.
    """
    if not runs:
        fail("usage", "a board needs at least one run, got none")
    for run in runs:
        if not run.complete:
            text = (
                f"only complete runs are ranked, {shown(run.model)} has {run.n_scored} images of {run.data.n}"
            )
            fail("incomplete", text, "score all images")
        check_alike(run, runs[0])
    primary = primary or runs[0].labels[0]
    if primary not in runs[0].labels:
        unknown("metric of the board", primary, runs[0].labels)
    sign = -1 if METRICS[runs[0].keys[runs[0].labels.index(primary)]].traits["better"] == "higher" else 1
    return sorted(runs, key=lambda run: (missing_last(sign * run.means[primary].mean), run.model))


def check_alike(run: Run, first: Run) -> None:
    """Raises `mixed_signature` when two runs may not stand in one table."""
    for label in dict.fromkeys([*first.labels, *run.labels]):
        own, other = run.signatures.get(label, "not scored"), first.signatures.get(label, "not scored")
        if comparable(own) != comparable(other):
            fail(
                "mixed_signature",
                f"{shown(run.model)} and {shown(first.model)} were scored differently in {label}: {own} and {other}",
                "score both with the same data, protocol and options",
            )


def missing_last(value: float) -> float:
    """Sort key: values that are missing come last."""
    return math.inf if math.isnan(value) else value


def leaderboard(runs: Sequence[Run], primary: str | None = None) -> pd.DataFrame:
    """Means by model and metric, best first by the primary metric. Raises as `ranked`."""
    import pandas as pd

    order = ranked(runs, primary)
    return pd.DataFrame(
        [{label: run.means[label].mean for label in run.labels} for run in order],
        index=pd.Index([run.model for run in order], name="model"),
    )


def to_markdown(runs: Sequence[Run], primary: str | None = None) -> str:
    """The board as a Markdown table with intervals, signatures below. Raises as `ranked`."""
    from tabulate import tabulate

    order = ranked(runs, primary)
    first = order[0]
    header = ["", "model"]
    for label, key in zip(first.labels, first.keys, strict=True):
        header.append(f"{label} \u2191" if METRICS[key].traits["better"] == "higher" else f"{label} \u2193")
    rows = [
        [str(rank), escape(run.model), *(cell(run, label) for label in first.labels)]
        for rank, run in enumerate(order, start=1)
    ]
    text = tabulate(rows, header, tablefmt="pipe", disable_numparse=True)
    lines = "\n".join(f"- `{line}`" for line in first.signatures.values())
    return f"{text}\n\nMeans over {first.data.n} images with 95 % bootstrap intervals.\n\n{lines}\n"


def cell(run: Run, label: str) -> str:
    """A mean with its interval."""
    return " ".join(rounded(run.means[label])) if run.reason(label) is None else "n/a"


def escape(name: str) -> str:
    """A name that stays text inside a Markdown table."""
    return re.sub(r"([\\`*_|<>\[\]])", r"\\\1", shown(name))
