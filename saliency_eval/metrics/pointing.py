"""Metrics of where the largest values of a map lie: on the object or beside it.

Truth is `boxes`, half-open (k, 4) of top, left, bottom, right in pixels: every box of the label counts. An image
without a pixel in a box scores NaN.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from saliency_eval.counting import count
from saliency_eval.maps import Counts, Floats, Map
from saliency_eval.metrics.boxes import Options, Truth
from saliency_eval.metrics.declare import NAN, metric
from saliency_eval.options import Range
from saliency_eval.regions.overlap import Bools, pixels
from saliency_eval.regions.thresholds import signed

Tolerance = Annotated[float, Range(0, 5000)]  # px


def by_class(matrix: Floats, truth: Truth, options: Options) -> Floats:
    """Values whose mean is that of the means m_c of C classes, and which spread as it does over draws of classes.

    M + (v - M) N / (C n_c), with M the mean of the m_c and n_c the images of a class.
    """
    found = matrix[:, 0].copy()
    there = np.flatnonzero(~np.isnan(found))
    if not len(there):
        return found
    labels = [truth[n]["label"] for n in there.tolist()]
    _, own, images = np.unique(labels, return_inverse=True, return_counts=True)
    mean = (np.bincount(own, found[there]) / images).mean()
    found[there] = mean + (found[there] - mean) * len(there) / (len(images) * images[own])
    return found


@metric(
    "Pointing game",
    better="higher",
    range=(0, 1),
    chance=None,
    source="arXiv:1608.00507",
    invariant=["monotone", "flip"],
    length=lambda options: 1 if options["average"] == "macro" else None,
    settle=by_class,
)
def pointing_game(
    saliency: Map,
    boxes: Floats,
    *,
    tolerance: Tolerance = 15.0,
    ties: Literal["expected", "first", "any"] = "expected",
    average: Literal["macro", "micro"] = "macro",
    sign: Literal["keep", "positive", "abs"] = "keep",
) -> float | Floats:
    """Pointing game: does the largest value of the map lie on the object, or less than the tolerance from it?

    `saliency` (height, width) real; `boxes` (k, 4) half-open pixels. `tolerance` in pixels: a hit is nearer than that
    to a pixel of a box, or on one. `ties`: the share of the largest values that hit (`expected`), the `first` in
    row-major order, or `any`. `average`: the mean over classes of the means of their images (`macro`), or over images.
    `sign` as in `regions.map_to_boxes`. NaN without a pixel in a box. Raises `SaliencyEvalError` for arrays that do not
    fit.

    [d < tolerance or d = 0], d = distance from argmax(S) to the nearest pixel of a box, between centres.
    Source: Zhang et al. 2016, arXiv:1608.00507; tolerance as in TorchRay, arXiv:1910.08485.

    >>> pointing_game([[0, 0, 0], [0, 5, 6], [0, 4, 9]], [[0, 1, 2, 3]], tolerance=0)
    0.0
    """
    own, found = signed(saliency, sign), pixels(boxes, saliency.shape)
    regions = found[(found[:, :2] < found[:, 2:]).all(axis=1)]
    places = np.flatnonzero(own.values == own.values.max())
    if len(places) > 1:
        count("ties")
    if len(regions):
        hit = near(np.stack(np.divmod(places, own.shape[1]), axis=1), regions, tolerance)
        value = float({"expected": hit.mean(), "first": hit[0], "any": hit.any()}[ties])
    else:
        count("undefined")
        value = NAN
    return np.array([value]) if average == "macro" else value


def near(points: Counts, boxes: Counts, tolerance: float) -> Bools:
    """Is each point (n, 2) on a pixel of a box, or nearer to one than the tolerance?"""
    at = points[:, np.newaxis]
    away = np.maximum(np.maximum(boxes[:, :2] - at, at - (boxes[:, 2:] - 1)), 0)
    squares = (away**2).sum(axis=2)
    return np.asarray(((squares < tolerance**2) | (squares == 0)).any(axis=1))


@metric(
    "Energy pointing",
    better="higher",
    range=(0, 1),
    chance=None,
    source="arXiv:1910.01279",
    invariant=["scale", "flip"],
)
def energy_pointing(saliency: Map, boxes: Floats, *, sign: Literal["positive", "abs"] = "positive") -> float:
    """Share of the map's energy that lies in the boxes.

    `saliency` (height, width) real; `boxes` (k, 4) half-open pixels. `sign`: energy is max(S, 0) or |S|. A map without
    energy scores as one value everywhere, the share of the area. NaN without a pixel in a box. Raises
    `SaliencyEvalError` for arrays that do not fit.

    Sum of max(S, 0) over the pixels of all boxes, each once, divided by the sum over all pixels.
    Source: Wang et al. 2020 (Score-CAM), arXiv:1910.01279.

    >>> energy_pointing([[0, 0, 0], [0, 5, 6], [0, 4, 9]], [[0, 1, 2, 3]])
    0.4583333333333333
    """
    own, inside = signed(saliency, sign), np.zeros(saliency.shape, bool)
    for top, left, bottom, right in pixels(boxes, saliency.shape).tolist():
        inside[top:bottom, left:right] = True
    if not inside.any():
        count("undefined")
        return NAN
    if own.high == 0:
        count("empty")
    if own.constant:
        return float(inside.mean())
    within, without = (float(own.values[where].sum(dtype=np.float64)) for where in (inside, ~inside))
    return within / (within + without)
