"""The critical-difference diagram: means on a line, bars over models that cannot be told apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from saliency_eval.errors import shown
from saliency_eval.pages import plots
from saliency_eval.pages.page import data_uri
from saliency_eval.pages.table import Document, Row, by_mean
from saliency_eval.pages.words import ARROWS, mean_and_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, SIDE, TOP, BAR, LABEL = 900, 270, 46, 8, 17  # pixels
Place = Callable[[float], float]


def critical_differences(document: Document) -> str | None:
    """The diagram of the primary metric, the best on the left; None with fewer than two models."""
    key = document["primary"]
    order = by_mean(document, key)
    if len(order) < 2:
        return None
    bars = packed(runs_of_groups(order, key))
    below = TOP + BAR * len(bars) + 14
    with plots.style():
        made = plots.figure(WIDTH, below + LABEL * (len(order) + 1) // 2 + LABEL)
        axes = made.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set(xlim=(0, WIDTH), ylim=(made.get_figheight() * plots.PIXELS, 0))
        place = scale(document, order)
        draw_axis(axes, document, order, place)
        draw_bars(axes, bars, [place(row["metrics"][key]["mean"]) for row in order])
        draw_models(axes, order, key, place, below)
        return data_uri(plots.svg(made), "svg+xml")


def runs_of_groups(order: Sequence[Row], key: str) -> list[tuple[int, int]]:
    """First and last place of each group of more than one model."""
    places: dict[str, list[int]] = {}
    for k, row in enumerate(order):
        for letter in row["metrics"][key].get("groups") or ():
            places.setdefault(letter, []).append(k)
    return sorted({(min(found), max(found)) for found in places.values() if len(found) > 1})


def packed(bars: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """The bars in as few levels as they need not to touch.

    >>> packed([(0, 2), (1, 3), (3, 4)])
    [[(0, 2), (3, 4)], [(1, 3)]]
    """
    levels: list[list[tuple[int, int]]] = []
    for bar in bars:
        free = next((level for level in levels if level[-1][1] < bar[0]), None)
        if free is None:
            levels.append([bar])
        else:
            free.append(bar)
    return levels


def scale(document: Document, order: Sequence[Row]) -> Place:
    """From a mean to its pixel, the best on the left."""
    key = document["primary"]
    best, worst = (order[k]["metrics"][key]["mean"] for k in (0, -1))
    room = (worst - best) or 1.0
    return lambda value: SIDE + 14 + (WIDTH - 2 * SIDE - 28) * (value - best) / room


def draw_axis(axes: Axes, document: Document, order: Sequence[Row], place: Place) -> None:
    """The line with its ticks, and the name of the metric above."""
    from matplotlib.ticker import MaxNLocator

    key = document["primary"]
    ends = sorted(order[k]["metrics"][key]["mean"] for k in (0, -1))
    marks = [tick for tick in MaxNLocator(5).tick_values(*ends) if ends[0] <= tick <= ends[1]]
    axes.plot([SIDE, WIDTH - SIDE], [TOP - 8] * 2, color=plots.FAINT, linewidth=0.9)
    for tick in marks:
        axes.plot([place(tick)] * 2, [TOP - 13, TOP - 8], color=plots.FAINT, linewidth=0.9)
        axes.text(place(tick), TOP - 16, f"{tick:.6g}", ha="center", va="bottom")
    text = f"{shown(key, 40)} {ARROWS[document['metrics'][key]['better']]}"
    axes.text(WIDTH / 2, 10, text, ha="center", va="center", weight="bold")


def draw_bars(axes: Axes, bars: Sequence[Sequence[tuple[int, int]]], at: Sequence[float]) -> None:
    """A thick line over each group."""
    for level, row in enumerate(bars):
        for first, last in row:
            y = TOP + BAR * level
            axes.plot(
                [at[first] - 4, at[last] + 4], [y, y], color=plots.ACCENT, linewidth=3, solid_capstyle="butt"
            )


def draw_models(axes: Axes, order: Sequence[Row], key: str, place: Place, below: float) -> None:
    """The better half to the left, the best on top; the other half to the right, the last on top."""
    left = (len(order) + 1) // 2
    for k, row in enumerate(order):
        value = row["metrics"][key]
        x, y = place(value["mean"]), below + LABEL * (k if k < left else len(order) - 1 - k)
        end, align = (SIDE - 8, "right") if k < left else (WIDTH - SIDE + 8, "left")
        axes.plot([x, x, end], [TOP - 8, y, y], color=plots.FAINT, linewidth=0.7)
        text = plots.name(row, k + 1), mean_and_interval(value)[0]
        axes.text(end + (-4 if k < left else 4), y, "  ".join(text), ha=align, va="center")
