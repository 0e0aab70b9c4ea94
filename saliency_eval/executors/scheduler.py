"""The way to a Dask scheduler: whatever else may be at its address is found out before anything is asked of it."""

from __future__ import annotations

import contextlib
import logging
import socket
import time
import warnings
from collections.abc import Iterator
from typing import Any, NoReturn

from saliency_eval.errors import fail, shown

CONNECT = 10  # seconds until the scheduler answers
LOOK = 1  # seconds between two looks at the cluster
MOMENT = 0.001  # seconds, at least, to wait for anything
LENGTH, LONGEST = 8, 2**16  # bytes of the number that a greeting begins with, and that it may announce
WORD = b"pickle-protocol"  # in the greeting of all that belongs to Dask
ELSE = "must be a Dask scheduler, something else answers there"


@contextlib.contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of a scheduler; whatever it asked for is given up in the end. Raises `needs_extra`, `io`."""
    try:
        import distributed  # noqa: F401  (is it there?)
    except ImportError:
        fail("needs_extra", "a Dask cluster needs dask and distributed, which are not installed",
             "pip install 'saliency-eval[dask]'")  # fmt: skip
    greeted(address)
    with silent():
        client = client_of(address)
        try:
            yield client
        finally:
            with contextlib.suppress(OSError):
                client.close(timeout=CONNECT)


def client_of(address: str) -> Any:
    """A client that is connected; raises `io`. Dask closes one that fails with OSError, no other."""
    from distributed import Client

    class Careful(Client):  # type: ignore[misc]  # mypy knows nothing of Dask
        async def _ensure_connected(self, timeout: Any = None) -> None:
            try:
                await super()._ensure_connected(timeout=timeout)
            except OSError:
                raise
            except Exception as error:  # whatever an answer that it does not understand raises
                raise OddAnswer(f"{type(error).__name__}: {error}") from error

    try:
        with no_warnings():
            return Careful(address, timeout=CONNECT, set_as_default=False)
    except OddAnswer as error:
        gone(
            address,
            f"{ELSE} ({shown(error, 200)})",
            "give the address that `dask scheduler` prints, not a worker's",
        )
    except (OSError, ValueError):
        gone(address, f"must answer within {CONNECT} s, it does not")


class OddAnswer(OSError):
    """A server that greets like a scheduler answers something else."""


def greeted(address: str) -> None:
    """Wait for a scheduler, which greets whoever calls. Raises `io` for anything else.

    A client would wait without end for a server that says nothing, and make room for the length of any other greeting.
    """
    end = time.monotonic() + CONNECT
    while (greeting := greeting_of(address, end)) is None:
        if time.monotonic() >= end:
            gone(address, f"must answer within {CONNECT} s, it does not")
        time.sleep(min(LOOK, max(0.0, end - time.monotonic())))  # refused, as long as it is not there yet
    if WORD not in greeting:
        gone(address, ELSE)


def greeting_of(address: str, end: float) -> bytes | None:
    """What is said at an address until some moment; None where nobody answers, speaks or ends. Raises `io`."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection(
            (host.strip("[]"), int(port)), max(MOMENT, end - time.monotonic())
        ) as line:
            length = int.from_bytes(received(line, LENGTH, end), "little")
            return received(line, length, end) if length <= LONGEST else b"no greeting"
    except (socket.gaierror, UnicodeError):  # the latter for parts that are empty or too long
        gone(address, "must be on a host that is known, no such name was found")
    except OSError:
        return None


def received(line: socket.socket, size: int, end: float) -> bytes:
    """So many bytes; raises OSError when they are not there in time."""
    found = b""
    while len(found) < size:
        line.settimeout(max(MOMENT, end - time.monotonic()))
        if not (more := line.recv(size - len(found))):
            raise OSError("hung up")
        found += more
    return found


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """The client logs nothing: what ends the work is raised, and what Dask mends by itself is no news."""
    logger = logging.getLogger("distributed.client")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


@contextlib.contextmanager
def no_warnings() -> Iterator[None]:
    """Neither of versions, of which those that matter are compared, nor of a large task, which is sent once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def gone(address: str, what: str, remedy: str = "see whether it runs") -> NoReturn:
    """Raise `io` for a scheduler."""
    remedy += "; the same command goes on where it was"
    fail("io", f"the Dask scheduler at {address} {what}", remedy)
