"""The table that people read, whatever the format: rounded numbers, intervals beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from saliency_eval.boards import Board, fields
from saliency_eval.run import Run, rounded
from saliency_eval.store import folder_name

NONE = "-"


class Row(NamedTuple):
    """One model; `images` says how many were scored, and what had to be done to some."""

    rank: str
    model: str
    means: tuple[tuple[str, str], ...]
    images: str
    run: str


class Table(NamedTuple):
    """Names are as they were given: each format escapes them. `metrics` are labels with their direction."""

    title: str
    metrics: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    signatures: tuple[str, ...]
    apart: tuple[tuple[str, str, str, str], ...]
    sentence: str


def table(board: Board) -> Table:
    """The table of a board."""
    data, times = board.data, Counter(run.model for run in board.runs)
    return Table(
        f"{data.id}@{data.version}",
        tuple((label, board.better(label)) for label in board.labels),
        tuple(row(board, run, rank, times) for run, rank in zip(board.runs, board.ranks(), strict=True)),
        tuple(board.signatures().values()),
        board.apart,
        f"Means over {data.n} images with 95 % bootstrap intervals, best first by {board.primary}.",
    )


def row(board: Board, run: Run, rank: int | None, times: Mapping[str, int]) -> Row:
    """The row of one model; where a name stands several times, the digits of its run tell them apart."""
    means = tuple(cell(run, label) for label in board.labels)
    model = run.model if times[run.model] == 1 else f"{run.model} ({run.digest})"
    return Row(NONE if rank is None else str(rank), model, means, images(run), folder_name(run))


def cell(run: Run, label: str) -> tuple[str, str]:
    """Mean and interval as text, `n/a` where there is no mean."""
    return rounded(run.means[label]) if run.reason(label) is None else ("n/a", "")


def images(run: Run) -> str:
    """How many images count, with the marks of maps that were resized or missing."""
    signature = fields(run.signatures[run.labels[0]])
    marks = [
        f"{key} {signature[key]}" for key in ("resize", "missing") if signature.get(key, "none") != "none"
    ]
    return ", ".join([f"{run.n_scored}/{run.data.n}", *marks])
