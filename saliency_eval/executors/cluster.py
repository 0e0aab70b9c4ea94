"""On a Dask cluster that is there already: its workers compute with the same versions and see the same files.

Whoever runs the scheduler can run code here, for what it answers is unpickled.
"""

from __future__ import annotations

import time
import uuid
from collections import UserDict, deque
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from saliency_eval.errors import Problem, SaliencyEvalError, shown
from saliency_eval.executors.parcel import fit, run_chunk, versions_here
from saliency_eval.executors.scheduler import LOOK, connected, gone, no_warnings
from saliency_eval.executors.work import AHEAD, T, Task, parts

PATIENCE = 120  # seconds until a worker answers, and without any worker
# evaluated in a worker: one that gets a function of a package that it lacks would end
CALL = "getattr(__import__('saliency_eval.executors.parcel', fromlist=['']), name)(*arguments)"


def on_cluster(
    task: Task[T], ids: Sequence[str], address: str, lost: Task[T], sample: Callable[[], Mapping[str, str]]
) -> Generator[T]:
    """Chunks spread over the workers; raises `io` when the cluster cannot be used, or is no more.

    Dask gives the work of a worker that dies to another. A chunk at which they die again and again is done anew at
    the end, image by image while nothing else is done.
    """
    with connected(address) as client:
        cluster = Cluster(client, address)
        parcel = cluster.ship(task, sample)
        for id in (yield from cluster.spread(parcel, parts(ids, len(cluster.workers)))):
            if (yield from cluster.spread(parcel, [[id]])):
                yield lost(id)


class Cluster:
    """The workers of a scheduler, and what they were asked."""

    def __init__(self, client: Any, address: str) -> None:
        self.client, self.address = client, address
        self.asked: dict[str, Any] = {}  # futures by key: Dask gives up what nobody holds
        self.answers: SimpleQueue[str] = SimpleQueue()  # keys; waiting for one can be interrupted
        self.workers: Sequence[str] = ()
        self.looked = self.alive = time.monotonic()
        while not self.workers:
            self.look()
            time.sleep(0 if self.workers else LOOK)

    def ship(self, task: Task[Any], sample: Callable[[], Mapping[str, str]]) -> Any:
        """The task on its way: sent once, passed on among the workers, all of which were found fit for it."""
        from joblib.externals.loky.backend.reduction import dumps

        self.agree(fit, versions_here())
        packed = bytes(dumps((task, sample), reducers={type(Path()): absolute}))
        with no_warnings():
            content = {"versions": versions_here(), "packed": packed, "sample": sample()}
            parcel = self.client.submit(UserDict, content, pure=False)
        self.agree(run_chunk, parcel, [])
        return parcel

    def agree(self, function: Callable[..., object], *arguments: object) -> None:
        """Ask every worker; raises `io` with all that any of them objects."""
        asked = {
            self.send(function, *arguments, workers=[w], allow_other_workers=False): w for w in self.workers
        }
        problems, end = list[Problem](), time.monotonic() + PATIENCE
        while set(asked.values()) & set(self.workers):
            if time.monotonic() > end:
                silent = sorted(set(asked.values()) & set(self.workers))
                problems += [about(w, f"must answer within {PATIENCE} s, it is gone or busy") for w in silent]
                break
            if (key := self.answer()) is not None:
                problems += objections(asked.pop(key), self.asked.pop(key))
        for key in asked:  # of workers that are gone
            self.asked.pop(key).cancel()
        if problems:
            raise SaliencyEvalError(problems)

    def spread(self, parcel: Any, chunks: Iterable[Sequence[str]]) -> Generator[Any, None, list[str]]:
        """The results of chunks as they are finished; returns the ids of those at which workers died."""
        waiting, doing, died = deque(chunks), dict[str, Sequence[str]](), list[str]()
        while waiting or doing:
            while waiting and len(doing) < AHEAD * max(1, len(self.workers)):
                chunk = waiting.popleft()
                doing[self.send(run_chunk, parcel, chunk)] = chunk
            if (key := self.answer()) is not None:
                chunk, found = doing.pop(key), self.result(self.asked.pop(key))
                died += chunk if found is None else ()
                yield from found or ()
        return died

    def send(self, function: Callable[..., object], *arguments: object, **where: Any) -> str:
        """Give something to a worker; the key of its answer."""
        if self.client.status != "running":
            gone(self.address, "must stay, it went away")
        key = f"saliency_eval.{function.__name__}-{uuid.uuid4()}"
        names = {"name": function.__name__, "arguments": [*arguments]}
        self.asked[key] = self.client.submit(eval, CALL, names, key=key, **where)
        self.asked[key].add_done_callback(lambda done: self.answers.put(done.key))
        return key

    def answer(self) -> str | None:
        """The key of the next answer that is waited for; None when there was none for a while."""
        if time.monotonic() - self.looked > LOOK:
            self.look()
        try:
            key = self.answers.get(timeout=LOOK)
        except Empty:
            return None
        return key if key in self.asked else None

    def result(self, future: Any) -> list[Any] | None:
        """What a worker made of a chunk; None when workers died of it. Raises what was raised there."""
        from distributed import KilledWorker

        if future.status == "error":
            error = future.exception()
            if isinstance(error, KilledWorker):
                return None
            if isinstance(error, ImportError):
                raise SaliencyEvalError([cannot_run("that came late", error)])
            raise error
        try:
            found: list[Any] = future.result(timeout=PATIENCE)
            return found
        except TimeoutError:  # the worker died before it had given away what it made
            return None
        except (CancelledError, OSError):
            gone(self.address, "must stay, it went away")

    def look(self) -> None:
        """Note which workers there are; raises `io` without a scheduler, and after a while without any worker."""
        try:
            self.workers = sorted(self.client.sync(self.client.scheduler.ncores, callback_timeout=PATIENCE))
            self.looked = time.monotonic()
        except (OSError, AttributeError):  # the client of a scheduler that went away has none
            gone(self.address, "must stay, it went away")
        if self.workers:
            self.alive = self.looked
        elif self.looked - self.alive > PATIENCE:
            start = f"start some: dask worker {self.address} --nworkers 2 --nthreads 1"
            gone(self.address, f"must have workers, it had none for {PATIENCE} s", start)


def absolute(path: Path) -> tuple[type[Path], tuple[str]]:
    """How a path is packed: another machine has another working folder."""
    return type(path), (str(path.absolute()),)


def objections(worker: str, future: Any) -> list[Problem]:
    """What a worker objects to what it was asked."""
    error = future.exception() if future.status == "error" else None
    if isinstance(error, SaliencyEvalError):
        return error.problems
    return [] if future.status == "finished" else [cannot_run(worker, error)]


def cannot_run(worker: str, error: BaseException | None) -> Problem:
    """A worker without this package, or without what it was given needs."""
    return about(worker, f"must be able to run this package, got {type(error).__name__}: {shown(error, 200)}")


def about(worker: str, what: str) -> Problem:
    """A problem with a worker."""
    remedy = "install the same packages there as here, and start it again"
    return Problem("io", f"Dask worker {worker} {what}", remedy, severity_override="error")
