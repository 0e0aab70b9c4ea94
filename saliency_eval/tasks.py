"""What is done with the map of one image, here or in a worker: it is read and checked, and scored."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from saliency_eval import metrics as _declared  # noqa: F401  (declares the metrics, in workers too)
from saliency_eval.core import Stimulus
from saliency_eval.datasets.base import Dataset
from saliency_eval.errors import ENVIRONMENT, Problem, SaliencyEvalError, shown
from saliency_eval.journal import hash_of_truth
from saliency_eval.maps import Map, canonical
from saliency_eval.predictions.base import Prediction, Predictions, Reading
from saliency_eval.predictions.files import PredictionFiles
from saliency_eval.profiling import stage
from saliency_eval.resize import resize as resized
from saliency_eval.run import OnMissing, Scored
from saliency_eval.variant import Variant

MANY_ZEROS = 0.2  # share of the pixels of a map from which on its small values seem to be lost


@dataclass(frozen=True)
class Reader:
    """Reads the map of an image without scoring it: a refused set gets no numbers, but all its problems."""

    predictions: Predictions
    data: Dataset

    def __call__(self, id: str) -> Scored:
        if not self.predictions.has(id):
            return Scored(id, missing=True)
        try:
            with stage("fetch"):
                prediction = self.predictions.fetch(id)
            return self.done(self.data[id], prediction)
        except SaliencyEvalError as error:
            return refused(id, error)

    def done(self, stimulus: Stimulus, prediction: Prediction) -> Scored:
        """What became of an image whose map was fetched."""
        return seen(stimulus, prediction, decoded(prediction, stimulus))

    def sample(self) -> dict[str, str]:
        """Hashes of one file of the predictions and of the data set, or why it is not there."""
        maps, found = self.predictions, dict[str, str]()
        id = next(filter(maps.has, self.data), None)
        if isinstance(maps, PredictionFiles) and id is not None:
            found["predictions"] = outcome(lambda: maps.fetch(id).sha256)
        if self.data.has_files:
            path = next(iter(self.data.paths.values()))
            found["data set"] = outcome(lambda: hashlib.sha256(path.read_bytes()).hexdigest())
        return found


Row: TypeAlias = tuple[float, ...]


@dataclass(frozen=True)
class Scorer(Reader):
    """Reads the map of an image and scores it, unless that is known: everything that a worker needs."""

    variants: tuple[Variant, ...]
    resize: str
    on_missing: OnMissing
    known: Mapping[str, Scored]

    def __call__(self, id: str) -> Scored:
        found = super().__call__(id)
        if found.missing and self.on_missing == "constant":
            zeros = np.zeros(self.data[id]["shape"])
            values, again = self.values(self.data[id], [(zeros, None)])
            return found._replace(values=values, again=again)
        return found

    def done(self, stimulus: Stimulus, prediction: Prediction) -> Scored:
        with stage("hash"):
            truth, own = hash_of_truth(stimulus, stored=self.reads_densities), prediction.sha256
        known = self.known.get(stimulus.id)
        now = (truth, own, prediction.name, len(self.variants))
        if known and (known.truth, known.prediction, known.file, len(known.values)) == now:
            return known
        reading = decoded(prediction, stimulus)
        found = seen(stimulus, prediction, reading)
        if found.missing:
            return found
        values, again = self.values(stimulus, views_of(reading))
        return found._replace(truth=truth, values=values, again=again)

    def values(self, stimulus: Stimulus, views: Sequence[tuple[Any, Any]]) -> tuple[Row, Row]:
        """Each metric of one image, and once more those that draw: how far apart both lie is what chance does.

        Of several views, such as observers left out in turn, they are means.
        """
        again = [other for variant in self.variants if (other := variant.redrawn)]
        seen = (fields_of(stimulus, map, fixations, self.resize) for map, fixations in views)
        rows = [[float(variant(fields)) for variant in (*self.variants, *again)] for fields in seen]
        means = tuple(math.fsum(column) / len(rows) for column in zip(*rows, strict=True))
        return means[: len(self.variants)], means[len(self.variants) :]

    @property
    def reads_densities(self) -> bool:
        """Are the densities that the data set stores part of the truth?"""
        return any(("density.source", "file") in variant.options for variant in self.variants)


def views_of(reading: Reading) -> Sequence[tuple[Any, Any]]:
    """The maps of a reading, each with the fixations that it is scored on, None for all."""
    return ((reading.values, None),) if reading.views is None else reading.views


def fields_of(stimulus: Stimulus, values: Any, fixations: Any, rule: str) -> Stimulus:
    """A stimulus with a map, brought to its size, and with the fixations that are scored, if not all."""
    with stage("levels and size"):
        saliency = Map.known(canonical(resized(canonical(values), stimulus["shape"], rule)))
    own = {"saliency": saliency} | ({} if fixations is None else {"fixations": fixations})
    return stimulus.child(**own)


# ------------------------------------------------------------------ what is said of a map


def decoded(prediction: Prediction, stimulus: Stimulus) -> Reading:
    """The map of an image, read and checked."""
    with stage("decode and check"):
        return prediction.read(stimulus["shape"])


def seen(stimulus: Stimulus, prediction: Prediction, reading: Reading) -> Scored:
    """What is kept of a reading: everything but its maps. A model without a view of the image has none."""
    fixations, values = stimulus["fixations"], reading.values
    if reading.views == () and len(fixations):
        return Scored(stimulus.id, missing=True)
    return Scored(
        stimulus.id,
        prediction=prediction.sha256,
        file=prediction.name,
        format=reading.format,
        problems=reading.notes,
        resized=values.shape != stimulus["shape"],
        parted=reading.views is not None,
        rounded=rounded(reading),
        on_zero=on_zero(reading, fixations, stimulus["shape"]),
    )


def on_zero(reading: Reading, fixations: Any, shape: tuple[int, int]) -> int:
    """Fixations at which the map is 0; of a constant map and of a mask, which are told of already, none."""
    if reading.views is not None or reading.has("constant") or reading.has("few_levels"):
        return 0
    rows, columns = (fixations * reading.values.shape // shape).T
    return int((reading.values[rows, columns] == 0).sum())


def rounded(reading: Reading) -> bool:
    """Is it a map of 8 bits, but no mask, with large areas of 0?"""
    if reading.values.dtype != np.uint8 or reading.has("constant") or reading.has("few_levels"):
        return False
    return bool(np.count_nonzero(reading.values) < (1 - MANY_ZEROS) * reading.values.size)


def refused(id: str, error: SaliencyEvalError) -> Scored:
    """An image whose map is refused."""
    return Scored(id, problems=tuple(at_image(problem, id) for problem in error.problems))


def at_image(problem: Problem, id: str) -> Problem:
    """The problem with the image that it was found at."""
    if problem.image is not None or problem.exit == ENVIRONMENT:
        return problem
    return replace(problem, message=f"image {shown(id)}: {problem.message}", image=id)


def outcome(hash: Callable[[], str]) -> str:
    """The first digits of a hash, or why there is none."""
    try:
        return hash()[:12]
    except SaliencyEvalError as error:
        return error.problems[0].message
    except OSError as error:
        return shown(error, 500)


def lost(id: str) -> Scored:
    """An image at which two workers died, the second while it did nothing else."""
    text = f"image {shown(id)}: the process that read it was ended by the system, twice"
    return Scored(id, problems=(Problem("unreadable", text, "its map may need too much memory", image=id),))
