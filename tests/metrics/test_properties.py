"""Properties of all metrics by their declared traits, and identities between metrics."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saliency_eval import golden, metrics, sums
from saliency_eval.core import METRICS, inputs
from saliency_eval.fields import deletion_curve, density, insertion_curve, whole_image
from saliency_eval.maps import Map

SHAPE = (23, 31)
ALL = sorted(METRICS)
TRANSFORMS = {
    "monotone": lambda s: s.astype(float) ** 3 + s,
    "affine": lambda s: 3.7 * s + 11.3,
    "affine2": lambda s: 4.0 * s + 8.0,
    "scale": lambda s: s * 2.7,
}
TOLERANCE = {"monotone": 0, "affine2": 0, "affine": 1e-12, "scale": 1e-12}


@st.composite
def scenes(draw):
    """A map with 4, 256 or many levels, fixations and other fixations, from a drawn seed."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    levels = draw(st.sampled_from([4, 256, 65536]))
    saliency = rng.integers(0, levels, SHAPE)
    saliency[0, :2] = 0, levels - 1  # never constant
    fixations, others = (
        np.column_stack([rng.integers(0, SHAPE[0], n), rng.integers(0, SHAPE[1], n)])
        for n in (draw(st.integers(1, 40)), draw(st.integers(1, 90)))
    )
    return saliency, fixations, others


def around(fixations):
    """The half-open box of all fixations."""
    return [[*fixations.min(0), *(fixations.max(0) + 1)]] if len(fixations) else np.empty((0, 4))


def colours(batch):
    """A classifier whose classes are the colours."""
    shares = batch.mean((1, 2), dtype=np.float64) ** 2
    return shares / shares.sum(1, keepdims=True)


def value(key, saliency, fixations, others, **options):
    """A metric by hand on whatever it needs: truth, and an image of noise with its classifier."""
    image = np.random.default_rng(0).integers(0, 256, (*saliency.shape, 3), dtype=np.uint8)

    def seen(curve):
        return curve(image, saliency, colours, whole_image(image, colours), 1)

    known = {
        "saliency": lambda: saliency,
        "fixations": lambda: fixations,
        "other_fixations": lambda: others,
        "density": lambda: density(fixations, saliency.shape, sigma=2.5),
        "baseline": lambda: np.add(density(others, saliency.shape, sigma=4.0).values, 1e-4),
        "boxes": lambda: around(fixations),
        "image": lambda: image,
        "classifier": lambda: colours,
        "target": lambda: 1,
        "insertion_curve": lambda: seen(insertion_curve),
        "deletion_curve": lambda: seen(deletion_curve),
    }
    given = {name: known[name]() for name in METRICS[key].fields if name in known}
    return getattr(metrics, key)(**given, **options)


CHECKED = {*TRANSFORMS, "flip", "odd", "complement", "twice", "symmetric"}  # each has a test below


def test_every_declared_trait_is_tested():
    assert {trait for key in ALL for trait in METRICS[key].traits["invariant"]} <= CHECKED


def with_trait(trait):
    return [key for key in ALL if trait in METRICS[key].traits["invariant"]]


@pytest.mark.parametrize("trait", sorted(TRANSFORMS))
@given(scene=scenes())
@settings(max_examples=25, deadline=None)
def test_declared_invariance(trait, scene):
    saliency, fixations, others = scene
    for key in with_trait(trait):
        before = value(key, saliency, fixations, others)
        after = value(key, TRANSFORMS[trait](saliency), fixations, others)
        assert after == pytest.approx(before, rel=TOLERANCE[trait], abs=TOLERANCE[trait]), key


@given(scene=scenes())
@settings(max_examples=25, deadline=None)
def test_flip_and_transpose_of_map_and_fixations_change_nothing(scene):
    saliency, fixations, others = scene
    end = np.array(SHAPE) - 1
    for key in with_trait("flip"):
        before = value(key, saliency, fixations, others)
        assert value(key, saliency[::-1, ::-1], end - fixations, end - others) == pytest.approx(
            before, abs=1e-10
        )
        assert value(key, saliency.T, fixations[:, ::-1], others[:, ::-1]) == pytest.approx(before, abs=1e-10)


def test_coordinates_are_row_and_column():
    peak = np.zeros((5, 9))
    peak[1, 3] = 1
    assert metrics.auc(peak, [[1, 3]], negatives="unfixated") == 1
    assert metrics.auc(peak, [[3, 1]], negatives="unfixated") < 0.5


@pytest.mark.slow
@given(scene=scenes())
@settings(max_examples=25, deadline=None)
def test_order_of_fixations_and_dtype_of_the_map_do_not_matter(scene):
    saliency, fixations, others = scene
    for key in set(ALL) - {"emd"}:
        before = value(key, saliency, fixations, others)
        assert value(key, saliency, fixations[::-1], others[::-1]) == before, key
        for dtype in (np.uint16, np.int64, np.float32, np.float64, ">f8"):
            assert value(key, saliency.astype(dtype), fixations, others) == before, (key, dtype)
        if saliency.max() < 256:
            assert value(key, saliency.astype(np.uint8), fixations, others) == before, key


@given(scene=scenes())
@settings(max_examples=25, deadline=None)
def test_every_fixation_twice_changes_nothing(scene):
    saliency, fixations, others = scene
    twice = np.vstack([fixations, fixations])
    for key in ("auc_judd", "auc_borji", "shuffled_auc", "nss"):
        assert value(key, saliency, twice, others, duplicates="unique") == value(
            key, saliency, fixations, others
        )
    for key in {"nss", *with_trait("twice")}:
        before = value(key, saliency, fixations, others, duplicates="count")
        assert value(key, saliency, twice, others, duplicates="count") == pytest.approx(before, abs=1e-14)


@given(scene=scenes())
@settings(max_examples=25, deadline=None)
def test_complement_and_sign(scene):
    saliency, fixations, others = scene
    turned = saliency.max() - saliency
    for key in with_trait("complement"):
        both = [value(key, s, fixations, others) for s in (turned, saliency)]
        assert sum(both) == pytest.approx(1, abs=1e-14), key
    exact = [metrics.shuffled_auc(s, fixations, others, estimator="exact") for s in (turned, saliency)]
    assert sum(exact) == pytest.approx(1, abs=1e-14)
    for key in with_trait("odd"):
        assert value(key, -saliency, fixations, others) == pytest.approx(
            -value(key, saliency, fixations, others), abs=1e-12
        )


@given(scene=scenes())
@settings(max_examples=25, deadline=None)
def test_auc_of_all_and_of_unfixated_pixels_are_tied_by_an_identity(scene):
    saliency, fixations, _ = scene
    n, size = len(np.unique(fixations, axis=0)), saliency.size
    unfixated = metrics.auc(saliency, fixations, negatives="unfixated", duplicates="unique")
    everything = metrics.auc(saliency, fixations, negatives="all", duplicates="unique")
    assert everything == pytest.approx(((size - n) * unfixated + n / 2) / size, abs=1e-14)


@given(scene=scenes())
@settings(max_examples=25, deadline=None)
def test_auc_against_the_plain_definition(scene):
    saliency, fixations, _ = scene
    positives = saliency[tuple(fixations.T)]
    pairs = positives[:, None] - saliency.ravel()
    assert metrics.auc(saliency, fixations) == pytest.approx(
        np.mean((pairs > 0) + (pairs == 0) / 2), abs=1e-13
    )


@given(scene=scenes())
@settings(max_examples=25, deadline=None)
def test_judd_exceeds_the_exact_auc_by_its_known_bias(scene):
    saliency, fixations, _ = scene
    unique = np.unique(fixations, axis=0)
    mask = np.zeros(SHAPE, bool)
    mask[tuple(unique.T)] = True
    positives, negatives = saliency[mask], saliency[~mask]
    distinct, count = np.unique(positives, return_counts=True)
    upper = np.r_[distinct[1:], saliency.max() + 1]
    between = [
        ((negatives > low) & (negatives < high)).sum() for low, high in zip(distinct, upper, strict=True)
    ]
    exact = metrics.auc(saliency, fixations, negatives="unfixated", duplicates="unique")
    grouped = metrics.auc_judd(saliency, fixations, ties="grouped")
    lowest = np.r_[between[:-1], (negatives > distinct[-1]).sum()]
    ties = sum(k * c for k, c in zip(count, lowest, strict=True))
    bias = ties / (2 * len(positives) * len(negatives))
    assert grouped - exact == pytest.approx(bias, abs=1e-12)


@given(scene=scenes())
@settings(max_examples=25, deadline=None)
def test_borji_is_the_exact_auc_of_the_quantised_map(scene):
    saliency, fixations, others = scene
    z = (saliency - saliency.min()) / (saliency.max() - saliency.min())
    levels = (z[..., None] >= np.arange(11) * 0.1).sum(-1)
    assert metrics.auc_borji(saliency, fixations) == pytest.approx(
        metrics.auc(levels, fixations, duplicates="unique"), abs=1e-14
    )
    assert metrics.shuffled_auc(saliency, fixations, others) == pytest.approx(
        metrics.shuffled_auc(levels, fixations, others, estimator="exact"), abs=1e-14
    )


@pytest.mark.parametrize("key", ["auc_borji", "shuffled_auc"])
def test_the_expectation_is_the_mean_of_random_splits(key):
    rng = np.random.default_rng(3)
    saliency, fixations, others = (
        rng.random(SHAPE),
        rng.integers(0, 23, (20, 2)),
        rng.integers(0, 23, (70, 2)),
    )
    expected = value(key, saliency, fixations, others)
    drawn = [value(key, saliency, fixations, others, splits=20, seed=s) for s in range(200)]
    error = np.std(drawn, ddof=1) / np.sqrt(len(drawn))
    assert 0 < error < 0.005
    assert abs(np.mean(drawn) - expected) < 4 * error


def test_a_map_against_itself():
    rng = np.random.default_rng(1)
    for p in (rng.integers(0, 256, SHAPE), rng.random(SHAPE)):
        assert metrics.sim(p, p) == pytest.approx(1, abs=1e-14)
        assert metrics.cc(p, p) == pytest.approx(1, abs=1e-14)
        assert metrics.kld(p, p, form="exact") == pytest.approx(0, abs=1e-14)
        assert metrics.kld(p, p, form="floor") == pytest.approx(0, abs=1e-14)
        assert abs(metrics.kld(p, p)) <= 1e-9
        assert metrics.ig(p, [[3, 4], [5, 6]], p) == 0
        whole = p[:20, :28]  # where the size is no multiple of the cell, the two maps are sampled differently
        assert metrics.emd(whole, whole, cell=4) == pytest.approx(0, abs=1e-14)


def test_symmetry():
    rng = np.random.default_rng(2)
    for a, b in [(rng.integers(0, 256, SHAPE), rng.random(SHAPE)), (rng.random(SHAPE), rng.random(SHAPE))]:
        assert set(with_trait("symmetric")) == {"cc", "sim", "emd"}
        assert metrics.cc(a, b) == pytest.approx(metrics.cc(b, a), abs=1e-12)
        assert metrics.sim(a, b) == pytest.approx(metrics.sim(b, a), abs=1e-12)
        whole = np.s_[:20, :28]
        assert metrics.emd(a[whole], b[whole], cell=4) == pytest.approx(
            metrics.emd(b[whole], a[whole], cell=4)
        )
        points = [[1, 2], [8, 9]]
        gain = metrics.ig(a + 1, points, b + 1, eps=0, normalise="sum")
        assert gain == pytest.approx(-metrics.ig(b + 1, points, a + 1, eps=0, normalise="sum"), abs=1e-12)


def test_emd_of_a_moved_mass_is_its_distance():
    first, second = np.zeros((20, 24)), np.zeros((20, 24))
    first[3, 4] = second[3 + 6, 4 + 8] = 1
    assert metrics.emd(first, second, cell=1) == pytest.approx(10, abs=1e-9)
    assert metrics.emd(first, second, cell=1, unit="px") == pytest.approx(10, abs=1e-9)
    with pytest.raises(ValueError, match="cell"):
        metrics.emd(first, second, cell="wide")


ASKING = ["deletion_auc", "insertion_auc", "saliency_metric", "sdr_area", "ssr_area"]  # a classifier


def test_metrics_that_ask_a_classifier_are_known():
    assert [key for key in ALL if "classifier" in set().union(*map(inputs, METRICS[key].fields))] == ASKING


@pytest.mark.parametrize("key", [key for key in ALL if key not in ASKING])
def test_degenerate_inputs_give_nan_or_the_stated_value(key):
    none = np.empty((0, 2), int)
    saliency = np.arange(12.0).reshape(3, 4)
    everywhere = np.argwhere(saliency >= 0)
    if "other_fixations" in METRICS[key].fields:
        assert np.isnan(value(key, saliency, everywhere, none))
    else:
        assert np.isnan(value(key, saliency, none, everywhere))


@pytest.mark.parametrize("key", ASKING)
def test_a_classifier_is_asked_without_truth_and_of_maps_of_one_value(key):
    none, some, saliency = np.empty((0, 2), int), np.array([[1, 2]]), np.arange(12.0).reshape(3, 4)
    assert value(key, saliency, none, none) == value(key, saliency, some, none)
    flat = value(key, np.full((3, 4), 7.5), none, none)
    # a crop of the whole image, and pixels in row-major order
    same = np.zeros((3, 4)) if key == "saliency_metric" else saliency[::-1, ::-1]
    assert np.isfinite(flat)
    assert value(key, same, none, none) == flat


@pytest.mark.parametrize("key", [k for k in ALL if "constant" in METRICS[k].options])
def test_constant_policy(key):
    flat, points = np.full((3, 4), 7.5), [[1, 2]]
    options = {"ties": "sequential"} if key == "auc_judd" else {}
    chance = METRICS[key].traits["chance"]
    scored = value(key, flat, np.array(points), np.array([[0, 0]]), constant="chance", **options)
    assert np.isfinite(scored)
    if chance is not None:
        assert scored == chance
    if key != "emd":
        with pytest.raises(ValueError, match="everywhere"):
            value(key, flat, np.array(points), np.array([[0, 0]]), constant="raise", **options)


def test_rounding_noise_is_not_structure():
    flat = np.full((600, 800), 128 / 255)
    assert Map(flat).constant
    assert metrics.cc(flat, np.arange(480000.0).reshape(600, 800), constant="chance") == 0


@pytest.mark.parametrize("scale", [1e308, 1e-308, 5e-324, 1e200])
def test_extreme_scales_are_no_overflow(scale):
    saliency = np.arange(12.0).reshape(3, 4) / 12
    points, others = np.array([[2, 3], [1, 1]]), np.array([[0, 0], [2, 2]])
    for key in ("auc", "auc_judd", "auc_borji", "shuffled_auc", "nss", "cc", "sim", "kld", "ig", *ASKING):
        got = value(key, saliency * scale, points, others)
        assert np.isfinite(got), key
        if scale > 1e-300:
            assert got == pytest.approx(value(key, saliency, points, others), rel=1e-9), key


def test_every_metric_has_recorded_numbers_and_docs():
    recorded = golden.recorded()["values"]
    for key, declared in METRICS.items():
        doc = getattr(metrics, key).__doc__
        assert doc is not None, key
        assert ">>>" in doc, key
        assert "Source:" in doc or "doi" in doc, key
        for case in golden.cases():
            assert any(signature.split("|")[0] == key for signature in recorded[case]), (key, case)
        assert declared.traits["source"].startswith(("doi:", "arXiv:", "hdl:"))


def test_recorded_numbers_are_unchanged():
    assert golden.compare(golden.recorded()["values"], golden.compute()) == []
    assert golden.closed_forms() == []


@pytest.mark.slow
def test_recorded_numbers_do_not_need_a_compiler(monkeypatch):
    monkeypatch.setattr(sums, "COMPILED", False)
    assert golden.compare(golden.recorded()["values"], golden.compute()) == []
    assert golden.closed_forms() == []
