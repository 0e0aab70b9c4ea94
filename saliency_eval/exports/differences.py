"""Where two files differ first, in one sentence."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from saliency_eval.errors import shown
from saliency_eval.pages.page import policy

PLATFORM = 1e-9  # how far numbers of two platforms may lie apart
AROUND = 30  # characters shown before a difference
PICTURE = re.compile(r"(?<=data:image/)[a-z+]*;base64,[A-Za-z0-9+/=]*")
LOOK = re.compile(
    r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">(.*?)<style>(.*?)</style>(.*)<script>(.*?)</script>',
    re.DOTALL,
)
ABSENT = object()


def first_place(got: Any, want: Any) -> str | None:
    """The first place in which two JSON documents differ; none where they are equal.

    >>> first_place({"rows": [{"n": 5}]}, {"rows": [{"n": 6}]})
    'rows[0].n must be 6, got 5'
    """
    return next((f"{place} must be {text(b)}, got {text(a)}" for place, a, b in places(got, want)), None)


def text(value: Any) -> str:
    """A value of JSON, cut."""
    return "nothing" if value is ABSENT else shown(json.dumps(value), 120)


def places(got: Any, want: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """All places in which two JSON documents differ."""
    if isinstance(got, dict) and isinstance(want, dict):
        for key in sorted(got.keys() | want.keys()):
            inner = f"{path}.{shown(key)}" if path else shown(key)
            yield from places(got.get(key, ABSENT), want.get(key, ABSENT), inner)
    elif isinstance(got, list) and isinstance(want, list):
        for k in range(max(len(got), len(want))):
            a, b = (found[k] if k < len(found) else ABSENT for found in (got, want))
            yield from places(a, b, f"{path}[{k}]")
    elif type(got) is not type(want) or got != want:
        yield path or "the document", got, want


def close(got: Any, want: Any) -> bool:
    """Do documents differ in numbers alone, and in those as platforms do?"""
    return all(
        type(a) is type(b) is float and math.isclose(a, b, rel_tol=PLATFORM) for _, a, b in places(got, want)
    )


def text_difference(want: str, got: str) -> str:
    """The first line in which two texts differ.

    >>> text_difference("a\\nb\\n", "a\\nc\\n")
    "line 2 must be 'b', got 'c'"
    """
    wanted, found = want.split("\n"), got.split("\n")
    pairs = zip(wanted, found, strict=False)
    row = next((k for k, (a, b) in enumerate(pairs) if a != b), min(len(wanted), len(found)))
    if row >= len(wanted) or row >= len(found):
        return f"must have {len(wanted) - 1} lines, got {len(found) - 1}"
    a, b = wanted[row], found[row]
    column = next((k for k, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    start = max(0, column - AROUND)
    a, b = (shown(("..." if start else "") + line[start:]) for line in (a, b))
    return f"line {row + 1} must be '{a}', got '{b}'"


def page(html: str, *, same_version: bool) -> str:
    """What counts of a page: not its pictures, which name the version of their library.

    Of another version of the package the look does not count either: the one style and the one script that the policy
    names.

    >>> page('<style>p {}</style><p>1 <img src="data:image/png;base64,aGk="></p>', same_version=True)
    '<style>p {}</style><p>1 <img src="data:image/"></p>'
    """
    html = PICTURE.sub("", html)
    found = None if same_version else LOOK.search(html)
    if found is None or unescape(found[1]) != policy(found[3], found[5]):
        return html
    return html[: found.start()] + found[2] + found[4] + html[found.end() :]
