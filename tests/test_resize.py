"""Resize rules against a dense loop of the recipe, scipy, numpy and Pillow."""

import math

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import zoom

from saliency_eval.errors import SaliencyEvalError
from saliency_eval.resize import RULES, matlab, resize

SIZES = [
    ((9, 14), (20, 31)),  # larger
    ((23, 18), (10, 7)),  # smaller
    ((12, 40), (25, 9)),  # one of each
    ((50, 2), (3, 11)),  # the kernel is wider than the map: mirrored more than once
    ((1, 5), (4, 1)),
    ((16, 7), (16, 15)),  # one axis stays
]


def cubic(x):
    x = abs(x)
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x <= 2 else 0.0


def mirrored(i, n):
    while not 0 <= i < n:
        i = -1 - i if i < 0 else 2 * n - 1 - i
    return i


def dense_weights(n_in, n_out, border="mirror", factor=None):
    """The recipe as a loop: output pixel j is centred at (j + 1/2)/s - 1/2 and sees 4/min(s, 1) pixels."""
    s = factor or n_out / n_in
    f = min(s, 1.0)
    weights = np.zeros((n_out, n_in))
    for j in range(n_out):
        u = (j + 0.5) / s - 0.5
        first = math.floor(u - 2 / f)
        for i in range(first, first + math.ceil(4 / f) + 2):
            place = mirrored(i, n_in) if border == "mirror" else min(max(i, 0), n_in - 1)
            weights[j, place] += cubic(f * (u - i))
    return weights / weights.sum(1, keepdims=True)


def dense_resize(values, shape, border="mirror", factor=None):
    rows, columns = (
        dense_weights(n, out, border, factor) for n, out in zip(values.shape, shape, strict=True)
    )
    return rows @ values @ columns.T


def linear(values, shape):
    """Linear interpolation with the corner pixels on the corners."""
    for axis, (n, out) in enumerate(zip(values.shape, shape, strict=True)):
        at = np.linspace(0, n - 1, out)
        values = np.apply_along_axis(lambda line, at=at, n=n: np.interp(at, np.arange(n), line), axis, values)
    return values


def some_map(shape, seed=0):
    return np.random.default_rng([seed, *shape]).random(shape) * 3 - 1


@pytest.mark.parametrize(("source", "target"), SIZES)
def test_matlab_rules_are_the_recipe(source, target):
    values = some_map(source)
    for rule, border in (("matlab", "mirror"), ("matlab-replicate", "replicate")):
        np.testing.assert_allclose(
            resize(values, target, rule), dense_resize(values, target, border), rtol=0, atol=1e-13
        )


def test_matlab_is_the_default_rule_and_mirrors():
    values = some_map((9, 14))
    by_mirror, by_edge = (dense_resize(values, (20, 31), b) for b in ("mirror", "replicate"))
    np.testing.assert_allclose(resize(values, (20, 31)), by_mirror, atol=1e-13)
    assert np.abs(by_mirror - by_edge).max() > 1e-3


@pytest.mark.parametrize(("shape", "factor"), [((37, 53), 1 / 8), ((15, 18), 1 / 4), ((7, 10), 2.3)])
def test_matlab_by_a_factor(shape, factor):
    values = some_map(shape)
    target = tuple(math.ceil(n * factor) for n in shape)
    sampled = matlab(values, target, factor)
    np.testing.assert_allclose(sampled, dense_resize(values, target, factor=factor), rtol=0, atol=1e-13)
    assert np.abs(sampled - dense_resize(values, target)).max() > 1e-3  # not the ratio of the sizes


@pytest.mark.parametrize("rule", sorted(set(RULES) - {"error"}))
@pytest.mark.parametrize(("source", "target"), SIZES)
def test_a_constant_stays_constant(rule, source, target):
    np.testing.assert_allclose(resize(np.full(source, 7.0), target, rule), np.full(target, 7.0), atol=1e-5)


@pytest.mark.parametrize("rule", ["matlab", "matlab-replicate"])
def test_ramp_and_square_are_reproduced_in_the_interior(rule):
    at = (np.arange(30) + 0.5) / 2.5 - 0.5
    rows, columns = np.arange(12.0)[:, None], np.arange(12.0)[None]
    ramp = resize(2 * rows - 3 * columns, (30, 30), rule)
    square = resize(rows**2 - columns * rows, (30, 30), rule)
    inside = (slice(5, -5),) * 2
    np.testing.assert_allclose(ramp[inside], (2 * at[:, None] - 3 * at)[inside], atol=1e-11)
    np.testing.assert_allclose(square[inside], (at[:, None] ** 2 - at * at[:, None])[inside], atol=1e-11)


@pytest.mark.parametrize("step", [2, 3])
def test_a_ramp_is_reproduced_when_it_shrinks(step):
    ramp = resize(np.arange(36.0)[:, None] + np.zeros(36), (36 // step, 36), "matlab")
    at = (np.arange(36 // step) + 0.5) * step - 0.5
    np.testing.assert_allclose(ramp[2:-2, 0], at[2:-2], atol=1e-12)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_equal_size_is_the_map_itself(rule):
    values = some_map((11, 6))
    np.testing.assert_allclose(
        resize(values, (11, 6), rule), values, rtol=0, atol=0 if rule != "zoom3" else 1e-12
    )
    if rule != "zoom3":
        assert resize(values, (11, 6), rule).dtype == np.float64


@pytest.mark.parametrize(("source", "target"), SIZES)
def test_pillow_rules_are_pillow(source, target):
    values = some_map(source) * 50 + 90
    size = target[::-1]
    floats, bytes_ = Image.fromarray(values.astype(np.float32)), Image.fromarray(values.astype(np.uint8))
    cases = {
        "pillow": floats.resize(size, Image.Resampling.BICUBIC),
        "pillow-bilinear": floats.resize(size, Image.Resampling.BILINEAR),
        "pillow-u8": bytes_.resize(size, Image.Resampling.BICUBIC),
    }
    for rule, expected in cases.items():
        np.testing.assert_array_equal(resize(values, target, rule), np.asarray(expected), rule)


@pytest.mark.parametrize(("source", "target"), SIZES)
def test_zoom_rules_put_corners_on_corners(source, target):
    values = some_map(source)
    factors = [out / n for out, n in zip(target, source, strict=True)]
    np.testing.assert_allclose(resize(values, target, "zoom3"), zoom(values, factors, order=3), atol=1e-13)
    if 1 not in (*source, *target):
        np.testing.assert_allclose(resize(values, target, "zoom1"), linear(values, target), atol=1e-12)


def test_whole_numbers_are_interpolated_as_reals():
    values = np.random.default_rng(3).integers(0, 256, (9, 14)).astype(np.uint8)
    expected = {
        "matlab": dense_resize(values.astype(float), (20, 31)),
        "zoom1": linear(values.astype(float), (20, 31)),
        "zoom3": zoom(values.astype(float), (20 / 9, 31 / 14), order=3),
        "pillow": Image.fromarray(values.astype(np.float32)).resize((31, 20), Image.Resampling.BICUBIC),
    }
    for rule, wanted in expected.items():
        np.testing.assert_allclose(
            resize(values, (20, 31), rule), np.asarray(wanted), atol=1e-10, err_msg=rule
        )


def test_what_is_refused():
    with pytest.raises(SaliencyEvalError, match=r"14x9, the stimulus 31x20") as error:
        resize(some_map((9, 14)), (20, 31), "error")
    assert error.value.code == "wrong_size"
    with pytest.raises(SaliencyEvalError, match="unknown resize rule 'matlb'"):
        resize(some_map((9, 14)), (20, 31), "matlb")


@pytest.mark.parametrize("power", [-1000, -300, 300, 1000])
@pytest.mark.parametrize("rule", ["pillow", "pillow-bilinear"])
def test_maps_beyond_the_range_of_32_bits_keep_their_form(rule, power):
    values = some_map((9, 14)).astype(np.float32).astype(np.float64)
    wanted = np.ldexp(resize(values, (20, 31), rule).astype(np.float64), power)
    np.testing.assert_allclose(resize(np.ldexp(values, power), (20, 31), rule), wanted, rtol=1e-5, atol=0)
