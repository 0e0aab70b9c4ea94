"""The table that people read, whatever the format: one object made from `leaderboard.json`, its numbers rounded."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from saliency_eval.boards.notes import ALWAYS, Aside, Note, asides, card, direction, has_share, notes
from saliency_eval.formats import ARROWS, letters, percent, places, rounded_of

Json = Mapping[str, Any]


class Column(NamedTuple):
    """A metric: its direction, and what a reader must know of it."""

    key: str
    better: str
    hint: str
    signature: str
    doubted: bool = False

    @property
    def title(self) -> str:
        """Its name, marked where the metric may not be believed on these images."""
        return f"{self.key} (!)" if self.doubted else self.key

    @property
    def arrow(self) -> str:
        """Which way is better."""
        return ARROWS[self.better]

    @property
    def first(self) -> str:
        """The order that has the best on top."""
        return "descending" if self.better == "higher" else "ascending"


class Cell(NamedTuple):
    """One metric of one model, `exact` as the document has it; `mark` is best, second or empty."""

    key: str
    exact: Json
    mean: str
    half: str = ""
    interval: str = ""
    groups: tuple[str, ...] = ()
    mark: str = ""
    hint: str = ""
    drawn: str = ""

    @property
    def value(self) -> str:
        """What it is sorted by: all digits of the mean."""
        return "" if self.exact.get("mean") is None else repr(self.exact["mean"])

    @property
    def letters(self) -> str:
        """The groups in one word."""
        return letters(self.groups)

    @property
    def plain(self) -> str:
        """The cell as one line of text."""
        parts = [
            self.mean,
            self.half and f"\u00b1{self.half}",
            self.drawn and f"({self.drawn})",
            *self.groups,
        ]
        return " ".join(filter(None, parts))


class Row(NamedTuple):
    """One model: `place` is its number in the displayed order, `images` says how many were scored and what had to be
    done to some, `scores` is the file beside the board or empty.
    """

    place: int
    rank: str
    model: str
    cells: tuple[Cell, ...]
    norm: float | None
    of_ceiling: str
    images: str
    n: int
    run: str
    scores: str


class Table(NamedTuple):
    """Names are as they were given: each format escapes them. `ceiling` is empty where no metric has one."""

    title: str
    sentence: Note
    columns: tuple[Column, ...]
    primary: Column
    of_ceiling: bool
    rows: tuple[Row, ...]
    ceiling: tuple[Cell, ...]
    notes: tuple[Note, ...]
    card: tuple[tuple[str, str], ...]
    citation: str
    correlations: tuple[Json, ...]
    asides: tuple[Aside, ...]
    reported: tuple[Json, ...]


def table(document: Json) -> Table:
    """The table of a board."""
    data, columns = document["dataset"], columns_of(document)
    marks = {label: marks_of(document, label) for label in document["order"]}
    return Table(
        f"{data['id']}@{data['version']}, protocol {document['protocol']}",
        Note(
            f"Means over {document['rows'][0]['n']} images \u00b1 half of their 95 % interval, best first by {{}}.",
            (document["primary"],),
        ),
        columns,
        next(column for column in columns if column.key == document["primary"]),
        has_share(document),
        tuple(row_of(document, place, marks) for place in range(len(document["rows"]))),
        ceiling_of(document),
        tuple(notes(document)),
        card(data),
        data["citation"] or "",
        tuple(document["correlations"]),
        tuple(asides(document)),
        tuple(document["reported"]),
    )


# ------------------------------------------------------------------ order


def keys(document: Json) -> list[str]:
    """The metrics, the primary one first."""
    return sorted(document["order"], key=lambda key: bool(key != document["primary"]))


def by_mean(document: Json, key: str) -> list[Json]:
    """The models that have a mean, best first; ties in displayed order."""
    sign = -1 if document["metrics"][key]["better"] == "higher" else 1
    found = [row for row in document["rows"] if row["metrics"][key]["mean"] is not None]
    return sorted(found, key=lambda row: float(sign * row["metrics"][key]["mean"]))


def marks_of(document: Json, label: str) -> list[str]:
    """By row: the best and all of its group, and the second where it is outside of that group."""
    order = by_mean(document, label)
    best = set(order[0]["metrics"][label]["groups"]) if order else set()
    found = ["best" if best & set(row["metrics"][label]["groups"]) else "" for row in document["rows"]]
    second = next((k for k, row in enumerate(document["rows"]) if row is order[1]), 0) if order[1:] else 0
    if order[1:] and not found[second]:
        found[second] = "second"
    return found


# ------------------------------------------------------------------ columns and rows


def columns_of(document: Json) -> tuple[Column, ...]:
    """The columns of metrics, in the order of the document."""
    metrics = document["metrics"]
    return tuple(
        Column(
            key,
            metrics[key]["better"],
            direction(metrics[key]),
            metrics[key]["signature"],
            bool(metrics[key].get("doubts")),
        )
        for key in document["order"]
    )


def row_of(document: Json, place: int, marks: Mapping[str, Sequence[str]]) -> Row:
    """The row of one model."""
    row = document["rows"][place]
    cells = tuple(cell_of(key, row["metrics"][key], marks[key][place]) for key in document["order"])
    norm, run = row["metrics"][document["primary"]]["norm"], row["run"]
    share = "" if norm is None else percent(norm)
    counted = images(row, document["dataset"]["n"])
    return Row(place, row["rank"], name_of(row), cells, norm, share, counted, row["n"], run, scores_file(run))


def name_of(row: Json) -> str:
    """The model, marked where it is a baseline of this package."""
    own = row["source"].partition("|")[0]
    known = own in ("centre_gaussian", "permutation") or any(own in names for names in ALWAYS.values())
    return f"{row['label']} (baseline)" if known else str(row["label"])


def cell_of(key: str, value: Json, mark: str = "") -> Cell:
    """One number: `n/a` where there is none."""
    groups = tuple(value.get("groups", ()))
    return Cell(key, value, *rounded_of(value), groups, mark, hint(value), drawn(value))


def drawn(value: Json) -> str:
    """The error that draws add to a mean, where it is above a tenth of the half-width of its interval.

    >>> drawn({"lo": 0.7, "hi": 0.72, "drawn": 0.00123}), drawn({"lo": 0.7, "hi": 0.72, "drawn": 0.0009})
    ('draws \xb10.0012', '')
    """
    if (
        value.get("drawn") is None
        or value["lo"] is None
        or not value["drawn"] > (value["hi"] - value["lo"]) / 20
    ):
        return ""
    return f"draws \u00b1{value['drawn']:#.2g}"


def hint(value: Json) -> str:
    """What stands behind a number: why there is none, its ranks, its share of the ceiling."""
    if value["mean"] is None:
        return value.get("reason") or ""
    said = [value.get("reason") or "", "" if value.get("rank_lo") is None else ranks(value)]
    said += [f"{percent(value['norm'])} of the way to the ceiling"] if value.get("norm") is not None else []
    return ", ".join(filter(None, said))


def ranks(value: Json) -> str:
    """Where a model stands in the resamples."""
    return f"ranks {places(value['rank_lo'], value['rank_hi'])}, first in {percent(value['p_first'])} of resamples"


def ceiling_of(document: Json) -> tuple[Cell, ...]:
    """What observers reach, empty where no metric has it."""
    found = {key: document["metrics"][key]["ceiling"] for key in document["order"]}
    if not any(found.values()):
        return ()
    return tuple(cell_of(key, value) if value else Cell(key, {}, "") for key, value in found.items())


def scores_file(run: str) -> str:
    """The file of the scores of a run, empty for a run whose name is no plain one."""
    return f"scores/{run}.csv.gz" if re.fullmatch(r"[a-z0-9._-]{1,80}", run) else ""


def images(row: Json, of: int) -> str:
    """How many images count, and in words how many maps were resized or missing."""
    parts = [f"{row['n']}/{of}"]
    rule, count = counted(row["resize"])
    if rule != "none":
        parts.append(f"{maps(count)} resized")
    rule, count = counted(row["missing"])
    if rule != "none":
        parts.append(f"{maps(count)} missing, scored as {rule}")
    return ", ".join(parts)


def counted(field: str | None) -> tuple[str, str]:
    """Rule and count of a field of a signature.

    >>> counted("mit(3)"), counted(None)
    (('mit', '3'), ('none', ''))
    """
    match = re.fullmatch(r"(.*)\(([0-9]+)\)", field or "none", re.DOTALL)
    return (match[1], match[2]) if match else (field or "none", "")


def maps(count: str) -> str:
    """So many maps."""
    return "1 map" if count == "1" else f"{count} maps".strip()
