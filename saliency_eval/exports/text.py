"""A board as Markdown."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from saliency_eval.boards.board import ARROWS
from saliency_eval.boards.table import REPORTED, REPORTED_WHY, Aside, Json, Mean, Row, Table, table
from saliency_eval.escape import block, code, markdown
from saliency_eval.exports.data import to_json

# Unicode has no small raised q
RAISED = str.maketrans(
    "abcdefghijklmnoprstuvwxyz",
    "\u1d43\u1d47\u1d9c\u1d48\u1d49\u1da0\u1d4d\u02b0\u2071\u02b2\u1d4f\u02e1\u1d50\u207f\u1d52\u1d56\u02b3\u02e2"
    "\u1d57\u1d58\u1d5b\u02b7\u02e3\u02b8\u1dbb",
)


def to_markdown(document: Json) -> str:
    """The board as a Markdown page: table, what it rests on, and what is not ranked."""
    shown = table(document)
    share = ["of ceiling"] if shown.of_ceiling else []
    names = [f"{markdown(label)} {ARROWS[better]}" for label, better in shown.metrics]
    header = ["rank", "model", *names, *share, "images", "run"]
    rows = [markdown_row(row, shown.of_ceiling) for row in shown.rows]
    parts = [
        f"# {markdown(shown.title, 200)}",
        shown.sentence.said(markdown),
        pipes([header, *rows], ">" + "<" * (len(header) - 1)),
        *(note.said(markdown) for note in shown.notes),
        "## Signatures",
        "\n".join(f"- {code(line)}" for line in shown.signatures),
        *data_card(shown, document),
        *correlations(document),
        *(part for one in shown.asides for part in aside(one)),
        *published(shown),
    ]
    return "\n\n".join(parts) + "\n"


def markdown_row(row: Row, of_ceiling: bool) -> list[str]:
    """The cells of one model."""
    share = [row.of_ceiling] if of_ceiling else []
    link = f"[{markdown(row.run)}](scores/{row.run}.csv.gz)"
    return [row.rank, markdown(row.model), *map(cell, row.means), *share, markdown(row.images), link]


def cell(mean: Mean) -> str:
    """One number: bold for the best and its group, underlined for a second outside of it; raised letters.

    >>> cell(Mean("0.81", "0.01", ("a",), "best")) == "**0.81** \N{PLUS-MINUS SIGN}0.01 \N{MODIFIER LETTER SMALL A}"
    True
    """
    marked = (
        f"<u>{mean.mean}</u>" if mean.mark == "second" else f"**{mean.mean}**" if mean.mark else mean.mean
    )
    groups = [group.translate(RAISED) for group in mean.groups]
    return " ".join(filter(None, [marked, mean.half and f"\u00b1{mean.half}", *groups]))


def data_card(shown: Table, document: Json) -> list[str]:
    """What the numbers were measured on, and the hash of the document that all files of the board follow from."""
    digest = hashlib.sha256(to_json(document, version=False).encode()).hexdigest()
    lines = [*shown.card, ("leaderboard.json without its version, sha256", digest)]
    parts = ["## Data", "\n".join(f"- {key}: {markdown(text, 200)}" for key, text in lines)]
    if shown.citation:
        parts.append(block(shown.citation))
    return parts


def correlations(document: Json) -> list[str]:
    """The section of rank correlations between metrics, if there are any."""
    if not document["correlations"]:
        return []
    why = "Spearman, over the models above; 1 where two metrics order them alike, whatever their direction."
    rows = [
        [
            markdown(one["a"]),
            markdown(one["b"]),
            "n/a" if one["spearman"] is None else f"{one['spearman']:.2f}",
        ]
        for one in document["correlations"]
    ]
    return [
        "## Rank correlations of metrics",
        why,
        pipes([["metric", "metric", "correlation"], *rows], "<<>"),
    ]


def aside(one: Aside) -> list[str]:
    """A section of runs that are not ranked."""
    rows = [[markdown(name), markdown(text, 500), markdown(run, 200)] for name, text, run in one.rows]
    return [f"## {one.heading}", one.why, pipes([["model", "detail", "run"], *rows], "<<<")]


def published(shown: Table) -> list[str]:
    """The section of values from the literature, if there are any."""
    if not shown.reported:
        return []
    header = ["year", "model", "metric", "value", "data", "split", "protocol", "source", "note"]
    rows = [reported_row(row) for row in shown.reported]
    return [f"## {REPORTED}", REPORTED_WHY, pipes([header, *rows], "<" * len(header))]


def reported_row(row: Json) -> list[str]:
    """One value, its source linked, and whether the model was also run here."""
    keys = ("metric", "value", "dataset_version", "split", "protocol")
    source = markdown(row["source"], 200)
    link = f"[{source}]({row['url']})" if row["url"] else source
    note = "; ".join(
        filter(None, [markdown(row["note"], 500), "" if row["here"] is None else "also run here"])
    )
    cells = [markdown(row[key]) for key in keys]
    return [markdown(row["year"]), markdown(row["model"]), *cells, link, note]


def pipes(rows: Sequence[Sequence[str]], align: str) -> str:
    """Cells as a Markdown table, the first row its header."""
    widths = [max(3, *(len(row[i]) for row in rows)) for i in range(len(align))]
    rule = [f"{'-' * (w - 1)}:" if sign == ">" else "-" * w for w, sign in zip(widths, align, strict=True)]
    return "\n".join(
        "| " + " | ".join(f"{c:{sign}{w}}" for c, w, sign in zip(row, widths, align, strict=True)) + " |"
        for row in [rows[0], rule, *rows[1:]]
    )
