"""The table of the board page, read from the document of a board: columns and lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from saliency_eval.boards.board import ARROWS
from saliency_eval.boards.table import images, marks_of, name_of
from saliency_eval.pages.words import direction, letters, mean_and_interval, percent, places

Document = Mapping[str, Any]
Row = Mapping[str, Any]


class Column(NamedTuple):
    """A metric: its direction, and what a reader must know of it."""

    key: str
    better: str
    arrow: str
    hint: str

    @property
    def first(self) -> str:
        """The order that has the best on top."""
        return "descending" if self.better == "higher" else "ascending"


class Cell(NamedTuple):
    """A mean: `mark` is best, second or empty; `value` is what it is sorted by."""

    key: str
    value: str
    mean: str
    interval: str
    letters: str = ""
    mark: str = ""
    hint: str = ""


class Line(NamedTuple):
    """One model; `place` is its number in the displayed order, `scores` the file beside the page or empty."""

    place: int
    rank: str
    model: str
    cells: tuple[Cell, ...]
    norm: float | None
    images: str
    run: str
    scores: str


def keys(document: Document) -> list[str]:
    """The metrics, the primary one first."""
    return sorted(document["order"], key=lambda key: bool(key != document["primary"]))


def columns(document: Document) -> list[Column]:
    """The columns of metrics, in the order of the document."""
    metrics = document["metrics"]
    return [
        Column(key, metrics[key]["better"], ARROWS[metrics[key]["better"]], direction(metrics[key]))
        for key in document["order"]
    ]


def lines(document: Document) -> list[Line]:
    """All ranked models in displayed order."""
    marks = {key: marks_of(document, key) for key in document["order"]}
    return [line(document, place, marks) for place in range(len(document["rows"]))]


def line(document: Document, place: int, marks: Mapping[str, Sequence[str]]) -> Line:
    """One model."""
    row = document["rows"][place]
    cells = tuple(cell(key, row["metrics"][key], marks[key][place]) for key in document["order"])
    norm = row["metrics"][document["primary"]]["norm"]
    counted, run = images(row, document["dataset"]["n"]), row["run"]
    return Line(place, row["rank"], name_of(row), cells, norm, counted, run, scores_file(run))


def cell(key: str, value: Mapping[str, Any], mark: str) -> Cell:
    """One mean of a model."""
    exact = "" if value["mean"] is None else repr(value["mean"])
    return Cell(key, exact, *mean_and_interval(value), letters(value["groups"]), mark, hint(value))


def hint(value: Mapping[str, Any]) -> str:
    """What a cell says when it is pointed at."""
    if value["mean"] is None:
        return value["reason"] or ""
    said = [value["reason"] or "", "" if value["rank_lo"] is None else ranks(value)]
    said += [f"{percent(value['norm'])} of the way to the ceiling"] if value["norm"] is not None else []
    return ", ".join(filter(None, said))


def ranks(value: Mapping[str, Any]) -> str:
    """Where a model stands in the resamples."""
    return f"ranks {places(value['rank_lo'], value['rank_hi'])}, first in {percent(value['p_first'])} of resamples"


def scores_file(run: str) -> str:
    """The file of the scores of a run, empty for a run whose name is no plain one."""
    return f"scores/{run}.csv.gz" if re.fullmatch(r"[a-z0-9._-]{1,80}", run) else ""


def ceiling(document: Document) -> list[Cell]:
    """What observers reach, empty where no metric has it."""
    found = {key: document["metrics"][key]["ceiling"] for key in document["order"]}
    if not any(found.values()):
        return []
    return [Cell(key, "", *(mean_and_interval(value) if value else ("", ""))) for key, value in found.items()]


def by_mean(document: Document, key: str) -> list[Row]:
    """The models that have a mean, best first; ties in displayed order."""
    sign = -1 if document["metrics"][key]["better"] == "higher" else 1
    found = [row for row in document["rows"] if row["metrics"][key]["mean"] is not None]
    return sorted(found, key=lambda row: float(sign * row["metrics"][key]["mean"]))
