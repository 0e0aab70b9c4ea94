"""Boxes and other regions of an image: thresholds, components, overlap, frames.

Boxes are half-open (top, left, bottom, right) in pixels; the area is (bottom - top)(right - left).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saliency_eval.maps import Map
from saliency_eval.regions.overlap import iou
from saliency_eval.regions.sweep import Component, Connectivity, Empty, regions
from saliency_eval.regions.thresholds import Rule, Sign, reached

__all__ = ["iou", "map_to_boxes"]


def map_to_boxes(
    saliency: Map | ArrayLike,
    *,
    rule: Rule = "mean",
    alpha: float = 1.0,
    component: Component = "none",
    connectivity: Connectivity = 8,
    strict: bool = False,
    sign: Sign = "rule",
    empty: Empty = "none",
) -> NDArray[np.float64]:
    """Boxes (k, 4) around the pixels of a map that are kept by a threshold rule.

    `saliency` (height, width) real. `rule`, for h after `sign`: `mean` keeps h >= alpha mean(h); `value` keeps
    h - min >= alpha (max - min); `energy` the largest values that hold alpha of the sum; `area` the alpha N largest
    values; `fixed` h >= alpha; `quantile` as many values as mean(h) says, alpha has no effect. Equal values are kept
    together; `strict` turns >= into >. `sign`: `positive` is max(h, 0), which `rule` takes for mean and energy, `abs`
    is |h|. `component`: one box of all that is kept, of the `largest` component (of equal ones the first), or of `all`,
    with a `connectivity` of 4 or 8. `empty`: no box where nothing is kept, or the `full` map. A map of zeros keeps
    nothing. Raises `SaliencyEvalError` for arrays that are no map, for an alpha above 1 under energy and area, and for
    values outside [0, 1] under fixed and quantile, where whole values of 0..255 are read as v / 255.

    >>> map_to_boxes([[0, 0, 0], [0, 5, 6], [0, 4, 9]]).tolist()
    [[1.0, 1.0, 3.0, 3.0]]
    """
    levels, _ = reached(Map.of(saliency), rule, (alpha,), strict, sign)
    return regions(levels, 1, component, connectivity, empty).boxes
