"""Do metrics order the images alike? Rank correlations of all pairs, and a plot of the first few metrics."""

from __future__ import annotations

import numpy as np

from saliency_eval.formats import ROUNDING
from saliency_eval.maps import Floats
from saliency_eval.report import plots
from saliency_eval.report.cards import Picture
from saliency_eval.report.compared import Compared
from saliency_eval.stats import rank_correlation
from saliency_eval.stats.ranks import mean_ranks

DRAWN = 8  # metrics in a plot of all pairs: their number is that of the plots


def agreement(compared: Compared) -> list[tuple[str, list[str]]]:
    """Spearman's rank correlation over images of each pair of metrics, averaged over models; `+` means they agree."""
    metrics = compared.metrics
    signs = np.array([1.0 if m.better == "higher" else -1.0 for m in metrics])
    found = averaged([correlations(values * signs) for values in compared.table.values.transpose(1, 0, 2)])
    return [
        (metric.head, [f"{r:+.2f}" if np.isfinite(r) else "n/a" for r in found[row, :row]])
        for row, metric in enumerate(metrics)
    ]


def averaged(found: list[Floats]) -> Floats:
    """The mean of those that are defined, NaN where none is."""
    stacked = np.stack(found)
    defined = np.isfinite(stacked)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(defined, stacked, 0).sum(0) / defined.sum(0))


def correlations(values: Floats) -> Floats:
    """Rank correlations of all pairs of columns of (images, metrics), each over the rows that are finite in both.

    Values that differ by rounding alone, as those of a map against itself, have no order.

    >>> correlations(np.array([[1.0, 0.1], [2.0, 9.0], [3.0, 4.0]]))[1].tolist()
    [0.5, 1.0]
    """
    with np.errstate(invalid="ignore"):
        values = np.where(np.ptp(values, 0) < ROUNDING, 0, values)
    whole = np.isfinite(values).all(0)
    found = np.full((values.shape[1],) * 2, np.nan)
    ranks = np.array([mean_ranks(column) for column in values[:, whole].T]).reshape(whole.sum(), len(values))
    products = (ranks - (len(values) + 1) / 2) @ (
        ranks - (len(values) + 1) / 2
    ).T  # halves: exact in any order
    squares = np.diag(products)
    with np.errstate(invalid="ignore", divide="ignore"):
        found[np.ix_(whole, whole)] = products / np.sqrt(np.outer(squares, squares))
    for row in np.flatnonzero(~whole):
        found[row] = found[:, row] = [where_both(values[:, row], other) for other in values.T]
    return found


def where_both(x: Floats, y: Floats) -> float:
    """The rank correlation over the rows that are finite in both."""
    good = np.isfinite(x) & np.isfinite(y)
    return rank_correlation(x[good], y[good])


def cloud(compared: Compared) -> Picture | None:
    """The first metrics against each other, of the first models; None of one metric."""
    labels = [m.label for m in compared.metrics][:DRAWN]
    if len(labels) < 2:
        return None
    few = compared.names[: plots.MOST]
    whose = "all models" if few == compared.names else f"the first {len(few)} models"
    which = "every metric" if len(labels) == len(compared.metrics) else f"each of the first {DRAWN} metrics"
    address = plots.against(compared.table.values[:, : plots.MOST, :DRAWN], few, labels)
    alt = f"Scatter plots of {which} against every other, a point for each image, of {whose}"
    return Picture(
        address, alt, f"{which.capitalize()} against every other: a point for each image, of {whose}.", "plot"
    )
