"""The whole line: eight metrics of protocol mit from maps on disk, everything that the reader checks included."""

import functools

import numpy as np
import pytest

import saliency_eval as se

from . import plain
from .measure import Pass
from .workload import LINE

NAMES = {"png": "png", "npy": "float32 npy"}
COMPARED = 4  # images; plain code takes a second for each
TOLERANCE = plain.TOLERANCE | {"ig": 1e-6}  # its baseline is blurred here as well


class Plain:
    """The same line as plain code: eight metrics of the first images, from their fixations to the values."""

    def __init__(self, workload, kind):
        self.workload, self.kind = workload, kind
        self.images = {id: (workload.size.shape, points) for id, points in workload.gaze.items()}

    @functools.cached_property
    def truth(self):
        """Each field that follows from the fixations, by image."""
        return {id: self.truth_of(id) for id in self.workload.ids[:COMPARED]}

    def truth_of(self, id):
        shape, sigma = self.workload.size.shape, self.workload.size.sigma
        return {
            "fixations": self.workload.gaze[id],
            "other_fixations": plain.other_fixations(self.images, id, shape),
            "density": plain.density_antonio(self.workload.gaze[id], shape),
            "baseline": plain.baseline(self.images, id, shape, sigma),
        }

    def values(self):
        """Rows of eight metrics."""
        return [self.values_of(id, truth) for id, truth in self.truth.items()]

    def values_of(self, id, truth):
        fields = {"saliency": self.workload.stored(self.kind, id).astype(float), **truth}
        return [plain.applied(plain.MIT[metric], fields) for metric in LINE]

    def everything(self):
        """The same with the truth made anew."""
        return [self.values_of(id, self.truth_of(id)) for id in self.truth]

    def check(self, rows):
        """The values of the package are those of plain code."""
        limits = [TOLERANCE.get(metric, 1e-12) for metric in LINE]
        assert (np.abs(np.array(rows[:COMPARED]) - self.values()) <= limits).all()


@pytest.mark.parametrize(
    ("size", "kind", "bar"), [("1024x768", "png", 1.75), ("640x480", "png", 2.0), ("1024x768", "npy", 2.75)]
)
def test_with_truth_in_memory(size, kind, bar, workload, race):
    made = workload(size)
    task, reference = made.scorer(kind), Plain(made, kind)
    reference.check([task(id).values for id in made.first])
    work, decoding = Pass(lambda: [task(id) for id in made.first], len(made.first)), made.decoding(made.first)
    beside = Pass(reference.values, COMPARED)
    race("eight metrics", f"truth in memory, {size} {NAMES[kind]}", work, decoding, beside, bar=bar)


@pytest.mark.parametrize(
    ("size", "kind", "bar", "rounds"),
    [("1024x768", "png", 2.75, 5), ("640x480", "png", np.inf, 3), ("1024x768", "npy", 2.75, 3)],
)
def test_with_truth_made_on_the_fly(size, kind, bar, rounds, workload, race):
    """As a user calls it: data set, names, pool and hashes included; nothing is kept from one call to the next."""
    made = workload(size)
    reference = Plain(made, kind)

    def score(limit=None):
        return se.score(made.folder / kind, str(made.folder), LINE, limit=limit)

    reference.check(score(COMPARED).values)
    beside = Pass(reference.everything, COMPARED)
    work, decoding = Pass(score, len(made.ids)), made.decoding(made.ids[:100])
    name = f"truth on the fly, {size} {NAMES[kind]}"
    race("eight metrics", name, work, decoding, beside, bar=bar, rounds=rounds)
