"""The templates of reports and their style and script, beside this file."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
JS = (HERE / "report.js").read_text(encoding="utf-8")
CSS = (HERE / "report.css").read_text(encoding="utf-8")


def template(name: str) -> str:
    """The text of a template: the layout of all pages, the macros of cards, then its own blocks."""
    parts = (HERE / "cards.html").read_text(encoding="utf-8"), (HERE / name).read_text(encoding="utf-8")
    return '{% extends "layout.html" %}\n' + "".join(parts)
