"""The other end of `isolated`: a process that decodes HDF5 files under limits, until it is no longer asked."""

from __future__ import annotations

import contextlib
import resource
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from saliency_eval.errors import SaliencyEvalError, unforeseen
from saliency_eval.predictions.hdf5 import decode_h5
from saliency_eval.predictions.isolated import Limits, receive, rows, send
from saliency_eval.predictions.rules import Rules

SPARE = 64 * 2**20  # bytes that the process may keep from its files before a new one takes its place


def serve() -> None:
    """Decode each file that comes over standard input, until that ends or too much memory is kept."""
    import h5py  # noqa: F401

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    line, own = socket.socket(fileno=0), taken()
    send(line, {})
    with contextlib.suppress(EOFError):
        while taken() <= own + SPARE:
            request, data = receive(line, 2**32)
            rules = Rules(**request["rules"])
            with limited(Limits.of(rules), own):
                header, body = answer(data, tuple(request["shape"]), rules, request["matlab"])
            send(line, header, body)


def answer(data: bytearray, shape: tuple[int, int], rules: Rules, matlab: bool) -> tuple[dict[str, Any], Any]:
    """Header and body that say what is in a file, or what is wrong with it."""
    try:
        values, notes = decode_h5(data, shape, rules, matlab=matlab)
    except SaliencyEvalError as error:
        return {"problems": rows(error.problems)}, b""
    except Exception as error:
        return {"problems": rows([unforeseen(error)])}, b""
    return {"problems": rows(notes), "dtype": values.dtype.str, "shape": values.shape}, values


@contextlib.contextmanager
def limited(limits: Limits, own: int) -> Iterator[None]:
    """Memory refused above the limit; the end of the process after its time. Both also inside the HDF5 library."""
    signal.setitimer(signal.ITIMER_PROF, limits.seconds)
    signal.setitimer(signal.ITIMER_REAL, 2 * limits.patience)  # should the parent be gone by then
    before = resource.getrlimit(resource.RLIMIT_AS)
    if own:
        resource.setrlimit(resource.RLIMIT_AS, (lower(own + limits.memory, before[1]), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)
    for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
        signal.setitimer(timer, 0)


def lower(limit: int, hard: int) -> int:
    """The limit, or the one that may not be passed."""
    return limit if hard == resource.RLIM_INFINITY else min(limit, hard)


def taken() -> int:
    """Bytes of address space that this process has, 0 on systems that do not tell it by /proc."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[0]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize()
