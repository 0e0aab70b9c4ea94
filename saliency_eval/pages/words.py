"""Numbers and directions of a board as a reader sees them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from saliency_eval.run import rounded
from saliency_eval.stats import Interval

NONE = "n/a"


def mean_and_interval(value: Mapping[str, Any] | None) -> tuple[str, str]:
    """Mean and interval as text, `n/a` where there is no mean.

    >>> mean_and_interval({"mean": 0.73942, "lo": 0.73061, "hi": 0.74831})
    ('0.7394', '[0.7306, 0.7483]')
    """
    if value is None or value["mean"] is None:
        return NONE, ""
    return rounded(Interval(value["mean"], value["lo"], value["hi"], 0))


def signed(pair: Mapping[str, Any]) -> str:
    """A difference with its sign, to the place that its interval allows.

    >>> signed({"diff": 0.03931, "lo": 0.0369, "hi": 0.0418})
    '+0.0393'
    """
    text = mean_and_interval({**pair, "mean": pair["diff"]})[0]
    return text if text.startswith(("-", "n")) or not float(text) else f"+{text}"


def chance(p: float | None) -> str:
    """A p-value to two digits.

    >>> chance(0.05249), chance(1e-5), chance(1.0)
    ('0.052', '< 0.0001', '1')
    """
    if p is None:
        return NONE
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}"


def percent(share: float | None) -> str:
    """A share in percent.

    >>> percent(0.4213), percent(-0.001), percent(None)
    ('42 %', '0 %', 'n/a')
    """
    return NONE if share is None else f"{round(100 * share)} %"


def places(low: float | None, high: float | None) -> str:
    """A range of ranks.

    >>> places(3, 4.0), places(1, 1), places(2.5, 3)
    ('3-4', '1', '2.5-3')
    """
    if low is None or high is None:
        return NONE
    return f"{low:g}" if low == high else f"{low:g}-{high:g}"


def letters(groups: Iterable[str]) -> str:
    """The letters of tie groups in one word.

    >>> letters(["a", "b"]), letters(["z", "aa"])
    ('ab', 'z,aa')
    """
    groups = list(groups)
    return ("," if any(len(letter) > 1 for letter in groups) else "").join(groups)


def direction(traits: Mapping[str, Any]) -> str:
    """Which way a metric counts, within which range, and what chance gives.

    >>> direction({"label": "NSS", "better": "higher", "range": [None, None], "chance": 0.0})
    'NSS: higher is better, no bounds, chance 0'
    """
    by_chance = "no chance value" if traits["chance"] is None else f"chance {traits['chance']:g}"
    return f"{traits['label']}: {traits['better']} is better, {bounds(*traits['range'])}, {by_chance}"


def bounds(low: float | None, high: float | None) -> str:
    """The range of a metric in words.

    >>> bounds(0, 1), bounds(0, None)
    ('range 0 to 1', 'at least 0')
    """
    if low is None:
        return "no bounds" if high is None else f"at most {high:g}"
    return f"at least {low:g}" if high is None else f"range {low:g} to {high:g}"


def address(url: object) -> str:
    """An address that a page may link to, empty for everything that is not plain http(s).

    >>> address("https://doi.org/10.1167/14.1.28"), address("javascript:alert(1)")
    ('https://doi.org/10.1167/14.1.28', '')
    """
    plain = r"https?://[A-Za-z0-9.-]+(:\d+)?(/[A-Za-z0-9._~/?#@!$&()*+,;=:%-]*)?"
    return url if isinstance(url, str) and re.fullmatch(plain, url) else ""
