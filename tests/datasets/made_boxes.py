"""Small copies of official layouts of images with boxes, and what their readers must refuse."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from saliency_eval.errors import SaliencyEvalError

WNIDS = ("n02124075", "n04067472", "n01443537")  # not sorted: the file says the order
TINY = (  # file, class, x0, y0, x1, y1: the last pixel inside
    ("val_0.JPEG", "n04067472", 0, 32, 44, 62),
    ("val_1.JPEG", "n02124075", 52, 55, 52, 59),  # one pixel wide
    ("val_2.JPEG", "n01443537", 0, 0, 63, 63),
    ("val_10.JPEG", "n04067472", 63, 63, 63, 63),
)
ILSVRC: Mapping[
    str, tuple[tuple[int, int], int, list[list[int]]]
] = {  # width and height, class, x0, y0, x1, y1
    "ILSVRC2012_val_00000001": ((50, 37), 65, [[11, 10, 44, 19]]),
    "ILSVRC2012_val_00000002": ((50, 33), 970, [[4, 4, 49, 16], [0, 6, 43, 32], [4, 4, 49, 16]]),
    "ILSVRC2012_val_00000010": ((20, 30), 0, [[0, 0, 19, 29]]),
}
LISTS = ("image_ids", "class_labels", "image_sizes", "localization")


@contextmanager
def refused(code: str, *words: str) -> Iterator[None]:
    """Raises this code with exit status 4 and a message that holds the words."""
    with pytest.raises(SaliencyEvalError) as info:
        yield
    assert (info.value.code, info.value.exit_code) == (code, 4), str(info.value)
    assert all(word in str(info.value) for word in words), str(info.value)


def picture(path: Path, width: int, height: int, mode: str = "RGB") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, (width, height), "grey" if mode != "CMYK" else (9, 9, 9, 9)).save(path, "JPEG")


def write_tiny(root: Path, rows: Any = TINY, absent: int = 0) -> Path:
    """`tiny-imagenet-200/` with an image for each row but the last ones."""
    folder = root / "tiny-imagenet-200"
    for number, (name, *_) in enumerate(rows[: len(rows) - absent]):
        picture(folder / "val/images" / name, 64, 64, "RGB" if number else "L")
    lines = ["\t".join(map(str, row)) for row in rows]
    (folder / "val/val_annotations.txt").write_text("\n".join(lines) + "\n")
    (folder / "wnids.txt").write_text("\n".join(WNIDS) + "\n")
    (folder / "words.txt").write_text("n02124075\tEgyptian cat\nn00001740\tentity\nn04067472\treel")
    return folder


def write_lists(root: Path, **texts: str) -> Path:
    """The four lists of the WSOL evaluation, some with another text."""
    folder = root / "metadata/ILSVRC/test"
    folder.mkdir(parents=True)
    given = lists() | texts
    for name, text in given.items():
        (folder / f"{name}.txt").write_text(text)
    return root


def lists() -> dict[str, str]:
    """The texts of the four lists, the last line of the boxes without end."""
    ids = {id: f"val/{id}.JPEG" for id in ILSVRC}
    boxes = [(id, *box) for id, (_, _, all) in ILSVRC.items() for box in all]
    return {
        "image_ids": "".join(f"{name}\n" for name in ids.values()),
        "class_labels": "".join(f"{ids[id]},{label}\n" for id, (_, label, _) in ILSVRC.items()),
        "image_sizes": "".join(f"{ids[id]},{w},{h}\n" for id, ((w, h), _, _) in ILSVRC.items()),
        "localization": "\n".join(f"{ids[id]},{','.join(map(str, box))}" for id, *box in boxes),
    }


def xml(id: str, wnid: str, size: tuple[int, int], boxes: list[list[int]]) -> str:
    """The official XML of one image."""
    objects = "".join(
        f"\t<object>\n\t\t<name>{wnid}</name>\n\t\t<pose>Unspecified</pose>\n\t\t<bndbox>\n"
        + "".join(
            f"\t\t\t<{n}>{v}</{n}>\n" for n, v in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
        )
        + "\t\t</bndbox>\n\t</object>\n"
        for box in boxes
    )
    return (
        f"<annotation>\n\t<folder>val</folder>\n\t<filename>{id}</filename>\n\t<size>\n\t\t<width>{size[0]}</width>\n"
        f"\t\t<height>{size[1]}</height>\n\t\t<depth>3</depth>\n\t</size>\n{objects}</annotation>\n"
    )


def write_xml(root: Path, class_names: tuple[str, ...], folder: str = "Annotations/CLS-LOC/val") -> Path:
    """The official XML files."""
    (root / folder).mkdir(parents=True)
    for id, (size, label, boxes) in ILSVRC.items():
        (root / folder / f"{id}.xml").write_text(xml(id, class_names[label], size, boxes))
    return root


def batch(count: int, seed: int = 0) -> tuple[NDArray[np.uint8], list[int]]:
    """Pixels (count, 3072) and labels of a batch."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, 3072), dtype=np.uint8), [int(n) for n in rng.integers(0, 10, count)]


def binary(pixels: NDArray[np.uint8], labels: list[int]) -> bytes:
    """A batch as the binary version has it."""
    return np.column_stack([np.array(labels, np.uint8), pixels]).tobytes()


def python2(pixels: NDArray[np.uint8], labels: list[int]) -> bytes:
    """A batch as Python 2 pickled it, protocol 2."""
    count, width = pixels.shape
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\nq\x06cnumpy\nndarray\nq\x07K\x00\x85U\x01b\x87Rq\x08(K\x01"
        + number(count) + number(width) + b"\x86"
        + b"cnumpy\ndtype\nq\x09U\x02u1K\x00K\x01\x87Rq\x0a(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        + b"T" + struct.pack("<I", pixels.size) + pixels.tobytes() + b"tb"
    )  # fmt: skip
    numbers = b"".join(map(number, labels))
    names = b"".join(text(f"cat_s_{n:06d}.png") + b"r" + struct.pack("<I", 300 + n) for n in range(count))
    return (
        b"\x80\x02}q\x01(" + text("batch_label") + b"q\x02" + text("testing batch 1 of 1")
        + text("labels") + b"]q\x04(" + numbers + b"e" + text("data") + b"q\x05" + array
        + text("filenames") + b"]q\x0b(" + names + b"eu."
    )  # fmt: skip


def number(value: int) -> bytes:
    """A whole number as pickles write it."""
    if 0 <= value < 256:
        return b"K" + bytes([value])
    return b"M" + struct.pack("<H", value) if 0 <= value < 2**16 else b"J" + struct.pack("<i", value)


def text(value: str) -> bytes:
    """A short text as Python 2 pickled it."""
    return b"U" + bytes([len(value)]) + value.encode("latin-1")
