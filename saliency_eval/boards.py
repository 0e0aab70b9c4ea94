"""Runs side by side: a pure function of runs."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from saliency_eval.core import METRICS
from saliency_eval.errors import fail, shown
from saliency_eval.run import Run, rounded

if TYPE_CHECKING:
    import pandas as pd

FREE = ("resize", "missing", "n", "v")  # what runs of one column may differ in besides the model


def comparable(line: str) -> str:
    """The part of a signature that must be equal in one column."""
    return "|".join(f for f in line.split("|") if f.partition(":")[0] not in FREE)


def leaderboard(runs: Sequence[Run], primary: str | None = None) -> pd.DataFrame:
    """Means by model and metric, best first by the primary metric; ties by name.

    Raises `mixed_signature` when runs of different data, protocol or options are put into one table.
    """
    import pandas as pd

    first = runs[0]
    for run in runs[1:]:
        for label in first.labels:
            if comparable(run.signatures.get(label, "")) != comparable(first.signatures[label]):
                fail(
                    "mixed_signature",
                    f"{shown(run.model)} and {shown(first.model)} were scored differently in {label}: "
                    f"{run.signatures.get(label, 'not scored')} and {first.signatures[label]}",
                    "score both with the same data, protocol and options",
                )
    primary = primary or first.labels[0]
    table = pd.DataFrame(
        [{label: run.means[label].mean for label in first.labels} for run in runs],
        index=pd.Index([run.model for run in runs], name="model"),
    )
    sign = -1 if METRICS[first.keys[first.labels.index(primary)]].traits["better"] == "higher" else 1
    order = sorted(range(len(runs)), key=lambda i: (rank_key(sign * table[primary].iloc[i]), runs[i].model))
    return table.iloc[order]


def rank_key(value: float) -> float:
    """Missing values last."""
    return math.inf if math.isnan(value) else value


def to_markdown(runs: Sequence[Run], primary: str | None = None) -> str:
    """The board as a Markdown table with intervals, signatures below."""
    from tabulate import tabulate

    by_model = {run.model: run for run in runs}
    table = leaderboard(runs, primary)
    rows = []
    for rank, model in enumerate(table.index, start=1):
        run = by_model[str(model)]
        cells = [" ".join(rounded(run.means[m])) if run.reason(m) is None else "n/a" for m in table.columns]
        rows.append([str(rank), escape(run.model), *cells])
    directions = {
        label: "\u2191" if METRICS[key].traits["better"] == "higher" else "\u2193"
        for label, key in zip(runs[0].labels, runs[0].keys, strict=True)
    }
    header = ["", "model", *(f"{label} {directions[label]}" for label in table.columns)]
    text = tabulate(rows, header, tablefmt="pipe", disable_numparse=True)
    lines = "\n".join(f"- `{line}`" for line in runs[0].signatures.values())
    return f"{text}\n\nMeans over {runs[0].data.n} images with 95 % bootstrap intervals.\n\n{lines}\n"


def escape(name: str) -> str:
    """A name that stays text inside a Markdown table."""
    return re.sub(r"([\\`*_|<>\[\]])", r"\\\1", shown(name))
