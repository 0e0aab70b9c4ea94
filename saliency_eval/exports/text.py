"""A board as Markdown and as LaTeX."""

from __future__ import annotations

from collections.abc import Sequence

from saliency_eval.boards import Board
from saliency_eval.errors import shown as clean
from saliency_eval.escape import code, latex, markdown
from saliency_eval.exports.table import Row, Table, table

ARROWS = {"higher": "\u2191", "lower": "\u2193"}
LATEX_ARROWS = {"higher": r"$\uparrow$", "lower": r"$\downarrow$"}


def to_markdown(board: Board) -> str:
    """The board as a Markdown page: table, signatures, and the runs that are not ranked."""
    shown = table(board)
    header = [
        "",
        "model",
        *(f"{markdown(m)} {ARROWS[better]}" for m, better in shown.metrics),
        "images",
        "run",
    ]
    rows = [markdown_row(row) for row in shown.rows]
    parts = [
        f"# {markdown(shown.title)}",
        pipes([header, *rows], ">" + "<" * (len(header) - 1)),
        markdown(shown.sentence, 500),
        "\n".join(f"- {code(line)}" for line in shown.signatures),
        *not_ranked(shown),
    ]
    return "\n\n".join(parts) + "\n"


def markdown_row(row: Row) -> list[str]:
    """The cells of one model."""
    means = [" ".join(filter(None, pair)) for pair in row.means]
    return [row.rank, markdown(row.model), *means, markdown(row.images), row.run]


def not_ranked(shown: Table) -> list[str]:
    """The section of runs that stand apart, if there are any."""
    if not shown.apart:
        return []
    rows = [[markdown(text, 500) for text in one] for one in shown.apart]
    return ["## Not ranked", pipes([["model", "run", "reason", "detail"], *rows], "<<<<")]


def pipes(rows: Sequence[Sequence[str]], align: str) -> str:
    """Cells as a Markdown table, the first row its header."""
    widths = [max(3, *(len(row[i]) for row in rows)) for i in range(len(align))]
    rule = [f"{'-' * (w - 1)}:" if sign == ">" else "-" * w for w, sign in zip(widths, align, strict=True)]
    return "\n".join(
        "| " + " | ".join(f"{c:{sign}{w}}" for c, w, sign in zip(row, widths, align, strict=True)) + " |"
        for row in [rows[0], rule, *rows[1:]]
    )


def to_latex(board: Board) -> str:
    """The board as a LaTeX table for the package booktabs."""
    shown = table(board)
    arrows = [f"{latex(label)} {LATEX_ARROWS[better]}" for label, better in shown.metrics]
    lines = [
        f"% {clean(shown.title)}; needs booktabs, and for names outside Latin script lualatex or xelatex",
        r"\begin{tabular}{rl" + "l" * (len(arrows) + 1) + "}",
        r"\toprule",
        line(["", "model", *arrows, "images"]),
        r"\midrule",
        *(line([row.rank, latex(row.model), *latex_means(row), latex(row.images)]) for row in shown.rows),
        r"\bottomrule",
        r"\end{tabular}",
        *(f"% {clean(signature, 2000)}" for signature in shown.signatures),
    ]
    return "\n".join(lines) + "\n"


def line(cells: Sequence[str]) -> str:
    """One row of a LaTeX table."""
    return " & ".join(cells) + r" \\"


def latex_means(row: Row) -> list[str]:
    """Means and intervals, brackets and signs as they are in mathematics."""
    return [" ".join(f"${part}$" if part != "n/a" else part for part in pair if part) for pair in row.means]
