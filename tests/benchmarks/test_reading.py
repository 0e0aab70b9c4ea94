"""Checking 8-bit PNG maps, as a ratio to decoding the same files with Pillow in the same run.

    pytest tests/benchmarks/test_reading.py --benchmark-enable --benchmark-timer=time.process_time -s

prints the ratios of 300 maps, the median of five turns, and holds them under the bar. Without
`--benchmark-enable` a few maps go through once, so that the code cannot rot.
"""

import time

import numpy as np
import pytest
from PIL import Image
from test_line import SIZES, Line
from threadpoolctl import threadpool_limits

from saliency_eval.checking import check_predictions
from saliency_eval.datasets import load_dataset
from saliency_eval.predictions import PredictionFolder

BAR = 1.3  # times the time of decoding


class Set:
    """A data set and a folder of smooth maps for it."""

    def __init__(self, folder, shape, count):
        (folder / "stimuli").mkdir()
        (folder / "preds").mkdir()
        rng, lines = np.random.default_rng(0), ["image,row,column"]
        for id in (f"i{n:03}" for n in range(count)):
            gaze = Line.gaze(rng, shape)
            Image.new("RGB", shape[::-1], "grey").save(folder / f"stimuli/{id}.png")
            Image.fromarray(Line.map(rng, shape, gaze)).save(folder / f"preds/{id}.png")
            lines += [f"{id},{row},{column}" for row, column in gaze]
        (folder / "fixations.csv").write_text("\n".join(lines) + "\n")
        self.maps, self.shape = folder / "preds", shape
        self.data = load_dataset(folder)
        assert self.data.problems() == []

    def decode(self):
        for path in sorted(self.maps.iterdir()):
            np.asarray(Image.open(path))

    def read(self):
        predictions = PredictionFolder(self.maps)
        assert predictions.match(self.data) == []
        for id in self.data:
            predictions.fetch(id).read(self.shape)

    def check(self):
        assert list(check_predictions(self.maps, self.data, workers=1)) == []


def seconds(work):
    """CPU seconds of a piece of work."""
    start = time.process_time()
    work()
    return time.process_time() - start


@pytest.mark.benchmark(group="reading")
@pytest.mark.parametrize("size", SIZES)
def test_checking_costs_little_more_than_decoding(size, tmp_path, benchmark):
    maps = Set(tmp_path, SIZES[size], 4 if benchmark.disabled else 300)
    turns = 1 if benchmark.disabled else 5
    with threadpool_limits(1):
        costs = [[seconds(work) for work in (maps.decode, maps.read, maps.check)] for _ in range(turns)]
        benchmark.pedantic(maps.check, rounds=1)
    decode, read, check = np.median(costs, 0)
    benchmark.extra_info.update({"read": round(read / decode, 2), "check": round(check / decode, 2)})
    print(f"\n{size}: reading {read / decode:.2f} x decoding, checking {check / decode:.2f} x")
    if not benchmark.disabled:
        assert check <= BAR * decode
