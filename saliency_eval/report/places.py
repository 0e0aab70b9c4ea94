"""Several models under several protocols: the place of each, and the mean that it stands on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from saliency_eval.boards import Board, boards_of
from saliency_eval.formats import ARROWS, rounded_of
from saliency_eval.report.protocols import Lead
from saliency_eval.run import Run
from saliency_eval.side_by_side import Origin, origins

Known = Mapping[int, Origin]  # what a run scored, by the identity of the run


class Place(NamedTuple):
    """Where a model stands, as a range where that is not sure, and its mean."""

    rank: str
    mean: str


class Places(NamedTuple):
    """A column for each protocol, with the metric that ranks there; a row for each set of maps; the runs behind it."""

    heads: list[tuple[str, str]]
    rows: list[tuple[str, list[Place]]]
    runs: list[Run]


def places(lead: Lead, board: Board, names: Sequence[str]) -> Places | None:
    """The places of the models under each protocol; None of one protocol, or one model."""
    boards = [one for name in lead.protocols for one in under(name, lead, board)]
    known = dict(zip(map(id, lead.all), origins(lead.all), strict=True))
    titles = {known[id(run)]: name for run, name in zip(board.runs, names, strict=True)}
    for run in (run for one in boards for run in one.runs):
        titles.setdefault(known[id(run)], run.model)
    if len(boards) < 2 or len(titles) < 2:
        return None
    found = [on(one, known) for one in boards]
    heads = [(one.protocol, f"{one.primary} {ARROWS[direction(one)]}") for one in boards]
    rows = [(title, [one.get(key, Place("-", "")) for one in found]) for key, title in titles.items()]
    return Places(heads, rows, [run for one in boards for run in one.runs])


def under(name: str, lead: Lead, board: Board) -> list[Board]:
    """The board of a protocol, by the metric that ranks the page where all its runs have that; none without one."""
    if name == lead.protocol:
        return [board]
    runs = [run for run in lead.all if run.setting.protocol == name]
    same = all(board.primary in run.labels for run in runs)
    return boards_of(runs, (), board.primary if same else None).boards


def direction(board: Board) -> str:
    """Which values of the metric that ranks are better."""
    return "higher" if board.is_higher(board.primary) else "lower"


def on(board: Board, known: Known) -> dict[Origin, Place]:
    """The places on a board."""
    rows = zip(board.runs, board.document["rows"], strict=True)
    return {
        known[id(run)]: Place(row["rank"], rounded_of(row["metrics"][board.primary]).mean)
        for run, row in rows
    }
