"""Own data sets: a folder with `stimuli/` and one fixation file, described by `dataset.toml`."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from saliency_eval.core import Lazy
from saliency_eval.datasets.base import Choices
from saliency_eval.datasets.box_files import boxes_of_rows, read_rows
from saliency_eval.datasets.card import Card
from saliency_eval.datasets.files import IMAGES, files_by_stem, listing, passed_over
from saliency_eval.datasets.fixations import FixationDataset
from saliency_eval.datasets.folder_files import Table, read_csv, read_json, table
from saliency_eval.datasets.folder_points import finite, fit, one_based, why
from saliency_eval.datasets.folder_toml import Settings, read_toml
from saliency_eval.datasets.gaze import Gaze, Integers
from saliency_eval.datasets.pixels import placed
from saliency_eval.errors import TRUTH, Problem, SaliencyEvalError, fail, shown
from saliency_eval.pool import Shape

FILES = ("fixations.csv", "fixations.json")
MAPS = (*IMAGES, ".npy")
MOST_OUTSIDE = 0.05  # share of points outside their image above which the file is refused


class Folder(FixationDataset):
    """`stimuli/<name>.png|jpg` and `fixations.csv` or `.json`; optional `dataset.toml`, `maps/`, `boxes.csv`.

    Without a fixation file nothing can be scored, and the images may also lie in the folder itself.
    A point becomes a pixel by floor(value - origin). `out_of_range`: points outside are dropped and counted,
    or refused.
    """

    key = "folder"
    options: ClassVar[Choices] = {"out_of_range": ("drop", "raise")}

    def __init__(self, root: str | Path, **options: object) -> None:
        super().__init__(root, **options)
        given = self._toml
        name = given.card.get("name", self.root.resolve().name)
        unsaid = {"sigma": None, "licence": "", "citation": ""}
        self.card: Card = replace(self.card, **{**unsaid, **given.card, "name": name})
        self.key = slug(name)

    def images(self) -> dict[str, Path]:
        found = files_by_stem(self._stimuli, IMAGES)
        if not found:
            wanted = "stimuli/ with images" + ("" if self._scorable else ", or images alone")
            wanted += f" ({' '.join(IMAGES)})"
            text = f"{shown(self.root, 500)} must hold {wanted}, got {listing(self.root)}"
            layout = Problem("layout", text, "'saliency-eval data info folder' shows the layout")
            raise SaliencyEvalError([layout, *self.passed_over()])
        self._check_names(found)
        return found

    def passed_over(self) -> list[Problem]:
        return passed_over(self._stimuli)

    @property
    def why_none(self) -> str:
        absent = f"{shown(self.root, 500)} holds neither {' nor '.join(FILES)}"
        return super().why_none if self._scorable else absent

    def gaze(self, id: str) -> Gaze:
        part = self._table.part(id)
        return placed(
            np.floor(part.points), part.observers, self.shape_of(id), outside=self.settings["out_of_range"]
        )

    def extra_fields(self, id: str) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if id in self.maps:
            fields["stored_density"] = self.density(id, self.maps[id])
        if os.path.lexists(self.root / "boxes.csv"):
            fields["boxes"] = Lazy(lambda: self._boxes[id])
        return fields

    @functools.cached_property
    def maps(self) -> dict[str, Path]:
        """Stored densities by image."""
        return files_by_stem(self.root / "maps", MAPS)

    def dropping(self, gaze: Mapping[str, Gaze]) -> list[Problem]:
        """Warnings for each image; an error above 5 % outside: then the axes or the origin are wrong."""
        notes = [fractions] if (fractions := self._floored()) else []
        lost = sum(g.dropped for g in gaze.values())
        if lost > MOST_OUTSIDE * len(self._table.points):
            return [self._refusal(lost), *notes]
        hint = self._one_based() if lost else ""
        return [*(replace(p, remedy=hint) for p in super().dropping(gaze)), *notes]

    def why_dropped(self, id: str, gaze: Gaze) -> str:
        return why(self._table.part(id).points, gaze.dropped)

    # -------------------------------------------------------------- tables

    @functools.cached_property
    def _toml(self) -> Settings:
        return read_toml(self.root / "dataset.toml")

    @functools.cached_property
    def _file(self) -> Path:
        present = [self.root / name for name in FILES if os.path.lexists(self.root / name)]
        if len(present) > 1:
            text = f"{shown(self.root.name)} must hold one fixation file, got {' and '.join(FILES)}"
            fail("ambiguous", text, "remove one of them", exit=TRUTH)
        return present[0] if present else self.root / FILES[0]

    @property
    def _stimuli(self) -> Path:
        """Where the images lie."""
        stimuli = self.root / "stimuli"
        return stimuli if stimuli.exists() or self._scorable else self.root

    @property
    def _scorable(self) -> bool:
        """Is there a fixation file?"""
        return os.path.lexists(self._file)

    @functools.cached_property
    def _table(self) -> Table:
        given = self._toml
        if not self._scorable:
            return table({}, [], [], [], given.origin, swapped=False)
        if self._file.suffix == ".csv":
            return read_csv(self._file, given.origin)
        return read_json(self._file, given.origin, swapped=given.points == "x-y")

    @functools.cached_property
    def _boxes(self) -> dict[str, Integers]:
        path, shapes = self.root / "boxes.csv", {id: self.shape_of(id) for id in self.paths}
        return boxes_of_rows(path, read_rows(path), shapes, self._toml.boxes)

    def _check_names(self, images: Mapping[str, Path]) -> None:
        """Raises `missing` for fixations without an image, and for images that a JSON file leaves out.

        A CSV file names an image by a row, so an image without a row has no fixation.
        """
        listed = set(self._table.ids)
        problems = [unknown_image(id, self._file.name, images) for id in sorted(listed - set(images))]
        if self._file.suffix == ".json":
            problems += [
                missing(id, f"{self._file.name} does not list it; write [] for none")
                for id in images
                if id not in listed
            ]
        if problems:
            raise SaliencyEvalError([*problems, *self.passed_over()])

    # -------------------------------------------------------------- what is wrong with many points

    def _refusal(self, lost: int) -> Problem:
        """An error: which reading of the axes or the origin would put the points inside?"""
        points, images = self._table.points, self._by_image()
        counts = f"{shown(self._file.name)}: {lost} of {len(points)} points are {why(points, lost)}"
        hint = self._one_based()
        if not hint and not fit(images) and fit(images, exchanged=True):
            text = f"{counts}, none is with row and column exchanged"
            return Problem(
                "swapped_axes", text, 'set points = "x-y" in dataset.toml, or name the columns right'
            )
        remedy = hint or ("write finite numbers" if fit(images) else "check sizes, axes and origin")
        return Problem("dropped_fixations", counts, remedy, count=lost, severity_override="error")

    def _one_based(self) -> str:
        return "" if self._toml.origin else one_based(self._by_image())

    def _by_image(self) -> list[tuple[Any, Shape]]:
        return [(self._table.part(id).points, self.shape_of(id)) for id in self.paths]

    def _floored(self) -> Problem | None:
        points = finite(self._table.points)
        count = int((points != np.floor(points)).any(1).sum())
        text = f"{shown(self._file.name)}: {count} fractional points were floored to their pixel"
        return Problem("floored", text, count=count) if count else None


def unknown_image(id: str, file: str, images: Mapping[str, Path]) -> Problem:
    """Fixations name an image that is not there, perhaps by the name of its file."""
    stem, dot, suffix = id.rpartition(".")
    if stem in images and dot + suffix.lower() in IMAGES:
        text = f"image {shown(id)}: {file} must name images without extension, write {shown(stem)}"
        return Problem("missing", text, "write names without extension", image=id, exit_override=TRUTH)
    return missing(id, f"{file} names it, stimuli/ has no such image")


def missing(id: str, why: str) -> Problem:
    """An image or its fixations are not there."""
    return Problem(
        "missing", f"image {shown(id)}: {why}", "give both or neither", image=id, exit_override=TRUTH
    )


def slug(name: str) -> str:
    """A name as it may stand in file names and signatures.

    >>> slug("My set: 2"), slug("../x")
    ('my-set-2', 'x')
    """
    plain = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")[:60]
    return plain or "folder"
