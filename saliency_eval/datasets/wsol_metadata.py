"""The lists of images, labels, sizes and boxes of a split as the WSOL evaluation publishes them (Choe et al. 2020)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple, NoReturn

from saliency_eval.datasets.box_files import (
    INCLUSIVE,
    by_image,
    checked_boxes,
    once,
    read_columns,
    whole_numbers,
)
from saliency_eval.datasets.folder_files import refuse
from saliency_eval.datasets.gaze import Integers
from saliency_eval.errors import TRUTH, fail, shown
from saliency_eval.pool import Shape

IDS, LABELS, SIZES, BOXES = "image_ids.txt", "class_labels.txt", "image_sizes.txt", "localization.txt"


class Metadata(NamedTuple):
    """What the lists say of each image."""

    shapes: dict[str, Shape]
    labels: dict[str, int]
    boxes: dict[str, Integers]


def read_metadata(folder: Path, classes: int) -> Metadata:
    """The four lists of a folder; boxes there are x0, y0, x1, y1, 0-based, the last pixel inside.

    Raises `unreadable`, `ambiguous`, `missing` (exit 4), with file and line where there is one.
    """
    [ids] = read_columns(folder / IDS, ("image",), ",")
    once(folder / IDS, ids)
    shapes = read_sizes(folder / SIZES, ids)
    labels = read_labels(folder / LABELS, ids, classes)
    boxes = read_lists_of_boxes(folder / BOXES, shapes)
    names = [stem(id) for id in ids]
    once(folder / IDS, names)
    return Metadata(
        dict(zip(names, (shapes[id] for id in ids), strict=True)),
        dict(zip(names, (labels[id] for id in ids), strict=True)),
        dict(zip(names, (boxes[id] for id in ids), strict=True)),
    )


def read_sizes(path: Path, ids: Collection[str]) -> dict[str, Shape]:
    """Height and width of each image."""
    names, width, height = read_columns(path, ("image", "width", "height"), ",")
    same_images(path, names, ids)
    sizes = whole_numbers(path, height, width)
    for line, (name, (h, w)) in enumerate(zip(names, sizes.tolist(), strict=True), 1):
        if min(h, w) < 1:
            refuse(path, f"line {line}: {shown(name)} must have at least 1x1 pixels, got {w}x{h}")
    return {name: (h, w) for name, (h, w) in zip(names, sizes.tolist(), strict=True)}


def read_labels(path: Path, ids: Collection[str], classes: int) -> dict[str, int]:
    """The number of the class of each image."""
    names, texts = read_columns(path, ("image", "label"), ",")
    same_images(path, names, ids)
    labels = whole_numbers(path, texts)[:, 0].tolist()
    for line, label in enumerate(labels, 1):
        if not 0 <= label < classes:
            refuse(path, f"line {line}: a label must be from 0 to {classes - 1}, got {label}")
    return dict(zip(names, labels, strict=True))


def read_lists_of_boxes(path: Path, shapes: dict[str, Shape]) -> dict[str, Integers]:
    """The boxes of each image, one in a line."""
    names, left, top, right, bottom = read_columns(path, ("image", "x0", "y0", "x1", "y1"), ",")
    for line, name in enumerate(names, 1):
        if name not in shapes:
            absent(f"{path.name} line {line}: {IDS} does not list {shown(name)}")
    sides = whole_numbers(path, top, left, bottom, right).astype(float)
    lines, sizes = range(1, len(names) + 1), [shapes[name] for name in names]
    return by_image(shapes, names, checked_boxes(path, lines, sides, sizes, INCLUSIVE))


def same_images(path: Path, names: Iterable[str], ids: Collection[str]) -> None:
    """Raises `ambiguous` for an image twice, `missing` for one that is not in both lists (exit 4)."""
    names = tuple(names)
    once(path, names)
    if lost := set(ids) - set(names):
        absent(
            f"{path.name} must list every image of {IDS}, {len(lost)} are absent, such as {shown(min(lost))}"
        )
    if more := set(names) - set(ids):
        absent(f"{path.name} lists {len(more)} images that are not in {IDS}, such as {shown(min(more))}")


def stem(id: str) -> str:
    """The name of an image without folder and extension.

    >>> stem("val/ILSVRC2012_val_00000001.JPEG")
    'ILSVRC2012_val_00000001'
    """
    return id.rpartition("/")[2].rpartition(".")[0]


def absent(text: str) -> NoReturn:
    """Raises `missing` (exit 4)."""
    fail("missing", text, "restore the four lists of one release", exit=TRUTH)
