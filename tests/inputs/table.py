"""The tables of cases.md as rows: what each input must come to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

TABLES = ("Image files", "Arrays", "Folders and names", "Archives", "Ground truth")
OUTCOME = {"reject": "error", "refuse": "error", "warning": "warning", "note": "note"}


class Row(NamedTuple):
    """One case: its name, code (None when nothing is found), severity, exit status, words of the message."""

    name: str
    code: str | None
    severity: str
    exit: int
    words: tuple[str, ...]
    also: str


def rows(text: str) -> list[Row]:
    """The rows of the five tables of a document, in order."""
    parts = re.split(r"^\*\*(.+?)(?: \(.*)?\*\*$", text, flags=re.MULTILINE)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    return [row(line) for title in TABLES for line in found[title].splitlines() if line.startswith("| `")]


def row(line: str) -> Row:
    """One line of a table."""
    name, _, outcome, status, words, also = (cell.strip() for cell in line.strip("| ").split(" | "))
    code = re.findall("`(.+?)`", outcome)[0]
    severity = next((level for word, level in OUTCOME.items() if word in outcome), "")
    ticked = tuple(re.findall("`(.+?)`", words))
    return Row(name.strip("`"), None if code == "ok" else code, severity, int(status), ticked, also)


ROWS = rows((Path(__file__).parent / "cases.md").read_text(encoding="utf-8"))
