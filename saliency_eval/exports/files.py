"""The folder of a board: what lies in it, and how it is written."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from saliency_eval.boards.board import Board
from saliency_eval.boards.reported import REPORTED, Reported, read_reported
from saliency_eval.boards.table import Json
from saliency_eval.disk import replace as write
from saliency_eval.disk import sync
from saliency_eval.errors import ENVIRONMENT, SaliencyEvalError, fail, shown
from saliency_eval.escape import csv_line
from saliency_eval.exports.csv import to_csv
from saliency_eval.exports.json import to_json
from saliency_eval.exports.latex import to_latex
from saliency_eval.exports.markdown import to_markdown
from saliency_eval.pages import to_html
from saliency_eval.saved.flat import names_of
from saliency_eval.store import document_of, folder_name, scores_csv

FILES: Mapping[str, Callable[[Json], str]] = {
    "leaderboard.json": to_json,
    "README.md": to_markdown,
    "table.csv": to_csv,
    "table.tex": to_latex,
    "index.html": to_html,
}
SCORES = "scores"


def save_board(board: Board, out: str | os.PathLike[str], *, excel_safe: bool = False) -> Path:
    """Write all files of a board to its folder in `out`, named by data set and protocol; return that folder.

    The scores of all runs that it shows go to `scores/`, those of runs that are gone are removed from there. A
    `reported.csv` that lies in the folder is part of the board unless it has other rows. `excel_safe` keeps
    spreadsheets from computing names in the CSV file. Raises `io` (exit 5) when something cannot be written: every
    file is then the old one or the new one.
    """
    folder = Path(out) / board.name
    board = with_reported(board, folder)
    texts = {name: make(board.document) for name, make in FILES.items()}
    if excel_safe:
        texts["table.csv"] = to_csv(board.document, excel_safe=True)
    if board.reported and not holds(folder, board.reported):
        texts[REPORTED] = reported_csv(board.reported)
    try:
        if folder.is_symlink():
            raise OSError(0, "it must be a folder, got a link")
        folder.mkdir(parents=True, exist_ok=True)
        put_scores(board, folder / SCORES)
        for name, text in texts.items():
            write(folder / name, text.encode("utf-8"))
        sync(folder)
    except OSError as error:
        fail("io", f"the board could not be written to {shown(folder, 500)}: {error.strerror}",
             "free some space, or choose another --out", exit=ENVIRONMENT)  # fmt: skip
    return folder


def with_reported(board: Board, folder: Path, file: str | os.PathLike[str] | None = None) -> Board:
    """The board with the values of a file, else of the `reported.csv` in its folder. Raises as `read_reported`."""
    path = folder / REPORTED if file is None else Path(file)
    if board.reported or (file is None and not os.path.lexists(path)):
        return board
    return replace(board, reported=read_reported(path, follow=file is not None))


def holds(folder: Path, rows: tuple[Reported, ...]) -> bool:
    """Do these values lie in the folder of a board? Its file is then left as it was written by hand."""
    try:
        return read_reported(folder / REPORTED, follow=False) == rows
    except SaliencyEvalError:
        return False


def reported_csv(rows: tuple[Reported, ...]) -> str:
    """The values as their file holds them."""
    return "".join(map(csv_line, [list(Reported._fields), *(list(row) for row in rows)]))


def put_scores(board: Board, folder: Path) -> None:
    """Write the two files of every run, then remove those of runs that are gone; raises OSError."""
    if folder.is_symlink():
        raise OSError(0, f"{SCORES} must be a folder, got a link")
    folder.mkdir(exist_ok=True)
    own = {folder_name(run): run for run in board.scored}
    for name, run in own.items():
        write(folder / f"{name}.json", document_of(run))
        write(folder / f"{name}.csv.gz", scores_csv(run))
    for name in set(names_of(folder)[0]) - set(own):
        for end in (".json", ".csv.gz"):
            (folder / f"{name}{end}").unlink(missing_ok=True)
    sync(folder)
