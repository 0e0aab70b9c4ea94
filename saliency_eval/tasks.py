"""What is done with the map of one image, here or in a worker: it is read and checked, and scored."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from saliency_eval import metrics as _declared  # noqa: F401  (declares the metrics, in workers too)
from saliency_eval.classifiers import Classifier
from saliency_eval.core import Lazy, Stimulus
from saliency_eval.counting import counting
from saliency_eval.datasets.base import Dataset
from saliency_eval.errors import ENVIRONMENT, Problem, SaliencyEvalError, shown
from saliency_eval.journal import hash_of_truth
from saliency_eval.maps import Map, canonical
from saliency_eval.predictions.base import Prediction, Predictions, Reading
from saliency_eval.predictions.files import PredictionFiles
from saliency_eval.profiling import stage
from saliency_eval.resize import resize as resized
from saliency_eval.run import OnMissing
from saliency_eval.scored import Scored, Value
from saliency_eval.variant import Variant

View = tuple[Any, Mapping[str, Any]]  # a map, and the fields that come with it
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


@dataclass(frozen=True)
class Scorer(Reader):
    """Reads the map of an image and scores it, unless that is known: everything that a worker needs."""

    variants: tuple[Variant, ...]
    resize: str
    on_missing: OnMissing
    known: Mapping[str, Scored]
    classifier: Classifier | None = None

    def __call__(self, id: str) -> Scored:
        found = super().__call__(id)
        if found.missing and self.on_missing == "constant":
            stimulus = self.data[id]
            return self.scored(found, stimulus, [(np.zeros(stimulus["shape"]), {})])
        return found

    def done(self, stimulus: Stimulus, prediction: Prediction) -> Scored:
        with stage("hash"):
            truth, own = self.truth_of(stimulus), prediction.sha256
        known = self.known.get(stimulus.id)
        if known and (known.truth, known.prediction, known.file, len(known.values)) == (
            truth, own, prediction.name, len(self.variants),
        ):  # fmt: skip
            return known
        reading = decoded(prediction, stimulus)
        found = seen(stimulus, prediction, reading)
        if found.missing:
            return found
        return self.scored(found._replace(truth=truth), stimulus, views_of(reading))

    def scored(self, found: Scored, stimulus: Stimulus, views: Sequence[View]) -> Scored:
        """The image with each metric, and what was counted; of several views, such as observers left out, the mean.

        Metrics that draw are there once more: how far apart both values lie is what chance does.
        """
        again = [other for variant in self.variants if (other := variant.redrawn)]
        rows: list[list[Any]] = []
        counts = Counter[tuple[int, str]]()
        for map, given in views:
            fields = fields_of(stimulus, map, {**given, **self.seer(stimulus)}, self.resize)
            rows.append([])
            for number, variant in enumerate((*self.variants, *again)):
                with counting() as counted:
                    rows[-1].append(variant(fields))
                counts.update({(number, what): n for what, n in counted.items()})
        own = len(self.variants)
        values = [mean_of(column) for column in zip(*rows, strict=True)]
        return found._replace(
            values=tuple(values[:own]),
            again=tuple(values[own:]),
            counts=tuple((*key, n) for key, n in sorted(counts.items()) if key[0] < own),
        )

    def seer(self, stimulus: Stimulus) -> dict[str, Any]:
        """The classifier, and its column for the label of the image."""
        if (classifier := self.classifier) is None:
            return {}
        return {"classifier": classifier, "target": Lazy(lambda: classifier.column(stimulus))}

    def truth_of(self, stimulus: Stimulus) -> str:
        """Hash of what an image is scored against; a classifier looks at the image itself."""
        fields = ("shape", *self.data.truth_fields, *(("image",) if self.classifier else ()))
        return hash_of_truth(stimulus, fields, stored=self.reads_densities)

    def elsewhere(self, results: Sequence[Scored]) -> list[Problem]:
        """Images that another machine scored against another stored density than there is here."""
        ids = [one.id for one in results if self.reads_densities and self._scored_against_another(one)]
        text = "image {}: its stored density is another one on the machine that scored it"
        return [Problem("changed", text.format(shown(id)), "make the data sets alike", id) for id in ids]

    def _scored_against_another(self, scored: Scored) -> bool:
        return scored.truth not in ("", self.truth_of(self.data[scored.id]))

    @property
    def reads_densities(self) -> bool:
        """Are the densities that the data set stores part of the truth?"""
        return any(("density.source", "file") in variant.options for variant in self.variants)


def views_of(reading: Reading) -> Sequence[View]:
    """The maps of a reading, each with the fields that come with it, such as the fixations that it is scored on."""
    if reading.views is None:
        return [(reading.values, reading.given)]
    return [(values, {"fixations": fixations}) for values, fixations in reading.views]


def fields_of(stimulus: Stimulus, values: Any, given: Mapping[str, Any], rule: str) -> Stimulus:
    """A stimulus with a map, brought to its size, and with the fields that come with it."""
    with stage("levels and size"):
        stored = canonical(values)
        brought = framed(stored, stimulus, rule)
        saliency = Map.known(stored if brought is stored else canonical(brought))
        saliency.of_levels = brought is not stored and stored.dtype == np.uint8 and bool(stored.max() > 1)
    return stimulus.child(saliency=saliency, **given)


def framed(values: Any, stimulus: Stimulus, rule: str) -> Any:
    """A map at the size of its stimulus, in the frame in which that is seen."""
    if stimulus.has("frame"):
        return stimulus["frame"].map(values, stimulus["image_shape"], rule)
    return resized(values, stimulus["shape"], rule)


def mean_of(column: Sequence[Any]) -> Value:
    """The mean over views; of a metric that is settled over all images, its vector."""
    if np.ndim(column[0]):
        return tuple(np.mean(column, axis=0).tolist())
    return math.fsum(column) / len(column)


# ------------------------------------------------------------------ what is said of a map


def decoded(prediction: Prediction, stimulus: Stimulus) -> Reading:
    """The map of an image, read and checked."""
    with stage("decode and check"):
        return prediction.read(stimulus["shape"])


def seen(stimulus: Stimulus, prediction: Prediction, reading: Reading) -> Scored:
    """What is kept of a reading: everything but its maps. A model without a view of the image has none."""
    values = reading.values
    fixations = stimulus["fixations"] if stimulus.has("fixations") else np.zeros((0, 2), np.int64)
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
