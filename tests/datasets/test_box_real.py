"""Figures of the real data sets of boxes, or of the pieces of them that are at hand."""

from __future__ import annotations

import pickle
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saliency_eval.datasets import load_dataset
from saliency_eval.datasets.verify import check_dataset
from saliency_eval.regions.frames import Frame


@pytest.fixture(scope="module")
def listed(shared: Path) -> tuple[Any, float]:
    """All of ILSVRC, and the seconds that it took to list and read it."""
    start = time.process_time()
    data = load_dataset("imagenet", shared / "data/wsol_metadata")
    assert data.sha256
    return data, time.process_time() - start


@pytest.fixture(scope="module")
def ilsvrc(listed: tuple[Any, float]) -> Any:
    return listed[0]


@pytest.fixture(scope="module")
def tiny(shared: Path) -> Any:
    return load_dataset("tiny_imagenet", shared / "data/TinyImageNet_val")


def test_all_boxes_of_ilsvrc(ilsvrc: Any) -> None:
    report = check_dataset(ilsvrc)
    assert report.ok, report.rows
    rows = {row.what: row.got for row in report.rows}
    assert rows == {
        "images": "50000",
        "classes": "1000",
        "boxes": "80477",
        "images with several boxes": "11715",
        "mean share of a box": "0.30961230",
    }
    assert np.median(ilsvrc.truth.shares) == pytest.approx(0.209, abs=5e-4)
    assert np.bincount(ilsvrc.truth.labels).tolist() == [50] * 1000
    assert ilsvrc.problems() == []


def test_boxes_of_ilsvrc_touch_both_ends(ilsvrc: Any) -> None:
    """As often as the list, counted from 0 with the last pixel inside, says."""
    boxes, owners = ilsvrc.truth.boxes, np.repeat(np.arange(50_000), ilsvrc.truth.counts)
    assert (boxes[:, 1] == 0).sum() == 7_388
    assert (boxes[:, 3] == ilsvrc.truth.shapes[owners, 1]).sum() == 6_086


def test_the_first_image_of_ilsvrc(ilsvrc: Any) -> None:
    image = ilsvrc["ILSVRC2012_val_00000001"]
    assert image["boxes"].tolist() == [[108, 111, 194, 442]]  # official XML: 111, 108, 441, 193
    assert (image["label"], image["label_name"], image["shape"]) == (65, "n01751748", (375, 500))


def test_the_whole_image_misses_as_often_as_was_measured_elsewhere(ilsvrc: Any) -> None:
    best = np.maximum.reduceat(ilsvrc.truth.shares, ilsvrc.truth.starts[:-1])
    assert np.mean(best < 0.5) == pytest.approx(0.59298, abs=1e-12)
    assert np.mean(best <= 0.5) == pytest.approx(0.59300, abs=1e-12)


def test_frames_of_ilsvrc(ilsvrc: Any) -> None:
    data = ilsvrc.framed(Frame("squash", 224))
    assert data["ILSVRC2012_val_00000001"]["boxes"] == pytest.approx(
        np.array([[108 * 224 / 375, 111 * 0.448, 194 * 224 / 375, 442 * 0.448]]), abs=1e-12
    )
    assert data.sha256 == ilsvrc.sha256


def test_fifty_thousand_images_are_listed_in_little_time_and_memory(listed: tuple[Any, float]) -> None:
    data, seconds = listed
    assert seconds < 6  # 2 where nothing else runs
    assert len(pickle.dumps(data)) < 200 * len(data)
    assert data.shapes == {}  # no header was read


def test_tiny_imagenet(tiny: Any) -> None:
    assert (len(tiny), len(tiny.class_names), tiny.class_names[:2]) == (2000, 200, ("n02124075", "n04067472"))
    first = tiny["val_0"]
    assert (first["boxes"].tolist(), first["label_name"]) == ([[32, 0, 63, 45]], "n03444034")
    assert first["label_words"] == "go-kart"
    assert {tiny[id]["label"] for id in tiny} == set(range(200))
    (warning,) = tiny.problems()
    assert (warning.code, warning.severity) == ("totals", "warning")
    assert "2000 of 10000" in warning.message


def test_totals_of_tiny_imagenet_are_those_of_all_its_annotations(tiny: Any) -> None:
    boxes = np.concatenate([one.boxes for one in tiny._table.values()])
    assert len(boxes) == tiny.expected["boxes"] == 10_000
    sides = boxes[:, 2:] - boxes[:, :2]
    assert sides.prod(1).mean() / 64**2 == pytest.approx(tiny.expected["mean_share"], abs=1e-12)
    assert ((sides == 1).sum(0).tolist(), int((sides == 64).all(1).sum())) == ([17, 24], 572)
    wrong = [row.what for row in check_dataset(tiny).rows if row.ok is False]
    assert wrong == ["images", "boxes", "mean share of a box"]


def test_the_first_images_of_tiny_imagenet_have_the_boxes_of_published_orientation(tiny: Any) -> None:
    assert tiny.truth.shares[:300].mean() == pytest.approx(0.489, abs=5e-4)


def test_images_of_tiny_imagenet_are_colour(tiny: Any) -> None:
    for id in list(tiny)[::97]:
        assert tiny[id]["image"].shape == (64, 64, 3)


def test_cifar_sample(shared: Path) -> None:
    data = load_dataset("cifar10", shared / "data/CIFAR10_test_sample")
    assert len(data) == 1000
    assert np.bincount(data.truth.labels).tolist() == [100] * 10
    assert data["truck_0990"]["label_name"] == "truck"
    assert data["truck_0990"]["image"].shape == (32, 32, 3)
    assert [p.code for p in data.problems()] == ["totals"]
