"""Own data sets of boxes: a folder with `stimuli/` and `boxes.csv`, described by `dataset.toml`."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from saliency_eval.datasets.box_files import BoxRow, boxes_of_rows, read_rows
from saliency_eval.datasets.boxes import NO_LABEL, BoxDataset, Integers, Labelled
from saliency_eval.datasets.card import Card
from saliency_eval.datasets.files import IMAGES, files_by_stem, natural, need, passed_over
from saliency_eval.datasets.folder import slug
from saliency_eval.datasets.folder_toml import Settings, read_toml
from saliency_eval.errors import TRUTH, Problem, fail, shown

FILE = "boxes.csv"
MOST_CLASSES = 100_000  # of labels that are numbers


class Table(NamedTuple):
    """What the file holds: boxes and the number of the class by image, and what the classes are called."""

    boxes: dict[str, Integers]
    labels: dict[str, int]
    class_names: tuple[str, ...]


class BoxFolder(BoxDataset):
    """`stimuli/<name>.png|jpg` and `boxes.csv`; optional `dataset.toml`.

    Classes are numbered in the order of their names, or by their names where all are whole numbers. An image has
    one label; it may have none, and it may have no box.
    """

    key = "boxes"

    def __init__(self, root: str | Path, **options: object) -> None:
        super().__init__(root, **options)
        given = self._toml.card
        name = given.get("name", self.root.resolve().name)
        self.card: Card = replace(self.card, **{**given, "name": name})
        self.key = slug(name)

    def images(self) -> dict[str, Path]:
        need(self.root, FILE)
        return files_by_stem(need(self.root, "stimuli"), IMAGES)

    def passed_over(self) -> list[Problem]:
        return passed_over(self.root / "stimuli")

    def labelled(self, id: str) -> Labelled:
        return Labelled(self._table.boxes[id], self._table.labels.get(id, NO_LABEL))

    @functools.cached_property
    def class_names(self) -> tuple[str, ...]:
        """What the classes are called, by number."""
        return self._table.class_names

    def problems(self) -> list[Problem]:
        without = [id for id in self.paths if self.counts(id) and not len(self.truth.of(id).boxes)]
        text = f"image {{}}: {FILE} gives it a label and no box"
        return [
            *super().problems(),
            *self.passed_over(),
            *(Problem("empty_boxes", text.format(shown(id)), image=id) for id in without),
        ]

    @functools.cached_property
    def _toml(self) -> Settings:
        return read_toml(self.root / "dataset.toml")

    @functools.cached_property
    def _table(self) -> Table:
        path, shapes = self.root / FILE, {id: self.size_of(id) for id in self.paths}
        rows = read_rows(path)
        boxes = boxes_of_rows(path, rows, shapes, self._toml.boxes)
        names = labels_of(path, rows)
        classes = in_order(names.values())
        number = {name: place for place, name in enumerate(classes)} | {"": NO_LABEL}
        return Table(boxes, {id: number[name] for id, name in names.items()}, classes)


def labels_of(path: Path, rows: Iterable[BoxRow]) -> dict[str, str]:
    """The label of each image; raises `ambiguous` (exit 4) for two in one image, with the line."""
    found: dict[str, str] = {}
    for row in rows:
        known = found.setdefault(row.image, row.label)
        if known != row.label:
            text = f"image {shown(row.image)} must have one label, got {shown(known)}, {shown(row.label)}"
            fail("ambiguous", f"{path.name} line {row.line}: {text}",
                 "give the image under two names, or keep the boxes of one label",
                 image=row.image, file=path.name, exit=TRUTH)  # fmt: skip
    return found


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """The classes by number: numbers stand for themselves, names are sorted, numbers within them as such.

    >>> in_order(["dog", "cat", "", "dog"]), in_order(["2", "0"])
    (('cat', 'dog'), ('0', '1', '2'))
    """
    distinct = set(names) - {""}
    plain = {str(int(name)) for name in distinct if name.isascii() and name.isdecimal() and len(name) < 7}
    if distinct and distinct == plain and (most := max(map(int, plain))) < MOST_CLASSES:
        return tuple(map(str, range(most + 1)))
    return tuple(sorted(distinct, key=natural))
