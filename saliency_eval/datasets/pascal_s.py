"""PASCAL-S: 850 images of PASCAL VOC 2010, 8 observers, free viewing for 2 s (Li et al. 2014)."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from saliency_eval.datasets.base import Choices
from saliency_eval.datasets.files import IMAGES, damaged, files_by_stem, need
from saliency_eval.datasets.fixations import FixationDataset
from saliency_eval.datasets.gaze import Gaze, Numbers
from saliency_eval.datasets.pixels import placed, without_first
from saliency_eval.datasets.stored import read_map
from saliency_eval.errors import TRUTH, fail, shown


class PascalS(FixationDataset):
    """`datasets/imgs/pascal/1.jpg .. 850.jpg` and `datasets/fixations/pascalFix.mat`, a MATLAB 7.3 file.

    `source=png` reads binary pictures `<n>.png` instead, which other tools make of it: without observers, a
    pixel once. `first`: the first fixation of each observer, kept or dropped. `out_of_range`: points outside, of
    which the official file has none, are refused or dropped.
    """

    key = "pascal_s"
    options: ClassVar[Choices] = {
        "source": ("mat", "png"),
        "first": ("keep", "drop"),
        "out_of_range": ("raise", "drop"),
    }

    def images(self) -> dict[str, Path]:
        self._source()
        return files_by_stem(need(self.root, "datasets/imgs/pascal", "imgs/pascal"), IMAGES)

    def gaze(self, id: str) -> Gaze:
        rows = self._from_file(id) if self.settings["source"] == "mat" else self._from_picture(id)
        points, observers = rows[:, :2] - 1, rows[:, 2].astype(np.int64) - 1
        outside = self.settings["out_of_range"]
        gaze = placed(np.floor(points), observers, self.shape_of(id), outside=outside, raw=points[:, ::-1])
        return gaze if self.settings["first"] == "keep" else without_first(gaze)

    def extra_fields(self, id: str) -> dict[str, Any]:
        names = ("algmaps/pascal/humanFix", "datasets/algmaps/pascal/humanFix")
        stored = next((p for n in names if (p := self.root / n / f"{id}.png").is_file()), None)
        return {"stored_density": self.density(id, stored)} if stored else {}

    def _from_file(self, id: str) -> Numbers:
        number = int(id) if id.isdecimal() else 0
        if not 1 <= number <= len(self._table):
            text = f"pascalFix.mat holds the images 1 to {len(self._table)}, got {shown(id)}"
            fail("missing", text, "restore the official files", image=id, exit=TRUTH)
        return self._table[number - 1]

    def _from_picture(self, id: str) -> Numbers:
        if id not in self._pictures:
            fail("missing", f"image {shown(id)} has no binary picture {shown(id)}.png", image=id, exit=TRUTH)
        points = np.argwhere(read_map(self._pictures[id]) > 0) + 1.0
        return np.column_stack([points, np.ones(len(points))])

    def _source(self) -> Path:
        """Where the fixations are: the MATLAB file, or a folder of pictures."""
        if self.settings["source"] == "mat":
            return need(self.root, "datasets/fixations/pascalFix.mat", "fixations/pascalFix.mat")
        return need(self.root, "datasets/fixations/png", "fixations/png", "fixations")

    @functools.cached_property
    def _pictures(self) -> dict[str, Path]:
        return files_by_stem(self._source(), (".png",))

    @functools.cached_property
    def _table(self) -> list[Numbers]:
        return read_cells(self._source())


def read_cells(path: Path) -> list[Numbers]:
    """The cells of `fixCell` in order: (n, 3) row, column, subject, 1-based. Raises `unreadable` (exit 4).

    MATLAB stores cells as references, and matrices transposed; the names of the matrices are in no order.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return [matrix(file[reference]) for reference in own(file, "fixCell")[()].ravel()]
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        damaged(path, "MATLAB 7.3 file", error)


def own(file: Any, name: str) -> Any:
    """A dataset of the file itself: HDF5 would follow a link to any other file."""
    import h5py

    if not isinstance(file.get(name, getlink=True), h5py.HardLink):
        raise ValueError(name)
    return plain(file[name])


def plain(dataset: Any) -> Any:
    """The dataset, unless its data lie elsewhere."""
    if dataset.is_virtual or dataset.external:
        raise ValueError(dataset.name)
    return dataset


def matrix(dataset: Any) -> Numbers:
    """A cell of row, column and subject; the marker of an empty one gives no row."""
    if "MATLAB_empty" in dataset.attrs:
        return np.zeros((0, 3))
    return np.asarray(plain(dataset)[()], np.float64).reshape(3, -1).T
