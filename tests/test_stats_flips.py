"""Sign flips, Holm and Wilcoxon: against exact enumeration, scipy and statsmodels, and under the null."""

import itertools
import tracemalloc

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.multitest import multipletests

from saliency_eval.stats import flips_for, holm, pairs, resample_means, sign_flips, wilcoxon


def enumerated(differences):
    """Share of all choices of signs with a mean as far from zero as the observed one, up to rounding."""
    observed = abs(np.sum(differences)) - 1e-9
    choices = itertools.product((-1, 1), repeat=len(differences))
    return np.mean([abs(np.dot(signs, differences)) >= observed for signs in choices])


def two(differences):
    """Two models that differ by this much."""
    return np.column_stack([differences, np.zeros(len(differences))])


@pytest.mark.parametrize("n", range(1, 13))
@pytest.mark.parametrize("ties", [False, True])
def test_few_images_are_enumerated(n, ties):
    scores = np.random.default_rng(n).normal(0.3, size=(n, 3))
    scores = np.round(scores, 1) if ties else scores
    p = sign_flips(scores)
    for a, b in itertools.combinations(range(3), 2):
        assert p[a, b] == p[b, a] == enumerated(scores[:, a] - scores[:, b])
    assert (np.diag(p) == 1).all()


def test_scipy_enumerates_the_same():
    scores = np.random.default_rng(3).normal(0.3, size=(10, 2))
    theirs = scipy_stats.permutation_test(
        (scores[:, 0] - scores[:, 1],), np.mean, permutation_type="samples", n_resamples=np.inf, vectorized=True
    )  # fmt: skip
    assert sign_flips(scores)[0, 1] == theirs.pvalue


@pytest.mark.parametrize("shift", [0.0, 0.2, 0.35])
def test_scipy_draws_the_same_up_to_chance(shift):
    scores = np.random.default_rng(5).normal([shift, 0.0], size=(60, 2))
    theirs = scipy_stats.permutation_test(
        (scores[:, 0] - scores[:, 1],), np.mean, permutation_type="samples", n_resamples=20_000, vectorized=True,
        rng=np.random.default_rng(6),
    ).pvalue  # fmt: skip
    ours = sign_flips(scores, "osie", flips=20_000)[0, 1]
    assert ours == pytest.approx(theirs, abs=4 * np.sqrt(2 * theirs * (1 - theirs) / 20_000))


def test_smallest_p_and_what_adds_up_equally():
    far = two(np.full(100, 1.0))
    assert sign_flips(far, flips=999)[0, 1] == 1 / 1000
    tenths = np.array([0.3, 0.1, 0.2] * 3)  # sums that are equal but for the rounding of 0.1 + 0.2
    assert sign_flips(two(tenths))[0, 1] == enumerated(np.round(10 * tenths))


def test_equal_models_and_constant_scores_have_p_1():
    scores = np.random.default_rng(0).random((40, 3))
    scores[:, 1] = scores[:, 0]
    assert sign_flips(scores, flips=500)[0, 1] == 1
    assert (sign_flips(np.ones((40, 2)), flips=500) == 1).all()
    assert (sign_flips(np.ones((1, 2)) * [1, 2]) == 1).all()
    assert (sign_flips(np.empty((0, 2))) == 1).all()


def test_a_pair_depends_on_no_other_model():
    scores = np.random.default_rng(1).normal(size=(70, 6)) * [1, 1e-6, 1, 1e12, 1, 1]
    scores[4, 5] = np.nan
    p = sign_flips(scores, "osie", flips=2000)
    assert (sign_flips(scores[:, [2, 0]], "osie", flips=2000)[0, 1]) == p[0, 2]
    assert np.isnan(p[5, :5]).all()
    assert np.isfinite(p[:5, :5]).all()
    assert sign_flips(scores, "mit1003", flips=2000)[0, 2] != p[0, 2]


@pytest.mark.slow
def test_p_is_uniform_under_the_null():
    """Kolmogorov-Smirnov on 500 trials of skewed scores that differ by chance alone; fails in 1 of 1000 draws."""
    rng, p = np.random.default_rng(11), []
    for trial in range(500):
        scores = rng.gamma(2.0, size=(40, 1)) + rng.gamma(2.0, size=(40, 2))
        p.append(sign_flips(scores, trial, flips=999)[0, 1])
    assert scipy_stats.kstest(p, "uniform").pvalue > 0.001


def false_separations(boards, models, n, flips=None):
    """Boards of models that differ by chance alone in which some pair is told apart."""
    rng, found = np.random.default_rng(12), 0
    for board in range(boards):
        scores = rng.normal(size=(n, 1)) + rng.normal(size=(n, models))
        p = sign_flips(scores, board, flips=flips)[np.triu_indices(models, 1)]
        found += holm(p).min() < 0.05
    return found / boards


@pytest.mark.slow
def test_false_separations_are_rare():
    assert false_separations(300, 5, 50, flips=2000) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


@pytest.mark.slow
def test_false_separations_are_rare_in_many_boards():
    assert false_separations(1000, 10, 300) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 1000)


def test_one_clearly_best_of_33_is_told_apart():
    rng = np.random.default_rng(13)
    scores = rng.normal(size=(100, 1)) + 0.3 * rng.normal(size=(100, 33))
    scores[:, 7] += 1
    of_best = [pair for pair in all_pairs(scores) if 7 in (pair.a, pair.b)]
    assert len(of_best) == 32
    assert max(pair.p_holm for pair in of_best) < 0.05
    few = [pair for pair in all_pairs(scores, flips=10_000) if 7 in (pair.a, pair.b)]
    assert min(pair.p_holm for pair in few) == pytest.approx(528 / 10_001)


def all_pairs(scores, higher=True, **options):
    return pairs(scores, resample_means(scores, 0, resamples=200), higher, 0, **options)


def test_flips_grow_with_pairs():
    assert [flips_for(k) for k in (1, 2, 10, 11, 33, 50)] == [
        10_000,
        10_000,
        10_000,
        11_000,
        105_600,
        245_000,
    ]


@pytest.mark.parametrize("seed", range(5))
def test_holm_equals_statsmodels(seed):
    p = np.round(np.random.default_rng(seed).beta(0.4, 2, size=30), 3)
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1], rel=1e-12)
    with_gap = np.insert(p, 4, np.nan)
    assert np.delete(holm(with_gap), 4) == pytest.approx(holm(p))
    assert np.isnan(holm(with_gap)[4])


@pytest.mark.filterwarnings("ignore:Sample size too small")
@pytest.mark.parametrize("digits", [15, 1, 0], ids=["all differ", "ties", "ties and zeros"])
@pytest.mark.parametrize("n", [1, 2, 7, 13, 14, 50, 51, 300])
def test_wilcoxon_equals_scipy(n, digits):
    differences = np.round(np.random.default_rng(n).normal(0.2, size=n), digits)
    if not differences.any():
        differences[0] = 1.0
    assert wilcoxon(differences) == pytest.approx(scipy_stats.wilcoxon(differences).pvalue, rel=1e-9)


def test_wilcoxon_without_differences():
    assert wilcoxon(np.zeros(5)) == wilcoxon(np.zeros(60)) == wilcoxon(np.empty(0)) == 1
    assert np.isnan(wilcoxon(np.array([1.0, np.nan])))


def test_pairs_say_who_wins_in_both_directions():
    scores = np.array([[1.5, 1.0, 5.0], [2.0, 2.0, np.nan], [7.5, 3.0, 5.0], [1.0, 4.0, 5.0]])
    up, down = all_pairs(scores), all_pairs(scores, higher=False)
    assert [(pair.a, pair.b) for pair in up] == [(0, 1), (0, 2), (1, 2)]
    assert (up[0].wins, up[0].ties, up[0].losses) == (2, 1, 1)
    assert (down[0].wins, down[0].ties, down[0].losses) == (1, 1, 2)
    assert up[0][2:8] == down[0][2:8]  # all else is about the difference as it stands
    assert (up[0].difference, up[0].p, up[0].p_holm) == (0.5, 0.75, 0.75)  # of 8, 7, 2 and 1: all but 1
    assert np.isnan(up[1][2:8]).all()
    assert up[1][8:] == (0, 0, 0)
    [one] = all_pairs(np.array([[1.0, 3.0]]))
    assert np.isnan([one.low, one.high]).all()
    assert (one.difference, one.p) == (-2.0, 1.0)


def test_working_memory_of_fifty_models():
    scores = np.random.default_rng(0).normal(size=(1003, 50))
    tracemalloc.start()
    sign_flips(scores, flips=3000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * 2**20
