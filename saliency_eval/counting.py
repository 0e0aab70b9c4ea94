"""What kernels count while they compute: empty maps, ties, undefined values, calls of a classifier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

COUNTED = {  # what stands below a table of scores
    "empty": "maps that mark nothing",
    "undefined": "images without a value, and curves that never reach their level",
    "ties": "maps whose equal values leave open which pixel is the largest, or the next",
    "zero_prob": "answers of a classifier with a probability of 0, which count as 1e-300",
    "evaluations": "images that a classifier was shown",
}
_counted: ContextVar[Counter[str] | None] = ContextVar("counted", default=None)


def count(what: str, number: int = 1) -> None:
    """Note that something happened, if anyone asked."""
    counter = _counted.get()
    if counter is not None:
        counter[what] += number


@contextmanager
def counting() -> Iterator[Counter[str]]:
    """The counts of what is computed meanwhile.

    >>> with counting() as found:
    ...     count("empty")
    >>> dict(found)
    {'empty': 1}
    """
    counter: Counter[str] = Counter()
    token = _counted.set(counter)
    try:
        yield counter
    finally:
        _counted.reset(token)
