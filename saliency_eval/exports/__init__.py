"""Boards as files: JSON, Markdown, CSV, LaTeX and a page. Built twice they are equal byte for byte."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path

from saliency_eval.boards import Board
from saliency_eval.disk import replace, sync
from saliency_eval.errors import ENVIRONMENT, fail, shown
from saliency_eval.exports.data import to_csv, to_json
from saliency_eval.exports.page import to_html
from saliency_eval.exports.text import to_latex, to_markdown
from saliency_eval.store import slug

FILES: dict[str, Callable[[Board], str]] = {
    "leaderboard.json": to_json,
    "README.md": to_markdown,
    "table.csv": to_csv,
    "table.tex": to_latex,
    "index.html": to_html,
}

__all__ = ["FILES", "save_board", "to_csv", "to_html", "to_json", "to_latex", "to_markdown"]


def save_board(board: Board, out: str | os.PathLike[str], *, excel_safe: bool = False) -> Path:
    """Write all files of a board to `out/<data>/` and return that folder.

    `excel_safe` keeps spreadsheets from computing names in the CSV file. Raises `io` (exit 5) when they cannot be
    written: every file is then the old one or the new one.
    """
    folder = Path(out) / folder_for(board.data.id)
    texts = {name: make(board) for name, make in FILES.items()}
    if excel_safe:
        texts["table.csv"] = to_csv(board, excel_safe=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            replace(folder / name, text.encode("utf-8"))
        sync(folder)
    except OSError as error:
        fail("io", f"the board could not be written to {shown(folder, 500)}: {error.strerror}",
             "free some space, or choose another --out", exit=ENVIRONMENT)  # fmt: skip
    return folder


def folder_for(id: str) -> str:
    """The folder of a data set: its id where that is a plain name, else another one for every id.

    >>> folder_for("osie"), folder_for("../My set")
    ('osie', 'my-set-22492db14edf')
    """
    plain = slug(id)
    if plain == id and not re.search("-[0-9a-f]{12}$", id):
        return plain
    return f"{plain[:47].rstrip('-.')}-{hashlib.sha256(id.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
