"""A board for programs: JSON and CSV, with whole names and all digits."""

from __future__ import annotations

import json

from saliency_eval.boards.table import Json
from saliency_eval.escape import csv_line, without_formula, without_surrogates

ENDS = {"mean": "", "lo": "_low", "hi": "_high", "norm": "_norm"}


def to_json(document: Json, *, version: bool = True) -> str:
    """The board as strict JSON, from which everything else follows; also without the version that made it."""
    if not version:
        document = {**document, "generator": {**document["generator"], "version": None}}
    return json.dumps(document, indent=1, allow_nan=False, sort_keys=True) + "\n"


def to_csv(document: Json, *, excel_safe: bool = False) -> str:
    """The board as RFC 4180: for each metric its mean, the ends of its interval, its groups and its share of the way
    from floor to ceiling.
    """
    text = (lambda name: without_formula(without_surrogates(name))) if excel_safe else without_surrogates
    names = [f"{label}{end}" for label in document["order"] for end in (*ENDS.values(), "_groups")]
    lines = [["rank_low", "rank_high", "model", "run", "n", "of", *map(text, names)]]
    for row in document["rows"]:
        values = [value for label in document["order"] for value in numbers(row["metrics"][label])]
        counts = [str(row["n"]), str(document["dataset"]["n"])]
        lines.append([*ends_of(row["rank"]), text(row["model"]), row["run"], *counts, *values])
    return "".join(map(csv_line, lines))


def ends_of(rank: str) -> list[str]:
    """The ends of a range of ranks: spreadsheets take 3-4 for a day of April.

    >>> ends_of("3-4"), ends_of("1"), ends_of("-")
    (['3', '4'], ['1', '1'], ['n/a', 'n/a'])
    """
    if rank == "-":
        return ["n/a", "n/a"]
    low, _, high = rank.partition("-")
    return [low, high or low]


def numbers(cell: Json) -> list[str]:
    """One metric of one model as text."""
    return [*("n/a" if cell[key] is None else repr(cell[key]) for key in ENDS), " ".join(cell["groups"])]
