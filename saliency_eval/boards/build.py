"""Runs side by side: which are ranked together, in which order, and why the others are not."""

from __future__ import annotations

import logging
import math
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from saliency_eval.boards.again import command, remedy
from saliency_eval.boards.alike import check_alike, difference, is_ceiling, is_parted, largest, order
from saliency_eval.boards.board import Apart, Board
from saliency_eval.boards.notes import ALWAYS, absent, subject_of
from saliency_eval.boards.tested import MOST_MODELS
from saliency_eval.core import METRICS
from saliency_eval.errors import Problem, SaliencyEvalError, fail, shown, unknown
from saliency_eval.run import Run, check_runs
from saliency_eval.saved import load_runs
from saliency_eval.store import folder_name

if TYPE_CHECKING:
    import pandas as pd


LOG = logging.getLogger("saliency_eval")


class Built(NamedTuple):
    """A board for each data set and protocol, and a warning for each run that is on none."""

    boards: list[Board]
    problems: list[Problem]


def build(results: str | os.PathLike[str], primary: str | None = None, data: str | None = None) -> Built:
    """The boards of saved runs, of all data sets or of one (`osie`, `osie@1`); every protocol has its own.

    Raises `missing` (exit 3) without a run, `incomplete` (exit 3) without a complete one, `usage` (exit 2) for a metric
    or data set that no run has.
    """
    runs, skipped = load_runs(results)
    if data is not None and runs:
        known = {name for run in runs for name in (run.data.id, f"{run.data.id}@{run.data.version}")}
        if data not in known:
            unknown("data set of the results", data, known)
        runs = [run for run in runs if data in (run.data.id, f"{run.data.id}@{run.data.version}")]
    return some(boards_of(runs, skipped, primary))


def some(built: Built) -> Built:
    """What was built, if it has a board. Raises `incomplete` (exit 3) with all that was found."""
    if built.boards:
        return built
    text = "no board was made: none of the runs has all images of its data set"
    first = Problem("incomplete", text, "score all images", severity_override="error")
    raise SaliencyEvalError([first, *built.problems])


def boards_of(runs: Sequence[Run], skipped: Sequence[Problem] = (), primary: str | None = None) -> Built:
    """The boards of runs, by data set and protocol; `skipped` are the findings of `load_runs`.

    There is none where no run is complete. Raises `missing` (exit 3) without a run, `usage` (exit 2) for a metric.
    """
    boards: list[Board] = []
    problems = list(skipped)
    for id in sorted({run.data.id for run in runs}):
        own = [run for run in runs if run.data.id == id]
        names = sorted({run.setting.protocol for run in own})
        if len(names) > 1:
            problems.append(several(id, names))
        for name in names:
            board, found = one_board([run for run in own if run.setting.protocol == name], skipped, primary)
            boards += [board] if board else []
            problems += found
    if not runs:
        text = f"a board needs runs, there are none; {len(skipped)} could not be read"
        remedy = "score predictions with saliency-eval score, or name another folder of results"
        raise SaliencyEvalError([Problem("missing", text, remedy), *problems])
    return Built(boards, problems)


def several(id: str, protocols: Sequence[str]) -> Problem:
    """The finding that a data set has several boards."""
    text = f"the runs on {shown(id)} follow {len(protocols)} protocols ({', '.join(map(shown, protocols))})"
    text += ": their signatures differ, so that each protocol has a board of its own"
    return Problem("mixed_signature", text, "compare models within a board only")


def one_board(
    runs: Sequence[Run], skipped: Sequence[Problem] = (), primary: str | None = None
) -> tuple[Board | None, list[Problem]]:
    """The board of runs on one data set under one protocol, none where no run is complete, and who is not on it."""
    runs = sorted(runs, key=identity)
    complete = [run for run in runs if run.complete]
    chosen = largest([run for run in complete if not is_parted(run)] or complete)
    apart = [set_apart(run, chosen) for run in runs if all(run is not one for one in chosen)]
    problems = [left_out(one, runs[0].data.id, chosen) for one in apart if one.reason != "ceiling"]
    if not chosen:
        return None, problems
    lost = [Apart("", p.file or "", p.code, p.message) for p in skipped if about(p, runs[0].data.id)]
    board = board_of(chosen, primary, [*apart, *lost])
    problems += [unranked(run, board) for run in board.runs if run.reason(board.primary)]
    return board, problems + baselines(board)


def baselines(board: Board) -> list[Problem]:
    """The finding that a board lacks what its models have to beat."""
    subject = subject_of(board.runs[0].signatures[board.primary])
    if not (gone := absent(((run.source, run.model) for run in board.runs), subject)):
        return []
    text = f"the board {board.name} has no row of {' and '.join(ALWAYS[subject][name] for name in gone)}"
    line = command([f"model:{name}" for name in gone], board.runs[0])
    return [Problem("no_baseline", text, f"score as the others: {line}")]


def board_of(runs: Sequence[Run], primary: str | None = None, apart: Iterable[Apart] = ()) -> Board:
    """The board of runs that may all be ranked. Raises as `ranked`."""
    check_runs(runs)
    if len(runs) > MOST_MODELS:
        text = f"a board ranks at most {MOST_MODELS} models, got {len(runs)} on {shown(runs[0].data.id)}"
        fail("too_many", text, "build boards of fewer: name the folder of some of the runs")
    runs = sorted(runs, key=identity)
    found = ranked(runs, primary)
    return Board(primary or runs[0].labels[0], tuple(found), tuple(apart))


def identity(run: Run) -> tuple[str, str]:
    """Sort key that does not depend on where a run was found."""
    return run.model, run.digest


def about(problem: Problem, id: str) -> bool:
    """Was the file skipped in the folder of a data set?"""
    return (problem.file or "").startswith(f"{id}/")


def set_apart(run: Run, chosen: Sequence[Run]) -> Apart:
    """Why a run is not among the chosen ones."""
    name = folder_name(run)
    if not run.complete:
        return Apart(run.model, name, "incomplete", f"{run.n_scored}/{run.data.n}", run)
    if is_ceiling(run, chosen[0]):
        return Apart(run.model, name, "ceiling", "each observer under the map of all others", run)
    return Apart(run.model, name, "mixed_signature", difference(run, chosen[0]), run)


def left_out(one: Apart, data: str, chosen: Sequence[Run]) -> Problem:
    """The finding about a run that is not ranked, and what to do to have it among the chosen ones."""
    text = f"{shown(one.model)} ({one.run}) is not ranked on {shown(data)}: it {one.why}"
    other = one.scores if one.reason == "mixed_signature" else None
    what = remedy(other, chosen[0]) if other else "score all images"
    return Problem(one.reason, text, what, file=one.run)


def unranked(run: Run, board: Board) -> Problem:
    """The finding about a run of a board that the primary metric cannot rank."""
    text = f"{shown(run.model)} ({folder_name(run)}) has no rank on {shown(board.data.id)}: "
    text += f"{shown(board.primary)} is {run.reason(board.primary)}"
    return Problem("incomplete", text, "rank by another metric, or score maps on which it is defined",
                   file=folder_name(run))  # fmt: skip


def ranked(runs: Sequence[Run], primary: str | None = None) -> list[Run]:
    """The runs best first by the primary metric (default the first); ties by name.

    Raises `incomplete` for a run that did not score every image, `mixed_signature` for runs of different data,
    protocol or options, `usage` without a run, for a run given twice or a metric that was not scored.
    """
    if not runs:
        fail("usage", "a board needs at least one run, got none")
    primary = primary or runs[0].labels[0]
    for run in runs:
        if not run.complete:
            text = (
                f"only complete runs are ranked, {shown(run.model)} has {run.n_scored} images of {run.data.n}"
            )
            fail("incomplete", text, "score all images")
        check_alike(run, runs[0])
    [(name, times)] = Counter(map(folder_name, runs)).most_common(1)
    if times > 1:
        fail("usage", f"a board shows every run once, {name} was given {times} times", "leave the others out")
    if primary not in runs[0].labels:
        unknown("metric of the board", primary, runs[0].labels)
    sign = -1 if METRICS[runs[0].keys[runs[0].labels.index(primary)]].traits["better"] == "higher" else 1
    return sorted(runs, key=lambda run: (missing_last(sign * mean_of(run, primary)), *identity(run)))


def mean_of(run: Run, label: str) -> float:
    """The mean of a metric; NaN where an image has none."""
    scores = run.values[order(run), run.labels.index(label)]
    return math.fsum(scores) / len(scores) if len(scores) and np.isfinite(scores).all() else math.nan


def missing_last(value: float) -> float:
    """Sort key: values that are missing come last."""
    return math.inf if math.isnan(value) else value


def leaderboard(runs: Sequence[Run], primary: str | None = None) -> pd.DataFrame:
    """Rank, means, intervals and groups by model, best first by the primary metric, of the runs that may be ranked.

    Why others are not, and which baseline is missing, is logged to `saliency_eval` as warnings. Raises `usage` for what
    are no runs and for a metric that was not scored, `missing` without a run, `incomplete` where none is complete, and
    `mixed_signature` for runs of several data sets or protocols: each has a board of its own.
    """
    check_runs(runs)
    boards, problems = some(boards_of(runs, primary=primary))
    if len(boards) > 1:
        names = ", ".join(f"{shown(one.data.id)} under {one.protocol}" for one in boards)
        text = f"a leaderboard is of one data set and protocol, the runs are of {len(boards)}: {names}"
        how = "give the runs of one (run.data.id, run.setting.protocol), or se.build_boards(folder) for all boards"
        fail("mixed_signature", text, how)
    for problem in problems:
        LOG.warning("%s", problem)
    return boards[0].to_frame()
