"""ImageNet: the 50,000 validation images of ILSVRC 2012 in 1,000 classes, with boxes (Russakovsky et al. 2015)."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from saliency_eval.datasets.base import Choices
from saliency_eval.datasets.box_files import read_columns, whole_numbers
from saliency_eval.datasets.boxes import BoxDataset, Labelled
from saliency_eval.datasets.files import IMAGES, files_by_stem, image_shape, need
from saliency_eval.datasets.folder_files import refuse
from saliency_eval.datasets.ilsvrc_xml import Annotation, read_annotation
from saliency_eval.datasets.totals import Row, odd
from saliency_eval.datasets.wsol_metadata import IDS, Metadata, read_metadata
from saliency_eval.errors import TRUTH, fail, shown
from saliency_eval.pool import Shape

WNIDS = Path(__file__).with_name("ilsvrc2012.txt")  # the classes in the order of their numbers
NAME, WNID = re.compile(r"ILSVRC2012_val_[0-9]{8}"), re.compile(r"n[0-9]{8}")
LISTS = ("metadata/ILSVRC/test", "ILSVRC/test", ".")
XML = (
    "Annotations/CLS-LOC/val",
    "ILSVRC/Annotations/CLS-LOC/val",
    "ILSVRC2012_bbox_val_v3/val",
    "bbox/val",
    "val",
)
PICTURES = ("val", "ILSVRC2012_img_val", "Data/CLS-LOC/val", "ILSVRC/Data/CLS-LOC/val", ".")
BLACKLIST = "ILSVRC20*_clsloc_validation_blacklist.txt"
DEVKIT = ("", "data/", "devkit/data/", "ILSVRC/devkit/data/", "ILSVRC20*devkit*/data/")


class ImageNet(BoxDataset):
    """`val/ILSVRC2012_val_00000001.JPEG ..`, and boxes from the XML files or from the lists of the WSOL evaluation.

    With the lists no image is needed until one is looked at; an image must have the size that they state.
    `blacklist`: the images whose boxes the organisers found wanting, kept or dropped.
    """

    key = "imagenet"
    options: ClassVar[Choices] = {"blacklist": ("keep", "drop")}

    @functools.cached_property
    def class_names(self) -> tuple[str, ...]:
        """The 1,000 classes of ILSVRC 2012 by number, as WordNet ids."""
        return tuple(WNIDS.read_text(encoding="ascii").split())

    @property
    def expected(self) -> Mapping[str, Any]:
        return cast(Mapping[str, Any], self.card.expected[self.settings["blacklist"]])

    def images(self) -> dict[str, Path]:
        known = self._lists.shapes if self._lists else self._annotations
        found = pictures(self.root)
        if lost := sorted(set(found) - set(known)):
            text = f"every image must have boxes, {len(lost)} have none, such as {shown(lost[0])}"
            fail("missing", text, "restore the official files", image=lost[0], exit=TRUTH)
        paths = found or {id: self.root / PICTURES[0] / f"{id}.JPEG" for id in known}
        left_out = blacklisted(self.root) if self.settings["blacklist"] == "drop" else set()
        return {id: path for id, path in paths.items() if id not in left_out}

    def size_of(self, id: str) -> Shape:
        if self._lists:
            return self._lists.shapes[id]
        if id not in self.shapes:
            self.shapes[id] = self._annotation(id).shape
        return self.shapes[id]

    def labelled(self, id: str) -> Labelled:
        if self._lists:
            return Labelled(self._lists.boxes[id], self._lists.labels[id])
        found = self._annotation(id)
        self.shapes[id] = found.shape
        if found.wnid not in self._number:
            refuse(self._annotations[id], f"must name one of the 1000 classes, got '{shown(found.wnid)}'")
        return Labelled(found.boxes, self._number[found.wnid])

    def picture_of(self, id: str) -> NDArray[np.uint8]:
        path, (height, width) = self.paths[id], self.true_size(id)
        if not os.path.lexists(path):
            text = f"image {shown(id)} must be in {' or '.join(PICTURES[:2])}, there is none"
            fail("not_available", text, "unpack ILSVRC2012_img_val.tar there, or leave out what looks at images",
                 image=id, exit=TRUTH)  # fmt: skip
        image = super().picture_of(id)
        if image.shape[:2] != (height, width):
            text = f"must have {width}x{height} pixels, which its boxes are for, got {image.shape[1]}x{image.shape[0]}"
            fail(
                "totals",
                f"image {shown(id)} {text}",
                "take it from the official archive",
                image=id,
                exit=TRUTH,
            )
        return image

    def lacks(self, fields: Set[str]) -> str:
        if "image" in fields and not os.path.lexists(next(iter(self.paths.values()))):
            return "images, and there are only lists of them"
        return super().lacks(fields)

    def counted(self) -> Iterator[Row]:
        yield from super().counted()
        present = [id for id, path in self.paths.items() if os.path.lexists(path)]
        if present:
            wrong = [id for id in present if image_shape(self.paths[id]) != self.true_size(id)]
            yield odd("size of each image", "as stated", wrong)

    # -------------------------------------------------------------- tables

    @functools.cached_property
    def _lists(self) -> Metadata | None:
        folder = next((self.root / name for name in LISTS if (self.root / name / IDS).is_file()), None)
        return read_metadata(folder, len(self.class_names)) if folder else None

    @functools.cached_property
    def _annotations(self) -> dict[str, Path]:
        for name in XML:
            if found := files_by_stem(self.root / name, (".xml",)):
                return found
        need(self.root, *(f"{name}/{IDS}" for name in LISTS[:1]), *XML[:1])
        return {}

    @functools.cached_property
    def _number(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.class_names)}

    def _annotation(self, id: str) -> Annotation:
        return read_annotation(self._annotations[id])


def pictures(root: Path) -> dict[str, Path]:
    """The images of the first folder that holds some, also sorted into a folder for each class."""
    for folder in (root / name for name in PICTURES):
        found: dict[str, Path] = {}
        for one in [folder, *classes(folder)]:
            found |= {id: path for id, path in files_by_stem(one, IMAGES).items() if NAME.fullmatch(id)}
        if found:
            return found
    return {}


def classes(folder: Path) -> list[Path]:
    """The folders of classes in a folder."""
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in inside if WNID.fullmatch(path.name) and path.is_dir()]


def blacklisted(root: Path) -> set[str]:
    """The images that the organisers leave out, by the numbers of their list; raises `not_available` without one."""
    found = sorted(path for folder in DEVKIT for path in root.glob(f"{folder}{BLACKLIST}"))
    if not found:
        text = f"blacklist=drop needs {BLACKLIST} in {shown(root, 500)} or its devkit/data, there is none"
        fail("not_available", text, "it comes with the development kit of ILSVRC 2014", exit=TRUTH)
    [numbers] = read_columns(found[0], ("number",), ",")
    return {f"ILSVRC2012_val_{number:08d}" for number in whole_numbers(found[0], numbers)[:, 0].tolist()}
