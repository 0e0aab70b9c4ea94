"""What a prediction may be: formats, limits, and the rules that one set of predictions is read by."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import Literal

from saliency_eval.errors import fail, unknown

Kind = Literal["map", "density", "log-density"]
KINDS: tuple[Kind, ...] = ("map", "density", "log-density")

SUFFIXES = {
    "png": (".png",),
    "jpeg": (".jpg", ".jpeg"),
    "npy": (".npy",),
    "npz": (".npz",),
    "mat": (".mat",),
    "h5": (".h5", ".hdf5"),
}
ACCEPTED = frozenset(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)
READ = "png, jpg, npy, npz, mat or h5"

DEFLATE = 1032  # most bytes that one deflated byte can stand for
SMALLEST_SIDE = 8  # of a map that is resized
DEPTH = 8  # of sub-folders
NAMES_SHOWN = 8
MESSAGE = 500  # characters about one file
SMALLER = "save it smaller, or raise max_bytes= of open_predictions"


@dataclass(frozen=True)
class Rules:
    """How every prediction of a set is read; raises `usage` for a kind or limit that does not exist."""

    kind: Kind = "map"
    variable: str | None = field(default=None, kw_only=True)
    resize: bool = field(default=True, kw_only=True)
    any_size: bool = field(default=False, kw_only=True)  # whatever the aspect
    max_pixels: int = field(default=50_000_000, kw_only=True)
    max_bytes: int = field(default=64 * 2**20, kw_only=True)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            unknown("kind of prediction", str(self.kind), KINDS)
        if min(self.max_pixels, self.max_bytes) < 1:
            fail("usage", f"limits must be positive, got {self.max_pixels} pixels, {self.max_bytes} bytes")


def most_files(images: int) -> int:
    """How many files a folder, or members an archive, may hold."""
    return max(2000, 4 * images)


def suffix_of(name: str) -> str:
    """The extension in lower case, with its dot.

    >>> suffix_of("maps/I01.PNG")
    '.png'
    """
    return posixpath.splitext(name)[1].lower()
