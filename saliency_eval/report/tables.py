"""What a metric saw as tables: thresholds, the values at fixations, the pixels or cells that count most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from saliency_eval.core import Stimulus
from saliency_eval.errors import shown
from saliency_eval.report.curves import Curve
from saliency_eval.report.terms import Terms
from saliency_eval.variant import Variant

MOST_ROWS = 12  # of the pixels that cost or gain most
UNITS = {"nss": "z", "ig": "bits"}


class Rows(NamedTuple):
    """A table of a section."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def digits(value: float) -> str:
    """A value as text with six digits.

    >>> digits(0.81234567), digits(float("inf"))
    ('0.812346', 'inf')
    """
    return "n/a" if math.isnan(value) else f"{value:.6g}"


def thresholds(name: str, curve: Curve) -> Rows:
    """The points of a curve."""
    fp, tp, at = curve.points
    rows = [(f"{t:.6g}", f"{y:.4f}", f"{x:.6f}") for x, y, t in zip(fp, tp, at, strict=True)]
    title = f"{shown(name)}: {len(rows)} thresholds"
    return Rows(title, ("threshold", "share of fixations", "share of negatives"), rows)


def table_of(variant: Variant, name: str, terms: Terms, view: Stimulus) -> Rows:
    """The terms at fixations, or the pixels or cells where the most is lost or gained."""
    if terms.at is not None:
        rows = [(str(r), str(c), digits(v)) for (r, c), v in zip(terms.at, terms.values, strict=True)]
        return Rows(f"{shown(name)}: {len(rows)} fixated pixels", ("row", "column", UNITS[variant.key]), rows)
    flat = terms.values.ravel()
    order = np.argsort(-flat, kind="stable")[:MOST_ROWS]
    place = np.column_stack(np.unravel_index(order, terms.values.shape)).tolist()
    found, so_far = list[tuple[str, ...]](), 0.0
    for (r, c), k in zip(place, order, strict=True):
        so_far += float(flat[k])
        found.append(
            (str(r), str(c), *beside(variant, r, c, view), digits(float(flat[k])), share(so_far, terms.total))
        )
    head = ("row", "column", *COLUMNS.get(variant.key, ()), "term", "together")
    unit = "cells" if variant.key == "emd" else "pixels"
    return Rows(f"{shown(name)}: the {len(found)} {unit} with the greatest terms", head, found)


COLUMNS = dict.fromkeys(("cc", "sim", "kld"), ("map", "density"))


def beside(variant: Variant, row: int, column: int, view: Stimulus) -> tuple[str, ...]:
    """Map and density at a pixel, as they are before they are divided by their sums."""
    if variant.key not in COLUMNS:
        return ()
    density = view.read("density", dict(variant.options)).values
    return digits(float(view["saliency"].values[row, column])), digits(float(density[row, column]))


def share(part: float, whole: float) -> str:
    """A part of a sum in percent, where that means something."""
    return f"{part / whole:.1%}" if whole > 0 and math.isfinite(whole) else ""
