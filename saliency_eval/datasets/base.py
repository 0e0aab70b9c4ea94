"""What every data set is: stimuli by id, read lazily from the official layout, and a card."""

from __future__ import annotations

import functools
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval.core import Lazy, Stimulus, convert, show
from saliency_eval.datasets.card import Card
from saliency_eval.errors import Problem, fail, nearest, shown, unknown
from saliency_eval.pool import Points, Pool, Shape

JUNK = {".ds_store", "thumbs.db", "desktop.ini", "__macosx"}


class Gaze(NamedTuple):
    """Fixations of one image after the pixel rule, and what was left out."""

    points: Points  # (n, 2) row, column; inside the image
    observers: NDArray[np.int64]  # (n,) position of the observer in the data set's own order
    dropped: int = 0  # outside the image or not finite
    raw: NDArray[np.float64] | None = None  # (m, 2) x, y as the expected totals count them


class Dataset(Mapping[str, Stimulus], ABC):
    """Stimuli by id in the natural order of their names.

    An adapter names its options (with the accepted values, default first), lists the images of a root
    and reads the gaze of one image; everything else is here.
    """

    key: ClassVar[str]
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def __init__(self, root: str | Path, **options: str) -> None:
        self.root = Path(root).expanduser()
        self.card = Card.of(self.key)
        for name, value in options.items():
            if name not in self.options:
                unknown(f"option of data set {self.key}", name, self.options)
            if str(value) not in self.options[name]:
                fail(
                    "usage",
                    f"{self.key}({name}=...) cannot be '{shown(value)}'",
                    nearest(str(value), self.options[name]),
                )
        self.settings = {n: str(options.get(n, values[0])) for n, values in self.options.items()}
        if not self.root.is_dir():
            fail(
                "not_available",
                f"no folder {shown(self.root)} for data set {self.key}",
                f"saliency-eval data info {self.key} says what to download and where to put it",
                exit=4,
            )

    # -------------------------------------------------------------- what an adapter gives

    @abstractmethod
    def images(self) -> dict[str, Path]:
        """Stimulus files by id; raises `layout` when the root is not the official layout."""

    @abstractmethod
    def gaze(self, id: str) -> Gaze:
        """Fixations of one image under the chosen pixel rule."""

    def extra_fields(self, id: str) -> dict[str, Any]:
        """Further fields of a stimulus, such as `stored_density` (a callable that gives the map)."""
        return {}

    # -------------------------------------------------------------- what every data set has

    @functools.cached_property
    def paths(self) -> dict[str, Path]:
        """Stimulus files by id, naturally sorted."""
        found = self.images()
        return {id: found[id] for id in sorted(found, key=natural)}

    @functools.cached_property
    def pool(self) -> Pool:
        """The fixations of all images."""
        return Pool.of((id, stimulus["shape"], stimulus["fixations"]) for id, stimulus in self.items())

    @property
    def version(self) -> str:
        """The edition: official data of another edition is another data set."""
        return self.card.version

    @property
    def tag(self) -> str:
        """The data set in a signature: id, edition, options other than the default, hash of the truth."""
        changed = [f"{k}={show(v)}" for k, v in self.settings.items() if v != self.options[k][0]]
        options = f"({','.join(changed)})" if changed else ""
        return f"{self.key}@{self.version}{options}#{self.pool.sha256[:8]}"

    @property
    def defaults(self) -> dict[str, Any]:
        """Metric options that the data set decides, such as the blur."""
        return {"density.sigma": self.card.sigma} if self.card.sigma else {}

    def __getitem__(self, id: str) -> Stimulus:
        if id not in self.paths:
            unknown(f"image of {self.key}", id, list(self.paths)[:1000])
        path = self.paths[id]
        gaze = Lazy(functools.cache(lambda: self.gaze(id)))
        return Stimulus(
            id,
            path=path,
            shape=Lazy(lambda: image_shape(path)),
            image=Lazy(lambda: read_image(path)),
            fixations=Lazy(lambda: gaze.load().points),
            observers=Lazy(lambda: gaze.load().observers),
            dropped=Lazy(lambda: gaze.load().dropped),
            pool=Lazy(lambda: self.pool),
            **self.extra_fields(id),
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)

    def __getstate__(self) -> dict[str, Any]:
        return {
            k: v for k, v in self.__dict__.items() if k != "pool"
        }  # workers get it once, not in each task

    def problems(self) -> list[Problem]:
        """Findings about the ground truth: dropped points, images without a fixation."""
        found = []
        for id, stimulus in self.items():
            if stimulus["dropped"]:
                found.append(
                    Problem(
                        "dropped_fixations",
                        f"image {shown(id)}: {stimulus['dropped']} fixations lie outside and were dropped",
                        image=id,
                        count=stimulus["dropped"],
                    )
                )
            if not len(stimulus["fixations"]):
                found.append(Problem("empty_fixations", f"image {shown(id)} has no fixation", image=id))
        return found


# ------------------------------------------------------------------ files


def natural(name: str) -> list[tuple[int, str]]:
    """Sort key: i2 before i10.

    >>> sorted(["i10", "i2", "i1"], key=natural)
    ['i1', 'i2', 'i10']
    """
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", name)]


def is_junk(path: Path) -> bool:
    """Files that operating systems and version control leave behind."""
    return any(p.lower() in JUNK or p.startswith((".", "__")) for p in path.parts)


def image_files(folder: Path, suffixes: tuple[str, ...] = (".jpg", ".jpeg", ".png")) -> dict[str, Path]:
    """Image files of one folder by stem, junk left out."""
    if not folder.is_dir():
        return {}
    return {
        p.stem: p
        for p in sorted(folder.iterdir())
        if p.suffix.lower() in suffixes and not is_junk(Path(p.name)) and p.is_file()
    }


def need(root: Path, *relative: str) -> Path:
    """The first of some alternative paths below a root that exists; else a `layout` error that says what is there."""
    for name in relative:
        if (root / name).exists():
            return root / name
    present = sorted(p.name + ("/" if p.is_dir() else "") for p in root.iterdir())
    listing = ", ".join(shown(p) for p in present[:8]) + (
        f" and {len(present) - 8} more" if len(present) > 8 else ""
    )
    fail(
        "layout",
        f"{shown(root)} is not the official layout: looked for {' or '.join(relative)}, "
        f"found {listing or 'an empty folder'}",
        "point --root to the unpacked data set",
        exit=4,
    )


def image_shape(path: Path) -> Shape:
    """Height and width from the header; EXIF rotation is never applied."""
    with _open(path) as image:
        return image.height, image.width


def read_image(path: Path) -> NDArray[np.uint8]:
    """The stimulus as RGB (height, width, 3); EXIF rotation is never applied."""
    with _open(path) as image:
        return np.asarray(image.convert("RGB"))


def _open(path: Path) -> Any:
    from PIL import Image

    try:
        return Image.open(path, formats=("JPEG", "PNG"))
    except (OSError, SyntaxError, ValueError) as error:
        fail(
            "unreadable",
            f"stimulus {shown(path)} is not a readable JPEG or PNG ({type(error).__name__})",
            "restore the file from the data set's source",
            exit=4,
        )


__all__ = ["Dataset", "Gaze", "Lazy", "convert"]
