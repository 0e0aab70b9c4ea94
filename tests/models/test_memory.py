"""How many images are shown together: as many as the memory that is declared for one of them allows."""

import subprocess
import sys

import pytest

from saliency_eval import models as _declared  # noqa: F401  (declares the models)
from saliency_eval.core import MODELS
from saliency_eval.models.batched import bytes_of
from saliency_eval.models.batches import BYTES, Batches
from saliency_eval.models.own import model_of

pytest.importorskip("torch", reason="models of images need torch")
PEAK = """
import pathlib, sys
import numpy as np, torch
from saliency_eval.models.own import model_of
torch.set_num_threads(1)
model, count, shape = model_of(sys.argv[1]), int(sys.argv[2]), (int(sys.argv[3]), int(sys.argv[4]), 3)
images = list(np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8))
model.declared.traits["batch"](images, dict(model.options))
peak = pathlib.Path("/proc/self/status").read_text().partition("VmHWM:")[2]  # ru_maxrss holds that of the parent
print(1024 * int(peak.split()[0]))
"""


@pytest.mark.parametrize("key", [key for key, model in MODELS.items() if "batch" in model.traits])
@pytest.mark.parametrize("shape", [(1, 1), (32, 32), (768, 1024)])
def test_images_together_take_no_more_than_there_should_be(key, shape):
    """However small they are: many models enlarge them, or work at a size of their own."""
    model = Batches(model_of(key), "cpu")
    assert 1 <= model.together(shape) <= max(1, BYTES["cpu"] / bytes_of(model.variant, shape))
    assert 2 * bytes_of(model.variant, (768, 1024)) <= BYTES["cpu"]


@pytest.mark.parametrize(("call", "shape", "together"), [
    ("covsal", (32, 32), 2), ("covsal", (512, 512), 2), ("context_aware", (32, 32), 8), ("dva", (32, 32), 53),
    ("context_aware(side=125)", (32, 32), 34), ("bms", (32, 32), 8), ("bms(side=200)", (32, 32), 33),
    ("rare2012_like", (300, 400), 10), ("itti_koch", (16, 16), 256), ("gbvs", (512, 512), 32),
    ("aim", (512, 512), 15), ("aim(scale=1)", (512, 512), 4), ("sun", (512, 512), 9), ("aws_like", (512, 512), 29),
])  # fmt: skip
def test_what_a_model_makes_of_an_image_counts_not_its_size(call, shape, together):
    assert Batches(model_of(call), "cpu").together(shape) == together


@pytest.mark.parametrize("key", ["itti_koch", "gbvs"])
def test_small_images_count_as_the_pyramid_sees_them(key):
    """Enlarged to a shorter side of 128 px, unless the longer one is then over 1024 px."""
    took = [bytes_of(model_of(key), shape) for shape in ((128, 200), (64, 64), (16, 512))]
    assert took == [128 * 128 * 200, 64 * (64**2 + 128**2), 64 * (16 * 512 + 32 * 1024)]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peaks are read from /proc")
@pytest.mark.parametrize(("call", "shape"), [
    ("spectral_residual", (768, 1024)), ("image_signature", (768, 1024)), ("dva", (32, 32)), ("gbvs", (480, 640)),
    ("itti_koch", (480, 640)), ("aim", (480, 640)), ("sun", (480, 640)), ("aws_like", (480, 640)), ("bms", (32, 32)),
    ("rare2012_like", (32, 32)), ("covsal(distance=log_euclidean)", (32, 32)), ("context_aware(side=100)", (32, 32)),
])  # fmt: skip
def test_an_image_more_takes_no_more_than_what_is_declared(call, shape):
    """Of memory, measured; and a quarter of that at least, else far too few are shown together."""
    one, five = (
        int(subprocess.check_output([sys.executable, "-c", PEAK, call, str(n), *map(str, shape)]))
        for n in (1, 5)
    )
    declared = bytes_of(model_of(call), shape)
    assert declared / 4 < (five - one) / 4 < 1.1 * declared
