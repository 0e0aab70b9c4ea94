"""The table that is printed at the end: what, how much, how sure, beside the plain loop, and under which bar."""

import math
from typing import NamedTuple

SLACK = 1.25  # other machines differ: a bar that is missed by less is told, not failed
GROUPS = (
    "eight metrics",
    "reading",
    "metrics",
    "boxes",
    "fields",
    "resize",
    "statistics",
    "processes",
    "models",
)
LEGEND = (
    "D: CPU time of decoding the PNG of the same map with Pillow in the same run; M: of a product of matrices of "
    "2000 x 2000; S: of the spectral residual of an image of 800 x 600. plain: numpy loops."
)
HEADER = ("", "", "range", "plain", "bar", "")


class Row(NamedTuple):
    """One figure."""

    group: str
    name: str
    figure: float
    unit: str = ""
    low: float = math.nan
    high: float = math.nan
    plain: float = math.nan  # the figure of plain code
    bar: float = math.inf
    note: str = ""
    held: bool = True  # does the bar count, here and now?

    @property
    def lasts(self):
        """Can the figure be compared with that of another machine? Seconds cannot."""
        return self.unit != "s"

    @property
    def fails(self):
        """Is the bar missed by more than machines differ?"""
        return self.held and self.figure > SLACK * self.bar

    @property
    def verdict(self):
        if self.bar == math.inf:
            return self.note
        return ("met" if self.figure <= self.bar else "missed") + (f" ({self.note})" if self.note else "")

    @property
    def cells(self):
        """The figures as they are shown."""
        return (
            f"  {self.name}",
            f"{digits(self.figure)} {self.unit}",
            "" if math.isnan(self.low) else f"{digits(self.low)} .. {digits(self.high)}",
            "" if math.isnan(self.plain) else f"{digits(self.plain)} ({self.faster} x)",
            "" if self.bar == math.inf else f"{self.bar:g}",
            self.verdict,
        )

    @property
    def faster(self):
        """How many times slower plain code is."""
        return digits(self.plain / self.figure)


def digits(figure):
    """A figure with three digits behind which nothing is sure."""
    return f"{figure:.{next(n for n in range(4) if figure >= 100 / 10**n or n == 3)}f}"


def lines(rows):
    """The rows by group, in columns."""
    parts = [(group, [row.cells for row in rows if row.group == group]) for group in GROUPS]
    shown = [(group, *HEADER[1:]) if cells else () for group, cells in parts]
    table = [line for head, (_, cells) in zip(shown, parts, strict=True) if head for line in (head, *cells)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
    yield LEGEND
