"""Tables as a notebook shows them: no name acts as HTML, and no table weighs more than a page should."""

from __future__ import annotations

import html
import itertools
from collections.abc import Iterable, Sequence

from saliency_eval.errors import shown

MOST = 50_000  # bytes
LAST = 400  # bytes kept for what counts the rest
LINE = 2000  # characters of a caption or signature


def text(cell: object, limit: int = 80) -> str:
    """A name as text of HTML: nothing in it is markup, an attribute or a control character.

    >>> text("<b>"), text('a"b')
    ('&lt;b&gt;', 'a&quot;b')
    """
    return html.escape(shown(cell, limit))


def table(
    caption: str, header: Sequence[str], rows: Sequence[Sequence[object]], signatures: Iterable[str] = ()
) -> str:
    """A table with a caption above and signatures folded below, every text escaped, at most 50 kB.

    What has no room is counted.

    >>> table("m", ["a"], [["<"]])
    '<table><caption>m</caption><thead><tr><th>a</th></tr></thead><tbody><tr><td>&lt;</td></tr></tbody></table>'
    """
    start = f"<table><caption>{text(caption, LINE)}</caption><thead>{row('th', header)}</thead><tbody>"
    body, left = fitting([row("td", cells) for cells in rows], MOST - LAST - size(start))
    start += body + "</tbody></table>" + (f"<p>{left} more rows have no room here</p>" if left else "")
    lines, left = fitting([f"<br>{text(line, LINE)}" for line in signatures], MOST - LAST - size(start))
    more = f"<br>{left} more lines have no room here" if left else ""
    return start + (f"<details><summary>signatures</summary>{lines}{more}</details>" if lines or left else "")


def row(tag: str, cells: Iterable[object]) -> str:
    """A row of a table."""
    return "<tr>" + "".join(f"<{tag}>{text(cell)}</{tag}>" for cell in cells) + "</tr>"


def fitting(parts: Sequence[str], room: int) -> tuple[str, int]:
    """The first parts that fit into a number of bytes, and how many are left over."""
    ends = itertools.accumulate(map(size, parts))
    taken = sum(end <= room for end in ends)
    return "".join(parts[:taken]), len(parts) - taken


def size(part: str) -> int:
    """Bytes of a text."""
    return len(part.encode("utf-8"))
