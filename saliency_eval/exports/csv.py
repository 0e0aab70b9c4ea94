"""A board as CSV, with whole names and all digits."""

from __future__ import annotations

from saliency_eval.boards.table import Cell, Json, table
from saliency_eval.escape import csv_line, without_formula, without_surrogates
from saliency_eval.formats import NONE

ENDS = {"mean": "", "lo": "_low", "hi": "_high", "norm": "_norm"}


def to_csv(document: Json, *, excel_safe: bool = False) -> str:
    """The board as RFC 4180: for each metric its mean, the ends of its interval, its share of the way from floor to
    ceiling and its groups.
    """
    text = (lambda name: without_formula(without_surrogates(name))) if excel_safe else without_surrogates
    names = [f"{label}{end}" for label in document["order"] for end in (*ENDS.values(), "_groups")]
    lines = [["rank_low", "rank_high", "model", "run", "n", "of", *map(text, names)]]
    of = str(document["dataset"]["n"])
    for row, given in zip(table(document).rows, document["rows"], strict=True):
        values = [value for cell in row.cells for value in numbers(cell)]
        lines.append([*ends_of(row.rank), text(given["model"]), row.run, str(row.n), of, *values])
    return "".join(map(csv_line, lines))


def ends_of(rank: str) -> list[str]:
    """The ends of a range of ranks: spreadsheets take 3-4 for a day of April.

    >>> ends_of("3-4"), ends_of("1"), ends_of("-")
    (['3', '4'], ['1', '1'], ['n/a', 'n/a'])
    """
    if rank == "-":
        return [NONE, NONE]
    low, _, high = rank.partition("-")
    return [low, high or low]


def numbers(cell: Cell) -> list[str]:
    """One metric of one model as text."""
    values = [cell.exact[key] for key in ENDS]
    return [*(NONE if value is None else repr(value) for value in values), " ".join(cell.groups)]
