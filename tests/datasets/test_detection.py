"""Fixation detection, step by step, on recordings made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from saliency_eval.datasets.mit1003_detection import acceleration, detect, gaps, saccades


def jump(n: int = 240, at: int = 120, by: float = 300.0, length: int = 8) -> NDArray[np.float64]:
    """A recording that rests, moves smoothly to the right, and rests."""
    x = np.full(n, 100.0)
    ease = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, length + 1)[1:])
    x[at : at + length] += by * ease
    x[at + length :] += by
    return np.stack([x, np.full(n, 50.0)], 1)


def test_a_jump_separates_two_fixations() -> None:
    first, second = detect(jump())
    assert first[:2].tolist() == [100, 50]
    assert second[:2].tolist() == [400, 50]
    assert first[2] == 1
    assert second[3] == 240
    assert first[3] < 121 <= second[2]
    assert first[4] == pytest.approx(1000 * first[3] / 240)


def test_acceleration_is_not_defined_at_the_ends() -> None:
    change = acceleration(np.cumsum(np.arange(40.0))[:, None] * [1.0, 0.0])
    assert change[0] == 0
    assert not change[-5:].any()
    assert change[10] == pytest.approx(60 * 5)  # the step grows by 1 px with each sample


@pytest.mark.parametrize("n", range(13))
def test_short_recordings_are_one_fixation(n: int) -> None:
    found = detect(np.full((n, 2), 7.0))
    assert found[:, 2:4].tolist() == ([[1, n]] if n else [])


def test_two_samples_above_the_limit_are_no_saccade() -> None:
    change = np.zeros(60)
    change[20:22], change[24] = 300, -300
    assert not len(saccades(change))
    change[22] = 300
    assert saccades(change).tolist() == [[20, 24]]


@pytest.mark.parametrize(("delay", "found"), [(25, 1), (26, 0)])
def test_the_end_lies_within_25_samples(delay: int, found: int) -> None:
    change = np.zeros(80)
    change[20:23] = 300
    change[22 + delay] = -300
    change[70] = 1  # the burst is not the last movement
    assert len(saccades(change)) == found


def test_a_recording_that_ends_in_a_saccade() -> None:
    change = np.zeros(80)
    change[70:75] = 300
    assert saccades(change).tolist() == [[70, 79]]


def test_of_two_bursts_without_an_end_neither_is_a_saccade() -> None:
    change = np.zeros(80)
    change[20:25] = change[70:75] = 300
    assert not len(saccades(change))


@pytest.mark.parametrize(("apart", "count"), [(12, 2), (13, 3)])
def test_saccades_50_ms_apart_are_one(apart: int, count: int) -> None:
    pair = np.array([[20, 30], [30 + apart, 60]])
    assert len(gaps(pair, 200)) == count


@pytest.mark.parametrize(("after", "count"), [(12, 1), (13, 2)])
def test_a_short_last_fixation_is_lost(after: int, count: int) -> None:
    assert len(gaps(np.array([[20, 30]]), 31 + after)) == count


def test_medians_pass_over_what_is_not_a_number() -> None:
    recording = jump()
    recording[10:14] = np.nan
    x, y = detect(recording)[0, :2]
    assert (x, y) == (100, 50)


def test_a_fixation_without_a_number_has_no_place() -> None:
    assert np.isnan(detect(np.full((30, 2), np.nan))[0, :2]).all()
