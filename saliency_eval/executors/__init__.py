"""Where scoring runs: in this process, in others of this machine, or on a cluster. The results are the same.

Results come as they are finished, so that whoever takes them can keep each at once. A worker that dies costs one image.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from saliency_eval.errors import fail, shown
from saliency_eval.executors import work
from saliency_eval.executors.work import ONE_THREAD, Progress, T, Task, one_thread

__all__ = [
    "AUTO",
    "LOCAL",
    "ONE_THREAD",
    "Place",
    "Progress",
    "Workers",
    "one_thread",
    "place",
    "run_tasks",
    "usable_cores",
]

AUTO: Final = "auto"
LOCAL: Final = "local"
Workers = int | Literal["auto"]
SCHEDULER = re.compile(r"dask://((?:\[[0-9A-Fa-f:.%]+\]|[\w.-]+):([0-9]{1,5}))")


class Place(NamedTuple):
    """Processes of this machine; where a scheduler is named, the workers of its cluster in their stead."""

    workers: int = 1
    scheduler: str = ""  # host:port


def place(workers: Workers = 1, executor: str = LOCAL) -> Place:
    """Where to run; raises `usage` for no number of workers, no executor, and for both at once."""
    if workers != AUTO and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        fail("usage", f"workers must be a whole number of at least 1, or {AUTO}, got {shown(repr(workers))}")
    if executor == LOCAL:
        return Place(usable_cores() if workers == AUTO else workers)
    found = SCHEDULER.fullmatch(str(executor))
    if found is None or not 0 < int(found[2]) < 2**16:
        text = f"executor (--executor) must be {LOCAL} or dask://HOST:PORT, got '{shown(executor)}'"
        fail("usage", text, "such as dask://localhost:8786 or dask://[::1]:8786")
    if workers not in (1, AUTO):
        text = f"workers (--workers) counts processes of this machine, got {workers} beside a cluster (--executor)"
        fail("usage", text, f"leave one of them out, say --workers {AUTO}, or --executor {LOCAL}")
    return Place(scheduler=found[1])


def usable_cores() -> int:
    """As many as this process may use: its affinity and the quota of its container count."""
    from joblib.externals.loky import cpu_count

    return int(cpu_count())


def run_tasks(
    task: Task[T],
    ids: Sequence[str],
    place: Place,
    *,
    lost: Task[T],
    sample: Callable[[], Mapping[str, str]] = dict,
) -> Generator[T]:
    """Apply a task to every id, in any order; `lost` answers for an image at which workers die.

    `sample` must give the same on each machine of a cluster before anything is done.
    """
    if place.scheduler:
        from saliency_eval.executors.cluster import on_cluster

        return on_cluster(task, ids, place.scheduler, lost, sample)
    if place.workers == 1 or len(ids) <= work.CHUNK:
        return work.run_here(task, ids)
    from saliency_eval.executors.processes import in_workers

    chunks = work.parts(ids, place.workers)
    return in_workers(task, chunks, min(place.workers, len(chunks)), lost)
