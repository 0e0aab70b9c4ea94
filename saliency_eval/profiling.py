"""CPU time by stage of the scoring in this process. A stage does not count what it hands on to another.

>>> with profiled() as stages:
...     with stage("decode"):
...         pass
>>> list(stages.seconds)
['rest', 'decode']
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

REST = "rest"
OFF: AbstractContextManager[None] = nullcontext()


class Stages:
    """Seconds by stage, from the first moment on; only the innermost open stage counts."""

    def __init__(self, clock: Callable[[], float] = time.process_time) -> None:
        self.seconds = {REST: 0.0}
        self._clock, self._since = clock, clock()
        self._of_thread = threading.local()

    @property
    def _open(self) -> list[str]:
        """The stages that are open in this thread."""
        if not hasattr(self._of_thread, "open"):
            self._of_thread.open = [REST]
        found: list[str] = self._of_thread.open
        return found

    def turn(self) -> None:
        """Give the time since the last turn to the innermost stage."""
        now = self._clock()
        name = self._open[-1]
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._since
        self._since = now

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """What is done inside counts for this stage."""
        self.turn()
        self._open.append(name)
        try:
            yield
        finally:
            self.turn()
            self._open.pop()


_current: Stages | None = None


def stage(name: str) -> AbstractContextManager[None]:
    """A stage of whatever is profiled; nothing when nothing is."""
    return OFF if _current is None else _current.stage(name)


@contextmanager
def profiled() -> Iterator[Stages]:
    """Count what is done inside, in this process."""
    global _current
    before, _current = _current, Stages()
    try:
        yield _current
    finally:
        _current.turn()
        _current = before
