"""Metrics of boxes around what a map marks, against boxes around the object.

Truth is `boxes`, half-open (k, 4) of top, left, bottom, right in pixels: every box of the label counts.
`predicted_boxes` are those of a model that gives boxes. An image without boxes scores NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from saliency_eval.core import Stimulus
from saliency_eval.counting import count
from saliency_eval.maps import Counts, Floats, Map
from saliency_eval.metrics.declare import NAN, metric
from saliency_eval.options import Range, Share
from saliency_eval.regions.overlap import Bools, overlap, reaches
from saliency_eval.regions.sweep import Component, Connectivity, Empty, Regions, regions
from saliency_eval.regions.thresholds import Rule, Sign, grid, reached, signed

Level = Annotated[float, Range(0, 1000)]
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


def alpha_of(matrix: Floats, options: Options) -> dict[str, float]:
    """The alpha that was chosen."""
    return {"alpha": float(grid(options["rule"])[best_alpha(matrix)])}


def idle_of_boxes(options: Options) -> tuple[str, ...]:
    """Options from map to boxes that have no effect beside the others."""
    idle = {"alpha": options["rule"] == "quantile", "connectivity": options["component"] == "none"}
    return tuple(name for name, is_idle in idle.items() if is_idle)


@metric(
    "Localisation error",
    better="lower",
    range=(0, 1),
    chance=None,
    source="arXiv:1704.03296",
    invariant=["scale", "flip"],
    length=lambda options: len(grid(options["rule"])) if options["alpha"] == "oracle" else None,
    settle=lambda matrix, truth, options: matrix[:, best_alpha(matrix)],
    facts=alpha_of,
    idle=idle_of_boxes,
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
    0.05 ... 0.95), and below the table stands which it is (`alpha`). `iou` is the overlap that hits, `strict_iou` asks
    for more than it. NaN without boxes. Raises `SaliencyEvalError` for arrays that do not fit.

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
    steps = ((whole - saliency.low) * LEVELS / span + 2.0**-40).astype(np.int64)
    levels = np.clip(steps, 0, LEVELS).astype(np.uint8)
    return levels[saliency.values] if saliency.is_levels else levels


def best_levels(matrix: Floats) -> tuple[Floats, Counts]:
    """Hits (images, limits, levels), and the level of most hits for each limit, the lowest of several."""
    cube = matrix.reshape(len(matrix), -1, LEVELS)
    return cube, np.nansum(cube, axis=0).argmax(axis=1)


def at_best_levels(matrix: Floats, truth: Truth, options: Options) -> Floats:
    """The mean over the limits of an image's hits at the level that is best for all images."""
    cube, best = best_levels(matrix)
    return np.asarray(cube[:, np.arange(len(best)), best].mean(axis=1))


def levels_of(matrix: Floats, options: Options) -> dict[str, float]:
    """The level that was chosen for each limit."""
    limits, levels = LIMITS[options["version"]], best_levels(matrix)[1].tolist()
    return {f"level at {limit:g}": float(level) for limit, level in zip(limits, levels, strict=True)}


@metric(
    "MaxBoxAcc",
    better="higher",
    range=(0, 1),
    chance=None,
    source="arXiv:2001.07437",
    invariant=["affine", "flip"],
    length=lambda options: LEVELS * len(LIMITS[options["version"]]),
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
    levels from minimum to maximum. The best k of each overlap stands below the table: `level at 0.3`, `level at 0.5`,
    `level at 0.7`. Of one image alone it is the best over k of that image: use a data set.
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
