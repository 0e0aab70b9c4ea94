"""Stimuli and stored maps on disk: what is a file of the data set, and how it is read."""

from __future__ import annotations

import contextlib
import re
import unicodedata
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np
from numpy.typing import NDArray

from saliency_eval.errors import TRUTH, SaliencyEvalError, fail, shown
from saliency_eval.pool import Shape

if TYPE_CHECKING:
    from PIL import Image

JUNK = {"thumbs.db", "desktop.ini"}
IMAGES = (".jpg", ".jpeg", ".png")


def natural(name: str) -> list[tuple[int, str]]:
    """Sort key: i2 before i10.

    >>> sorted(["i10", "i2", "i1"], key=natural)
    ['i1', 'i2', 'i10']
    """
    parts = re.split(r"([0-9]+)", name)
    return [(int(part), "") if i % 2 else (-1, part) for i, part in enumerate(parts)]


def is_junk(name: str) -> bool:
    """Is it a name that operating systems and version control leave behind?

    >>> is_junk(".DS_Store"), is_junk("__MACOSX"), is_junk("i1.jpg")
    (True, True, False)
    """
    return name.startswith((".", "__")) or name.lower() in JUNK


def files_by_stem(folder: Path, suffixes: Collection[str]) -> dict[str, Path]:
    """Files of one folder by the stem of their names, NFC-normalised; junk and other suffixes are left out.

    Raises `ambiguous` (exit 4) for two files of one stem, upper and lower case being one.
    """
    found: dict[str, Path] = {}
    stems: dict[str, str] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix.lower() not in suffixes or is_junk(path.name) or not path.is_file():
            continue
        stem = unicodedata.normalize("NFC", path.stem)
        other = stems.setdefault(stem.casefold(), stem)
        if other in found:
            fail(
                "ambiguous",
                f"{shown(folder.name)}/ must hold one file for an image, "
                f"got {shown(found[other].name)} and {shown(path.name)}",
                "remove one of them",
                file=str(path),
                exit=TRUTH,
            )
        found[stem] = path
    return found


def need(root: Path, *relative: str) -> Path:
    """The first of some alternative paths below a root; raises `layout`, saying what is there instead."""
    for name in relative:
        if (root / name).exists():
            return root / name
    fail(
        "layout",
        f"{shown(root, 500)} is not the official layout: "
        f"looked for {' or '.join(relative)}, found {listing(root)}",
        "point --root to the unpacked data set",
    )


def listing(folder: Path, most: int = 8) -> str:
    """The first names in a folder, for a message."""
    present = sorted(p.name + ("/" if p.is_dir() else "") for p in folder.iterdir())
    more = f" and {len(present) - most} more" if len(present) > most else ""
    return ", ".join(shown(name) for name in present[:most]) + more or "an empty folder"


# ------------------------------------------------------------------ reading


def image_shape(path: Path) -> Shape:
    """Height and width from the header; EXIF rotation is never applied."""
    with opened(path) as image:
        return image.height, image.width


def read_image(path: Path) -> NDArray[np.uint8]:
    """The stimulus as RGB (height, width, 3); EXIF rotation is never applied."""
    with opened(path) as image:
        return np.asarray(image.convert("RGB"))


def read_map(path: Path) -> NDArray[np.float64]:
    """A stored map (height, width) from a grey JPEG or PNG or an `.npy` array.

    Raises `colour`, `shape`, `dtype`, `unreadable` with exit 4.
    """
    values = read_array(path) if path.suffix.lower() == ".npy" else read_grey(path)
    if values.ndim != 2:
        fail("shape", f"map {shown(path.name)} must be two-dimensional, got {values.shape}", exit=TRUTH)
    if values.dtype.kind not in "biuf":
        fail("dtype", f"map {shown(path.name)} must hold real numbers, got {values.dtype}", exit=TRUTH)
    return values.astype(np.float64)


def read_array(path: Path) -> NDArray[np.generic]:
    """An `.npy` array without Python objects."""
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except (OSError, ValueError, EOFError) as error:
        damaged(path, "array", error)


def read_grey(path: Path) -> NDArray[np.generic]:
    """The grey values of a picture; of equal colour channels the first."""
    with opened(path) as image:
        values = np.asarray(image.convert("RGB") if image.mode in ("P", "RGBA", "CMYK") else image)
    if values.ndim == 3 and (values != values[..., :1]).any():
        fail(
            "colour",
            f"map {shown(path.name)} must be grey, its channels differ",
            "save the raw map",
            exit=TRUTH,
        )
    return values[..., 0] if values.ndim == 3 else values


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """A JPEG or PNG; `unreadable` or `too_large` (exit 4) also for what goes wrong while it is used."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=("JPEG", "PNG")) as image:
                yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        most = f"{(Image.MAX_IMAGE_PIXELS or 0) / 1e6:.0f} million pixels"
        fail("too_large", f"stimulus {shown(path.name)} has more than {most}", "scale it down", exit=TRUTH)
    except (OSError, SyntaxError, ValueError) as error:
        damaged(path, "JPEG or PNG", error)


def damaged(path: Path, kind: str, error: Exception) -> NoReturn:
    """Raises `unreadable` (exit 4), unless the error already says what was wrong."""
    if isinstance(error, SaliencyEvalError):
        raise error
    fail(
        "unreadable",
        f"{shown(path.name)} is not a readable {kind} ({type(error).__name__})",
        "restore the file from its source",
        file=str(path),
        exit=TRUTH,
    )
