"""The metric of crops around what a map marks: how small they are, and how sure a classifier is of them.

`classifier` takes RGB images in [0, 1] and gives probabilities; `target` is its column for the label of the image.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated

import numpy as np

from saliency_eval.classifiers import Classifier
from saliency_eval.classifiers.contract import check_column
from saliency_eval.classifiers.views import Image, checked, crops
from saliency_eval.core import generator
from saliency_eval.counting import count
from saliency_eval.maps import Counts, Floats, Map
from saliency_eval.metrics.boxes import Level, Options, idle_of_boxes
from saliency_eval.metrics.declare import metric
from saliency_eval.options import Range
from saliency_eval.pool import Shape
from saliency_eval.regions import map_to_boxes
from saliency_eval.regions.overlap import area, pixels
from saliency_eval.regions.sweep import Component, Connectivity, Empty
from saliency_eval.regions.thresholds import Rule, Sign

SMALLEST = 0.05
NOISE = "random|seed:0"  # the model `random` draws its map of an image from the same words
LENGTH = 9  # of the vector of an image, and what its numbers are
S, LOG_AREA, LOG_P, RIGHT, WHOLE, TOP1, TRUTH, RANDOM, GUESS = range(LENGTH)


def means(matrix: Floats, options: Options) -> dict[str, float]:
    """What the values are to be read beside: their two parts, and what boxes score that know all or nothing."""
    columns = {
        "mean_log_area": LOG_AREA, "mean_log_prob": LOG_P, "crop_accuracy": RIGHT, "top1": TOP1, "guess": GUESS,
        "whole": WHOLE, "ground_truth": TRUTH, "random": RANDOM,
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
    wanted = ("ground_truth", "whole", "random", "top1", "guess")  # a file may lack some
    truth, whole, random, right, guess = (facts.get(name, math.nan) for name in wanted)
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
    length=lambda options: LENGTH,
    settle=lambda matrix, truth, options: matrix[:, S],
    facts=means,
    doubts=doubts,
    idle=idle_of_boxes,
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

    `image` (height, width, 3) RGB, uint8 or floats in [0, 1]; `saliency` (height, width) real; `classifier` a function
    of batches, a network, or text; `target` the column of the label; `predicted_boxes` (k, 4) half-open pixels in place
    of those of the map; of several, means of both logarithms. `rule`, `alpha`, `strict`, `sign`, `component`,
    `connectivity`, `empty`: from map to boxes as in `regions.map_to_boxes`. A crop holds the pixels whose centres lie
    in its box, and is brought to the size that the classifier takes, whatever its aspect: bicubic of Pillow, on 8 bits.
    `a_min` is the least area that counts. Raises `SaliencyEvalError` for arrays and answers that do not fit.

    Below the table stand the means of ln a and ln p (`mean_log_area`, `mean_log_prob`), how often the classifier is
    right on crops (`crop_accuracy`) and on whole images (`top1`; `guess` is chance), the `median`, and the metric of
    whole images (`whole`, the mean of -ln p), of crops to the true `boxes` (`ground_truth`), and of boxes around noise,
    which `id` draws (`random`): a metric that can be believed has ground_truth below both whole and random.

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
    groups = [own, whole, whole[:0] if boxes is None else inside(boxes, shape), noise]
    found = of_boxes(checked(np.asarray(image), shape), groups, classifier, target, a_min)
    (log_area, log_p, right, _), (_, of_whole, top1, guess), truth, random = found
    of_truth, of_random = truth[0] - truth[1], random[0] - random[1]
    return np.array([log_area - log_p, log_area, log_p, right, -of_whole, top1, of_truth, of_random, guess])


def inside(boxes: Floats, shape: Shape) -> Floats:
    """Boxes, cut at the border of what is seen, without those that lie outside."""
    found = np.clip(np.asarray(boxes, np.float64), 0, [*shape] * 2)
    return found[area(found) > 0]


def of_boxes(
    image: Image, groups: list[Floats], classifier: Classifier, target: int, a_min: float
) -> list[Floats]:
    """For each group of boxes the means of ln area, ln p, whether the class is right, and how often a guess is.

    Each crop is shown once.
    """
    shape = image.shape[0], image.shape[1]
    boxes = np.concatenate(groups)
    crop, number = np.unique(crop_of(boxes, shape), axis=0, return_inverse=True)
    logs = classifier.log_probabilities(crops(image, crop, classifier.input_size))[number.ravel()]
    check_column(target, logs.shape[1])
    share = area(np.clip(boxes, 0, [*shape] * 2)) / (shape[0] * shape[1])
    right, guess = logs.argmax(axis=1) == target, np.full(len(logs), 1 / logs.shape[1])
    rows = np.stack([np.log(np.maximum(share, a_min)), logs[:, target], right, guess], axis=1)
    ends = np.cumsum([len(group) for group in groups])
    parts = np.split(rows, ends[:-1])
    return [part.mean(axis=0) if len(part) else np.full(4, math.nan) for part in parts]


def crop_of(boxes: Floats, shape: Shape) -> Counts:
    """What is cut out for boxes (k, 4), as boxes of whole pixels: their pixels, one at least.

    >>> crop_of(np.array([[0.4, 0.6, 2.4, 2.6], [1.0, 3.0, 1.0, 3.0]]), (2, 3)).tolist()
    [[0, 1, 2, 3], [1, 2, 2, 3]]
    """
    found = pixels(boxes, shape)
    starts = np.minimum(found[:, :2], np.array(shape) - 1)
    return np.concatenate([starts, np.maximum(found[:, 2:], starts + 1)], axis=1)
