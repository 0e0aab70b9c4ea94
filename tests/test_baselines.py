"""Baselines and ceilings against plain code: centre bias, gold standard, one human."""

import csv

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from saliency_eval import load_dataset, metrics, score
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.fields import baseline
from saliency_eval.maps import Map
from saliency_eval.models.baselines import (
    centre_bias,
    centre_gaussian,
    gold_standard,
    one_human,
    permutation,
    uniform,
)
from saliency_eval.pool import Pool

SHAPES = {"a": (20, 30), "b": (24, 60), "c": (20, 30), "d": (41, 57), "e": (10, 15)}
RNG = np.random.default_rng(12)
SCENE = {
    id: np.column_stack([RNG.integers(0, h, 25), RNG.integers(0, w, 25)]) for id, (h, w) in SHAPES.items()
}
POOL = Pool.of([(id, SHAPES[id], SCENE[id]) for id in SHAPES])


def blurred(points, shape, sigma):
    counts = np.zeros(shape)
    for row, column in points:
        counts[row, column] += 1
    return gaussian_filter(counts, sigma, mode="constant", truncate=4)


def centre_bias_by_hand(id, sigma, mix):
    """The other images' fixations by their pixel centres on this image, blurred; the image itself left out."""
    height, width = SHAPES[id]
    points = [
        (int((r + 0.5) * height / SHAPES[other][0]), int((c + 0.5) * width / SHAPES[other][1]))
        for other in SHAPES
        if other != id
        for r, c in SCENE[other].tolist()
    ]
    others = blurred(points, SHAPES[id], sigma)
    return (1 - mix) * others / others.sum() + mix / (height * width)


@pytest.mark.parametrize("mix", [0.0, 0.01, 0.3])
@pytest.mark.parametrize("sigma", [1.3, 4.0])
def test_centre_bias_leaves_the_image_out(sigma, mix):
    for id, shape in SHAPES.items():
        expected = centre_bias_by_hand(id, sigma, mix)
        for made in (
            centre_bias(POOL, id, shape, sigma=sigma, mix=mix),
            baseline(POOL, id, shape, sigma=sigma, mix=mix).values,
        ):
            np.testing.assert_allclose(made, expected, rtol=0, atol=1e-13 * expected.max())
            assert made.sum() == pytest.approx(1)
            assert made.min() >= mix / made.size * (1 - 1e-12)


@pytest.mark.parametrize("sigma", [0.0, 0.4, 3.0, 24.0, 5000.0])
@pytest.mark.parametrize("mix", [0.0, 0.01, 1.0])
@pytest.mark.parametrize("id", ["b", "d", "e"])
def test_what_is_read_of_a_centre_bias_is_that_of_its_values(sigma, mix, id):
    made, pixels = baseline(POOL, id, SHAPES[id], sigma=sigma, mix=mix), np.argwhere(np.ones(SHAPES[id]))
    plain = Map(np.array(baseline(POOL, id, SHAPES[id], sigma=sigma, mix=mix).values))
    if sigma < 1:  # tiles without any fixation of others
        assert plain.low == pytest.approx(mix / plain.size)
    assert made.low == pytest.approx(plain.low, rel=1e-13, abs=1e-18)
    at = made.at(pixels)
    np.testing.assert_allclose(at, plain.values.ravel(), rtol=0, atol=1e-15 * plain.high)
    assert at.min() >= made.low
    for rule in ("none", "negative", "minimum"):
        assert made.mass(rule) == pytest.approx(plain.mass(rule), rel=1e-10, abs=1e-18)
    saliency = np.random.default_rng(0).random(SHAPES[id])
    for normalise in ("minmax", "sum"):
        gains = [
            metrics.ig(saliency, SCENE[id], b, normalise=normalise, eps=1e-9)
            for b in (baseline(POOL, id, SHAPES[id], sigma=sigma, mix=mix), plain)
        ]
        assert gains[0] == pytest.approx(gains[1], rel=1e-9, abs=1e-9)


def pool_at_random(rng, shape, number):
    points = [np.column_stack([rng.integers(0, n, number) for n in shape]) for _ in "abc"]
    return Pool.of([(id, shape, p) for id, p in zip("abc", points, strict=True)])


def test_the_least_of_a_centre_bias_is_found_without_its_values():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        shape = tuple(rng.integers(1, 200, 2).tolist())
        pool = pool_at_random(rng, shape, 60)
        made = baseline(pool, "a", shape, sigma=float(rng.choice([3, 10, 24, 5000])), mix=0.0)
        pixels = np.argwhere(np.ones(shape))
        at = made.at(pixels)
        assert at.min() == made.low, seed  # a fixation there has a share of exactly 0
        for start in range(0, len(pixels), len(pixels) // 40 + 1):
            assert made.at(pixels[start : start + 1]) == at[start]
        assert made.low == pytest.approx(made.values.min(), rel=1e-9, abs=1e-18), seed


def test_pixels_that_share_the_least_value_are_not_below_it():
    for seed in range(100):
        rng = np.random.default_rng(seed)
        end = 2 * rng.integers(2, 20, 2) - 1
        points = [np.column_stack([rng.integers(0, n + 1, 12) for n in end]) for _ in "abc"]
        mirrored = [np.concatenate([p, end - p, abs([0, end[1]] - p), abs([end[0], 0] - p)]) for p in points]
        shape = (int(end[0]) + 1, int(end[1]) + 1)
        pool = Pool.of([(id, shape, p) for id, p in zip("abc", mirrored, strict=True)])
        made = baseline(pool, "a", shape, sigma=3.0, mix=0.0)
        assert made.at(np.argwhere(np.ones(shape))).min() == made.low, seed


def test_a_centre_bias_of_one_value_is_constant():
    for seed in range(300):
        rng = np.random.default_rng(seed)
        shape = tuple(rng.integers(1, 3, 2).tolist())
        made = baseline(pool_at_random(rng, shape, 30), "a", shape, sigma=float(rng.choice([300, 4000])))
        assert made.constant == (np.ptp(made.values) == 0), seed


def test_one_per_cent_is_uniform_unless_said_otherwise():
    expected = centre_bias_by_hand("a", 2.0, 0.01)
    np.testing.assert_allclose(centre_bias(POOL, "a", SHAPES["a"], sigma=2.0), expected, atol=1e-14)
    np.testing.assert_allclose(baseline(POOL, "a", SHAPES["a"], sigma=2.0).values, expected, atol=1e-14)


def test_centre_bias_of_nothing_is_uniform_and_needs_a_width():
    alone = Pool.of([("a", (4, 5), SCENE["e"][:0]), ("b", (4, 5), SCENE["e"][:0])])
    np.testing.assert_allclose(centre_bias(alone, "a", (4, 5), sigma=2.0), np.full((4, 5), 1 / 20))
    single = Pool.of([("a", (10, 15), SCENE["e"])])
    for sigma in (
        0.0,
        0.3,
        2.0,
        3.3,
        24.0,
        300.0,
    ):  # what is left of all without its own is nothing, not noise
        assert (centre_bias(single, "a", (10, 15), sigma=sigma, mix=0.0) == 1 / 150).all()
    np.testing.assert_allclose(centre_bias(single, "a", (10, 15), sigma=2.0, mix=0.3).sum(), 1)
    with pytest.raises(SaliencyEvalError, match="needs sigma"):
        centre_bias(POOL, "a", SHAPES["a"])


def test_uniform_baseline_and_model():
    flat = baseline(POOL, "a", (4, 5), model="uniform").values
    assert flat.shape == uniform((4, 5)).shape == (4, 5)
    assert len(np.unique(flat)) == len(np.unique(uniform((4, 5)))) == 1


@pytest.mark.parametrize("width", [0.25, 0.1])
def test_centre_gaussian(width):
    made = centre_gaussian((7, 12), width=width)
    for row, column in np.ndindex(7, 12):
        distance = ((row - 3) / (7 * width)) ** 2 + ((column - 5.5) / (12 * width)) ** 2
        assert made[row, column] == pytest.approx(np.exp(-distance / 2), rel=1e-12)
    np.testing.assert_array_equal(centre_gaussian((7, 12)), centre_gaussian((7, 12), width=0.25))


# ------------------------------------------------------------------ observers

SHAPE = (24, 31)
OBSERVERS = np.array([0, 2, 2, 0, 5, 5, 5, 2, 0, 5, 5])
POINTS = np.column_stack([RNG.integers(0, n, len(OBSERVERS)) for n in SHAPE])
POINTS[6] = POINTS[5]  # twice on one pixel: counted twice


def of(observer):
    return [p for p, who in zip(POINTS.tolist(), OBSERVERS, strict=True) if who == observer]


def of_all_but(observer):
    return [p for p, who in zip(POINTS.tolist(), OBSERVERS, strict=True) if who != observer]


def test_gold_standard_predicts_each_observer_from_the_others():
    views = gold_standard(POINTS, OBSERVERS, SHAPE, sigma=2.6)
    assert len(views) == 3  # observers without fixations give none
    for view, who in zip(views, (0, 2, 5), strict=True):
        assert view.fixations.tolist() == of(who)
        np.testing.assert_allclose(view.saliency, blurred(of_all_but(who), SHAPE, 2.6), rtol=0, atol=1e-14)


def test_gold_standard_needs_two_observers():
    assert gold_standard(POINTS, np.zeros(len(POINTS), int), SHAPE, sigma=2.6) == []


@pytest.mark.parametrize("observer", [0, 2, 5])
def test_one_human_predicts_the_others(observer):
    (view,) = one_human(POINTS, OBSERVERS, SHAPE, observer=observer, sigma=2.6)
    assert view.fixations.tolist() == of_all_but(observer)
    np.testing.assert_allclose(view.saliency, blurred(of(observer), SHAPE, 2.6), rtol=0, atol=1e-14)


def test_one_human_is_the_first_unless_said_otherwise():
    (view,) = one_human(POINTS, OBSERVERS, SHAPE, sigma=2.6)
    assert view.fixations.tolist() == of_all_but(0)


def nss_by_hand(saliency, points):
    z = (saliency - saliency.mean()) / saliency.std(ddof=1)
    return np.mean([z[r, c] for r, c in sorted(set(points))])


def observers_by_image(path):
    """(row, column) by image and observer, read from the table of fixations."""
    found = {}
    for line in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
        of_image = found.setdefault(line["image"], {})
        of_image.setdefault(line["observer"], []).append((int(line["row"]), int(line["column"])))
    return found


def test_scores_of_gold_standard_and_one_human_never_touch_own_fixations(toy):
    data = load_dataset(toy / "toy")
    ceilings, bounds = [], []
    for observers in observers_by_image(toy / "toy" / "fixations.csv").values():
        rest = {who: [p for w in observers if w != who for p in observers[w]] for who in observers}
        views = [nss_by_hand(blurred(rest[w], (48, 64), 4.0), observers[w]) for w in observers]
        ceilings.append(np.mean(views))
        first = min(observers)
        bounds.append(nss_by_hand(blurred(observers[first], (48, 64), 4.0), rest[first]))
    for model, expected in (("gold_standard", ceilings), ("one_human", bounds)):
        run = score(f"model:{model}", data, ["nss"])
        assert run.means["nss"].mean == pytest.approx(np.mean(expected), rel=1e-10), model


# ------------------------------------------------------------------ another image


@pytest.mark.parametrize(("id", "other"), [("a", "b"), ("d", "e"), ("e", "a")])
def test_permutation_is_the_next_image_and_after_the_last_the_first(id, other):
    height, width = SHAPES[id]
    rows, columns = SHAPES[other]
    points = [
        (int((r + 0.5) * height / rows), int((c + 0.5) * width / columns)) for r, c in SCENE[other].tolist()
    ]
    made = permutation(POOL, id, SHAPES[id], sigma=1.3)
    np.testing.assert_allclose(made, blurred(points, SHAPES[id], 1.3), rtol=0, atol=1e-14)


def test_without_fixations_of_another_image_the_map_is_uniform():
    alone = Pool.of([("a", (20, 30), SCENE["a"])])
    unseen = Pool.of([("a", (20, 30), SCENE["a"]), ("b", (10, 15), np.zeros((0, 2), int))])
    for pool in (alone, unseen):
        assert (permutation(pool, "a", (20, 30), sigma=1.3) == 1).all()


# ------------------------------------------------------------------ as a density


@pytest.mark.parametrize("mix", [0.05, 1.0])
def test_gold_standard_with_a_share_of_a_uniform_map(mix):
    for view, who in zip(gold_standard(POINTS, OBSERVERS, SHAPE, sigma=2.6, mix=mix), (0, 2, 5), strict=True):
        others = blurred(of_all_but(who), SHAPE, 2.6)
        expected = (1 - mix) * others / others.sum() + mix / others.size
        np.testing.assert_allclose(view.saliency, expected, rtol=0, atol=1e-14)


@pytest.mark.slow
def test_the_most_likely_bandwidth_on_osie(shared):
    """Differences of bits per fixation to those of the best, as another program found them on all images."""
    data = load_dataset("osie", root=shared / "data" / "OSIE")
    own = [data[id] for id in list(data)[::35]]
    best = bits(own, 16, 0.05)
    for sigma, mix, less in ((24, 0.01, 0.119), (12, 0.05, 0.056), (16, 0.2, 0.084)):
        assert best - bits(own, sigma, mix) == pytest.approx(less, abs=0.05)


def bits(images, sigma, mix):
    """Mean log2 of the density by a uniform one, of each observer's fixations under those of all others."""
    views = [
        gold_standard(own["fixations"], own["observers"], own["shape"], sigma=float(sigma), mix=mix)
        for own in images
    ]
    return np.mean([np.log2(m[r, c] * m.size) for of in views for m, p in of for r, c in p])
