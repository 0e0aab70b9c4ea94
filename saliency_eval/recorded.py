"""Numbers recorded once and computed again: which differ, by how much, and under which versions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from saliency_eval.errors import shown

TOLERANCE = 1e-9  # relative; sums may differ in their last digits between CPUs
Number = float | str | None  # None for NaN, text for infinities and refusals: what strict JSON can hold
Numbers = Mapping[str, Mapping[str, Number]]  # by case, then by name
AT_MOST = 20  # differences that are named


class Difference(NamedTuple):
    """A recorded number that came out otherwise; `signature` names it within its case."""

    case: str
    signature: str
    recorded: Number
    got: Number

    @property
    def absolute(self) -> float | None:
        """Got less recorded; None unless both are numbers."""
        if isinstance(self.recorded, float | int) and isinstance(self.got, float | int):
            return self.got - self.recorded
        return None

    @property
    def relative(self) -> float | None:
        """The difference in units of the recorded number; None where that is 0 or no number."""
        return self.absolute / abs(float(self.recorded or 0)) if self.absolute and self.recorded else None

    def __str__(self) -> str:
        """Recorded, got, and how far they are apart.

        >>> print(Difference("levels", "nss", 2.0, 2.5))
        recorded 2.0, got 2.5, +0.5 (+25 %)
        """
        text = f"recorded {in_words(self.recorded)}, got {in_words(self.got)}"
        if self.absolute is None:
            return text
        share = "" if self.relative is None else f" ({100 * self.relative:+.3g} %)"
        return f"{text}, {self.absolute:+.3g}{share}"

    def to_dict(self) -> dict[str, Any]:
        """As strict JSON."""
        return self._asdict() | {"absolute": self.absolute, "relative": self.relative}


def number(value: float) -> Number:
    """A value as strict JSON holds it.

    >>> number(0.5), number(float("nan")), number(float("-inf"))
    (0.5, None, '-inf')
    """
    if math.isnan(value):
        return None
    return float(value) if math.isfinite(value) else str(float(value))


def in_words(value: Number) -> str:
    """A number for a reader: what stands for NaN is named."""
    return "NaN" if value is None else shown(value)


def compare(recorded: Numbers, computed: Numbers, tolerance: float = TOLERANCE) -> list[Difference]:
    """Recorded numbers that came out otherwise, and numbers on one side only."""
    found = []
    for case in sorted({*recorded, *computed}):
        old, new = recorded.get(case, {}), computed.get(case, {})
        for signature in sorted({*old, *new}):
            want, got = old.get(signature, "not recorded"), new.get(signature, "not computed")
            if not same(want, got, tolerance):
                found.append(Difference(case, signature, want, got))
    return found


def same(want: Number, got: Number, tolerance: float = TOLERANCE) -> bool:
    """Equal within the tolerance, relative to the number or, if that is larger, to 1; NaN and infinities must match."""
    if isinstance(want, float | int) and isinstance(got, float | int):
        return math.isclose(want, got, rel_tol=tolerance, abs_tol=tolerance)
    return want == got


def listed(different: Iterable[Difference], name: str = "{0.case}: {0.signature}") -> list[str]:
    """A line for each of the first differences, and the count of the rest."""
    lines = [f"{shown(name.format(one), 500)}: {one}" for one in different]
    rest = len(lines) - AT_MOST
    return lines[:AT_MOST] + ([f"... and {rest} more"] if rest > 0 else [])


def then_and_now(then: Mapping[str, str], now: Mapping[str, str]) -> str:
    """The versions that recorded numbers, and those of here where they are others.

    >>> then_and_now({"numpy": "2.1", "scipy": "1.14"}, {"numpy": "2.4", "scipy": "1.14"})
    'recorded with numpy 2.1 (here 2.4), scipy 1.14'
    """
    found = []
    for name, version in then.items():
        here = now.get(name, "absent")
        found.append(
            f"{shown(name)} {shown(version)}" + ("" if here == version else f" (here {shown(here)})")
        )
    return "recorded with " + ", ".join(found)
