"""A board as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from saliency_eval.boards.notes import REPORTED, REPORTED_WHY, Aside
from saliency_eval.boards.table import Cell, Json, Row, Table, table
from saliency_eval.escape import block, code, markdown
from saliency_eval.exports.json import digest
from saliency_eval.formats import correlation

MARKS = {"best": "**%s**", "second": "<u>%s</u>", "": "%s"}
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
    names = [f"{markdown(column.key)} {column.arrow}" for column in shown.columns]
    header = ["rank", "model", *names, *share, "images", "run"]
    rows = [markdown_row(row, shown.of_ceiling) for row in shown.rows]
    parts = [
        f"# {markdown(shown.title, 200)}",
        shown.sentence.said(markdown),
        pipes([header, *rows], ">" + "<" * (len(header) - 1)),
        *(note.said(markdown) for note in shown.notes),
        "## Signatures",
        "\n".join(f"- {code(column.signature)}" for column in shown.columns),
        *data_card(shown, digest(document)),
        *correlations(shown),
        *(part for one in shown.asides for part in aside(one)),
        *published(shown),
    ]
    return "\n\n".join(parts) + "\n"


def markdown_row(row: Row, of_ceiling: bool) -> list[str]:
    """The cells of one model."""
    share = [row.of_ceiling] if of_ceiling else []
    link = f"[{markdown(row.run)}](scores/{row.run}.csv.gz)"
    return [row.rank, markdown(row.model), *map(text_of, row.cells), *share, markdown(row.images), link]


def text_of(cell: Cell) -> str:
    """One number: bold for the best and its group, underlined for a second outside of it; raised letters.

    >>> text_of(Cell("nss", {}, "0.81", "0.01", groups=("a",), mark="best")) == "**0.81** \xb10.01 \u1d43"
    True
    """
    groups = tuple(group.translate(RAISED) for group in cell.groups)
    return cell._replace(mean=MARKS[cell.mark] % cell.mean, groups=groups).plain


def data_card(shown: Table, sha256: str) -> list[str]:
    """What the numbers were measured on, and the hash of the document that all files of the board follow from."""
    lines = [*shown.card, ("leaderboard.json without its version, sha256", sha256)]
    parts = ["## Data", "\n".join(f"- {key}: {markdown(text, 200)}" for key, text in lines)]
    if shown.citation:
        parts.append(block(shown.citation))
    return parts


def correlations(shown: Table) -> list[str]:
    """The section of rank correlations between metrics, if there are any."""
    if not shown.correlations:
        return []
    why = "Spearman, over the models above; 1 where two metrics order them alike, whatever their direction."
    rows = [
        [markdown(one["a"]), markdown(one["b"]), correlation(one["spearman"])] for one in shown.correlations
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
