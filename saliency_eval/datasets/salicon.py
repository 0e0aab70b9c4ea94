"""SALICON: COCO images of 480 x 640 px, gaze inferred from the mouse of about 60 workers (Jiang et al. 2015).

The editions of 2015 and 2017 are different ground truths of the same images.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from saliency_eval.datasets.base import Choices
from saliency_eval.datasets.files import IMAGES, damaged, files_by_stem, need, read_file
from saliency_eval.datasets.fixations import FixationDataset
from saliency_eval.datasets.gaze import Gaze, Numbers
from saliency_eval.datasets.matlab import items, load, member
from saliency_eval.datasets.pixels import pairs, placed
from saliency_eval.errors import TRUTH, fail, shown

EDGE = 0.01  # px; the expected totals move mouse samples to at most size - EDGE

MOST_BYTES = 512 * 2**20  # of an annotation file


class Salicon(FixationDataset):
    """`images/<split>/`, `fixations_<edition>/<split>/*.mat` or `annotations/fixations_<split>2014.json`.

    `kind`: the inferred fixations, or all mouse samples, which may leave the picture: `out_of_range` drops
    and counts those, clips or refuses them. `format=json` reads the JSON of 2015, which holds mouse samples.
    The fixations of the split `test` are withheld.
    """

    key = "salicon"
    options: ClassVar[Choices] = {
        "edition": ("2017", "2015"),
        "split": ("val", "train", "test"),
        "kind": ("fixations", "mouse"),
        "format": ("mat", "json"),
        "out_of_range": ("drop", "clip", "raise"),
    }

    def __init__(self, root: str | Path, **options: object) -> None:
        super().__init__(root, **options)
        self.split, self.kind = self.settings["split"], self.settings["kind"]
        if self.settings["format"] == "json" and (self.version, self.kind) != ("2015", "mouse"):
            fail("usage", "the JSON files of SALICON hold mouse samples of the edition 2015",
                 "write salicon(edition=2015,kind=mouse,format=json)")  # fmt: skip

    @property
    def expected(self) -> Mapping[str, Any]:
        plain = {k: v for k, v in self.card.expected.items() if not isinstance(v, Mapping)}
        totals = self.card.expected.get(self.version, {}).get(self.split, {}).get(self.kind, {})
        known = totals if self.settings["format"] == "mat" else {}
        return plain | {"images": self.card.expected["split"][self.split]} | known

    @property
    def withheld(self) -> bool:
        """Is it the test split?"""
        return self.split == "test"

    def images(self) -> dict[str, Path]:
        names = (f"images/{self.split}", f"images/{self.split}2014", f"images/{self.split}2014examples")
        if not self.withheld:
            self._source()
        return files_by_stem(need(self.root, *names), IMAGES)

    def gaze(self, id: str) -> Gaze:
        workers = [] if self.withheld else self._workers(id)
        points = np.concatenate([*workers, np.zeros((0, 2))]) - 1
        observers = np.repeat(np.arange(len(workers)), [len(one) for one in workers])
        shape = self.shape_of(id)
        raw = np.clip(points, 0, np.array(shape) - EDGE)[:, ::-1]
        return placed(np.floor(points), observers, shape, outside=self.settings["out_of_range"], raw=raw)

    def extra_fields(self, id: str) -> dict[str, Any]:
        path = self.root / "maps" / self.split / f"{id}.png"
        stored = self.version == "2017" and path.is_file()
        return {"stored_density": self.density(id, path)} if stored else {}

    def _workers(self, id: str) -> list[Numbers]:
        """Points (n, 2) of each worker: row, column, 1-based."""
        if self.settings["format"] == "json":
            return self._annotations.get(number_of(id), [])
        path = self._source() / f"{id}.mat"
        if not path.is_file():
            text = f"every image must have fixations, {shown(path.name)} is absent in {shown(path.parent)}"
            fail("missing", text, "unpack the fixations again", image=id, exit=TRUTH)  # fmt: skip
        field = "location" if self.kind == "mouse" else "fixations"
        return [pairs(member(one, path, field))[:, ::-1] for one in items(member(load(path), path, "gaze"))]

    def _source(self) -> Path:
        """Where the gaze is: a folder of .mat files, or a JSON file."""
        if self.settings["format"] == "json":
            base = f"annotations/fixations_{self.split}2014"
            return need(self.root, f"{base}.json", f"{base}examples.json")
        folders = ("fixations_", "fixations/", "")
        return need(self.root, *(f"{folder}{self.version}/{self.split}" for folder in folders))

    @functools.cached_property
    def _annotations(self) -> dict[int, list[Numbers]]:
        return read_annotations(self._source())


def read_annotations(path: Path) -> dict[int, list[Numbers]]:
    """Points (n, 2) row, column of each annotation, by image number; raises `unreadable` (exit 4)."""
    found: dict[int, list[Numbers]] = {}
    try:
        given = json.loads(read_file(path, MOST_BYTES))
        for annotation in given["annotations"]:
            found.setdefault(int(annotation["image_id"]), []).append(pairs(annotation["fixations"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        damaged(path, "SALICON annotation", error)
    return found


def number_of(id: str) -> int:
    """The COCO number at the end of a name.

    >>> number_of("COCO_train2014_000000000009")
    9
    """
    digits = id.rpartition("_")[2]
    return int(digits) if digits.isdecimal() else -1
