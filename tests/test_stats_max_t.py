"""p of many pairs by the greatest T of all of them: enumeration, family-wise error, and what must not change it."""

from itertools import combinations, product

import numpy as np
import pytest

from saliency_eval.stats import FEWEST, holm, max_t, sign_flips


def test_all_signs_of_a_few_images():
    """T of each pair and each choice of signs, and of those the greatest, with plain loops."""
    scores = np.array([[3.0, 1, 0], [5, 4, 2], [2, 2, 9], [8, 1, 1], [4, 3, 7]])
    pairs = list(combinations(range(3), 2))
    differences = {(a, b): scores[:, a] - scores[:, b] for a, b in pairs}

    def t(d, signs):
        return abs(np.dot(d, signs)) / np.sqrt(np.dot(d, d))

    greatest = [max(t(d, signs) for d in differences.values()) for signs in product((1, -1), repeat=5)]
    found = max_t(scores)
    for pair, d in differences.items():
        assert found[pair] == found[pair[::-1]] == np.mean(np.array(greatest) >= t(d, np.ones(5)) - 1e-9)
    assert list(np.diag(found)) == [1, 1, 1]


def test_one_pair_is_the_test_of_that_pair():
    scores = np.random.default_rng(0).normal([0, 0.4], 1, (40, 2))
    assert max_t(scores, "s") == pytest.approx(sign_flips(scores, "s", flips=FEWEST), abs=2e-4)


def test_equal_models_are_not_apart_and_a_clear_one_is():
    base = np.random.default_rng(1).normal(0.7, 0.1, (100, 1))
    scores = np.hstack([base, base, base + np.random.default_rng(2).normal(0.1, 0.05, (100, 1))])
    p = max_t(scores)
    assert p[0, 1] == 1
    assert p[0, 2] == p[1, 2] == 1 / (FEWEST + 1)


@pytest.mark.parametrize("scale", [1e-300, 1e99])
def test_scale_changes_nothing(scale):
    scores = np.random.default_rng(3).normal(0, 1, (30, 4))
    assert np.array_equal(max_t(scores, "s"), max_t(scores * scale, "s"))


def test_it_finds_what_holm_cannot_with_as_many_flips():
    """120 models, one of them better by far: 7140 pairs, of which no p after Holm is below 7140/10001."""
    scores = np.random.default_rng(4).normal(0, 1, (60, 120))
    scores[:, 0] += 3
    upper = np.triu_indices(120, 1)
    assert holm(sign_flips(scores, flips=FEWEST)[upper]).min() > 0.7
    p = max_t(scores)
    assert (p[0, 1:] < 0.05).all()
    assert (p[1:, 1:] >= 0.05).all()


@pytest.mark.slow
def test_one_board_in_twenty_has_a_false_finding_at_most():
    rng = np.random.default_rng(5)
    wrong = 0
    for _ in range(400):
        scores = rng.normal(0, 1, (50, 1)) + rng.normal(0, 1, (50, 12))
        wrong += bool((max_t(scores, rng.integers(2**40), flips=999) < 0.05).any())
    assert wrong / 400 < 0.05 + 2 * np.sqrt(0.05 * 0.95 / 400)
