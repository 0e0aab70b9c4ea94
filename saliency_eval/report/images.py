"""Which images are worth a look: the best and the worst of each model, and those on which the models differ most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from saliency_eval.datasets.files import natural
from saliency_eval.maps import Floats
from saliency_eval.run import Run


class Table(NamedTuple):
    """Values of all runs of a board, (images, models, metrics), images in the natural order of their names.

    NaN where an image is not scored.
    """

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    values: Floats

    @classmethod
    def of(cls, runs: Sequence[Run], labels: Sequence[str]) -> Table:
        """Those of runs that scored the same images, in any order."""
        ids = sorted(runs[0].ids, key=lambda id: (natural(id), id))
        return cls(tuple(ids), tuple(labels), np.stack([aligned(run, ids, labels) for run in runs], axis=1))

    def column(self, label: str) -> Floats:
        """One metric, (images, models)."""
        return self.values[:, :, self.labels.index(label)]


def aligned(run: Run, ids: Sequence[str], labels: Sequence[str]) -> Floats:
    """The values (images, metrics) of a run in the order of some ids and labels."""
    row = {id: number for number, id in enumerate(run.ids)}
    values = np.where(run.unscored[:, None], np.nan, run.values)
    return values[np.ix_([row[id] for id in ids], [run.labels.index(label) for label in labels])]


class Extremes(NamedTuple):
    """Rows of images: the best first, and the worst first; none is worst where all are alike."""

    best: list[int]
    worst: list[int]


def extremes(values: Floats, higher: bool, most: int) -> Extremes:
    """The best and the worst of (images,), at most so many of each and none twice; of equal ones the first.

    No image with the worst value is among the best, and none with the best value among the worst.

    >>> extremes(np.array([1.0, 5.0, np.nan, 3.0, 4.0]), True, 2)
    Extremes(best=[1, 4], worst=[0, 3])
    >>> extremes(np.array([0.0, 1.0, 0.0, 0.0]), True, 2)
    Extremes(best=[1], worst=[0, 2])
    """
    rows = np.flatnonzero(np.isfinite(values))
    if not len(rows) or values[rows].min() == values[rows].max():
        return Extremes(rows[:most].tolist(), [])
    signed = values[rows] if higher else -values[rows]
    count = max(min(most, len(rows) // 2), 1)
    best = [int(rows[n]) for n in np.argsort(-signed, kind="stable") if signed[n] > signed.min()][:count]
    worst = [int(rows[n]) for n in np.argsort(signed, kind="stable") if signed[n] < signed.max()]
    return Extremes(best, [row for row in worst if row not in best][:count])


class Tie(NamedTuple):
    """How many images have the value of the last one that is shown, and how many of these are shown."""

    images: int
    shown: int


def tie(values: Floats, rows: Sequence[int]) -> Tie | None:
    """The images that the last of some rows stands for; None where all of them are shown.

    >>> tie(np.array([1.0, 0.0, 1.0, 2.0, 1.0]), [3, 0])
    Tie(images=3, shown=1)
    """
    if not len(rows):
        return None
    same = values == values[rows[-1]]
    found = Tie(int(same.sum()), int(same[list(rows)].sum()))
    return found if found.images > found.shown else None


def spread(values: Floats) -> Floats:
    """Mean difference of two models on each image of (images, models), over all pairs; NaN where one has no value.

    >>> spread(np.array([[1.0, 4.0, 2.0], [2.0, np.nan, 1.0]])).tolist()
    [2.0, nan]
    """
    n = values.shape[1]
    if n < 2:
        return np.full(len(values), np.nan)
    weights = 2 * np.arange(n) - n + 1  # of the sorted values in the sum of all differences
    with np.errstate(invalid="ignore"):
        found = np.sort(values, axis=1) @ weights / (n * (n - 1) / 2)
    return np.where(np.isfinite(values).all(1), found, np.nan)


def most_apart(values: Floats, most: int) -> list[int]:
    """The images of (images, models) on which two models differ most on average; none of one model."""
    apart = spread(values)
    rows = np.flatnonzero(np.isfinite(apart) & (apart > 0))
    return [int(row) for row in rows[np.argsort(-apart[rows], kind="stable")][:most]]
