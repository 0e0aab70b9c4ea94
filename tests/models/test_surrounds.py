"""What holds of every model that compares regions: batches, odd sizes, images of one colour, mirrors, memory."""

import numpy as np
import pytest
from scipy import ndimage

torch = pytest.importorskip("torch", reason="models of images need torch")

from saliency_eval import models  # noqa: E402, F401
from saliency_eval.core import MODELS  # noqa: E402
from saliency_eval.models.nets import covsal  # noqa: E402
from saliency_eval.variant import parse  # noqa: E402

QUICK = ("bms(side=96)", "covsal", "covsal(distance=log_euclidean,centre=false)", "context_aware(side=48)")
SMALL = {"SIDE": 64, "PATCHES": (8, 16)}  # of CovSal
each = pytest.mark.parametrize("text", QUICK)


@pytest.fixture
def small(monkeypatch):
    """CovSal in a small square: the same steps, quicker."""
    for name, value in SMALL.items():
        monkeypatch.setattr(covsal, name, value)


def maps(text, *images, device="cpu"):
    """Maps of a batch of images, by the text of a model."""
    variant = parse(text, "model")
    return MODELS[variant.key].traits["batch"](list(images), dict(variant.options), device)


def picture(shape, seed=0):
    """Smooth random colours with a spot."""
    rng = np.random.default_rng(seed)
    image = ndimage.gaussian_filter(rng.normal(size=(*shape, 3)), (2, 2, 0))
    image = np.clip(128 + 400 * image, 0, 255)
    image[shape[0] // 3 : shape[0] // 2, shape[1] // 4 : shape[1] // 3] = (250, 20, 40)
    return image.astype(np.uint8)


@each
def test_batch_of_different_images_gives_what_each_gives_alone(text, small):
    images = [picture((36, 48)), np.full((36, 48, 3), 77, np.uint8), picture((36, 48), 1)]
    together = maps(text, *images)
    assert together.shape == (3, 36, 48)
    for one, image in zip(together, images, strict=True):
        assert one == pytest.approx(maps(text, image)[0], abs=1e-5)
    assert not together[1].any()
    assert np.ptp(together, axis=(1, 2))[[0, 2]].min() > 0.1
    assert (maps(text, *images) == together).all()


@each
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (200, 2), (7, 5)])
def test_any_size_gets_a_map(text, shape, small):
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    found = maps(text, image)
    assert found.shape == (1, *shape)
    assert np.isfinite(found).all()


@each
@pytest.mark.parametrize("level", [0, 128, 255])
def test_one_bright_or_dark_pixel(text, level, small):
    image = np.full((40, 56, 3), level, np.uint8)
    image[17, 30] = 255 - level
    found = maps(text, image)[0]
    assert np.isfinite(found).all()
    if "side=48" not in text:  # smaller than its image, where patches of 7 pixels see the one pixel from afar
        assert np.hypot(*(np.array(np.unravel_index(found.argmax(), found.shape)) - (17, 30))) < 9


@pytest.mark.parametrize("text", QUICK[:3])  # the grid of patches of the other starts at the left
def test_mirrored_image_has_the_mirrored_map(text, small):
    image = picture((36, 48))
    found, mirrored = maps(text, image)[0], maps(text, image[:, ::-1])[0][:, ::-1]
    assert np.abs(mirrored - found).max() <= 1.3e-6 * np.ptp(found)


@each
def test_signature_parses_back(text):
    assert str(parse(str(parse(text, "model")), "model")) == str(parse(text, "model"))
