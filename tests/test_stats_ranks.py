"""Ranks, groups and rank correlation: against scipy and by hand."""

import itertools
import warnings

import numpy as np
import pytest
from scipy import stats as scipy_stats

from saliency_eval.stats import letters, p_first, rank_correlation, rank_intervals, ranks


@pytest.mark.parametrize("higher", [True, False])
def test_ranks_equal_scipy_with_ties(higher):
    means = np.random.default_rng(0).integers(0, 4, (200, 6)).astype(float)
    theirs = scipy_stats.rankdata(-means if higher else means, axis=1)
    assert (ranks(means, higher) == theirs).all()
    assert (ranks(means[0], higher) == theirs[0]).all()


def test_negative_means_have_a_best_and_nan_has_no_rank():
    means = np.array([[-3.0, -1.0, np.nan, -2.0], [np.inf, 1.0, 0.0, np.nan]])
    assert ranks(means, True) == pytest.approx(np.array([[3, 1, np.nan, 2], [1, 2, 3, np.nan]]), nan_ok=True)
    assert ranks(means, False)[0] == pytest.approx([1, 3, np.nan, 2], nan_ok=True)


def test_rank_intervals_are_inverted_quantiles():
    means = np.zeros((1000, 2))
    means[:, 0] = np.where(np.arange(1000) < 25, -1.0, 1.0)  # last in 25 of 1000: just at the tail
    assert [list(ends) for ends in rank_intervals(means, True)] == [[1, 1], [1, 2]]
    assert list(rank_intervals(means, False)[0]) == [1, 1]
    means[25, 0] = -1.0
    assert [list(ends) for ends in rank_intervals(means, True)] == [[1, 1], [2, 2]]
    assert [list(ends) for ends in rank_intervals(np.ones((9, 3)), True)] == [[2, 2, 2], [2, 2, 2]]


def test_p_first_shares_ties_and_adds_up():
    means = np.random.default_rng(1).integers(0, 3, (500, 4)).astype(float)
    for higher in (True, False):
        best = means == (means.max if higher else means.min)(axis=1, keepdims=True)
        by_hand = [np.mean([row[k] / row.sum() for row in best]) for k in range(4)]
        assert p_first(means, higher) == pytest.approx(by_hand)
        assert p_first(means, higher).sum() == pytest.approx(1)
    means[:, 1] = np.nan
    assert p_first(means, True)[1] == 0
    assert p_first(means, True).sum() == pytest.approx(1)


def test_best_alone_gets_everything():
    assert list(p_first(np.array([[5.0, 2.0, 2.0], [9.0, 1.0, 3.0]]), True)) == [1, 0, 0]
    assert list(p_first(np.array([[5.0, 2.0, 3.0]]), False)) == [0, 1, 0]


def matrix(models, *pairs):
    apart = np.zeros((models, models), bool)
    for a, b in pairs:
        apart[a, b] = apart[b, a] = True
    return apart


@pytest.mark.parametrize(
    ("apart", "groups"),
    [
        (matrix(0), []),
        (matrix(1), ["a"]),
        (matrix(3), ["a", "a", "a"]),
        (matrix(3, (0, 1), (1, 2), (0, 2)), ["a", "b", "c"]),
        (matrix(3, (0, 2)), ["a", "ab", "b"]),
        (matrix(4, (0, 3)), ["a", "ab", "ab", "b"]),
        (matrix(4, (0, 1), (0, 2), (0, 3)), ["a", "b", "b", "b"]),
        (matrix(3, (0, 1), (1, 2)), ["a", "b", "c"]),  # first and last are not neighbours
        (matrix(4, (0, 2), (1, 3)), ["a", "ab", "bc", "c"]),
    ],
)
def test_groups_by_hand(apart, groups):
    assert ["".join(names) for names in letters(apart)] == groups


def test_groups_are_all_longest_runs_without_a_pair_apart():
    rng = np.random.default_rng(2)
    for _ in range(300):
        size = int(rng.integers(1, 8))
        apart = np.triu(rng.random((size, size)) < rng.random(), 1)
        apart |= apart.T
        together = [
            set(range(i, j))
            for i, j in itertools.combinations(range(size + 1), 2)
            if not any(apart[a, b] for a, b in itertools.combinations(range(i, j), 2))
        ]
        longest = [run for run in together if not any(run < other for other in together)]
        found: dict[str, set[int]] = {}
        for model, names in enumerate(letters(apart)):
            for name in names:
                found.setdefault(name, set()).add(model)
        assert list(found) == sorted(found)
        assert [found[name] for name in found] == sorted(longest, key=min)


def test_letters_go_on_after_z():
    groups = letters(~np.eye(60, dtype=bool))
    assert [groups[k] for k in (25, 26, 27, 51, 52)] == [("z",), ("aa",), ("ab",), ("az",), ("ba",)]


def test_rank_correlation_equals_scipy():
    rng = np.random.default_rng(4)
    for digits in (12, 0):
        x, y = np.round(rng.normal(size=(2, 30)), digits)
        assert rank_correlation(x, y) == pytest.approx(scipy_stats.spearmanr(x, y).statistic, rel=1e-12)
    assert rank_correlation(x, x) == 1
    assert rank_correlation(x, -x) == -1
    for bad in (np.ones(30), np.full(30, np.nan)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert np.isnan(rank_correlation(x, bad))
    assert np.isnan(rank_correlation(np.array([1.0]), np.array([2.0])))
