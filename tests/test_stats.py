"""Intervals of means: against scipy, and by their coverage."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from saliency_eval.stats import bca, mean_intervals, resample_means


def test_bca_agrees_with_scipy():
    scores = np.random.default_rng(0).gamma(2.0, size=200)
    ours = bca(scores, resample_means(scores[:, None], 0)[:, 0])
    theirs = scipy_stats.bootstrap(
        (scores,), np.mean, n_resamples=20_000, method="BCa", rng=np.random.default_rng(1)
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.03 * width)


def test_coverage_of_nominal_95_percent():
    rng = np.random.default_rng(5)
    hits = 0
    for trial in range(400):
        scores = rng.gamma(4.0, size=(100, 1))
        (interval,) = mean_intervals(scores, trial)
        hits += interval.low <= 4.0 <= interval.high
    assert 0.92 <= hits / 400 <= 0.98


def test_columns_share_their_resamples_and_do_not_move_each_other():
    scores = np.random.default_rng(2).random((50, 3))
    together = mean_intervals(scores, "data", 0)
    assert [mean_intervals(scores[:, [k]], "data", 0)[0] for k in range(3)] == together
    few = np.array([[1.0, 0.1], [2.0, 0.3], [4.0, 0.7]])  # many resamples have the mean of the scores
    assert mean_intervals(few[:, :1], 0)[0] == mean_intervals(few, 0)[0]
    assert mean_intervals(scores, "data", 1) != together


def test_no_interval_without_spread_or_images():
    assert mean_intervals(np.full((5, 1), 2.0), 0)[0] == (2.0, 2.0, 2.0, 5)
    assert mean_intervals(np.array([[3.0]]), 0)[0] == (3.0, None, None, 1)
    empty = mean_intervals(np.empty((0, 1)), 0)[0]
    assert np.isnan(empty.mean)
    assert empty[1:] == (None, None, 0)
    infinite = mean_intervals(np.array([[1.0], [-np.inf]]), 0)[0]
    assert np.isnan(infinite.mean)
    assert infinite.low is None
