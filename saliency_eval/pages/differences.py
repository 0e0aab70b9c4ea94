"""The critical-difference diagram: means on a line, bars over models that cannot be told apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from saliency_eval.boards.table import Json, by_mean
from saliency_eval.errors import shown
from saliency_eval.formats import ARROWS, rounded_of
from saliency_eval.pages import plots
from saliency_eval.pages.page import data_uri

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, TOP, BAR, LABEL = 960, 46, 8, 17  # pixels
STEPS = 12, 76, 104  # from the end of a line to the mean, the place and the name of a model
Place = Callable[[float], float]


def critical_differences(document: Json) -> str | None:
    """The diagram of the primary metric, the best on the left; None with fewer than two models."""
    key = document["primary"]
    order = by_mean(document, key)
    if len(order) < 2:
        return None
    side = STEPS[-1] + max(map(plots.breadth, map(plots.name, order)))
    place = scale(document, order, side)
    at = [place(row["metrics"][key]["mean"]) for row in order]
    bars = packed([(at[first] - 4, at[last] + 4) for first, last in groups_of(order, key)], 4)
    below = TOP + BAR * len(bars) + 14
    with plots.style():
        made = plots.figure(WIDTH, below + LABEL * ((len(order) + 1) // 2))
        axes = made.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set(xlim=(0, WIDTH), ylim=(made.get_figheight() * plots.PIXELS, 0))
        draw_axis(axes, document, order, place, side)
        for level, ends in ((TOP + BAR * k, bar) for k, row in enumerate(bars) for bar in row):
            axes.plot(ends, [level, level], color=plots.ACCENT, linewidth=3, solid_capstyle="butt")
        draw_models(axes, order, key, at, below, side)
        return data_uri(plots.svg(made), "svg+xml")


def groups_of(order: Sequence[Json], key: str) -> list[tuple[int, int]]:
    """First and last place of each group of more than one model."""
    places: dict[str, list[int]] = {}
    for k, row in enumerate(order):
        for letter in row["metrics"][key]["groups"]:
            places.setdefault(letter, []).append(k)
    return sorted({(min(found), max(found)) for found in places.values() if len(found) > 1})


def packed(bars: Sequence[tuple[float, float]], gap: float) -> list[list[tuple[float, float]]]:
    """The bars, from left to right, in as few levels as they need to keep a gap.

    >>> packed([(0, 20), (10, 30), (29, 40)], 4)
    [[(0, 20), (29, 40)], [(10, 30)]]
    """
    levels: list[list[tuple[float, float]]] = []
    for bar in bars:
        free = next((level for level in levels if level[-1][1] + gap < bar[0]), None)
        if free is None:
            levels.append([bar])
        else:
            free.append(bar)
    return levels


def scale(document: Json, order: Sequence[Json], side: float) -> Place:
    """From a mean to its pixel, the best on the left."""
    key = document["primary"]
    best, worst = (order[k]["metrics"][key]["mean"] for k in (0, -1))
    room = (worst - best) or 1.0
    return lambda value: side + 14 + (WIDTH - 2 * side - 28) * (value - best) / room


def draw_axis(axes: Axes, document: Json, order: Sequence[Json], place: Place, side: float) -> None:
    """The line with its ticks, and the name of the metric above."""
    from matplotlib.ticker import MaxNLocator

    key = document["primary"]
    ends = sorted(order[k]["metrics"][key]["mean"] for k in (0, -1))
    marks = [tick for tick in MaxNLocator(5).tick_values(*ends) if ends[0] <= tick <= ends[1]]
    digits = max((len(f"{tick:.10g}".partition(".")[2]) for tick in marks), default=0)
    axes.plot([side, WIDTH - side], [TOP - 8] * 2, color=plots.FAINT, linewidth=0.9)
    for tick in marks:
        axes.plot([place(tick)] * 2, [TOP - 13, TOP - 8], color=plots.FAINT, linewidth=0.9)
        axes.text(place(tick), TOP - 16, f"{tick:.{digits}f}", ha="center", va="bottom")
    text = f"{shown(key, 40)} {ARROWS[document['metrics'][key]['better']]}"
    axes.text(WIDTH / 2, 10, text, ha="center", va="center", weight="bold")


def draw_models(
    axes: Axes, order: Sequence[Json], key: str, at: Sequence[float], below: float, side: float
) -> None:  # fmt: skip
    """The better half to the left, the best on top; the other half to the right, the last on top."""
    left = (len(order) + 1) // 2
    for k, (x, row) in enumerate(zip(at, order, strict=True)):
        y = below + LABEL * (k if k < left else len(order) - 1 - k)
        end, way, align = (side, -1, "right") if k < left else (WIDTH - side, 1, "left")
        axes.plot([x, x, end], [TOP - 8, y, y], color=plots.FAINT, linewidth=0.7)
        # one text each: a name that runs from right to left would take the numbers with it
        texts = rounded_of(row["metrics"][key]).mean, str(k + 1), plots.name(row)
        for text, step in zip(texts, STEPS, strict=True):
            axes.text(end + way * (step - 8), y, text, ha=align, va="center")
