"""Predictions in a folder: walked without following links, each file opened once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from saliency_eval.disk import read
from saliency_eval.errors import fail, shown
from saliency_eval.predictions.files import Listing, PredictionFiles
from saliency_eval.predictions.match import is_junk
from saliency_eval.predictions.rules import ACCEPTED, DEPTH, SMALLER, most_files, suffix_of


class PredictionFolder(PredictionFiles):
    """Predictions as files of a folder, named after their images."""

    def _list(self, images: int) -> Listing:
        return Listing(walk(self.root, most_files(images)), [])

    def _path(self, name: str) -> Path:
        return self.root / name

    def _bytes(self, name: str) -> bytes:
        path = inside(self.root, name)
        try:
            return read(path, self._rules.max_bytes, follow=False, smaller=SMALLER)
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
