"""One set of predictions under several protocols: one table, and why its columns differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from saliency_eval.cli.console import arrow, columns, console, width
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.run import Run, rounded
from saliency_eval.side_by_side import Difference, Row, differences, names, probes, rows

ROUNDING = 1e-12  # what the order of a sum may move a mean by


def causes(runs: Sequence[Run], measure: Callable[[str, list[str]], Run]) -> list[Difference]:
    """Why the runs differ; `measure` scores what differs in one cause alone, unless nothing was scored now."""
    if all(run.restored for run in runs):
        return differences(runs)
    try:
        return differences(
            runs, [measure(protocol, [*map(str, chosen)]) for protocol, chosen in probes(runs).items()]
        )
    except SaliencyEvalError:  # the scores are there, whatever became of the maps since
        return differences(runs)


def show_table(runs: Sequence[Run]) -> None:
    """A row for each metric, a column for each run."""
    titles = names(runs)
    cells = [[cell_of(row, number) for number in range(len(runs))] for row in rows(runs)]
    wide = [[" ".join(cell).rstrip() for cell in line] for line in cells]
    labels = [[row.metric, arrow(row.better)] for row in rows(runs)]
    text = columns([["metric", "", *titles], *(a + b for a, b in zip(labels, wide, strict=True))])
    if max(map(len, text)) > width():
        text = columns([["metric", "", *titles], *in_two_lines(labels, cells)])
    for line in text:
        console.print(line)


def cell_of(row: Row, number: int) -> tuple[str, str]:
    """Mean and interval under one of the ways of scoring."""
    mean, reason = row.means[number], row.reasons[number]
    if mean is None:
        return "-", ""
    return ("n/a", reason) if reason else rounded(mean)


def in_two_lines(labels: Sequence[list[str]], cells: Iterable[Sequence[tuple[str, str]]]) -> list[list[str]]:
    """Rows of means, and below each a row of intervals."""
    found = []
    for label, line in zip(labels, cells, strict=True):
        found += [[*label, *(mean for mean, _ in line)], ["", "", *(interval for _, interval in line)]]
    return found


def show_causes(runs: Sequence[Run], found: Sequence[Difference]) -> None:
    """Each cause with what it does alone, then what each of the options decides."""
    if not found:
        return
    console.print(f"\nWhy they differ from {names(runs)[0]}, and what each cause alone does to its mean:\n")
    for text in columns([["metric", "cause", "option", "alone", "in"], *lines_of(found)], "<<<><"):
        console.print(text)
    console.print()
    meaning = {next(iter(one.options)): f"{one.cause}: {one.sentence}" for one in found}
    for text in columns([[name, sentence] for name, sentence in meaning.items()]):
        console.print(text)
    if any(one.alone is None for one in found) and all(run.restored for run in runs):
        console.note("\nWhat each cause does alone is measured while scoring: --no-resume scores anew")


def lines_of(found: Iterable[Difference]) -> list[list[str]]:
    """Rows of metric, cause, option, effect and protocols: those that share a change share a row."""
    shared: dict[tuple[str, ...], list[str]] = {}
    for one in found:
        key = one.metric, one.cause, in_words(one), effect(one.alone)
        shared.setdefault(key, []).append(one.protocol)
    return [[*row, ", ".join(protocols)] for row, protocols in shared.items()]


def effect(alone: float | None) -> str:
    """What a cause does to a mean, to two digits.

    >>> effect(-0.0123), effect(2e-17), effect(None)
    ('-0.012', '0', 'unknown')
    """
    if alone is None:
        return "unknown"
    return "0" if abs(alone) < ROUNDING else f"{alone:+.2g}"


def in_words(one: Difference) -> str:
    """The change of an option, and the values of those that it brings to life."""
    (name, (old, new)), *rest = one.options.items()
    woken = [f"{full.rpartition('.')[2]} {value}" for full, (before, value) in rest if before is None]
    return f"{name}: {old or 'none'} -> {new or 'none'}" + (f" ({', '.join(woken)})" if woken else "")
