"""Download of data sets: a hash for every file, a limit on bytes, and unpacking by own rules."""

from __future__ import annotations

import http.client
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from saliency_eval import disk
from saliency_eval.datasets.card import Card
from saliency_eval.datasets.unpack import unpack
from saliency_eval.errors import SaliencyEvalError, fail, shown

MOST_BYTES = 8 * 2**30  # of a download whose size the card does not state
BLOCK = 1 << 20
TIMEOUT = 30  # seconds without a byte

Progress = Callable[[str, int], object]  # file, bytes so far


class Fetched(NamedTuple):
    """What is there now, what was there before, and what has to be fetched by hand."""

    done: tuple[str, ...]
    present: tuple[str, ...]
    by_hand: tuple[str, ...]


def fetchable(file: Mapping[str, Any]) -> bool:
    """Is there a hash to judge a download by, and a server that gives the file itself?"""
    return bool(known_hash(file)) and not file.get("by_hand", False)


def known_hash(file: Mapping[str, Any]) -> str:
    """The hash on the card as pooch writes it; empty when there is none.

    >>> known_hash({"md5": "00", "sha256": "11"}), known_hash({})
    ('sha256:11', '')
    """
    return next((f"{kind}:{file[kind]}" for kind in ("sha256", "md5") if kind in file), "")


def fetch(card: Card, root: str | Path, progress: Progress | None = None, most: int = MOST_BYTES) -> Fetched:
    """Download the files of a card into a root and unpack archives there; finished parts are kept.

    `most`: bytes of a download whose size the card does not state. Raises `not_available` (exit 4) when
    nothing can be fetched, `checksum` (exit 4) when a file is cut or not the recorded one, `io` (exit 5) when
    the server cannot be reached. Nothing incomplete ever bears its final name.
    """
    root = Path(root).expanduser()
    if not any(fetchable(file) for file in card.files):
        text = f"{card.name} cannot be fetched: no file of it has a known hash and a plain address"
        fail(
            "not_available", text, " ".join(by_hand(file, root) for file in card.files) or card.layout.strip()
        )
    done, present = [], []
    for file in filter(fetchable, card.files):
        if is_present(file, root):
            present.append(file["name"])
            continue
        fetch_file(file, root, progress, most)
        done.append(file["name"])
    return Fetched(
        tuple(done), tuple(present), tuple(by_hand(f, root) for f in card.files if not fetchable(f))
    )


def by_hand(file: Mapping[str, Any], root: Path) -> str:
    """How to get a file that is not fetched, and how it will be judged."""
    judged = f", check {known_hash(file)}" if known_hash(file) else ""
    return f"Get {file['name']} from {file['url']}{judged}, and put or unpack it into {shown(root, 500)}."


def is_present(file: Mapping[str, Any], root: Path) -> bool:
    """Is the file there with its hash, or are the folders there that an archive unpacks to?"""
    if "unpack" in file:
        return all((root / folder).is_dir() for folder in file["unpack"])
    path, (kind, _, digest) = root / file["name"], known_hash(file).partition(":")
    return path.is_file() and disk.hash_of(path, kind) == digest


def fetch_file(file: Mapping[str, Any], root: Path, progress: Progress | None, most: int) -> None:
    """Download one file and move or unpack it; everything happens in a hidden folder that is removed."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=root) as work:
            place(download(file, Path(work), progress, most), file, root)
    except OSError as error:
        text = f"{shown(file['name'])} cannot be stored in {shown(root, 500)}: {error.strerror}"
        fail("io", text, "free space, or choose another --root")


def place(got: Path, file: Mapping[str, Any], root: Path) -> None:
    """Unpack an archive, or move a file to where the card wants it."""
    if "unpack" in file:
        unpack(got, root, tuple(file["unpack"]))
        return
    target = root / file["name"]
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(got, target)


def download(file: Mapping[str, Any], work: Path, progress: Progress | None, most: int) -> Path:
    """The file, judged by its hash. Raises `checksum` (exit 4), `io` (exit 5)."""
    import pooch

    name = Path(file["name"]).name
    limit = int(file.get("bytes", most))
    try:
        pooch.get_logger().setLevel("ERROR")
        path = pooch.retrieve(file["url"], known_hash(file), fname=name, path=work, processor=None,
                              downloader=Counting(name, limit, progress))  # fmt: skip
    except SaliencyEvalError:
        raise
    except ValueError:
        text = f"{shown(name)} from {file['url']} must have {known_hash(file)}, it has not"
        fail("checksum", text, "try again; if it stays so, the source has changed")
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        text = f"{file['url']} cannot be fetched: {shown(getattr(error, 'reason', error), 200)}"
        fail("io", text, "check the connection, or fetch it by hand")
    return Path(path)


class Counting:
    """A downloader for pooch that stops at a number of bytes, and refuses a body shorter than announced."""

    def __init__(self, name: str, limit: int, progress: Progress | None = None) -> None:
        self.name, self.limit, self.progress = name, limit, progress

    def __call__(self, url: str, output_file: Any, pooch: Any) -> None:
        """Write the body of a URL to a path or an open file."""
        if not hasattr(output_file, "write"):
            with open(output_file, "wb") as stream:
                return self(url, stream, pooch)
        request = urllib.request.Request(url, headers={"User-Agent": "saliency-eval"})
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            try:
                count = self.copy(response, output_file)
            except (http.client.IncompleteRead, ConnectionError):
                self.refuse("was cut while it came", "try again")
        announced = int(response.headers.get("Content-Length") or count)
        if count < announced:
            self.refuse(f"was cut: {count} of {announced} bytes came", "try again")

    def copy(self, response: Any, stream: Any) -> int:
        """Copy block by block; gives the bytes, raises `checksum` (exit 4) above the limit."""
        count = 0
        while block := response.read(min(BLOCK, self.limit + 1 - count)):
            count += len(block)
            if count > self.limit:
                more = f"must have at most {self.limit} bytes, the server sends more"
                self.refuse(more, "the source has changed: fetch it by hand")
            stream.write(block)
            if self.progress is not None:
                self.progress(self.name, count)
        return count

    def refuse(self, what: str, remedy: str) -> NoReturn:
        """Raise `checksum` (exit 4)."""
        fail("checksum", f"{shown(self.name)} {what}", remedy)
