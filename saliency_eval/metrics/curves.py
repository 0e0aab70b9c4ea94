"""Metrics of how sure a classifier is while pixels are taken from an image, or given to it, in the order of a map.

A curve is what `fields.insertion_curve` or `fields.deletion_curve` makes, or (shares, probabilities) from elsewhere.
"""

from __future__ import annotations

import numpy as np

from saliency_eval.counting import count
from saliency_eval.fields.curves import Curve
from saliency_eval.metrics.declare import metric
from saliency_eval.options import Share
from saliency_eval.regions.overlap import Bools

ROUNDING = 1e-12  # of a probability: 1 - 0.9 is less than 0.1


def area_under(curve: Curve) -> float:
    """The area by trapezoids over the true shares."""
    return float(np.trapezoid(curve.scores, curve.shares))


@metric("Insertion AUC", better="higher", range=(0, 1), chance=None, source="arXiv:1806.07421",
        invariant=["monotone"])  # fmt: skip
def insertion_auc(insertion_curve: Curve) -> float:
    """Area under the probability of a class while the pixels of largest saliency are put into a substrate.

    `insertion_curve` as `fields.insertion_curve` makes it, whose options say how, or (shares, probabilities). Raises
    `SaliencyEvalError` for what is no curve.

    Sum over k of (f_{k+1} - f_k)(p_k + p_{k+1})/2, f the true shares of the pixels.
    Source: Petsiuk, Das, Saenko 2018 (RISE), arXiv:1806.07421.

    >>> insertion_auc(([0, 0.75, 1], [0, 0.5, 1]))
    0.375
    """
    return area_under(insertion_curve)


@metric("Deletion AUC", better="lower", range=(0, 1), chance=None, source="arXiv:1806.07421",
        invariant=["monotone"])  # fmt: skip
def deletion_auc(deletion_curve: Curve) -> float:
    """Area under the probability of a class while the pixels of largest saliency are replaced by a substrate.

    `deletion_curve` as `fields.deletion_curve` makes it, whose options say how, or (shares, probabilities). Raises
    `SaliencyEvalError` for what is no curve.

    Sum over k of (f_{k+1} - f_k)(p_k + p_{k+1})/2, f the true shares of the pixels.
    Source: Petsiuk, Das, Saenko 2018 (RISE), arXiv:1806.07421.

    >>> deletion_auc(([0, 0.75, 1], [1, 0.5, 0]))
    0.625
    """
    return area_under(deletion_curve)


def first(curve: Curve, reached: Bools) -> float:
    """The smallest share at which something is reached; all, and counted, where it never is."""
    if not reached.any():
        count("undefined")
        return 1.0
    return float(curve.shares[np.argmax(reached)])


@metric("Sufficient area", better="lower", range=(0, 1), chance=None, source="arXiv:1705.07857",
        invariant=["monotone"])  # fmt: skip
def ssr_area(insertion_curve: Curve, *, tau: Share = 0.9, relative: bool = True) -> float:
    """Smallest share of the pixels that alone lets the classifier keep its class.

    `insertion_curve` as in `insertion_auc`. `tau` is the probability that is enough, `relative` to that of the whole
    image. 1 where it is never reached. Raises `SaliencyEvalError` for what is no curve.

    min {f : p(f) >= tau p(1)}.
    Source: Dabkowski, Gal 2017, arXiv:1705.07857.

    >>> ssr_area(([0, 0.25, 1], [0.1, 0.75, 0.8]))
    0.25
    """
    enough = tau * insertion_curve.scores[-1] if relative else tau
    return first(insertion_curve, insertion_curve.scores >= enough - ROUNDING)


@metric("Destroying area", better="lower", range=(0, 1), chance=None, source="arXiv:1705.07857",
        invariant=["monotone"])  # fmt: skip
def sdr_area(deletion_curve: Curve, *, tau: Share = 0.9, relative: bool = True) -> float:
    """Smallest share of the pixels whose removal prevents the classifier from keeping its class.

    `deletion_curve` as in `deletion_auc`. 1 - `tau` is the probability that is too little, `relative` to that of the
    whole image. 1 where it is never reached. Raises `SaliencyEvalError` for what is no curve.

    min {f : p(f) <= (1 - tau) p(0)}.
    Source: Dabkowski, Gal 2017, arXiv:1705.07857.

    >>> sdr_area(([0, 0.25, 1], [0.8, 0.05, 0.01]))
    0.25
    """
    little = (1 - tau) * (deletion_curve.scores[0] if relative else 1)
    return first(deletion_curve, deletion_curve.scores <= little + ROUNDING)
