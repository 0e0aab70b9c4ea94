"""HDF5 files decoded by a helper process: on some damaged files the HDF5 library crashes, hangs or grows.

A process has one helper, started at its first file and used until it dies. Both send frames over a socket:
two lengths, a header in JSON, raw bytes. The helper works on hostile data, so its answer is checked like a file.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np

from saliency_eval.errors import Problem, SaliencyEvalError, Severity, fail, shown
from saliency_eval.executors import ONE_THREAD
from saliency_eval.pool import Shape
from saliency_eval.predictions.rules import MESSAGE, Rules
from saliency_eval.predictions.values import Array, Notes, check_size

START = "import sys; sys.path[:] = sys.argv[1:]; from saliency_eval.predictions.helper import serve; serve()"
ROOT = str(Path(__file__).parents[2])  # the folder of this very package
STARTING = 60  # seconds until the helper has its imports
LENGTHS = struct.Struct("<II")
HEADER = 1 << 16  # bytes
TYPES = {np.dtype(code).str: np.dtype(code) for code in "bBhHiIqQefd"}

Answer = tuple[Array | None, Notes]  # values and what was noticed, or None and what is wrong


class Limits(NamedTuple):
    """What the helper may take for one file."""

    memory: int  # bytes beside what it has after its imports
    seconds: int  # of computing
    patience: int  # seconds until the whole answer is there

    @classmethod
    def of(cls, rules: Rules) -> Limits:
        """For the default limit on bytes, and in proportion for a raised one."""
        scale = max(1.0, rules.max_bytes / Rules.max_bytes)
        return cls(*(int(scale * limit) for limit in (384 * 2**20, 4, 20)))


class Crash(Exception):
    """The helper died of a file, or answered what it never would."""


def decode_h5(data: bytes, shape: Shape, rules: Rules, *, matlab: bool = False) -> tuple[Array, Notes]:
    """As `hdf5.decode_h5`, and `unreadable` for a file that the HDF5 library does not survive."""
    try:
        values, problems = _helpers.decode(data, shape, rules, matlab)
    except Crash as crash:
        fail("unreadable", f"the HDF5 library crashed on this file ({crash})", "write the file again")
    if values is None:
        raise SaliencyEvalError(problems)
    return values, problems


class Helpers:
    """The helper of this process, asked for one file at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._helper: Helper | None = None

    def decode(self, data: bytes, shape: Shape, rules: Rules, matlab: bool) -> Answer:
        """As `Helper.decode`. A used helper may die of an earlier file, so a new one is asked once more."""
        with self._lock:
            if self._helper is not None:
                with contextlib.suppress(Crash):
                    return self._ask(self._helper, data, shape, rules, matlab)
            self._helper = Helper()
            return self._ask(self._helper, data, shape, rules, matlab)

    def _ask(self, helper: Helper, *file: Any) -> Answer:
        """The answer of the helper, which is never asked again after a failure."""
        try:
            return helper.decode(*file)
        except BaseException:
            self._helper = None
            raise

    def close(self) -> None:
        """End the helper with its process."""
        if self._helper is not None:
            self._helper.end()

    def forget(self) -> None:
        """In a forked process: the helper is the parent's, and so is a lock that nobody here would open."""
        if self._helper is not None:
            self._helper.disown()
        self._lock, self._helper = threading.Lock(), None


class Helper:
    """The other process and the line to it; raises `io` when it does not start."""

    def __init__(self) -> None:
        self._line, self._process = start()
        try:
            receive(self._line, 0, time.monotonic() + STARTING)
        except (OSError, EOFError):
            self.end()
            refuse_start()

    def decode(self, data: bytes, shape: Shape, rules: Rules, matlab: bool) -> Answer:
        """The checked answer; whatever goes wrong ends the helper. Raises Crash and `unreadable`."""
        limits = Limits.of(rules)
        try:
            return self._ask({"shape": shape, "rules": asdict(rules), "matlab": matlab}, data, shape, rules)
        except TimeoutError:
            self.end()
            refuse_slow(limits.patience)
        except (OSError, EOFError, ValueError, LookupError, TypeError, RecursionError):
            status = self.end(wait=1)
            if status == -signal.SIGPROF:
                refuse_slow(limits.seconds)
            raise Crash(signal.Signals(-status).name if status < 0 else f"status {status}") from None
        except BaseException:
            self.end()
            raise

    def _ask(self, request: dict[str, Any], data: bytes, shape: Shape, rules: Rules) -> Answer:
        until = time.monotonic() + Limits.of(rules).patience
        self._line.settimeout(until - time.monotonic())
        send(self._line, request, data)
        return checked(*receive(self._line, rules.max_bytes, until), shape, rules)

    def end(self, wait: float = 0) -> int:
        """The exit status of the process, which is given some time to end by itself."""
        self._line.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(wait)
        self._process.kill()
        return int(self._process.wait())

    def disown(self) -> None:
        """Leave the process to the one that was forked: not a child of this one, it cannot be waited for."""
        self._line.close()
        self._process.returncode = 0


def start() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """A line and the process at its other end, in a group of its own: Ctrl-C must not look like a crash."""
    line, end = socket.socketpair()
    command = [sys.executable, "-I", "-S", "-c", START, *map(str, sys.path), ROOT]
    try:
        with end:
            return line, subprocess.Popen(command, stdin=end.fileno(), stdout=subprocess.DEVNULL,
                                          stderr=subprocess.DEVNULL, env=os.environ | ONE_THREAD,
                                          process_group=0)  # fmt: skip
    except OSError:
        line.close()
        refuse_start()


def refuse_start() -> NoReturn:
    """Raises `io`."""
    remedy = f"{shown(sys.executable, 200)} -c 'import h5py' may say why"
    fail("io", "HDF5 files are read by a helper process, which did not start", remedy)


def refuse_slow(seconds: int) -> NoReturn:
    """Raises `unreadable`."""
    fail("unreadable", f"the HDF5 library took more than {seconds} s for this file", "write the file again")


# ------------------------------------------------------------------ what goes over the line


def send(line: socket.socket, header: dict[str, Any], body: Any = b"") -> None:
    """One frame; the body is anything whose memory lies in one piece."""
    text, raw = json.dumps(header).encode(), memoryview(body).cast("B")
    line.sendall(LENGTHS.pack(len(text), len(raw)) + text)
    line.sendall(raw)


def receive(line: socket.socket, most: int, until: float | None = None) -> tuple[Any, bytearray]:
    """Header and body of a frame; raises EOFError at the end of the line, ValueError for one that is too long."""
    header, body = LENGTHS.unpack(exactly(line, LENGTHS.size, until))
    if header > HEADER or body > most:
        raise ValueError("a frame is too long")
    return json.loads(exactly(line, header, until)), exactly(line, body, until)


def exactly(line: socket.socket, count: int, until: float | None) -> bytearray:
    """So many bytes, before a moment of `time.monotonic`; raises TimeoutError and EOFError."""
    data = bytearray(count)
    rest = memoryview(data)
    while rest:
        if until is not None:
            line.settimeout(max(until - time.monotonic(), 1e-6))
        got = line.recv_into(rest)
        if not got:
            raise EOFError
        rest = rest[got:]
    return data


def rows(problems: Notes | list[Problem]) -> list[tuple[str, str, str]]:
    """Problems of a file as a header holds them."""
    return [(problem.code, problem.message, problem.remedy) for problem in problems]


def checked(header: Any, body: bytearray, shape: Shape, rules: Rules) -> Answer:
    """What the helper answered; ValueError, LookupError or TypeError for what no helper would answer."""
    values: Array | None = None
    severity: Severity | None = "error"
    if "dtype" in header:
        dtype, (height, width) = TYPES[header["dtype"]], header["shape"]
        check_size((height, width), shape, rules)
        values, severity = np.frombuffer(body, dtype).reshape(height, width), None
    problems = [
        Problem(code, shown(message, MESSAGE), shown(remedy, MESSAGE), severity_override=severity)
        for code, message, remedy in header["problems"]
    ]
    if (values is None) != any(problem.severity == "error" for problem in problems):
        raise ValueError("neither a map nor what is wrong with it")
    return values, tuple(problems)


_helpers = Helpers()
atexit.register(_helpers.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _helpers.forget())
