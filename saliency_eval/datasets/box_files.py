"""Files of boxes and labels: rows of text with their line numbers, and boxes in the one form that is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from saliency_eval.datasets.folder_files import csv_rows, normal, numbers_of, refuse, text_of
from saliency_eval.datasets.gaze import Integers, Numbers
from saliency_eval.errors import TRUTH, fail, shown
from saliency_eval.pool import Shape

BOX = ("top", "left", "bottom", "right")
MOST_NUMBER = 2**31
SEPARATORS = {"\t": "tabs", ",": "commas"}


class Convention(NamedTuple):
    """How a file counts pixels: the first is `origin`; are the last row and column of a box inside it?"""

    origin: int = 0
    inclusive: bool = False

    def half_open(self, boxes: Numbers) -> Numbers:
        """Boxes (n, 4) top, left, bottom, right as the package writes them.

        >>> Convention(1, True).half_open(np.array([[1.0, 1.0, 2.0, 3.0]])).tolist()
        [[0.0, 0.0, 2.0, 3.0]]
        """
        return np.asarray(boxes - self.origin + np.array([0, 0, 1, 1]) * self.inclusive)


INCLUSIVE = Convention(0, inclusive=True)  # of the lists of ILSVRC and Tiny ImageNet


def checked_boxes(
    path: Path,
    lines: Sequence[int],
    boxes: Numbers,
    shapes: Iterable[Shape],
    kind: Convention,
    part: str = "line",
) -> Integers:
    """Boxes (n, 4) of a file in half-open pixels; raises `unreadable` (exit 4) with the place of the first wrong one.

    A box must be whole, not empty, and inside its image.
    """
    found = kind.half_open(boxes)
    (top, left, bottom, right), (height, width) = found.T, np.array([*shapes]).reshape(-1, 2).T
    with np.errstate(invalid="ignore"):
        whole = (np.floor(found) == found).all(1)
        right_ones = whole & (top >= 0) & (left >= 0) & (top < bottom) & (left < right)
        right_ones &= (bottom <= height) & (right <= width)
    if not right_ones.all():
        number = int(np.argmin(right_ones))
        where = ", ".join(f"{name} {side:g}" for name, side in zip(BOX, found[number], strict=True))
        refuse(path, f"{part} {lines[number]}: a box must be half-open whole pixels inside "
               f"{width[number]}x{height[number]}, got {where}",
               "correct it, or say with origin and inclusive how boxes are counted")  # fmt: skip
    return found.astype(np.int64)


def by_image(ids: Iterable[str], owners: Sequence[str], boxes: Integers) -> dict[str, Integers]:
    """The boxes of each image; `owners` names that of each box."""
    number = {id: place for place, id in enumerate(ids)}
    places = np.array([number[id] for id in owners], np.int64)
    order = np.argsort(places, kind="stable")
    ends = np.searchsorted(places[order], np.arange(len(number)), "right").tolist()
    ordered = boxes[order]
    return {id: ordered[a:b] for id, a, b in zip(number, [0, *ends], ends, strict=False)}


# ------------------------------------------------------------------ official lists


def read_columns(path: Path, names: Sequence[str], separator: str) -> list[tuple[str, ...]]:
    """The columns of a text file without header; raises `unreadable` (exit 4) with the line of a wrong one."""
    lines = text_of(path).removesuffix("\n").split("\n")
    rows = [line.rstrip("\r").split(separator) for line in lines]
    for number, row in enumerate(rows, 1):
        if len(row) != len(names) or not row[0]:
            must = f"must be {' '.join(names)}" + f", separated by {SEPARATORS[separator]}" * (len(names) > 1)
            refuse(path, f"line {number}: {must}, got '{shown(lines[number - 1])}'")
    return [*zip(*rows, strict=True)]


def whole_numbers(path: Path, *columns: Sequence[str]) -> Integers:
    """Columns of whole numbers (n, columns); raises `unreadable` (exit 4) with the line."""
    width, texts = len(columns), [text for row in zip(*columns, strict=True) for text in row]
    lines = np.arange(len(texts)) // width + 1
    values = np.array(numbers_of(path, lines, texts))
    with np.errstate(invalid="ignore"):
        wrong = ~((np.floor(values) == values) & (np.abs(values) < MOST_NUMBER))
    if wrong.any():
        number = int(np.argmax(wrong))
        refuse(path, f"line {lines[number]}: must be a whole number, got '{shown(texts[number])}'")
    return values.astype(np.int64).reshape(-1, width)


def once(path: Path, names: Sequence[str]) -> None:
    """Raises `ambiguous` (exit 4) with the line of a name that was there before."""
    if len(set(names)) == len(names):
        return
    lines: dict[str, int] = {}
    for line, name in enumerate(names, 1):
        if (first := lines.setdefault(name, line)) != line:
            text = f"{path.name} line {line}: must name {shown(name)} once, it is in line {first} too"
            fail("ambiguous", text, "remove one of the lines", file=path.name, exit=TRUTH)


# ------------------------------------------------------------------ own files


class BoxRow(NamedTuple):
    """A row of an own file: an image, its label, and a box whose sides may be empty."""

    line: int
    image: str
    label: str
    sides: list[str]


def read_rows(path: Path) -> list[BoxRow]:
    """`image,top,left,bottom,right[,label]`; raises `unreadable` (exit 4) with the line, or the columns found."""
    header, rows = csv_rows(path)
    if not {"image", *BOX} <= set(header):
        refuse(path, f"must have the columns image,{','.join(BOX)}, got '{shown(','.join(header))}'",
               "separate columns by commas")  # fmt: skip
    name, *sides = (header.index(column) for column in ("image", *BOX))
    label = header.index("label") if "label" in header else None
    return [
        BoxRow(
            line,
            normal(row[name]),
            "" if label is None else normal(row[label].strip()),
            [row[side].strip() for side in sides],
        )
        for line, row in rows
    ]


def boxes_of_rows(
    path: Path, rows: Iterable[BoxRow], shapes: Mapping[str, Shape], kind: Convention
) -> dict[str, Integers]:
    """Boxes by image; raises `missing` for an image that is not there, `unreadable` for a wrong box (exit 4)."""
    full = []
    for row in rows:
        if row.image not in shapes:
            text = f"{path.name} line {row.line}: stimuli/ has no image {shown(row.image)}"
            fail("missing", text, "give both or neither", image=row.image, exit=TRUTH)
        if any(row.sides):
            full.append(row)
    lines, owners = [row.line for row in full], [row.image for row in full]
    texts = [side for row in full for side in row.sides]
    numbers = np.array(numbers_of(path, np.repeat(lines, len(BOX)), texts), np.float64).reshape(-1, len(BOX))
    return by_image(shapes, owners, checked_boxes(path, lines, numbers, [shapes[id] for id in owners], kind))
