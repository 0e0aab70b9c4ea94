"""Models on a GPU give what they give on a CPU; where there is none, one is played: tensors apart, other rounding."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rounding import OtherRounding

import saliency_eval as se
from saliency_eval import models as _declared  # noqa: F401  (declares the models)
from saliency_eval.core import MODELS
from saliency_eval.models.writing import write_maps
from saliency_eval.variant import parse

torch = pytest.importorskip("torch", reason="models of images need torch")
from saliency_eval.models.nets.primitives import half_up, turned  # noqa: E402

OF_IMAGES = [key for key, declared in MODELS.items() if "batch" in declared.traits]
QUICK = ("image_signature", "spectral_residual", "aim(blur=0,bins=1000)", "dva", "itti_koch")
LONG = (
    *(
        "spectral_residual(flavour=paper,channels=grey)",
        "sun",
        "gbvs",
        "bms(side=160)",
        "rare2012_like(side=150)",
    ),
    *("covsal(distance=log_euclidean)", "context_aware(side=100)", "aws_like(scale=0.25)"),
)
CALLS = [*QUICK, *(pytest.param(call, marks=pytest.mark.slow) for call in LONG)]
on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


@pytest.mark.slow
def test_nothing_lies_on_another_device():
    program = Path(__file__).with_name("far.py")
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found.pop("careless").endswith("tensors on two devices")  # else nothing would be found
    assert found == dict.fromkeys(OF_IMAGES, 0.0)


def test_axes_point_the_same_way_whatever_the_solver(monkeypatch):
    values, solve = torch.rand(2, 3, 50, dtype=torch.float64), torch.linalg.eigh
    expected = turned(values)
    monkeypatch.setattr("torch.linalg.eigh", lambda found: Solved(*(solve(found))))
    assert torch.equal(turned(values), expected)


class Solved:
    """What a solver gives that turns every axis round."""

    def __init__(self, eigenvalues, eigenvectors):
        self.eigenvalues, self.eigenvectors = eigenvalues, -eigenvectors


def test_halves_are_rounded_up():
    assert half_up(torch.tensor([0.5, 0.5 - 1e-12, 1.5, 2.4999], dtype=torch.float64)).tolist() == [
        1,
        1,
        2,
        2,
    ]


@pytest.fixture(scope="module")
def photographs(shared):
    data = se.load_dataset("osie", shared / "data" / "OSIE")
    images = [data.image_of(id) for id in list(data)[::350]]
    return [np.ascontiguousarray(image[::2, ::2]) for image in images]


@pytest.mark.parametrize("call", CALLS)
def test_no_map_hangs_on_rounding(call, photographs):
    """Signs, bins, peaks and thresholds are decisions that another last digit must not turn."""
    for image in photographs:
        assert moved(call, image) <= 1e-3


@pytest.mark.parametrize("call", CALLS)
def test_no_map_of_what_is_drawn_hangs_on_rounding(call):
    """Frequencies, colours and differences that are not there must not count."""
    for name, image in drawn().items():
        assert moved(call, image) <= 1e-3, name


def test_halves_do_not_hang_on_rounding():
    """Checks of one pixel, shrunk, have a brightness half way between the least and the largest."""
    checks = np.indices((120, 160)).sum(0) % 2
    assert moved("bms(side=60)", np.stack([255 * checks] * 3, 2).astype(np.uint8)) <= 1e-3


def moved(call, image):
    """How far another rounding moves a map, as a share of its range."""
    model = parse(call, "model")
    make, options = model.declared.traits["batch"], dict(model.options)
    [here] = make([image], options)
    with OtherRounding() as device:
        [there] = make([image], options)
    assert len(device.changed) > 1
    return np.abs(here - there).max() / max(np.ptp(here), 1e-9)


def drawn(height=120, width=160):
    """Pictures as in experiments, of flat areas, repetitions and ramps."""
    rows, columns = np.mgrid[:height, :width]
    spot = np.hypot(rows % 40 - 20, columns % 40 - 20)[..., None] < 10
    one = (rows // 40 == 1) & (columns // 40 == 2)
    disc = np.where(one[..., None], [200, 60, 60], [60, 180, 60])
    square = (abs(rows - 60) < 15) & (abs(columns - 80) < 20)
    ramps = np.stack([columns * 255 // (width - 1), rows * 255 // (height - 1), 128 + 0 * rows], 2)
    grey = {
        "half a level": np.select([one, square], [205, 10]),  # lightness 8.5 of 255
        "square": 255 * ((rows // 30 == 1) & (columns // 40 == 1)),
        "dot": 255 * ((rows == 40) & (columns == 53)),
        "one level": 254 + ((rows == 40) & (columns == 50)),
        "checks": 255 * ((rows // 20 + columns // 20) % 2),
        "stripes": 180 * (columns // 16 % 2),
        "half": 255 * (columns >= 80),
        "ramp": columns * 255 // (width - 1),
        "noise": np.random.default_rng(0).integers(0, 256, (height, width)),
    }
    colours = {
        "red square": square[..., None] * [200, 50, 50],
        "ramps": ramps,
        "discs": np.where(spot, disc, 128),
    }
    images = colours | {name: np.stack([values] * 3, 2) for name, values in grey.items()}
    return {name: values.astype(np.uint8) for name, values in images.items()}


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


@on_gpu
@pytest.mark.parametrize("key", OF_IMAGES)
def test_a_gpu_takes_large_images(key):
    """It has little room to shrink them by much, above all in 64 bits."""
    image = np.random.default_rng(0).integers(0, 256, (2160, 3840, 3), dtype=np.uint8)
    [found] = MODELS[key].traits["batch"]([image], MODELS[key].options, "cuda")
    assert found.shape == (2160, 3840)
    assert np.isfinite(found).all()


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
