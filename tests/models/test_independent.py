"""AIM, DVA and SUN: their steps in closed form and against plain code, and what all models of images must keep."""

import math

import numpy as np
import pytest
import scipy.signal

from saliency_eval import models as _declared  # noqa: F401  (declares the models)
from saliency_eval.core import MODELS
from saliency_eval.models.bases import Basis

torch = pytest.importorskip("torch", reason="models of images need torch")
from saliency_eval.models.nets import aim, dva, primitives, sun  # noqa: E402

RNG = np.random.default_rng(0)


def batch(key, images, **options):
    """Maps of a declared model, as a run makes them."""
    declared = MODELS[key]
    return declared.traits["batch"](images, {**declared.options, **options})


def basis(filters, sigma=(), theta=()):
    return Basis(*(np.asarray(a, np.float32) for a in (filters, sigma, theta)), {})


def centre_of_red(side):
    """One filter, which gives the red of the pixel in the middle."""
    filters = np.zeros((1, 3, side, side))
    filters[0, 0, side // 2, side // 2] = 1
    return filters


def test_information_is_that_of_the_histogram():
    responses = torch.tensor([[[[1.0, 1, 1, 3]], [[0.0, 0.2, 0.3, 1]]]])
    made = aim.surprise(responses, 3)[0, :, 0].numpy()  # levels 0 0 0 2 and 0 0 1 2
    expected = [[0.75, 0.75, 0.75, 0.25], [0.5, 0.5, 0.25, 0.25]]
    assert np.abs(made + np.log(np.add(expected, 1e-6))).max() < 1e-6


@pytest.mark.parametrize("memory", [25_000_000, 1])
def test_aim_of_one_filter(monkeypatch, memory):
    """Red is 0 or 1; a frame that no filter reaches has the least value."""
    filters = np.concatenate([centre_of_red(11), 2 * centre_of_red(11)])
    monkeypatch.setattr(aim, "bundled", {"aim11": basis(filters)}.get)
    monkeypatch.setattr(primitives, "RESPONSES", memory)
    image = torch.zeros(1, 3, 20, 15)
    image[0, 0, 8, 7] = 1
    [made] = aim.aim(image, patch=11, scale=1, bins=256, blur=0).numpy()
    expected = np.full((20, 15), -2 * math.log(49 / 50 + 1e-6))
    expected[8, 7] = -2 * math.log(1 / 50 + 1e-6)
    assert np.abs(made - expected).max() < 1e-5


def test_scale_and_blur_are_those_of_the_small_image(monkeypatch):
    monkeypatch.setattr(aim, "bundled", {"aim11": basis(centre_of_red(11))}.get)
    image = torch.from_numpy(RNG.random((1, 3, 40, 60))).float()
    plain = aim.aim(image, patch=11, scale=0.5, bins=9, blur=0)
    assert plain.shape == (1, 20, 30)
    made = aim.aim(image, patch=11, scale=0.5, bins=9, blur=2.5)
    assert torch.equal(made, primitives.blur(plain[:, None], 2.5)[:, 0])


@pytest.mark.parametrize(("activity", "expected"), [
    ([1, 1, 1, 1], [0.25] * 4),  # each gains (log2 k - 1) / k
    ([9, 1], [0, 1]),  # of the common one nothing is gained
    ([3, 3], [0, 0]),  # log2 k = 1: nothing to gain
    ([5, 0, 0], [0, 0, 0]),  # what is never active gains nothing
    ([0, 0], [0, 0]),
])  # fmt: skip
def test_gains_in_coding_length(activity, expected):
    made = dva.gains(torch.tensor([activity], dtype=torch.float64))[0].numpy()
    assert np.abs(made - expected).max() < 1e-6


def test_gain_by_hand():
    p = np.array([8, 1, 1, 2]) / 12
    entropy = -(p * np.log2(p)).sum()
    gain = np.maximum(0, -entropy - np.log2(p) - p - p * np.log2(p))
    made = dva.gains(torch.tensor([[8.0, 1, 1, 2]], dtype=torch.float64))[0].numpy()
    assert np.abs(made - gain / gain.sum()).max() < 1e-12


def test_dva_is_the_formula(monkeypatch):
    filters = RNG.normal(size=(5, 3, 8, 8))
    monkeypatch.setattr(dva, "bundled", {"dva": basis(filters)}.get)
    image = RNG.random((3, 80, 120))  # at the size of the model: nothing is resized
    responses = [
        sum(scipy.signal.correlate2d(c, k, "valid") for c, k in zip(image, f, strict=True)) for f in filters
    ]
    activity = np.array([np.abs(r).sum() for r in responses])
    weights = dva.gains(torch.from_numpy(activity)[None])[0].numpy()
    energy = sum(w * np.abs(r) for w, r in zip(weights, responses, strict=True))
    spread = scipy.signal.convolve2d(energy, np.ones((8, 8))) ** 2
    expected = (spread - spread.min()) / np.ptp(spread)
    made = dva.dva(torch.from_numpy(image)[None].float())[0].numpy()
    assert np.abs(made - expected).max() < 1e-4


@pytest.mark.parametrize("memory", [25_000_000, 1])
def test_sun_of_two_filters(monkeypatch, memory):
    filters = np.concatenate([centre_of_red(11), -2 * centre_of_red(11)])
    monkeypatch.setattr(sun, "bundled", {"sun": basis(filters, (0.5, 2), (1.5, 0.5))}.get)
    monkeypatch.setattr(primitives, "RESPONSES", memory)
    image = RNG.random((3, 30, 25))
    inner = (
        np.abs(image[0] - image.mean())[5:-5, 5:-5] / image.std()
    )  # of filters that sum to zero the mean is none
    inner = (inner / 0.5) ** 1.5 + (2 * inner / 2) ** 0.5
    expected = np.pad(inner, 5, constant_values=inner.min())
    made = sun.sun(torch.from_numpy(image)[None].float(), scale=1, blur=0)[0].numpy()
    assert np.abs(made - expected).max() < 1e-4


# ------------------------------------------------------------------ what holds of each of them

FLIPS = {  # the share of the range of a map by which it may differ when the image is flipped: at most 3 times measured
    "image_signature": 5e-6,
    "spectral_residual(opencv)": 0.07,
    "spectral_residual(paper)": 0.012,
    "spectral_residual(pft)": 3e-6,
    "dva": 0.15,  # learned filters are not symmetric
    "aim": 0.2,
    "sun": 0.032,
}
ALL = list(FLIPS)


def maps(name, images):
    key, _, flavour = name.rstrip(")").partition("(")
    return batch(key, images, **({"flavour": flavour} if flavour else {}))


@pytest.fixture(scope="module")
def photographs():
    """Two photographs of one size."""
    datasets = pytest.importorskip("sklearn.datasets")
    return [
        np.ascontiguousarray(datasets.load_sample_image(n)[:400:2, :600:2])
        for n in ("china.jpg", "flower.jpg")
    ]


@pytest.mark.parametrize("name", ALL)
def test_a_batch_gives_what_single_images_give(name, photographs):
    together = maps(name, photographs)
    for image, made in zip(photographs, together, strict=True):
        [alone] = maps(name, [image])
        assert made.dtype == np.float32
        assert np.abs(made - alone).max() < 1e-5 * np.ptp(alone)
        assert np.ptp(alone) > 0


@pytest.mark.parametrize("name", ALL)
def test_a_flipped_image_gives_a_flipped_map(name, photographs):
    plain, turned = maps(name, photographs), maps(name, [image[:, ::-1] for image in photographs])[:, :, ::-1]
    for a, b in zip(plain, turned, strict=True):
        assert np.abs(a - b).max() < FLIPS[name] * np.ptp(a)
        assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("name", ALL)
def test_constant_images_give_zeros_and_others_beside_them_do_not(name):
    one, red = np.zeros((50, 60, 3), np.uint8), np.zeros((50, 60, 3), np.uint8)
    one[20, 30], red[25:30, 10:20, 0] = 255, 255
    flat = [np.full((50, 60, 3), level, np.uint8) for level in (0, 255, 128)]
    made = maps(name, [*flat, one, red, np.full_like(one, (9, 90, 200))])
    assert np.isfinite(made).all()
    assert [bool(m.any()) for m in made] == [False, False, False, True, True, False]


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (3, 200), (37, 53)])
@pytest.mark.parametrize("name", ALL)
def test_images_of_any_size_have_a_map(name, shape):
    image = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    [made] = maps(name, [image])
    assert made.shape == shape
    assert np.isfinite(made).all()
