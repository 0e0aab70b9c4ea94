"""Metrics that ask a classifier: of crops around what a map marks, and while pixels are taken away or given.

`classifier` takes RGB images in [0, 1] and gives probabilities; `target` is its column for the label of the image.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated

import numpy as np

from saliency_eval.classifiers import Classifier
from saliency_eval.classifiers.views import Image, checked, crops, whole_pixels
from saliency_eval.core import generator
from saliency_eval.counting import count
from saliency_eval.fields.curves import Curve
from saliency_eval.maps import Floats, Map
from saliency_eval.metrics.boxes import Level
from saliency_eval.metrics.declare import metric
from saliency_eval.options import Range, Share
from saliency_eval.pool import Shape
from saliency_eval.regions import map_to_boxes
from saliency_eval.regions.overlap import Bools
from saliency_eval.regions.sweep import Component, Connectivity, Empty
from saliency_eval.regions.thresholds import Rule, Sign

SMALLEST = 0.05
NOISE = "random|seed:0"  # the model `random` draws its map of an image from the same words
S, LOG_AREA, LOG_P, RIGHT, WHOLE, TOP1, TRUTH, RANDOM, GUESS = range(9)  # of the vector of an image


def means(matrix: Floats) -> dict[str, float]:
    """What the values are to be read beside: their two parts, and what boxes score that know all or nothing."""
    columns = {
        "mean_log_area": LOG_AREA, "mean_log_prob": LOG_P, "crop_accuracy": RIGHT, "mean_neg_log_p": WHOLE,
        "top1": TOP1, "guess": GUESS, "whole": WHOLE, "ground_truth": TRUTH, "random": RANDOM,
    }  # fmt: skip
    there = ~np.isnan(matrix)
    found = {
        name: math.fsum(matrix[there[:, n], n]) / int(there[:, n].sum()) if there[:, n].any() else math.nan
        for name, n in columns.items()
    }
    own = matrix[there[:, S], S]
    return {**found, "median": float(np.median(own)) if len(own) else math.nan}


def doubts(facts: Mapping[str, float]) -> list[str]:
    """Why the saliency metric may not be believed on these images; `facts` are those of the metric.

    >>> doubts({"ground_truth": 1.5, "whole": 1.25, "random": 2.0, "top1": 0.5, "guess": 0.01})
    ['crops to the true boxes score 1.5, no better than whole images with 1.25: the classifier does not bear crops']
    """
    wanted = ("ground_truth", "whole", "random", "top1", "guess")
    truth, whole, random, right, guess = (
        facts.get(name, math.nan) for name in wanted
    )  # a file may lack some
    found = []
    if truth >= whole:
        found.append(f"crops to the true boxes score {truth:.4g}, no better than whole images with {whole:.4g}: "
                     "the classifier does not bear crops")  # fmt: skip
    if random <= truth:
        found.append(f"boxes around noise score {random:.4g}, no worse than the true boxes with {truth:.4g}: "
                     "the metric rewards small boxes, since the classifier seldom knows the images")  # fmt: skip
    if right < 2 * guess < 1:
        found.append(f"the classifier is right on {right:.2%} of the whole images, hardly more than by chance: "
                     "its columns may be in another order than the classes of the data set")  # fmt: skip
    return found


@metric(
    "Saliency metric",
    better="lower",
    range=(math.log(SMALLEST), math.inf),
    chance=None,
    source="arXiv:1705.07857",
    invariant=["scale"],
    settle=lambda matrix, truth, options: matrix[:, S],
    facts=means,
    doubts=doubts,
    idle=lambda options: (
        *(("alpha",) if options["rule"] == "quantile" else ()),
        *(("connectivity",) if options["component"] == "none" else ()),
    ),
)
def saliency_metric(
    image: Image,
    saliency: Map,
    classifier: Classifier,
    target: int,
    boxes: Floats | None = None,
    predicted_boxes: Floats | None = None,
    id: str = "",
    *,
    rule: Rule = "mean",
    alpha: Level = 1.0,
    strict: bool = True,
    sign: Sign = "rule",
    component: Component = "largest",
    connectivity: Connectivity = 4,
    a_min: Annotated[float, Range(1e-6, 1)] = SMALLEST,
    empty: Empty = "full",
) -> Floats:
    """Saliency metric: the logarithm of the area of a crop less that of the probability of the label in it.

    `image` (height, width, 3) RGB; `saliency` (height, width) real; `predicted_boxes` (k, 4) half-open pixels in place
    of those of the map; of several, means of both logarithms. `rule`, `alpha`, `strict`, `sign`, `component`,
    `connectivity`, `empty`: from map to boxes as in `regions.map_to_boxes`. A crop holds the pixels whose centres lie
    in its box, and is brought to the size that the classifier takes, whatever its aspect: bicubic of Pillow, on 8 bits.
    `a_min` is the least area that counts. `boxes` are the true ones, which only what the value is to be read beside
    needs; `id` draws noise for the same. Raises `SaliencyEvalError` for arrays that do not fit.

    ln max(a, a_min) - ln p, a = area of the box / area of the image, p = probability of the label in the crop.
    Source: Dabkowski, Gal 2017, arXiv:1705.07857.

    >>> sure = lambda batch: np.full((len(batch), 2), 0.5)
    >>> saliency_metric(np.zeros((4, 4, 3)), np.eye(4)[[0, 1, 1, 0]], sure, 0)
    -1.3862943611198904
    """
    shape = saliency.shape
    whole = np.array([[0.0, 0.0, *shape]])

    def marked(map: Map) -> Floats:
        return map_to_boxes(map, rule=rule, alpha=alpha, component=component, connectivity=connectivity,
                            strict=strict, sign=sign)  # fmt: skip

    own = marked(saliency) if predicted_boxes is None else predicted_boxes
    if not len(own):
        count("empty" if empty == "full" else "undefined")
        own = whole if empty == "full" else own
    noise = marked(Map.known(generator(NOISE, id).random(shape)))
    groups = [own, whole, whole[:0] if boxes is None else seen(boxes, shape), noise]
    found = of_boxes(checked(np.asarray(image), shape), groups, classifier, target, a_min)
    (area, p, right), (_, p_whole, top1), truth, random = (part[:3] for part in found)
    guess = found[1][3]
    return np.array(
        [area - p, area, p, right, -p_whole, top1, truth[0] - truth[1], random[0] - random[1], guess]
    )


def seen(boxes: Floats, shape: Shape) -> Floats:
    """True boxes, without those that lie outside of what is seen."""
    inside = np.clip(boxes, 0, [*shape] * 2)
    return np.asarray(boxes[(inside[:, :2] < inside[:, 2:]).all(axis=1)], np.float64)


def of_boxes(
    image: Image, groups: list[Floats], classifier: Classifier, target: int, a_min: float
) -> list[Floats]:
    """For each group of boxes the means of ln area, ln p, whether the class is right, and how often a guess is.

    Each crop is shown once.
    """
    shape = image.shape[0], image.shape[1]
    boxes = np.concatenate(groups)
    crop, number = np.unique(whole_pixels(boxes, shape), axis=0, return_inverse=True)
    logs = classifier.log_probabilities(crops(image, crop, classifier.input_size))[number.ravel()]
    inside = np.clip(boxes, 0, [*shape] * 2)
    area = np.maximum(inside[:, 2:] - inside[:, :2], 0).prod(axis=1) / (shape[0] * shape[1])
    right, guess = logs.argmax(axis=1) == target, np.full(len(logs), 1 / logs.shape[1])
    rows = np.stack([np.log(np.maximum(area, a_min)), logs[:, target], right, guess], axis=1)
    ends = np.cumsum([len(group) for group in groups])
    parts = np.split(rows, ends[:-1])
    return [part.mean(axis=0) if len(part) else np.full(4, math.nan) for part in parts]


# ------------------------------------------------------------------ pixels in the order of a map


def area_under(curve: Curve) -> float:
    """The area by trapezoids over the true shares."""
    return float(np.trapezoid(curve.scores, curve.shares))


@metric("Insertion AUC", better="higher", range=(0, 1), chance=None, source="arXiv:1806.07421",
        invariant=["monotone"])  # fmt: skip
def insertion_auc(insertion_curve: Curve) -> float:
    """Area under the probability of a class while the pixels of largest saliency are put into a substrate.

    `insertion_curve` as `fields.insertion_curve` makes it, whose options say how. Sum over k of
    (f_{k+1} - f_k)(p_k + p_{k+1})/2, f the true shares of the pixels.
    Source: Petsiuk, Das, Saenko 2018 (RISE), arXiv:1806.07421.

    >>> from saliency_eval.fields.curves import Curve
    >>> insertion_auc(Curve(np.array([0, 0.75, 1]), np.array([0, 0.5, 1])))
    0.375
    """
    return area_under(insertion_curve)


@metric("Deletion AUC", better="lower", range=(0, 1), chance=None, source="arXiv:1806.07421",
        invariant=["monotone"])  # fmt: skip
def deletion_auc(deletion_curve: Curve) -> float:
    """Area under the probability of a class while the pixels of largest saliency are replaced by a substrate.

    `deletion_curve` as `fields.deletion_curve` makes it, whose options say how. Sum over k of
    (f_{k+1} - f_k)(p_k + p_{k+1})/2, f the true shares of the pixels.
    Source: Petsiuk, Das, Saenko 2018 (RISE), arXiv:1806.07421.

    >>> from saliency_eval.fields.curves import Curve
    >>> deletion_auc(Curve(np.array([0, 0.75, 1]), np.array([1, 0.5, 0])))
    0.625
    """
    return area_under(deletion_curve)


def first(curve: Curve, reached: Bools) -> float:
    """The smallest share at which something is reached; all, and counted, where it never is."""
    if not reached.any():
        count("undefined")
        return 1.0
    return float(curve.shares[np.argmax(reached)])


@metric("Sufficient area", better="lower", range=(0, 1), chance=None, source="arXiv:1705.07857",
        invariant=["monotone"])  # fmt: skip
def ssr_area(insertion_curve: Curve, *, tau: Share = 0.9, relative: bool = True) -> float:
    """Smallest share of the pixels that alone lets the classifier keep its class.

    `insertion_curve` as `fields.insertion_curve` makes it. `tau` is the probability that is enough, `relative` to that
    of the whole image. 1 where it is never reached. min {f : p(f) >= tau p(1)}.
    Source: Dabkowski, Gal 2017, arXiv:1705.07857.

    >>> from saliency_eval.fields.curves import Curve
    >>> ssr_area(Curve(np.array([0, 0.25, 1]), np.array([0.1, 0.75, 0.8])))
    0.25
    """
    enough = tau * insertion_curve.scores[-1] if relative else tau
    return first(insertion_curve, insertion_curve.scores >= enough)


@metric("Destroying area", better="lower", range=(0, 1), chance=None, source="arXiv:1705.07857",
        invariant=["monotone"])  # fmt: skip
def sdr_area(deletion_curve: Curve, *, tau: Share = 0.9, relative: bool = True) -> float:
    """Smallest share of the pixels whose removal prevents the classifier from keeping its class.

    `deletion_curve` as `fields.deletion_curve` makes it. 1 - `tau` is the probability that is too little, `relative` to
    that of the whole image. 1 where it is never reached. min {f : p(f) <= (1 - tau) p(0)}.
    Source: Dabkowski, Gal 2017, arXiv:1705.07857.

    >>> from saliency_eval.fields.curves import Curve
    >>> sdr_area(Curve(np.array([0, 0.25, 1]), np.array([0.8, 0.05, 0.01])))
    0.25
    """
    little = (1 - tau) * (deletion_curve.scores[0] if relative else 1)
    return first(deletion_curve, deletion_curve.scores <= little)
