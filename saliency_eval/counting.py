"""What kernels count while they compute: empty maps, ties, undefined values, calls of a classifier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

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
