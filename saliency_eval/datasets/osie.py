"""OSIE: 700 images of 600 x 800 px, 15 observers, free viewing for 3 s (Xu et al. 2014, 10.1167/14.1.28)."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from saliency_eval.datasets.base import Choices
from saliency_eval.datasets.files import IMAGES, files_by_stem, need
from saliency_eval.datasets.fixations import FixationDataset
from saliency_eval.datasets.gaze import Gaze
from saliency_eval.datasets.matlab import items, load, member
from saliency_eval.datasets.pixels import matlab_round, pairs, placed, without_first
from saliency_eval.errors import TRUTH, fail, shown


class Osie(FixationDataset):
    """`data/stimuli/*.jpg` and `data/eye/fixations.mat`: x, y with one decimal, 1-based.

    `pixel_rule`: `official` rounds halves up and clips to the image, as the authors' own maps do;
    `pysaliency` truncates and subtracts nothing. `first`: the first fixation of each observer, which nothing
    forced to the centre, kept or dropped.
    """

    key = "osie"
    options: ClassVar[Choices] = {"pixel_rule": ("official", "pysaliency"), "first": ("keep", "drop")}

    def images(self) -> dict[str, Path]:
        return files_by_stem(need(self.root, "data/stimuli", "stimuli"), IMAGES)

    def gaze(self, id: str) -> Gaze:
        xy = [pairs(np.stack([one["fix_x"], one["fix_y"]], -1)) for one in self._subjects(id)]
        raw = np.concatenate(xy)
        observers = np.repeat(np.arange(len(xy)), [len(one) for one in xy])
        shape = self.shape_of(id)
        if self.settings["pixel_rule"] == "pysaliency":
            points = np.trunc(raw[:, ::-1])
        else:
            points = np.clip(matlab_round(raw[:, ::-1]), 1, shape) - 1
        gaze = placed(points, observers, shape, raw=raw)
        return gaze if self.settings["first"] == "keep" else without_first(gaze)

    def _subjects(self, id: str) -> list[Any]:
        if id not in self._table:
            text = f"every stimulus must have fixations, {shown(id)} is not in fixations.mat"
            fail("missing", text, "restore the official files", image=id, exit=TRUTH)
        return self._table[id]

    @functools.cached_property
    def _table(self) -> dict[str, list[Any]]:
        path = need(self.root, "data/eye/fixations.mat", "eye/fixations.mat")
        entries = items(member(load(path), path, "fixations"))
        # paired by name: the position in the file is no promise
        return {Path(member(e, path, "img")).stem: items(member(e, path, "subjects")) for e in entries}
