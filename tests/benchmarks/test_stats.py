"""The statistics of a board of fifty models on the 1,003 images of MIT1003, beside plain numpy and a matrix product."""

import numpy as np
import pytest

from saliency_eval.stats import bca, flips_for, resample_means, sign_flips

from .measure import Pass

PART = 1 / 50  # of the resamples and flips that plain code takes
IMAGES, MODELS, RESAMPLES = 1003, 50, 10_000


@pytest.fixture(scope="module")
def sizes(full):
    """Images, models, resamples and flips."""
    return (IMAGES, MODELS, RESAMPLES, flips_for(MODELS)) if full else (30, 4, 500, 500)


@pytest.fixture(scope="module")
def scores(sizes):
    images, models, *_ = sizes
    rng = np.random.default_rng(0)
    return rng.normal(size=(images, 1)) + rng.normal(size=(images, models))


@pytest.fixture(scope="module")
def product(full):
    """The unit: a product of two matrices of 2000 x 2000."""
    matrix = np.random.default_rng(1).normal(size=(2000 if full else 100,) * 2)
    return Pass(lambda: matrix @ matrix, 1)


def plain_means(scores, resamples, seed=0):
    """Means of resamples, one after the other."""
    rng, n = np.random.default_rng(seed), len(scores)
    return np.array([scores[rng.integers(n, size=n)].mean(axis=0) for _ in range(resamples)])


def plain_p(scores, flips, seed=0):
    """p-values of all pairs, flip after flip."""
    rng, (n, models) = np.random.default_rng(seed), scores.shape
    first, second = np.triu_indices(models, 1)
    gaps = scores[:, first] - scores[:, second]
    observed = np.abs(gaps.sum(axis=0))
    far = sum(np.abs(rng.choice((-1.0, 1.0), n) @ gaps) >= observed for _ in range(flips))
    return (far + 1) / (flips + 1)


def test_bootstrap(sizes, scores, product, race):
    """The bar is below a second where the product takes less than one."""
    *_, resamples, _ = sizes
    found, beside = resample_means(scores, "speed"), plain_means(scores, 2000)
    np.testing.assert_allclose(found.std(axis=0), beside.std(axis=0), rtol=0.1)
    name = f"bootstrap, {scores.shape[1]} models, {resamples} resamples, {len(scores)} images"
    work = Pass(lambda: resample_means(scores, "speed", resamples=resamples), 1)
    plain = Pass(lambda: plain_means(scores, int(PART * resamples)), PART)
    race("statistics", name, work, product, plain, unit="M", bar=1.0, rounds=5)


def test_intervals(sizes, scores, product, race):
    *_, resamples, _ = sizes
    means = resample_means(scores, "speed", resamples=resamples)
    work = Pass(lambda: [bca(*columns) for columns in zip(scores.T, means.T, strict=True)], 1)
    race("statistics", f"BCa of {scores.shape[1]} means", work, product, unit="M", bar=0.2, rounds=5)


def test_flips(sizes, scores, product, race):
    *_, flips = sizes
    found = sign_flips(scores, "speed", flips=2000)[np.triu_indices(scores.shape[1], 1)]
    np.testing.assert_allclose(found, plain_p(scores, 2000), atol=0.07)  # 4 standard errors of two p-values
    name = f"sign flips, {len(found)} pairs, {flips} flips"
    work = Pass(lambda: sign_flips(scores, "speed", flips=flips), 1)
    plain = Pass(lambda: plain_p(scores, int(PART * flips)), PART)
    race("statistics", name, work, product, plain, unit="M", bar=8.0, rounds=3)
