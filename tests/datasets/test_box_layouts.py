"""Tiny ImageNet and ImageNet in small copies of their official layouts, and every way in which these are wrong."""

from __future__ import annotations

import itertools
import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_boxes import (
    ILSVRC,
    TINY,
    WNIDS,
    lists,
    picture,
    refused,
    write_lists,
    write_tiny,
    write_xml,
    xml,
)
from numpy.testing import assert_array_equal

from saliency_eval.datasets import load_dataset
from saliency_eval.datasets.imagenet import ImageNet
from saliency_eval.datasets.verify import check_dataset
from saliency_eval.regions.frames import Frame

FIRST, SECOND, LAST = ILSVRC
ANNOTATIONS = "val/val_annotations.txt"


def half_open(boxes: Any) -> Any:
    """x0, y0, x1, y1 with the last pixel inside, as the package writes boxes."""
    return [[y0, x0, y1 + 1, x1 + 1] for x0, y0, x1, y1 in boxes]


# ------------------------------------------------------------------ Tiny ImageNet


@pytest.mark.parametrize("below", ["", "tiny-imagenet-200"])
def test_tiny_images_boxes_and_classes(tmp_path: Path, below: str) -> None:
    folder = write_tiny(tmp_path)
    data = load_dataset("tiny_imagenet", tmp_path / below)
    assert list(data) == ["val_0", "val_1", "val_2", "val_10"]
    assert data.class_names == WNIDS
    for name, wnid, *box in TINY:
        stimulus = data[Path(name).stem]
        assert stimulus["boxes"].tolist() == half_open([box])
        assert (stimulus["label_name"], WNIDS[stimulus["label"]]) == (wnid, wnid)
        assert (stimulus["shape"], stimulus["image"].shape) == ((64, 64), (64, 64, 3))
        assert stimulus["path"] == folder / "val/images" / name
    assert [data[id]["label_words"] for id in data] == ["reel", "Egyptian cat", "", "reel"]


def test_tiny_without_words(tmp_path: Path) -> None:
    (write_tiny(tmp_path) / "words.txt").unlink()
    assert load_dataset("tiny_imagenet", tmp_path)["val_0"]["label_words"] == ""


def test_tiny_scores_what_is_there_and_warns(tmp_path: Path) -> None:
    write_tiny(tmp_path, absent=1)
    data = load_dataset("tiny_imagenet", tmp_path)
    assert list(data) == ["val_0", "val_1", "val_2"]
    (warning,) = data.problems()
    assert (warning.code, warning.severity) == ("totals", "warning")
    assert "3 of 10000 images of Tiny-ImageNet are there" in warning.message


def test_tiny_image_without_a_row(tmp_path: Path) -> None:
    picture(write_tiny(tmp_path) / "val/images/val_7.JPEG", 64, 64)
    with refused("missing", "val_7", "val_annotations.txt"):
        load_dataset("tiny_imagenet", tmp_path).problems()


def test_tiny_image_of_another_size(tmp_path: Path) -> None:
    picture(write_tiny(tmp_path) / "val/images/val_2.JPEG", 32, 32)
    with refused("unreadable", "val_2", "inside 32x32", "[0, 0, 64, 64]"):
        load_dataset("tiny_imagenet", tmp_path).problems()


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("val_3.JPEG\tn02124075\t0\t0\t64\t63", "unreadable", ["line 5", "inside 64x64", "right 65"]),
        ("val_3.JPEG\tn02124075\t-1\t0\t6\t63", "unreadable", ["line 5", "left -1"]),
        ("val_3.JPEG\tn02124075\t9\t0\t8\t63", "unreadable", ["line 5", "left 9", "right 9"]),
        ("val_3.JPEG\tn02124075\t0\t20\t8\t3", "unreadable", ["line 5"]),
        ("val_3.JPEG\tn02124075\t0\t0\t8.5\t3", "unreadable", ["line 5", "whole number", "8.5"]),
        ("val_3.JPEG\tn02124075\tnan\t0\t8\t3", "unreadable", ["line 5", "whole number", "nan"]),
        ("val_3.JPEG\tn02124075\t1e400\t0\t8\t3", "unreadable", ["line 5", "whole number", "1e400"]),
        ("val_3.JPEG\tn02124075\t1_0\t0\t18\t3", "unreadable", ["line 5", "must be a number", "1_0"]),
        ("val_3.JPEG\tn02124075\t\t0\t18\t3", "unreadable", ["line 5", "must be a number"]),
        ("val_3.JPEG\tn00000000\t0\t0\t8\t3", "unreadable", ["line 5", "wnids.txt", "n00000000"]),
        ("val_3.JPEG,n02124075,0,0,8,3", "unreadable", ["line 5", "separated by tabs", "x0"]),
        ("val_3.JPEG\tn02124075\t0\t0\t8", "unreadable", ["line 5", "separated by tabs"]),
        ("val_3.JPEG\tn02124075\t0\t0\t8\t3\t", "unreadable", ["line 5"]),
        ("\tn02124075\t0\t0\t8\t3", "unreadable", ["line 5"]),
        ("\n", "unreadable", ["line 5"]),
        ("val_1.JPEG\tn02124075\t0\t0\t8\t3", "ambiguous", ["line 5", "val_1.JPEG", "line 2"]),
    ],
)
def test_tiny_rows_that_are_wrong(tmp_path: Path, line: str, code: str, words: list[str]) -> None:
    with (write_tiny(tmp_path) / ANNOTATIONS).open("a") as file:
        file.write(line + "\n")
    with refused(code, "val_annotations.txt", *words):
        load_dataset("tiny_imagenet", tmp_path).problems()


@pytest.mark.parametrize("text", [b"", b"val_0.JPEG\tn0", b"\xff\xfe\0v", "é".encode("latin-1")])
def test_tiny_annotations_that_are_no_text(tmp_path: Path, text: bytes) -> None:
    (write_tiny(tmp_path) / ANNOTATIONS).write_bytes(text)
    with refused("unreadable", "val_annotations.txt"):
        load_dataset("tiny_imagenet", tmp_path).problems()


@pytest.mark.parametrize("name", ["val/images", ANNOTATIONS, "wnids.txt"])
def test_tiny_without_a_part(tmp_path: Path, name: str) -> None:
    path = write_tiny(tmp_path) / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with refused("layout", name):
        load_dataset("tiny_imagenet", tmp_path).problems()


def test_tiny_classes_that_are_there_twice(tmp_path: Path) -> None:
    (write_tiny(tmp_path) / "wnids.txt").write_text("n02124075\nn04067472\nn02124075\n")
    with refused("ambiguous", "wnids.txt", "line 3", "line 1"):
        load_dataset("tiny_imagenet", tmp_path).problems()


# ------------------------------------------------------------------ ImageNet: what is read


def write_images(root: Path, folder: str = "val", ids: Any = ILSVRC, **options: Any) -> Path:
    for id in ids:
        picture(root / folder / f"{id}.JPEG", *ILSVRC[id][0], **options)
    return root


def assert_truth(data: Any, ids: Any = ILSVRC) -> None:
    assert list(data) == list(ids)
    for id in ids:
        (width, height), label, boxes = ILSVRC[id]
        stimulus = data[id]
        assert stimulus["boxes"].tolist() == half_open(boxes)
        assert (stimulus["label"], stimulus["shape"]) == (label, (height, width))
        assert stimulus["label_name"] == {65: "n01751748", 970: "n09193705", 0: "n01440764"}[label]


def test_lists_without_any_image(tmp_path: Path) -> None:
    data = load_dataset("imagenet", write_lists(tmp_path))
    assert_truth(data)
    assert data.lacks(frozenset({"boxes", "label"})) == ""
    assert data.lacks(frozenset({"image", "boxes"})) == "images, and there are only lists of them"
    with refused("not_available", FIRST, "val", "ILSVRC2012_img_val.tar"):
        data[FIRST]["image"]


def test_xml_without_any_image(tmp_path: Path) -> None:
    data = load_dataset("imagenet", write_xml(tmp_path, ImageNet("/").class_names))
    assert_truth(data)
    assert data.sha256
    assert data.shapes == {id: (h, w) for id, ((w, h), _, _) in ILSVRC.items()}


def test_both_sources_are_one_data_set(tmp_path: Path) -> None:
    names = ImageNet("/").class_names
    tags = {
        load_dataset("imagenet", root).tag
        for root in (
            write_lists(tmp_path / "lists"),
            write_xml(tmp_path / "a", names),
            write_xml(tmp_path / "b", names, "ILSVRC2012_bbox_val_v3/val"),
        )
    }
    assert len(tags) == 1


@pytest.mark.parametrize("folder", ["val", "ILSVRC2012_img_val", "ILSVRC/Data/CLS-LOC/val", "."])
def test_images_and_xml_in_the_folders_that_archives_give(tmp_path: Path, folder: str) -> None:
    write_images(write_xml(tmp_path, ImageNet("/").class_names, "val"), folder)
    data = load_dataset("imagenet", tmp_path)
    assert_truth(data)
    assert data[SECOND]["image"].shape == (33, 50, 3)
    assert data.lacks(frozenset({"image"})) == ""


def test_images_sorted_by_class(tmp_path: Path) -> None:
    write_lists(tmp_path)
    picture(tmp_path / "val/n01751748" / f"{FIRST}.JPEG", 50, 37)
    picture(tmp_path / "val/n01440764" / f"{LAST}.JPEG", 20, 30, mode="CMYK")
    picture(tmp_path / "val/n01440764/thumbnail.jpg", 20, 30)
    data = load_dataset("imagenet", tmp_path)
    assert_truth(data, [FIRST, LAST])
    assert data[LAST]["path"] == tmp_path / f"val/n01440764/{LAST}.JPEG"
    assert data[LAST]["image"].shape == (30, 20, 3)


def test_a_part_of_the_images_is_a_warning(tmp_path: Path) -> None:
    data = load_dataset("imagenet", write_images(write_lists(tmp_path), ids=[FIRST, LAST]))
    assert_truth(data, [FIRST, LAST])
    (warning,) = data.problems()
    assert (warning.code, warning.severity) == ("totals", "warning")


def test_sizes_come_from_the_lists_and_no_image_is_opened(tmp_path: Path) -> None:
    (write_lists(tmp_path) / "val").mkdir()
    for id in ILSVRC:
        (tmp_path / f"val/{id}.JPEG").touch()
    data = load_dataset("imagenet", tmp_path)
    assert data.sha256
    assert_truth(data)
    with refused("unreadable", FIRST):
        data[FIRST]["image"]


def test_a_copy_in_another_process_reads_no_list(tmp_path: Path) -> None:
    data = load_dataset("imagenet", write_images(write_lists(tmp_path)))
    tag = data.tag
    packed = pickle.dumps(data.framed(Frame("squash", 8)))
    shutil.rmtree(tmp_path / "metadata")
    copy = pickle.loads(packed)
    assert (copy.tag, copy[FIRST]["shape"], copy[FIRST]["image"].shape) == (tag, (8, 8), (8, 8, 3))
    assert copy.framed(Frame())[SECOND]["boxes"].tolist() == half_open(ILSVRC[SECOND][2])


def test_an_image_of_another_size_is_named(tmp_path: Path) -> None:
    write_images(write_lists(tmp_path))
    picture(tmp_path / f"val/{SECOND}.JPEG", 50, 32)
    data = load_dataset("imagenet", tmp_path)
    assert data[FIRST]["image"].shape == (37, 50, 3)
    with refused("totals", SECOND, "50x33", "50x32"):
        data[SECOND]["image"]
    (row,) = [row for row in data.counted() if row.what == "size of each image"]
    assert (row.ok, row.got) == (False, f"other in 1 images ({SECOND})")
    assert any("size of each image" in problem.message for problem in check_dataset(data).problems)


def test_images_without_boxes(tmp_path: Path) -> None:
    picture(write_lists(tmp_path) / "val/ILSVRC2012_val_00000003.JPEG", 9, 9)
    with refused("missing", "ILSVRC2012_val_00000003", "1 have none"):
        load_dataset("imagenet", tmp_path)


def test_neither_lists_nor_xml(tmp_path: Path) -> None:
    with refused("layout", "metadata/ILSVRC/test/image_ids.txt", "Annotations/CLS-LOC/val"):
        load_dataset("imagenet", write_images(tmp_path))


@pytest.mark.parametrize("folder", ["", "devkit/data", "ILSVRC2014_devkit/data"])
def test_images_that_the_organisers_leave_out(tmp_path: Path, folder: str) -> None:
    whole = load_dataset("imagenet", write_lists(tmp_path))
    with refused("not_available", "clsloc_validation_blacklist.txt"):
        load_dataset("imagenet(blacklist=drop)", tmp_path)
    (tmp_path / folder).mkdir(exist_ok=True, parents=True)
    (tmp_path / folder / "ILSVRC2014_clsloc_validation_blacklist.txt").write_text("2\n36\n")
    data = load_dataset("imagenet(blacklist=drop)", tmp_path)
    assert_truth(data, [FIRST, LAST])
    assert data.tag != whole.tag
    assert "(blacklist=drop)" in data.tag
    assert (data.expected["images"], whole.expected["images"]) == (48_238, 50_000)
    assert "boxes" not in data.expected


# ------------------------------------------------------------------ ImageNet: what is refused

ID = f"val/{FIRST}.JPEG"
NEW = "val/ILSVRC2012_val_00000003.JPEG"
WRONG_LISTS = [
    ("localization", f"\n{ID},0,0,50,5", "unreadable", ["line 6", "50x37", "right 51"]),
    ("localization", f"\n{ID},9,0,8,5", "unreadable", ["line 6", "left 9, bottom 6, right 9"]),
    ("localization", f"\n{ID},-1,0,8,5", "unreadable", ["line 6", "left -1"]),
    ("localization", f"\n{ID},nan,0,8,5", "unreadable", ["line 6", "whole number", "nan"]),
    ("localization", f"\n{ID},0,0,8", "unreadable", ["line 6", "separated by commas"]),
    ("localization", f"\n{ID};0;0;8;9", "unreadable", ["line 6", "separated by commas"]),
    ("localization", f"\n{NEW},0,0,8,9", "missing", ["line 6", NEW, "image_ids.txt"]),
    ("image_ids", f"{ID}\n", "ambiguous", ["line 4", "line 1", ID]),
    ("image_ids", f"other/{FIRST}.JPEG\n", "missing", ["image_sizes.txt", "1 are absent"]),
    ("image_ids", f"{NEW}\n", "missing", ["image_sizes.txt", "1 are absent", NEW]),
    ("image_sizes", f"{ID},50,37\n", "ambiguous", ["line 4", "line 1"]),
    ("image_sizes", f"{NEW},50,37\n", "missing", ["1 images", NEW]),
    ("class_labels", f"{NEW},5\n", "missing", ["1 images", NEW]),
    ("class_labels", f"{ID},5\n", "ambiguous", ["line 4", "line 1"]),
]


@pytest.mark.parametrize(("name", "more", "code", "words"), WRONG_LISTS)
def test_lists_with_a_wrong_line(tmp_path: Path, name: str, more: str, code: str, words: list[str]) -> None:
    write_lists(tmp_path, **{name: lists()[name] + more})
    with refused(code, f"{name}.txt" if code != "missing" else "", *words):
        load_dataset("imagenet", tmp_path)


@pytest.mark.parametrize(
    ("name", "before", "after", "words"),
    [
        ("class_labels", ",970", ",1000", ["line 2", "from 0 to 999, got 1000"]),
        ("class_labels", ",970", ",-1", ["line 2", "from 0 to 999, got -1"]),
        ("class_labels", ",970", ",n09193705", ["line 2", "must be a number"]),
        ("image_sizes", ",50,33", ",0,33", ["line 2", "at least 1x1", "0x33"]),
        ("image_sizes", ",50,33", ",50,1e3000", ["line 2", "whole number"]),
        ("image_sizes", ",50,33", ",50,4294967296", ["line 2", "whole number"]),
        ("image_ids", "val/", "", ["line 1"]),
    ],
)
def test_lists_with_a_wrong_value(
    tmp_path: Path, name: str, before: str, after: str, words: list[str]
) -> None:
    text = lists()[name]
    assert before in text
    text = "\n" + text if name == "image_ids" else text.replace(before, after)
    with refused("unreadable", f"{name}.txt", *words):
        load_dataset("imagenet", write_lists(tmp_path, **{name: text}))


@pytest.mark.parametrize("name", ["image_sizes", "class_labels", "localization"])
def test_a_list_that_is_absent(tmp_path: Path, name: str) -> None:
    (write_lists(tmp_path) / f"metadata/ILSVRC/test/{name}.txt").unlink()
    with refused("unreadable", f"{name}.txt"):
        load_dataset("imagenet", tmp_path)


def with_xml(root: Path, text: str | bytes) -> Any:
    path = write_xml(root, ImageNet("/").class_names) / f"Annotations/CLS-LOC/val/{SECOND}.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_dataset("imagenet", root)


GOOD = xml(SECOND, "n09193705", *ILSVRC[SECOND][::2])
ENTITIES = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
LAUGHS = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "ha">{ENTITIES}]><annotation>&l9;</annotation>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation>&x;</annotation>'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["is not XML"]),
        (GOOD[:-30], ["is not XML", "line"]),
        (GOOD.encode()[:40] + b"\xff" + GOOD.encode()[40:], ["is not XML"]),
        (LAUGHS, ["no document type"]),
        (OUTSIDE, ["no document type"]),
        ("<annotation>&x;</annotation>", ["is not XML"]),
        ("<annotation/>", ["size/height"]),
        (GOOD.replace("<width>50", "<width>fifty"), ["size/width", "fifty"]),
        (GOOD.replace("<xmax>49", "<xmax>50"), ["object 1", "inside 50x33", "right 51"]),
        (GOOD.replace("<xmin>4<", "<xmin>50<"), ["object 1"]),
        (GOOD.replace("<xmin>4<", "<xmin>-4<"), ["bndbox/xmin", "-4"]),
        (GOOD.replace("<xmin>4<", "<xmin>4.5<"), ["bndbox/xmin", "4.5"]),
        (GOOD.replace("<xmin>4</xmin>", ""), ["bndbox/xmin", "''"]),
        (GOOD.replace("n09193705", "n00000000"), ["1000 classes", "n00000000"]),
        (GOOD.replace("n09193705", "n01440764", 1), ["one class", "n01440764, n09193705"]),
        (xml(SECOND, "n09193705", (50, 33), []), ["one class", "none"]),
        ('<?xml version="1.0" encoding="utf-7"?><annotation/>', ["not XML in UTF-8", "multi-byte"]),
        ('<?xml version="1.0" encoding="rot13"?><annotation/>', ["not XML in UTF-8", "not a text encoding"]),
    ],
)
def test_xml_that_is_wrong(tmp_path: Path, text: str | bytes, words: list[str]) -> None:
    with refused("unreadable", f"{SECOND}.xml", *words):
        with_xml(tmp_path, text).problems()


def test_xml_beyond_any_size(tmp_path: Path) -> None:
    with refused("too_large", f"{SECOND}.xml"):
        with_xml(tmp_path, GOOD.replace("val", " " * 2**20, 1)).problems()


def test_xml_that_is_nested_deeply(tmp_path: Path) -> None:
    with refused("unreadable", f"{SECOND}.xml"):
        with_xml(tmp_path, "<a>" * 100_000 + "</a>" * 100_000).problems()


def test_classes_are_those_of_the_challenge() -> None:
    names = ImageNet("/").class_names
    assert (len(names), len(set(names)), list(names)) == (1000, 1000, sorted(names))
    assert [names[n] for n in (0, 65, 999)] == ["n01440764", "n01751748", "n15075141"]


def test_frames_of_ilsvrc_images(tmp_path: Path) -> None:
    data = load_dataset("imagenet", write_images(write_lists(tmp_path))).framed(Frame("squash", 100))
    for id, ((width, height), _, boxes) in itertools.islice(ILSVRC.items(), 3):
        scale = np.array([100 / height, 100 / width] * 2)
        np.testing.assert_allclose(data[id]["boxes"], half_open(boxes) * scale, rtol=1e-15)
        assert data[id]["image"].shape == (100, 100, 3)
    assert_array_equal(data[LAST]["boxes"], [[0, 0, 100, 100]])


@pytest.mark.parametrize("with_lists", [False, True])
def test_a_pipe_in_the_place_of_an_image_is_not_waited_for(tmp_path: Path, with_lists: bool) -> None:
    write_lists(tmp_path) if with_lists else write_xml(tmp_path, ImageNet("/").class_names)
    (tmp_path / "val").mkdir()
    os.mkfifo(tmp_path / f"val/{FIRST}.JPEG")
    data = load_dataset("imagenet", tmp_path)
    with refused("not_a_file", f"{FIRST}.JPEG must be a picture"):
        data[FIRST]["image"]
    with refused("not_a_file", FIRST):
        check_dataset(data)


def test_a_name_of_thousands_of_digits(tmp_path: Path) -> None:
    texts = {name: text.replace(FIRST, "7" * 6000) for name, text in lists().items()}
    assert "7" * 6000 in load_dataset("imagenet", write_lists(tmp_path, **texts))
