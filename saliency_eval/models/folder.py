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
LONGEST = 2**30  # bytes of it
MINUTE = 60.0  # s: what is older is not being written
OTHERS = {name: f"other {name}" for name in ("versions", "weights", "constants", "options")} | {
    "files": "other --files"
}


@dataclass(frozen=True)
class MapFolder:
    """Maps by image, as float32 `.npy`, or as `.png` of 8 bits; a file appears whole or not at all."""

    path: Path
    kind: Kind = "npy"

    def file_of(self, id: str, kind: str = "") -> Path:
        """Where the map of an image lies."""
        return self.path / f"{id}.{kind or self.kind}"

    def refuse_others(self, made_by: Mapping[str, Any], ids: Iterable[str]) -> None:
        """Raise `usage` when maps of another provenance are there."""
        before, there = provenance(self.path), self.there(ids)
        if there and before != made_by:
            count, why = number_of_maps(len(there)), difference(before, made_by)
            text = f"{shown(self.path, 200)} holds {count} of these images, {why}"
            remedy = "choose another --out, or write over them with --no-resume"
            fail("usage", text, f"{remedy}{drawn_anew(before, made_by)}")

    def begin(self, made_by: Mapping[str, Any], ids: Iterable[str], again: Collection[str] = ()) -> int:
        """Say what makes the maps from now on; how many images lost theirs and are not to get one `again`.

        Those of another provenance are removed, and of this one those that are to be made again. Raises OSError.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        there, same = self.there(ids), provenance(self.path) == made_by
        doomed = [(id, kind) for id, kind in there if id in again or not same]
        if not same:
            for name in (PROVENANCE, MADE):  # first: what is half removed must not be continued
                (self.path / name).unlink(missing_ok=True)
        for id, kind in doomed:
            self.file_of(id, kind).unlink()
        disk.replace(self.path / PROVENANCE, (json.dumps(made_by, indent=1) + "\n").encode())
        return len({id for id, _ in doomed} - set(again))

    def kept(self, images: Mapping[str, str], threads: int = 1) -> set[str]:
        """The images, given by their hashes, whose maps are what was written of them, by the content of both.

        What is known of others of them is forgotten.
        """
        made = self._made()
        known = {id: made[id] for id in images if id in made}
        now = hashes({id: self.file_of(id) for id in known}, threads)
        kept = {id for id in known if known[id] == [now[id], images[id]]}
        lines = [line(id, *made[id]) for id in made if id in kept or id not in images]
        disk.replace(self.path / MADE, b"".join(lines))
        return kept

    def _made(self) -> dict[str, list[str]]:
        """Hashes of each map and of its image; the last line of each that can be read."""
        try:
            lines = disk.read(self.path / MADE, LONGEST).splitlines()
        except (OSError, SaliencyEvalError):
            return {}
        return dict(filter(None, map(parsed, lines)))

    def there(self, ids: Iterable[str]) -> list[tuple[str, str]]:
        """The files under the names of maps, of either kind: image and kind."""
        return [(id, kind) for id in ids for kind in get_args(Kind) if self.file_of(id, kind).exists()]

    def spare(self, root: Path, images: Mapping[str, Path]) -> None:
        """Raise `usage` where the images of a data set lie, and for files of it that nothing says are maps."""
        inside = self.path.resolve().is_relative_to(root.resolve())
        if inside and self.path.resolve() in {
            folder.resolve() for folder in {path.parent for path in images.values()}
        }:
            text = f"maps must lie in a folder of their own, {shown(self.path, 200)} holds images"
            fail("usage", text, "choose another --out")
        if inside and provenance(self.path) is None and (there := self.there(images)):
            text = f"maps must not take the place of files of the data set, of which {shown(self.path, 200)} holds"
            fail("usage", f"{text} {len(there)} under their names", "choose another --out")

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
        """Remove what runs that were ended left of maps that they had not written to their end."""
        disk.remove_unfinished([self.file_of(id) for id in ids], older=MINUTE)


def hashes(files: Mapping[str, Path], threads: int = 1) -> dict[str, str]:
    """SHA-256 of the files of some images, of which several may lie in one; empty where there is none."""
    paths = list(dict.fromkeys(files.values()))
    with ThreadPoolExecutor(threads) as pool:
        known = dict(zip(paths, pool.map(hash_of, paths), strict=True))
    return {id: known[path] for id, path in files.items()}


def hash_of(path: Path) -> str:
    """SHA-256 of a file; empty where there is none."""
    try:
        return disk.hash_of(path)
    except (OSError, SaliencyEvalError):
        return ""


def line(id: str, *hashes: str) -> bytes:
    """An image as a line of the file of all."""
    return json.dumps([id, *hashes]).encode() + b"\n"


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
    key = next((key for key in (*now, *before) if before.get(key) != now.get(key)), "")
    name = OTHERS.get(key, f"another {key}")
    return f"made with {name}: {shown(before.get(key))} is not {shown(now.get(key))}"


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
