"""Runs side by side: a pure function of runs."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from saliency_eval.core import METRICS
from saliency_eval.errors import Problem, SaliencyEvalError, fail, shown, unknown
from saliency_eval.run import DataId, Run
from saliency_eval.saved import load_runs
from saliency_eval.store import folder_name

if TYPE_CHECKING:
    import pandas as pd

FREE = ("resize", "missing", "v")  # what the signatures of one column may differ in
REMEDIES = {"incomplete": "score all images", "mixed_signature": "score it with the options of the others"}


class Apart(NamedTuple):
    """A run that is listed beside a board and not ranked; `model` is empty where the file cannot be read."""

    model: str
    run: str
    reason: str
    detail: str

    def problem(self, data: str) -> Problem:
        """The finding as a sentence."""
        what = {
            "incomplete": f"has {self.detail} images",
            "mixed_signature": f"has another signature than the others: {self.detail}",
        }
        text = f"{shown(self.model)} ({self.run}) is not ranked on {shown(data)}: it {what[self.reason]}"
        return Problem(self.reason, text, REMEDIES[self.reason], file=self.run)


class Board(NamedTuple):
    """Complete runs of one signature on one data set, the best first, and the runs that stand apart."""

    data: DataId
    primary: str
    labels: tuple[str, ...]
    runs: tuple[Run, ...]
    apart: tuple[Apart, ...] = ()

    def better(self, label: str) -> str:
        """The direction of a metric."""
        return str(METRICS[key_of(self.runs[0], label)].traits["better"])

    def ranks(self) -> list[int | None]:
        """The place of each run; None where the primary metric has no mean."""
        return [n if run.reason(self.primary) is None else None for n, run in enumerate(self.runs, start=1)]

    def signatures(self) -> dict[str, str]:
        """What all runs have in common, by metric."""
        return {label: comparable(self.runs[0].signatures[label]) for label in self.labels}


class Built(NamedTuple):
    """A board for each data set, and a warning for each run that is on none."""

    boards: list[Board]
    problems: list[Problem]


def build(results: str | os.PathLike[str], primary: str | None = None, data: str | None = None) -> Built:
    """The boards of saved runs, of all data sets or of one (`osie`, `osie@1`).

    Raises `missing` (exit 3) without a run, `usage` (exit 2) for a metric or data set that no run has.
    """
    runs, skipped = load_runs(results)
    if data is not None and runs:
        known = {name for run in runs for name in (run.data.id, f"{run.data.id}@{run.data.version}")}
        if data not in known:
            unknown("data set of the results", data, known)
        runs = [run for run in runs if data in (run.data.id, f"{run.data.id}@{run.data.version}")]
    return boards_of(runs, skipped, primary)


def boards_of(runs: Sequence[Run], skipped: Sequence[Problem] = (), primary: str | None = None) -> Built:
    """The boards of runs, by data set; `skipped` are the findings of `load_runs`. Raises as `build`."""
    boards, problems = [], list(skipped)
    for id in sorted({run.data.id for run in runs}):
        own = sorted((run for run in runs if run.data.id == id), key=identity)
        chosen = largest([run for run in own if run.complete])
        apart = [set_apart(run, chosen) for run in own if all(run is not one for one in chosen)]
        problems += [one.problem(id) for one in apart]
        if chosen:
            lost = [Apart("", p.file or "", p.code, p.message) for p in skipped if about(p, id)]
            boards.append(board_of(chosen, primary, [*apart, *lost]))
    if not runs:
        text = f"a board needs runs, there are none; {len(skipped)} could not be read"
        remedy = "score predictions with saliency-eval score, or name another folder of results"
        raise SaliencyEvalError([Problem("missing", text, remedy), *problems])
    return Built(boards, problems)


def board_of(runs: Sequence[Run], primary: str | None = None, apart: Iterable[Apart] = ()) -> Board:
    """The board of runs that may all be ranked. Raises as `ranked`."""
    runs = sorted(runs, key=identity)
    order = ranked(runs, primary)
    return Board(runs[0].data, primary or runs[0].labels[0], runs[0].labels, tuple(order), tuple(apart))


def identity(run: Run) -> tuple[str, str]:
    """Sort key that does not depend on where a run was found."""
    return run.model, run.digest


def about(problem: Problem, id: str) -> bool:
    """Was the file skipped in the folder of a data set?"""
    return (problem.file or "").startswith(f"{id}/")


def key_of(run: Run, label: str) -> str:
    """The metric of a column."""
    return run.keys[run.labels.index(label)]


def fields(line: str) -> dict[str, str]:
    """The fields of a signature by name."""
    return {name: value for name, _, value in (f.partition(":") for f in line.split("|")[1:])}


def comparable(line: str) -> str:
    """The part of a signature that must be equal in one column."""
    return "|".join(f for f in line.split("|") if f.partition(":")[0] not in FREE)


def group(run: Run) -> str:
    """What must be equal for two runs to be ranked together, as text."""
    lines = sorted(f"{label} {comparable(line)}" for label, line in run.signatures.items())
    return "\n".join([run.data.sha256, *lines])


def largest(runs: Iterable[Run]) -> list[Run]:
    """The most runs that may be ranked together; of several groups the first by text."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(group(run), []).append(run)
    return min(groups.items(), key=lambda item: (-len(item[1]), item[0]))[1] if groups else []


def set_apart(run: Run, chosen: Sequence[Run]) -> Apart:
    """Why a run is not among the chosen ones."""
    if not run.complete:
        detail = f"{run.n_scored}/{run.data.n}"
        return Apart(run.model, folder_name(run), "incomplete", detail)
    return Apart(run.model, folder_name(run), "mixed_signature", difference(run, chosen[0]))


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
    return "; ".join(shown(text, 200) for text in found.values())


def ranked(runs: Sequence[Run], primary: str | None = None) -> list[Run]:
    """The runs best first by the primary metric (default the first); ties by name.

    Raises `incomplete` for a run that did not score every image, `mixed_signature` for runs of different data,
    protocol or options, `usage` without a run or for a metric that was not scored.
    """
    if not runs:
        fail("usage", "a board needs at least one run, got none")
    for run in runs:
        if not run.complete:
            text = (
                f"only complete runs are ranked, {shown(run.model)} has {run.n_scored} images of {run.data.n}"
            )
            fail("incomplete", text, "score all images")
        check_alike(run, runs[0])
    primary = primary or runs[0].labels[0]
    if primary not in runs[0].labels:
        unknown("metric of the board", primary, runs[0].labels)
    sign = -1 if METRICS[key_of(runs[0], primary)].traits["better"] == "higher" else 1
    return sorted(runs, key=lambda run: (missing_last(sign * run.means[primary].mean), *identity(run)))


def check_alike(run: Run, first: Run) -> None:
    """Raises `mixed_signature` when two runs may not stand in one table."""
    for label in dict.fromkeys([*first.labels, *run.labels]):
        own, other = run.signatures.get(label, "not scored"), first.signatures.get(label, "not scored")
        if comparable(own) != comparable(other):
            fail(
                "mixed_signature",
                f"{shown(run.model)} and {shown(first.model)} were scored differently in {label}: {own} and {other}",
                "score both with the same data, protocol and options",
            )


def missing_last(value: float) -> float:
    """Sort key: values that are missing come last."""
    return math.inf if math.isnan(value) else value


def leaderboard(runs: Sequence[Run], primary: str | None = None) -> pd.DataFrame:
    """Means by model and metric, best first by the primary metric. Raises as `ranked`."""
    import pandas as pd

    order = ranked(runs, primary)
    return pd.DataFrame(
        [{label: run.means[label].mean for label in run.labels} for run in order],
        index=pd.Index([run.model for run in order], name="model"),
    )
