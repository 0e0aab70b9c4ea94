"""A board as LaTeX."""

from __future__ import annotations

from collections.abc import Sequence

from saliency_eval.boards.table import Json, Mean, Row, table
from saliency_eval.errors import shown as clean
from saliency_eval.escape import latex

ARROWS = {"higher": r"$\uparrow$", "lower": r"$\downarrow$"}
MARKS = {"best": r"\mathbf{%s}", "second": r"\underline{%s}", "": "%s"}
NEEDS = "needs booktabs, and for names outside Latin script lualatex or xelatex"


def to_latex(document: Json) -> str:
    """The board as a LaTeX table for the package booktabs; what it rests on stands below it as comments."""
    shown = table(document)
    names = [f"{latex(label)} {ARROWS[better]}" for label, better in shown.metrics]
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
        *(f"% {clean(signature, 2000)}" for signature in shown.signatures),
    ]
    return "\n".join(lines) + "\n"


def line(cells: Sequence[str]) -> str:
    """One row of a LaTeX table."""
    return " & ".join(cells) + r" \\"


def latex_row(row: Row, of_ceiling: bool) -> list[str]:
    """The cells of one model; a range of ranks has the dash of ranges."""
    share = [latex(row.of_ceiling)] if of_ceiling else []
    return [row.rank.replace("-", "--") if len(row.rank) > 1 else row.rank, latex(row.model),
            *map(cell, row.means), *share, latex(row.images)]  # fmt: skip


def cell(mean: Mean) -> str:
    """One number: bold for the best and its group, underlined for a second outside of it; raised letters.

    >>> print(cell(Mean("0.81", "0.01", ("a", "b"), "best")))
    $\\mathbf{0.81} \\pm 0.01^{\\mathrm{a,b}}$
    """
    if mean.mean == "n/a":
        return mean.mean
    half = rf" \pm {mean.half}" if mean.half else ""
    groups = rf"^{{\mathrm{{{','.join(mean.groups)}}}}}" if mean.groups else ""
    return f"${MARKS[mean.mark] % mean.mean}{half}{groups}$"
