"""A comparison as text, Markdown and CSV: names are escaped, numbers rounded to what the intervals tell."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from saliency_eval.errors import shown
from saliency_eval.escape import code, csv_line, markdown, without_surrogates
from saliency_eval.exports.markdown import pipes
from saliency_eval.formats import p_value, signed
from saliency_eval.run import rounded
from saliency_eval.stats import Interval, Pair

if TYPE_CHECKING:
    from saliency_eval.comparison.result import Comparison, Image

MEANS = ["model", "mean", "95 % interval"]
PAIRS = [
    "first", "second", "difference", "95 % interval", "p", "p Holm", "p Wilcoxon", "wins/ties/losses", "better",
]  # fmt: skip
NEITHER, FIRST = "neither", 3  # names in a sentence; the others are counted


def means(found: Comparison) -> list[list[str]]:
    """Rows of model, mean and interval."""
    return [[name, *rounded(mean)] for name, mean in zip(found.models, found.means, strict=True)]


def pairs(found: Comparison) -> list[list[str]]:
    """The cells of `PAIRS`, a row for each pair."""
    return [cells(found, pair) for pair in found.pairs]


def cells(found: Comparison, pair: Pair) -> list[str]:
    """One pair; the difference has a sign unless it is zero."""
    low, high = (None, None) if math.isnan(pair.low) else (pair.low, pair.high)
    gap, interval = rounded(Interval(pair.difference, low, high, len(found.ids)))
    tests = [p_value(p) for p in (pair.p, pair.p_holm, pair.p_wilcoxon)]
    counts = f"{pair.wins}/{pair.ties}/{pair.losses}"
    names = [found.models[pair.a], found.models[pair.b]]
    return [*names, signed(gap), interval, *tests, counts, found.winner(pair) or NEITHER]


def notes(found: Comparison, escape: Callable[[str], str] = shown) -> list[str]:
    """What must be known of the numbers: no interval, one that is too narrow, tests that can find nothing."""
    said = ["One image has no interval."] if len(found.ids) == 1 else []
    if found.smallest >= found.alpha:
        few = "images" if found.flips == 2 ** len(found.ids) else "flips"
        said.append(
            f"No pair can be told apart with so few {few}: p after Holm is {found.smallest:.2g} at least."
        )
    tails = [f"{' and '.join(map(escape, whose))} (skew {skew:.1f})" for whose, skew in found.tails.items()]
    if tails:
        more = f" and {len(tails) - FIRST} more" if len(tails) > FIRST else ""
        said.append(f"Heavy tails, so that intervals are too narrow: {'; '.join(tails[:FIRST])}{more}.")
    return said


def ahead(found: Comparison) -> list[tuple[str, str, list[Image]]]:
    """For each pair, in both directions: who is ahead of whom, and on which images by most; empty unless asked for."""
    lists = []
    for pair in found.pairs if found.worst else ():
        a, b = found.models[pair.a], found.models[pair.b]
        first, second = found.deciding(pair)
        lists += [(a, b, first), (b, a, second)]
    return lists


def listed(images: Sequence[Image]) -> str:
    """Images with the differences on them.

    >>> listed([])
    'no image'
    """
    return ", ".join(f"{shown(image.id)} ({image.difference:+.4g})" for image in images) or "no image"


def to_markdown(found: Comparison) -> str:
    """Means, pairs and the images that decide as a Markdown page."""
    rows = [[markdown(name), *numbers] for name, *numbers in means(found)]
    of_pairs = [[markdown(a), markdown(b), *cells, markdown(who)] for a, b, *cells, who in pairs(found)]
    lists = [
        f"- {markdown(a)} ahead of {markdown(b)}: {markdown(listed(images), 5000)}"
        for a, b, images in ahead(found)
    ]
    parts = [
        f"# {markdown(found.title, 200)}",
        pipes([MEANS, *rows], "<" * len(MEANS)),
        pipes([PAIRS, *of_pairs], "<" * len(PAIRS)),
        *(["\n".join(lists)] if lists else []),
        " ".join([found.method, *notes(found, markdown)]),
        "\n".join(f"- {code(line)}" for line in found.signatures),
    ]
    return "\n\n".join(parts) + "\n"


def to_csv(found: Comparison) -> str:
    """The pairs as RFC 4180, with whole names and all digits; empty where a number is not defined."""
    rows = found.rows()
    lines = [[cell(value) for value in row.values()] for row in rows]
    return "".join(map(csv_line, [list(rows[0]), *lines]))


def cell(value: object) -> str:
    """A cell: what is not defined is empty."""
    if value is None or value != value:
        return ""
    return repr(value) if isinstance(value, float) else without_surrogates(str(value))
