"""Metrics of where a map says that the object is: localisation and pointing.

Truth is `boxes`, half-open (k, 4) of top, left, bottom, right in pixels: every box of the label counts. `predicted_boxes`
are those of a model that gives boxes. An image without boxes scores NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from saliency_eval.core import Stimulus
from saliency_eval.counting import count
from saliency_eval.maps import Counts, Floats, Map
from saliency_eval.metrics.declare import metric
from saliency_eval.options import Range, Share
from saliency_eval.pool import Shape
from saliency_eval.regions.overlap import Bools, overlap, reaches
from saliency_eval.regions.sweep import Component, Connectivity, Empty, Regions, regions
from saliency_eval.regions.thresholds import Rule, Sign, grid, reached, signed

NAN = float("nan")
Level = Annotated[float, Range(0, 1000)]
Tolerance = Annotated[float, Range(0, 5000)]  # px
LEVELS = 255  # thresholds of max_box_acc
LIMITS = {"v1": (0.5,), "v2": (0.3, 0.5, 0.7)}
Truth = Sequence[Stimulus]
Options = Mapping[str, Any]


def hits(found: Regions, steps: int, boxes: Floats, limits: Sequence[float], strict: bool = False) -> Bools:
    """Does a region of each level 1..steps overlap a box by each of the limits? (steps, limits)"""
    both, either = overlap(found.boxes[:, np.newaxis], boxes[np.newaxis])
    hit = [reaches(both, either, limit, strict).any(axis=1) for limit in limits]
    return found.anywhere(np.stack(hit, axis=1), steps)


def given(boxes: Floats, steps: int) -> Regions:
    """Boxes that a model gives stand at every level."""
    return Regions(boxes, np.zeros(len(boxes), np.int64), np.full(len(boxes), steps))


# ------------------------------------------------------------------ localisation


def best_alpha(matrix: Floats) -> int:
    """Number of the alpha of least error over all images, the smallest of several."""
    return int(np.nansum(matrix, axis=0).argmin())


def alpha_of(matrix: Floats) -> dict[str, float]:
    """The alpha that was chosen."""
    alphas = next(a for a in (grid("mean"), grid("value")) if len(a) == matrix.shape[1])
    return {"alpha": float(alphas[best_alpha(matrix)])}


@metric(
    "Localisation error",
    better="lower",
    range=(0, 1),
    chance=None,
    source="arXiv:1704.03296",
    invariant=["scale", "flip"],
    settle=lambda matrix, truth, options: matrix[:, best_alpha(matrix)],
    facts=alpha_of,
    idle=lambda options: (
        *(("alpha",) if options["rule"] == "quantile" else ()),
        *(("connectivity",) if options["component"] == "none" else ()),
    ),
)
def localisation_error(
    saliency: Map,
    boxes: Floats,
    predicted_boxes: Floats | None = None,
    *,
    rule: Rule = "mean",
    alpha: Level | Literal["oracle"] = 1.0,
    component: Component = "none",
    connectivity: Connectivity = 8,
    strict: bool = False,
    sign: Sign = "rule",
    iou: Share = 0.5,
    strict_iou: bool = False,
    empty: Empty = "none",
) -> float | Floats:
    """Localisation error: 0 where a box around what the map marks overlaps a true box by half, else 1.

    `saliency` (height, width) real; `boxes` (k, 4) half-open pixels, `predicted_boxes` (n, 4) in place of those of the
    map. `rule`, `alpha`, `component`, `connectivity`, `strict`, `sign`, `empty`: from map to boxes as in
    `regions.map_to_boxes`; `alpha=oracle` takes the best of a grid for the whole data set (mean: 0, 0.5 ... 10, else 0,
    0.05 ... 0.95). `iou` is the overlap that hits, `strict_iou` asks for more than it. NaN without boxes. Raises
    `SaliencyEvalError` for arrays that do not fit.

    1 - max over predicted boxes p and true boxes g of [|p and g| / |p or g| >= iou], in pixels.
    Source: Fong, Vedaldi 2017, arXiv:1704.03296; Cao et al. 2015, doi:10.1109/ICCV.2015.338.

    >>> localisation_error([[0, 0, 0], [0, 5, 6], [0, 4, 9]], [[0, 1, 3, 3]])
    0.0
    """
    alphas = grid(rule) if alpha == "oracle" else np.array([alpha])
    levels, place = reached(saliency, rule, alphas, strict, sign)
    if predicted_boxes is None:
        found = regions(levels, len(alphas), component, connectivity, empty)
        if not levels.any():
            count("empty")
    else:
        found = given(predicted_boxes, len(alphas))
    if len(boxes):
        errors = 1.0 - hits(found, len(alphas), boxes, (iou,), strict_iou)[place - 1, 0]
    else:
        count("undefined")
        errors = np.full(len(alphas), NAN)
    return errors if alpha == "oracle" else float(errors[0])


def quantised(saliency: Map) -> NDArray[np.uint8]:
    """The map from its minimum (0) to its maximum (255), in whole levels; zeros for one value everywhere."""
    span = saliency.high - saliency.low
    if span == 0:
        return np.zeros(saliency.shape, np.uint8)
    whole = np.arange(256.0) if saliency.is_levels else saliency.floats
    levels = np.clip(((whole - saliency.low) * LEVELS / span + 2.0**-40).astype(np.int64), 0, LEVELS).astype(
        np.uint8
    )
    return levels[saliency.values] if saliency.is_levels else levels


def best_levels(matrix: Floats) -> tuple[Floats, Counts]:
    """Hits (images, limits, levels), and the level of most hits for each limit, the lowest of several."""
    cube = matrix.reshape(len(matrix), -1, LEVELS)
    return cube, np.nansum(cube, axis=0).argmax(axis=1)


def at_best_levels(matrix: Floats, truth: Truth, options: Options) -> Floats:
    """The mean over the limits of an image's hits at the level that is best for all images."""
    cube, best = best_levels(matrix)
    return np.asarray(cube[:, np.arange(len(best)), best].mean(axis=1))


def levels_of(matrix: Floats) -> dict[str, float]:
    """The levels that were chosen; those above them are kept, of 0..255."""
    best = best_levels(matrix)[1]
    limits = next(limits for limits in LIMITS.values() if len(limits) == len(best))
    return {f"level at {limit:g}": float(level) for limit, level in zip(limits, best, strict=True)}


@metric(
    "MaxBoxAcc",
    better="higher",
    range=(0, 1),
    chance=None,
    source="arXiv:2001.07437",
    invariant=["affine", "flip"],
    settle=at_best_levels,
    facts=levels_of,
)
def max_box_acc(
    saliency: Map,
    boxes: Floats,
    predicted_boxes: Floats | None = None,
    *,
    version: Literal["v1", "v2"] = "v1",
    connectivity: Connectivity = 8,
    sign: Literal["keep", "positive", "abs"] = "keep",
) -> Floats:
    """Share of images that are localised at the threshold that is best for the whole data set.

    `saliency` (height, width) real; `boxes` (k, 4) half-open pixels, `predicted_boxes` (n, 4) in place of those of the
    map. `version`: `v1` takes the largest component and an overlap of 0.5, `v2` any component, and the mean over 0.3,
    0.5 and 0.7. `connectivity` of components; `sign` as in `regions.map_to_boxes`. NaN without boxes. Raises
    `SaliencyEvalError` for arrays that do not fit.

    max over k = 0..254 of the mean over images of [IoU of a box of {q > k} and a true box >= d], for q the map in 256
    levels from minimum to maximum. Of one image alone it is the best over k of that image: use a data set.
    Source: Choe et al. 2020, arXiv:2001.07437; v2: arXiv:2007.04178.

    >>> max_box_acc([[0, 0, 0], [0, 5, 6], [0, 4, 9]], [[0, 1, 3, 3]])
    1.0
    """
    limits = LIMITS[version]
    if not len(boxes):
        count("undefined")
        return np.full(LEVELS * len(limits), NAN)
    if predicted_boxes is None:
        levels = quantised(signed(saliency, sign))
        found = regions(levels, LEVELS, "largest" if version == "v1" else "all", connectivity)
        if not levels.any():
            count("empty")
    else:
        found = given(predicted_boxes, LEVELS)
    return hits(found, LEVELS, boxes, limits).T.ravel().astype(np.float64)


# ------------------------------------------------------------------ pointing


def whole(boxes: Floats, shape: Shape) -> Counts:
    """The pixels whose centres lie in boxes, as boxes (k, 4) of whole pixels; those without any are left out."""
    pixels = np.clip(np.ceil(boxes - 0.5), 0, np.array([*shape] * 2)).astype(np.int64)
    return np.asarray(pixels[(pixels[:, :2] < pixels[:, 2:]).all(axis=1)])


def by_class(matrix: Floats, truth: Truth, options: Options) -> Floats:
    """Each image's value times N / (C n_c), whose mean is the mean over the C classes of the means of their n_c images."""
    values = matrix[:, 0]
    there = np.flatnonzero(~np.isnan(values))
    _, own, images = np.unique([truth[n]["label"] for n in there], return_inverse=True, return_counts=True)
    values = values.copy()
    values[there] *= len(there) / (len(images) * images[own])
    return values


@metric(
    "Pointing game",
    better="higher",
    range=(0, 1),
    chance=None,
    source="arXiv:1608.00507",
    invariant=["monotone", "flip"],
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
    own, regions = signed(saliency, sign), whole(boxes, saliency.shape)
    places = np.flatnonzero(own.values == own.values.max())
    if len(places) > 1:
        count("ties")
    if len(regions):
        hit = near(np.stack(np.divmod(places, own.shape[1]), axis=1), regions, tolerance)
        value = float({"expected": np.mean, "first": lambda h: h[0], "any": np.any}[ties](hit))
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
    for top, left, bottom, right in whole(boxes, saliency.shape).tolist():
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
