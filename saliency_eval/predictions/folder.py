"""Predictions in a folder: walked without following links, each file opened once."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from saliency_eval.errors import fail, shown
from saliency_eval.predictions.files import Listing, PredictionFiles
from saliency_eval.predictions.match import is_junk
from saliency_eval.predictions.rules import ACCEPTED, DEPTH, most_files, size, suffix_of

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe (FIFO)",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFLNK: "a link",
}


class PredictionFolder(PredictionFiles):
    """Predictions as files of a folder, named after their images."""

    def _list(self, images: int) -> Listing:
        return Listing(walk(self.root, most_files(images)), [])

    def _path(self, name: str) -> Path:
        return self.root / name

    def _bytes(self, name: str) -> bytes:
        path = inside(self.root, name)
        try:
            return whole(path, self._rules.max_bytes)
        except OSError as error:
            fail("io", f"the file cannot be read: {error.strerror}", "check that it exists and may be read")


def walk(root: Path, limit: int) -> list[str]:
    """Files below a folder, relative to it; raises `too_many` and `io`.

    A folder named like a map counts as a file, to be refused; links to folders are left out.
    """
    found: list[str] = []
    folders, seen = [""], 0
    while folders:
        base = folders.pop()
        for entry in entries(root / base):
            seen += 1
            name = base + entry.name
            if seen > limit:
                fail(
                    "too_many", f"{shown(root)} holds more than {limit} files", "remove what is no prediction"
                )
            if is_junk(entry.name):
                continue
            folder, link = is_folder(entry), entry.is_symlink()
            if not folder or (suffix_of(name) in ACCEPTED and not link):
                found.append(name)
            elif not link:
                check_depth(name)
                folders.append(name + "/")
    return found


def entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """What a folder holds; raises `io`."""
    try:
        with os.scandir(folder) as scan:
            yield from scan
    except OSError as error:
        fail("io", f"the folder {shown(folder)} cannot be listed: {error.strerror}")


def check_depth(name: str) -> None:
    """Raises `too_many` for a folder below too many others."""
    depth = name.count("/") + 1
    if depth > DEPTH:
        fail("too_many", f"folders may lie {DEPTH} deep, {shown(name)} lies {depth} deep", file=name)


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Is it a folder, or a link to one? A link that leads nowhere is not."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def inside(root: Path, name: str) -> str:
    """The path to open: a link is resolved, and must stay in the folder; raises `symlink`, `unreadable`."""
    path = os.path.join(root, name)
    if not os.path.islink(path):
        return path
    try:
        target = os.path.realpath(path, strict=True)
    except OSError:
        fail("unreadable", "a broken link", "replace the link by the file")
    if os.path.commonpath([os.path.realpath(root), target]) != os.path.realpath(root):
        fail(
            "symlink",
            "a link that leads out of the folder is not followed",
            "replace the link by a copy of its file",
        )
    return target


def whole(path: str, limit: int) -> bytes:
    """All bytes of a regular file, in one read; raises `not_a_file`, `too_large`, `changed`."""
    check_regular(os.lstat(path).st_mode)  # a device may act on being opened
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(number, "rb", buffering=0) as file:
        status = os.fstat(number)
        check_regular(status.st_mode)
        if status.st_size > limit:
            fail(
                "too_large",
                f"a file may have {size(limit)}, got {size(status.st_size)}",
                "save it smaller, or raise max_bytes= of open_predictions",
            )
        data = file.read(status.st_size + 1) or b""
    if len(data) != status.st_size:
        fail(
            "changed",
            f"the file changed from {status.st_size} to {len(data)} bytes while it was read",
            "wait until it is written",
        )
    return data


def check_regular(mode: int) -> None:
    """Raises `not_a_file` for anything but a regular file."""
    if not stat.S_ISREG(mode):
        fail(
            "not_a_file",
            f"a prediction must be a file, got {KINDS.get(stat.S_IFMT(mode), 'something else')}",
            "put the file in its place",
        )
