"""Data sets of boxes: what each image is asked for, what all give together, and the frames in which they are seen."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from saliency_eval.classifiers import Classifier
from saliency_eval.datasets import load_dataset
from saliency_eval.datasets.boxes import NO_LABEL, BoxDataset, BoxTruth, Labelled, in_frame
from saliency_eval.datasets.card import Card
from saliency_eval.datasets.verify import check_dataset
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.journal import hash_of_truth
from saliency_eval.regions.frames import Frame
from saliency_eval.scoring import what_is_lacking
from saliency_eval.variant import variant

TRUTH: dict[str, tuple[tuple[int, int], list[list[int]], int]] = {
    "a": ((10, 20), [[1, 2, 6, 12], [0, 0, 10, 20]], 1),
    "b": ((30, 20), [[29, 19, 30, 20]], 0),
    "c": ((30, 20), [], 1),
    "d": ((30, 20), [], NO_LABEL),
}


class Toy(BoxDataset):
    """Four images that are kept in memory."""

    key, has_files, class_names = "demo", False, ("cat", "dog")
    given = TRUTH

    def __init__(self, **given: Any) -> None:
        super().__init__("")
        self.__dict__.update(given)
        self.reads: list[str] = []

    def check_root(self) -> None:
        """There is no root."""

    def images(self) -> dict[str, Path]:
        return {id: Path(id) for id in self.given}

    def size_of(self, id: str) -> tuple[int, int]:
        return self.given[id][0]

    def picture_of(self, id: str) -> Any:
        height, width = self.size_of(id)
        return np.arange(height * width * 3, dtype=np.uint32).reshape(height, width, 3).astype(np.uint8)

    def labelled(self, id: str) -> Labelled:
        self.reads.append(id)
        _, boxes, label = self.given[id]
        return Labelled(np.array(boxes, np.int64).reshape(-1, 4), label)


def changed(id: str, number: int, value: Any) -> Any:
    """The truth with one thing of one image changed."""
    one = list(TRUTH[id])
    one[number] = value
    return TRUTH | {id: tuple(one)}


# ------------------------------------------------------------------ the fields


@pytest.mark.parametrize("at_once", [False, True])
def test_fields_of_an_image(at_once: bool) -> None:
    data = Toy()
    if at_once:
        assert data.truth
    for id, (shape, boxes, label) in TRUTH.items():
        stimulus = data[id]
        assert (stimulus["shape"], stimulus["label"]) == (shape, label)
        assert_array_equal(stimulus["boxes"], np.array(boxes).reshape(-1, 4))
        assert stimulus["boxes"].dtype == np.int64
        assert stimulus["image"].shape == (*shape, 3)
    assert [data[id]["label_name"] for id in data] == ["dog", "cat", "dog", ""]


def test_an_image_is_read_alone_or_with_all_others_once() -> None:
    data = Toy()
    assert data["b"]["label"] == 0
    assert set(data.reads) == {"b"}
    assert data.sha256
    seen = len(data.reads)
    assert seen == 1 + len(TRUTH)
    assert [data[id]["label"] for id in data] == [1, 0, 1, NO_LABEL]
    assert data.counts("a")
    assert len(data.reads) == seen


def test_images_with_a_box_or_a_label_count() -> None:
    data = Toy(given=changed("b", 2, NO_LABEL))
    assert [data.counts(id) for id in data] == [True, True, True, False]
    (warning,) = data.problems()
    assert (warning.code, warning.severity, warning.image) == ("empty_boxes", "warning", "d")


def test_what_a_data_set_lacks() -> None:
    data = Toy()
    assert data.lacks(frozenset({"saliency", "boxes", "label"})) == ""
    assert data.lacks(frozenset({"fixations", "boxes"})) == "fixations, and the data set has none"
    plain = Toy(given={id: (shape, [], NO_LABEL) for id, (shape, _, _) in TRUTH.items()})
    assert plain.lacks(frozenset({"boxes"})) == "boxes, and the data set has none"
    assert plain.lacks(frozenset({"boxes", "label"})) == "boxes and labels, and the data set has none"
    assert plain.lacks(frozenset({"target", "label"})) == "labels, and the data set has none"


def test_truth_that_a_metric_may_do_without_is_not_lacking() -> None:
    labels = Toy(given={id: (shape, [], 0) for id, (shape, _, _) in TRUTH.items()})
    seer = Classifier(lambda batch: np.full((len(batch), 2), 0.5))
    assert what_is_lacking(variant("saliency_metric"), labels, seer) == ""
    assert what_is_lacking(variant("saliency_metric"), labels, None).startswith(
        "a classifier, and none is named"
    )
    assert what_is_lacking(variant("pointing_game"), labels, seer) == "boxes, and the data set has none"
    for key, lacking in (("max_box_acc", "boxes"), ("saliency_metric", "labels"), ("deletion_auc", "labels")):
        assert (
            what_is_lacking(variant(key), load_dataset("demo"), seer)
            == f"{lacking}, and the data set has none"
        )


@pytest.mark.parametrize(
    "box", ["3 3 3 5", "3 3 5 3", "5 3 3 5", "-1 0 3 3", "0 -1 3 3", "0 0 31 3", "0 0 3 21"]
)
def test_boxes_that_are_empty_or_leave_their_image(box: str) -> None:
    data = Toy(given=changed("b", 1, [[0, 0, 1, 1], [*map(int, box.split())]]))
    with pytest.raises(SaliencyEvalError, match="image b: a box must lie inside 20x30, got") as error:
        assert data.truth
    assert (error.value.code, error.value.exit_code) == ("unreadable", 4)


def test_whatever_an_adapter_did_not_foresee_names_the_image() -> None:
    data = Toy(given=changed("b", 1, "boxes"))
    with pytest.raises(SaliencyEvalError, match="image b: its boxes cannot be read") as error:
        data["b"]["boxes"]
    assert (error.value.code, error.value.exit_code) == ("unreadable", 4)


# ------------------------------------------------------------------ all images together


def test_totals() -> None:
    rows = {row.what: (row.got, row.ok) for row in Toy().counted()}
    assert rows["images"] == ("4", False)  # the card is that of the demonstration
    assert rows["boxes"] == ("3", None)
    assert rows["classes"] == ("2", None)
    assert rows["images with several boxes"] == ("1", None)
    assert float(rows["mean share of a box"][0]) == pytest.approx((50 / 200 + 1 + 1 / 600) / 3, abs=1e-8)


def test_totals_are_compared_with_the_card() -> None:
    card = Card("toy", "Toy", "1", "", "", "", expected={"boxes": 3, "several": 2, "mean_share": 0.5})
    wrong = {p.message.split(" must")[0] for p in check_dataset(Toy(card=card)).problems}
    assert wrong == {"Toy: images with several boxes", "Toy: mean share of a box"}


@pytest.mark.parametrize(
    "given",
    [
        changed("a", 0, (20, 20)),
        changed("a", 1, [[1, 2, 6, 12], [0, 0, 10, 19]]),
        changed("a", 1, [[0, 0, 10, 20], [1, 2, 6, 12]]),
        changed("a", 2, 0),
        {("e" if id == "d" else id): one for id, one in TRUTH.items()},
        changed("a", 1, [[1, 2, 6, 12]]) | {"b": ((30, 20), [[0, 0, 10, 20], [29, 19, 30, 20]], 0)},
    ],
    ids=["size", "side", "order", "label", "name", "owner"],
)
def test_the_hash_covers_all_that_is_scored(given: Any) -> None:
    assert Toy(given=given).sha256 != Toy().sha256


def test_the_hash_covers_the_names_of_the_classes() -> None:
    assert Toy(class_names=("cat", "dog")).sha256 == Toy().sha256
    assert Toy(class_names=("cat", "fox")).sha256 != Toy().sha256
    assert Toy(class_names=("catd", "og")).sha256 != Toy().sha256


def test_a_copy_in_another_process_reads_nothing_again() -> None:
    data = Toy()
    tag = data.tag
    copy = pickle.loads(pickle.dumps(data))
    assert copy.tag == tag
    assert len(copy.reads) == len(TRUTH)


# ------------------------------------------------------------------ frames


def test_the_original_frame_changes_nothing() -> None:
    data = Toy().framed(Frame())
    assert_array_equal(data["a"]["boxes"], TRUTH["a"][1])
    assert_array_equal(data["a"]["image"], Toy()["a"]["image"])


def test_a_squashed_frame_scales_each_axis() -> None:
    plain = Toy()
    data = plain.framed(Frame("squash", 30))
    stimulus = data["a"]  # 10 x 20: rows three times, columns one and a half times
    assert stimulus["shape"] == (30, 30)
    assert stimulus["image"].shape == (30, 30, 3)
    assert stimulus["boxes"].tolist() == [[3, 3, 18, 18], [0, 0, 30, 30]]
    assert data["b"]["boxes"].tolist() == [[29, 28.5, 30, 30]]
    assert data["b"]["boxes"].dtype == np.float64
    assert (data.tag, data.frame.kind, plain.frame.kind) == (plain.tag, "squash", "original")


def test_a_frame_that_cuts_boxes_to_whole_pixels() -> None:
    data = Toy().framed(Frame("squash", 30, "wsol"))
    assert data["a"]["boxes"].tolist() == [[3, 3, 16, 17], [0, 0, 28, 29]]
    assert data["b"]["boxes"].tolist() == [[29, 28, 30, 29]]
    assert data["b"]["boxes"].dtype == np.int64


def test_a_cropped_frame_takes_the_centre() -> None:
    data = Toy().framed(Frame("crop", 20))  # 10 x 20 becomes 20 x 40, of which columns 10 to 30 are seen
    assert data["a"]["shape"] == (20, 20)
    assert data["a"]["boxes"].tolist() == [[2, 0, 12, 14], [0, 0, 20, 20]]
    assert data.framed(Frame())["a"]["boxes"].tolist() == TRUTH["a"][1]


def test_images_are_resized_as_pillow_does_and_then_cropped() -> None:
    image = np.random.default_rng(1).integers(0, 255, (10, 25, 3), dtype=np.uint8)
    resized = np.asarray(Image.fromarray(image).resize((20, 8), Image.Resampling.BICUBIC))
    assert_array_equal(in_frame(image, Frame("crop", 8)), resized[:, 6:14])
    squashed = np.asarray(Image.fromarray(image).resize((8, 8), Image.Resampling.BICUBIC))
    assert_array_equal(in_frame(image, Frame("squash", 8)), squashed)


def test_the_truth_of_an_image_differs_from_frame_to_frame() -> None:
    fields = ("shape", *BoxDataset.truth_fields)
    hashes = {
        hash_of_truth(Toy().framed(frame)["a"], fields, stored=False)
        for frame in (Frame(), Frame("squash", 30), Frame("crop", 30))
    }
    assert len(hashes) == 3


def test_the_truth_is_read_once_for_all_frames() -> None:
    data = Toy()
    assert data.framed(Frame()) is data
    for side in (8, 16):
        assert data.framed(Frame("squash", side))["a"]["boxes"].shape == (2, 4)
    assert len(data.reads) == len(TRUTH)


def test_stated_sizes_that_no_map_could_have() -> None:
    shapes, none = np.array([[2**31 - 1, 2**31 - 1]]), np.zeros((0, 4), np.int64)
    with pytest.raises(
        SaliencyEvalError, match=r"at most 134217728 pixels, .* 2147483647x2147483647"
    ) as error:
        BoxTruth({"a": 0}, shapes, np.array([0]), np.array([0, 0]), none).check()
    assert (error.value.code, error.value.exit_code) == ("too_large", 4)


def test_of_a_line_of_pixels_only_what_is_cropped_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.random.default_rng(2).integers(0, 255, (3, 70, 3), dtype=np.uint8)
    whole, resize = in_frame(image, Frame("crop", 16)).astype(int), Image.Image.resize

    def small(self: Any, size: tuple[int, int], *more: Any) -> Any:
        assert size == (16, 16)
        return resize(self, size, *more)

    monkeypatch.setattr("saliency_eval.datasets.boxes.MOST_PIXELS", 1000)
    monkeypatch.setattr(Image.Image, "resize", small)
    assert np.abs(in_frame(image, Frame("crop", 16)) - whole).max() <= 1
