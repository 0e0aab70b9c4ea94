"""One set of predictions under several protocols: one table, and why its columns differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from saliency_eval.cli.console import arrow, columns, console, width
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.run import Run
from saliency_eval.side_by_side import Difference, differences, names, probes, rows
from saliency_eval.side_by_side.words import cell_of, lines_of, meanings, unasked


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
    if further := unasked(runs):
        console.note(f"not scored unless named with --metrics: {', '.join(further)}")


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
    first = names(runs)[0]
    console.print(f"\nWhy they differ from {first}, and what each cause alone does to its mean:\n")
    for text in columns([["metric", "cause", "option", "alone", "in"], *lines_of(found, first)], "<<<><"):
        console.print(text)
    console.print()
    for text in columns([[name, sentence] for name, sentence in meanings(found).items()]):
        console.print(text)
    if any(one.alone is None for one in found) and all(run.restored for run in runs):
        console.note("\nWhat each cause does alone is measured while scoring: --no-resume scores anew")
