"""A board as LaTeX."""

from __future__ import annotations

from collections.abc import Sequence

from saliency_eval.boards.table import Cell, Json, Row, table
from saliency_eval.errors import shown as clean
from saliency_eval.escape import latex
from saliency_eval.formats import NONE

ARROWS = {"higher": r"$\uparrow$", "lower": r"$\downarrow$"}
MARKS = {"best": r"\mathbf{%s}", "second": r"\underline{%s}", "": "%s"}
NEEDS = "needs booktabs, and for names outside Latin script lualatex or xelatex"


def to_latex(document: Json) -> str:
    """The board as a LaTeX table for the package booktabs; what it rests on stands below it as comments."""
    shown = table(document)
    names = [f"{latex(column.title)} {ARROWS[column.better]}" for column in shown.columns]
    share = ["of ceiling"] if shown.of_ceiling else []
    lines = [
        f"% {clean(shown.title, 200)}; {NEEDS}",
        r"\begin{tabular}{rl" + "l" * (len(names) + len(share) + 1) + "}",
        r"\toprule",
        line(["rank", "model", *names, *share, "images"]),
        r"\midrule",
        *(line(latex_row(row, shown.of_ceiling)) for row in shown.rows),
        r"\bottomrule",
        r"\end{tabular}",
        *(f"% {note.said(clean)}" for note in (shown.sentence, *shown.notes)),
        *(f"% {clean(column.signature, 2000)}" for column in shown.columns),
    ]
    return "\n".join(lines) + "\n"


def line(cells: Sequence[str]) -> str:
    """One row of a LaTeX table."""
    return " & ".join(cells) + r" \\"


def latex_row(row: Row, of_ceiling: bool) -> list[str]:
    """The cells of one model; a range of ranks has the dash of ranges."""
    share = [latex(row.of_ceiling).replace("-{}", "$-$")] if of_ceiling else []  # a minus, no hyphen
    return [row.rank.replace("-", "--") if len(row.rank) > 1 else row.rank, latex(row.model),
            *map(text_of, row.cells), *share, latex(row.images)]  # fmt: skip


def text_of(cell: Cell) -> str:
    """One number: bold for the best and its group, underlined for a second outside of it; raised letters.

    >>> print(text_of(Cell("nss", {}, "0.81", "0.01", groups=("a", "b"), mark="best")))
    $\\mathbf{0.81} \\pm 0.01^{\\mathrm{a,b}}$
    """
    if cell.mean == NONE:
        return NONE
    mean, half = map(powers, cell[2:4])
    half = rf" \pm {half}" if half else ""
    groups = rf"^{{\mathrm{{{','.join(cell.groups)}}}}}" if cell.groups else ""
    drawn = " ({})".format(cell.drawn.replace("\u00b1", r"$\pm$ ")) if cell.drawn else ""
    return f"${MARKS[cell.mark] % mean}{half}{groups}${drawn}"


def powers(number: str) -> str:
    """A number with its exponent as a power of ten.

    >>> print(powers("1.20e+99"), powers("0.8"))
    1.20 \\times 10^{99} 0.8
    """
    digits, sign, power = number.partition("e")
    return rf"{digits} \times 10^{{{int(power)}}}" if sign else number
