"""Stimuli and stored maps on disk: what is a file of the data set, and how it is read."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import unicodedata
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np
from numpy.typing import NDArray

from saliency_eval.disk import read
from saliency_eval.errors import TRUTH, USAGE, Problem, SaliencyEvalError, fail, shown
from saliency_eval.pool import Shape

if TYPE_CHECKING:
    from PIL import Image

JUNK = {"thumbs.db", "desktop.ini"}
IMAGES = (".jpg", ".jpeg", ".png")
OTHER_IMAGES = {".avif", ".bmp", ".gif", ".heic", ".jp2", ".tif", ".tiff", ".webp"}
MOST_DIGITS = 4000  # of a number that Python reads


def path_of(value: object, what: str) -> Path:
    """A path with `~` replaced; raises `usage` (exit 2) for anything that is no path."""
    if not isinstance(value, str | os.PathLike) or isinstance(os.fspath(value), bytes):
        text = f"{what} must be a text or a path, got {type(value).__name__}"
        fail("usage", text, "for example load_dataset('osie', 'data/OSIE')", exit=USAGE)
    return Path(os.path.expanduser(value))


def no_folder(path: Path) -> str:
    """Why there is no folder at a path, as the end of a sentence."""
    try:
        os.stat(path)
    except OSError as error:
        if error.errno == errno.ELOOP:
            return f"{shown(path, 500)} is a link that leads back to itself"
        return f"there is none at {shown(path, 500)}"
    except ValueError:  # a name that no system allows
        return f"there is none at {shown(path, 500)}"
    return f"{shown(path, 500)} is a file"


def natural(name: str) -> list[tuple[int, str]]:
    """Sort key: i2 before i10.

    >>> sorted(["i10", "i2", "i1"], key=natural)
    ['i1', 'i2', 'i10']
    """
    parts = re.split(r"([0-9]+)", name)
    return [(int(part[:MOST_DIGITS]), "") if i % 2 else (-1, part) for i, part in enumerate(parts)]


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


def passed_over(folder: Path) -> list[Problem]:
    """Warnings of pictures of other kinds, and of names of pictures behind which is no file."""
    known = {*IMAGES, *OTHER_IMAGES}
    present = folder.iterdir() if folder.is_dir() else ()
    files = [path for path in present if path.suffix.lower() in known and not is_junk(path.name)]
    lost = [path for path in files if not path.is_file()]
    other = [path for path in files if path.is_file() and path.suffix.lower() in OTHER_IMAGES]
    told = (
        (other, f"a picture, but none of {' '.join(IMAGES)}", "convert"),
        (lost, "no file, or a link that leads nowhere", "restore"),
    )
    return [warning_of(folder, paths, what, remedy) for paths, what, remedy in told if paths]


def warning_of(folder: Path, paths: Collection[Path], what: str, remedy: str) -> Problem:
    """A warning of files that are passed over, the first of them by name."""
    more = len(paths) - 1
    text = f"{shown(folder.name)}/{shown(min(paths).name)} is {what}, and is passed over"
    others = f", as {'is' if more == 1 else 'are'} {more} more" if more else ""
    return Problem("passed_over", text + others, f"{remedy} {'them' if more else 'it'}", count=len(paths))


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
    """The stimulus as RGB (height, width, 3), 16 bits cut to 8; EXIF rotation is never applied."""
    with opened(path) as image:
        if image.mode.startswith("I"):  # grey of 16 bits: the library would clip it
            return np.repeat((np.asarray(image) >> 8).astype(np.uint8)[..., None], 3, axis=2)
        return np.asarray(image.convert("RGB"))


def read_file(path: Path, most: int) -> bytes:
    """All bytes of a plain file; `not_a_file`, `too_large`, `changed`, `unreadable` (exit 4)."""
    try:
        return read(path, most)
    except SaliencyEvalError as error:
        [problem] = error.problems
        fail(
            problem.code, f"{shown(path.name)} {problem.message}", problem.remedy, file=path.name, exit=TRUTH
        )
    except OSError as error:
        why = "a link that leads nowhere" if path.is_symlink() and not path.exists() else error.strerror
        fail("unreadable", f"{shown(path.name)}: cannot be read: {why}", "restore the file",
             file=path.name, exit=TRUTH)  # fmt: skip


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """A JPEG or PNG; `unreadable` or `too_large` (exit 4) also for what goes wrong while it is used."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.simplefilter("ignore", UserWarning)  # about EXIF and animation, which are not used
            if path.exists() and not path.is_file():  # a pipe would be waited for
                fail("not_a_file", f"{shown(path.name)} must be a picture, got a folder, pipe or device",
                     "restore the file from its source", file=str(path), exit=TRUTH)  # fmt: skip
            with Image.open(path, formats=("JPEG", "PNG")) as image:
                yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        most = f"{(Image.MAX_IMAGE_PIXELS or 0) / 1e6:.0f} million pixels"
        fail("too_large", f"stimulus {shown(path.name)} has more than {most}", "scale it down", exit=TRUTH)
    except Exception as error:  # the decoders raise anything
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
