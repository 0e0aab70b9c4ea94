"""Is a copy of a data set the official one? Its totals against those of the card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from saliency_eval.datasets.base import Dataset, Gaze
from saliency_eval.datasets.pixels import inside
from saliency_eval.errors import Problem, shown
from saliency_eval.pool import Shape

TOLERANCE = 1e-6  # of a mean coordinate, px


class Row(NamedTuple):
    """One comparison; `ok` is None where the card states nothing."""

    what: str
    expected: str
    got: str
    ok: bool | None


@dataclass(frozen=True)
class Report:
    """What was compared, and what is wrong."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Does nothing differ?"""
        return not self.problems


class Totals:
    """Sums over the images of a data set, as the card counts them."""

    def __init__(self) -> None:
        self.shapes: dict[str, Shape] = {}
        self.outside: list[str] = []
        self.fixations = 0
        self.sum = np.zeros(2)

    def add(self, id: str, shape: Shape, gaze: Gaze) -> None:
        """Count one image."""
        self.shapes[id] = shape
        if not inside(gaze.points.astype(np.float64), shape).all():
            self.outside.append(id)
        xy = gaze.points[:, ::-1] if gaze.raw is None else gaze.raw
        self.fixations += len(xy)
        self.sum += xy.sum(0)

    @property
    def mean(self) -> tuple[float, float]:
        """Mean x and y; NaN without a fixation."""
        x, y = self.sum / self.fixations if self.fixations else (np.nan, np.nan)
        return float(x), float(y)


def check_dataset(dataset: Dataset) -> Report:
    """Compare images, sizes, fixations and mean coordinates with the card; tolerance of a mean 1e-6 px.

    Means are in the convention that the card states, such as OSIE's x, y before the pixel rule. Every
    difference is a problem of code `totals`. The report has the rows (what, expected, got, ok).
    """
    totals = Totals()
    for id in dataset:
        totals.add(id, dataset.shape_of(id), dataset.gaze(id))
    rows = tuple(compare(totals, dict(dataset.expected), withheld=dataset.withheld))
    problems = [problem(dataset, row) for row in rows if row.ok is False]
    if not dataset.card.expected:  # an own set: nothing but its own findings tells right from wrong
        problems += [p for p in dataset.problems() if p.severity == "error"]
    return Report(rows, tuple(problems))


def compare(totals: Totals, expected: dict[str, Any], *, withheld: bool) -> Iterator[Row]:
    """The rows of a report."""
    yield number("images", expected.get("images"), len(totals.shapes))
    yield from sizes(totals.shapes, expected)
    if not totals.fixations and "fixations" not in expected:
        yield Row("fixations", "withheld" if withheld else "at least 1", "none", None if withheld else False)
        return
    yield number("fixations", expected.get("fixations"), totals.fixations)
    for axis, got in zip("xy", totals.mean, strict=True):
        yield mean(f"mean {axis}", expected.get(f"mean_{axis}"), got)
    names = ", ".join(shown(id) for id in totals.outside[:3])
    yield Row("images with points outside", "0", str(len(totals.outside)) + (f" ({names})" if names else ""),
              not totals.outside)  # fmt: skip


def number(what: str, expected: int | None, got: int) -> Row:
    """A count, which must be the same."""
    return Row(what, stated(expected), str(got), None if expected is None else got == expected)


def mean(what: str, expected: float | None, got: float) -> Row:
    """A mean coordinate, which must agree to the tolerance."""
    ok = None if expected is None else abs(got - expected) <= TOLERANCE
    return Row(what, stated(expected), f"{got:.8f}", ok)


def sizes(shapes: dict[str, Shape], expected: dict[str, Any]) -> Iterator[Row]:
    """Image sizes: one for all, or the longest side of each."""
    if "size" in expected:
        size = tuple(expected["size"])
        yield odd("size", f"{size[1]}x{size[0]}", [id for id, shape in shapes.items() if shape != size])
    if "longest_side" in expected:
        side = expected["longest_side"]
        yield odd("longest side", str(side), [id for id, shape in shapes.items() if max(shape) != side])


def odd(what: str, expected: str, ids: list[str]) -> Row:
    """A property that every image must have."""
    names = ", ".join(shown(id) for id in ids[:3])
    return Row(what, expected, f"other in {len(ids)} images ({names})" if ids else expected, not ids)


def stated(value: object) -> str:
    """An expected value as text."""
    return "not stated" if value is None else str(value)


def problem(dataset: Dataset, row: Row) -> Problem:
    """What a row that differs says to the user."""
    return Problem(
        "totals",
        f"{dataset.card.name}: {row.what} must be {row.expected}, got {row.got}",
        "this copy is not the official one, or it is not complete: compare it with the source"
        if dataset.card.expected
        else "complete the fixation file",
    )
