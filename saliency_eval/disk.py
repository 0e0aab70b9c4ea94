"""Plain files, read whole and written whole; whatever else lies in their place is not waited for or written to."""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import stat
import threading
import time
import zlib
from collections.abc import Collection
from pathlib import Path

from saliency_eval.errors import fail

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe (FIFO)",
    stat.S_IFSOCK: "a socket",
    stat.S_IFLNK: "a link",
}
NO_WAIT = sum(getattr(os, f"O_{name}", 0) for name in ("NONBLOCK", "CLOEXEC", "BINARY"))  # no system has all
UNFINISHED = ".tmp"  # end of the name of a file that is not whole yet
NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def read(
    path: str | Path, most: int, *, follow: bool = True, smaller: str = "split it or scale it down"
) -> bytes:
    """All bytes of a plain file; raises `not_a_file`, `too_large`, whose remedy is `smaller`, `changed`, OSError."""
    check_plain(os.stat(path, follow_symlinks=follow).st_mode)  # a device may act on being opened
    with open(open_plain(path, os.O_RDONLY, follow=follow), "rb", buffering=0) as file:
        length = os.fstat(file.fileno()).st_size
        if length > most:
            fail("too_large", f"must have at most {size(most)}, got {size(length)}", smaller)
        data = file.read(length + 1) or b""
    if len(data) != length:
        text = f"changed from {length} to {len(data)} bytes while it was read"
        fail("changed", text, "wait until it is written")
    return data


def open_plain(path: str | Path, flags: int, *, follow: bool = False) -> int:
    """The descriptor of a plain file; raises `not_a_file`, and OSError, also for a link unless one may follow it."""
    file = os.open(path, flags | NO_WAIT | (0 if follow else NO_LINK), 0o666)
    try:
        check_plain(os.fstat(file).st_mode)
    except ValueError:
        os.close(file)
        raise
    return file


def check_plain(mode: int) -> None:
    """Raises `not_a_file` for a folder, pipe, socket, device or link."""
    if not stat.S_ISREG(mode):
        kind = KINDS.get(stat.S_IFMT(mode), "a device")
        fail("not_a_file", f"must be a file, got {kind}", "put the file in its place")


def hash_of(path: str | Path, kind: str = "sha256", *, follow: bool = True) -> str:
    """The hash of a plain file as hexadecimal digits; raises `not_a_file`, OSError."""
    check_plain(os.stat(path, follow_symlinks=follow).st_mode)
    with open(open_plain(path, os.O_RDONLY, follow=follow), "rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()


def size(count: int) -> str:
    """Bytes for a reader, rounded up: one more than a limit must not look like the limit.

    >>> size(64 * 2**20), size(64 * 2**20 + 1)
    ('64 MiB', '64.1 MiB')
    """
    return f"{math.ceil(count * 10 / 2**20) / 10:g} MiB" if count >= 2**20 else f"{count} bytes"


# ------------------------------------------------------------------ writing


def replace(path: Path, data: bytes) -> None:
    """Write a file beside its target, then rename it: whoever looks sees the old file or the new one."""
    own = f"{os.getpid()}-{threading.get_ident()}"
    beside = path.with_name(f".{mark(path)}.{own}{UNFINISHED}")
    try:
        write(beside, data)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def remove_unfinished(paths: Collection[Path], older: float) -> None:
    """Remove what was left beside files by whoever was ended while they were replaced, if it is so many s old."""
    marks = {(path.parent, mark(path)) for path in paths}
    for folder in {path.parent for path in paths}:
        for beside in folder.glob(f".*.*{UNFINISHED}"):
            with contextlib.suppress(OSError):
                known = (folder, beside.name.split(".")[1]) in marks
                if known and time.time() - beside.stat().st_mtime > older:
                    beside.unlink()


def mark(path: Path) -> str:
    """What a file is called while it is not whole: short, as names may be as long as a system allows."""
    return f"{zlib.crc32(os.fsencode(path.name)):08x}"


def write(path: Path, data: bytes) -> None:
    """Write a file and wait until it is on the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
