"""What a folder and an archive share: names are matched first, then each file is read once, as bytes."""

from __future__ import annotations

import functools
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from saliency_eval.errors import Problem, SaliencyEvalError, fail, shown
from saliency_eval.pool import Shape
from saliency_eval.predictions.base import Reading
from saliency_eval.predictions.decode import check_name, naming, read_bytes
from saliency_eval.predictions.match import OR_CONSTANT, Naming, match
from saliency_eval.predictions.rules import Kind, Rules

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz")


class Stamp(NamedTuple):
    """What moves when a file is written."""

    size: int
    modified: int


class Listing(NamedTuple):
    """Names of a set of files, with '/' between folders, and what is wrong with any of them."""

    names: list[str]
    problems: list[Problem]


@dataclass(frozen=True)
class FetchedFile:
    """The prediction of one image as the bytes of a file."""

    id: str
    name: str
    data: bytes
    rules: Rules

    @functools.cached_property
    def sha256(self) -> str:
        """Hash of the bytes, and of the name of the array that is chosen in them."""
        digest = sha256(self.data)
        if self.rules.variable is not None:
            digest.update(b"\0" + self.rules.variable.encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    def read(self, shape: Shape) -> Reading:
        """The map for a stimulus of (height, width); raises SaliencyEvalError."""
        return read_bytes(self.data, self.name, self.id, shape, self.rules)


class PredictionFiles(ABC):
    """Predictions in files. `match` finds the file of each image; `has` and `fetch` follow what it found."""

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        name: str | None = None,
        naming: Naming | None = None,
        rules: Rules | None = None,
    ) -> None:
        self.root = Path(root)
        self.name = display_name(self.root) if name is None else name
        self._naming = naming or Naming()
        self._rules = rules or Rules()
        self._files: dict[str, str] = {}
        self._stamps: dict[str, Stamp | None] = {}
        self.owners: dict[str, str | None] = {}

    @abstractmethod
    def _list(self, images: int) -> Listing:
        """All names; raises when there are too many or they cannot be listed."""

    @abstractmethod
    def _bytes(self, name: str) -> bytes:
        """The content of one file; raises for anything that is not a plain file within the limits."""

    @abstractmethod
    def _path(self, name: str) -> Path:
        """The path on disk whose change is a change of the prediction."""

    @property
    def rules(self) -> Rules:
        """How each file is read."""
        return self._rules

    @property
    def kind(self) -> Kind:
        """What the values are."""
        return self._rules.kind

    @property
    def _where(self) -> str:
        return shown(self.root, 200) + ("/" if self.root.is_dir() else "")

    def match(self, ids: Iterable[str]) -> list[Problem]:
        """Compare names with the images: missing, ambiguous, extra, nested, case, and refused names."""
        ids = list(ids)
        self._files, self._stamps, self.owners = {}, {}, {}
        try:
            listing = self._list(len(ids))
        except SaliencyEvalError as error:
            return error.problems
        refused = {problem.file for problem in listing.problems}
        found = match(listing.names, ids, self._naming, self._where)
        self.owners = dict.fromkeys(filter(None, refused)) | found.owners
        self._files = {id: name for id, name in found.files.items() if name not in refused}
        self._stamps = {name: stamp(self._path(name)) for name in self._files.values()}
        return listing.problems + found.problems

    def has(self, id: str) -> bool:
        """Has `match` found one file for the image?"""
        return id in self._files

    def order(self, ids: Sequence[str]) -> list[str]:
        """The ids as they are: any order of files costs the same."""
        return list(ids)

    def fetch(self, id: str) -> FetchedFile:
        """The bytes of the file of one image, read once; raises SaliencyEvalError."""
        if id not in self._files:
            fail(
                "missing",
                f"no prediction was matched to image {shown(id)} in {self._where}",
                f"add the file{OR_CONSTANT}",
                image=id,
            )
        name = self._files[id]
        with naming(name, id):
            check_name(name)
            return FetchedFile(id, name, self._bytes(name), self._rules)

    def changed(self, digests: Mapping[str, str], *, here: bool = True) -> list[Problem]:
        """Predictions that are not what was read, given sha256 by image; read `here`, equal stamps are trusted."""
        moved = [
            (id, self._files[id])
            for id in self.order([id for id in self._files if id in digests])
            if not (here and stamp(self._path(self._files[id])) == self._stamps[self._files[id]])
        ]
        what = "changed while it was scored" if here else "is another one on the machine that scored it"
        return [
            Problem("changed", f"{shown(name)}: the file {what}", "score again", id, name)
            for id, name in moved
            if self._digest(id) != digests[id]
        ]

    def _digest(self, id: str) -> str:
        try:
            return self.fetch(id).sha256
        except SaliencyEvalError:
            return ""


def display_name(root: Path) -> str:
    """The last part of a path, without the extension of an archive.

    >>> display_name(Path("out/gbvs.tar.gz"))
    'gbvs'
    """
    name = root.name or root.resolve().name
    ending = max((end for end in ARCHIVES if name.lower().endswith(end)), key=len, default="")
    return name[: len(name) - len(ending)] or name


def stamp(path: Path) -> Stamp | None:
    """Size and time of change, None when there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return Stamp(found.st_size, found.st_mtime_ns)
