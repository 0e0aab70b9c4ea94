"""The standard streams: a reader that went away, a full disk or a closed stream never ends the program."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO


class Outlet:
    """A standard stream that does not raise; the first failure is kept, and nothing is written after it."""

    def __init__(self, stream: TextIO | None) -> None:
        self.stream = stream or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
        self.failure: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":  # typer would write past this class
            raise AttributeError(name)
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write, or remember why not."""
        self._attempt(lambda: self.stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Write what was held back, or remember why not."""
        self._attempt(self.stream.flush)

    @property
    def full(self) -> bool:
        """Was something lost that somebody wanted to read?"""
        return self.failure is not None and not isinstance(self.failure, BrokenPipeError)

    def _attempt(self, write: Callable[[], object]) -> None:
        if self.failure is not None:
            return
        try:
            write()
        except OSError as error:
            self.failure = error
            with contextlib.suppress(
                OSError
            ):  # the interpreter writes what is held back once more at its end
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())


def guard() -> tuple[Outlet, Outlet]:
    """Put outlets in the place of standard output and standard error."""
    out, err = Outlet(sys.stdout), Outlet(sys.stderr)
    sys.stdout, sys.stderr = out, err
    return out, err
