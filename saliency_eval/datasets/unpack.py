"""Unpacking of data archives: every member is checked by name, kind and size before anything is written."""

from __future__ import annotations

import os
import re
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, NoReturn

from saliency_eval.datasets.files import is_junk
from saliency_eval.errors import TRUTH, fail, shown

MOST_MEMBERS = 200_000
MOST_BYTES = 64 * 2**30  # of one archive, unpacked
BLOCK = 1 << 20


def unpack(archive: Path, root: Path, folders: tuple[str, ...], most: int = MOST_BYTES) -> None:
    """Unpack some folders of a zip file below a root; each appears whole or not at all, none is replaced.

    Members elsewhere and what systems leave behind are passed over. Raises `path_traversal`, `symlink`,
    `ambiguous`, `too_many`, `too_large`, `unreadable`, `layout`, all with exit 4.
    """
    with tempfile.TemporaryDirectory(prefix=".unpack-", dir=root) as work:
        try:
            with zipfile.ZipFile(archive) as opened:
                for info in wanted(opened, folders):
                    with opened.open(info) as source:
                        most -= extract(source, Path(work) / info.filename, min(info.file_size, most))
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            refuse("unreadable", f"{shown(archive.name)} is not a readable zip file: {shown(error, 200)}")
        if absent := [folder for folder in folders if not (Path(work) / folder).is_dir()]:
            refuse("layout", f"{shown(archive.name)} must hold {' and '.join(absent)}")
        for folder in folders:
            put(Path(work) / folder, root / folder)


def wanted(archive: zipfile.ZipFile, folders: tuple[str, ...]) -> list[zipfile.ZipInfo]:
    """The files below the folders, after all members have been checked."""
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        refuse("too_many", f"an archive may have {MOST_MEMBERS} members, got {len(members)}")
    found: dict[str, zipfile.ZipInfo] = {}
    for info in members:
        check_name(info)
        if info.is_dir() or not info.filename.startswith(folders) or junk(info.filename):
            continue
        if info.filename.casefold() in found:
            refuse("ambiguous", f"an archive must hold a name once, {shown(info.filename)} is there twice")
        found[info.filename.casefold()] = info
    return list(found.values())


def check_name(info: zipfile.ZipInfo) -> None:
    """Raises `path_traversal` for a name that leads out on any system, `symlink` for a link."""
    name = info.orig_filename
    if (
        name.startswith("/")
        or "\\" in name
        or "\0" in name
        or ".." in name.split("/")
        or re.match("[A-Za-z]:", name)
    ):
        refuse("path_traversal", f"{shown(name)}: a member must stay inside its archive")
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        refuse("symlink", f"{shown(name)}: a member must be a file or a folder")


def junk(name: str) -> bool:
    """Does any part of the name belong to an operating system or to version control?"""
    return any(is_junk(part) for part in name.split("/"))


def extract(source: IO[bytes], target: Path, most: int) -> int:
    """Write one member; gives its bytes, raises `too_large` when there are more than announced."""
    target.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with target.open("xb") as out:
        while block := source.read(BLOCK):
            count += len(block)
            if count > most:
                refuse("too_large", f"{shown(target.name)} unpacks to more than {most} bytes")
            out.write(block)
    return count


def put(source: Path, target: Path) -> None:
    """Move an unpacked folder to its place; a folder that is there already is left as it is."""
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, target)


def refuse(code: str, message: str) -> NoReturn:
    """Raise a finding about an archive."""
    fail(code, message, "fetch the archive again from its source", exit=TRUTH)
