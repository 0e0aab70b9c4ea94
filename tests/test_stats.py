"""Bootstrap and intervals: exact arithmetic, scipy, and what may not move a number."""

import time
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats as scipy_stats

from saliency_eval.core import generator
from saliency_eval.stats import bca, mean_intervals, percentile, resample_means, skewness
from saliency_eval.stats.fixed_point import FixedPoint


def scores_of(n, models, seed=0):
    return np.random.default_rng(seed).gamma(2.0, size=(n, models))


@pytest.mark.parametrize("n", [1, 2, 7, 101, 1003])
def test_resamples_are_those_drawn_at_once(n):
    """The chunks leave no trace: one draw of all images gives the same means."""
    drawn = generator("osie", "5a", "bootstrap", n).integers(n, size=(1500, n))
    scores = scores_of(n, 3)
    found = resample_means(scores, "osie", "5a", resamples=1500)
    assert found == pytest.approx(scores[drawn].mean(axis=1), rel=1e-14)


def test_means_are_exact_to_the_last_digits():
    n = 97
    scores = np.random.default_rng(1).normal(size=(n, 3)) * [1.0, 1e-300, 1e90] + [1e6, 0.0, 0.0]
    drawn = generator("x", "bootstrap", n).integers(n, size=(5, n))
    found = resample_means(scores, "x", resamples=5)
    for row, images in zip(found, drawn, strict=True):
        for k, mean in enumerate(row):
            exact = sum(Fraction(float(s)) for s in scores[images, k]) / n
            assert abs(Fraction(float(mean)) - exact) <= abs(exact) * Fraction(4, 2**53)


def test_no_order_of_summation_moves_a_digit():
    scores, order = scores_of(1003, 4), np.random.default_rng(3).permutation(1003)
    weights = np.random.default_rng(4).multinomial(1003, np.full(1003, 1 / 1003), size=50).astype(float)
    whole = FixedPoint.of(scores).products(weights)
    assert (FixedPoint.of(scores[order]).products(weights[:, order]) == whole).all()
    for k in range(4):  # another shape is another kernel of the linear algebra
        assert (FixedPoint.of(scores[:, [k]]).products(weights)[:, 0] == whole[:, k]).all()


def test_adding_a_model_changes_no_interval():
    scores = scores_of(50, 7)
    whole = resample_means(scores, "osie", resamples=500)
    assert (resample_means(scores[:, [4, 1]], "osie", resamples=500) == whole[:, [4, 1]]).all()
    together = mean_intervals(scores, "data", 0)
    assert [mean_intervals(scores[:, [k]], "data", 0)[0] for k in range(7)] == together
    few = np.array([[1.0, 0.1], [2.0, 0.3], [4.0, 0.7]])  # many resamples have the mean of the scores
    assert mean_intervals(few[:, :1], 0)[0] == mean_intervals(few, 0)[0]
    assert mean_intervals(scores, "data", 1) != together


def test_a_column_that_is_not_finite_is_lost_alone():
    scores = scores_of(20, 4)
    scores[3, 1], scores[5, 2] = np.nan, np.inf
    found = resample_means(scores, 0, resamples=50)
    assert np.isnan(found[:, 1:3]).all()
    assert (found[:, [0, 3]] == resample_means(scores[:, [0, 3]], 0, resamples=50)).all()
    assert np.isnan(resample_means(np.empty((0, 2)), 0, resamples=3)).all()


def test_bca_agrees_with_scipy():
    """On few skewed scores, where leaving out the acceleration moves the ends by 4 % and 18 % of the width."""
    scores = np.random.default_rng(1).gamma(0.5, size=25)
    ours = bca(scores, resample_means(scores[:, None], 0, resamples=50_000)[:, 0])
    theirs = scipy_stats.bootstrap(
        (scores,), np.mean, n_resamples=50_000, method="BCa", rng=np.random.default_rng(1)
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.015 * width)


def test_percentile_of_paired_differences_agrees_with_scipy():
    scores = scores_of(200, 2)
    means = resample_means(scores, 0)
    theirs = scipy_stats.bootstrap(
        (scores[:, 0] - scores[:, 1],), np.mean, n_resamples=20_000, method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    ours = percentile(means[:, 0] - means[:, 1])
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.03 * (theirs.high - theirs.low))


def test_no_interval_without_spread_or_images():
    assert mean_intervals(np.full((5, 1), 2.0), 0)[0] == (2.0, 2.0, 2.0, 5)
    tenths = mean_intervals(np.full((7, 1), 0.1), 0)[0]  # whose sum by halves is another one
    assert tenths.low == tenths.mean == tenths.high == 0.1
    assert mean_intervals(np.array([[3.0]]), 0)[0] == (3.0, None, None, 1)
    empty = mean_intervals(np.empty((0, 1)), 0)[0]
    assert np.isnan(empty.mean)
    assert empty[1:] == (None, None, 0)
    infinite = mean_intervals(np.array([[1.0], [-np.inf]]), 0)[0]
    assert np.isnan(infinite.mean)
    assert infinite.low is None


@pytest.mark.parametrize("scores", [[0.0, 1.0], [5.0, 1.0], [-1e90, 1e90], [0.0, 0.0, 1.0], [3.0, 3.0, 2.0]])
def test_few_scores_have_their_range_as_interval(scores):
    """Of two, a fourth of the resamples are at either end; of three a twenty-seventh, where ties do not add to it."""
    found = mean_intervals(np.array(scores)[:, None], 0)[0]
    assert (found.low, found.high) == (min(scores), max(scores))
    assert found.mean == pytest.approx(np.mean(scores))


def test_three_scores_that_differ_have_an_interval_within_their_range():
    found = mean_intervals(np.array([[1.0], [2.0], [4.0]]), 0)[0]
    assert 1 <= found.low < found.mean < found.high <= 4


@pytest.mark.parametrize("scores", [[0.1] * 6 + [0.1 + 2**-55], [0.3, 0.1 + 0.2], [1e15, 1e15 + 0.125]])
def test_scores_that_differ_by_rounding_have_an_interval_as_wide(scores):
    found = mean_intervals(np.array(scores)[:, None], 0)[0]
    assert min(scores) <= found.low <= found.high <= max(scores)


def test_resamples_on_one_side_give_no_interval():
    """As too few of them may lie: no width can be told, and none would be that of equal scores."""
    scores = np.array([0.0, 1.0, 5.0])
    assert bca(scores, np.array([3.0, 4.0])) == bca(scores, np.array([1.0])) == (None, None)
    assert None not in bca(scores, np.array([1.0, 3.0]))


def test_skewness_agrees_with_scipy():
    scores = scores_of(300, 3)
    assert skewness(scores * [1.0, 1e-200, 1e90]) == pytest.approx(scipy_stats.skew(scores), rel=1e-12)
    assert skewness(scores[:, 0]) == skewness(scores)[0]
    assert np.isnan(skewness(np.array([[1.0, np.nan, 5.0], [1.0, 0.0, np.inf]]))).all()


def test_fifty_models_take_less_than_a_second():
    scores = scores_of(1003, 50)
    spent = []
    for _ in range(3):
        start = time.process_time()
        assert resample_means(scores, "speed").shape == (10_000, 50)
        spent.append(time.process_time() - start)
    assert min(spent) < 1, spent


def test_working_memory_does_not_grow_with_images():
    tracemalloc.start()
    resample_means(scores_of(20_000, 50), 0, resamples=100)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * 2**20
