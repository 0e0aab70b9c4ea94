"""Comparison of a copy with the totals of its card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saliency_eval.datasets.fixations import FixationDataset
from saliency_eval.datasets.gaze import Gaze
from saliency_eval.datasets.verify import check_dataset

RIGHT = {"images": 2, "size": [4, 5], "longest_side": 5, "fixations": 4, "mean_x": 1.25, "mean_y": 2.0}


class Toy(FixationDataset):
    """Two images of 4 x 5 px with two fixations each; totals are counted in other coordinates."""

    key = "demo"
    totals: Mapping[str, Any] = RIGHT
    points = np.array([[0, 0], [3, 4]])

    def check_root(self) -> None:
        pass

    @property
    def expected(self) -> Mapping[str, Any]:
        return self.totals

    def images(self) -> dict[str, Path]:
        return {"a": Path("a"), "b": Path("b")}

    def shape_of(self, id: str) -> tuple[int, int]:
        return 4, 5

    def gaze(self, id: str) -> Gaze:
        return Gaze(self.points, np.zeros(2, np.int64), raw=np.array([[0.5, 1.0], [2.0, 3.0]]))


def test_a_right_copy() -> None:
    report = check_dataset(Toy(""))
    assert report.ok
    assert [row.what for row in report.rows] == [
        "images", "size", "longest side", "fixations", "mean x", "mean y", "images with points outside",
    ]  # fmt: skip
    assert all(row.ok for row in report.rows)


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [("images", 3, "images"), ("size", [4, 6], "size"), ("longest_side", 4, "longest side"),
     ("fixations", 5, "fixations"), ("mean_x", 1.2500011, "mean x"), ("mean_y", 1.9999989, "mean y")],
)  # fmt: skip
def test_every_difference_is_found(key: str, value: Any, what: str) -> None:
    data = Toy("")
    data.totals = {**RIGHT, key: value}
    report = check_dataset(data)
    assert [row.what for row in report.rows if not row.ok] == [what]
    (problem,) = report.problems
    assert (problem.code, problem.severity, problem.exit) == ("totals", "error", 4)
    assert what in problem.message


@pytest.mark.parametrize(("key", "value"), [("mean_x", 1.2500009), ("mean_y", 1.9999991)])
def test_means_agree_within_the_tolerance(key: str, value: float) -> None:
    data = Toy("")
    data.totals = {**RIGHT, key: value}
    assert check_dataset(data).ok


def test_points_outside_are_found() -> None:
    data = Toy("")
    data.points = np.array([[0, 0], [4, 0]])
    (row,) = [row for row in check_dataset(data).rows if not row.ok]
    assert row.got == "2 (a, b)"


def test_what_the_card_does_not_state_is_shown_and_not_judged() -> None:
    data = Toy("")
    data.totals = {}
    report = check_dataset(data)
    assert report.ok
    assert {row.what: row.ok for row in report.rows}["fixations"] is None
