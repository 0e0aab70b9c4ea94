"""Whether an input passes: a result or SaliencyEvalError, no warning, nothing written, nothing started."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from saliency_eval.errors import CODES, SaliencyEvalError

from .targets import Target

WRITES = {
    "os.mkdir",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.symlink",
    "os.link",
    "os.truncate",
    "os.chmod",
}
STARTS = {"os.system", "os.exec", "os.fork", "os.posix_spawn", "socket.connect", "pickle.find_class"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
seen: list[str] | None = None  # what is done while an input is read


def finding(target: Target, data: bytes) -> str | None:
    """What is wrong with the way in which a target takes some bytes, None when nothing is."""
    global seen
    given = data if target.file is None else placed(target, data)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        listening()
        seen = done = []
        try:
            with refusal():
                target.read(given)
        except Exception as error:
            done.append(said(error))
        finally:
            seen = None
    return next(
        iter([*done, *(f"{w.category.__name__}: {w.message} at {w.filename}:{w.lineno}" for w in warned)]),
        None,
    )


@contextmanager
def refusal() -> Iterator[None]:
    """A refusal is right when its codes are known and its words are safe to show."""
    try:
        yield
    except SaliencyEvalError as error:
        for problem in error.problems:
            assert problem.code in CODES
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]", str(problem)), repr(
                str(problem)
            )
            assert len(problem.message) < 2000


def said(error: Exception) -> str:
    """An exception with the last line of the package that it passed."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "saliency_eval" in frame.filename and "tests" not in frame.filename]
    at = (own or frames)[-1]
    return f"{type(error).__name__}: {str(error)[:200]} at {at.filename}:{at.lineno}"


def placed(target: Target, data: bytes) -> Path:
    """The folder with the file in which a target looks for the bytes."""
    folder = prepared(tuple(target.beside.items()))
    (folder / str(target.file)).write_bytes(data)
    return folder


@cache
def prepared(beside: tuple[tuple[str, bytes], ...]) -> Path:
    """A folder in memory that holds some files, removed at the end."""
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    folder = kept_folder(memory)
    for name, content in beside:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


kept: list[tempfile.TemporaryDirectory[str]] = []


def kept_folder(place: str | None) -> Path:
    kept.append(tempfile.TemporaryDirectory(prefix="fuzz-", dir=place))
    return Path(kept[-1].name)


@cache
def listening() -> None:
    """Hear of every file that is opened to be written, and of every program that is started."""
    sys.addaudithook(heard)


def heard(event: str, arguments: tuple[object, ...]) -> None:
    if seen is None:
        return
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING:
        if arguments[0] != os.devnull and "__pycache__" not in str(arguments[0]):
            seen.append(f"wrote {arguments[0]!r}")
    elif (
        event in WRITES or event in STARTS or (event == "subprocess.Popen" and arguments[0] != sys.executable)
    ):
        seen.append(f"{event} {arguments!r}"[:300])
