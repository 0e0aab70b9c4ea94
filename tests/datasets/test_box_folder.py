"""Own folders of images with boxes: what is read, and every way in which such files are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_boxes import refused
from PIL import Image

from saliency_eval.datasets import load_dataset
from saliency_eval.datasets.base import Dataset
from saliency_eval.datasets.box_folder import BoxFolder, in_order
from saliency_eval.datasets.folder import Folder
from saliency_eval.datasets.verify import check_dataset

NAMES = ("i01", "i02", "i10", "café")
HEIGHT, WIDTH = 48, 64
HEADER = "image,top,left,bottom,right,label\n"
ROWS = "i02,0,0,48,64,dog\ni01,1,2,3,4,cat\ni02,5,6,7,8,dog\ncafé,,,,,cat\ni10,0,0,1,1,\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "set/stimuli").mkdir(parents=True)
    for name in NAMES:
        Image.new("RGB", (WIDTH, HEIGHT), "grey").save(tmp_path / f"set/stimuli/{name}.png")
    return tmp_path / "set"


def opened(folder: Path, rows: str, header: str = HEADER, toml: str = "") -> Any:
    (folder / "boxes.csv").write_text(header + rows, encoding="utf-8")
    if toml:
        (folder / "dataset.toml").write_text(toml)
    return load_dataset(folder)


# ------------------------------------------------------------------ what is read


def test_boxes_and_labels(folder: Path) -> None:
    data = opened(folder, ROWS)
    assert (list(data), data.class_names) == (["café", "i01", "i02", "i10"], ("cat", "dog"))
    assert data["i02"]["boxes"].tolist() == [[0, 0, 48, 64], [5, 6, 7, 8]]
    assert data["i01"]["boxes"].tolist() == [[1, 2, 3, 4]]
    assert [data[id]["label"] for id in data] == [0, 0, 1, -1]
    assert [data[id]["label_name"] for id in data] == ["cat", "cat", "dog", ""]
    assert [len(data[id]["boxes"]) for id in data] == [0, 1, 2, 1]
    (warning,) = data.problems()
    assert (warning.code, warning.severity, warning.image) == ("empty_boxes", "warning", "café")
    assert "a label and no box" in warning.message


def test_an_image_without_a_row_is_not_scored(folder: Path) -> None:
    data = opened(folder, "i01,1,2,3,4,cat\ni02,1,2,3,4,cat\ni10,1,2,3,4,cat\n")
    (warning,) = data.problems()
    assert (warning.code, warning.severity, warning.image) == ("empty_boxes", "warning", "café")
    assert "no box and no label" in warning.message
    assert [data.counts(id) for id in data] == [False, True, True, True]


def test_labels_are_optional(folder: Path) -> None:
    data = opened(folder, "i01,1,2,3,4\n", "image,top,left,bottom,right\n")
    assert (data.class_names, data["i01"]["label"], data.counts("i01")) == ((), -1, True)
    assert data.lacks(frozenset({"boxes", "label"})) == "labels, and the data set has none"


def test_columns_in_any_order(folder: Path) -> None:
    data = opened(folder, "cat,4,2,i01,3,1,x\n", "\ufefflabel,right,left,image,bottom,top,note\n")
    assert data["i01"]["boxes"].tolist() == [[1, 2, 3, 4]]
    assert data["i01"]["label_name"] == "cat"


@pytest.mark.parametrize(
    ("toml", "row"),
    [
        ("", "1,2,3,4"),
        ("[boxes]\norigin = 1", "2,3,4,5"),
        ("[boxes]\ninclusive = true", "1,2,2,3"),
        ("[boxes]\norigin = 1\ninclusive = true", "2,3,3,4"),
    ],
)
@pytest.mark.parametrize("with_fixations", [False, True])
def test_how_boxes_are_counted(folder: Path, toml: str, row: str, with_fixations: bool) -> None:
    if with_fixations:
        (folder / "fixations.csv").write_text("image,row,column\ni01,1,1\n")
    data = opened(folder, f"i01,{row},cat\n", toml=toml)
    assert isinstance(data, Folder if with_fixations else BoxFolder)
    assert data["i01"]["boxes"].tolist() == [[1, 2, 3, 4]]
    assert data["i02"]["boxes"].shape == (0, 4)


def test_an_inclusive_box_may_end_at_the_border(folder: Path) -> None:
    data = opened(folder, f"i01,0,0,{HEIGHT - 1},{WIDTH - 1},cat\n", toml="[boxes]\ninclusive = true")
    assert data["i01"]["boxes"].tolist() == [[0, 0, HEIGHT, WIDTH]]


def test_the_card_is_that_of_the_folder(folder: Path) -> None:
    data = opened(folder, ROWS, toml='name = "My boxes"\nversion = "3"')
    assert (data.card.name, data.key) == ("My boxes", "my-boxes")
    assert data.tag.startswith("my-boxes@3#")
    plain = Dataset.from_folder(folder)
    named = load_dataset("boxes", folder)
    assert data.tag == plain.tag == named.tag
    rows = {row.what: row.got for row in check_dataset(data).rows}
    assert (rows["images"], rows["boxes"], rows["images with several boxes"]) == ("4", "4", "1")
    assert check_dataset(data).ok


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (["b", "a", "", "a"], ("a", "b")),
        (["c10", "c9"], ("c9", "c10")),
        (["3", "0"], ("0", "1", "2", "3")),
        (["03", "0"], ("0", "03")),
        (["3", "x"], ("3", "x")),
        (["99999999", "0"], ("0", "99999999")),
        (["²", "0"], ("0", "²")),
        ([], ()),
    ],
)
def test_how_classes_are_numbered(names: list[str], classes: tuple[str, ...]) -> None:
    assert in_order(names) == classes


def test_labels_that_are_numbers_stand_for_themselves(folder: Path) -> None:
    data = opened(folder, "i01,1,2,3,4,7\ni02,1,2,3,4,2\n")
    assert (data["i01"]["label"], data["i02"]["label"], len(data.class_names)) == (7, 2, 8)


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("row", "code", "words"),
    [
        ("i01,0,0,0,5,cat", "unreadable", ["line 3", "half-open"]),
        ("i01,3,0,2,5,cat", "unreadable", ["line 3"]),
        ("i01,0,0,49,5,cat", "unreadable", ["line 3", "64x48", "bottom 49", "origin and inclusive"]),
        ("i01,0,0,5,65,cat", "unreadable", ["line 3", "right 65"]),
        ("i01,-1,0,5,5,cat", "unreadable", ["line 3", "top -1"]),
        ("i01,0,0,5.5,5,cat", "unreadable", ["line 3", "5.5"]),
        ("i01,0,0,nan,5,cat", "unreadable", ["line 3", "nan"]),
        ("i01,0,0,inf,5,cat", "unreadable", ["line 3", "inf"]),
        ("i01,0,,5,5,cat", "unreadable", ["line 3", "must be a number"]),
        ("i01,0,0,1_0,5,cat", "unreadable", ["line 3", "must be a number", "1_0"]),
        ("i01,0,0,5,5", "unreadable", ["line 3", "6 columns"]),
        ("i99,0,0,5,5,cat", "missing", ["line 3", "i99"]),
        ("i01.png,0,0,5,5,cat", "missing", ["line 3", "i01.png"]),
        ("i02,0,0,5,5,dog", "ambiguous", ["line 3", "i02", "cat, dog"]),
        ("i02,0,0,5,5,", "ambiguous", ["line 3", "i02"]),
    ],
)
def test_rows_that_are_wrong(folder: Path, row: str, code: str, words: list[str]) -> None:
    data = opened(folder, f"i02,0,0,9,9,cat\n{row}\n")
    with refused(code, "boxes.csv", *words):
        data.problems()


@pytest.mark.parametrize("header", ["image;top;left;bottom;right\n", "image,x0,y0,x1,y1\n", "\n", ""])
def test_columns_that_are_wrong(folder: Path, header: str) -> None:
    data = opened(folder, "", header)
    with refused("unreadable", "boxes.csv", "image,top,left,bottom,right"):
        data.problems()


def test_a_file_that_is_no_text(folder: Path) -> None:
    (folder / "boxes.csv").write_bytes(b"image,top,left,bottom,right\ncaf\xe9,0,0,1,1\n")
    with refused("unreadable", "boxes.csv", "UTF-8"):
        load_dataset(folder).problems()


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[boxes]\norigin = 2", ["origin must be 0 or 1"]),
        ("[boxes]\norigin = true", ["origin must be 0 or 1", "True"]),
        ("[boxes]\ninclusive = 1", ["inclusive must be false or true"]),
        ("[boxes]\ninclusiv = true", ["Did you mean inclusive"]),
        ("boxes = 3", ["a table [boxes]"]),
    ],
)
def test_settings_that_are_wrong(folder: Path, toml: str, words: list[str]) -> None:
    with refused("unreadable", "dataset.toml", *words):
        opened(folder, ROWS, toml=toml)


@pytest.mark.parametrize("name", ["boxes.csv", "stimuli"])
def test_a_folder_without_a_part(folder: Path, name: str) -> None:
    (folder / "boxes.csv").write_text(HEADER + ROWS)
    (folder / name).rename(folder / "elsewhere")
    with refused("layout", name):
        load_dataset("boxes", folder)
