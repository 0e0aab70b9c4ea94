"""Two models image by image: a dot for each image, and on how many each is the better one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from saliency_eval.errors import shown
from saliency_eval.maps import Floats
from saliency_eval.pages.plots import FAINT
from saliency_eval.report import plots
from saliency_eval.report.cards import Picture
from saliency_eval.report.compared import Compared

LARGEST = 1600  # points^2, of the dot of very many images


def versus(compared: Compared) -> Picture | None:
    """The first two models by the primary metric; the page may choose others. None of one model."""
    if len(compared.names) < 2:
        return None
    first, second = compared.names[:2]
    values = compared.table.column(compared.primary.label)[:, :2]
    values = values[np.isfinite(values).all(1)]
    if not len(values):
        return None
    alt = f"{shown(second)} against {shown(first)}, a dot for each image, by {shown(compared.primary.label)}"
    said = wins(values, compared.primary.better == "higher", first, second)
    return Picture(drawn(values, first, second), alt, said, "plot")


def wins(values: Floats, higher: bool, first: str, second: str) -> str:
    """On how many images of (images, 2) each is better.

    >>> wins(np.array([[1.0, 2.0], [3.0, 2.0], [3.0, 1.0], [1.0, 1.0]]), True, "a", "b")
    'a is better on 2 images, b on 1, both are alike on 1.'
    """
    better, worse = (
        int(np.count_nonzero(found)) for found in (values[:, 0] > values[:, 1], values[:, 0] < values[:, 1])
    )
    one, other = (better, worse) if higher else (worse, better)
    alike = len(values) - one - other
    return f"{shown(first)} is better on {one} images, {shown(second)} on {other}, both are alike on {alike}."


def drawn(values: Floats, first: str, second: str) -> str:
    """Finite scores of one metric under two models, (images, 2), with the line on which both are alike."""
    with plots.drawing(4.4, 4.4, plots.Margins(0.6, 0.5)) as figure:
        axes = figure.subplots()
        least, most = float(values.min()), float(values.max())
        both, counts = np.unique(values, axis=0, return_counts=True)
        room = (0.1 if counts.max() > 1 else 0.04) * ((most - least) or 1.0)
        ends = (least - room, most + room)
        axes.plot(ends, ends, color=FAINT, linewidth=0.8, linestyle=":")
        axes.scatter(
            both[:, 0],
            both[:, 1],
            s=areas(counts),
            alpha=0.5,
            linewidths=0,
            rasterized=True,
            color=plots.COLOURS[0],
        )
        axes.set(xlim=ends, ylim=ends, aspect="equal", xlabel=plots.short(first), ylabel=plots.short(second))
        return plots.address(figure)


def areas(counts: NDArray[np.int64]) -> Floats:
    """The area of each dot in points^2, as large as the number of its images; the largest is LARGEST at most."""
    one = plots.size_for(int(counts.sum()))
    return np.asarray(np.maximum(counts * min(one, LARGEST / counts.max()), one), np.float64)
