"""Zip and tar files as lists of members that are read in memory."""

from __future__ import annotations

import math
import stat
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from saliency_eval.disk import size
from saliency_eval.errors import fail, shown
from saliency_eval.predictions.rules import SMALLER, Rules

if TYPE_CHECKING:
    import tarfile

MemberKind = Literal["file", "folder", "link", "special"]
ZIP, GZIP, XZ = b"PK", b"\x1f\x8b", b"\xfd7zXZ\0"
BLOCK = 512  # bytes; a tar file is made of blocks


class Member(NamedTuple):
    """One entry of an archive, as its directory or header tells."""

    name: str
    kind: MemberKind
    size: int
    place: int  # number in a zip file, offset of the data in a tar file
    encrypted: bool = False


class Members(Protocol):
    """An open archive."""

    def list(self, limit: int, total: int) -> Iterator[Member]:
        """The members; raises `too_many` above the limit, `too_large` above the total of bytes."""

    def read(self, member: Member) -> bytes:
        """The content of a member within the limit on bytes."""


def open_members(path: Path, rules: Rules) -> Members:
    """The archive at a path, by its content; raises `format_not_allowed` for any other file."""
    try:
        with path.open("rb") as file:
            head = file.read(BLOCK)
    except OSError as error:
        fail("io", f"the archive cannot be read: {error.strerror}", "check that it exists and may be read")
    if head.startswith(ZIP):
        return ZipMembers(path, rules)
    if head.startswith((GZIP, XZ)) or head[257:262] == b"ustar":
        return TarMembers(path, head, rules)
    if not head:
        fail("unreadable", f"{shown(path)} is empty (0 bytes)", "write the file again")
    fail(
        "format_not_allowed",
        f"predictions must be a folder or a zip, tar, tar.gz or tar.xz file, {shown(path)} is none",
        "put the maps into a folder",
    )


class ZipMembers:
    """A zip file, read by its directory."""

    def __init__(self, path: Path, rules: Rules) -> None:
        import zipfile

        self._rules = rules
        self._zip = zipfile.ZipFile(path)
        closed_with(self, self._zip)
        self._lock = threading.Lock()

    def list(self, limit: int, total: int) -> Iterator[Member]:
        """The members by the directory at the end of the file."""
        infos = self._zip.infolist()
        refuse_count(len(infos), limit)
        refuse_total(sum(info.file_size for info in infos), total)
        for number, info in enumerate(infos):
            name = info.orig_filename
            kind = zip_kind(info.external_attr >> 16, name)
            if not info.flag_bits & 0x800:
                name = utf8(name)
            yield Member(name, kind, info.file_size, number, bool(info.flag_bits & 1))

    def read(self, member: Member) -> bytes:
        """Inflate one member; the checksum is compared on the way."""
        info = self._zip.infolist()[member.place]
        with self._lock, self._zip.open(info) as file:
            return file.read(min(member.size, self._rules.max_bytes) + 1)


def zip_kind(mode: int, name: str) -> MemberKind:
    """Kind of a zip member by its Unix mode, which other systems leave 0, and its name."""
    if stat.S_ISLNK(mode):
        return "link"
    if name.endswith("/"):
        return "folder"
    return "file" if stat.S_IFMT(mode) in (0, stat.S_IFREG) else "special"


def utf8(name: str) -> str:
    """A name that some systems write as UTF-8 without saying so."""
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


class TarMembers:
    """A tar file, plain or compressed: listed in one pass, then read by offset, cheapest in its own order."""

    def __init__(self, path: Path, head: bytes, rules: Rules) -> None:
        self._rules = rules
        self._stream = Bounded(decompressed(path, head), rules.max_bytes + BLOCK)
        self._lock = threading.Lock()

    def list(self, limit: int, total: int) -> Iterator[Member]:
        """The members as they come; the rest of the stream is read too, for its checksum."""
        import tarfile

        self._stream.end = total
        header = strict_header()
        with tarfile.open(fileobj=self._stream, mode="r:", tarinfo=header) as tar:  # type: ignore[call-overload]
            for count, info in enumerate(tar, 1):
                refuse_count(count, limit)
                refuse_size(info.name, info.size, self._rules)
                yield Member(info.name, tar_kind(info), info.size, info.offset_data)
        self._stream.end = min(total, self._stream.tell() + self._rules.max_bytes)
        while self._stream.read(1 << 20):
            pass

    def read(self, member: Member) -> bytes:
        """The bytes at the place of the member."""
        with self._lock:
            self._stream.seek(member.place)
            data = self._stream.read(member.size)
        if len(data) != member.size:
            fail("unreadable", f"truncated: {len(data)} of {member.size} bytes of the member are there")
        return data


def strict_header() -> type[tarfile.TarInfo]:
    """Headers that raise `unreadable` where tarfile takes a damaged one for the end, or steps back."""
    import tarfile

    class Header(tarfile.TarInfo):
        @classmethod
        def fromtarfile(cls, tar: tarfile.TarFile) -> Header:
            try:
                found = super().fromtarfile(tar)
            except (tarfile.InvalidHeaderError, tarfile.TruncatedHeaderError) as error:  # type: ignore[attr-defined]
                fail("unreadable", f"the header at byte {tar.offset} is damaged: {error}", "pack it again")
            if found.size < 0:
                fail("unreadable", f"{shown(found.name)}: a member cannot have {found.size} bytes")
            return found

    return Header


def tar_kind(info: tarfile.TarInfo) -> MemberKind:
    """Kind of a tar member; a sparse file is none that is read, for its data are not in one place."""
    if info.issym() or info.islnk():
        return "link"
    if info.isdir():
        return "folder"
    return "file" if info.isreg() and not info.issparse() else "special"


def decompressed(path: Path, head: bytes) -> Blocks:
    """The stream of blocks in a tar file."""
    if head.startswith(GZIP):
        import gzip

        return gzip.open(path)
    if head.startswith(XZ):
        import lzma

        return lzma.open(path)
    return path.open("rb")


class Blocks(Protocol):
    """What is asked of a stream of blocks."""

    def read(self, count: int, /) -> bytes: ...
    def seek(self, place: int, /) -> int: ...
    def tell(self) -> int: ...
    def close(self) -> None: ...


class Closable(Protocol):
    """What can be closed."""

    def close(self) -> None: ...


def closed_with(owner: object, file: Closable) -> None:
    """Close the file once its owner is gone: before the collector may find the two in any order."""
    weakref.finalize(owner, file.close)


class Bounded:
    """A stream that refuses to be read past an end, or in one piece above a limit."""

    def __init__(self, file: Blocks, piece: int) -> None:
        self._file = file
        self._piece = piece
        self.end: float = math.inf
        closed_with(self, file)

    def read(self, count: int = -1) -> bytes:
        """At most `count` bytes; raises `too_large`."""
        if not 0 <= count <= self._piece:
            fail(
                "too_large",
                f"a header of the archive asks for {size(count)}, {size(self._piece)} are allowed",
            )
        self._check(self._file.tell())
        return self._file.read(count)

    def seek(self, place: int) -> int:
        """Go to a place, reading up to it where the stream is compressed; raises `too_large`."""
        self._check(place)
        return self._file.seek(place)

    def tell(self) -> int:
        """The place in the stream of blocks."""
        return self._file.tell()

    def _check(self, place: int) -> None:
        if place > self.end:
            refuse_total(place, int(self.end))


# ------------------------------------------------------------------ limits


def refuse_count(count: int, limit: int) -> None:
    """Raises `too_many`."""
    if count > limit:
        fail(
            "too_many",
            f"an archive for these images may hold {limit} members, got {count}",
            "remove what is no prediction",
        )


def refuse_total(total: int, limit: int) -> None:
    """Raises `too_large` for the sum of all members."""
    if total > limit:
        fail(
            "too_large",
            f"an archive for these images may inflate to {size(limit)}, got {size(total)}",
            "remove what is no prediction, or raise max_bytes= of open_predictions",
        )


def refuse_size(name: str, found: int, rules: Rules) -> None:
    """Raises `too_large` for one member."""
    if found > rules.max_bytes:
        fail(
            "too_large",
            f"{shown(name)}: a member may have {size(rules.max_bytes)}, got {size(found)}",
            SMALLER,
            file=name,
        )
