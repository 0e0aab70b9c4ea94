"""CIFAR-10 in its three layouts, and batches that are damaged or mean harm."""

from __future__ import annotations

import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_boxes import batch, binary, number, picture, python2, refused, text
from numpy.testing import assert_array_equal

from saliency_eval.datasets import load_dataset
from saliency_eval.datasets.cifar10 import CLASSES
from saliency_eval.datasets.cifar_pickle import described
from saliency_eval.datasets.verify import check_dataset

COUNT = 7
PIXELS, LABELS = batch(COUNT)


def write(root: Path, name: str, data: bytes) -> Path:
    folder = root / ("cifar-10-batches-bin" if name.endswith(".bin") else "cifar-10-batches-py")
    folder.mkdir(exist_ok=True, parents=True)
    (folder / name).write_bytes(data)
    return root


@pytest.mark.parametrize(("name", "data"), [("test_batch", python2), ("test_batch.bin", binary)])
def test_batches(tmp_path: Path, name: str, data: Any) -> None:
    found = load_dataset("cifar10", write(tmp_path, name, data(PIXELS, LABELS)))
    assert list(found) == [f"{n:05d}" for n in range(COUNT)]
    for position, stimulus in enumerate(found.values()):
        assert (stimulus["label"], stimulus["label_name"]) == (LABELS[position], CLASSES[LABELS[position]])
        assert (stimulus["shape"], stimulus["boxes"].shape, stimulus["path"]) == ((32, 32), (0, 4), None)
        red, green, blue = (
            PIXELS[position, start : start + 1024].reshape(32, 32) for start in (0, 1024, 2048)
        )
        assert_array_equal(stimulus["image"], np.dstack([red, green, blue]))
    assert found.lacks(frozenset({"boxes", "label"})) == "boxes, and the data set has none"
    assert all(map(found.counts, found))


def test_both_kinds_of_batches_are_one_data_set(tmp_path: Path) -> None:
    one = load_dataset("cifar10", write(tmp_path / "a", "test_batch", python2(PIXELS, LABELS)))
    other = load_dataset("cifar10", write(tmp_path / "b", "test_batch.bin", binary(PIXELS, LABELS)))
    assert one.tag == other.tag


def test_training_images_run_through_five_batches(tmp_path: Path) -> None:
    parts = [batch(3, seed) for seed in range(5)]
    for place, (pixels, labels) in enumerate(parts, 1):
        write(tmp_path, f"data_batch_{place}.bin", binary(pixels, labels))
    found = load_dataset("cifar10(split=train)", tmp_path)
    assert [found[id]["label"] for id in found] == [label for _, labels in parts for label in labels]
    assert_array_equal(found["00013"]["image"][..., 2].ravel(), parts[4][0][1, 2048:])
    assert "images must be 50000, got 15" in str(check_dataset(found).problems[0])
    assert "(split=train)" in found.tag


def test_a_copy_in_another_process_takes_no_pixels_along(tmp_path: Path) -> None:
    found = load_dataset("cifar10", write(tmp_path, "test_batch.bin", binary(PIXELS, LABELS)))
    assert found.sha256
    packed = pickle.dumps(found)
    assert len(packed) < 5_000
    assert_array_equal(pickle.loads(packed)["00003"]["image"], found["00003"]["image"])


def test_folders_of_images(tmp_path: Path) -> None:
    for name in ("cat", "airplane"):
        for file in ("0000.jpg", "0010.jpg"):
            picture(tmp_path / "test" / name / file, 32, 32)
    (tmp_path / "test/.DS_Store").touch()
    found = load_dataset("cifar10", tmp_path)
    assert {id: found[id]["label"] for id in found} == {
        "airplane_0000": 0, "airplane_0010": 0, "cat_0000": 3, "cat_0010": 3,
    }  # fmt: skip
    assert found["cat_0010"]["path"] == tmp_path / "test/cat/0010.jpg"
    assert found["cat_0010"]["image"].shape == (32, 32, 3)
    (warning,) = found.problems()
    assert (warning.code, warning.severity) == ("totals", "warning")


def test_a_folder_that_is_no_class(tmp_path: Path) -> None:
    picture(tmp_path / "test/kitten/0.jpg", 32, 32)
    with refused("layout", "airplane", "kitten"):
        load_dataset("cifar10", tmp_path)


def test_no_layout_at_all(tmp_path: Path) -> None:
    with refused("layout", "test_batch", "an empty folder"):
        load_dataset("cifar10", tmp_path)


@pytest.mark.parametrize("name", ["test", "cifar-10-batches-py/test_batch"])
def test_a_pipe_or_file_in_the_place_of_a_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    os.mkfifo(tmp_path / name)
    with refused("layout", f"{Path(name).name} must be a folder of classes, or a file with a batch"):
        load_dataset("cifar10", tmp_path)


# ------------------------------------------------------------------ damaged batches


@pytest.mark.parametrize(
    "data", [b"", binary(PIXELS, LABELS)[:-1], b"\0" * 3072], ids=["empty", "cut", "short"]
)
def test_binary_batches_of_a_wrong_length(tmp_path: Path, data: bytes) -> None:
    with refused("unreadable", "test_batch.bin", "3073"):
        load_dataset("cifar10", write(tmp_path, "test_batch.bin", data))


@pytest.mark.parametrize(("name", "data"), [("test_batch", python2), ("test_batch.bin", binary)])
def test_a_label_beyond_the_classes(tmp_path: Path, name: str, data: Any) -> None:
    with refused("unreadable", name, "image 2", "from 0 to 9, got 10"):
        load_dataset("cifar10", write(tmp_path, name, data(PIXELS, [*LABELS[:2], 10, *LABELS[3:]])))


def test_a_training_batch_that_is_absent(tmp_path: Path) -> None:
    write(tmp_path, "data_batch_1.bin", binary(PIXELS, LABELS))
    with refused("unreadable", "data_batch_2.bin"):
        load_dataset("cifar10(split=train)", tmp_path)


@pytest.mark.parametrize("kept", [0, 1, 2, 50, 100, 400, 3000, -1])
def test_pickles_that_are_cut(tmp_path: Path, kept: int) -> None:
    with refused("unreadable", "test_batch", "nothing in it was run"):
        load_dataset("cifar10", write(tmp_path, "test_batch", python2(PIXELS, LABELS)[:kept]))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (number(COUNT) + number(3072), number(COUNT - 1) + number(3072)),
        (number(COUNT) + number(3072), number(COUNT) + number(3071)),
        (b"U\x02u1", b"U\x02i8"),
        (b"tb\x89T", b"tb\x88T"),
        (b"cnumpy.core.multiarray\n_reconstruct\n", b"cos\nsystem\n"),
        (b"cnumpy\ndtype\n", b"cos\nsystem\n"),
        (text("labels"), text("fine_labels")),
        (text("data"), text("date")),
        (b"e" + text("data"), number(1) + b"e" + text("data")),
        (b"e" + text("data"), text("cat") + b"e" + text("data")),
        (b"(K\x01" + number(COUNT) + number(3072), b"(K\x02" + number(COUNT) + number(3072)),
    ],
)
def test_pickles_of_something_else(tmp_path: Path, before: bytes, after: bytes) -> None:
    data = python2(PIXELS, LABELS)
    assert before in data
    with refused("unreadable", "test_batch", "is not a batch of CIFAR-10"):
        load_dataset("cifar10", write(tmp_path, "test_batch", data.replace(before, after, 1)))


def test_a_batch_of_other_images(tmp_path: Path) -> None:
    pixels = np.zeros((COUNT, 3 * 64 * 64), np.uint8)
    with refused("unreadable", "differ in number"):
        load_dataset("cifar10", write(tmp_path, "test_batch", python2(pixels, LABELS)))


class Evil:
    """Asks whoever loads it to write a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("wrapped", [False, True])
def test_nothing_in_a_pickle_is_run(tmp_path: Path, protocol: int, wrapped: bool) -> None:
    evil: Any = Evil(tmp_path / "done")
    if wrapped:
        evil = {"data": evil, "labels": [1], "filenames": ["a"]}
    write(tmp_path, "test_batch", pickle.dumps(evil, protocol))
    with refused("unreadable", "nothing in it was run"):
        load_dataset("cifar10", tmp_path)
    assert not (tmp_path / "done").exists()


def test_what_a_whole_batch_calls_beside_its_data_is_not_run(tmp_path: Path) -> None:
    target = str(tmp_path / "done")
    evil = b"cos\nmkdir\n" + text(target) + b"\x85R"
    data = python2(PIXELS, LABELS).replace(text("testing batch 1 of 1"), evil, 1)
    found = load_dataset("cifar10", write(tmp_path, "test_batch", data))
    assert len(found) == COUNT
    assert not (tmp_path / "done").exists()
    pickle.loads(b"\x80\x02" + evil + b".")
    assert (tmp_path / "done").exists()  # so it would have done something


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x02r\xff\xff\xff\xff.",
        b"\x80\x02Nr\xff\xff\xff\xff0.",
        b"\x80\x02j\x05\x00\x00\x00.",
        b"\x80\x02T" + struct.pack("<I", 2**31 - 1) + b"x.",
        b"\x80\x02}b.",
        b"\x80\x02Nb.",
        b"\x80\x02(.",
        b"\x80\x02t.",
        b"\x80\x02.",
        b"\x80\x02R.",
        b"\x80\x02}(](eNu.",
        b"\x80\x02" + b"(" * 100_000 + b"t" * 100_000 + b".",
        b"\x80\x02" + b"N" * 1_100_000,
    ],
)
def test_pickles_that_try_the_machine(tmp_path: Path, data: bytes) -> None:
    with refused("unreadable", "is not a batch of CIFAR-10"):
        load_dataset("cifar10", write(tmp_path, "test_batch", data))


@pytest.mark.slow
def test_a_pickle_of_nested_keys_does_not_end_the_process() -> None:
    nested = b"\x80\x02}(N" + b"\x85" * 900_000 + b"Nu."
    with pytest.raises(ValueError, match="its keys are no texts"):
        described(nested)
