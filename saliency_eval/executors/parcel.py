"""What a worker of a cluster gets: the task, unpacked once, where versions are the same and the same files are seen."""

from __future__ import annotations

import functools
import pickle
import platform
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from saliency_eval.errors import fail
from saliency_eval.executors.work import Task, run_here
from saliency_eval.versions import versions

_one = threading.Lock()  # chunks are done one after the other, whatever the number of threads of a worker


class Parcel:
    """A packed task, and what must be the same wherever it is opened."""

    def __init__(self, versions: Mapping[str, str], packed: bytes, sample: Mapping[str, str]) -> None:
        self.versions, self.packed, self.sample = versions, packed, sample

    @functools.cached_property
    def task(self) -> Task[Any]:
        """The task; raises `io` in a worker that is not fit for it."""
        fit(self.versions)
        task, sample = pickle.loads(self.packed)
        same("see the same files", self.sample, sample())
        opened: Task[Any] = task
        return opened

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "task"}


def fit(wanted: Mapping[str, str]) -> None:
    """In a worker: raises `io` when it computes with other versions."""
    same("have the same versions", wanted, versions_here())


def versions_here() -> dict[str, str]:
    """What computes, and what unpacks functions."""
    return versions() | {"python": ".".join(platform.python_version_tuple()[:2])}


def same(what: str, wanted: Mapping[str, str], got: Mapping[str, str]) -> None:
    """Raises `io` that names this worker and what differs."""
    from distributed import get_worker

    differ = [
        f"{name} {got.get(name)} instead of {value}"
        for name, value in wanted.items()
        if got.get(name) != value
    ]
    if differ:
        text = f"Dask worker {get_worker().address} must {what}, got {', '.join(differ)}"
        fail("io", text, "make its machine like this one, and start it again")


def run_chunk(parcel: Parcel, ids: Sequence[str]) -> list[Any]:
    """In a worker: the task applied to each id, as long as anybody waits for it."""
    found = []
    with _one:
        for one in run_here(parcel.task, ids):
            found.append(one)
            if not wanted():
                break
    return found


def wanted() -> bool:
    """In a worker: is what it does not cancelled?"""
    from distributed import get_worker

    worker = get_worker()
    task = worker.state.tasks.get(worker.get_current_task())
    return task is None or task.state != "cancelled"
