"""A folder of the maps of a model: how they are stored, and the file that says what made them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from saliency_eval import disk
from saliency_eval.errors import fail, shown
from saliency_eval.predictions.stated import PROVENANCE, provenance

Kind = Literal["npy", "png"]


@dataclass(frozen=True)
class MapFolder:
    """Maps by image, as float32 `.npy`, or as `.png` of 8 bits; a file appears whole or not at all."""

    path: Path
    kind: Kind = "npy"

    def file_of(self, id: str, kind: str = "") -> Path:
        """Where the map of an image lies."""
        return self.path / f"{id}.{kind or self.kind}"

    def begin(self, made_by: Mapping[str, Any], ids: Iterable[str], *, resume: bool = True) -> set[str]:
        """The images whose maps of this provenance are there already; without `resume` they are removed.

        Raises `usage` when maps of another provenance are there, and OSError.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        there = self.there(ids)
        before = provenance(self.path)
        if resume and before == made_by:
            return {id for id, kind in there if kind == self.kind}
        if resume and there:
            text = f"{shown(self.path, 200)} holds {len(there)} maps of these images, {difference(before, made_by)}"
            remedy = "choose another --out, or write over them with --no-resume"
            fail("usage", text, f"{remedy}{drawn_anew(before, made_by)}")
        (self.path / PROVENANCE).unlink(missing_ok=True)  # first: what is half removed must not be continued
        for id, kind in there:
            self.file_of(id, kind).unlink()
        disk.replace(self.path / PROVENANCE, (json.dumps(made_by, indent=1) + "\n").encode())
        return set()

    def there(self, ids: Iterable[str]) -> list[tuple[str, str]]:
        """The files under the names of maps, of either kind: image and kind."""
        return [(id, kind) for id in ids for kind in get_args(Kind) if self.file_of(id, kind).exists()]

    def spare(self, root: Path, ids: Iterable[str]) -> None:
        """Raise `usage` for files in the folder of a data set that nothing says are maps: its own images, say."""
        inside = self.path.resolve().is_relative_to(root.resolve())
        if inside and provenance(self.path) is None and (there := self.there(ids)):
            text = f"maps must not take the place of files of the data set, of which {shown(self.path, 200)} holds"
            fail("usage", f"{text} {len(there)} under their names", "choose another --out")

    def is_older(self, id: str, image: Path) -> bool:
        """Was an image written after its map?"""
        return image.exists() and image.stat().st_mtime_ns > self.file_of(id).stat().st_mtime_ns

    def put(self, id: str, values: NDArray[np.floating[Any]]) -> None:
        """Write the map of an image; raises OSError."""
        path, file = self.file_of(id), io.BytesIO()
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.kind == "npy":
            np.save(file, values.astype(np.float32))
        else:
            save_png(file, values)
        disk.replace(path, file.getvalue())


def difference(before: Any, now: Mapping[str, Any]) -> str:
    """In what two provenances differ, as the end of a sentence."""
    if not isinstance(before, Mapping):
        return "and nothing that says what made them"
    key = next((key for key in (*now, *before) if before.get(key) != now.get(key)), "")
    return f"made with another {key}: {shown(before.get(key))} is not {shown(now.get(key))}"


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
