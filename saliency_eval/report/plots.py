"""Plots of a report as SVG: distributions, metric against metric, ROC curves. One version of matplotlib gives one
file."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from saliency_eval.errors import shown
from saliency_eval.maps import Floats
from saliency_eval.pages import data_uri
from saliency_eval.pages.plots import FAINT, INK, PIXELS, breadth, style, svg
from saliency_eval.report.curves import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which the colour-blind can tell apart; then they begin again with another mark and line
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f00", "#5b3a8e")
MARKS = "osD^vPX*<>"
LINES = ("-", "--", "-.", ":")
MOST = 10  # models in one plot of points or lines
DOTS = 84  # per inch, of clouds of points: single shapes, or finer ones, would be large files
LONGEST = 25  # characters of a name
SIZES = ((50, 20), (200, 10), (np.inf, 5))  # up to so many images, points^2 of a point
MARGIN = 0.08  # inches
LINE = 0.2  # of a legend
GOLDEN = 0.6180339887498949  # jitter that is even and never random
FEW = 5  # values that have a bar each


class Margins(NamedTuple):
    """What lies beside the axes, in inches; above as little as may be."""

    left: float
    bottom: float
    right: float = MARGIN


def sign(number: int) -> dict[str, Any]:
    """Colour and mark of a model by its number."""
    return {"color": COLOURS[number % len(COLOURS)], "marker": MARKS[number % len(MARKS)]}


def line(number: int) -> dict[str, Any]:
    """Colour and line of a model by its number."""
    round = number // len(COLOURS)
    return {"color": COLOURS[number % len(COLOURS)], "linestyle": LINES[(number + round) % len(LINES)]}


def short(name: str) -> str:
    """A name for a plot: of a long one its beginning and its end, in which variants of a model differ.

    >>> short("centre_gaussian(width=0.15)")
    'centre_gaus...width=0.15)'
    """
    text = shown(name, 5000)
    return text if len(text) <= LONGEST else f"{text[:11]}...{text[-11:]}"


def widest(labels: Sequence[str]) -> float:
    """The inches beside an axis that names need, with a little room."""
    return max(map(breadth, labels)) / PIXELS + 0.15


@contextmanager
def drawing(width: float, height: float, margins: Margins | None = None) -> Iterator[Figure]:
    """A figure of so many inches, laid out by its contents unless the margins are given, which is faster.

    A letter that the font lacks is drawn as a box, and is no reason to warn.
    """
    from matplotlib.figure import Figure

    with style(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        figure = Figure((width, height), dpi=DOTS, layout="constrained" if margins is None else None)
        if margins is not None:
            figure.subplots_adjust(margins.left / width, margins.bottom / height, 1 - margins.right / width,
                                   1 - MARGIN / height, 0.1, 0.1)  # fmt: skip
        yield figure


def address(figure: Figure) -> str:
    """The figure as an address within a page; made while it is being drawn."""
    return data_uri(svg(figure), "svg+xml")


# ------------------------------------------------------------------ distributions


def distribution(values: Floats, names: Sequence[str], chance: float | None) -> str:
    """One metric of (images, models): the shape of each, its quartiles and mean, and every image."""
    labels = [short(name) for name in names]
    with drawing(4.8, 0.5 + 0.48 * len(names), Margins(widest(labels), 0.35, 0.2)) as figure:
        axes = figure.subplots()
        for number, column in enumerate(values.T):
            cloud(axes, column[np.isfinite(column)], -number, sign(number)["color"])
        dots(axes, values)
        if chance is not None:
            axes.axvline(chance, color=FAINT, linewidth=0.8, linestyle=":")
        axes.set_yticks(-np.arange(len(names)), labels)
        axes.set_ylim(0.6 - len(names), 0.6)
        axes.tick_params(axis="y", length=0)
        return address(figure)


def cloud(axes: Axes, values: Floats, at: float, colour: str) -> None:
    """A half violin above a line of the plot, and a box on it."""
    if not len(values):
        return
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
    shape(axes, values, at, colour)
    axes.plot([low, high], [at, at], color=INK, linewidth=3, solid_capstyle="butt")
    axes.plot(middle, at, "o", color="white", markeredgecolor=INK, markersize=5)
    axes.plot(values.mean(), at, "D", color=INK, markersize=3)


def shape(axes: Axes, values: Floats, at: float, colour: str) -> None:
    """How often values occur: a smooth curve, of a few values a bar for each; nothing of one alone."""
    least, room = values.min(), np.ptp(values)
    found, counts = np.unique(values, return_counts=True)
    if len(found) == 1:
        return
    if len(found) <= FEW and len(values) > len(found):
        heights = 0.45 * counts / counts.max()
        axes.bar(found, heights, 0.03 * room, at + 0.07, color=colour, alpha=0.45, linewidth=0)
        return
    from matplotlib.mlab import GaussianKDE

    x, unit = np.linspace(least, least + room, 100), np.linspace(0, 1, 100)
    density = GaussianKDE((values - least) / room).evaluate(unit)  # squares stay in range
    heights = 0.45 * density / density.max()
    axes.fill_between(x, at + 0.07, at + 0.07 + heights, color=colour, alpha=0.45, linewidth=0)


def dots(axes: Axes, values: Floats) -> None:
    """A dot for each image below the line of each model of (images, models): one layer, which is drawn faster."""
    images, models = np.nonzero(np.isfinite(values))
    nth = np.cumsum(np.isfinite(values), axis=0)[images, models] - 1
    colours = np.array([sign(model)["color"] for model in range(values.shape[1])])[models]
    jitter = -models - 0.12 - 0.2 * (nth * GOLDEN % 1)
    axes.scatter(
        values[images, models],
        jitter,
        s=0.6 * size_for(len(values)),
        c=colours,
        alpha=0.5,
        linewidths=0,
        rasterized=True,
    )


# ------------------------------------------------------------------ metric against metric


def against(values: Floats, names: Sequence[str], labels: Sequence[str]) -> str:
    """Every metric against every other, a point for each image of each model, (images, models, metrics)."""
    side = len(labels) - 1
    width, below = 1.5 * side + 0.6, 0.6 + LINE * -(-len(names) // per_line(1.5 * side + 0.6))
    with drawing(width, 1.5 * side + below, Margins(0.6, below)) as figure:
        grid = figure.add_gridspec(side, side)
        for row, column in ((r, c) for r in range(side) for c in range(r + 1)):
            axes = figure.add_subplot(grid[row, column])
            points(axes, values[:, :, column], values[:, :, row + 1])
            axes.tick_params(labelbottom=row == side - 1, labelleft=column == 0)
            axes.locator_params(nbins=4)
            axes.set_xlabel(short(labels[column]) if row == side - 1 else "")
            axes.set_ylabel(short(labels[row + 1]) if column == 0 else "")
        legend(figure, names, [sign(n) | {"linestyle": "none"} for n in range(len(names))])
        return address(figure)


def per_line(width: float) -> int:
    """How many names stand beside each other in a figure of so many inches."""
    return max(1, int(width / 2.1))


def size_for(images: int) -> int:
    """The size of a point: the fewer, the larger."""
    return next(size for most, size in SIZES if images <= most)


def points(axes: Axes, x: Floats, y: Floats) -> None:
    """One metric against another, (images, models)."""
    size = size_for(len(x))
    for number in range(x.shape[1]):
        good = np.isfinite(x[:, number]) & np.isfinite(y[:, number])
        axes.scatter(x[good, number], y[good, number], s=size, alpha=0.5, linewidths=0, rasterized=True,
                     **sign(number))  # fmt: skip


def legend(figure: Figure, names: Sequence[str], signs: Sequence[dict[str, Any]]) -> None:
    """The models of a plot, below it."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], label=short(n), **s) for n, s in zip(names, signs, strict=True)]
    columns = per_line(figure.get_figwidth())
    figure.legend(handles=handles, loc="lower left", ncols=columns, frameon=False)


# ------------------------------------------------------------------ one image


def roc(curves: Sequence[tuple[str, int, Sequence[Curve]]], words: bool = False) -> str:
    """ROC curves of one image: the name and number of each model, with a curve for each of its views.

    Without `words` at the axes, whose shapes are most of a small file, the caption must say what they are.
    """
    space = 0.55 if words else 0.3
    below = space + (LINE * len(curves) + 0.1 if len(curves) > 1 else 0)
    with drawing(3.2, 3.2 - space + below, Margins(space, below)) as figure:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8, linestyle=":")
        for _, number, found in curves:
            for curve in found:
                fp, tp, _ = curve.points
                width = 1.6 if len(found) == 1 else 0.6
                axes.plot(np.r_[0, fp, 1], np.r_[0, tp, 1], linewidth=width, **line(number))
        axes.set(
            xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal", xticks=(0, 0.5, 1), yticks=(0, 0.5, 1)
        )
        if words:
            axes.set(xlabel="share of negatives", ylabel="share of fixations")
        if len(curves) > 1:
            legend(figure, [name for name, _, _ in curves], [line(n) for _, n, _ in curves])
        return address(figure)


def strips(values: Sequence[tuple[str, Sequence[float]]], label: str) -> str:
    """Numbers at the fixations of one image, a line for each model, with the mean of each."""
    with drawing(4.8, 0.8 + 0.4 * len(values)) as figure:
        axes = figure.subplots()
        axes.axvline(0, color=FAINT, linewidth=0.8, linestyle=":")
        for number, (_, found) in enumerate(values):
            finite = np.array([v for v in found if np.isfinite(v)])
            jitter = -number + 0.5 * (np.arange(len(finite)) * GOLDEN % 1 - 0.5)
            axes.scatter(finite, jitter, s=9, alpha=0.6, linewidths=0, color=sign(number)["color"])
            if len(finite):
                axes.plot([finite.mean()] * 2, [-number - 0.35, -number + 0.35], color=INK, linewidth=2)
        axes.set_yticks(-np.arange(len(values)), [short(name) for name, _ in values])
        axes.set_ylim(0.6 - len(values), 0.6)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(label)
        return address(figure)
