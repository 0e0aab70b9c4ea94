"""What a worker of a cluster does with the parcel that it gets: it unpacks the task once, if it is fit for it."""

from __future__ import annotations

import pickle
import platform
import threading
import weakref
from collections import UserDict
from collections.abc import Mapping, Sequence
from typing import Any

from saliency_eval.errors import fail
from saliency_eval.executors.work import Task, run_here
from saliency_eval.versions import versions

Parcel = UserDict[str, Any]  # of a class that every worker knows; it holds `versions`, `packed` and `sample`
_opened: dict[int, Task[Any]] = {}  # the tasks of the parcels that Dask keeps here
_one = threading.Lock()  # chunks are done one after the other, whatever the number of threads of a worker


def run_chunk(parcel: Parcel, ids: Sequence[str]) -> list[Any]:
    """The task applied to each id, as long as anybody waits for it."""
    found = []
    with _one:
        for one in run_here(task_of(parcel), ids):
            found.append(one)
            if not wanted():
                break
    return found


def task_of(parcel: Parcel) -> Task[Any]:
    """The task; raises `io` where versions differ or other files are seen."""
    if id(parcel) not in _opened:
        fit(parcel["versions"])
        task, sample = pickle.loads(parcel["packed"])
        same("see the same files", parcel["sample"], sample())
        _opened[id(parcel)] = task
        weakref.finalize(parcel, _opened.pop, id(parcel))
    return _opened[id(parcel)]


def fit(wanted: Mapping[str, str]) -> None:
    """Raises `io` where other versions compute."""
    same("have the same versions", wanted, versions_here())


def versions_here() -> dict[str, str]:
    """What computes, and what unpacks functions."""
    return versions() | {"python": ".".join(platform.python_version_tuple()[:2])}


def same(what: str, wanted: Mapping[str, str], got: Mapping[str, str]) -> None:
    """Raises `io` that names this worker and all that differs."""
    from distributed import get_worker

    differ = [
        f"{name} {got.get(name)} instead of {value}"
        for name, value in wanted.items()
        if got.get(name) != value
    ]
    if differ:
        text = f"Dask worker {get_worker().address} must {what}, got {', '.join(differ)}"
        fail("io", text, "make its machine like this one, and start it again")


def wanted() -> bool:
    """Has nobody cancelled what this worker does?"""
    from distributed import get_worker

    worker = get_worker()
    task = worker.state.tasks.get(worker.get_current_task())
    return task is None or task.state != "cancelled"
