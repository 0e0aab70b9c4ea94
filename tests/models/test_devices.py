"""Models on a GPU give what they give on a CPU; where there is none, at least all that they use lies on one device."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import saliency_eval as se
from saliency_eval import models as _declared  # noqa: F401  (declares the models)
from saliency_eval.core import MODELS
from saliency_eval.models.writing import write_maps

torch = pytest.importorskip("torch", reason="models of images need torch")

OF_IMAGES = [key for key, declared in MODELS.items() if "batch" in declared.traits]
on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


@pytest.mark.slow
def test_nothing_lies_on_another_device():
    program = Path(__file__).with_name("far.py")
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found.pop("careless").endswith("tensors on two devices")  # else nothing would be found
    assert found == dict.fromkeys(OF_IMAGES, 0.0)


@on_gpu
@pytest.mark.parametrize("key", OF_IMAGES)
def test_a_gpu_gives_the_maps_and_scores_of_the_cpu(key, toy, tmp_path):
    data = se.load_dataset(str(toy / "toy"))
    maps, scores = [], []
    for device in ("cpu", "cuda"):
        written = write_maps(key, data, tmp_path / device, device=device)
        assert not written.problems
        run = se.score(tmp_path / device, data, ["auc_judd", "shuffled_auc", "nss", "cc"])
        scores.append({name: metric.mean for name, metric in run.means.items()})
        maps.append([np.load(path) for path in sorted((tmp_path / device).rglob("*.npy"))])
    for here, there in zip(*maps, strict=True):
        assert np.abs(here - there).max() <= 1e-3 * max(np.ptp(here), 1e-6)
    assert scores[0] == pytest.approx(scores[1], abs=5e-4)


def rate(key, device, count):
    """Images of 800x600 a second, the best of three times, on all cores of a CPU or on a GPU."""
    declared, rng = MODELS[key], np.random.default_rng(0)
    images = list(rng.integers(0, 256, (count, 600, 800, 3), dtype=np.uint8))
    took = []
    for _ in range(3):
        start = time.perf_counter()
        declared.traits["batch"](images, declared.options, device)
        took.append(time.perf_counter() - start)
    return count / min(took)


@on_gpu
@pytest.mark.slow
@pytest.mark.parametrize("key", ["aim", "sun", "gbvs"])
def test_a_gpu_makes_ten_times_as_many_maps(key):
    assert rate(key, "cuda", 32) > 10 * rate(key, "cpu", 4)
