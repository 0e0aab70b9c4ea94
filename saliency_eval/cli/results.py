"""How scored runs are saved and shown."""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from saliency_eval.cli.beside import causes, show_causes, show_table
from saliency_eval.cli.console import arrow, columns, console
from saliency_eval.core import METRICS
from saliency_eval.errors import DONE, Problem, SaliencyEvalError, shown
from saliency_eval.profiling import Stages
from saliency_eval.run import Run, rounded
from saliency_eval.side_by_side import Difference
from saliency_eval.signatures import short_signature
from saliency_eval.store import log, mean_of, save

CHANCE = 0.55  # AUC-Judd of a constant map is a little above 0.5
COUNTED = {"constant": "constant", "resized": "resized", "missing": "missing", "dropped_fixations": "dropped"}


class Result(NamedTuple):
    """A run, how long it took, the number of its predictions, and where it was saved."""

    run: Run
    seconds: float
    number: int = 0
    folder: Path | None = None


class Group(NamedTuple):
    """The results of one set of predictions, one for each protocol, and why they differ."""

    results: Sequence[Result]
    causes: Sequence[Difference] = ()


def keep(results: Sequence[Result], out: Path | None) -> tuple[list[Result], list[Problem]]:
    """The results with the folders they were saved in, and why some could not be: scores are shown anyway."""
    kept, lost = [], []
    for result in results:
        try:
            folder = out and save(result.run, out, log(result.seconds))
        except SaliencyEvalError as error:
            folder = None
            lost += error.problems
        kept.append(result._replace(folder=folder))
    return kept, lost


def grouped(
    results: Sequence[Result], measure: Callable[[int, str, Sequence[str]], Run] | None
) -> list[Group]:
    """The results of each set of predictions; `measure` scores metrics of a set by its number, for the causes."""
    found = []
    for number, together in itertools.groupby(results, lambda result: result.number):
        own = list(together)
        why = causes([r.run for r in own], functools.partial(measure, number)) if measure else ()
        found.append(Group(own, why))
    return found


def show(
    groups: Sequence[Group],
    lost: Sequence[Problem],
    left: Sequence[Problem],
    *,
    bare: str | None,
    short: bool,
    stages: Stages | None,
) -> None:
    """Show all results in the format that was asked for, and what the stages took if they were measured.

    `lost` is why runs could not be saved, `left` why protocols were left out.
    """
    results = [result for group in groups for result in group.results]
    console.problems(left)
    if console.format == "json":
        show_json(groups, lost, left, stages)
    elif bare is not None:
        show_bare(results, bare)
    else:
        show_text(groups, short)
        if stages is not None:
            show_stages(stages, sum(len(r.run.ids) for r in results))


def show_stages(stages: Stages, images: int) -> None:
    """CPU time by stage, the longest first."""
    total = sum(stages.seconds.values())
    longest = sorted(stages.seconds.items(), key=lambda item: -item[1])
    rows = [
        [name, f"{seconds:.3f}", f"{seconds / total:.1%}", f"{1000 * seconds / images:.3f}"]
        for name, seconds in [*longest, ("total", total)]
    ]
    console.print()
    for text in columns([["stage", "CPU s", "share", "ms per image"], *rows], "<>>>"):
        console.print(text)


def show_text(groups: Sequence[Group], short: bool) -> None:
    """One table after the other: for each set of predictions its protocols side by side."""
    for number, group in enumerate(groups):
        if number:
            console.print()
        runs = [result.run for result in group.results]
        begin(runs)
        if len(runs) > 1:
            show_table(runs)
        else:
            for text in columns([["metric", "", "mean", "95 % interval"], *means(runs[0])], "<<><"):
                console.print(text)
        if not console.quiet:
            show_notes(runs)
            show_causes(runs, group.causes)
        console.print()
        end(group.results, short)


def show_notes(runs: Sequence[Run]) -> None:
    """What the table does not tell of the intervals; where there are several runs, of which."""
    for run in runs:
        for note in run.notes:
            console.print(f"{run.setting.protocol}: {note}" if len(runs) > 1 else note)


def begin(runs: Sequence[Run]) -> None:
    """The heading of a table, and what was noticed."""
    console.print(heading(runs))
    console.problems(dict.fromkeys(problem for run in runs for problem in run.problems))
    if any(map(foreign, runs)):
        console.note(
            "hint: shuffled_auc is at chance, auc_judd is not: a model of the centre, or maps of other images?"
        )
    if not all(run.complete for run in runs):
        console.print(not_a_score(runs[0]))
    console.print()


def end(results: Sequence[Result], short: bool) -> None:
    """The signatures, and where each run is."""
    for run, *_ in results:
        for line in run.signatures.values():
            if not console.quiet:
                console.print(short_signature(line) if short else line)
    for result in results:
        console.print((f"{result.run.setting.protocol}: " if len(results) > 1 else "") + closing(result))


def closing(result: Result) -> str:
    """The last line: where the run is, and how long it took."""
    run, seconds, _, folder = result
    if run.restored:
        return f"already complete: {shown(folder, 500)}   {seconds:.1f} s"
    before = f", after {run.taken_up} of an interrupted run" if run.taken_up else ""
    rate = f"{seconds:.1f} s, {(len(run.ids) - run.taken_up) / max(seconds, 1e-9):.0f} images/s{before}"
    return f"saved {shown(folder, 500)}   {rate}" if folder else rate


def foreign(run: Run) -> bool:
    """Do the maps know where people look, but not what in this very image draws them?"""
    shuffled, judd = run.means.get("shuffled_auc"), run.means.get("auc_judd")
    if not (shuffled and judd and shuffled.low and shuffled.high and judd.low):
        return False
    return shuffled.low <= 0.5 <= shuffled.high and judd.low > CHANCE


def heading(runs: Sequence[Run]) -> str:
    """What was scored: model, data set, protocols, how many images, and what had to be done to some."""
    totals: Counter[str] = Counter()
    for problem in dict.fromkeys(problem for run in runs for problem in run.problems):
        totals[problem.code] += problem.count
    counts = ", ".join(f"{totals[code]} {word}" for code, word in COUNTED.items() if totals[code])
    run, names = runs[0], ", ".join(run.setting.protocol for run in runs)
    return (
        f"{shown(run.model)} on {run.data.id}@{run.data.version}, protocol {names}   "
        f"{run.n_scored}/{run.data.n} images" + (f" ({counts})" if counts else "")
    )


def not_a_score(run: Run) -> str:
    """The line that marks the result of a part."""
    if len(run.ids) < run.data.n:
        return f"NOT A SCORE: the first {len(run.ids)} of {run.data.n} images only; it is not saved"
    return f"NOT A SCORE: {run.n_scored} of {run.data.n} images"


def means(run: Run) -> list[list[str]]:
    """Rows of label, direction, mean and interval."""
    rows = []
    for label, key in zip(run.labels, run.keys, strict=True):
        reason = run.reason(label)
        mean, interval = ("n/a", reason) if reason else rounded(run.means[label])
        mark = " (!)" if label in run.doubts else ""
        rows.append([label + mark, arrow(METRICS[key].traits["better"]), mean, interval])
    return rows


def show_bare(results: Sequence[Result], bare: str) -> None:
    """The mean of one metric, one line for each run; beside it what must not go unseen."""
    for run in (r.run for r in results):
        console.problems(run.problems)
        if not run.complete:
            console.line(not_a_score(run))
        elif run.n_scored < run.data.n or any(p.code == "missing" for p in run.problems):
            console.line(heading([run]))
        label = bare if bare in run.labels else run.labels[0]
        console.print("n/a" if run.reason(label) else repr(run.means[label].mean))


def show_json(
    groups: Sequence[Group], lost: Sequence[Problem], left: Sequence[Problem], stages: Stages | None
) -> None:
    """All runs as one document."""
    results = [result for group in groups for result in group.results]
    causes = [
        {"model": group.results[0].run.model, **one.to_dict()} for group in groups for one in group.causes
    ]
    problems = [p for r in results for p in r.run.problems]
    status = SaliencyEvalError(lost).exit_code if lost else DONE
    identity = results[0].run.data._asdict()
    profile = {} if stages is None else {"profile": stages.seconds}
    console.document(
        status, [*left, *problems, *lost], data=identity, results=as_json(results), causes=causes, **profile
    )
    console.problems(dict.fromkeys(problems))


def finite(value: float) -> float | None:
    """A number as strict JSON holds it."""
    return value if math.isfinite(value) else None


def as_json(results: Iterable[Result]) -> list[dict[str, Any]]:
    """The results as strict JSON."""
    return [
        {
            "model": run.model,
            "run": str(folder) if folder else None,
            "protocol": run.setting.protocol,
            "n": run.n_scored,
            "complete": run.complete,
            "metrics": {
                label: {**mean_of(run, label), "skew": finite(run.skew(label))} for label in run.labels
            },
            "signatures": dict(run.signatures),
        }
        for run, _, _, folder in results
    ]
