"""What models of images cost beside the spectral residual on an image of OSIE's size, and what memory they take."""

import functools

import numpy as np
import pytest

from saliency_eval import models as _declared  # noqa: F401  (declares the models)
from saliency_eval.core import MODELS

from .measure import Pass, spent
from .table import Row

pytest.importorskip("torch", reason="models of images need torch")
OF_IMAGES = [key for key, declared in MODELS.items() if "batch" in declared.traits]
QUICK = {"side": 16, "distance": "log_euclidean"}  # options for a look that nothing has rotted
MOST = 1536  # MiB
MEMORY = """
import sys
import numpy as np
from saliency_eval import models
from saliency_eval.variant import parse

def status(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name)) / 1024

variant = parse(sys.argv[1], "model")
run = variant.declared.traits["batch"]
noise = np.random.default_rng(0).integers(0, 256, (768, 1024, 3), dtype=np.uint8)
run([noise[:40, :50]], dict(variant.options))
before = status("VmRSS")
run([noise], dict(variant.options))
print(status("VmHWM") - before)
"""


def picture(height, width):
    """Smooth random colours with a spot."""
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(np.random.default_rng(0).normal(size=(height, width, 3)), (2, 2, 0))
    image = np.clip(128 + 400 * noise, 0, 255).astype(np.uint8)
    image[height // 3 : height // 2, width // 4 : width // 3] = (250, 20, 40)
    return image


@pytest.fixture(scope="module")
def passes(full):
    """A model over one image, several times where it is quick."""
    image = picture(600, 800) if full else picture(30, 40)

    @functools.cache
    def passes(key, times=1):
        options = dict(MODELS[key].options)
        options |= {} if full else {name: value for name, value in QUICK.items() if name in options}
        run = MODELS[key].traits["batch"]
        return Pass(lambda: [run([image], options) for _ in range(times)], times)

    return passes


@pytest.mark.parametrize("key", OF_IMAGES)
def test_cost(key, passes, race, full):
    unit = passes("spectral_residual", 20)
    if full:
        passes(key).run()  # warmed up
    race("models", key, passes(key), unit, unit="S", rounds=5)


@pytest.mark.slow
@pytest.mark.skipif("not os.path.exists('/proc/self/status')", reason="no /proc tells the peak of memory")
@pytest.mark.parametrize("key", OF_IMAGES)
def test_memory(key, benchmark, enter):
    """The growth of a process at one image of 1024x768, beyond torch and a first small image."""
    peak = float(benchmark.pedantic(spent, args=("-c", MEMORY, key)).out)
    enter(Row("models", f"{key}, 1024x768, memory", peak, "MiB", bar=MOST))
    assert peak < MOST
