"""`leaderboard`: tables and a page from saved runs, and whether they are what the scores give."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saliency_eval.cli.console import arrow, columns, console
from saliency_eval.cli.options import Format, Quiet, TextOrJson, choice, out_folder
from saliency_eval.errors import GATE, fail, shown

if TYPE_CHECKING:
    from saliency_eval.boards import Board
    from saliency_eval.boards.table import Row
    from saliency_eval.exports.verify import Verified

HELP = """Leaderboards: tables and pages from saved runs.

Example: saliency-eval leaderboard build results --out leaderboards
"""
FORMATS = {"md": "README.md", "csv": "table.csv", "latex": "table.tex", "html": "index.html"}
app = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)


@app.command()
def build(
    out: Annotated[
        Path,
        out_folder("Folder of boards, a folder for each."),
    ],
    results: Annotated[Path, typer.Argument(help="Folder of saved runs, of one data set or one run.")] = Path(
        "results"
    ),
    primary: Annotated[str | None, typer.Option(help="Metric that ranks; default the first.")] = None,
    data: Annotated[str | None, typer.Option("--data", help="One data set only: osie, osie@1.")] = None,
    reported: Annotated[
        Path | None,
        typer.Option("--reported", help="Values of the literature; default reported.csv of the board."),
    ] = None,
    excel_safe: Annotated[
        bool, typer.Option("--excel-safe", help="Names in the CSV file never act as formulas.")
    ] = False,
    format: Annotated[str, typer.Option("--format", help="text, json, md, csv, latex or html.")] = "text",
    quiet: Quiet = False,
) -> None:
    """Rank saved runs: leaderboard.json, README.md, table.csv, table.tex and index.html; a board for each protocol.

    Example: saliency-eval leaderboard build results --out leaderboards --primary nss
    """
    console.begin("leaderboard build", choice("--format", format, ("text", "json", *FORMATS)), quiet)
    from saliency_eval.boards import build as build_boards
    from saliency_eval.exports import save_board, with_reported

    boards, problems = build_boards(results, primary, data)
    if reported and len({board.data.id for board in boards}) > 1:
        fail("usage", "--reported is about one data set, the results are on several", "name it: --data osie")
    boards = [with_reported(b, out / b.name, reported) for b in boards]
    folders = [save_board(board, out, excel_safe=excel_safe) for board in boards]
    if format == "json":
        found = [{"folder": str(f), **b.document} for f, b in zip(folders, boards, strict=True)]
        console.document(0, problems, results=found)
    elif format == "text":
        show(boards, folders)
    else:
        for folder in folders:
            console.print((folder / FORMATS[format]).read_text(encoding="utf-8").rstrip("\n"))
    console.problems(problems)


@app.command()
def verify(
    boards: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of one board, or of several.")],
    format: Format = "text",
    quiet: Quiet = False,
) -> None:
    """Build boards again from their scores and compare every file; exit 1 on a difference.

    Example: saliency-eval leaderboard verify leaderboards
    """
    console.begin("leaderboard verify", choice("--format", format, TextOrJson), quiet)
    from saliency_eval.exports.verify import verify as verify_boards

    found = verify_boards(boards)
    problems = [problem for one in found for problem in one.differences]
    status = GATE if problems else 0
    if format == "json":
        results = [
            {"board": shown(one.name), "differences": len(one.differences), "other_platform": one.platform,
             "other_version": one.version}
            for one in found
        ]  # fmt: skip
        console.document(status, problems, results=results)
    else:
        for one in found:
            console.print(verdict(one))
    console.problems(problems)
    raise typer.Exit(status)


def verdict(one: Verified) -> str:
    """What was found about a board."""
    if one.differences:
        count = len(one.differences)
        return f"{shown(one.name)}: {count} difference{'s' if count > 1 else ''}"
    more = "; numbers differ by less than 1e-9, as those of another platform do" if one.platform else ""
    if one.version:
        more += f"; made by version {one.version}: the style and the script of its page were not compared"
    return f"{shown(one.name)}: all files are what the scores give{more}"


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

    found = table(board.document)
    console.print(f"{shown(found.title, 200)}   {found.sentence.said(shown)}\n")
    names = [f"{shown(column.title)} {arrow(column.better)}" for column in found.columns]
    share = ["of ceiling"] if found.of_ceiling else []
    rows = [line_of(row, found.of_ceiling) for row in found.rows]
    header = ["", "model", *names, *share, "images"]
    for text in columns([header, *rows], ">" + "<" * (len(header) - 1)):
        console.print(text)
    console.print()
    for aside in found.asides:
        for name, detail, _ in aside.rows:
            console.print(f"{aside.heading}: {shown(name)} {shown(detail, 500)}")
    console.print(found.notes[0].said(shown))


def line_of(row: Row, of_ceiling: bool) -> list[str]:
    """The cells of one model."""
    share = [row.of_ceiling] if of_ceiling else []
    return [row.rank, shown(row.model), *(cell.plain for cell in row.cells), *share, shown(row.images)]
