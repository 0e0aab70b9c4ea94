"""Fixations in raw gaze samples, as the program that comes with MIT1003 finds them (Judd et al. 2009).

A saccade is a burst of acceleration followed by a burst of deceleration; fixations are what lies between.
Samples come at 240 Hz, 34 px are one degree of visual angle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saliency_eval.datasets.gaze import Integers, Numbers
from saliency_eval.datasets.pixels import pairs

RATE = 240  # samples per second
LIMIT = 34 * 6.0  # acceleration of a saccade: 6 degrees per second, from one sample to the next
SMOOTH = 4  # samples of the mean speed
SHORTEST_BURST = 3  # samples above the limit
LATEST_END = 25  # samples from the burst of acceleration to the end of the saccade
SHORTEST_FIXATION = 12  # samples: 50 ms


def detect(samples: ArrayLike) -> Numbers:
    """Fixations of a recording: (k, 5) median x, median y, first and last sample (1-based), duration in ms.

    `samples` (n, 2): x, y in image pixels; blinks are negative positions or NaN. A recording without a
    saccade is one fixation; an empty one has none.

    Source: Judd, Ehinger, Durand, Torralba 2009, 10.1109/ICCV.2009.5459462.

    >>> detect([[5.0, 7.0]] * 24).tolist()
    [[5.0, 7.0, 1.0, 24.0, 100.0]]
    """
    xy = pairs(samples)
    if not len(xy):
        return np.zeros((0, 5))
    rows = []
    for first, last in gaps(saccades(acceleration(xy)), len(xy)):
        x, y = (middle(xy[first : last + 1, axis]) for axis in (0, 1))
        rows.append((x, y, first + 1, last + 1, 1000 * (last - first + 1) / RATE))
    return np.array(rows, np.float64)


def acceleration(xy: Numbers) -> Numbers:
    """Change of the mean speed over five samples, 0 where it is not defined: (n,)."""
    n = len(xy)
    steps = np.concatenate([np.zeros(SMOOTH), np.hypot(*np.diff(xy, axis=0).T)])
    speed = np.sum([steps[k : k + n] for k in range(SMOOTH)], 0) / SMOOTH
    change = np.zeros(n)
    defined = slice(1, max(n - 5, 1))
    change[defined] = RATE / 4 * (speed[6:] - speed[defined])
    return change


def saccades(change: Numbers) -> Integers:
    """First and last sample of each saccade (0-based), however short the fixations between: (m, 2)."""
    bursts = runs(change > LIMIT)
    bursts = bursts[bursts[:, 1] - bursts[:, 0] + 1 >= SHORTEST_BURST]
    braking = change < -LIMIT
    ends = np.append(np.flatnonzero(braking[:-1] & ~braking[1:]), len(change) + LATEST_END)
    end = ends[np.searchsorted(ends, bursts[:, 1], "right")]
    found = np.stack([bursts[:, 0], end], 1)[end <= bursts[:, 1] + LATEST_END]
    if len(bursts) and bursts[0, 1] == np.flatnonzero(change)[-1]:
        return np.array([[bursts[0, 0], len(change) - 1]])  # the recording ends in a saccade
    return found


def gaps(saccades: Integers, n: int) -> Integers:
    """What lies between saccades: first and last sample (0-based) of each fixation.

    Saccades less than 50 ms apart are one; so is the last one and the end of the recording.
    """
    starts, ends = saccades.T
    apart = starts[1:] - ends[:-1] > SHORTEST_FIXATION
    starts, ends = starts[np.append(True, apart)[: len(starts)]], ends[np.append(apart, True)[: len(ends)]]
    first, last = np.append(0, ends + 1), np.append(starts - 1, n - 1)
    cut = len(ends) and n - 1 - ends[-1] <= SHORTEST_FIXATION
    return np.stack([first, last], 1)[: len(first) - bool(cut)]


def runs(marked: NDArray[np.bool_]) -> Integers:
    """First and last index of each run of true values: (m, 2).

    >>> runs(np.array([True, True, False, True])).tolist()
    [[0, 1], [3, 3]]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]])))
    return np.asarray(edges.reshape(-1, 2) - np.array([0, 1]))


def middle(values: Numbers) -> float:
    """Median of what is a number; NaN of nothing."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else np.nan
