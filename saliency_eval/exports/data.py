"""A board for programs: JSON and CSV, with whole names and all digits."""

from __future__ import annotations

import json
import math
from typing import Any

from saliency_eval import __version__
from saliency_eval.boards import Board, fields, key_of
from saliency_eval.core import METRICS
from saliency_eval.escape import csv_line, without_formula, without_surrogates
from saliency_eval.run import Run
from saliency_eval.stats import RESAMPLES
from saliency_eval.store import folder_name, mean_of

SCHEMA = 1
LEVEL = 0.95


def to_json(board: Board) -> str:
    """The board as strict JSON, from which everything else follows."""
    return json.dumps(describe(board), indent=1, allow_nan=False, sort_keys=True) + "\n"


def describe(board: Board) -> dict[str, Any]:
    """Everything in `leaderboard.json`."""
    data = board.data
    return {
        "schema": SCHEMA,
        "dataset": {"id": data.id, "version": data.version, "sha256": data.sha256, "n": data.n},
        "primary": board.primary,
        "bootstrap": {"b": RESAMPLES, "level": LEVEL, "unit": "image"},
        "metrics": {label: traits(board, label) for label in board.labels},
        "rows": [row(board, run, rank) for run, rank in zip(board.runs, board.ranks(), strict=True)],
        "not_ranked": [one._asdict() for one in board.apart],
        "generator": {"name": "saliency-eval", "version": __version__},
    }


def traits(board: Board, label: str) -> dict[str, Any]:
    """What a reader must know of a metric."""
    metric = METRICS[key_of(board.runs[0], label)]
    return {
        "label": metric.traits["label"],
        "better": metric.traits["better"],
        "range": [digits(end) for end in metric.traits["range"]],
        "chance": digits(metric.traits["chance"]),
        "signature": board.signatures()[label],
    }


def row(board: Board, run: Run, rank: int | None) -> dict[str, Any]:
    """One model: its means, and what its signature has that others may not have."""
    means = {label: mean_of(run, label) for label in board.labels}
    signature = fields(run.signatures[board.primary])
    return {
        "rank": rank,
        "model": run.model,
        "run": folder_name(run),
        "n": run.n_scored,
        "resize": signature.get("resize"),
        "missing": signature.get("missing"),
        "predictions_sha256": run.predictions_sha256,
        "version": run.version,
        "metrics": {
            label: {key: digits(value) for key, value in mean.items()} for label, mean in means.items()
        },
    }


def digits(value: Any) -> Any:
    """A number with 12 significant digits, null where it is not finite; other values as they are."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.12g}") if math.isfinite(value) else None


def to_csv(board: Board, *, excel_safe: bool = False) -> str:
    """The board as RFC 4180, a column for each mean and each end of its interval."""
    text = (lambda name: without_formula(without_surrogates(name))) if excel_safe else without_surrogates
    columns = [f"{label}{end}" for label in board.labels for end in ("", "_low", "_high")]
    lines = [["rank", "model", "run", "n", "of", *map(text, columns)]]
    for run, rank in zip(board.runs, board.ranks(), strict=True):
        values = [value for label in board.labels for value in numbers(run, label)]
        counts = [str(run.n_scored), str(board.data.n)]
        lines.append(["" if rank is None else str(rank), text(run.model), folder_name(run), *counts, *values])
    return "".join(map(csv_line, lines))


def numbers(run: Run, label: str) -> list[str]:
    """Mean and ends of the interval as text."""
    mean = mean_of(run, label)
    return ["n/a" if mean[key] is None else repr(digits(mean[key])) for key in ("mean", "lo", "hi")]
