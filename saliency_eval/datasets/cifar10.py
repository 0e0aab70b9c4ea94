"""CIFAR-10: 10,000 test images of 32 x 32 px in 10 classes, without boxes (Krizhevsky 2009)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval.datasets.base import Choices
from saliency_eval.datasets.boxes import BoxDataset, Integers, Labelled
from saliency_eval.datasets.cifar_pickle import bytes_of, described
from saliency_eval.datasets.files import IMAGES, files_by_stem, is_junk, listing, need, read_file
from saliency_eval.datasets.folder_files import refuse
from saliency_eval.errors import fail, shown
from saliency_eval.pool import Shape

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
BATCHES = {"test": ("test_batch",), "train": tuple(f"data_batch_{n}" for n in range(1, 6))}
FOLDERS = ("cifar-10-batches-py", "cifar-10-batches-bin", ".")
SIDE = 32
PIXELS = 3 * SIDE * SIDE  # of an image: red, then green, then blue, row by row
MOST_BYTES = 64 * 2**20
NO_BOX = np.zeros((0, 4), np.int64)


class Batch(NamedTuple):
    """Images and labels of one file."""

    pixels: NDArray[np.uint8]  # (n, 3072)
    labels: Integers


class Cifar10(BoxDataset):
    """`test_batch` and `data_batch_1 .. 5`, Python's or (`.bin`) binary ones; or `test/<class>/0000.jpg ..`.

    An image of a batch is called by its position from `00000` on, one in a folder `<class>_<file>`. `split`: the
    test or the training images.
    """

    key = "cifar10"
    options: ClassVar[Choices] = {"split": ("test", "train")}
    class_names = CLASSES

    @property
    def expected(self) -> Mapping[str, Any]:
        split = self.card.expected["split"][self.settings["split"]]
        return {**self.card.expected, "images": split}

    def images(self) -> dict[str, Path]:
        if not self._files:
            return {id: path for id, (path, _) in self._pictures.items()}
        lengths = [len(batch.labels) for batch in self._batches]
        owners = [path for path, length in zip(self._files, lengths, strict=True) for _ in range(length)]
        return {f"{number:05d}": path for number, path in enumerate(owners)}

    def labelled(self, id: str) -> Labelled:
        if not self._files:
            return Labelled(NO_BOX, self._pictures[id][1])
        batch, number = self._place(id)
        return Labelled(NO_BOX, int(batch.labels[number]))

    def size_of(self, id: str) -> Shape:
        return (SIDE, SIDE) if self._files else super().size_of(id)

    def picture_of(self, id: str) -> NDArray[np.uint8]:
        if not self._files:
            return super().picture_of(id)
        batch, number = self._place(id)
        return np.ascontiguousarray(batch.pixels[number].reshape(3, SIDE, SIDE).transpose(1, 2, 0))

    def extra_fields(self, id: str) -> dict[str, Any]:
        return {"path": None} if self._files else {}

    def _place(self, id: str) -> tuple[Batch, int]:
        """The batch of an image, and its number there."""
        number = int(id)
        for batch in self._batches:
            if number < len(batch.labels):
                break
            number -= len(batch.labels)
        return batch, number

    @functools.cached_property
    def _files(self) -> tuple[Path, ...]:
        """The batches of the split; none where there are folders of images."""
        names = BATCHES[self.settings["split"]]
        for folder in (self.root / name for name in FOLDERS):
            for suffix in ("", ".bin"):
                found = tuple(folder / f"{name}{suffix}" for name in names)
                if found[0].is_file():
                    return found
        return ()

    @functools.cached_property
    def _batches(self) -> list[Batch]:
        return [read_binary(path) if path.suffix else read_pickle(path) for path in self._files]

    @functools.cached_property
    def _pictures(self) -> dict[str, tuple[Path, int]]:
        """Images in folders: where each is, and the number of its class."""
        split = self.settings["split"]
        folder = need(self.root, split, f"{FOLDERS[0]}/{BATCHES[split][0]}")
        if not folder.is_dir():
            text = f"{shown(folder.name)} must be a folder of classes, or a file with a batch, got neither"
            fail("layout", text, "unpack the official archive again")
        found = {}
        for one in sorted(path for path in folder.iterdir() if path.is_dir() and not is_junk(path.name)):
            if one.name not in CLASSES:
                text = f"{split}/ must hold the folders {', '.join(CLASSES)}, got {listing(folder)}"
                fail("layout", text, f"rename or remove {shown(one.name)}")
            number = CLASSES.index(one.name)
            images = files_by_stem(one, IMAGES).items()
            found.update({f"{one.name}_{stem}": (path, number) for stem, path in images})
        return found


def read_binary(path: Path) -> Batch:
    """A batch of records of 3,073 bytes, the label first; raises `unreadable` (exit 4)."""
    data = read_file(path, MOST_BYTES)
    if len(data) % (PIXELS + 1) or not data:
        refuse(
            path, f"must be records of {PIXELS + 1} bytes, got {len(data)} bytes", "unpack the archive again"
        )
    records = np.frombuffer(data, np.uint8).reshape(-1, PIXELS + 1)
    return checked(path, records[:, 1:], records[:, 0])


def read_pickle(path: Path) -> Batch:
    """A batch that Python wrote; nothing in it is run. Raises `unreadable` (exit 4)."""
    data = read_file(path, MOST_BYTES)
    try:
        batch = described(data)
        shape, pixels = bytes_of(batch["data"])
        labels = batch["labels"]
        if (
            {*map(type, labels)} != {int}
            or shape != (len(labels), PIXELS)
            or len(pixels) != len(labels) * PIXELS
        ):
            raise ValueError("labels and data differ in number")
    except (ValueError, LookupError, TypeError, AttributeError, StopIteration, RecursionError) as error:
        refuse(path, f"is not a batch of CIFAR-10 ({shown(error, 120)}), and nothing in it was run",
               "unpack the official archive again")  # fmt: skip
    return checked(path, np.frombuffer(pixels, np.uint8).reshape(shape), np.array(labels))


def checked(path: Path, pixels: NDArray[np.uint8], labels: NDArray[Any]) -> Batch:
    """The batch; raises `unreadable` (exit 4) for a label beyond the classes."""
    wrong = (labels < 0) | (labels >= len(CLASSES))
    if wrong.any():
        number = int(np.argmax(wrong))
        refuse(path, f"image {number}: a label must be from 0 to {len(CLASSES) - 1}, got {labels[number]}")
    return Batch(pixels, labels.astype(np.int64))
