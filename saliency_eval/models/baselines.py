"""Baselines and ceilings: maps made from no image content, or from the observers themselves."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval.fields.centre_bias import CentreBias, by_centres
from saliency_eval.fields.gaussian import blur
from saliency_eval.maps import Floats
from saliency_eval.models.declare import model
from saliency_eval.options import Range, Share
from saliency_eval.pool import Points, Pool, Shape

Sigma = Annotated[float, Range(0, 5000)] | Literal["dataset"]


class View(NamedTuple):
    """A map and the fixations that it is scored on."""

    saliency: Floats
    fixations: Points


@model("uniform", source="definition")
def uniform(shape: Shape) -> Floats:
    """One value everywhere: every metric at its chance level.

    >>> uniform((1, 2)).tolist()
    [[1.0, 1.0]]
    """
    return np.ones(shape)


@model("centre Gaussian", source="definition")
def centre_gaussian(shape: Shape, *, width: Annotated[float, Range(0.001, 100)] = 0.25) -> Floats:
    """A Gaussian at the centre whose widths are shares of height and width.

    exp(-(r - (H-1)/2)^2 / (2 (width H)^2) - (c - (W-1)/2)^2 / (2 (width W)^2)).

    >>> float(centre_gaussian((3, 3))[0, 1].round(6))
    0.411112
    """
    rows, columns = (np.exp(-0.5 * ((np.arange(n) - (n - 1) / 2) / (width * n)) ** 2) for n in shape)
    return np.outer(rows, columns)


@model("centre bias", source="doi:10.1167/7.14.4")
def centre_bias(pool: Pool, id: str, shape: Shape, *, sigma: Sigma = "dataset", mix: Share = 0.01) -> Floats:
    """Blurred fixations of all other images, the image itself left out.

    B = G * (T - c_i) with T the fixation counts of all images and c_i those of this one; `mix` is the share of a
    uniform map. `sigma` in px. A map (height, width) that sums to one. Source: Tatler 2007, doi:10.1167/7.14.4.

    >>> pool = Pool.of([("a", (3, 4), np.array([[0, 0]])), ("b", (3, 4), np.array([[2, 3]]))])
    >>> round(float(centre_bias(pool, "a", (3, 4), sigma=0.0, mix=0.12)[2, 3]), 6)
    0.89
    """
    return CentreBias(pool, id, shape, sigma, mix).values


@model("permutation", source="definition")
def permutation(pool: Pool, id: str, shape: Shape, *, sigma: Sigma = "dataset") -> Floats:
    """Blurred fixations of another image, the next of the data set: where people look when they see something else.

    A map (height, width); fixations are brought to its size as those of `centre_bias`. `sigma` in px. Where there is no
    other image, or nobody looked at it, the map is uniform.

    >>> pool = Pool.of([("a", (3, 4), np.array([[0, 0]])), ("b", (6, 8), np.array([[5, 7]]))])
    >>> permutation(pool, "a", (3, 4), sigma=0.0).tolist()[2]
    [0.0, 0.0, 0.0, 1.0]
    """
    other = (pool.number[id] + 1) % len(pool.ids)
    points = pool.points_of(other)
    if other == pool.number[id] or not len(points):
        return uniform(shape)
    return blur(by_centres(points, pool.shapes[other], shape), shape, "zero", sigma)


@model("gold standard", source="doi:10.1073/pnas.1510393112")
def gold_standard(
    fixations: Points,
    observers: NDArray[np.int64],
    shape: Shape,
    *,
    sigma: Sigma = "dataset",
    mix: Share = 0.0,
) -> list[View]:
    """The ceiling: each observer predicted by all others, averaged over observers.

    D = (1 - mix) G * c / sum(G * c) + mix / (H W) with c the counts of all others' fixations; G * c without `mix`. A
    share of a uniform map is for metrics of densities (ig, kld), in which a fixation where nobody else looked costs
    without bound: on OSIE `sigma=16, mix=0.05` makes the fixations likeliest; `saliency-eval models bandwidth` finds
    them for any data set. `fixations` (n, 2) pixels, `observers` (n,) integers, `sigma` in px. An image with one
    observer has no ceiling: it gives no view, and is not scored.

    >>> len(gold_standard(np.array([[0, 0], [1, 1]]), np.array([0, 1]), (3, 4), sigma=1.0))
    2
    """
    return [
        View(mixed(observer_map(fixations[observers != who], shape, sigma), mix), fixations[observers == who])
        for who in np.unique(observers)
        if (observers != who).any()
    ]


@model("one human", source="definition")
def one_human(
    fixations: Points,
    observers: NDArray[np.int64],
    shape: Shape,
    *,
    observer: Annotated[int, Range(0, 1_000_000)] = 0,
    sigma: Sigma = "dataset",
) -> list[View]:
    """The lower human bound: one observer's map, scored on the fixations of all others.

    `fixations` (n, 2) pixels, `observers` (n,) integers, `observer` one of them, `sigma` in px. An image that the
    observer did not look at gives no view, and is not scored.

    >>> one_human(np.array([[0, 0], [1, 1]]), np.array([0, 1]), (3, 4), sigma=1.0)[0].fixations.tolist()
    [[1, 1]]
    """
    own = observers == observer
    if not own.any() or own.all():
        return []
    return [View(observer_map(fixations[own], shape, sigma), fixations[~own])]


def observer_map(fixations: Points, shape: Shape, sigma: Sigma) -> Floats:
    """Fixations of some observers, every one counted, blurred."""
    return blur(fixations, shape, "zero", sigma)


def mixed(density: Floats, mix: float) -> Floats:
    """A density that sums to 1, with a share of a uniform one; as it is without any."""
    return (1 - mix) * density / density.sum() + mix / density.size if mix else density
