"""Metrics of a map against a fixation density: CC, SIM, KL divergence and EMD.

Truth is `density`, a map (height, width) that is not negative. An image without fixations has no density and
scores NaN.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import numpy as np

from saliency_eval import sums
from saliency_eval.errors import fail
from saliency_eval.maps import LEVEL, Floats, Map, Shift
from saliency_eval.metrics.declare import BITS, NAN, Constant, metric, undefined
from saliency_eval.options import Range, Share
from saliency_eval.pool import Points
from saliency_eval.resize import matlab
from saliency_eval.sums import ONE, Affine

MOST_STEPS = 10_000_000
SMALL = 1e-15  # up to this eps, ln(eps + q/(p + eps)) is ln q - ln(p + eps): the sum changes by about eps


@metric(
    "CC",
    better="higher",
    range=(-1, 1),
    chance=0.0,
    source="doi:10.1016/j.visres.2007.06.015",
    invariant=["affine", "flip", "odd", "symmetric"],
)
def cc(saliency: Map, density: Map, *, constant: Constant = "nan") -> float:
    """Pearson correlation of map and density over all pixels.

    `saliency` and `density` (height, width) real. `constant` rules a map of one value. NaN for an empty density.

    CC = cov(S, D) / (std(S) std(D)). Source: Le Meur, Le Callet, Barba 2007, doi:10.1016/j.visres.2007.06.015.

    >>> round(cc([[0, 1], [2, 3]], [[0, 2], [1, 3]]), 15)
    0.8
    """
    if density.constant:
        return NAN
    if saliency.constant:
        return undefined(constant, 0.0, saliency)
    return saliency.covariance(density) / (saliency.deviation() * density.deviation())


@metric(
    "SIM",
    better="higher",
    range=(0, 1),
    chance=None,
    source="hdl:1721.1/68590",
    invariant=["scale", "flip", "symmetric"],
    idle=lambda options: ("constant",) if options["normalise"] == "sum" else (),
)
def sim(
    saliency: Map, density: Map, *, normalise: Literal["minmax", "sum"] = "minmax", constant: Constant = "nan"
) -> float:
    """Similarity: the mass that two maps share when each sums to one.

    `saliency` and `density` (height, width) real. `normalise`: both from their minimum (`minmax`, MIT) or as
    they are (`sum`, negative values moved up), then divided by their sum. `constant` rules a map of one value
    under `minmax`; there an all-zero map shares 0, as in the MIT code. NaN for an empty density.

    SIM = sum of min(p, q). Source: Judd, Durand, Torralba 2012, hdl:1721.1/68590.

    >>> sim([[1, 3], [0, 0]], [[1, 1], [0, 2]])
    0.5
    """
    if density.mass("none") == 0:
        return NAN
    if normalise == "minmax" and saliency.constant and constant != "chance":
        return 0.0 if saliency.high == 0 and constant == "nan" else undefined(constant, NAN, saliency)
    rule: Shift = "negative" if normalise == "sum" else "minimum"
    return sums.shared(saliency.values, saliency.probability(rule), density.floats, density.probability(rule))


@metric(
    "KL",
    better="lower",
    range=(0, np.inf),
    chance=None,
    source="doi:10.1214/aoms/1177729694",
    invariant=["scale", "flip"],
    idle=lambda options: {"inside": ("floor",), "floor": ("eps",), "exact": ("eps", "floor")}[
        options["form"]
    ],
)
def kld(
    saliency: Map,
    density: Map,
    *,
    form: Literal["inside", "floor", "exact"] = "inside",
    eps: Share = BITS,
    floor: Share = 1e-20,
    negative: Literal["shift", "clip", "keep", "real"] = "shift",
    constant: Constant = "nan",
) -> float:
    """Kullback-Leibler divergence of the map from the density, in nats.

    `saliency` and `density` (height, width) real. `form`: `inside` adds `eps` within the logarithm (MIT),
    `floor` adds `floor` to both maps before they are divided by their sum, `exact` is infinite where the map is
    zero and the density is not. `negative` values of the map are moved up, cut, or kept: then the logarithm of a
    negative number is NaN, or under `inside` its `real` part, which the MIT code prints, and values that sum to 0
    give NaN. An all-zero map is not normalised unless `constant="chance"`, which scores it as uniform. NaN for an
    empty density.

    With p = S/sum(S) and q = D/sum(D), under `floor` of S + floor and D + floor:
    inside: KL = sum q ln(eps + q/(p + eps)); floor: sum q ln(q/p); exact: the same over pixels where q > 0.
    Source: Kullback, Leibler 1951, doi:10.1214/aoms/1177729694; Bylinskii et al. 2019, arXiv:1604.03605.

    >>> kld([[1, 1], [1, 1]], [[0, 0], [0, 2]], form="exact")
    1.3862943611198906
    """
    if density.mass("none") == 0:
        return NAN
    if saliency.constant and constant == "raise":
        return undefined(constant, NAN, saliency)
    m, added, inner, p, q, signless = shares(saliency, density, form, eps, floor, negative, constant)
    if inner <= SMALL:
        return mean_log(m, p.plus(inner), density, q, added, signless)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = inner + q(density.floats) / (p(m.values) + inner)
        return float(np.sum(q(density.floats) * np.log(np.abs(ratio) if signless else ratio)))


class Shares(NamedTuple):
    """The map that is compared with a density, and how values of the two become shares."""

    saliency: Map
    added: float  # to every pixel of both
    inner: float  # within the logarithm
    p: Affine
    q: Affine
    signless: bool  # is ln |p| meant?


def shares(
    saliency: Map, density: Map, form: str, eps: float, floor: float, negative: str, constant: Constant
) -> Shares:
    """What the options of `kld` make of a map and a density."""
    if negative == "clip" and saliency.low < 0:
        saliency = Map(np.maximum(saliency.values, 0))
    rule: Shift = "negative" if negative == "shift" else "none"
    added = floor if form == "floor" else 0.0
    p, q = saliency.probability(rule, added), density.probability("none", added)
    if added == 0 and saliency.low == saliency.high == 0 and constant != "chance":
        p = Affine(0.0, 0.0)
    signless = form == "inside" and negative == "real" and saliency.low < 0
    return Shares(saliency, added, eps if form == "inside" else 0.0, p, q, signless)


def mean_log(m: Map, p: Affine, density: Map, q: Affine, floor: float, signless: bool) -> float:
    """Mean of ln(q / p), or ln |q / p| if `signless`, under a density with `floor` added to every pixel."""
    if m.is_levels:
        weights = m.level_sums(density) + floor * m.histogram
        total = entropy(density, q, floor) + sums.divergence(LEVEL, p, weights, ONE, 0.0, signless)
    else:
        total = sums.divergence(m.values, p, density.floats, q, floor, signless)
    return total / (density.total + floor * density.size)


def entropy(density: Map, q: Affine, floor: float) -> float:
    """Sum of ln q under a density with `floor` added to every pixel; it depends on the truth alone."""
    return density.once(
        ("entropy", floor), lambda: sums.divergence(density.floats, ONE, density.floats, q, floor)
    )


@metric(
    "EMD",
    better="lower",
    range=(0, np.inf),
    chance=None,
    source="doi:10.1023/A:1026543900054",
    same_size=False,
    invariant=["scale", "symmetric"],
)
def emd(
    saliency: Map,
    density: Map,
    *,
    cell: Annotated[int, Range(1, 4096)] = 32,
    unit: Literal["cells", "px"] = "cells",
    constant: Constant = "nan",
) -> float:
    """Earth mover's distance between map and density on a coarse grid, by exact optimal transport.

    `saliency` and `density` (height, width) real. `cell`: width of a grid cell in px; `unit` of the distance.
    Both maps, of any size, shrink to the grid by the `matlab` rule, negative cells are cut, each is divided by its sum.
    An all-zero map scores as `constant` says. NaN for an empty density. Raises `needs_extra` without POT.

    A constant map that is not zero is scored by the formula.

    EMD = least mean Euclidean distance of moving one mass onto the other; only the difference has to move.
    Source: Rubner, Tomasi, Guibas 2000, doi:10.1023/A:1026543900054.

    >>> round(emd(np.eye(64), np.eye(64)[::-1]), 6)
    0.885714
    """
    if density.mass("none") == 0:
        return NAN
    if saliency.low == saliency.high == 0 and constant != "chance":
        return undefined(constant, NAN, saliency)
    distance = transport(*coarse(saliency, density, cell))
    return distance * cell if unit == "px" else distance


def coarse(saliency: Map, density: Map, cell: int) -> tuple[Floats, Floats]:
    """Map and density on the grid of cells, each summing to one."""
    rows, columns = (-(-n // cell) for n in density.shape)
    target = mass_of(matlab(density.values, (rows, columns), 1 / cell))
    return mass_of(matlab(saliency.values, (rows, columns))), target


def mass_of(cells: Floats) -> Floats:
    """Cells that are not negative and sum to one; without mass they are equal."""
    cut = np.maximum(cells, 0)
    return cut / cut.sum() if cut.sum() > 0 else np.full(cells.shape, 1 / cells.size)


def transport(source: Floats, target: Floats) -> float:
    """Least cost of moving one mass onto another, Euclidean distance between cells."""
    moves = moves_of(source - target)
    if moves is None:
        return 0.0
    ot = solver()
    return float(moves.mass * ot.emd2(moves.have, moves.want, moves.cost, numItermax=MOST_STEPS))


class Moves(NamedTuple):
    """What has to move: the cells (n, 2) that give and those that take, their shares, and distances (n, m)."""

    supply: Points
    have: Floats
    want: Floats
    cost: Floats
    mass: float


def moves_of(difference: Floats) -> Moves | None:
    """What has to move to level a difference of two masses; None where nothing has."""
    supply, demand = np.argwhere(difference > 0), np.argwhere(difference < 0)
    if not len(supply) or not len(demand):
        return None
    have, want = difference[tuple(supply.T)], -difference[tuple(demand.T)]
    cost = np.sqrt(((supply[:, None] - demand[None]) ** 2).sum(2, dtype=np.float64))
    return Moves(supply, have / have.sum(), want / want.sum(), cost, float(have.sum()))


def solver() -> Any:
    """The library of exact transport; raises `needs_extra` where it is not installed."""
    try:
        import ot
    except ImportError:
        fail("needs_extra", "emd needs POT, which is not installed", "pip install 'saliency-eval[emd]'")
    return ot
