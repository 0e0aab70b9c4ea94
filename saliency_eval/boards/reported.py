"""`reported.csv`: values from the literature, as printed and with their source; shown beside a board, never on it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from saliency_eval import metrics as _declared  # noqa: F401  (declares the metrics)
from saliency_eval.core import METRICS
from saliency_eval.disk import read
from saliency_eval.errors import TRUTH, Problem, SaliencyEvalError, nearest, shown
from saliency_eval.run import Run

REPORTED = "reported.csv"
MOST = 4 << 20
MOST_TEXT = 1000  # characters of a cell
OTHER, UNKNOWN = "other:", "unknown"
SOURCES = "give a DOI, an arXiv number, or a repository and path at a commit, with table or line"
LINKS = (  # what a source is found by, and where
    (r"\b(10\.\d{4,9}/[^\s,;\"<>]*[^\s,;.:\"<>()])", "https://doi.org/{0}"),
    (r"\barxiv:\s?(\d{4}\.\d{4,5}(?:v\d+)?)", "https://arxiv.org/abs/{0}"),
    (r"\b([\w.-]+/[\w.-]*\w)\s*@?\s*\b([0-9a-f]{7,40})\b", "https://github.com/{0}/tree/{1}"),
    (r"\b([\w.-]+/[\w.-]*\w)\s*#(\d+)\b", "https://github.com/{0}/issues/{1}"),
    (r"\b([\w.-]+/[\w.-]*\w)", "https://github.com/{0}"),
)


class Reported(NamedTuple):
    """One value of a source, every cell as it stands in the file."""

    model: str
    year: str
    metric: str
    value: str
    dataset_version: str
    split: str
    protocol: str
    source: str
    note: str

    def to_dict(self, runs: Iterable[Run]) -> dict[str, object]:
        """The row as a board shows it: with a link, and with the model where it was also run here."""
        here = sorted(run.model for run in runs if run.model.casefold() == self.model.casefold())
        return self._asdict() | {"url": link(self.source), "here": here[0] if here else None}


def link(source: str) -> str | None:
    """Where a source is found; none where it names no DOI, no arXiv number and no repository.

    >>> link("doi:10.1167/14.1.28, table 2"), link("samyak0210/saliency #23")
    ('https://doi.org/10.1167/14.1.28', 'https://github.com/samyak0210/saliency/issues/23')
    """
    for pattern, address in LINKS:
        if match := re.search(pattern, source, re.ASCII | re.IGNORECASE):
            return address.format(*(quote(part, safe="/().-_") for part in match.groups()))
    return None


def read_reported(path: Path, *, follow: bool = True) -> tuple[Reported, ...]:
    """The rows of a file, by year and name; all that is wrong raises `unreadable` (exit 4), each with its line.

    In the folder of a board, which may be a stranger's, links are not to be followed.
    """
    header, *rows = lines_of(path, follow)
    if header[1] != list(Reported._fields):
        why = f"must begin with the line {','.join(Reported._fields)}, got {shown(','.join(header[1]), 200)}"
        raise SaliencyEvalError([wrong(path, why, "write that header")])
    found = [wrong(path, f"line {line}: {why}", todo) for line, cells in rows for why, todo in faults(cells)]
    found += twice(path, rows)
    if found:
        raise SaliencyEvalError(found)
    return tuple(sorted((Reported(*cells) for _, cells in rows), key=lambda row: (row.year, row.model, *row)))


def lines_of(path: Path, follow: bool) -> list[tuple[int, list[str]]]:
    """The rows of a CSV file with the lines that they end on, the header first; empty lines are passed over."""
    try:
        reader = csv.reader(
            io.StringIO(read(path, MOST, follow=follow).decode("utf-8-sig"), newline=""), strict=True
        )
        found = [(reader.line_num, cells) for cells in reader if cells]
    except (OSError, ValueError, csv.Error) as error:
        why = error.problems[0].message if isinstance(error, SaliencyEvalError) else shown(error, 200)
        raise SaliencyEvalError([wrong(path, f"cannot be read: {why}", "save it as CSV in UTF-8")]) from None
    return found or [(1, [])]


def wrong(path: Path, text: str, remedy: str) -> Problem:
    """What is wrong with the file."""
    own = shown("/".join(path.parts[-2:]), 300)
    return Problem("unreadable", f"{own}: {text}", remedy, file=own, exit_override=TRUTH)


def faults(cells: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with a row, and what to do."""
    if len(cells) != len(Reported._fields):
        yield f"must have {len(Reported._fields)} cells, got {len(cells)}", "quote cells that hold a comma"
        return
    if max(map(len, cells)) > MOST_TEXT:
        yield f"cells must have at most {MOST_TEXT} characters, one has more", "shorten the note"
        return
    row = Reported(*cells)
    for name in ("model", "dataset_version", "split", "protocol", "source"):
        if not getattr(row, name).strip():
            yield f"{name} must not be empty", SOURCES if name == "source" else f"give it, or {UNKNOWN}"
    if row.source.strip() and not link(row.source):
        yield f"source must be one that can be found, got '{shown(row.source, 200)}'", SOURCES
    if not re.fullmatch(rf"[0-9]{{4}}|{UNKNOWN}", row.year):
        yield f"year must be four digits or {UNKNOWN}, got '{shown(row.year)}'", "write it as the source does"
    if not re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)", row.value):
        yield f"value must be a number as printed, got '{shown(row.value)}'", "one value per row"
    if row.metric not in METRICS and not re.fullmatch(rf"{OTHER}.*\S.*", row.metric):
        remedy = f"{nearest(row.metric, METRICS)}; or {OTHER}<name in the source>"
        yield f"metric '{shown(row.metric)}' is not one of this package", remedy


def twice(path: Path, rows: Sequence[tuple[int, list[str]]]) -> Iterator[Problem]:
    """Rows whose model, metric and source stood before."""
    first: dict[tuple[str, ...], int] = {}
    for line, cells in rows:
        key = tuple(cells[k] for k in (0, 2, 7)) if len(cells) == len(Reported._fields) else ()
        if key and (before := first.setdefault(key, line)) != line:
            text = f"line {line}: model, metric and source are those of line {before}"
            yield wrong(path, text, "keep one of the two, or say in source which table each is from")
