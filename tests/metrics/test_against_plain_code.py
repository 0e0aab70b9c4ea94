"""Every metric and option against a loop or a textbook formula in plain numpy and scipy."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.optimize import linprog
from test_resize import dense_resize

from saliency_eval import metrics
from saliency_eval.maps import Map

SHAPE = (13, 18)
BITS = 2.0**-52
LAWS = {"uniform": lambda rng: rng.random(SHAPE), "normal": lambda rng: rng.standard_normal(SHAPE)}


class Scene:
    """A map, its fixations with some pixels fixated twice or thrice, other fixations, a density, a baseline."""

    def __init__(self, kind, seed):
        rng = np.random.default_rng([seed, *kind.encode()])
        self.map = MAPS[kind](rng)
        self.fixations = some_points(rng, 11)
        self.others = some_points(rng, 60)
        impulses = np.zeros(SHAPE)
        np.add.at(impulses, tuple(self.fixations.T), 1)
        self.density = gaussian_filter(impulses, 1.5, mode="constant")
        self.baseline = gaussian_filter(rng.random(SHAPE), 2.0) + 0.01

    def at_fixations(self, duplicates, values=None):
        values = self.map if values is None else values
        return np.array([values[p] for p in chosen(self.fixations, duplicates)], float)


def some_points(rng, n):
    points = np.column_stack([rng.integers(0, size, n) for size in SHAPE])
    return rng.permutation(np.vstack([points, points[:4], points[:2]]))


def with_zeros(rng):
    values = rng.random(SHAPE)
    values[rng.random(SHAPE) < 0.3] = 0
    return values


MAPS = {
    "three levels": lambda rng: rng.integers(0, 3, SHAPE),
    "8 bits": lambda rng: rng.integers(0, 256, SHAPE).astype(np.uint8),
    "reals": lambda rng: rng.random(SHAPE) + 0.4,
    "zeros": with_zeros,
    "negative": lambda rng: rng.random(SHAPE) * 5 - 1,
}
SCENES = [Scene(kind, seed) for kind in MAPS for seed in (0, 1)]
scenes = pytest.mark.parametrize("scene", SCENES, ids=[f"{k}-{s}" for k in MAPS for s in (0, 1)])
both = pytest.mark.parametrize("duplicates", ["unique", "count"])


def chosen(points, duplicates):
    """Pixels in row-major order, each once or every one."""
    pixels = [tuple(p) for p in points.tolist()]
    return sorted(set(pixels) if duplicates == "unique" else pixels)


def area(fp, tp):
    """Trapezoids between (0, 0), the points and (1, 1)."""
    x, y = [0, *fp, 1], [0, *tp, 1]
    return sum((x[i + 1] - x[i]) * (y[i + 1] + y[i]) / 2 for i in range(len(x) - 1))


def pairs_won(positives, negatives):
    """Share of pairs in which the positive is larger, ties one half."""
    positives, negatives = np.asarray(positives, float), np.asarray(negatives, float)
    return np.mean([[(p > q) + (p == q) / 2 for q in negatives] for p in positives])


def without_fixated(values, points):
    free = np.ones(SHAPE, bool)
    free[tuple(np.transpose(points))] = False
    return np.asarray(values, float)[free]


def close(value, expected, tolerance=1e-12):
    assert value == pytest.approx(expected, rel=tolerance, abs=tolerance, nan_ok=True)


# ------------------------------------------------------------------ AUC


@scenes
@both
@pytest.mark.parametrize("negatives", ["all", "unfixated"])
def test_auc(scene, duplicates, negatives):
    pool = scene.map.ravel() if negatives == "all" else without_fixated(scene.map, scene.fixations)
    expected = pairs_won(scene.at_fixations(duplicates), pool)
    close(metrics.auc(scene.map, scene.fixations, negatives=negatives, duplicates=duplicates), expected)


def judd_sequential(values, points, negatives, duplicates):
    """The i-th largest fixation is a threshold; fixated pixels already passed are no false positives."""
    order = sorted(chosen(points, duplicates), key=lambda p: (-values[p], p))
    fixated = {tuple(p) for p in points.tolist()}
    fp, tp = [], []
    for i, pixel in enumerate(order, 1):
        above = (values >= values[pixel]).sum()
        passed, number = (
            (0, values.size) if negatives == "all" else (len(set(order[:i])), values.size - len(fixated))
        )
        fp.append((above - passed) / number)
        tp.append(i / len(order))
    return area(fp, tp)


def judd_grouped(positives, pool):
    levels = sorted(set(positives), reverse=True)
    return area([np.mean(pool >= t) for t in levels], [np.mean(positives >= t) for t in levels])


def judd_expected(positives, pool):
    """The mean over all orders of the tied pixels, with the bias of thresholds at fixated values only."""
    low = positives.min()
    tied, equal, above = (positives == low).sum(), (pool == low).sum(), (pool > low).sum()
    return pairs_won(positives, pool) + (above + equal * tied / (tied + 1)) / (2 * len(pool) * len(positives))


@scenes
@both
@pytest.mark.parametrize("negatives", ["all", "unfixated"])
def test_auc_judd(scene, duplicates, negatives):
    values, points = scene.map.astype(float), scene.fixations
    positives = scene.at_fixations(duplicates)
    pool = values.ravel() if negatives == "all" else without_fixated(values, points)
    expected = {
        "sequential": judd_sequential(values, points, negatives, duplicates),
        "grouped": judd_grouped(positives, pool),
        "expected": judd_expected(positives, pool),
    }
    for ties, wanted in expected.items():
        close(metrics.auc_judd(values, points, ties=ties, negatives=negatives, duplicates=duplicates), wanted)


@both
@pytest.mark.parametrize("law", sorted(LAWS))
@pytest.mark.parametrize("negatives", ["all", "unfixated"])
def test_auc_judd_with_the_same_jitter(law, negatives, duplicates):
    scene = SCENES[0]  # three levels: many ties
    for seed, scale in ((0, 1.0), (1, 1.0), (2, 1e-7)):  # the last is drowned by the noise
        values = scene.map * scale
        jittered = values + LAWS[law](np.random.default_rng(seed)) * 1e-7
        expected = judd_sequential(jittered, scene.fixations, negatives, duplicates)
        options = {"ties": "random", "law": law, "negatives": negatives, "duplicates": duplicates}
        for draws in ({"rng": np.random.default_rng(seed)}, {"seed": seed}):
            close(metrics.auc_judd(values, scene.fixations, **options, **draws), expected)


def test_auc_judd_defaults():
    for scene in SCENES:
        pool = without_fixated(scene.map, scene.fixations)
        close(metrics.auc_judd(scene.map, scene.fixations), judd_expected(scene.at_fixations("unique"), pool))


def test_auc_judd_expected_is_the_mean_over_jitters():
    scene = SCENES[0]
    drawn = [metrics.auc_judd(scene.map, scene.fixations, ties="random", seed=s) for s in range(400)]
    error = np.std(drawn, ddof=1) / 20
    assert 0 < error < 0.005
    assert abs(np.mean(drawn) - metrics.auc_judd(scene.map, scene.fixations)) < 4 * error


# ------------------------------------------------------------------ AUC on a grid


def thresholds(step, top):
    made, k = [], 0
    while k * step < 1 or (top == "include" and k * step <= 1 + 1e-9):
        made.append(k * step)
        k += 1
    return made[::-1]


def grid_area(values, positives, negatives, step=0.1, top="include"):
    """The curve of the min-max normalised map over thresholds k * step."""
    low, high = float(values.min()), float(values.max())
    p, q = ((np.asarray(v, float) - low) / (high - low) for v in (positives, negatives))
    steps = thresholds(step, top)
    return area([np.mean(q >= t) for t in steps], [np.mean(p >= t) for t in steps])


@scenes
@both
@pytest.mark.parametrize("top", ["include", "exclude"])
@pytest.mark.parametrize("step", [0.1, 0.01, 0.3, 0.25])
def test_grid_aucs(scene, duplicates, top, step):
    values, positives = scene.map.astype(float), scene.at_fixations(duplicates)
    options = {"step": step, "top": top, "duplicates": duplicates}
    borji = grid_area(values, positives, values.ravel(), step, top)
    close(metrics.auc_borji(scene.map, scene.fixations, **options), borji)
    shuffled = grid_area(values, positives, values[tuple(scene.others.T)], step, top)
    close(metrics.shuffled_auc(scene.map, scene.fixations, scene.others, **options), shuffled)


@scenes
@both
def test_shuffled_auc_exact(scene, duplicates):
    expected = pairs_won(scene.at_fixations(duplicates), scene.map[tuple(scene.others.T)])
    got = metrics.shuffled_auc(
        scene.map, scene.fixations, scene.others, estimator="exact", duplicates=duplicates
    )
    close(got, expected)


@scenes
@both
@pytest.mark.parametrize("draws", ["fixations", 50])
def test_auc_borji_with_the_same_draws(scene, duplicates, draws):
    values, positives = scene.map.astype(float), scene.at_fixations(duplicates)
    each = len(positives) if draws == "fixations" else draws
    pixels = np.random.default_rng(3).integers(values.size, size=(7, each))
    expected = np.mean([grid_area(values, positives, values.ravel()[p]) for p in pixels])
    options = {"splits": 7, "draws": draws, "duplicates": duplicates}
    for way in ({"rng": np.random.default_rng(3)}, {"seed": 3}):
        close(metrics.auc_borji(scene.map, scene.fixations, **options, **way), expected)


@scenes
@both
@pytest.mark.parametrize("estimator", ["grid", "exact"])
@pytest.mark.parametrize("few", [False, True], ids=["many others", "fewer others than fixations"])
def test_shuffled_auc_with_the_same_draws(scene, duplicates, estimator, few):
    values, positives = scene.map.astype(float), scene.at_fixations(duplicates)
    others = scene.others[:5] if few else scene.others
    rng, size = np.random.default_rng(4), min(len(positives), len(others))
    drawn = [values[tuple(others[rng.choice(len(others), size, replace=False)].T)] for _ in range(9)]
    curve = (
        (lambda q: grid_area(values, positives, q))
        if estimator == "grid"
        else (lambda q: pairs_won(positives, q))
    )
    expected = np.mean([curve(q) for q in drawn])
    options = {"estimator": estimator, "splits": 9, "duplicates": duplicates}
    for way in ({"rng": np.random.default_rng(4)}, {"seed": 4}):
        close(metrics.shuffled_auc(scene.map, scene.fixations, others, **options, **way), expected)


# ------------------------------------------------------------------ values at fixations


@scenes
@both
@pytest.mark.parametrize("ddof", [0, 1])
def test_nss(scene, duplicates, ddof):
    z = (scene.map - np.mean(scene.map, dtype=float)) / np.std(scene.map, ddof=ddof, dtype=float)
    expected = np.mean(scene.at_fixations(duplicates, z))
    close(metrics.nss(scene.map, scene.fixations, ddof=ddof, duplicates=duplicates), expected)


def test_nss_is_of_the_sample_unless_said_otherwise():
    assert metrics.nss([[0, 0], [0, 4]], [[1, 1]]) == pytest.approx(1.5)
    assert metrics.nss([[0, 0], [0, 4]], [[1, 1]], ddof=0) == pytest.approx(3**0.5)


def share(values):
    return values / values.sum()


def not_negative(values):
    return values - min(values.min(), 0)


def from_minimum(values):
    return values - values.min()


NORMALISED = {"minmax": from_minimum, "sum": not_negative}


@scenes
@both
@pytest.mark.parametrize("eps", [BITS, 0.0, 1e-7])
@pytest.mark.parametrize("normalise", sorted(NORMALISED))
def test_ig(scene, duplicates, eps, normalise):
    p, b = (share(NORMALISED[normalise](m.astype(float))) for m in (scene.map, scene.baseline))
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.log2(eps + p) - np.log2(eps + b)
    expected = np.mean(scene.at_fixations(duplicates, gain))
    got = metrics.ig(
        scene.map, scene.fixations, scene.baseline, normalise=normalise, eps=eps, duplicates=duplicates
    )
    close(got, expected, 1e-10)


def test_ig_of_a_fixation_on_zero():
    saliency, baseline = np.array([[0.0, 1, 3]]), np.ones((1, 3))
    options = {"normalise": "sum", "duplicates": "unique"}
    assert metrics.ig(saliency, [[0, 0]], baseline, eps=0, **options) == -np.inf
    expected = -52 - np.log2(1 / 3 + BITS)
    assert metrics.ig(saliency, [[0, 0]], baseline, **options) == pytest.approx(expected, rel=1e-12)


# ------------------------------------------------------------------ density


@scenes
def test_cc(scene):
    expected = np.corrcoef(scene.map.ravel(), scene.density.ravel())[0, 1]
    close(metrics.cc(scene.map, scene.density), expected)


def shared_mass(values, density, normalise):
    p, q = (share(NORMALISED[normalise](np.asarray(m, float))) for m in (values, density))
    return np.minimum(p, q).sum()


@scenes
@pytest.mark.parametrize("normalise", sorted(NORMALISED))
def test_sim(scene, normalise):
    density = scene.density + 1e-3  # its minimum is not 0
    expected = shared_mass(scene.map, density, normalise)
    close(metrics.sim(scene.map, density, normalise=normalise), expected)


NEGATIVE = {
    "shift": not_negative,
    "clip": lambda values: np.maximum(values, 0),
    "keep": lambda values: values,
    "real": lambda values: values,
}


def divergence(values, density, negative, eps=BITS):
    """The terms of the sum, complex where the logarithm meets a negative number."""
    p, q = share(NEGATIVE[negative](np.asarray(values, float))), share(density)
    return q * np.log(eps + q / (p + eps) + 0j)


@scenes
@pytest.mark.parametrize("eps", [BITS, 2.2204e-16, 1e-12, 1e-7])
@pytest.mark.parametrize("negative", sorted(NEGATIVE))
def test_kld_inside(scene, negative, eps):
    terms = divergence(scene.map, scene.density, negative, eps)
    nan = negative == "keep" and np.abs(terms.imag).max() > 0
    expected = np.nan if nan else terms.real.sum()
    close(metrics.kld(scene.map, scene.density, negative=negative, eps=eps), expected, 1e-10)


def test_kld_defaults():
    scene = SCENES[8]  # with negative values
    expected = divergence(scene.map, scene.density, "shift").real.sum()
    close(metrics.kld(scene.map, scene.density), expected, 1e-10)
    assert expected != pytest.approx(divergence(scene.map, scene.density, "clip").real.sum(), abs=1e-2)


@scenes
@pytest.mark.parametrize("floor", [1e-20, 1e-5, 0.1])
@pytest.mark.parametrize("negative", ["clip", "shift"])
def test_kld_with_a_floor(scene, negative, floor):
    p, q = share(NEGATIVE[negative](scene.map.astype(float)) + floor), share(scene.density + floor)
    expected = np.sum(q * (np.log(q) - np.log(p)))
    got = metrics.kld(scene.map, scene.density, form="floor", floor=floor, negative=negative)
    close(got, expected, 1e-10)


@scenes
@pytest.mark.parametrize("negative", ["clip", "shift"])
def test_kld_exact(scene, negative):
    p, q = share(NEGATIVE[negative](scene.map.astype(float))), share(scene.density)
    with np.errstate(divide="ignore"):
        expected = np.sum(q[q > 0] * np.log(q[q > 0] / p[q > 0]))
    close(metrics.kld(scene.map, scene.density, form="exact", negative=negative), expected, 1e-10)


@pytest.mark.parametrize("form", ["exact", "floor"])
def test_kld_takes_real_parts_within_the_logarithm_only(form):
    scene = SCENES[8]  # with negative values
    assert np.isnan(metrics.kld(scene.map, scene.density, form=form, negative="real"))


@pytest.mark.parametrize("negative", ["keep", "real"])
@pytest.mark.parametrize("form", ["inside", "floor", "exact"])
def test_kld_of_values_that_cancel_is_undefined(form, negative):
    cancelling = np.array([[-1.0, 1.0], [2.0, -2.0]])
    assert np.isnan(metrics.kld(cancelling, [[1, 2], [3, 4]], form=form, negative=negative))


def test_kld_of_an_all_zero_map_without_a_floor():
    density = np.arange(12.0).reshape(3, 4)
    options = {"form": "floor", "floor": 0}
    assert metrics.kld(np.zeros((3, 4)), density, **options) == np.inf
    uniform = metrics.kld(np.ones((3, 4)), density, form="exact")
    assert metrics.kld(np.zeros((3, 4)), density, constant="chance", **options) == pytest.approx(uniform)


def test_kld_of_a_perfect_map_is_less_than_nothing_by_eps():
    """ln(eps + q/(q + eps)) = eps - eps/q for small eps: summed with q it is eps (1 - n)."""
    density = share(np.arange(1.0, 13.0).reshape(3, 4) / 16)
    for eps in (1e-14, 1e-12, 1e-9):
        assert metrics.kld(density, density, eps=eps) == pytest.approx(-11 * eps, rel=1e-6, abs=2e-15)


def test_kld_of_an_all_zero_map():
    density = share(np.arange(12.0).reshape(3, 4))
    expected = np.sum(density * np.log(BITS + density / BITS))
    assert metrics.kld(np.zeros((3, 4)), density) == pytest.approx(expected, rel=1e-12)


# ------------------------------------------------------------------ transport


def cheapest_transport(source, target):
    """The linear programme of moving one mass onto another, cost the distance between cells."""
    cells = np.argwhere(np.ones(source.shape))
    cost = np.sqrt(((cells[:, None] - cells) ** 2).sum(-1))
    n = len(cells)
    leaves, arrives = np.kron(np.eye(n), np.ones(n)), np.kron(np.ones(n), np.eye(n))
    masses = np.r_[source.ravel(), target.ravel()]
    return linprog(cost.ravel(), A_eq=np.vstack([leaves, arrives]), b_eq=masses, method="highs").fun


def positive_share(values):
    return share(np.maximum(values, 0))


@pytest.mark.parametrize("seed", range(4))
def test_emd_on_cells(seed):
    rng = np.random.default_rng(seed)
    saliency, density = rng.random((4, 5)), rng.random((4, 5)) ** 6
    expected = cheapest_transport(share(saliency), share(density))
    close(metrics.emd(saliency, density, cell=1), expected, 1e-9)


@pytest.mark.parametrize(("shape", "cell"), [((15, 18), 4), ((16, 20), 4), ((30, 33), 8)])
def test_emd_of_maps_shrunk_to_four_by_five_cells(shape, cell):
    """The density is sampled by the factor, the map by the ratio of the sizes; negative cells are cut."""
    rng = np.random.default_rng(cell)
    saliency, density = rng.random(shape) ** 9, rng.random(shape) ** 9
    target = positive_share(dense_resize(density, (4, 5), factor=1 / cell))
    source = positive_share(dense_resize(saliency, (4, 5)))
    expected = cheapest_transport(source, target)
    close(metrics.emd(saliency, density, cell=cell), expected, 1e-9)
    close(metrics.emd(saliency, density, cell=cell, unit="px"), expected * cell, 1e-9)
    small = saliency[:9, :7]  # a map of another size
    expected = cheapest_transport(positive_share(dense_resize(small, (4, 5))), target)
    close(metrics.emd(small, density, cell=cell), expected, 1e-9)


def test_emd_cells_are_32_pixels_unless_said_otherwise():
    rng = np.random.default_rng(9)
    saliency, density = rng.random((120, 150)) ** 9, rng.random((120, 150)) ** 9
    density[:40, :40] += 3
    target = positive_share(dense_resize(density, (4, 5), factor=1 / 32))
    expected = cheapest_transport(positive_share(dense_resize(saliency, (4, 5))), target)
    close(metrics.emd(saliency, density), expected, 1e-9)
    close(metrics.emd(saliency, density, unit="px"), expected * 32, 1e-9)


def test_statistics_kept_with_a_map_do_not_mix_options():
    scene = SCENES[8]  # with negative values
    saliency, density = Map(scene.map), Map(scene.density + 1e-3)
    for normalise in ("sum", "minmax", "sum"):
        expected = shared_mass(scene.map, scene.density + 1e-3, normalise)
        close(metrics.sim(saliency, density, normalise=normalise), expected)
        for negative in ("shift", "clip", "real", "shift"):
            expected = divergence(scene.map, scene.density + 1e-3, negative).real.sum()
            close(metrics.kld(saliency, density, negative=negative), expected, 1e-10)
    for floor in (1e-20, 0.1):
        p, q = (share(not_negative(m.values) + floor) for m in (saliency, density))
        expected = np.sum(q * (np.log(q) - np.log(p)))
        close(metrics.kld(saliency, density, form="floor", floor=floor), expected, 1e-10)
