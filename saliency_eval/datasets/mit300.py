"""MIT300: 300 images of the MIT benchmark; the fixations of 39 observers are withheld (Judd et al. 2012)."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np

from saliency_eval.datasets.files import IMAGES, damaged, files_by_stem, need
from saliency_eval.datasets.fixations import FixationDataset
from saliency_eval.datasets.gaze import Gaze
from saliency_eval.datasets.matlab import load, member
from saliency_eval.datasets.pixels import placed

LOCATIONS, MAPS = "FIXATIONLOCS", "FIXATIONMAPS"


class Mit300(FixationDataset):
    """`BenchmarkIMAGES/i1.jpg .. i300.jpg`, and fixations for those who have them.

    Those lie in the root or in its folder `truth/`, in the layout of the benchmark's own example:
    `FIXATIONLOCS/<id>.mat` with a binary variable `fixations`, and optionally `FIXATIONMAPS/<id>.jpg`.
    """

    key = "mit300"

    def images(self) -> dict[str, Path]:
        return files_by_stem(need(self.root, "BenchmarkIMAGES", "ALLSTIMULI"), IMAGES)

    @property
    def withheld(self) -> bool:
        """Are there no fixations beside the images?"""
        return not (self._truth / LOCATIONS).is_dir()

    def gaze(self, id: str) -> Gaze:
        path = self._truth / LOCATIONS / f"{id}.mat"
        points = locations(path) if path.is_file() else np.zeros((0, 2))
        return placed(points, np.zeros(len(points), np.int64), self.shape_of(id), outside="raise")

    def extra_fields(self, id: str) -> dict[str, Any]:
        path = self._truth / MAPS / f"{id}.jpg"
        return {"stored_density": self.density(id, path)} if path.is_file() else {}

    @functools.cached_property
    def _truth(self) -> Path:
        return self.root if (self.root / LOCATIONS).is_dir() else self.root / "truth"


def locations(path: Path) -> Any:
    """Fixated pixels (n, 2) row, column of a binary map; raises `unreadable` (exit 4)."""
    binary = np.asarray(member(load(path), path, "fixations"))
    if binary.ndim != 2 or binary.dtype.kind not in "biuf":
        damaged(path, "binary map", ValueError())
    return np.argwhere(binary != 0).astype(np.float64)
