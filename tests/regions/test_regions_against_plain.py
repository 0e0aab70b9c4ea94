"""Boxes, overlap and the metrics of boxes equal plain loops over sets of pixels, in exact arithmetic."""

from fractions import Fraction

import numpy as np
import plain_regions as plain
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from saliency_eval import metrics, sums
from saliency_eval.maps import Map
from saliency_eval.metrics.boxes import max_box_acc
from saliency_eval.regions import iou, map_to_boxes
from saliency_eval.regions.overlap import overlap, reaches

RULES = ("mean", "value", "energy", "area", "fixed", "quantile")
TWENTIETH = Fraction(1, 20)
SIDE = 7
vectors = max_box_acc.__wrapped__  # gives the hits at every level


@pytest.fixture(params=["compiled", "scipy"])
def form(request, monkeypatch):
    """Components joined in C, and labelled level by level."""
    if request.param == "compiled" and not sums.COMPILED:
        pytest.skip("nothing was compiled: there was no C compiler")
    monkeypatch.setattr(sums, "COMPILED", request.param == "compiled")


def random_map(rng):
    """Few levels with ties, islands, zeros everywhere, one value everywhere, negative values."""
    height, width = rng.integers(1, SIDE + 1, 2)
    values = rng.integers(0, rng.choice([2, 3, 10]), (height, width))
    kind = rng.integers(10)
    if kind == 0:
        return np.full((height, width), rng.integers(0, 3))
    if kind == 1:
        return values - 1
    return np.where(rng.random((height, width)) < rng.choice([0.0, 0.5, 0.9]), 0, values)


def random_boxes(rng, shape, number):
    """Boxes inside an image: of one pixel, at the border, touching each other, the whole image."""
    tops, lefts = (rng.integers(0, n, number) for n in shape)
    return np.stack(
        [tops, lefts, rng.integers(tops + 1, shape[0] + 1), rng.integers(lefts + 1, shape[1] + 1)], 1
    )


def random_options(rng):
    """Options of localisation, with alpha as a whole number of twentieths."""
    rule = str(rng.choice(RULES))
    words = {
        "component": ("none", "largest", "all"),
        "connectivity": (4, 8),
        "strict": (False, True),
        "sign": ("rule", "keep", "positive", "abs") if rule != "energy" else ("rule", "positive", "abs"),
        "empty": ("none", "full"),
    }
    chosen = {name: values[rng.integers(len(values))] for name, values in words.items()}
    return {
        "rule": rule,
        "alpha": int(rng.integers(0, 21)) * TWENTIETH * (3 if rule == "mean" else 1),
        **chosen,
    }


def check(values, boxes, options, limit, strict_iou):
    """One map with its boxes under some options: boxes and hits are those of plain code."""
    if options["rule"] in ("fixed", "quantile"):
        values = np.clip(values, 0, 8) / 8
    rows = values.tolist()
    pixels = plain.kept(rows, options["rule"], options["alpha"], options["strict"], options["sign"])
    whole = (0, 0, *values.shape) if options["empty"] == "full" else None
    expected = plain.boxes_of(pixels, options["component"], options["connectivity"], whole)
    given = {**options, "alpha": float(options["alpha"])}
    found = map_to_boxes(values, **given)
    assert sorted(map(tuple, found.tolist())) == sorted(expected), (rows, options)
    for scaled in (values / 8, values * 0.1):
        if options["rule"] not in ("fixed", "quantile"):
            np.testing.assert_array_equal(map_to_boxes(scaled, **given), found, str((rows, options)))
    error = metrics.localisation_error(values, boxes, iou=float(limit), strict_iou=strict_iou, **given)
    assert error == 1 - plain.hit(expected, boxes.tolist(), limit, strict_iou), (rows, boxes, options)


def sweep(seed, number):
    """Random maps, boxes and options from a seed."""
    rng = np.random.default_rng(seed)
    for _ in range(number):
        values = random_map(rng)
        boxes = random_boxes(rng, values.shape, rng.integers(1, 4))
        limit = Fraction(int(rng.integers(1, 11)), 10)
        check(values, boxes, random_options(rng), limit, bool(rng.integers(2)))


@pytest.mark.usefixtures("form")
def test_random_maps_and_boxes():
    sweep(1, 600)


@pytest.mark.slow
@pytest.mark.usefixtures("form")
def test_ten_thousand_random_maps_and_boxes():
    sweep(2, 10_000)


@given(
    seed=st.integers(0, 2**32 - 1),
    values=st.lists(st.lists(st.integers(-1, 3), min_size=4, max_size=4), min_size=1, max_size=5),
    limit=st.integers(1, 10),
    strict=st.booleans(),
)
@example(seed=0, values=[[0, 0, 0, 0]], limit=5, strict=False)
@example(seed=1, values=[[2, 2, 2, 2]], limit=5, strict=True)
@settings(max_examples=60, deadline=None)
def test_any_map_and_boxes(seed, values, limit, strict):
    rng, values = np.random.default_rng(seed), np.array(values)
    boxes = random_boxes(rng, values.shape, 2)
    check(values, boxes, random_options(rng), Fraction(limit, 10), strict)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize(("version", "component"), [("v1", "largest"), ("v2", "all")])
def test_hits_at_every_level(version, component):
    rng, limits = (
        np.random.default_rng(3),
        [Fraction(n, 10) for n in ((5,) if version == "v1" else (3, 5, 7))],
    )
    for _ in range(80):
        values = random_map(rng)
        values[rng.random(values.shape) < 0.2] *= 9
        boxes = random_boxes(rng, values.shape, rng.integers(1, 4))
        connectivity = int(rng.choice([4, 8]))
        expected = plain.hits_by_level(values.tolist(), boxes.tolist(), component, connectivity, limits)
        for scaled in (values, values / 8, values * 0.1 + 0.3):
            found = vectors(Map(scaled), boxes.astype(float), version=version, connectivity=connectivity)
            np.testing.assert_array_equal(
                found.reshape(len(limits), 255), expected, str((values.tolist(), boxes))
            )


def test_overlap_of_boxes_is_that_of_their_pixels():
    rng = np.random.default_rng(4)
    for _ in range(600):
        one, two = random_boxes(rng, (6, 5), 1)[0], random_boxes(rng, (6, 5), 1)[0]
        expected = plain.iou(one.tolist(), two.tolist())
        assert iou([one], [two])[0, 0] == float(expected)
        for tenths in range(1, 11):
            limit = Fraction(tenths, 10)
            assert reaches(*overlap(one, two), tenths / 10) == (expected >= limit), (one, two)
            assert reaches(*overlap(one, two), tenths / 10, strict=True) == (expected > limit), (one, two)


def test_overlap_of_boxes_with_fractions_of_pixels():
    rng = np.random.default_rng(5)
    for _ in range(300):
        one, two = (random_boxes(rng, (40, 30), 1)[0] for _ in range(2))  # in tenths of a pixel
        expected = float(plain.iou(one.tolist(), two.tolist()))
        assert iou([one / 10], [two / 10])[0, 0] == pytest.approx(expected, abs=1e-14)
        assert reaches(*overlap(one / 10, two / 10), 0.5) == (
            plain.iou(one.tolist(), two.tolist()) >= Fraction(1, 2)
        )


def test_pointing_and_energy():
    rng = np.random.default_rng(6)
    for _ in range(400):
        values = random_map(rng)
        boxes, tolerance = random_boxes(rng, values.shape, rng.integers(1, 4)), int(rng.integers(0, 6))
        hits = plain.points_hit(values.tolist(), boxes.tolist(), tolerance)
        expected = {"expected": np.mean(hits), "first": hits[0], "any": any(hits)}
        for ties, value in expected.items():
            assert metrics.pointing_game(values, boxes, tolerance=tolerance, ties=ties) == value
        energy = plain.energy_inside(values.tolist(), boxes.tolist())
        assert metrics.energy_pointing(values, boxes) == pytest.approx(float(energy), abs=1e-15)
        assert metrics.energy_pointing(values * 0.1, boxes) == pytest.approx(float(energy), abs=1e-15)
