"""In other processes of this machine, which are kept for the next run; when one dies, one image is lost at most."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from saliency_eval.errors import fail
from saliency_eval.executors.work import AHEAD, ONE_THREAD, T, Task, run_here

if TYPE_CHECKING:
    from concurrent.futures import Future

TRIES = 5  # to start workers
_kept: tuple[str, Any] = ("", None)  # in a worker: the task that it has been given last, by its hash


def in_workers(task: Task[T], chunks: Sequence[Sequence[str]], workers: int, lost: Task[T]) -> Generator[T]:
    """Chunks spread over processes, a few at a time: when one dies, what was being done is done anew, alone."""
    shipment = Shipment(task, workers)
    waiting, doing = deque(chunks), dict[Any, Sequence[str]]()
    ready: SimpleQueue[Future[Any]] = SimpleQueue()  # waiting for it, unlike for a future, can be interrupted
    try:
        while waiting or doing:
            while waiting and len(doing) < AHEAD * workers:
                chunk = waiting.popleft()
                future = shipment.send(chunk)
                doing[future] = chunk
                future.add_done_callback(ready.put)
            done = [ready.get()]
            if died(done[0]):  # then all others are done as well
                done += [ready.get() for _ in range(len(doing) - 1)]
            for future in done:
                chunk = doing.pop(future)
                yield from shipment.result(future, chunk) or (shipment.alone(id, lost) for id in chunk)
    finally:  # of what nobody is going to take, also when that is because of Ctrl-C
        for future in doing:
            future.cancel()


def died(future: Future[Any]) -> bool:
    """Did a worker die at it, or beside it?"""
    from concurrent.futures.process import BrokenProcessPool

    return isinstance(future.exception(), BrokenProcessPool)


class Shipment:
    """A task on its way to workers: packed once, sent to those that do not have it yet."""

    def __init__(self, task: Task[Any], workers: int) -> None:
        from joblib.externals.loky.backend.reduction import dumps

        # killed workers leave semaphores behind, which joblib cleans up and would speak of
        os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")
        self.workers = self.unaware = workers
        self.packed, self.folder = bytes(dumps(task)), working_folder()
        self.hash = hashlib.sha256(self.packed + os.fsencode(self.folder)).hexdigest()

    def send(self, ids: Sequence[str], *, packed: bool = False) -> Future[Any]:
        """Give a chunk to a worker, the first few together with the task."""
        self.unaware -= 1
        task = self.packed if packed or self.unaware >= 0 else None
        return submit(self.workers, run_chunk, self.hash, self.folder, task, ids)

    def result(self, future: Future[Any], ids: Sequence[str]) -> list[Any] | None:
        """What a worker made of a chunk; None when it, or one beside it, died."""
        if died(future):
            return None
        found: list[Any] | None = future.result()
        return self.now(ids) if found is None else found

    def now(self, ids: Sequence[str]) -> list[Any] | None:
        """A chunk that is waited for."""
        ready: SimpleQueue[Future[Any]] = SimpleQueue()
        self.send(ids, packed=True).add_done_callback(ready.put)
        return self.result(ready.get(), ids)

    def alone(self, id: str, lost: Task[T]) -> T:
        """One image while nothing else is done."""
        found = self.now([id])
        return lost(id) if found is None else found[0]


def submit(workers: int, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
    """Start something in one of so many processes, which are kept for the next."""
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import resource_tracker

    from joblib.externals.loky import get_reusable_executor
    from joblib.externals.loky.backend import resource_tracker as loky_tracker

    for tracker in (resource_tracker, loky_tracker):
        tracker.ensure_running()  # later it would let signals through
    for _ in range(TRIES):
        with (
            signals_blocked(),
            contextlib.suppress(BrokenProcessPool),
        ):  # one may die while it has nothing to do
            pool = get_reusable_executor(
                workers, timeout=60, env=ONE_THREAD, initializer=begin_work, initargs=(os.getpid(),)
            )
            future: Future[Any] = pool.submit(function, *arguments)
            return future
    fail("io", f"worker processes must live, {TRIES} times they were ended at once", "try --workers 1")


@contextlib.contextmanager
def signals_blocked() -> Iterator[None]:
    """Hold back Ctrl-C and requests to end: no lock stays shut, and processes that are started now get neither."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def begin_work(parent: int) -> None:
    """In a new worker: Ctrl-C is for the parent, a request to end is heard, and no worker outlives its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def working_folder() -> str:
    """The folder from which paths count; empty where it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def run_chunk(hash: str, folder: str, packed: bytes | None, ids: Sequence[str]) -> list[Any] | None:
    """In a worker: the task that is packed here, or was before, applied to each id; None without it."""
    global _kept
    if packed is not None and _kept[0] != hash:
        with contextlib.suppress(OSError):  # paths in it are then refused as they would be here
            os.chdir(folder)  # a worker is kept when its parent goes elsewhere
        _kept = (hash, pickle.loads(packed))
    return list(run_here(_kept[1], ids)) if _kept[0] == hash else None
