"""The RARE2012-like model: its parts against plain code and closed forms, and what holds for the whole."""

import math

import numpy as np
import pytest
from scipy import ndimage, signal

torch = pytest.importorskip("torch", reason="models of images need torch")

from saliency_eval.models.batched import maps_of  # noqa: E402
from saliency_eval.models.nets import rare  # noqa: E402
from saliency_eval.models.whitening import rare2012_like  # noqa: E402


def picture(height, width, seed=0):
    """Smooth random colours."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(height, width, 3)), (2, 2, 0))
    return np.clip(128 + 400 * noise, 0, 255).astype(np.uint8)


def maps(*images, side=64):
    return maps_of(rare2012_like, list(images), {"side": side})


def test_components_are_uncorrelated_and_in_order():
    image = torch.from_numpy(picture(40, 50) / 255.0).permute(2, 0, 1)[None]
    found = rare.components(image)[0].flatten(1)
    covariance = found @ found.T
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-9)
    assert (np.diff(np.diag(covariance)) < 0).all()


def test_a_grey_image_has_one_component():
    image = torch.from_numpy(picture(40, 50)[..., :1] / 255.0).permute(2, 0, 1)[None].expand(1, 3, -1, -1)
    assert rare.components(image.float()).flatten(2).abs().amax(2)[0].gt(0).tolist() == [True, False, False]


def test_energy_is_that_of_gabor_filters_over_the_repeated_border():
    colour = np.random.default_rng(1).normal(size=(30, 40))
    bank = rare.gabors((30 + 96, 40 + 96), torch.zeros((), dtype=torch.float64))
    found = rare.features(torch.from_numpy(colour)[None, None], bank)[0].numpy()
    assert (found[0] == colour).all()
    rows, columns = np.mgrid[-47:48, -47:48]
    for angle in (0, 3):
        theta, expected = angle * math.pi / 8, 0
        for wave in (6, 12, 24):
            sigma = 0.56 * wave
            along = (rows * math.sin(theta) + columns * math.cos(theta)) / wave
            gabor = np.exp(-(rows**2 + columns**2) / (2 * sigma**2) + 2j * math.pi * along)
            padded = np.pad(colour, 47, mode="edge")
            answer = signal.fftconvolve(padded, gabor / (2 * math.pi * sigma**2), "valid")
            expected = expected + np.abs(answer) ** 2
        assert found[1 + angle] == pytest.approx(expected, rel=0.01, abs=1e-3)


def test_rarity_is_that_of_the_histogram(monkeypatch):
    monkeypatch.setattr(rare, "LEVELS", 1)
    values = torch.tensor([[[[0.0, 0, 0, 1], [0, 0, 0, 0.5]]]])
    shares = np.array([[6, 6, 6, 1], [6, 6, 6, 1]]) / 8
    assert rare.rarity(values)[0, 0].numpy() == pytest.approx(-np.log(shares + 1e-6), rel=1e-6)


def test_rarity_is_averaged_over_smaller_maps(monkeypatch):
    """One pixel of 256, of 64, of 16, of 4."""
    monkeypatch.setattr(rare, "resize", lambda maps, size: torch.nn.functional.interpolate(maps, tuple(size)))
    values = torch.zeros(1, 1, 16, 16)
    values[0, 0, 0, 0] = 1
    found = rare.rarity(values)[0, 0]
    assert found[0, 0].item() == pytest.approx(math.log(256 * 64 * 16 * 4) / 4, abs=1e-3)
    assert found[9, 9].item() == pytest.approx(-sum(math.log(1 - 4.0**-n) for n in range(1, 5)) / 4, abs=1e-3)


def test_maps_that_stand_out_least_are_left_out():
    lone, half, third = torch.zeros(3, 1, 10, 10)
    lone[0, 3, 3], half[0, :5], third[0, :, :3] = 7, 2, 1  # weights .99^2, .5^2, .7^2
    found = rare.fused(torch.stack([lone, half, third], 1))[0, 0]
    expected = torch.zeros(10, 10)
    expected[3, 3], expected[:, :3] = 0.99**2, 0.7**2
    assert found.numpy() == pytest.approx(expected.numpy() / 0.99**2, rel=1e-5)
    assert not rare.fused(torch.ones(1, 4, 5, 5)).any()


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (10, 200, 30)])
def test_a_constant_image_gives_zeros(colour):
    assert not maps(np.full((40, 50, 3), colour, np.uint8)).any()


def test_one_bright_pixel_is_rarest():
    image = np.zeros((60, 80, 3), np.uint8)
    image[20, 30] = 255
    [found] = maps(image, side=80)
    assert np.unravel_index(found.argmax(), found.shape) == (20, 30)


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (3, 3), (5, 2000), (300, 127)])
def test_images_of_all_sizes_have_a_map(size):
    found = maps(np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8))
    assert found.shape == (1, *size)
    assert np.isfinite(found).all()


def test_a_batch_is_its_images_one_by_one():
    grey = np.repeat(picture(48, 64)[..., :1], 3, 2)
    images = [picture(48, 64), grey, np.full((48, 64, 3), 7, np.uint8), picture(48, 64, 5) // 9]
    for image, found in zip(images, maps(*images), strict=True):
        np.testing.assert_allclose(maps(image)[0], found, rtol=0, atol=1e-5)


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, np.rot90])
def test_flips_and_quarter_turns_of_the_image(turn):
    """A value at the edge of a bin may fall to its other side."""
    image = picture(64, 64)
    [found], [turned] = maps(image), maps(np.ascontiguousarray(turn(image)))
    np.testing.assert_allclose(turned, turn(found), rtol=0, atol=0.02)
    assert np.corrcoef(turned.ravel(), turn(found).ravel())[0, 1] > 0.9999


def test_the_odd_one_out_is_found():
    image = np.full((240, 320, 3), 128, np.uint8)
    for row in range(40, 240, 40):
        for column in range(40, 320, 40):
            image[row - 6 : row + 6, column - 6 : column + 6] = (60, 150, 60)
    image[154:166, 194:206] = (200, 60, 60)
    [found] = maps(image, side=320)
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert abs(row - 160) < 10
    assert abs(column - 200) < 10
