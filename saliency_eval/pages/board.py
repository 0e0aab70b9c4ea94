"""The page of a board, a pure function of its document."""

from __future__ import annotations

from typing import Any

from saliency_eval.pages import plots, sections, table
from saliency_eval.pages.differences import critical_differences
from saliency_eval.pages.page import render
from saliency_eval.pages.table import Document
from saliency_eval.pages.words import address, mean_and_interval

NOT_IN_ISLAND = ("pairs", "generator")


def to_html(document: Document) -> str:
    """The page `index.html` of a board: all of it is readable before a script runs."""
    data = document["dataset"]
    island = {key: value for key, value in document.items() if key not in NOT_IN_ISLAND}
    title = f"Leaderboard {data['id']}@{data['version']}"
    return render("board.html", title=title, island=island, document=document, address=address,
                  mean_and_interval=mean_and_interval, **view(document))  # fmt: skip


def view(document: Document) -> dict[str, Any]:
    """What the template needs beside the document."""
    columns, lines = table.columns(document), table.lines(document)
    shown = [made for key in table.keys(document) if (made := sections.intervals(document, key))]
    return {
        "columns": columns,
        "lines": lines,
        "limits": table.limits(document),
        "has_norm": any(line.norm is not None for line in lines),
        "leaders": sections.leaders(document),
        "intervals": shown,
        "differences": critical_differences(document),
        "matrices": sections.matrices(document),
        "scatter": plots.scatter(document, *table.keys(document)[:2]) if len(columns) > 1 else None,
        "correlations": sections.correlations(document),
        "apart": sections.apart(document),
    }
