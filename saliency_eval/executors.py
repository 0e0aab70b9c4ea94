"""Where scoring runs: in this process or in workers. The results are the same, in the same order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")
Progress = Callable[[int], object]  # told how many images were finished since the last call
CHUNK = 25  # images per task: enough that passing it to a worker costs little


def run_tasks(
    task: Callable[[str], T], ids: Sequence[str], workers: int = 1, progress: Progress | None = None
) -> list[T]:
    """Apply a task to every id, in chunks, and keep the order of the ids."""
    chunks = [ids[i : i + CHUNK] for i in range(0, len(ids), CHUNK)]
    done: list[T] = []
    for finished in in_order(task, chunks, min(workers, len(chunks))):
        done += finished
        if progress is not None:
            progress(len(finished))
    return done


def in_order(task: Callable[[str], T], chunks: Sequence[Sequence[str]], workers: int) -> Iterable[list[T]]:
    """The results of each chunk, in order."""
    if workers <= 1:
        return (run_chunk(task, chunk) for chunk in chunks)
    from joblib import Parallel, delayed

    # killed workers leave semaphores behind, which joblib cleans up and would speak of
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")
    results: Iterable[list[T]] = Parallel(n_jobs=workers, return_as="generator")(
        delayed(run_chunk)(task, chunk) for chunk in chunks
    )
    return results


def run_chunk(task: Callable[[str], T], ids: Sequence[str]) -> list[T]:
    """One chunk, with one BLAS thread: the order of a sum must not depend on the machine's cores."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return [task(id) for id in ids]
