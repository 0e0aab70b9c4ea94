"""A folder of the maps of a model: how they are stored, and the files that say what made them, and of which images."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from saliency_eval import disk
from saliency_eval.errors import fail, shown
from saliency_eval.predictions.stated import PROVENANCE, provenance

Kind = Literal["npy", "png"]
MADE = ".saliency-eval.jsonl"  # a dot: not a prediction
WORDS = {
    "files": "other --files",
    "versions": "other versions",
    "weights": "other weights",
    "constants": "other constants",
}
BESIDE = re.compile(r"\.(.+)\.[0-9]+\.tmp")  # a file that is not whole yet, of `disk.replace`


@dataclass(frozen=True)
class MapFolder:
    """Maps by image, as float32 `.npy`, or as `.png` of 8 bits; a file appears whole or not at all."""

    path: Path
    kind: Kind = "npy"

    def file_of(self, id: str, kind: str = "") -> Path:
        """Where the map of an image lies."""
        return self.path / f"{id}.{kind or self.kind}"

    def begin(
        self,
        made_by: Mapping[str, Any],
        ids: Iterable[str],
        again: Iterable[str] | None = None,
        *,
        by_image: bool = False,
    ) -> int:
        """Say what makes the maps of some images from now on; how many of another provenance were removed.

        Maps that are to be made `again`, whatever there is, are removed, and all others too if their provenance is
        another one. Where each follows from its image alone, `by_image`, the hash of all data is none of it.

        Raises `usage` when maps of another provenance are there and none is to be made again, and OSError.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        there, before = self.there(ids), provenance(self.path)
        key = differing(before, made_by, by_image=by_image)
        same = key is None
        if again is None and there and not same:
            what = f"{plural(len(there))} of these images, {difference(before, made_by, key)}"
            text = f"{shown(self.path, 200)} holds {what}"
            remedy = "choose another --out, or write over them with --no-resume"
            fail("usage", text, f"{remedy}{drawn_anew(before, made_by)}")
        wanted = set(again or ())
        doomed = [(id, kind) for id, kind in there if id in wanted or not same]
        if not same:
            for name in (PROVENANCE, MADE):  # first: what is half removed must not be continued
                (self.path / name).unlink(missing_ok=True)
        for id, kind in doomed:
            self.file_of(id, kind).unlink()
        disk.replace(self.path / PROVENANCE, (json.dumps(made_by, indent=1) + "\n").encode())
        return len({id for id, _ in doomed} - wanted)

    def kept(self, images: Mapping[str, Path], threads: int = 1) -> set[str]:
        """The images whose maps are what was written of what they are, by the content of both."""
        made = self._made()
        known = [id for id in images if id in made]
        with ThreadPoolExecutor(threads) as pool:
            now = pool.map(lambda id: [hash_of(self.file_of(id)), hash_of(images[id])], known)
            return {id for id, hashes in zip(known, now, strict=True) if hashes == made[id] and hashes[0]}

    def _made(self) -> dict[str, list[str]]:
        """Hashes of each map and of its image; the last line of each that can be read."""
        try:
            lines = (self.path / MADE).read_bytes().splitlines()
        except OSError:
            return {}
        return dict(filter(None, map(parsed, lines)))

    def there(self, ids: Iterable[str]) -> list[tuple[str, str]]:
        """The files under the names of maps, of either kind: image and kind."""
        return [(id, kind) for id in ids for kind in get_args(Kind) if self.file_of(id, kind).exists()]

    def spare(self, root: Path, ids: Iterable[str]) -> None:
        """Raise `usage` for files in the folder of a data set that nothing says are maps: its own images, say."""
        inside = self.path.resolve().is_relative_to(root.resolve())
        if inside and provenance(self.path) is None and (there := self.there(ids)):
            text = f"maps must not take the place of files of the data set, of which {shown(self.path, 200)} holds"
            fail("usage", f"{text} {len(there)} under their names", "choose another --out")

    def put(self, id: str, values: NDArray[np.floating[Any]], image: Path) -> None:
        """Write the map of an image, then that it is there; raises OSError."""
        path, file = self.file_of(id), io.BytesIO()
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.kind == "npy":
            np.save(file, values.astype(np.float32))
        else:
            save_png(file, values)
        disk.replace(path, file.getvalue())
        line = json.dumps([id, hashlib.sha256(file.getvalue()).hexdigest(), hash_of(image)])
        with (self.path / MADE).open("ab", buffering=0) as made:  # whole lines, of several processes
            made.write(f"{line}\n".encode())

    def tidy(self, ids: Iterable[str], before: float) -> None:
        """Remove what runs that were ended `before` a time left of maps that they had not written to their end."""
        files = {self.file_of(id) for id in ids}
        for beside in (path for folder in {file.parent for file in files} for path in folder.glob(".*.tmp")):
            name = BESIDE.fullmatch(beside.name)
            if name and beside.with_name(name[1]) in files and beside.stat().st_mtime < before:
                beside.unlink(missing_ok=True)


def hash_of(path: Path) -> str:
    """SHA-256 of a file; empty where there is none."""
    try:
        found = path.stat()
        return hashed(path, found.st_size, found.st_mtime_ns)
    except OSError:
        return ""


@functools.lru_cache(64)  # one file may hold many images
def hashed(path: Path, size: int, changed: int) -> str:
    """SHA-256 of a file of a size and a time of change."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def parsed(line: bytes) -> tuple[str, list[str]] | None:
    """Image, and hashes of its map and of itself; None for a line that is torn."""
    try:
        id, *hashes = json.loads(line)
    except (ValueError, TypeError, RecursionError):
        return None
    return (id, hashes) if isinstance(id, str) else None


def plural(count: int) -> str:
    """A number of maps.

    >>> plural(1), plural(3)
    ('1 map', '3 maps')
    """
    return f"{count} map{'' if count == 1 else 's'}"


def differing(before: Any, now: Mapping[str, Any], *, by_image: bool) -> str | None:
    """The first entry in which two provenances differ; empty where there is none before, None where all agree."""
    if not isinstance(before, Mapping):
        return ""
    old, new = ({**one, "data": str(one["data"]).partition("#")[0]} if by_image and "data" in one else one
                for one in (before, now))  # fmt: skip
    return next((key for key in (*new, *old) if old.get(key) != new.get(key)), None)


def difference(before: Any, now: Mapping[str, Any], key: str | None) -> str:
    """In what two provenances differ, as the end of a sentence."""
    if not key:
        return "and nothing that says what made them"
    return (
        f"made with {WORDS.get(key, f'another {key}')}: {shown(before.get(key))} is not {shown(now.get(key))}"
    )


def drawn_anew(before: Any, now: Mapping[str, Any]) -> str:
    """What gives one factory another name each time, as the end of a sentence; empty for other models."""
    if not isinstance(before, Mapping):
        return ""
    names = (str(one.get("model")).partition("|")[0].partition("#") for one in (before, now))
    (factory, _, old), (other, _, new) = names
    hint = "; weights that are drawn anew give another name each time (seed them), and so does a file that is edited"
    return hint if factory == other and old != new else ""


def save_png(file: io.BytesIO, values: NDArray[np.floating[Any]]) -> None:
    """A map from its least to its largest value in 256 steps, floor(255 x + 0.5); a constant one in zeros."""
    from PIL import Image

    shares = values.astype(np.float64) - values.min()
    levels = np.floor(255 * (shares / max(shares.max(), np.finfo(np.float64).tiny)) + 0.5)
    Image.fromarray(levels.astype(np.uint8)).save(file, "PNG")
