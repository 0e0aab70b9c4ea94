"""Regions at all levels of a map at once: tight boxes, and components joined as the level falls.

A level map (height, width) of `uint8` stands for the sets of pixels that are at least t, for t from 1 up.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval import sums
from saliency_eval.maps import Counts, Floats
from saliency_eval.regions.thresholds import Levels

Component = Literal["none", "largest", "all"]
Connectivity = Literal[8, 4]
Empty = Literal["none", "full"]
Bools = NDArray[np.bool_]
HIGH, LOW, SIZE, BOX = 0, 1, 2, slice(3, 7)  # columns of components


class Regions(NamedTuple):
    """Boxes (n, 4), each of the levels t with low < t <= high."""

    boxes: Floats
    low: Counts
    high: Counts

    def anywhere(self, hit: Bools, steps: int) -> Bools:
        """For t = 1..steps, is there a box that hit? `hit` (n, m) gives (steps, m)."""
        turns = np.zeros((steps + 2, hit.shape[1]), np.int64)
        box, column = np.nonzero(hit)
        np.add.at(turns, (self.low[box] + 1, column), 1)
        np.add.at(turns, (np.minimum(self.high[box], steps) + 1, column), -1)
        return np.asarray(np.cumsum(turns, axis=0)[1:-1] > 0)


def regions(
    levels: Levels, steps: int, component: Component, connectivity: Connectivity, empty: Empty = "none"
) -> Regions:
    """Boxes at the levels 1..steps, `steps` being no less than any level of the map."""
    if component == "none":
        found = tight(levels)
    else:
        rows, largest = components(levels, connectivity)
        found = of_rows(rows) if component == "all" else of_largest(rows, largest)
    top = int(levels.max())
    if empty == "none" or top == steps:
        return found
    whole = Regions(np.array([[0.0, 0.0, *levels.shape]]), np.array([top]), np.array([steps]))
    return Regions(*(np.concatenate(pair) for pair in zip(found, whole, strict=True)))


def tight(levels: Levels) -> Regions:
    """The box of all pixels that reach a level, for every level, from the maxima of rows and columns."""
    t = np.arange(1, int(levels.max()) + 1)
    sides = [levels.max(axis=1), levels.max(axis=0)]
    starts = [np.searchsorted(np.maximum.accumulate(side), t) for side in sides]
    ends = [len(side) - np.searchsorted(np.maximum.accumulate(side[::-1]), t) for side in sides]
    return Regions(np.stack([*starts, *ends], axis=1).astype(np.float64), t - 1, t)


def of_rows(rows: Counts) -> Regions:
    """Every component."""
    return Regions(rows[:, BOX].astype(np.float64), rows[:, LOW], rows[:, HIGH])


def of_largest(rows: Counts, largest: Counts) -> Regions:
    """The largest component of each level that has any."""
    t = np.flatnonzero(largest >= 0)
    return Regions(rows[largest[t], BOX].astype(np.float64), t - 1, t)


def components(levels: Levels, connectivity: Connectivity) -> tuple[Counts, Counts]:
    """Rows of `sums.COMPONENT` at every level, and the row of the largest one by level, -1 where there is none."""
    if sums.COMPILED:
        joined = sums.components(np.ascontiguousarray(levels), connectivity == 8)
        return joined[0].astype(np.int64), joined[1].astype(np.int64)
    parts, largest, count = [np.empty((0, len(sums.COMPONENT)), np.int64)], np.full(256, -1, np.int64), 0
    for found in labelled(levels, connectivity):
        best = count + int(found[:, SIZE].argmax())  # they are numbered in the order in which they are met
        largest[found[0, LOW] + 1 : found[0, HIGH] + 1] = best
        parts.append(found)
        count += len(found)
    return np.concatenate(parts), largest


def labelled(levels: Levels, connectivity: Connectivity) -> Iterator[Counts]:
    """The components of each distinct level, labelled anew within the box of the level."""
    from scipy.ndimage import find_objects, label

    around = np.ones((3, 3), bool) if connectivity == 8 else None
    boxes = tight(levels).boxes.astype(np.int64)
    present = [0, *(np.flatnonzero(np.bincount(levels.ravel())[1:]) + 1).tolist()]
    for low, high in itertools.pairwise(present):
        top, left, bottom, right = boxes[high - 1].tolist()
        numbers, count = label(levels[top:bottom, left:right] >= high, around)
        rows = np.empty((count, len(sums.COMPONENT)), np.int64)
        rows[:, HIGH], rows[:, LOW] = high, low
        rows[:, SIZE] = np.bincount(numbers.ravel())[1:]
        rows[:, BOX] = [[r.start, c.start, r.stop, c.stop] for r, c in find_objects(numbers)]
        rows[:, BOX] += [top, left, top, left]
        yield rows
