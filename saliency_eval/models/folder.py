"""A folder of the maps of a model: how they are stored, and the files that say what made them, and of which images."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from saliency_eval import disk
from saliency_eval.errors import SaliencyEvalError, fail, shown
from saliency_eval.predictions.stated import PROVENANCE, provenance

Kind = Literal["npy", "png"]
MADE = ".saliency-eval.jsonl"  # a dot: not a prediction
LONGEST = 2**28  # bytes of it
UNTOUCHED = 60.0  # s: what is older is not being written
OTHERS = {  # what differs, in words
    "data": "other data", "files": "other --files", "versions": "other versions", "weights": "other weights",
    "constants": "other constants", "options": "other options",
}  # fmt: skip


@dataclass(frozen=True)
class MapFolder:
    """Maps by image, as float32 `.npy`, or as `.png` of 8 bits; a file appears whole or not at all."""

    path: Path
    kind: Kind = "npy"

    def file_of(self, id: str, kind: str = "") -> Path:
        """Where the map of an image lies."""
        return self.path / f"{id}.{kind or self.kind}"

    def refuse_others(self, made_by: Mapping[str, Any], images: Mapping[str, Path], *, resume: bool) -> None:
        """Raise `usage` where images lie, for files that nothing says are maps, and, to resume, for other maps."""
        if os.path.realpath(self.path) in folders_of(images.values()):
            text = f"maps must lie in a folder of their own, {shown(self.path, 200)} holds images"
            fail("usage", text, "choose another --out")
        there = {id for id, _ in self.there(images, *get_args(Kind))}
        said, before = os.path.lexists(self.path / PROVENANCE), provenance(self.path)
        if not there or (said and not resume) or before == made_by:
            return
        count, why = number_of_maps(len(there)), difference(before, made_by)
        text = f"{shown(self.path, 200)} holds {count} of these images, {why}"
        remedy = f"write over them with --no-resume{drawn_anew(before, made_by)}" if said else "remove them"
        fail("usage", text, f"choose another --out, or {remedy}")

    def begin(self, made_by: Mapping[str, Any], ids: Iterable[str], again: Collection[str] = ()) -> int:
        """Say what makes the maps from now on; how many images lost theirs and are not to get one `again`.

        Those of another provenance are removed, and of this one those that are to be made again. Raises OSError.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        ids, same = list(ids), provenance(self.path) == made_by
        made = self.made() if same else {}
        lines = [line(id, *made[id]) for id in ids if id in made and id not in again]
        disk.replace(self.path / MADE, b"".join(lines))  # first: nothing is kept that it does not name
        disk.replace(self.path / PROVENANCE, (json.dumps(made_by, indent=1) + "\n").encode())
        return len((self.remove(again) if same else self.remove(ids, *get_args(Kind))) - set(again))

    def made(self) -> dict[str, list[str]]:
        """Hashes of each map and of its image, as they were written; the last line of each that can be read."""
        try:
            lines = disk.read(self.path / MADE, LONGEST, follow=False).splitlines()
        except (OSError, SaliencyEvalError):
            return {}
        return dict(filter(None, map(parsed, lines)))

    def kept(self, images: Mapping[str, str], threads: int = 1) -> set[str]:
        """The images, given by their hashes, whose maps are there as they were written of them."""
        made = self.made()
        known = {id: made[id] for id in images if id in made}
        now = hashes({id: self.file_of(id) for id in known}, threads, follow=False)
        return {id for id in known if known[id] == [now[id], images[id]]}

    def there(self, ids: Iterable[str], *kinds: str) -> list[tuple[str, str]]:
        """The files under the names of maps of some kinds: image and kind."""
        return [(id, kind) for id in ids for kind in kinds if os.path.lexists(self.file_of(id, kind))]

    def remove(self, ids: Iterable[str], *kinds: str) -> set[str]:
        """Remove the maps of images, those of the own kind unless others are named; the images that had one.

        Raises OSError.
        """
        there = self.there(ids, *(kinds or (self.kind,)))
        for id, kind in there:
            self.file_of(id, kind).unlink()
        return {id for id, _ in there}

    def put(self, id: str, values: NDArray[np.floating[Any]], image: str) -> None:
        """Write the map of an image, then that it is there, by the hash of the image; raises OSError."""
        path, file = self.file_of(id), io.BytesIO()
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.kind == "npy":
            np.save(file, values.astype(np.float32))
        else:
            save_png(file, values)
        disk.replace(path, file.getvalue())
        made = line(id, hashlib.sha256(file.getvalue()).hexdigest(), image)
        with open(
            disk.open_plain(self.path / MADE, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab", 0
        ) as file_of_all:
            file_of_all.write(made)  # at once: there may be several processes

    def tidy(self, ids: Iterable[str]) -> None:
        """Remove what runs that were ended left of files that they had not written to their end."""
        own = [self.path / PROVENANCE, self.path / MADE]
        maps = [self.file_of(id, kind) for id in ids for kind in get_args(Kind)]
        disk.remove_unfinished([*own, *maps], older=UNTOUCHED)


def folders_of(files: Iterable[Path]) -> set[str]:
    """Where files lie, and where those lie that are links."""
    files = [file for file in files if file.is_absolute()]  # others are names alone, of data without files
    real = {os.path.dirname(os.path.realpath(file)) for file in files if file.is_symlink()}
    return real | {os.path.realpath(folder) for folder in {file.parent for file in files}}


def hashes(files: Mapping[str, Path], threads: int = 1, *, follow: bool = True) -> dict[str, str]:
    """SHA-256 of the files of some images, of which several may lie in one; empty where there is none."""
    paths = list(dict.fromkeys(files.values()))
    with ThreadPoolExecutor(threads) as pool:
        known = dict(zip(paths, pool.map(lambda path: hash_of(path, follow=follow), paths), strict=True))
    return {id: known[path] for id, path in files.items()}


def hash_of(path: Path, *, follow: bool) -> str:
    """SHA-256 of a file; empty where there is none, nor a link that one may `follow`."""
    try:
        return disk.hash_of(path, follow=follow)
    except (OSError, SaliencyEvalError):
        return ""


def line(id: str, map: str, image: str) -> bytes:
    """An image as a line of the file of all, with the hashes of its map and of itself."""
    return json.dumps([id, map, image]).encode() + b"\n"


def parsed(line: bytes) -> tuple[str, list[str]] | None:
    """Image, and hashes of its map and of itself; None for a line that is torn."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    whole = isinstance(found, list) and [type(part) for part in found] == [str] * 3
    return (found[0], found[1:]) if whole else None


def number_of_maps(count: int) -> str:
    """A number of maps.

    >>> number_of_maps(1), number_of_maps(3)
    ('1 map', '3 maps')
    """
    return f"{count} map{'' if count == 1 else 's'}"


def difference(before: Any, now: Mapping[str, Any]) -> str:
    """In what two provenances differ, as the end of a sentence."""
    if not isinstance(before, Mapping):
        return "and nothing that says what made them"
    key = next(key for key in (*now, *before) if before.get(key, ...) != now.get(key, ...))
    old, new = (shown(one[key]) if key in one else "nothing" for one in (before, now))
    return f"made with {OTHERS.get(key, f'another {key}')}: {old} is not {new}"


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
