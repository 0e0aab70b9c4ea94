"""The AWS-like model: what whitening must leave and what it must not see."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

torch = pytest.importorskip("torch", reason="models of images need torch")

from saliency_eval.models.batched import maps_of  # noqa: E402
from saliency_eval.models.nets import whitened  # noqa: E402
from saliency_eval.models.nets.primitives import whiten  # noqa: E402
from saliency_eval.models.whitening import aws_like  # noqa: E402

RNG = np.random.default_rng(6)


def blocks(height, width, side=9):
    colours = RNG.integers(0, 256, (height // side + 1, width // side + 1, 3))
    return np.kron(colours, np.ones((side, side, 1))).astype(np.uint8)[:height, :width]


def tensor(image):
    return torch.from_numpy(image.transpose(2, 0, 1).copy())[None].float() / 255


def test_whitened_rows_are_uncorrelated_and_in_order():
    rows = torch.from_numpy(np.diag([3.0, 1.0, 5.0]) @ RNG.standard_normal((3, 4000)))[None] + 7
    white = whiten(rows)[0]
    torch.testing.assert_close(white @ white.T / 4000, torch.eye(3, dtype=torch.float64))
    for row, origin in enumerate((2, 0, 1)):
        assert abs(np.corrcoef(white[row], rows[0, origin])[0, 1]) > 0.99


def test_what_is_next_to_nothing_is_not_raised_to_1():
    rows = torch.from_numpy(RNG.standard_normal((1, 2, 4000))) * torch.tensor([1, 1e-5])[:, None]
    assert whiten(rows)[0, 1].var() == pytest.approx(1e-10 / 1e-6, rel=0.1)
    assert not whiten(torch.full((1, 2, 9), 3.0)).any()


def test_the_energy_of_each_colour_and_angle_is_its_number_of_scales_in_the_mean():
    energy = whitened.distinctness(tensor(blocks(180, 240)))
    assert energy.mean().item() == pytest.approx(4 * (7 + 5 + 5), rel=1e-3)


def test_a_colour_that_is_not_there_has_no_say():
    grey = np.repeat(blocks(180, 240)[..., :1], 3, 2)
    assert whitened.distinctness(tensor(grey)).mean().item() == pytest.approx(4 * 7, rel=1e-2)


def test_filters_are_one_sided_and_an_octave_apart():
    like = torch.zeros(1, 1, 384, 768, dtype=torch.float64)
    waves = whitened.wavelengths(like)
    assert waves[:, 0, 0].tolist() == [0] * 7
    for scale in range(7):
        peak = waves[scale, 0, 768 // (6 * 2**scale)]
        assert peak.item() == pytest.approx(1)
        assert waves[scale, 0, 768 // (3 * 2**scale)].item() == pytest.approx(
            np.exp(-(np.log(2) ** 2) / (2 * np.log(0.55) ** 2))
        )
    east = whitened.direction(0.0, like)
    assert east[0, 5] == 1
    assert east[0, -5] < 1e-7
    assert east[5, 10].item() == pytest.approx(np.exp(-(45**2) / (2 * 30**2)))
    assert whitened.direction(np.pi * 0.75, like)[5, -10].item() == pytest.approx(1)


def test_a_common_factor_and_offset_of_lab_do_not_matter_nor_does_a_mixture_of_channels(monkeypatch):
    """A mixture may change which colour varies most, so that maps stay the same where all have as many scales."""
    image = tensor(blocks(120, 160))
    expected = whitened.distinctness(image)
    mixture = torch.tensor([[2.0, 0.3, -0.1], [0.2, -0.7, 0.4], [0.0, 0.1, 5.0]])
    plain = whitened.lab
    monkeypatch.setattr(whitened, "lab", lambda x: 0.1 * plain(x) + 11)
    torch.testing.assert_close(whitened.distinctness(image), expected, rtol=2e-3, atol=2e-2)
    monkeypatch.setattr(whitened, "SCALES", (5, 5, 5))
    five = whitened.white_maps(plain(image))
    mixed = whitened.white_maps(torch.einsum("ij,bjhw->bihw", mixture, plain(image)))
    torch.testing.assert_close((five**2).sum(1), (mixed**2).sum(1), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (10, 200, 30)])
def test_a_constant_image_gives_zeros(colour):
    assert not maps_of(aws_like, [np.full((40, 50, 3), colour, np.uint8)], {}).any()


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (3, 3), (5, 2000), (300, 127), (255, 131)])
@pytest.mark.parametrize("scale", [0.05, 0.5])
def test_images_of_all_sizes_have_a_map(size, scale):
    found = maps_of(aws_like, [RNG.integers(0, 256, (*size, 3), dtype=np.uint8)], {"scale": scale})
    assert found.shape == (1, *size)
    assert np.isfinite(found).all()


def test_a_batch_is_its_images_one_by_one():
    grey = np.repeat(blocks(130, 171)[..., :1], 3, 2)
    images = [blocks(130, 171), grey, np.full((130, 171, 3), 7, np.uint8), blocks(130, 171, 5) // 9]
    for image, found in zip(images, maps_of(aws_like, images, {}), strict=True):
        np.testing.assert_allclose(maps_of(aws_like, [image], {})[0], found, rtol=0, atol=1e-5)


def test_flips_and_quarter_turns_of_the_image():
    smooth = gaussian_filter(RNG.standard_normal((160, 160, 3)), (2, 2, 0))
    image = np.clip(128 + 400 * smooth, 0, 255).astype(np.uint8)
    expected = maps_of(aws_like, [image], {})[0]
    for turn in (np.fliplr, np.flipud, np.rot90):
        found = maps_of(aws_like, [np.ascontiguousarray(turn(image))], {})[0]
        np.testing.assert_allclose(found, turn(expected), rtol=0, atol=6e-4)


def test_the_odd_one_out_is_found():
    image = np.full((240, 320, 3), 128, np.uint8)
    for row in range(40, 240, 40):
        for column in range(40, 320, 40):
            image[row - 6 : row + 6, column - 6 : column + 6] = (60, 150, 60)
    image[154:166, 194:206] = (200, 60, 60)
    found = maps_of(aws_like, [image], {})[0]
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert abs(row - 160) < 20
    assert abs(column - 200) < 20


def test_blur_is_a_share_of_the_longer_side():
    image = blocks(120, 160)
    sharp = maps_of(aws_like, [image], {"scale": 1, "blur": 0})[0]
    expected = gaussian_filter(sharp, 0.05 * 160, mode="nearest")
    expected = (expected - expected.min()) / np.ptp(expected)
    found = maps_of(aws_like, [image], {"scale": 1, "blur": 0.05})[0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)
