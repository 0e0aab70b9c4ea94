"""Which runs may stand in one column: everything in their signatures, and the images that they count."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from saliency_eval.errors import fail, shown
from saliency_eval.run import Run
from saliency_eval.signatures import fields, without

FREE = ("resize", "missing", "v")  # what the signatures of one column may differ in
LEFT_OUT = "observers"  # the field of maps that were made from the observers themselves


def comparable(line: str, free: Sequence[str] = FREE) -> str:
    """The part of a signature that must be equal in one column."""
    return without(line, free)


def order(run: Run) -> NDArray[np.intp]:
    """The rows of the images that a run counts, sorted by image: as its own means take them."""
    return np.array(sorted(np.flatnonzero(~run.unscored), key=lambda row: run.ids[row]), np.intp)


def images(run: Run) -> str:
    """One hash of the images that a run counts."""
    ids = "\n".join(run.ids[row] for row in order(run))
    return hashlib.sha256(ids.encode("utf-8", "surrogatepass")).hexdigest()


def group(run: Run, free: Sequence[str] = FREE, labels: Container[str] | None = None) -> str:
    """What must be equal for two runs to be ranked together, as text; by some of their metrics alone."""
    lines = sorted(
        f"{label} {comparable(line, free)}"
        for label, line in run.signatures.items()
        if labels is None or label in labels
    )
    return "\n".join([run.data.sha256, *lines, images(run)])


def is_parted(run: Run) -> bool:
    """Were its maps made from some of the observers, and scored on the others?"""
    return any(LEFT_OUT in fields(line) for line in run.signatures.values())


def is_ceiling(run: Run, board: Run) -> bool:
    """Is it what the observers themselves reach, scored in all else like the runs of a board?"""
    known = model_of(run) == "gold_standard" and is_parted(run)
    return known and group(run, (*FREE, LEFT_OUT)) == group(board)


def model_of(run: Run) -> str:
    """The key of the model that was run on the spot; empty where maps were read."""
    return run.source.partition("|")[0]


def largest(runs: Iterable[Run]) -> list[Run]:
    """The most runs that may be ranked together; of several groups the first by text."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(group(run), []).append(run)
    return min(groups.items(), key=lambda item: (-len(item[1]), item[0]))[1] if groups else []


def difference(run: Run, other: Run) -> str:
    """What two runs were scored differently in."""
    if odd := sorted(set(run.labels) ^ set(other.labels)):
        return f"metrics ({', '.join(shown(label) for label in odd)} in one of them only)"
    found: dict[str, str] = {"data": "data sha256"} if run.data.sha256 != other.data.sha256 else {}
    for label in run.labels:
        own, theirs = fields(comparable(run.signatures[label])), fields(comparable(other.signatures[label]))
        for name in sorted(own | theirs):
            if own.get(name) != theirs.get(name):
                found[name] = f"{name} {own.get(name, 'none')}, not {theirs.get(name, 'none')}"
    if not found and images(run) != images(other):
        found["images"] = "other images count"
    return "; ".join(shown(text, 200) for text in found.values())


def check_alike(run: Run, first: Run) -> None:
    """Raises `mixed_signature` when two runs may not stand in one table, with the fields that differ."""
    if group(run) == group(first):
        return
    names = f"{shown(run.model)} and {shown(first.model)}"
    remedy = "score both with the same data, protocol and options"
    if is_parted(run) != is_parted(first):
        remedy = "maps that leave out observers are a ceiling, which 'saliency-eval leaderboard build' shows"
    fail("mixed_signature", f"{names} were scored differently: {difference(run, first)}", remedy)
