"""Itti-Koch and GBVS: their parts against plain code and closed forms, and what holds for the whole."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="models of images need torch")

from saliency_eval.models import pyramids  # noqa: E402
from saliency_eval.models.batched import maps_of  # noqa: E402
from saliency_eval.models.nets import channels as parts  # noqa: E402
from saliency_eval.models.nets import pyramid  # noqa: E402
from saliency_eval.models.nets.gbvs import activation, nearness  # noqa: E402
from saliency_eval.models.nets.itti import local_maxima, stands_out  # noqa: E402

BOTH = pytest.mark.parametrize("model", [pyramids.itti_koch, pyramids.gbvs])
RNG = np.random.default_rng(5)


def noise(*shape):
    return torch.from_numpy(RNG.random(shape))


def blocks(height, width, side=16):
    colours = RNG.integers(0, 256, (height // side + 1, width // side + 1, 3))
    return np.kron(colours, np.ones((side, side, 1))).astype(np.uint8)[:height, :width]


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8, 11])
def test_halving_is_a_mean_of_six_neighbours_inside_the_image(n):
    maps = noise(1, 2, n, 3)
    taps = dict(zip(range(-2, 4), (1, 5, 10, 10, 5, 1), strict=True))
    if n in (1, 3):
        expected = maps if n == 1 else (maps[:, :, :1] + 2 * maps[:, :, 1:2] + maps[:, :, 2:]) / 4
    else:
        inside = [{2 * k + d: t for d, t in taps.items() if 0 <= 2 * k + d < n} for k in range(n // 2)]
        rows = [sum(t * maps[:, :, i] for i, t in own.items()) / sum(own.values()) for own in inside]
        expected = torch.stack(rows, 2)
    torch.testing.assert_close(pyramid.halved(maps, 2), expected, rtol=1e-14, atol=0)
    torch.testing.assert_close(pyramid.halved(maps.mT, 3), expected.mT, rtol=1e-14, atol=0)


def test_levels_are_numbered_by_how_often_they_are_halved():
    levels = pyramid.pyramid(torch.rand(2, 3, 150, 203), (2, 4))
    assert {n: tuple(maps.shape) for n, maps in levels.items()} == {2: (2, 4, 37, 50), 4: (2, 4, 9, 12)}


@pytest.mark.parametrize(
    ("size", "enlarged"), [((64, 100), (128, 200)), ((128, 9), (1024, 72)), ((1, 4000), (1, 4000))]
)
def test_small_images_are_enlarged_in_shape(size, enlarged):
    assert tuple(pyramid.enlarged(torch.rand(1, 3, *size)).shape[-2:]) == enlarged


def test_borders_are_weakened_step_by_step():
    got = parts.attenuated(torch.ones(1, 1, 9, 4, dtype=torch.float64), 3)[0, 0]
    row = torch.tensor([1 / 4, 2 / 4, 3 / 4, 1, 1, 1, 3 / 4, 2 / 4, 1 / 4], dtype=torch.float64)
    column = torch.tensor([1 / 3, 2 / 3, 2 / 3, 1 / 3], dtype=torch.float64)  # half of 4 is less than 3
    torch.testing.assert_close(got, row[:, None] * column)


@pytest.mark.parametrize(("angle", "place"), [(0, 0), (45, 1), (90, 2), (135, 3)])
def test_each_filter_answers_most_to_stripes_of_its_angle(angle, place):
    rows, columns = torch.meshgrid(torch.arange(60.0), torch.arange(60.0), indexing="ij")
    across = rows * math.cos(math.radians(angle)) - columns * math.sin(math.radians(angle))
    answers = parts.oriented(torch.cos(2 * across)[None, None])[0, :, 20:40, 20:40].mean((1, 2))
    assert answers.argmax() == place
    assert answers[place] > 5 * answers[(place + 2) % 4]


def test_filters_have_mean_0_and_length_1():
    for phase in (0.0, math.pi / 2):
        filters = parts.gabors(phase, torch.zeros(1, dtype=torch.float64)).flatten(1)
        assert filters.shape == (4, 27 * 27)
        assert filters.mean(1).abs().max() < 1e-16
        torch.testing.assert_close(filters.norm(dim=1), torch.ones(4, dtype=torch.float64))


def test_dkl_is_the_formula_with_its_constants():
    rgb = noise(1, 3, 4, 5)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)[0]
    l0, m0, s0 = 34.918538957799996, 19.3147966765, 0.5856108185
    red, green, blue = linear
    long = 18.32535 * red + 44.60077 * green + 7.46216 * blue - l0
    medium = 4.09544 * red + 28.20135 * green + 6.66066 * blue - m0
    short = 0.02114 * red + 0.10325 * green + 1.05258 * blue - s0
    g, q = 1 / (l0 + m0), math.hypot(l0, m0)
    expected = [
        0.5774 * math.sqrt(3) * g * (long + medium),
        2.7525 * (q / l0 * g * long - q / m0 * g * medium),
        0.4526 * (-g * long - g * medium + (l0 + m0) / s0 * g * short),
    ]
    np.testing.assert_allclose(parts.dkl(rgb)[0], expected, rtol=0, atol=1e-6)


def test_opponent_colours():
    colours = {(1, 0, 0): (0, 1), (0, 0, 0.5): (1, 0), (0.2, 0.4, 0.8): (0.75, 0.25), (0, 0, 0): (0, 0)}
    for rgb, expected in colours.items():
        image = torch.tensor(rgb, dtype=torch.float64).reshape(1, 3, 1, 1)
        found = parts.opponents(image, image.amax(1, keepdim=True)).flatten()
        assert found.tolist() == pytest.approx(expected)


def test_a_channel_that_is_flat_up_to_rounding_is_zeros():
    maps = torch.stack([0.3 + 1e-7 * torch.rand(8, 8), torch.rand(8, 8)])[None]
    assert parts.unless_flat(maps)[0, 0].abs().max() == 0
    assert torch.equal(parts.unless_flat(maps)[0, 1], maps[0, 1])


def test_one_peak_is_raised_more_than_several():
    """N by hand: M = 10; one maximum 100 x; maxima 10 and 6 of mean 8 give (10 - 8)^2."""
    one = torch.zeros(1, 1, 7, 9)
    one[0, 0, 2, 2] = 5
    two = one.clone()
    two[0, 0, 4, 6] = 3
    assert stands_out(one).amax() == 1000
    assert stands_out(two)[0, 0, [2, 4], [2, 6]].tolist() == pytest.approx([40, 24])
    edge = torch.zeros(1, 1, 7, 9)
    edge[0, 0, 0, 4] = 5
    assert stands_out(edge).amax() == 10  # no maximum off the border
    assert stands_out(torch.cat([one, two]))[1].equal(stands_out(two)[0])


def test_maxima_are_at_least_1_and_may_be_flat():
    maps = torch.zeros(5, 6)
    maps[2, 2:4], maps[1, 1], maps[3, 4] = 2.0, 0.9, 1.0
    assert local_maxima(maps).nonzero().tolist() == [[2, 2], [2, 3], [3, 4]]


@pytest.mark.parametrize("levels", [256, 3])
def test_activation_is_where_the_walk_ends(levels):
    """Power iteration of the columns' shares, from the uniform distribution, as the paper has it."""
    near = nearness((7, 9), 0.15, noise(1))
    maps = (noise(3, 63) * levels).floor()
    for nodes, active in zip(maps, activation(maps, near), strict=True):
        weights = (nodes[:, None] - nodes).abs() * near
        steps = weights / weights.sum(0)
        walk = torch.full_like(nodes, 1 / 63)
        for _ in range(2000):
            walk = steps @ walk
        torch.testing.assert_close(active, walk, rtol=0, atol=1e-9)


def test_activation_of_a_flat_map_is_uniform():
    near = nearness((4, 5), 0.15, noise(1))
    assert activation(torch.full((1, 20), 0.5), near.float()).tolist() == [[pytest.approx(0.05)] * 20]


def test_nearness():
    near = nearness((2, 3), 0.5, noise(1))
    assert near[0].tolist() == pytest.approx(
        [math.exp(-(d**2) / 3.125) for d in (0, 1, 2, 1, 2**0.5, 5**0.5)]
    )


@BOTH
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (10, 200, 30)])
def test_a_constant_image_gives_zeros(model, colour):
    assert not maps_of(model, [np.full((40, 50, 3), colour, np.uint8)], {}).any()


@BOTH
@pytest.mark.parametrize("size", [(1, 1), (1, 2), (3, 3), (5, 2000), (300, 127), (255, 131)])
def test_images_of_all_sizes_have_a_map(model, size):
    found = maps_of(model, [RNG.integers(0, 256, (*size, 3), dtype=np.uint8)], {})
    assert found.shape == (1, *size)
    assert np.isfinite(found).all()


@BOTH
@pytest.mark.parametrize("colour", ["opponent", "dkl"])
def test_a_batch_is_its_images_one_by_one(model, colour):
    grey = np.repeat(blocks(140, 151)[..., :1], 3, 2)
    images = [blocks(140, 151), grey, np.full((140, 151, 3), 7, np.uint8), blocks(140, 151, 5) // 9]
    together = maps_of(model, images, {"colour": colour})
    for image, found in zip(images, together, strict=True):
        np.testing.assert_allclose(maps_of(model, [image], {"colour": colour})[0], found, rtol=0, atol=1e-5)


@BOTH
def test_a_flip_of_the_image_flips_the_map(model):
    image = blocks(256, 320)  # halves of halves are whole
    flipped = maps_of(model, [image[:, ::-1]], {})[0]
    np.testing.assert_allclose(flipped[:, ::-1], maps_of(model, [image], {})[0], rtol=0, atol=1e-4)


@BOTH
@pytest.mark.parametrize("colour", ["opponent", "dkl"])
def test_the_odd_one_out_is_found(model, colour):
    image = np.full((240, 320, 3), 128, np.uint8)
    for row in range(40, 240, 40):
        for column in range(40, 320, 40):
            image[row - 6 : row + 6, column - 6 : column + 6] = (60, 150, 60)
    image[154:166, 194:206] = (200, 60, 60)
    found = maps_of(model, [image], {"colour": colour})[0]
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert abs(row - 160) < 20
    assert abs(column - 200) < 20


@pytest.mark.parametrize(
    ("model", "other"),
    [(pyramids.itti_koch, {"furthest": 3}), (pyramids.gbvs, {"side": 24}), (pyramids.gbvs, {"sigma": 0.3})],
)
def test_options_change_the_map(model, other):
    image = blocks(200, 260)
    given, default = maps_of(model, [image], other)[0], maps_of(model, [image], {})[0]
    assert 0.5 < np.corrcoef(given.ravel(), default.ravel())[0, 1] < 0.9999
