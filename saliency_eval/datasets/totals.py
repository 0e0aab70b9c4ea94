"""Totals of a copy of a data set beside those of its card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from saliency_eval.datasets.gaze import Gaze, Integers, Numbers
from saliency_eval.datasets.pixels import inside
from saliency_eval.errors import shown
from saliency_eval.pool import Shape

TOLERANCE = 1e-6  # of a mean, px


class Row(NamedTuple):
    """One comparison; `ok` is None where the card states nothing."""

    what: str
    expected: str
    got: str
    ok: bool | None


class FixationTotals:
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

    def rows(self, expected: Mapping[str, Any], *, withheld: bool) -> Iterator[Row]:
        """The totals beside those expected."""
        yield number("images", expected.get("images"), len(self.shapes))
        yield from sizes(self.shapes, expected)
        if not self.fixations and "fixations" not in expected:
            yield Row(
                "fixations", "withheld" if withheld else "at least 1", "none", None if withheld else False
            )
            return
        yield number("fixations", expected.get("fixations"), self.fixations)
        for axis, got in zip("xy", self.mean, strict=True):
            yield mean(f"mean {axis}", expected.get(f"mean_{axis}"), got)
        names = ", ".join(shown(id) for id in self.outside[:3])
        yield Row("images with points outside", "0", str(len(self.outside)) + (f" ({names})" if names else ""),
                  not self.outside)  # fmt: skip


def box_rows(
    shapes: Mapping[str, Shape], counts: Integers, shares: Numbers, classes: int, expected: Mapping[str, Any]
) -> Iterator[Row]:
    """Totals of boxes beside those expected: how many each image has, and what share of it each covers."""
    yield number("images", expected.get("images"), len(shapes))
    yield from sizes(shapes, expected)
    yield number("classes", expected.get("classes"), classes)
    yield number("boxes", expected.get("boxes"), len(shares))
    if len(shares):
        yield number("images with several boxes", expected.get("several"), int((counts > 1).sum()))
        yield mean("mean share of a box", expected.get("mean_share"), float(shares.mean()))


def number(what: str, expected: int | None, got: int) -> Row:
    """A count, which must be the same."""
    return Row(what, stated(expected), str(got), None if expected is None else got == expected)


def mean(what: str, expected: float | None, got: float) -> Row:
    """A mean coordinate, which must agree to the tolerance."""
    ok = None if expected is None else abs(got - expected) <= TOLERANCE
    return Row(what, stated(expected), f"{got:.8f}", ok)


def sizes(shapes: Mapping[str, Shape], expected: Mapping[str, Any]) -> Iterator[Row]:
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
