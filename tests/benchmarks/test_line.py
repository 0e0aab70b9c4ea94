"""Eight metrics on 8-bit PNG maps, as a ratio to decoding the same files in the same run.

    pytest tests/benchmarks --benchmark-enable --benchmark-only --benchmark-timer=time.process_time -s

prints the ratios. Without `--benchmark-enable` a few maps go through once, so that the code cannot rot.
"""

import time

import numpy as np
import pytest
from PIL import Image
from threadpoolctl import threadpool_limits

from saliency_eval import fields as _fields  # noqa: F401
from saliency_eval.core import Fields
from saliency_eval.maps import Map
from saliency_eval.pool import Pool
from saliency_eval.protocols import protocol

METRICS = ("auc_judd", "auc_borji", "shuffled_auc(others=all)", "nss", "cc", "sim", "kld", "ig")
FIXATIONS = 103
SIZES = {"mit": (768, 1024), "salicon": (480, 640)}


class Line:
    """Maps on disk and their truth in memory."""

    def __init__(self, folder, shape, count):
        rng = np.random.default_rng(0)
        points = [self.gaze(rng, shape) for _ in range(count)]
        crowd = [(f"other{i}", shape, self.gaze(rng, shape)) for i in range(1000)]
        pool = Pool.of([*((str(i), shape, p) for i, p in enumerate(points)), *crowd])
        self.truth = [Fields(str(i), shape=shape, fixations=p, pool=pool) for i, p in enumerate(points)]
        self.paths = [folder / f"{i}.png" for i in range(count)]
        for path, gaze in zip(self.paths, points, strict=True):
            Image.fromarray(self.map(rng, shape, gaze)).save(path)
        chosen = protocol("mit").variants(METRICS)
        self.variants = [v.bound({"sigma": 24.0}) for v in chosen]

    @staticmethod
    def gaze(rng, shape):
        return np.column_stack(
            [np.clip(rng.normal(n / 2, n / 5, FIXATIONS), 0, n - 1).astype(np.int64) for n in shape]
        )

    @staticmethod
    def map(rng, shape, gaze):
        grid = [np.arange(n)[None] - gaze[:, [axis]] for axis, n in enumerate(shape)]
        rows, columns = (np.exp(-0.5 * (g / 40) ** 2) for g in grid)
        smooth = rows.T @ (columns * rng.random((len(gaze), 1)))
        texture = np.kron(rng.random((shape[0] // 32, shape[1] // 32)), np.ones((32, 32)))
        mixed = smooth / smooth.max() + 0.1 * texture
        return np.rint(255 * mixed / mixed.max()).astype(np.uint8)

    def decode(self):
        return [np.asarray(Image.open(path)) for path in self.paths]

    def score(self):
        rows = []
        for path, truth in zip(self.paths, self.truth, strict=True):
            image = truth.child(saliency=Map(np.asarray(Image.open(path))))
            rows.append([variant(image) for variant in self.variants])
        return rows


@pytest.mark.benchmark(group="eight metrics")
@pytest.mark.parametrize("size", SIZES)
def test_eight_metrics_with_truth_in_memory(size, tmp_path, benchmark):
    line = Line(tmp_path, SIZES[size], 4 if benchmark.disabled else 100)
    with threadpool_limits(1):
        assert np.isfinite(line.score()).all()  # derives the truth
        before = time.process_time()
        line.decode()
        middle = time.process_time()
        line.score()
        score = time.process_time() - middle
        start = time.process_time()
        line.decode()
        decode = (middle - before + time.process_time() - start) / 2
        benchmark.extra_info["ratio to decoding"] = round(score / decode, 2)
        benchmark.pedantic(line.score, rounds=1 if benchmark.disabled else 5)
    print(f"\n{size}: {score / decode:.2f} x decoding")
