"""Fixation files of own data sets: CSV and JSON from strangers, as tables by image."""

from __future__ import annotations

import csv
import functools
import io
import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np

from saliency_eval.datasets.files import read_file
from saliency_eval.datasets.gaze import Integers, Numbers
from saliency_eval.errors import TRUTH, SaliencyEvalError, fail, shown

MOST_BYTES = 512 * 2**20
ROW_COLUMN, X_Y = ("row", "column"), ("x", "y")


class Part(NamedTuple):
    """The points of one image: (n, 2) row, column, 0-based but not yet whole; and who looked there."""

    points: Numbers
    observers: Integers


@dataclass(frozen=True, eq=False)
class Table:
    """Points of all images, in the order of the file."""

    ids: tuple[str, ...]  # every image that the file names, also without a point
    image: Integers  # (n,) number of the image of each point
    points: Numbers  # (n, 2)
    observers: Integers  # (n,)

    @functools.cached_property
    def _rows(self) -> dict[str, Integers]:
        order = np.argsort(self.image, kind="stable")
        parts = np.split(order, np.searchsorted(self.image[order], np.arange(1, len(self.ids))))
        return dict(zip(self.ids, parts, strict=True)) if self.ids else {}

    def part(self, id: str) -> Part:
        """The points of one image; none for an image that the file does not name."""
        rows = self._rows.get(id, np.zeros(0, np.int64))
        return Part(self.points[rows], self.observers[rows])


# ------------------------------------------------------------------ CSV


def read_csv(path: Path, origin: int) -> Table:
    """`image,row,column[,observer][,duration_ms]`, or `x,y`; empty coordinates name an image without a point.

    Raises `unreadable` (exit 4) with the line, or with the columns found.
    """
    header, rows = csv_rows(path)
    axes = axes_of(path, header)
    name, *places = (header.index(column) for column in ("image", *axes))
    observer = header.index("observer") if "observer" in header else None
    ids: dict[str, int] = {}
    people: dict[str, int] = {}
    lines, image, texts, observers = [], [], [], []
    for line, row in rows:
        number = ids.setdefault(normal(row[name]), len(ids))
        pair = [row[place].strip() for place in places]
        if pair == ["", ""]:
            continue
        lines.append(line)
        image.append(number)
        texts += pair
        observers.append(0 if observer is None else people.setdefault(row[observer], len(people)))
    points = numbers_of(path, np.repeat(lines, 2), texts)
    return table(ids, image, points, observers, origin, swapped=axes == X_Y)


def axes_of(path: Path, header: list[str]) -> tuple[str, str]:
    """The columns of the coordinates; raises `unreadable` without any, `ambiguous` for two pairs (exit 4)."""
    found = [axes for axes in (ROW_COLUMN, X_Y) if {"image", *axes} <= set(header)]
    columns = shown(",".join(header))
    if not found:
        refuse(path, f"must have the columns image,row,column or image,x,y, got '{columns}'",
               "separate columns by commas, with '.' as decimal point")  # fmt: skip
    if len(found) > 1:
        fail("ambiguous", f"{path.name} must hold row,column or x,y, got both: '{columns}'",
             "remove one pair of columns", file=path.name, exit=TRUTH)  # fmt: skip
    return found[0]


def csv_rows(path: Path) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The header, and the rows with their line numbers; every row must have all columns."""
    reader = csv.reader(io.StringIO(text_of(path), newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
    except csv.Error as error:
        refuse(path, f"line 1: {error}")
    if len(set(header)) < len(header):
        refuse(path, f"must have every column once, got '{shown(','.join(header))}'")

    def rows() -> Iterator[tuple[int, list[str]]]:
        try:
            for row in reader:
                if row and len(row) != len(header):
                    refuse(path, f"line {reader.line_num}: must have {len(header)} columns, got {len(row)}")
                if row:
                    yield reader.line_num, row
        except csv.Error as error:
            refuse(path, f"line {reader.line_num}: {error}")

    return header, rows()


def numbers_of(path: Path, lines: Iterable[int], texts: Sequence[str]) -> list[float]:
    """Numbers as data files write them, each from its line: '1_0' and an empty field are none."""
    together = "".join(texts)
    try:
        if "_" not in together and together.isascii():
            return list(map(float, texts))
    except ValueError:
        pass
    wrong = zip(lines, texts, strict=True)
    line, text = next((line, text) for line, text in wrong if not is_number(text))
    refuse(path, f"line {line}: must be a number, got '{shown(text)}'", "use '.' as decimal point")


def is_number(text: str) -> bool:
    """Is it a number as data files write it?"""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text and text.isascii()


# ------------------------------------------------------------------ JSON


def read_json(path: Path, origin: int, *, swapped: bool) -> Table:
    """`{"<name>": [[row, column], ...]}`; `swapped` when it holds x, y.

    Raises `unreadable` with line and column, `ambiguous` for a key twice (both exit 4).
    """

    def once(members: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [normal(name) for name, _ in members]
        name, count = Counter(names).most_common(1)[0] if names else ("", 0)
        if count > 1:
            fail("ambiguous", f"{path.name} must list an image once, {shown(name)} is there {count} times",
                 "merge the lists", image=name, exit=TRUTH)  # fmt: skip
        return dict(zip(names, (value for _, value in members), strict=True))

    try:
        given = json.loads(text_of(path), object_pairs_hook=once)
    except json.JSONDecodeError as error:
        refuse(path, f"is not JSON: {error.msg}, line {error.lineno} column {error.colno}")
    except RecursionError:
        refuse(path, "is nested too deeply")
    except SaliencyEvalError:
        raise
    except ValueError as error:
        refuse(path, f"holds a number that is too long ({shown(error)})")
    if not isinstance(given, dict):
        refuse(path, f"must be an object of image names, got a {type(given).__name__}")
    parts = [points_of(path, name, value) for name, value in given.items()]
    counts = [len(part) for part in parts]
    points = np.concatenate([*parts, np.zeros((0, 2))])
    image = np.repeat(np.arange(len(parts)), counts)
    return table(given, image, points, np.zeros(len(points), np.int64), origin, swapped=swapped)


def points_of(path: Path, name: str, value: Any) -> Numbers:
    """The list of an image as (n, 2) float64."""
    try:
        points = np.asarray(value)
    except ValueError:
        points = np.zeros(0, object)
    if isinstance(value, list) and not value:
        return np.zeros((0, 2))
    pairs = points.dtype.kind in "iuf" and points.ndim == 2 and points.shape[1] == 2
    if not pairs or any(bool in map(type, point) for point in value):
        refuse(path, f"image {shown(name)}: must be a list of [row, column] numbers, got {shown(value)}")
    return points.astype(np.float64)


# ------------------------------------------------------------------ both


def table(
    ids: Mapping[str, Any], image: Any, points: Any, observers: Any, origin: int, *, swapped: bool
) -> Table:
    """Columns as arrays, axes in the order row, column, 0-based."""
    numbers = np.asarray(points, np.float64).reshape(-1, 2) - origin
    return Table(tuple(ids), np.asarray(image, np.int64), numbers[:, ::-1] if swapped else numbers,
                 np.asarray(observers, np.int64))  # fmt: skip


def text_of(path: Path) -> str:
    """A UTF-8 file within the limit, a byte order mark removed; raises what `read_file` does, `unreadable`."""
    try:
        return read_file(path, MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse(path, f"is not UTF-8 (byte {error.start})", "save it as UTF-8")


def normal(name: str) -> str:
    """A name in the one form that is compared: composed characters."""
    return unicodedata.normalize("NFC", name)


def refuse(path: Path, what: str, remedy: str = "correct the file, or write it again") -> NoReturn:
    """Raises `unreadable` (exit 4)."""
    fail("unreadable", f"{path.name}: {what}", remedy, file=path.name, exit=TRUTH)
