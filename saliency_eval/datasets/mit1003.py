"""MIT1003: 1003 images, longest side 1024 px, 15 observers, free viewing for 3 s (Judd et al. 2009)."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from saliency_eval.datasets.base import Choices
from saliency_eval.datasets.files import IMAGES, files_by_stem, is_junk, need
from saliency_eval.datasets.fixations import FixationDataset
from saliency_eval.datasets.gaze import Gaze, Integers, Numbers
from saliency_eval.datasets.matlab import items, member, only
from saliency_eval.datasets.mit1003_detection import detect
from saliency_eval.datasets.pixels import pairs, placed
from saliency_eval.datasets.stored import read_map
from saliency_eval.errors import TRUTH, fail, shown
from saliency_eval.pool import Shape

STIMULI = ("ALLSTIMULI", "100_ICCV_STIMULI")
MAPS = ("ALLFIXATIONMAPS", "ALLFIXATIONMAPS/ALLFIXATIONMAPS", "ICCVdata/ALLFIXATIONMAPSICCV")
HALF = 128  # the binary maps are stored as JPEG: a pixel was set where at least half is left


class Mit1003(FixationDataset):
    """`ALLSTIMULI/` with `DATA/<observer>/<stimulus>.mat`, or with `ALLFIXATIONMAPS/`.

    `source`: fixations detected in the raw samples of `DATA`, or the pixels of the authors' `maps`, which
    hold only the first few of each observer, without order. `pixel_rule`: `official` floors and subtracts 1;
    `pysaliency` truncates and subtracts nothing. `first`: the look at the central cross that starts every
    recording, dropped or kept.
    """

    key = "mit1003"
    options: ClassVar[Choices] = {
        "source": ("DATA", "maps"),
        "pixel_rule": ("official", "pysaliency"),
        "first": ("drop", "keep"),
    }
    drops_by_rule = True

    def images(self) -> dict[str, Path]:
        if self.settings["source"] == "DATA":
            need(self.root, "DATA")
        else:
            need(self.root, *MAPS)
        return files_by_stem(need(self.root, *STIMULI), IMAGES)

    def gaze(self, id: str) -> Gaze:
        return self._from_samples(id) if self.settings["source"] == "DATA" else self._from_map(id)

    def extra_fields(self, id: str) -> dict[str, Any]:
        stored = self._maps.get(f"{id}_fixMap") or self._maps.get(id)
        return {"stored_density": self.density(id, stored)} if stored else {}

    def _from_samples(self, id: str) -> Gaze:
        shape = self.shape_of(id)
        skipped = 1 if self.settings["first"] == "drop" else 0
        found = [detect(samples(folder / f"{id}.mat"))[skipped:, :2] for folder in self._observers]
        observers = np.repeat(np.arange(len(found)), [len(one) for one in found])
        return on_pixels(np.concatenate(found), observers, shape, self.settings["pixel_rule"])

    def _from_map(self, id: str) -> Gaze:
        stored = self._maps.get(f"{id}_fixPts")
        points = np.argwhere(read_map(stored) >= HALF) if stored else np.zeros((0, 2), np.int64)
        return placed(points.astype(np.float64), np.zeros(len(points), np.int64), self.shape_of(id))

    @functools.cached_property
    def _maps(self) -> dict[str, Path]:
        folder = next((self.root / name for name in reversed(MAPS) if (self.root / name).is_dir()), None)
        return files_by_stem(folder, IMAGES) if folder else {}

    @functools.cached_property
    def _observers(self) -> list[Path]:
        data = need(self.root, "DATA/DATA", "DATA")
        return [folder for folder in sorted(data.iterdir()) if folder.is_dir() and not is_junk(folder.name)]


def samples(path: Path) -> Numbers:
    """The recording of one observer: (n, 2) x, y in image pixels.

    The variable bears the name of the stimulus cut to 63 characters, which is not unique; it is taken as the
    only one. Raises `missing`, `unreadable` (exit 4).
    """
    if not path.is_file():
        where = f"DATA/{path.parent.name}/{path.name}"
        fail("missing", f"every observer must have a recording of every image, {shown(where)} is absent",
             "unpack DATA.zip again", file=str(path), exit=TRUTH)  # fmt: skip
    recording = items(member(only(path), path, "DATA"))[0]
    return pairs(member(recording, path, "eyeData"))


def on_pixels(xy: Numbers, observers: Integers, shape: Shape, rule: str) -> Gaze:
    """Fixations x, y as pixels; the totals count what lies inside by the rule of pysaliency."""
    within = ((xy > 0) & (xy < np.array(shape)[::-1])).all(1)
    if rule == "official":
        return placed(np.floor(xy[:, ::-1]) - 1, observers, shape, raw=xy[within])
    gaze = placed(np.trunc(xy[within, ::-1]), observers[within], shape, raw=xy[within])
    return gaze._replace(dropped=int((~within).sum()))
