"""What each metric saw of one image: the terms whose sum or mean is the value, or the curve whose area it is.

A function here takes what the metric of its name takes, and gives None where the metric is undefined or set by a
rule. A test compares the parameters, and every total with the value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import numpy as np

from saliency_eval.core import Fields, apply
from saliency_eval.maps import Floats, Map, Shift
from saliency_eval.metrics import density as divergences
from saliency_eval.metrics.declare import Constant
from saliency_eval.pool import Duplicates, Points, once_per_pixel
from saliency_eval.report import curves
from saliency_eval.report.curves import Curve
from saliency_eval.variant import Variant


class Terms(NamedTuple):
    """Numbers that add up, or average, to a value: one for each of some pixels, or a map of them."""

    values: Floats  # (n,), or (height, width) of the map or of a grid of cells
    rule: Literal["sum", "mean"]
    at: Points | None = None  # (n, 2): where each number is from; None for a map
    other: Floats | None = None  # a map to look at beside: z-scores, or bits over the baseline

    @property
    def total(self) -> float:
        """Their sum or mean, which is the value of the metric."""
        flat = self.values.ravel()
        with np.errstate(invalid="ignore"):  # infinite terms of both signs
            total = math.fsum(flat) if np.isfinite(flat).all() else float(flat.sum())
        return total / self.values.size if self.rule == "mean" else total


Seen = Curve | Terms | None


def seen(variant: Variant, fields: Fields) -> Seen:
    """What a metric saw of an image, under its options and with its own random draws; None where nothing adds up."""
    function = FUNCTIONS.get(variant.key)
    if function is None:
        return None
    options = dict(variant.options)
    own = {name: options[name] for name in variant.declared.options}
    found: Seen = apply(replace(variant.declared, function=function), fields, own, options)
    return found


# ------------------------------------------------------------------ at fixations


def nss(
    saliency: Map, fixations: Points, *, ddof: int, duplicates: Duplicates, constant: Constant
) -> Terms | None:
    """The z-score at each fixation."""
    pixels = once_per_pixel(fixations, duplicates)
    if not len(pixels) or saliency.constant:
        return None
    spread = saliency.deviation(ddof)
    z = saliency.centred(saliency.floats) / spread
    return Terms(saliency.centred(saliency.at(pixels)) / spread, "mean", pixels, z)


def ig(
    saliency: Map,
    fixations: Points,
    baseline: Map,
    *,
    normalise: str,
    eps: float,
    duplicates: Duplicates,
    constant: Constant,
) -> Terms | None:
    """Bits over the baseline at each fixation."""
    pixels = once_per_pixel(fixations, duplicates)
    by_rule = normalise == "minmax" and saliency.constant and constant != "chance"
    if not len(pixels) or by_rule:
        return None
    rule: Shift = "minimum" if normalise == "minmax" else "negative"
    p, b = saliency.probability(rule), baseline.probability(rule)
    with np.errstate(divide="ignore", invalid="ignore"):
        everywhere = np.log2(eps + p(saliency.floats)) - np.log2(eps + b(baseline.floats))
        bits = np.log2(eps + p(saliency.at(pixels))) - np.log2(eps + b(baseline.at(pixels)))
    return Terms(bits, "mean", pixels, everywhere)


# ------------------------------------------------------------------ at all pixels


def cc(saliency: Map, density: Map, *, constant: Constant) -> Terms | None:
    """The product of both z-scores at each pixel, divided by their number."""
    if density.constant or saliency.constant:
        return None
    product = saliency.centred(saliency.floats) * density.centred(density.floats)
    return Terms(product / (saliency.deviation() * density.deviation() * saliency.size), "sum")


def sim(saliency: Map, density: Map, *, normalise: str, constant: Constant) -> Terms | None:
    """The smaller of both shares at each pixel."""
    by_rule = normalise == "minmax" and saliency.constant and constant != "chance"
    if density.mass("none") == 0 or by_rule:
        return None
    rule: Shift = "negative" if normalise == "sum" else "minimum"
    p, q = saliency.probability(rule), density.probability(rule)
    return Terms(np.minimum(p(saliency.values), q(density.floats)), "sum")


def kld(
    saliency: Map,
    density: Map,
    *,
    form: str,
    eps: float,
    floor: float,
    negative: str,
    constant: Constant,
) -> Terms | None:
    """What each pixel costs, in nats."""
    if density.mass("none") == 0 or (saliency.constant and constant == "raise"):
        return None
    m, _, inner, to_p, to_q, size = divergences.shares(
        saliency, density, form, eps, floor, negative, constant
    )
    p, q = to_p(m.floats) + inner, to_q(density.floats)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = inner + q / p
        cost = q * np.log(np.abs(ratio) if size else ratio)
    return Terms(np.where(q > 0, cost, 0.0), "sum")


def emd(saliency: Map, density: Map, *, cell: int, unit: str, constant: Constant) -> Terms | None:
    """Mass times distance that leaves each cell of the grid."""
    if density.mass("none") == 0 or (saliency.low == saliency.high == 0 and constant != "chance"):
        return None
    source, target = divergences.coarse(saliency, density, cell)
    moves, left = divergences.moves_of(source - target), np.zeros(source.shape)
    if moves is not None:
        plan = divergences.solver().emd(moves.have, moves.want, moves.cost, numItermax=divergences.MOST_STEPS)
        left[tuple(moves.supply.T)] = moves.mass * (plan * moves.cost).sum(1)
    return Terms(left * cell if unit == "px" else left, "sum", other=source - target)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        curves.auc, curves.auc_judd, curves.auc_borji, curves.shuffled_auc, nss, ig, cc, sim, kld, emd
    )
}  # fmt: skip
