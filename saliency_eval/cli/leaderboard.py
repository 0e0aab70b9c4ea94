"""`leaderboard`: tables and a page from saved runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saliency_eval.cli.console import arrow, columns, console
from saliency_eval.cli.options import Quiet, choice
from saliency_eval.errors import shown

if TYPE_CHECKING:
    from saliency_eval.boards import Board

HELP = """Leaderboards: tables and pages from saved runs.

Example: saliency-eval leaderboard build results --out leaderboards
"""
FORMATS = {"md": "README.md", "csv": "table.csv", "latex": "table.tex", "html": "index.html"}
app = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """A group, also while it has one command."""


@app.command()
def build(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of boards, one folder for a data set.")],
    results: Annotated[Path, typer.Argument(help="Folder of saved runs, of one data set or one run.")] = Path(
        "results"
    ),
    primary: Annotated[str | None, typer.Option(help="Metric that ranks; default the first.")] = None,
    data: Annotated[str | None, typer.Option("--data", help="One data set only: osie, osie@1.")] = None,
    excel_safe: Annotated[
        bool, typer.Option("--excel-safe", help="Names in the CSV file never act as formulas.")
    ] = False,
    format: Annotated[str, typer.Option("--format", help="text, json, md, csv, latex or html.")] = "text",
    quiet: Quiet = False,
) -> None:
    """Rank saved runs: leaderboard.json, README.md, table.csv, table.tex and index.html for each data set.

    Example: saliency-eval leaderboard build results --out leaderboards --primary nss
    """
    console.begin("leaderboard build", choice("--format", format, ("text", "json", *FORMATS)), quiet)
    from saliency_eval.boards import build as build_boards
    from saliency_eval.exports import save_board

    boards, problems = build_boards(results, primary, data)
    folders = [save_board(board, out, excel_safe=excel_safe) for board in boards]
    if format == "json":
        from saliency_eval.exports.data import describe

        found = [{"folder": str(f), **describe(b)} for f, b in zip(folders, boards, strict=True)]
        console.document(0, problems, results=found)
    elif format == "text":
        show(boards, folders)
    else:
        for folder in folders:
            console.print((folder / FORMATS[format]).read_text(encoding="utf-8").rstrip("\n"))
    console.problems(problems)


def show(boards: Sequence[Board], folders: Sequence[Path]) -> None:
    """Every board as text, and where its files are."""
    for number, (board, folder) in enumerate(zip(boards, folders, strict=True)):
        if number:
            console.print()
        show_board(board)
        console.print(f"saved {shown(folder, 500)}")


def show_board(board: Board) -> None:
    """One board as text."""
    from saliency_eval.boards.table import table

    found = table(board)
    console.print(f"{shown(found.title)}   {shown(found.sentence, 500)}\n")
    header = ["", "model", *(f"{shown(label)} {arrow(better)}" for label, better in found.metrics), "images"]
    rows = [
        [row.rank, shown(row.model), *(" ".join(filter(None, pair)) for pair in row.means), shown(row.images)]
        for row in found.rows
    ]
    for text in columns([header, *rows], ">" + "<" * (len(header) - 1)):
        console.print(text)
    console.print()
