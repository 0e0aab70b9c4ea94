"""Threshold rules: from a map to the pixels that are kept.

A threshold that is computed is a value only up to rounding: what lies within `SLACK` of it is equal to it, so that
maps of whole numbers, and their multiples, keep what exact arithmetic keeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from saliency_eval.errors import fail
from saliency_eval.maps import LEVEL, Counts, Floats, Map

Levels = NDArray[np.uint8]
Rule = Literal["mean", "value", "energy", "area", "fixed", "quantile"]
Sign = Literal["rule", "keep", "positive", "abs"]
SLACK = 2.0**-46
CLAMP = 1e-6  # of the thresholds of `quantile`
HALVES, TWENTIETHS = np.arange(21) / np.float64(2), np.arange(20) / np.float64(20)


def grid(rule: Rule) -> Floats:
    """The alphas among which the best of a rule is sought."""
    return HALVES if rule == "mean" else TWENTIETHS


def signed(saliency: Map, sign: Sign, rule: Rule = "value") -> Map:
    """The map as its sign is read; `rule` takes the positive part for mean and energy, else the map as it is."""
    if sign == "rule":
        sign = "positive" if rule in ("mean", "energy") else "keep"
    if sign == "keep" or saliency.low >= 0:
        return saliency
    part = np.abs(saliency.values) if sign == "abs" else np.maximum(saliency.values, 0)
    return saliency.once(("signed", sign), lambda: Map.known(part))


def reached(
    saliency: Map, rule: Rule, alphas: Sequence[float] | Floats, strict: bool = False, sign: Sign = "rule"
) -> tuple[Levels, Counts]:
    """How many of the thresholds each pixel reaches, and by which number of them each alpha keeps it."""
    own = signed(saliency, sign, rule)
    if own.low == own.high == 0:
        return np.zeros(own.shape, np.uint8), np.arange(1, len(alphas) + 1)
    edges = thresholds(own, rule, np.asarray(alphas, np.float64), strict)
    order = np.argsort(edges, kind="stable")
    place = np.empty(len(edges), np.int64)
    place[order] = np.arange(1, len(edges) + 1)
    return stacked(own, edges[order], "left" if strict else "right"), place


def stacked(saliency: Map, edges: Floats, side: Literal["left", "right"]) -> Levels:
    """How many ascending edges each pixel reaches (`right`) or exceeds (`left`)."""
    if saliency.is_levels:
        return np.asarray(np.searchsorted(edges, LEVEL, side).astype(np.uint8)[saliency.values])
    if len(edges) == 1:
        above = saliency.floats > edges[0] if side == "left" else saliency.floats >= edges[0]
        return np.asarray(above, np.uint8)
    number = np.searchsorted(edges, saliency.floats.ravel(), side)
    return number.astype(np.uint8).reshape(saliency.shape)


def thresholds(saliency: Map, rule: Rule, alphas: Floats, strict: bool) -> Floats:
    """The value that a pixel must reach under each alpha."""
    slack = SLACK if strict else -SLACK
    size = abs(saliency.low) + abs(saliency.high)
    if rule == "mean":
        mean = float(np.clip(saliency.mean, saliency.low, saliency.high))  # it is rounded
        return alphas * (mean + slack * (mean if saliency.low >= 0 else size))
    if rule == "value":
        return saliency.low + alphas * (saliency.high - saliency.low) + slack * size
    if rule == "fixed":
        return alphas * unit(saliency, rule)
    values, counts = descending(saliency)
    if rule != "quantile" and alphas.max() > 1:
        fail(
            "usage",
            f"alpha must be a share of 0 to 1 under rule={rule}, got {alphas.max():g}",
            "choose another alpha",
        )
    if rule == "energy":
        mass = np.cumsum(values * counts)
        return np.array([values[np.argmax(mass >= alpha * mass[-1] * (1 - SLACK))] for alpha in alphas])
    if rule == "area":
        number = np.maximum(1, np.floor(alphas * saliency.size + 0.5 + SLACK * saliency.size))
        return values[np.searchsorted(np.cumsum(counts), number)]
    return np.full(len(alphas), quantile(saliency, values, counts, unit(saliency, rule)))


def quantile(saliency: Map, values: Floats, counts: Counts, one: float) -> float:
    """The value above which as many lie as the mean of a mask of 0 to `one` says (casme, `binarize_mask`)."""
    rank = 1 + int((saliency.size - 1) * (1 - saliency.mean / one) + 0.5)  # from the smallest
    value = values[np.searchsorted(np.cumsum(counts), saliency.size - rank + 1)]
    return float(np.clip(value, CLAMP * one, (1 - CLAMP) * one))


def descending(saliency: Map) -> tuple[Floats, Counts]:
    """The values from the largest down, and how many pixels have each."""
    if saliency.is_levels:
        present = np.flatnonzero(saliency.histogram)[::-1]
        return present.astype(np.float64), saliency.histogram[present]
    values = saliency.once("descending", lambda: np.sort(saliency.floats, axis=None)[::-1])
    return values, np.ones(saliency.size, np.int64)


def unit(saliency: Map, rule: Rule) -> float:
    """The value that stands for 1 where a threshold has a meaning on a fixed scale only. Raises `dtype`."""
    if saliency.of_levels or (saliency.is_levels and saliency.high > 1):
        return 255.0
    if saliency.low < 0 or saliency.high > 1:
        fail(
            "dtype",
            f"rule={rule} needs a map of values in [0, 1], got {saliency.low:g} to {saliency.high:g}",
            "bring the maps to [0, 1] or to levels of 8 bits, or use rule=value",
        )
    return 1.0
