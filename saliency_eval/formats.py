"""Numbers as a reader sees them: rounded to what their interval tells, with sign, arrow, percent sign."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

ARROWS = {"higher": "\u2191", "lower": "\u2193"}
NONE = "n/a"
MOST = 1e9  # what is larger is written with an exponent
MOST_DIGITS = 12
ROUNDING = 1e-12  # spread that is none


class Rounded(NamedTuple):
    """A mean, half of its interval and the interval as text, all to one place; the last two may be empty."""

    mean: str
    half: str = ""
    interval: str = ""


def rounded(mean: float | None, low: float | None, high: float | None) -> Rounded:
    """The half-width to two significant digits, all else to the same place; `n/a` without a mean.

    >>> rounded(0.73942, 0.73061, 0.74831)
    Rounded(mean='0.7394', half='0.0089', interval='[0.7306, 0.7483]')
    >>> rounded(-1e-16, -3e-16, 1e-16)
    Rounded(mean='0.0000', half='0.0000', interval='[0.0000, 0.0000]')
    >>> rounded(1.2e99, 1.1e99, 1.3e99).mean
    '1.20e+99'
    """
    if mean is None:
        return Rounded(NONE)
    if low is None or high is None:
        return Rounded(f"{mean:.4g}")
    half = (high - low) / 2
    place = 1 - math.floor(math.log10(half)) if half > ROUNDING else 4  # decimals
    if max(map(abs, (mean, low, high))) >= MOST:
        written = [f"{v:.{decimals(v, place)}e}" for v in (mean, half, low, high)]
    else:
        digits = min(max(place, 0), MOST_DIGITS)
        written = [f"{round(v, digits) + 0.0:.{digits}f}" for v in (mean, half, low, high)]  # no -0
    return Rounded(written[0], written[1], f"[{written[2]}, {written[3]}]")


def rounded_of(value: Mapping[str, Any]) -> Rounded:
    """The same of an object with `mean`, `lo` and `hi`, as a document has it."""
    return rounded(value["mean"], value["lo"], value["hi"])


def decimals(value: float, place: int) -> int:
    """The decimals before an exponent that end at a place of the number.

    >>> decimals(1.25e12, -9)
    3
    """
    return min(max(place + (math.floor(math.log10(abs(value))) if value else 0), 0), MOST_DIGITS)


def signed(number: str) -> str:
    """A number with its sign, none for zero and for one that is missing.

    >>> signed("0.12"), signed("-0.12"), signed("0.00"), signed("n/a")
    ('+0.12', '-0.12', '0.00', 'n/a')
    """
    return f"+{number}" if number != NONE and float(number) > 0 else number


def p_value(p: float | None) -> str:
    """A p-value to two digits.

    >>> p_value(0.05249), p_value(1e-5), p_value(1.0), p_value(None)
    ('0.052', '< 0.0001', '1', 'n/a')
    """
    if p is None or math.isnan(p):
        return NONE
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}"


def percent(share: float | None) -> str:
    """A share in percent.

    >>> percent(0.4213), percent(-0.001), percent(None)
    ('42 %', '0 %', 'n/a')
    """
    if share is None:
        return NONE
    return f"{round(100 * share)} %" if abs(share) < MOST else f"{100 * share:.3g} %"


def correlation(value: float | None) -> str:
    """A correlation to two digits.

    >>> correlation(0.456), correlation(-1.0)
    ('+0.46', '-1.00')
    """
    return NONE if value is None else f"{value:+.2f}"


def places(low: float | None, high: float | None) -> str:
    """A range of ranks in whole places: a rank that ties share may lie between two.

    >>> places(3, 4.0), places(1, 1), places(2.5, 3)
    ('3-4', '1', '2-3')
    """
    if low is None or high is None:
        return NONE
    first, last = math.floor(low), math.ceil(high)
    return str(first) if first == last else f"{first}-{last}"


def letters(groups: Iterable[str]) -> str:
    """The letters of tie groups in one word.

    >>> letters(["a", "b"]), letters(["z", "aa"])
    ('ab', 'z,aa')
    """
    groups = list(groups)
    return ("," if any(len(letter) > 1 for letter in groups) else "").join(groups)
