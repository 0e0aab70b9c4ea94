"""Tiny ImageNet: 10,000 validation images of 64 x 64 px in 200 classes, with one box each (Le, Yang 2015)."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from saliency_eval.core import Lazy
from saliency_eval.datasets.box_files import (
    INCLUSIVE,
    by_image,
    checked_boxes,
    once,
    read_columns,
    whole_numbers,
)
from saliency_eval.datasets.boxes import BoxDataset, Labelled
from saliency_eval.datasets.files import IMAGES, files_by_stem, need
from saliency_eval.datasets.folder_files import refuse
from saliency_eval.errors import TRUTH, fail, shown

SIDE = 64
COLUMNS = ("image", "wnid", "x0", "y0", "x1", "y1")


class TinyImageNet(BoxDataset):
    """`wnids.txt`, `val/images/val_0.JPEG ..` and `val/val_annotations.txt`: x0, y0, x1, y1, the last pixel inside.

    Classes have the order of `wnids.txt`. Field `label_words`: what `words.txt` says of the class.
    """

    key = "tiny_imagenet"

    def images(self) -> dict[str, Path]:
        return files_by_stem(need(self._folder, "val/images"), IMAGES)

    @functools.cached_property
    def class_names(self) -> tuple[str, ...]:
        """The classes by number, as WordNet ids."""
        path = need(self._folder, "wnids.txt")
        [names] = read_columns(path, ("wnid",), "\t")
        once(path, names)
        return names

    def labelled(self, id: str) -> Labelled:
        if id not in self._table:
            text = f"every image must have a box, val_annotations.txt does not list {shown(id)}"
            fail("missing", text, "restore the official files", image=id, exit=TRUTH)
        return self._table[id]

    def extra_fields(self, id: str) -> dict[str, Any]:
        return {"label_words": Lazy(lambda: self._words.get(self.class_names[self._known(id).label], ""))}

    @property
    def _folder(self) -> Path:
        below = self.root / "tiny-imagenet-200"
        return below if below.is_dir() else self.root

    @functools.cached_property
    def _words(self) -> dict[str, str]:
        path = self._folder / "words.txt"
        if not path.is_file():
            return {}
        wnids, words = read_columns(path, ("wnid", "words"), "\t")
        return dict(zip(wnids, words, strict=True))

    @functools.cached_property
    def _table(self) -> dict[str, Labelled]:
        path = need(self._folder, "val/val_annotations.txt")
        files, wnids, left, top, right, bottom = read_columns(path, COLUMNS, "\t")
        once(path, files)
        number = {wnid: place for place, wnid in enumerate(self.class_names)}
        for line, wnid in enumerate(wnids, 1):
            if wnid not in number:
                refuse(path, f"line {line}: wnids.txt must list the class, got '{shown(wnid)}'")
        ids, sides = [Path(name).stem for name in files], whole_numbers(path, top, left, bottom, right)
        sizes = [(SIDE, SIDE)] * len(ids)
        boxes = checked_boxes(path, range(1, len(ids) + 1), sides.astype(float), sizes, INCLUSIVE)
        found = by_image(ids, ids, boxes)
        return {id: Labelled(found[id], number[wnid]) for id, wnid in zip(ids, wnids, strict=True)}
