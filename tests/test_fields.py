"""Fields against scipy, a Fourier transform and loops: densities, fixations of other images, points."""

import itertools
import tracemalloc

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from test_resize import dense_resize

from saliency_eval import check, metrics
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.fields import density, fixation_map, gaussian, other_fixations, other_images
from saliency_eval.pool import Pool, once_per_pixel

MODES = {"zero": "constant", "reflect": "reflect"}


def counts(points, shape, duplicates):
    made = np.zeros(shape)
    for row, column in np.asarray(points).tolist():
        made[row, column] = made[row, column] + 1 if duplicates == "count" else 1
    return made


def near_borders(shape, seed=0):
    """Corners, points on and beside the edges, points anywhere; some of them several times."""
    rng = np.random.default_rng([seed, *shape])
    end = np.array(shape) - 1
    corners = np.array([[0, 0], [0, end[1]], [end[0], 0], end])
    beside = np.minimum([[0, 1], [1, 0], [2, 3]], end)
    anywhere = np.column_stack([rng.integers(0, n, 9) for n in shape])
    return np.vstack([corners, beside, end - beside, anywhere, corners[:2], anywhere[:3], anywhere[:1]])


# ------------------------------------------------------------------ densities


@pytest.mark.parametrize("shape", [(1, 6), (3, 7), (17, 5), (40, 61)])
@pytest.mark.parametrize("border", sorted(MODES))
def test_density_is_the_gaussian_filter(border, shape):
    points = near_borders(shape)
    for sigma, truncate, duplicates in itertools.product(
        (0.7, 2.6, 5, 24.0), (2.5, 4.0, 8.0), ("unique", "count")
    ):
        options = {"sigma": sigma, "truncate": truncate, "duplicates": duplicates}
        expected = gaussian_filter(
            counts(points, shape, duplicates), sigma, mode=MODES[border], truncate=truncate
        )
        got = density(points, shape, border=border, **options).values
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-13 * expected.max(), err_msg=str(options))


def test_defaults_of_the_density():
    points, shape = near_borders((12, 19)), (12, 19)
    expected = gaussian_filter(counts(points, shape, "unique"), 2.6, mode="constant", truncate=4)
    np.testing.assert_allclose(density(points, shape, sigma=2.6).values, expected, rtol=0, atol=1e-14)


def test_reflected_mass_is_the_number_of_points():
    points, shape = near_borders((17, 5)), (17, 5)
    assert density(
        points, shape, border="reflect", sigma=9.0, duplicates="count"
    ).values.sum() == pytest.approx(len(points))


@pytest.mark.parametrize("duplicates", ["unique", "count"])
def test_density_normalised(duplicates):
    points, shape = near_borders((14, 20)), (14, 20)
    raw = gaussian_filter(counts(points, shape, duplicates), 2.6, mode="constant")
    options = {"sigma": 2.6, "duplicates": duplicates}
    by_sum = density(points, shape, normalise="sum", **options).values
    np.testing.assert_allclose(by_sum, raw / raw.sum(), rtol=1e-10)
    by_range = density(points, shape, normalise="minmax", **options).values
    np.testing.assert_allclose(by_range, (raw - raw.min()) / (raw.max() - raw.min()), atol=1e-13)


def test_density_of_a_file():
    stored = np.arange(12.0).reshape(3, 4) + 1
    points = np.array([[0, 0]])
    np.testing.assert_array_equal(density(points, (3, 4), lambda: stored, source="file").values, stored)
    by_sum = density(points, (3, 4), lambda: stored, source="file", normalise="sum").values
    np.testing.assert_allclose(by_sum, stored / 78, rtol=1e-15)
    with pytest.raises(SaliencyEvalError, match="no density files"):
        density(points, (3, 4), source="file")
    with pytest.raises(SaliencyEvalError, match="resizing is off"):
        density(points, (6, 8), lambda: stored, source="file")


@pytest.mark.parametrize("scale", [2.0**-1000, 1.0, 2.0**900])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_density_of_a_file_has_any_scale_and_layout(scale, order):
    numbers = np.random.default_rng(1).random((2, 20, 30))
    saliency, stored = numbers[0], np.array(numbers[1] * scale, order=order)
    for metric in (metrics.cc, metrics.sim, metrics.kld):
        for normalise in ("none", "sum", "minmax"):
            options = {"source": "file", "normalise": normalise}
            got = metric(saliency, density([], (20, 30), lambda: stored, **options))
            expected = metric(saliency, numbers[1] - (numbers[1].min() if normalise == "minmax" else 0))
            assert got == pytest.approx(expected, rel=1e-12)


def test_a_density_of_one_value_has_no_range_and_stays():
    points = np.argwhere(np.ones((2, 3)))
    assert (density(points, (2, 3), sigma=0.0, normalise="minmax").values == 1).all()
    assert metrics.sim(
        np.eye(3), density(np.argwhere(np.ones((3, 3))), (3, 3), sigma=0.0, normalise="minmax")
    ) == (pytest.approx(1 / 3))


def test_density_needs_a_width():
    with pytest.raises(SaliencyEvalError, match="needs sigma"):
        density(np.array([[0, 0]]), (3, 4))


def antonio(impulses, fc):
    """The low-pass filter of the MIT code: gain exp(-(f/s)^2), s = fc/sqrt(ln 2), on a square of 2^k pixels."""
    n = max(impulses.shape)
    n = 2 ** int(np.ceil(np.log2(n + n % 2)))
    square = np.zeros((n, n))
    square[: impulses.shape[0], : impulses.shape[1]] = impulses
    f = np.fft.fftfreq(n, 1 / n)
    gain = np.exp(-(f[:, None] ** 2 + f**2) * np.log(2) / fc**2)
    return np.fft.ifft2(np.fft.fft2(square) * gain).real[: impulses.shape[0], : impulses.shape[1]]


@pytest.mark.parametrize("fc", [5.0, 8.0, 11.5])
@pytest.mark.parametrize("shape", [(100, 128), (128, 70), (127, 90), (60, 129), (200, 256)])
def test_antonio_is_a_fourier_filter(shape, fc):
    points = near_borders(shape)
    for duplicates in ("unique", "count"):
        expected = antonio(counts(points, shape, duplicates), fc)
        got = density(points, shape, border="antonio", fc=fc, duplicates=duplicates).values
        tolerance = 1e-13 if fc < 9 or max(shape) > 128 else 1e-8  # the filter is cut at 64 cycles
        np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance * expected.max())


@pytest.mark.parametrize("fc", [0.01, 0.2, 0.5, 0.9, 1.5])
@pytest.mark.parametrize("shape", [(100, 128), (127, 90), (60, 129)])
def test_antonio_wraps_around_as_often_as_a_wide_kernel_reaches(shape, fc):
    points = near_borders(shape)
    expected = antonio(counts(points, shape, "unique"), fc)
    got = density(points, shape, border="antonio", fc=fc).values
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12 * expected.max())


@pytest.mark.parametrize("border", ["zero", "reflect", "antonio"])
def test_points_that_are_not_held_at_once_sum_up_all_the_same(border, monkeypatch):
    points, shape = near_borders((40, 61)), (40, 61)
    whole = density(points, shape, border=border, sigma=2.6, duplicates="count").values
    monkeypatch.setattr(gaussian, "AT_ONCE", 5 * 40)
    parts = density(points, shape, border=border, sigma=2.6, duplicates="count").values
    np.testing.assert_allclose(parts, whole, rtol=1e-13)


def test_many_points_take_little_memory(monkeypatch):
    points = np.zeros((20_000, 2), np.int64)
    monkeypatch.setattr(gaussian, "AT_ONCE", 1 << 18)
    tracemalloc.start()
    made = density(points, (200, 3), sigma=1.0, duplicates="count").values
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    one = gaussian_filter(counts(points[:1], (200, 3), "count"), 1.0, mode="constant")
    np.testing.assert_allclose(made, 20_000 * one, rtol=1e-10, atol=1e-10)
    assert peak < 10 << 20


def test_antonio_wraps_around_where_the_width_is_the_period():
    corner = np.array([[50, 0]])
    wrapped = density(corner, (100, 128), border="antonio").values
    assert wrapped[50, 127] == pytest.approx(wrapped[50, 1], rel=1e-12)
    assert density(corner, (100, 112), border="antonio").values[50, 111] < 1e-3 * wrapped[50, 1]


def test_antonio_is_zero_from_the_last_digit_of_its_peak():
    row = density([[50, 60]], (100, 128), border="antonio").values[50]
    sigma = 128 * np.sqrt(2 * np.log(2)) / (16 * np.pi)
    far = np.minimum(abs(np.arange(128) - 60), 128 - abs(np.arange(128) - 60))
    assert ((row > 0) == (np.exp(-0.5 * (far / sigma) ** 2) >= 2.0**-53)).all()
    assert 0 < (row == 0).sum() < 128


def test_the_cut_off_sets_the_width_of_the_blur():
    centre = np.array([[2, 512]])
    cases = (({}, 23.98600), ({"fc": 8.0}, 23.98600), ({"fc": 16.0}, 11.99300), ({"fc": 5.0}, 38.37760))
    for options, sigma in cases:
        line = density(centre, (4, 1024), border="antonio", **options).values[2]
        assert line[512 + 30] / line[512] == pytest.approx(np.exp(-0.5 * (30 / sigma) ** 2), rel=1e-6)


# ------------------------------------------------------------------ points


def test_once_per_pixel_sorts_and_counts():
    points = [(2, 1), (0, 3), (2, 1), (0, 0), (2, 0), (2, 1)]
    assert once_per_pixel(np.array(points)).tolist() == [list(p) for p in sorted(set(points))]
    assert once_per_pixel(np.array(points), "count").tolist() == [list(p) for p in sorted(points)]
    assert once_per_pixel(np.empty((0, 2), int)).shape == (0, 2)


def test_fixation_map_is_binary():
    points = near_borders((9, 6))
    np.testing.assert_array_equal(fixation_map(points, (9, 6)), counts(points, (9, 6), "unique"))


BAD_POINTS = {
    "negative row": ([[1, 2], [-1, 3], [0, -2]], "2 outside, first (-1, 3)", "dropped_fixations"),
    "negative column": ([[3, -1]], "1 outside, first (3, -1)", "dropped_fixations"),
    "row too large": ([[3, 4], [4, 4]], "1 outside, first (4, 4)", "dropped_fixations"),
    "column too large": ([[3, 5], [4, 5]], "2 outside, first (3, 5)", "dropped_fixations"),
    "exchanged": ([[2, 3], [4, 1]], "1 outside, first (4, 1)", "swapped_axes"),
    "not whole": ([[1.5, 2.0]], "whole pixels", "dtype"),
    "not pairs": ([[1, 2, 3]], "shape (1, 3)", "shape"),
}


@pytest.mark.parametrize("case", sorted(BAD_POINTS))
def test_points_outside_are_refused_and_named(case):
    points, words, code = BAD_POINTS[case]
    for refuse in (
        lambda: check.points(points, (4, 5)),
        lambda: density(points, (4, 5), sigma=1.0),
        lambda: metrics.nss(np.arange(20.0).reshape(4, 5), points),
    ):
        with pytest.raises(SaliencyEvalError) as error:
            refuse()
        assert words in str(error.value)
        assert error.value.code == code
        assert error.value.exit_code == 4


def test_points_inside_are_kept_and_the_field_is_named():
    inside = [[0, 0], [3, 4], [0, 4], [3, 0], [3, 0]]
    for given in (inside, np.array(inside, float), np.array(inside, np.uint8)):
        assert check.points(given, (4, 5)).tolist() == inside
    assert check.points([], (4, 5)).shape == (0, 2)
    with pytest.raises(SaliencyEvalError, match=r"other_fixations must lie inside 0\.\.3, 0\.\.4"):
        metrics.shuffled_auc(np.arange(20.0).reshape(4, 5), [[0, 0]], [[-1, 0]])


# ------------------------------------------------------------------ other images

SHAPES = {"a": (20, 30), "b": (24, 60), "c": (20, 30), "d": (41, 57), "e": (10, 15)}
SCENE = {id: near_borders(shape, seed=5) for id, shape in SHAPES.items()}
POOL = Pool.of([(id, SHAPES[id], SCENE[id]) for id in SHAPES])


def brought(points, source, target, rescale):
    """Points of one size on another, by whole numbers or as what is positive of the resized map."""
    if source == target or rescale == "points":
        (h, w), (rows, columns) = target, source
        return [(r * h // rows, c * w // columns) for r, c in points.tolist()]
    return [
        tuple(p) for p in np.argwhere(dense_resize(counts(points, source, "unique"), target) > 0).tolist()
    ]


def others_by_hand(id, other_duplicates, exclude_own, rescale):
    found = []
    for other in SHAPES:
        if other != id:
            points = brought(SCENE[other], SHAPES[other], SHAPES[id], rescale)
            found += set(points) if other_duplicates == "unique_per_image" else points
    if other_duplicates == "unique":
        found = list(set(found))
    own = {tuple(p) for p in SCENE[id].tolist()}
    return sorted(p for p in found if not (exclude_own and p in own))


@pytest.mark.parametrize("rescale", ["points", "map"])
@pytest.mark.parametrize("exclude_own", [False, True])
@pytest.mark.parametrize("other_duplicates", ["unique", "unique_per_image", "count"])
def test_other_fixations(other_duplicates, exclude_own, rescale):
    options = {"other_duplicates": other_duplicates, "exclude_own": exclude_own, "rescale": rescale}
    for id, shape in SHAPES.items():
        got = other_fixations(POOL, other_images(POOL, id, others="all"), SCENE[id], shape, **options)
        assert sorted(map(tuple, got.tolist())) == others_by_hand(id, *options.values()), id


def test_the_options_of_other_fixations_differ_and_have_defaults():
    ways = list(itertools.product(("unique", "unique_per_image", "count"), (False, True), ("points",)))
    numbers = {way: len(others_by_hand("a", *way)) for way in ways}
    assert len(set(numbers.values())) == len(ways)
    assert len(others_by_hand("a", "unique", False, "map")) > 2 * numbers["unique", False, "points"]
    default = other_fixations(POOL, other_images(POOL, "a", others="all"), SCENE["a"], SHAPES["a"])
    assert len(default) == numbers["unique", False, "points"]


def test_other_fixations_without_rescaling():
    alike, unlike = np.array([2]), np.array([1, 2])
    kept = other_fixations(POOL, alike, SCENE["a"], SHAPES["a"], rescale="none", other_duplicates="count")
    assert sorted(kept.tolist()) == sorted(SCENE["c"].tolist())
    with pytest.raises(SaliencyEvalError, match="rescale=none"):
        other_fixations(POOL, unlike, SCENE["a"], SHAPES["a"], rescale="none")
    assert other_fixations(POOL, alike[:0], SCENE["a"], SHAPES["a"]).shape == (0, 2)


@pytest.mark.parametrize("other_duplicates", ["unique", "unique_per_image", "count"])
@pytest.mark.parametrize("images", [[], [0, 1, 2, 3, 4], [1, 1, 2, 3], [4, 3, 2, 1], [2, 2, 2, 2], [0, 4]])
def test_fixations_of_any_images_in_their_order(images, other_duplicates):
    parts = [brought(SCENE["abcde"[n]], SHAPES["abcde"[n]], SHAPES["a"], "points") for n in images]
    parts = [sorted(set(part)) if other_duplicates == "unique_per_image" else part for part in parts]
    expected = [tuple(map(int, point)) for part in parts for point in part]
    if other_duplicates == "unique":
        expected = sorted(set(expected))
    got = other_fixations(
        POOL, np.array(images, int), SCENE["a"], SHAPES["a"], other_duplicates=other_duplicates
    )
    assert list(map(tuple, got.tolist())) == expected


@pytest.mark.parametrize("other_duplicates", ["unique", "unique_per_image", "count"])
def test_an_image_alone_has_no_fixations_of_others(other_duplicates):
    alone = Pool.of([("a", (4, 5), np.array([[0, 0]]))])
    chosen = other_images(alone, "a", others="all")
    found = other_fixations(alone, chosen, [[0, 0]], (4, 5), other_duplicates=other_duplicates)
    assert found.shape == (0, 2)


def test_other_images_are_drawn_without_the_image_itself():
    assert other_images(POOL, "c", others="all").tolist() == [0, 1, 3, 4]
    assert other_images(POOL, "c", others=4).tolist() == [0, 1, 3, 4]
    assert other_images(POOL, "c").tolist() == [0, 1, 3, 4]  # ten of four
    for seed in range(20):
        drawn = other_images(POOL, "c", others=2, seed=seed).tolist()
        rest = np.random.default_rng(seed).choice([0, 1, 3, 4], 2, replace=False)
        assert drawn == sorted(rest.tolist())
        assert other_images(POOL, "c", others=2, rng=np.random.default_rng(seed)).tolist() == drawn
