"""Pictures of a board as SVG, the same bytes wherever one version of matplotlib draws them.

They have no background and dark lines, which the style of the page turns light in the dark scheme.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from saliency_eval.boards.table import Json, by_mean
from saliency_eval.errors import shown
from saliency_eval.formats import ARROWS
from saliency_eval.pages.page import data_uri

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FONT = "DejaVu Sans"  # comes with matplotlib
INK, FAINT, ACCENT, BAND = "#1a1c1f", "#595f69", "#0b57a4", "#7f7f7f1a"
STYLE: dict[str, Any] = {
    "svg.hashsalt": "saliency-eval",
    "svg.fonttype": "path",
    "font.size": 9.0,
    "text.color": INK,
    "text.parse_math": False,  # a name is no formula
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}
PIXELS = 96  # in an inch of a page
ROW, AXIS = 26, 36  # pixels: the height of a table row beside a picture, and of the axis below
WIDTH, PAD = 220, 14


@contextmanager
def style() -> Iterator[None]:
    """The look of all plots, whatever the settings of the user; figures are made and saved within."""
    import matplotlib

    settings: Any = {key: value for key, value in matplotlib.rcParamsDefault.items() if "backend" not in key}
    with matplotlib.rc_context(settings | STYLE):
        yield


def figure(width: float, height: float) -> Figure:
    """An empty figure of so many pixels of a page."""
    from matplotlib.figure import Figure

    return Figure((width / PIXELS, height / PIXELS))


def svg(figure: Figure) -> bytes:
    """The figure as SVG that names no date and no version; made within `style`."""
    file = io.BytesIO()
    figure.savefig(file, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    return file.getvalue()


def height(rows: int) -> int:
    """The pixels of a picture beside so many rows."""
    return ROW * rows + AXIS


def beside_rows(rows: int) -> tuple[Figure, Axes]:
    """A picture that stands beside the rows of a table: row k is at y = k."""
    from matplotlib.patches import Rectangle

    total = height(rows)
    made = figure(WIDTH, total)
    axes = made.add_axes((PAD / WIDTH, AXIS / total, 1 - 2 * PAD / WIDTH, ROW * rows / total))
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    for row in range(0, rows, 2):  # the bands of the table go on
        band = Rectangle(
            (0, 1 - ROW * (row + 1) / total), 1, ROW / total, transform=made.transFigure, color=BAND
        )
        made.add_artist(band).set(linewidth=0)
    axes.grid(axis="x", color=FAINT, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    return made, axes


def means(document: Json, key: str) -> str:
    """The means of a metric with their intervals, best first."""
    order = by_mean(document, key)
    with style():
        made, axes = beside_rows(len(order))
        for kind in sorted(in_view(document, key)):
            axes.axvline(document["metrics"][key][kind]["mean"], color=INK, linewidth=0.9, dashes=(5, 3))
        values = [row["metrics"][key] for row in order]
        spans = [(k, value["lo"], value["hi"]) for k, value in enumerate(values) if value["lo"] is not None]
        draw(axes, spans, [value["mean"] for value in values])
        axes.margins(x=0.04)
        ticks(axes, 5)
        return data_uri(svg(made), "svg+xml")


def rank_intervals(document: Json, key: str | None = None) -> str:
    """The ranks by a metric (default the primary one) with their intervals, best first."""
    key = key or document["primary"]
    order = by_mean(document, key)
    with style():
        made, axes = beside_rows(len(order))
        values = [row["metrics"][key] for row in order]
        known = [(k, value) for k, value in enumerate(values) if value["rank_lo"] is not None]
        spans = [(k, math.floor(value["rank_lo"]), math.ceil(value["rank_hi"])) for k, value in known]
        draw(axes, spans, [k + 1 for k in range(len(values))])
        axes.set_xlim(0.5, max(len(document["rows"]), 2) + 0.5)
        ticks(axes, 8, integer=True)
        return data_uri(svg(made), "svg+xml")


def draw(axes: Axes, spans: Sequence[tuple[int, float, float]], dots: Sequence[float]) -> None:
    """A line for each interval, a dot for each value."""
    rows, lows, highs = zip(*spans, strict=True) if spans else ((), (), ())
    axes.hlines(rows, lows, highs, color=ACCENT, linewidth=2.2)
    axes.plot(dots, range(len(dots)), "o", color=ACCENT, markersize=5, clip_on=False)


def ticks(axes: Axes, most: int, *, integer: bool = False) -> None:
    """A few round ticks below."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(most, integer=integer))


def in_view(document: Json, key: str) -> set[str]:
    """Which of floor and ceiling are near enough to the means to be drawn with them."""
    values = [row["metrics"][key]["mean"] for row in by_mean(document, key)]
    room = max(values) - min(values)
    limits = {kind: document["metrics"][key][kind] for kind in ("floor", "ceiling")}
    return {
        kind
        for kind, value in limits.items()
        if value is not None and min(values) - room <= value["mean"] <= max(values) + room
    }


def name(row: Json, limit: int = 24) -> str:
    """The name of a model within a picture, as far as the font has its signs."""
    return "".join(c if drawable(c) else "\u25a1" for c in shown(row["label"], limit))


def breadth(text: str) -> float:
    """The pixels that a text is wide."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=FONT, size=STYLE["font.size"])
    return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]) * PIXELS / 72


@cache
def drawable(sign: str) -> bool:
    """Does the font of matplotlib have this sign?"""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return bool(get_font(findfont(FontProperties(family=FONT))).get_char_index(ord(sign)))


def scatter(document: Json, x: str, y: str) -> str:
    """The means of two metrics against each other, each with its intervals; the number is the displayed place."""
    rows = [(k, row["metrics"]) for k, row in enumerate(document["rows"], start=1)]
    both = [(k, m[x], m[y]) for k, m in rows if m[x]["mean"] is not None and m[y]["mean"] is not None]
    with style():
        made = figure(560, 400)
        axes = made.add_axes((0.12, 0.13, 0.85, 0.84))
        for k, one, other in both:
            at = one["mean"], other["mean"]
            axes.errorbar(
                *at, yerr=half(other), xerr=half(one), color=ACCENT, fmt="o", markersize=4, linewidth=0.8
            )
            axes.annotate(str(k), at, (4, 4), textcoords="offset points")
        axes.set_xlabel(f"{shown(x, 40)} {ARROWS[document['metrics'][x]['better']]}")
        axes.set_ylabel(f"{shown(y, 40)} {ARROWS[document['metrics'][y]['better']]}")
        return data_uri(svg(made), "svg+xml")


def half(value: Json) -> list[list[float]] | None:
    """The lengths of an interval below and above its mean."""
    if value["lo"] is None:
        return None
    return [[max(value["mean"] - value["lo"], 0)], [max(value["hi"] - value["mean"], 0)]]
