"""What became of each image, and what only all of them together tell: settled values, counts, the error of draws."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval.core import Stimulus
from saliency_eval.errors import Problem
from saliency_eval.signatures import labels
from saliency_eval.variant import Variant

Value = float | tuple[float, ...]  # of one metric for one image: a number, or what is settled over all images


class Scored(NamedTuple):
    """What became of one image."""

    id: str
    values: tuple[Value, ...] = ()
    truth: str = ""  # hash of what it was scored against
    prediction: str = ""  # hash of what its map follows from
    file: str = ""
    format: str = ""
    problems: tuple[Problem, ...] = ()
    missing: bool = False
    resized: bool = False
    parted: bool = False  # scored in parts, each observer under the map of the others
    rounded: bool = False  # to 8 bits, and much of it to 0
    on_zero: int = 0  # fixations at which a map of more than two levels is 0
    counts: tuple[tuple[int, str, int], ...] = ()  # number of the metric, what was counted, how often
    again: tuple[Value, ...] = ()  # the values of the metrics that draw, from another seed


def settled(
    variants: Sequence[Variant], results: Sequence[Scored], truth: Sequence[Stimulus]
) -> tuple[NDArray[np.float64], list[dict[str, float]]]:
    """Values (images, metrics), of which those over a data set are settled now; and the facts beside each metric."""
    values = np.full((len(results), len(variants)), math.nan)
    facts: list[dict[str, float]] = []
    rows = [row for row, result in enumerate(results) if result.values]
    for column, variant in enumerate(variants):
        own = np.array([results[row].values[column] for row in rows], np.float64)
        traits = variant.declared.traits
        if own.ndim == 2:
            options = dict(variant.options)
            told = traits["facts"](own, options)
            facts.append({name: value for name, value in told.items() if math.isfinite(value)})
            own = traits["settle"](own, [truth[row] for row in rows], options)
        else:
            facts.append({})
        values[rows, column] = own
    return values, facts


def summed(labels: Sequence[str], results: Iterable[Scored]) -> dict[str, dict[str, int]]:
    """What was counted at all images, by metric."""
    found: dict[str, dict[str, int]] = {}
    for number, what, count in (one for result in results for one in result.counts):
        own = found.setdefault(labels[number], {})
        own[what] = own.get(what, 0) + count
    return found


def drawn_errors(
    variants: Sequence[Variant], results: Sequence[Scored], counted: NDArray[np.bool_]
) -> dict[str, float]:
    """Standard errors that draws give to the means of the metrics that draw, by column: each image was drawn twice.

    The difference of two draws has twice the variance of one; other images are other draws, and variances add up.
    """
    drawing = [k for k, variant in enumerate(variants) if variant.redrawn]
    scored = [r for r, counts in zip(results, counted, strict=True) if counts]
    found = {}
    for place, k in enumerate(drawing):
        squares = math.fsum(np.square(np.subtract(r.values[k], r.again[place])) / 2 for r in scored)
        if scored and math.isfinite(squares):
            found[labels(variants)[k]] = math.sqrt(squares) / len(scored)
    return found
