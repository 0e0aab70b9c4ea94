"""What all places of work share: the work itself, in parts, and how it is done in whichever process it arrives at."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from typing import TypeVar

T = TypeVar("T")
Task = Callable[[str], T]
Progress = Callable[[int], object]  # told how many images were finished since the last call
CHUNK = 25  # images per message to a worker, at most: enough that passing it costs little
SHARES = 4  # chunks for each worker, at least: none waits long for the last
AHEAD = 2  # chunks that wait or are worked at, for each worker
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR")}


def parts(ids: Sequence[str], workers: int) -> list[Sequence[str]]:
    """The ids in chunks, so that every worker gets some."""
    size = max(1, min(CHUNK, math.ceil(len(ids) / (SHARES * workers))))
    return [ids[i : i + size] for i in range(0, len(ids), size)]


def one_thread() -> AbstractContextManager[object]:
    """One BLAS thread: the order of a sum must not depend on the machine's cores."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(1)
    return limits


def run_here(task: Task[T], ids: Sequence[str]) -> Generator[T]:
    """One after the other, with one BLAS thread."""
    with one_thread():
        yield from map(task, ids)
