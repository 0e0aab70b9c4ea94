"""Ranks of models, how sure they are, and which models cannot be told apart."""

from __future__ import annotations

import string

import numpy as np
from numpy.typing import NDArray

from saliency_eval.stats.bootstrap import tails

Array = NDArray[np.float64]


def ranks(means: Array, higher: bool) -> Array:
    """Rank of each model in each row of `means` (..., models): 1 the best, ties share the mean rank, NaN has none.

    >>> ranks(np.array([0.7, 0.9, 0.7]), higher=True)
    array([2.5, 1. , 2.5])
    """
    signed = -means if higher else means
    order = np.argsort(signed, axis=-1)  # NaN comes last
    ordered = np.take_along_axis(signed, order, axis=-1)
    places, new = np.arange(means.shape[-1]), ordered[..., 1:] != ordered[..., :-1]
    edge = np.ones((*means.shape[:-1], 1), bool)
    first = np.maximum.accumulate(np.where(np.concatenate([edge, new], -1), places, 0), axis=-1)
    ends = np.where(np.concatenate([new, edge], -1), places, means.shape[-1])
    last = np.minimum.accumulate(ends[..., ::-1], axis=-1)[..., ::-1]
    found = np.empty(means.shape)
    np.put_along_axis(found, order, 1 + (first + last) / 2, axis=-1)
    found[np.isnan(means)] = np.nan
    return found


def rank_intervals(means: Array, higher: bool, level: float = 0.95) -> tuple[Array, Array]:
    """Lower and upper ends of the rank of each model, over resamples (resamples, models); inverted CDF.

    >>> low, high = rank_intervals(np.array([[3.0, 2.0, 1.0], [2.0, 3.0, 1.0]]), higher=True)
    >>> low, high
    (array([1., 1., 3.]), array([2., 2., 3.]))
    """
    found = ranks(means, higher)
    low, high = (np.quantile(found, tail, axis=0, method="inverted_cdf") for tail in tails(level))
    return low, high


def p_first(means: Array, higher: bool) -> Array:
    """Share of resamples (resamples, models) in which each model is the best; those that tie share one.

    >>> p_first(np.array([[3.0, 2.0], [2.0, 2.0]]), higher=True)
    array([0.75, 0.25])
    """
    found = ranks(means, higher)
    first = found == np.fmin.reduce(found, axis=1, keepdims=True)
    shares: Array = first / np.maximum(first.sum(axis=1, keepdims=True), 1)
    average: Array = shares.mean(axis=0)
    return average


def letters(apart: NDArray[np.bool_]) -> list[tuple[str, ...]]:
    """The groups of each model, in displayed order; models that share a letter cannot be told apart.

    `apart` (models, models), symmetric: is a pair told apart? A group is a run of neighbours in which no pair is,
    as long as it can be. The letters are a to z, aa, ab and so on.

    >>> letters(np.array([[False, False, True], [False, False, False], [True, False, False]]))
    [('a',), ('a', 'b'), ('b',)]
    """
    groups = {letter(k): members for k, members in enumerate(runs(apart))}
    return [tuple(name for name, members in groups.items() if k in members) for k in range(len(apart))]


def runs(apart: NDArray[np.bool_]) -> list[range]:
    """The longest runs of neighbours in which no pair is apart.

    >>> runs(np.array([[False, True], [True, False]]))
    [range(0, 1), range(1, 2)]
    """
    found: list[range] = []
    for start in range(len(apart)):
        stop = start + 1
        while stop < len(apart) and not apart[start:stop, stop].any():
            stop += 1
        if not found or stop > found[-1].stop:
            found.append(range(start, stop))
    return found


def letter(number: int) -> str:
    """The name of a group.

    >>> letter(0), letter(25), letter(26), letter(702)
    ('a', 'z', 'aa', 'aaa')
    """
    name = ""
    while number >= 0:
        name = string.ascii_lowercase[number % 26] + name
        number = number // 26 - 1
    return name


def mean_ranks(values: Array) -> Array:
    """Rank of each of many values, 1 the least; ties share the mean rank.

    >>> mean_ranks(np.array([5.0, 1.0, 5.0]))
    array([2.5, 1. , 2.5])
    """
    _, place, times = np.unique(values, return_inverse=True, return_counts=True)
    found: Array = (np.cumsum(times) - (times - 1) / 2)[place]
    return found


def rank_correlation(x: Array, y: Array) -> float:
    """Spearman's rank correlation; NaN where one of them is constant, not finite or shorter than two.

    Pearson's correlation of mean ranks. Source: Spearman 1904, doi:10.2307/1412159.

    >>> rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([0.1, 9.0, 4.0]))
    0.5
    """
    if np.isnan(x).any() or np.isnan(y).any():
        return float("nan")
    a, b = (mean_ranks(v) - (len(v) + 1) / 2 for v in (x, y))
    squares = float(a @ a) * float(b @ b)
    return float(a @ b) / float(np.sqrt(squares)) if squares > 0 else float("nan")
