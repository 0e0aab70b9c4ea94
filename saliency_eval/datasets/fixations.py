"""Data sets of fixations: where people looked, in whole pixels."""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from saliency_eval.core import Lazy
from saliency_eval.datasets.base import Dataset
from saliency_eval.datasets.gaze import Gaze, Numbers, Truth
from saliency_eval.datasets.totals import FixationTotals, Row
from saliency_eval.errors import Problem, SaliencyEvalError, shown
from saliency_eval.pool import Pool


class FixationDataset(Dataset):
    """Stimuli with the fixations of observers; an adapter reads the gaze on one image."""

    subject = "fixations"
    truth_fields = ("fixations", "observers")
    drops_by_rule: ClassVar[bool] = False  # the authors themselves leave out points outside the image

    @abstractmethod
    def gaze(self, id: str) -> Gaze:
        """Fixations of one image under the chosen pixel rule."""

    @property
    def withheld(self) -> bool:
        """Are the fixations not published?"""
        return False

    @property
    def why_none(self) -> str:
        """What is said where fixations are needed and there are none."""
        return "the data set has none"

    # -------------------------------------------------------------- the truth

    @functools.cached_property
    def truth(self) -> Truth:
        """The gaze of all images, read once; copies in other processes carry it along."""
        self.read_headers()
        gaze = {id: self._read_gaze(id) for id in self.paths}
        pool = Pool.of((id, self.shape_of(id), g.points) for id, g in gaze.items())
        observers = np.concatenate([g.observers for g in gaze.values()])
        return Truth(pool, observers, np.array([g.dropped for g in gaze.values()], np.int64))

    @functools.cached_property
    def pool(self) -> Pool:
        """The fixations of all images."""
        return self.truth.pool

    @property
    def sha256(self) -> str:
        return self.pool.sha256

    def read_headers(self) -> None:
        """Read the sizes of all images; raises what is wrong with any, of all at once."""
        problems: list[Problem] = []
        for id in self.paths:
            try:
                self.shape_of(id)
            except SaliencyEvalError as error:
                problems += [replace(problem, image=id) for problem in error.problems]
        if problems:
            raise SaliencyEvalError(problems)

    def truth_of(self, id: str) -> dict[str, Any]:
        gaze = functools.cache(lambda: self._known_gaze(id))
        return {
            "fixations": Lazy(lambda: gaze().points),
            "observers": Lazy(lambda: gaze().observers),
            "dropped": Lazy(lambda: gaze().dropped),
            "pool": Lazy(lambda: self.pool),
        }

    def counts(self, id: str) -> bool:
        return len(self._known_gaze(id).points) > 0

    def lacks(self, fields: Set[str]) -> str:
        for field, what in (("boxes", "boxes"), ("label", "labels"), ("target", "labels")):
            if field in fields:
                return f"{what}, and the data set has none"
        if "fixations" in fields and not len(self.pool.points):
            return f"fixations, and {self.why_none}"
        if "pool" in fields and len(set(self.pool.image.tolist())) < 2:
            return f"fixations of other images, and {self.why_none}"
        return ""

    def density(self, id: str, path: Path) -> Callable[[], Numbers]:
        """The map stored for an image, to be read when it is asked for."""
        from saliency_eval.datasets.stored import read_density

        return functools.cache(lambda: read_density(path, id, self.shape_of(id)))

    # -------------------------------------------------------------- findings

    def counted(self) -> Iterator[Row]:
        self.read_headers()
        counted = FixationTotals()
        for id in self:
            counted.add(id, self.shape_of(id), self.gaze(id))
        return counted.rows(self.expected, withheld=self.withheld)

    def problems(self) -> list[Problem]:
        """Findings about the copy and its truth: too few images, dropped points, images without a fixation."""
        if self.withheld:
            text = f"the fixations of {self.card.name} are withheld: metrics that need them are not defined"
            return [*self.count_of_images(), *self.passed_over(), Problem("undefined_metric", text)]
        gaze = {id: self.truth.of(id) for id in self.paths}
        empty = [id for id, g in gaze.items() if not len(g.points)]
        return [
            *self.count_of_images(),
            *self.passed_over(),
            *self.dropping({id: g for id, g in gaze.items() if g.dropped}),
            *(Problem("empty_fixations", f"image {shown(id)} has no fixation", image=id) for id in empty),
        ]

    def dropping(self, gaze: Mapping[str, Gaze]) -> list[Problem]:
        """What is said of the images with points that were left out."""
        if self.drops_by_rule:
            total = sum(g.dropped for g in gaze.values())
            text = f"{total} fixations outside their image were left out, as the authors do"
            note = Problem("dropped_fixations", text, count=total, severity_override="note")
            return [note] if total else []
        return [
            Problem(
                "dropped_fixations",
                f"image {shown(id)}: {g.dropped} of {g.dropped + len(g.points)} fixations dropped, "
                + self.why_dropped(id, g),
                image=id,
                count=g.dropped,
            )
            for id, g in gaze.items()
        ]

    def why_dropped(self, id: str, gaze: Gaze) -> str:
        """What was wrong with the points that were left out."""
        return "outside the image"

    def _known_gaze(self, id: str) -> Gaze:
        return self.truth.of(id) if "truth" in self.__dict__ else self._read_gaze(id)

    def _read_gaze(self, id: str) -> Gaze:
        return self.read_truth(id, self.gaze, "fixations")
