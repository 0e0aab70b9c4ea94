"""Is a copy of a data set the official one? Its totals against those of the card."""

from __future__ import annotations

from dataclasses import dataclass

from saliency_eval.datasets.base import Dataset
from saliency_eval.datasets.totals import Row
from saliency_eval.errors import Problem


@dataclass(frozen=True)
class Report:
    """What was compared, and what is wrong."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Does nothing differ?"""
        return not self.problems


def check_dataset(dataset: Dataset) -> Report:
    """Compare images, sizes and truth with the card; tolerance of a mean 1e-6.

    Means are in the convention that the card states, such as OSIE's x, y before the pixel rule. Every
    difference is a problem of code `totals`. The report has the rows (what, expected, got, ok).
    """
    rows = tuple(dataset.counted())
    problems = [problem(dataset, row) for row in rows if row.ok is False]
    if not dataset.card.expected:  # an own set: nothing but its own findings tells right from wrong
        problems += [p for p in dataset.problems() if p.severity == "error"]
    return Report(rows, tuple(problems))


def problem(dataset: Dataset, row: Row) -> Problem:
    """What a row that differs says to the user."""
    return Problem(
        "totals",
        f"{dataset.card.name}: {row.what} must be {row.expected}, got {row.got}",
        "this copy is not the official one, or it is not complete: compare it with the source"
        if dataset.card.expected
        else "complete the fixation file",
    )
