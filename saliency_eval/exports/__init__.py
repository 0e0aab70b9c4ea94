"""Boards as files: JSON, Markdown, CSV, LaTeX and a page. Built twice they are equal byte for byte."""

from saliency_eval.exports.csv import to_csv
from saliency_eval.exports.files import FILES, save_board, with_reported
from saliency_eval.exports.json import to_json
from saliency_eval.exports.latex import to_latex
from saliency_eval.exports.markdown import to_markdown
from saliency_eval.pages import to_html

__all__ = [
    "FILES", "save_board", "to_csv", "to_html", "to_json", "to_latex", "to_markdown", "with_reported",
]  # fmt: skip
