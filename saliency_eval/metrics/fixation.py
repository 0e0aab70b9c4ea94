"""Metrics of the values at fixated pixels: NSS and information gain.

Truth is `fixations`, points (n, 2) of row and column; `baseline` is a positive map. With `duplicates="unique"`
several fixations on one pixel are one, with `"count"` each counts. An image without fixations scores NaN.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from saliency_eval.maps import Map, Shift
from saliency_eval.metrics.declare import BITS, NAN, Constant, metric, undefined
from saliency_eval.options import Share
from saliency_eval.pool import Duplicates, Points, once_per_pixel


@metric(
    "NSS",
    better="higher",
    range=(-np.inf, np.inf),
    chance=0.0,
    source="doi:10.1016/j.visres.2005.03.019",
    invariant=["affine", "flip", "odd"],
)
def nss(
    saliency: Map,
    fixations: Points,
    *,
    ddof: Literal[1, 0] = 1,
    duplicates: Duplicates = "unique",
    constant: Constant = "nan",
) -> float:
    """Normalised scanpath saliency: the mean z-score of the map at fixations.

    `saliency` (height, width) real; `fixations` (n, 2) pixels. `ddof`: 1 divides the variance by N - 1 (MIT), 0
    by N. `constant` rules a map of one value. NaN without fixations.

    NSS = mean over fixations of (S - mean(S)) / std(S). Chance is 0.
    Source: Peters, Iyer, Itti, Koch 2005, doi:10.1016/j.visres.2005.03.019.

    >>> nss([[0, 0], [0, 4]], [[1, 1]])
    1.5
    """
    values = saliency.at(once_per_pixel(fixations, duplicates))
    if not len(values):
        return NAN
    if saliency.constant:
        return undefined(constant, 0.0, saliency)
    return float(np.mean(saliency.centred(values))) / saliency.deviation(ddof)


@metric(
    "IG",
    better="higher",
    range=(-np.inf, np.inf),
    chance=None,
    source="doi:10.1073/pnas.1510393112",
    invariant=["scale", "flip"],
    idle=lambda options: ("constant",) if options["normalise"] == "sum" else (),
)
def ig(
    saliency: Map,
    fixations: Points,
    baseline: Map,
    *,
    normalise: Literal["minmax", "sum"] = "minmax",
    eps: Share = BITS,
    duplicates: Duplicates = "unique",
    constant: Constant = "nan",
) -> float:
    """Information gain over a baseline map, in bits per fixation.

    `saliency` (height, width) real, meaningful for densities; `fixations` (n, 2) pixels; `baseline` (height,
    width) positive. `normalise`: both maps from their minimum (`minmax`) or as they are (`sum`, negative values
    moved up) divided by their sum. `eps` is added to both; with 0 a fixation on a zero gives -inf. `constant`
    rules a map of one value under `minmax`. NaN without fixations.

    IG = mean over fixations of log2(eps + p) - log2(eps + b).
    Source: Kuemmerer, Wallis, Bethge 2015, doi:10.1073/pnas.1510393112.

    >>> round(ig([[1, 3], [2, 2]], [[0, 1]], [[1, 1], [1, 1]], normalise="sum", eps=0), 6)
    0.584963
    """
    pixels = once_per_pixel(fixations, duplicates)
    if not len(pixels):
        return NAN
    rule: Shift = "minimum" if normalise == "minmax" else "negative"
    if saliency.constant and normalise == "minmax" and constant != "chance":
        return undefined(constant, NAN, saliency)
    p = saliency.probability(rule)(saliency.at(pixels))
    b = baseline.probability(rule)(baseline.at(pixels))
    with np.errstate(divide="ignore"):
        return float(np.mean(np.log2(eps + p) - np.log2(eps + b)))
