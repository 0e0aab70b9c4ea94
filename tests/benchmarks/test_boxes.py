"""Boxes at every level of a map, beside labelling it anew at each of 1,000 thresholds as wsolevaluation does."""

import numpy as np
import pytest
from scipy.ndimage import find_objects, gaussian_filter, label

from saliency_eval import metrics, sums
from saliency_eval.maps import Map
from saliency_eval.metrics.boxes import quantised
from saliency_eval.regions import iou

from .measure import Pass
from .table import Row

kernel = metrics.max_box_acc.__wrapped__
SMOOTH = (1, 3, 6, 12, 24)  # px: from thousands of components to one hill
PLAIN = 5  # maps that are labelled anew, one of each kind


@pytest.fixture(scope="module")
def scenes(full):
    """Filtered noise with a true box: 1,000 maps of 224x224 when benchmarks are enabled."""
    rng, size, number = np.random.default_rng(0), *((224, 1000) if full else (40, PLAIN))
    low = size // 4
    return [
        (gaussian_filter(rng.random((size, size)), SMOOTH[n % len(SMOOTH)]).astype(np.float32),
         np.array([[low, low, low + size // 2, low + rng.integers(size // 4, size // 2)]], float))
        for n in range(number)
    ]  # fmt: skip


def plainly(saliency, boxes, version):
    """Hits at each of 1,000 thresholds."""
    levels, limits, hits = quantised(Map(saliency)), (0.5,) if version == "v1" else (0.3, 0.5, 0.7), []
    for threshold in np.arange(0, 1, 0.001):
        numbers, _ = label(levels > int(threshold * levels.max()), np.ones((3, 3)))
        found = [[r.start, c.start, r.stop, c.stop] for r, c in find_objects(numbers)]
        if version == "v1":
            found = found[np.bincount(numbers.ravel())[1:].argmax()]
        best = iou(np.reshape(found, (-1, 4)), boxes).max()
        hits.append([best >= limit for limit in limits])
    return np.transpose(hits)


@pytest.mark.parametrize("form", ["compiled", "scipy"])
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_max_box_acc(version, form, scenes, benchmark, enter, monkeypatch):
    """The bar is a tenth of plain code; without a compiler each distinct level is labelled once, and there is none."""
    if form == "compiled" and not sums.COMPILED:
        pytest.skip("nothing was compiled: there was no C compiler")
    monkeypatch.setattr(sums, "COMPILED", form == "compiled")
    chosen = scenes if form == "compiled" else scenes[:PLAIN]
    thresholds = [int(t * 255) for t in np.arange(0, 1, 0.001)]
    for saliency, boxes in scenes[:PLAIN]:
        found = kernel(Map(saliency), boxes, version=version).reshape(-1, 255)
        np.testing.assert_array_equal(found[:, thresholds], plainly(saliency, boxes, version))
    work = Pass(lambda: [kernel(Map(s), b, version=version) for s, b in chosen], len(chosen))
    beside = Pass(lambda: [plainly(s, b, version) for s, b in scenes[:PLAIN]], PLAIN)
    benchmark.pedantic(work.run, rounds=1)
    if benchmark.enabled:
        plain = beside.cost()
        name = f"max_box_acc {version}, {len(chosen)} maps of 224x224, {form}"
        figure = benchmark.stats.stats.mean / len(chosen) / plain
        enter(Row("boxes", name, figure, "of plain", plain=1.0, bar=0.1 if form == "compiled" else np.inf))
