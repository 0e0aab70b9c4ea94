"""The page of a board, a pure function of its document."""

from __future__ import annotations

from typing import Any

from saliency_eval.boards.notes import subject_of
from saliency_eval.boards.table import Json, keys, table
from saliency_eval.pages import plots, sections
from saliency_eval.pages.differences import critical_differences
from saliency_eval.pages.page import render, source

NOT_IN_ISLAND = ("pairs", "generator")


def to_html(document: Json) -> str:
    """The page `index.html` of a board: all of it is readable before a script runs."""
    island = {key: value for key, value in document.items() if key not in NOT_IN_ISLAND}
    found = view(document)
    title = f"Leaderboard {found['board'].title}"
    return render(
        "board.html", title=title, island=island, script=source("board.js"), document=document, **found
    )


def view(document: Json) -> dict[str, Any]:
    """What the templates `board_*.html` need beside `document` itself; another page may include them too."""
    board, metrics, large = table(document), keys(document), sections.is_large(document)
    return {
        "board": board,
        "columns": board.columns,
        "subject": subject_of(board.primary.signature),
        "primary": board.primary,
        "lines": board.rows,
        "ceiling": board.ceiling,
        "leaders": sections.leaders(document),
        "intervals": sections.all_intervals(document),
        "differences": None if large else critical_differences(document),
        "matrices": sections.matrices(document),
        "metrics": metrics,
        "large": large,
        "scatter": plots.scatter(document, *metrics[:2]) if len(metrics) > 1 else None,
        "correlations": sections.correlations(document),
    }
