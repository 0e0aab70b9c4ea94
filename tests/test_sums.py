"""The sums over all pixels, compiled and in numpy, against exact arithmetic and plain loops."""

import ctypes
import itertools
import math
import shutil
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saliency_eval import sums

RNG = np.random.default_rng(4)
SIZES = (1, 2, 7, 8, 15, 16, 17, 2047, 2048, 2049, 5000)


@pytest.fixture(params=["compiled", "numpy"])
def form(request, monkeypatch):
    """Each form of the sums in turn."""
    if request.param == "compiled" and not sums.COMPILED:
        pytest.skip("the sums were not compiled: there was no C compiler")
    monkeypatch.setattr(sums, "COMPILED", request.param == "compiled")


def maps(size):
    """Levels, and floats of either width with an offset, zeros and values on either side of 0."""
    levels = RNG.integers(0, 256, size).astype(np.uint8)
    levels[: size // 2] = 7  # neighbours of one level
    floats = np.where(RNG.random(size) < 0.2, 0.0, RNG.normal(3, 5, size))
    return levels, floats.astype(np.float32), floats


def exactly(terms):
    return float(sum(map(Fraction, terms)))


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("size", SIZES)
def test_levels_are_counted_and_weighed(size):
    levels, weights = maps(size)[0], RNG.random(size)
    assert sums.histogram(levels).tolist() == [int((levels == k).sum()) for k in range(256)]
    expected = [exactly(weights[levels == k].tolist()) for k in range(256)]
    np.testing.assert_allclose(sums.level_sums(levels, weights), expected, rtol=1e-14)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("size", SIZES)
def test_moments_are_exact_to_the_last_digits(size):
    for values in maps(size)[1:]:
        numbers = values.tolist()
        total = sum(map(Fraction, numbers))
        squares = float(sum((Fraction(v) - total / size) ** 2 for v in numbers))
        found = sums.moments(values)
        assert (found.size, found.low, found.high) == (size, min(numbers), max(numbers))
        for number in (0.0, found.low, 2.5):
            scale = sum(abs(v - number) for v in numbers)
            expected = float(total - size * Fraction(number))
            assert found.above(number) == pytest.approx(expected, rel=1e-15, abs=4e-15 * scale)
        assert found.squares == pytest.approx(squares, rel=1e-13, abs=1e-13)


@pytest.mark.usefixtures("form")
def test_an_offset_costs_the_moments_no_digits():
    values = RNG.normal(0, 1, 4000) + 1e9
    exact = sum(map(Fraction, values.tolist())) / 4000
    squares = float(sum((Fraction(v) - exact) ** 2 for v in values.tolist()))
    found = sums.moments(values)
    assert found.squares == pytest.approx(squares, rel=1e-12)
    above = float(sum(Fraction(v) - Fraction(found.low) for v in values.tolist()))
    assert found.above(found.low) == pytest.approx(above, rel=1e-12)


@pytest.mark.usefixtures("form")
def test_squares_are_never_below_zero():
    for size in range(1, 3000, 7):
        assert 0 <= sums.moments(np.full(size, 0.1)).squares < 1e-25


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("size", SIZES)
def test_sums_of_two_maps(size):
    others = RNG.random(size)
    for values in maps(size):
        v, w = values.tolist(), others.tolist()
        expected = exactly((a - 2.5) * (b - 0.25) for a, b in zip(v, w, strict=True))
        scale = sum(abs((a - 2.5) * (b - 0.25)) for a, b in zip(v, w, strict=True))
        assert sums.covariance(values, 2.5, others, 0.25) == pytest.approx(expected, abs=1e-14 * scale)
        lesser = [min((a - 1.5) * 0.125 + 0.5, (b - 0.25) * 2) for a, b in zip(v, w, strict=True)]
        p, q = sums.Affine(1.5, 0.125, 0.5), sums.Affine(0.25, 2.0)
        got = sums.shared(values, p, others, q)
        assert got == pytest.approx(exactly(lesser), abs=1e-14 * sum(map(abs, lesser)))


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("size", SIZES)
def test_divergence_is_the_sum_of_weighted_logarithms(size):
    weights = np.where(RNG.random(size) < 0.3, 0.0, RNG.random(size))
    p, q = sums.Affine(-40.0, 0.25, 0.125), sums.Affine(-0.5, 2.0, 0.75)
    for values, floor in itertools.product(maps(size), (0.0, 0.5)):
        pairs = zip(values.tolist(), weights.tolist(), strict=True)
        terms = [(w + floor) * math.log(q(w) / p(v)) for v, w in pairs]
        got = sums.divergence(values, p, weights, q, floor)
        assert got == pytest.approx(exactly(terms), abs=2e-15 * sum(map(abs, terms)))


PLAIN = sums.Affine(0.0, 1.0)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("size", [1, 40])
def test_logarithms_count_where_there_is_weight(size):
    values, weights = np.full(size, 2.0), np.ones(size)
    values[0] = 0.0
    assert sums.divergence(values, PLAIN, weights, sums.ONE, 0.0) == math.inf
    weights[0] = 0.0
    rest = -(size - 1) * math.log(2)
    assert sums.divergence(values, PLAIN, weights, sums.ONE, 0.0) == pytest.approx(rest)
    assert sums.divergence(values, PLAIN, weights, PLAIN, 0.0) == pytest.approx(rest)  # nothing of nothing
    assert sums.divergence(values, PLAIN, weights, sums.ONE, 0.5) == math.inf  # the floor is a weight
    values[0], weights[0] = -2.0, 1.0
    assert math.isnan(sums.divergence(values, PLAIN, weights, sums.ONE, 0.0))
    got = sums.divergence(values, PLAIN, weights, sums.ONE, 0.0, signless=True)
    assert got == pytest.approx(-size * math.log(2))
    for value in (5e-324, 1e-310, 1.7e308):  # the inverse is no normal number
        values[0] = value
        got = sums.divergence(values, PLAIN, weights, sums.ONE, 0.0)
        assert got == pytest.approx(rest - math.log(value))
        got = sums.divergence(values, PLAIN, np.eye(1, size).ravel(), PLAIN, 0.0)  # nothing beside it
        assert got == pytest.approx(-math.log(value))


@pytest.mark.usefixtures("form")
def test_logarithms_are_right_to_the_last_digits():
    for x in [*np.exp(RNG.uniform(-700, 700, 300)), *(1 + RNG.uniform(-0.4, 0.6, 300)), 1 + 2**-52, 1.0]:
        weights = np.zeros(16)
        weights[3] = 1.0
        got = sums.divergence(np.full(16, 1.0), PLAIN, weights, sums.Affine(0.0, x), 0.0)
        assert abs(got - math.log(x)) <= 3 * np.spacing(abs(math.log(x)))


def test_there_is_a_compiled_form_where_there_is_a_compiler():
    assert sums.COMPILED or shutil.which("cc") is None, "pip install -e . compiles it"


@pytest.mark.usefixtures("form")
def test_every_pixel_reaches_none_of_no_edges():
    assert sums.reached(np.arange(5.0), 0.0, 1.0, np.empty(0)).tolist() == [5]


@pytest.mark.usefixtures("form")
def test_what_does_not_fit_is_refused_before_it_is_read():
    values, short, plain = np.arange(6.0), np.arange(5.0), PLAIN
    for call in (
        lambda: sums.level_sums(values.astype(np.uint8), short),
        lambda: sums.covariance(values, 0.0, short, 0.0),
        lambda: sums.shared(values, plain, short, plain),
        lambda: sums.divergence(values, plain, short, plain, 0.0),
    ):
        with pytest.raises(ValueError, match="one size"):
            call()
    for starts in ([-1], [5], [0, 0]):
        with pytest.raises(IndexError):
            sums.deposit(np.ones((1, 2)), np.array(starts), short, 1)


@pytest.mark.skipif(not sums.COMPILED, reason="the sums were not compiled: there was no C compiler")
def test_the_compiled_form_takes_no_array_of_another_type():
    values = np.arange(6.0)
    for others in (values.astype(np.float32), values.astype(np.int64), np.arange(12.0)[::2]):
        with pytest.raises(TypeError):
            sums.covariance(values, 0.0, others, 0.0)
    with pytest.raises(ctypes.ArgumentError):
        sums.covariance(values, "0", values, 0.0)
    assert sums.covariance(values, 0, values, 0) == 55.0  # whole numbers are numbers


class Interrupting(np.ndarray):
    """Ctrl-C comes when its address is asked for."""

    @property
    def ctypes(self):
        raise KeyboardInterrupt


@pytest.mark.skipif(not sums.COMPILED, reason="the sums were not compiled: there was no C compiler")
def test_an_interruption_while_arrays_are_checked_stays_one():
    values = np.arange(6.0)
    for one, other in ((values, values.view(Interrupting)), (values.view(Interrupting), values)):
        with pytest.raises(KeyboardInterrupt):
            sums.covariance(one, 0.0, other, 0.0)


HARD = st.one_of(
    st.floats(-4, 4, width=32),
    st.sampled_from([0.0, -0.0, 1.0, math.nextafter(1, 2), math.nextafter(1, 0), 1e-300, 5e-324, 1e30]),
)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("edges", [[-1.5e308, 1.5e308], [-1e308, 0.0, 1e308], [5e-324], [0.0, 5e-324]])
def test_edges_lie_as_far_apart_as_numbers_can(edges):
    values = np.array([-1.6e308, -1e308, 0.0, 5e-324, 1.0, 1e308, 1.6e308])
    found = sums.reached(values, 0.0, 1.0, np.array(edges))
    expected = [sum(edge <= value for edge in edges) for value in values]
    assert found.tolist() == np.bincount(expected, minlength=len(edges) + 1).tolist()


@given(st.lists(HARD, min_size=1, max_size=60), st.lists(HARD, min_size=1, max_size=9), st.booleans())
def test_pixels_reach_edges_as_a_search_says(numbers, edges, single):
    values = np.array(numbers, np.float32 if single else np.float64)
    ascending = np.unique(np.array(edges))
    for low, range in ((0.0, 1.0), (float(values.min()), 3.7)):
        found = sums.reached(values, low, range, ascending)
        place = np.searchsorted(ascending, (values.astype(np.float64) - low) / range, "right")
        assert found.tolist() == np.bincount(place, minlength=len(ascending) + 1).tolist()


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("kind", ["even", "heavy tail", "few values", "offset"])
def test_many_pixels_reach_edges_among_them(kind):
    values = {
        "even": RNG.random(20_000),
        "heavy tail": np.exp(RNG.normal(0, 8, 20_000)),
        "few values": RNG.integers(0, 30, 20_000) / 29,
        "offset": 1e6 + RNG.random(20_000) * 1e-6,
    }[kind]
    at = RNG.choice(values, 200)
    edges = np.unique([at, np.nextafter(at, np.inf)])
    expected = [int(((values >= a) & (values < b)).sum()) for a, b in itertools.pairwise(edges)]
    found = sums.reached(values, 0.0, 1.0, edges)
    assert found.tolist() == [int((values < edges[0]).sum()), *expected, int((values >= edges[-1]).sum())]


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 31), (4, 32), (9, 70)])
def test_deposit_is_the_sum_of_products(height, width):
    table = np.where(abs(np.arange(-2 * width, 2 * width + 1)) < 9, RNG.random(4 * width + 1), 0.0)
    rows = np.where(RNG.random((6, height)) < 0.5, 0.0, RNG.random((6, height)))
    starts = np.array([0, width, 2 * width, 2 * width - width // 2, 3 * width, 3 * width + 1])
    found = sums.deposit(rows, starts, table, width)
    for y in range(height):
        for x in range(width):
            expected = sum(rows[k, y] * table[starts[k] + x] for k in range(6))
            assert found[y, x] == pytest.approx(expected, rel=1e-14, abs=1e-300)
    assert sums.deposit(rows[:0], starts[:0], table, width).tolist() == np.zeros((height, width)).tolist()
