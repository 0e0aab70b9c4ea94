"""Numbers recorded and numbers got: when they are the same, and how a difference is told."""

import math

import pytest

from saliency_eval.recorded import AT_MOST, Difference, compare, listed, number, same, then_and_now


@pytest.mark.parametrize(
    ("want", "got", "equal"),
    [
        (2.0, 2.0 + 1.9e-9, True),
        (2.0, 2.0 + 2.1e-9, False),
        (-2e6, -2e6 - 1.9e-3, True),
        (-2e6, -2e6 - 2.1e-3, False),
        (0.0, 0.9e-9, True),
        (0.0, 1.1e-9, False),
        (1, 1.0, True),
        (None, None, True),
        (None, 0.0, False),
        ("inf", "inf", True),
        ("inf", "-inf", False),
        ("error[usage]", 1.0, False),
    ],
)
def test_the_tolerance_is_relative_to_the_number_or_to_one(want, got, equal):
    assert same(want, got) == equal
    assert (compare({"a": {"b": want}}, {"a": {"b": got}}) == []) == equal


def test_a_tolerance_of_zero_asks_for_equal_numbers():
    assert same(1.0, 1.0, 0)
    assert not same(1.0, math.nextafter(1.0, 2), 0)


@pytest.mark.parametrize(
    ("recorded", "got", "absolute", "relative"),
    [
        (2.0, 2.5, 0.5, 0.25),
        (-2.0, -2.5, -0.5, -0.25),
        (0.0, 0.5, 0.5, None),
        (None, 0.5, None, None),
        (0.5, "inf", None, None),
        ("not recorded", 1.0, None, None),
    ],
)
def test_differences_are_absolute_and_relative(recorded, got, absolute, relative):
    one = Difference("case", "nss", recorded, got)
    assert (one.absolute, one.relative) == (absolute, relative)
    assert one.to_dict() == {
        "case": "case",
        "signature": "nss",
        "recorded": recorded,
        "got": got,
        "absolute": absolute,
        "relative": relative,
    }


def test_numbers_of_one_side_are_told():
    found = compare({"a": {"x": 1.0}, "b": {"y": 2.0}}, {"a": {"x": 1.0, "z": 3.0}})
    assert found == [Difference("a", "z", "not recorded", 3.0), Difference("b", "y", 2.0, "not computed")]


def test_the_rest_is_counted():
    found = [Difference("a", f"{n}", 1.0, 2.0) for n in range(AT_MOST + 1)]
    assert listed(found[:-1]) == [f"a: {n}: recorded 1.0, got 2.0, +1 (+100 %)" for n in range(AT_MOST)]
    assert listed(found) == [*listed(found[:-1]), "... and 1 more"]
    assert listed([Difference("\x1b", "{0.got}", None, 1.0)]) == [
        "\\x1b: {0.got}: recorded NaN, got 1.0"  # a name is no format
    ]


def test_what_json_cannot_hold_is_text():
    assert [number(v) for v in (math.nan, math.inf, -math.inf, 1)] == [None, "inf", "-inf", 1.0]


def test_versions_that_are_gone_are_told():
    assert (
        then_and_now({"numpy": "2", "POT": "1"}, {"numpy": "2"})
        == "recorded with numpy 2, POT 1 (here absent)"
    )
