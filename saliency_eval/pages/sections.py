"""The sections below the table of the board page: intervals, pairs, metrics against each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from saliency_eval.boards.table import Json, by_mean, keys, marks_of, name_of
from saliency_eval.errors import shown
from saliency_eval.formats import correlation, p_value, percent, places, rounded, rounded_of, signed
from saliency_eval.pages import plots

PAIRS = 400  # with more pairs than this in all, a page holds those of the primary metric
MODELS = (
    100  # with more, a page holds the intervals of the primary metric, and no picture or table of all pairs
)
NARROW = (
    (30, ""),
    (44, "long"),
)  # characters of a name that has two lines of a narrow column, and what it is called


class Strip(NamedTuple):
    """One model in the intervals of a metric."""

    model: str
    mean: str
    interval: str
    ranks: str
    first: str


class Intervals(NamedTuple):
    """The intervals of a metric: the best first, with the two pictures that stand beside the names."""

    key: str
    rows: list[Strip]
    means: str
    ranks: str
    height: int
    note: str

    @property
    def names(self) -> str:
        """How long the longest name is: empty, `long` or `longer`."""
        longest = max(len(shown(row.model)) for row in self.rows)
        return next((word for most, word in NARROW if longest <= most), "longer")


class Pair(NamedTuple):
    """Row minus column: `apart` when the test tells them apart; `single` is p of this pair alone."""

    difference: str
    interval: str
    p: str
    single: str
    wilcoxon: str
    counts: str
    apart: bool


class Matrix(NamedTuple):
    """All pairs of a metric: for each model its name and the models after it."""

    key: str
    models: list[str]
    rows: list[list[Pair | None]]


def all_intervals(document: Json) -> list[Intervals]:
    """The intervals of all metrics that have a mean, the primary one first; of many models those of that one alone."""
    return [
        made
        for key in keys(document)[: 1 if is_large(document) else None]
        if (made := intervals(document, key)) is not None
    ]


def intervals(document: Json, key: str) -> Intervals | None:
    """Means and ranks of a metric with their intervals, None without a mean."""
    order = by_mean(document, key)
    if not order:
        return None
    rows = [strip(row, key) for row in order]
    pictures = plots.means(document, key), plots.rank_intervals(document, key)
    return Intervals(key, rows, *pictures, plots.height(len(rows)), limits_note(document, key))


def is_large(document: Json) -> bool:
    """Are there more models than a page draws?"""
    return len(document["rows"]) > MODELS


def strip(row: Json, key: str) -> Strip:
    """One model."""
    value = row["metrics"][key]
    mean, _, interval = rounded_of(value)
    ranks = places(value["rank_lo"], value["rank_hi"])
    return Strip(name_of(row), mean, interval, ranks, percent(value["p_first"]))


def limits_note(document: Json, key: str) -> str:
    """What the dashed lines are, and what lies outside of the picture."""
    said = []
    for kind, what in (("floor", "centre bias"), ("ceiling", "observers")):
        value = document["metrics"][key][kind]
        if value is not None:
            place = "dashed" if kind in plots.in_view(document, key) else "outside the picture"
            said.append(f"{what} ({kind}) {rounded(value['mean'], value['lo'], value['hi']).mean}, {place}")
    return "; ".join(said)


def matrices(document: Json) -> list[Matrix]:
    """The pairs of the primary metric, and of the others where the page has room for them; none of many models."""
    if is_large(document):
        return []
    listed = keys(document) if len(document["pairs"]) <= PAIRS else keys(document)[:1]
    return [made for key in listed if (made := matrix(document, key)) is not None]


def matrix(document: Json, key: str) -> Matrix | None:
    """The pairs of a metric, None where there are none."""
    found = {(pair["a"], pair["b"]): pair for pair in document["pairs"] if pair["metric"] == key}
    order = by_mean(document, key)
    rows = [
        [between(found, row["run"], other["run"], document) for other in order[k + 1 :]]
        for k, row in enumerate(order)
    ]
    return Matrix(key, [name_of(row) for row in order], rows) if found else None


def between(found: Mapping[tuple[str, str], Json], a: str, b: str, document: Json) -> Pair | None:
    """One pair, whichever way round it was tested."""
    if (a, b) not in found:
        return turned(found.get((b, a)), document)
    pair = found[a, b]
    p = pair[f"p_{document['flips']['correction']}"]
    apart = p is not None and p < document["alpha"]
    gap = rounded(pair["diff"], pair["lo"], pair["hi"])
    counts = f"{pair['wins']}/{pair['ties']}/{pair['losses']}"
    single, wilcoxon = p_value(pair["p"]), p_value(pair["p_wilcoxon"])
    return Pair(signed(gap.mean), gap.interval or "no interval", p_value(p), single, wilcoxon, counts, apart)


def turned(pair: Json | None, document: Json) -> Pair | None:
    """A pair the other way round."""
    if pair is None:
        return None
    ends = {"diff": "diff", "lo": "hi", "hi": "lo"}
    new = {one: None if pair[other] is None else -pair[other] for one, other in ends.items()}
    swapped = {**pair, **new, "wins": pair["losses"], "losses": pair["wins"]}
    return between({("a", "b"): swapped}, "a", "b", document)


def correlations(document: Json) -> list[list[str]] | None:
    """Rank correlations of all metrics with all others, None where the board has none."""
    found = {frozenset((one["a"], one["b"])): one["spearman"] for one in document["correlations"]}
    names = document["order"]
    if not found:
        return None
    return [["" if a == b else correlation(found.get(frozenset((a, b)))) for b in names] for a in names]


def leaders(document: Json) -> tuple[str, str, list[str]]:
    """The best by the primary metric, its mean and interval, and who cannot be told from it."""
    key = document["primary"]
    order = by_mean(document, key)
    if not order:
        return "", "", []
    best = {
        row["run"]
        for row, mark in zip(document["rows"], marks_of(document, key), strict=True)
        if mark == "best"
    }
    first = order[0]["metrics"][key]
    mean, _, interval = rounded_of(first)
    value = " ".join(filter(None, [mean, interval]))
    return name_of(order[0]), value, [name_of(row) for row in order[1:] if row["run"] in best]
