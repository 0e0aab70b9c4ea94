"""What the board page shows, read from the document of a board: columns, lines, and who stands out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from saliency_eval.pages.words import ARROWS, NONE, direction, letters, mean_and_interval, percent, places

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
    """The mean of a model: `mark` is best, second or empty; `value` is what it is sorted by."""

    key: str
    value: str
    mean: str
    interval: str
    letters: str
    mark: str
    hint: str


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
    """The metrics in the order of the columns: the primary one, then by name."""
    primary = document["primary"]
    return [primary, *sorted(key for key in document["metrics"] if key != primary)]


def columns(document: Document) -> list[Column]:
    """The columns of metrics."""
    metrics = document["metrics"]
    return [
        Column(key, metrics[key]["better"], ARROWS[metrics[key]["better"]], direction(metrics[key]))
        for key in keys(document)
    ]


def lines(document: Document) -> list[Line]:
    """All ranked models in displayed order."""
    stand_out = {key: marks(document, key) for key in keys(document)}
    return [line(document, row, place, stand_out) for place, row in enumerate(document["rows"])]


def line(document: Document, row: Row, place: int, stand_out: Mapping[str, Mapping[str, str]]) -> Line:
    """One model."""
    cells = tuple(cell(row, key, stand_out[key].get(row["run"], "")) for key in keys(document))
    norm = row["metrics"][document["primary"]].get("norm")
    images = counted(row, document["dataset"]["n"])
    return Line(place, row["rank"], row["label"], cells, norm, images, row["run"], scores_file(row["run"]))


def cell(row: Row, key: str, mark: str) -> Cell:
    """One mean."""
    value = row["metrics"][key]
    mean, interval = mean_and_interval(value)
    exact = "" if value["mean"] is None else repr(value["mean"])
    return Cell(key, exact, mean, interval, letters(value.get("groups") or ()), mark, hint(value))


def hint(value: Mapping[str, Any]) -> str:
    """What a cell says when it is pointed at."""
    if value["mean"] is None:
        return str(value.get("reason") or "no mean")
    said = [f"ranks {places(value.get('rank_lo'), value.get('rank_hi'))}"]
    said += (
        [f"first in {percent(value['p_first'])} of the resamples"] if value.get("p_first") is not None else []
    )
    said += [f"{percent(value['norm'])} of the way to the ceiling"] if value.get("norm") is not None else []
    return ", ".join(said)


def counted(row: Row, n: int) -> str:
    """How many images count, with the marks of maps that were resized or missing."""
    marks = [f"{key} {row[key]}" for key in ("resize", "missing") if row.get(key) not in (None, "none")]
    return ", ".join([f"{row['n']}/{n}", *marks])


def scores_file(run: str) -> str:
    """The file of the scores of a run, empty for a run whose name is no plain one."""
    return f"scores/{run}.csv.gz" if re.fullmatch(r"[a-z0-9._-]{1,80}", run) else ""


def by_mean(document: Document, key: str) -> list[Row]:
    """The models that have a mean, best first; ties in displayed order."""
    sign = -1 if document["metrics"][key]["better"] == "higher" else 1
    found = [row for row in document["rows"] if row["metrics"][key]["mean"] is not None]
    return sorted(found, key=lambda row: float(sign * row["metrics"][key]["mean"]))


def tied(row: Row, other: Row, key: str) -> bool:
    """Do two models share a letter?"""
    return bool({*(row["metrics"][key].get("groups") or ())} & {*(other["metrics"][key].get("groups") or ())})


def marks(document: Document, key: str) -> dict[str, str]:
    """Which runs stand out: the best with all of its groups, and the second where it is outside of them."""
    order = by_mean(document, key)
    if not order:
        return {}
    found = {row["run"]: "best" for row in order if row is order[0] or tied(row, order[0], key)}
    return {order[1]["run"]: "second", **found} if len(order) > 1 else found


def limits(document: Document) -> list[tuple[str, str, list[Cell]]]:
    """The rows that are no models: observers and centre bias, where the board has them for some metric."""
    found = []
    for kind, what in (("ceiling", "observers (ceiling)"), ("floor", "centre bias (floor)")):
        values = {key: document["metrics"][key].get(kind) for key in keys(document)}
        if any(value is not None for value in values.values()):
            found.append((kind, what, [limit(key, value) for key, value in values.items()]))
    return found


def limit(key: str, value: Mapping[str, Any] | None) -> Cell:
    """Ceiling or floor of one metric."""
    mean, interval = mean_and_interval(value)
    return Cell(key, "", "" if mean == NONE else mean, interval, "", "", "")
