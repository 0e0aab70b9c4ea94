"""Own folders: what is read, and every way in which such files are wrong."""

from __future__ import annotations

import io
import json
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image, ImageFile

from saliency_eval.core import Stimulus
from saliency_eval.datasets import load_dataset
from saliency_eval.datasets.base import Dataset
from saliency_eval.datasets.files import read_file
from saliency_eval.datasets.folder import slug
from saliency_eval.datasets.verify import check_dataset
from saliency_eval.errors import Problem, SaliencyEvalError

NAMES = ("i01", "i02", "i03", "i04", "i05", "café")
HEIGHT, WIDTH = 48, 64
NAN = float("nan")
Fixations = dict[str, list[list[float]]]


@pytest.fixture
def points() -> Fixations:
    rng = np.random.default_rng(3)
    return {name: rng.integers(0, (HEIGHT, WIDTH), (20, 2)).tolist() for name in NAMES}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "set/stimuli").mkdir(parents=True)
    for name in NAMES:
        Image.new("RGB", (WIDTH, HEIGHT), "grey").save(tmp_path / f"set/stimuli/{name}.png")
    return tmp_path / "set"


def with_json(folder: Path, points: Any) -> Dataset:
    text = points if isinstance(points, str) else json.dumps(points)
    (folder / "fixations.json").write_text(text, encoding="utf-8")
    return Dataset.from_folder(folder)


def with_csv(folder: Path, text: str) -> Dataset:
    (folder / "fixations.csv").write_text(text, encoding="utf-8")
    return Dataset.from_folder(folder)


def with_toml(folder: Path, text: str, points: Any) -> Dataset:
    (folder / "dataset.toml").write_text(text, encoding="utf-8")
    return with_json(folder, points)


def only(problems: list[Problem]) -> Problem:
    (problem,) = problems
    return problem


def refused(code: str, *words: str) -> Any:
    """Raises this code with exit status 4 and a message that holds the words."""
    return Refused(code, words)


class Refused:
    def __init__(self, code: str, words: tuple[str, ...]) -> None:
        self.code, self.words = code, words
        self.raises = pytest.raises(SaliencyEvalError)

    def __enter__(self) -> None:
        self.info = self.raises.__enter__()

    def __exit__(self, *exception: Any) -> bool:
        done = self.raises.__exit__(*exception)
        assert (self.info.value.code, self.info.value.exit_code) == (self.code, 4)
        assert all(word in str(self.info.value) for word in self.words), str(self.info.value)
        return bool(done)


# ------------------------------------------------------------------ what is read


def test_json(folder: Path, points: Fixations) -> None:
    data = with_json(folder, points)
    assert list(data) == ["café", "i01", "i02", "i03", "i04", "i05"]
    for name in NAMES:
        assert_array_equal(data[name]["fixations"], points[name])
    assert data.problems() == []
    assert data.defaults == {}


def test_csv_in_any_order_with_observers(folder: Path) -> None:
    data = with_csv(
        folder, "\ufeffimage,x,y,observer,duration_ms\ni02,5,6,bo,200\ni01,1,2,al,10\ni02,7,8,al,30\n"
    )
    assert data["i02"]["fixations"].tolist() == [[6, 5], [8, 7]]
    assert data["i02"]["observers"].tolist() == [0, 1]
    assert data["i01"]["observers"].tolist() == [1]


def test_csv_image_without_a_row_or_with_an_empty_one_has_no_fixation(folder: Path) -> None:
    data = with_csv(folder, "image,row,column\ni01,1,2\ni02,,\n")
    assert [p.image for p in data.problems() if p.code == "empty_fixations"] == [
        "café", "i02", "i03", "i04", "i05",
    ]  # fmt: skip


def test_order_and_origin_of_the_toml(folder: Path, points: Fixations) -> None:
    plain = with_json(folder, points).pool.sha256
    turned = {name: [[c + 1, r + 1] for r, c in p] for name, p in points.items()}
    text = 'name = "My set: 2"\nsigma = 7\n[fixations]\npoints = "x-y"\norigin = 1\n'
    data = with_toml(folder, text, turned)
    assert data.pool.sha256 == plain
    assert data.key == "my-set-2"
    assert data.tag.startswith("my-set-2@1#")
    assert data.card.name == "My set: 2"
    assert data.defaults == {"sigma": 7}


def test_stored_maps_and_boxes(folder: Path, points: Fixations) -> None:
    (folder / "maps").mkdir()
    np.save(folder / "maps/i01.npy", np.full((HEIGHT, WIDTH), 0.5, np.float32))
    Image.new("L", (WIDTH, HEIGHT), 9).save(folder / "maps/i02.png")
    (folder / "boxes.csv").write_text("image,top,left,bottom,right,label\ni01,0,1,48,64,dog\n")
    data = with_json(folder, points)
    assert data["i01"]["stored_density"]().tolist() == np.full((HEIGHT, WIDTH), 0.5).tolist()
    assert data["i02"]["stored_density"]().max() == 9
    assert not data["i03"].has("stored_density")
    assert data["i01"]["boxes"].tolist() == [[0, 1, 48, 64]]
    assert data["i02"]["boxes"].shape == (0, 4)


@pytest.mark.parametrize("box", ["0,0,0,5", "0,0,49,5", "-1,0,5,5", "0,0,5.5,5", "0,0,nan,5"])
def test_bad_boxes(folder: Path, points: Fixations, box: str) -> None:
    (folder / "boxes.csv").write_text(f"image,top,left,bottom,right\ni01,{box}\n")
    with refused("unreadable", "boxes.csv", "line 2", "half-open"):
        with_json(folder, points)["i01"]["boxes"]


def test_names_are_compared_in_composed_form(folder: Path, points: Fixations) -> None:
    points["cafe\u0301"] = points.pop("café")
    assert "café" in with_json(folder, points)


def test_loading_by_path(folder: Path, points: Fixations, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = with_json(folder, points).tag
    monkeypatch.chdir(folder.parent)
    assert load_dataset("set").tag == load_dataset("./set").tag == load_dataset(folder).tag == plain


# ------------------------------------------------------------------ points outside


def test_points_outside_are_dropped_and_counted(folder: Path, points: Fixations) -> None:
    points["i01"][:3] = [[HEIGHT, 0], [-1, -1], [3, WIDTH]]
    data = with_json(folder, points)
    warning = only(data.problems())
    assert (warning.code, warning.severity, warning.count) == ("dropped_fixations", "warning", 3)
    assert "i01" in warning.message
    assert "3 of 20" in warning.message
    assert_array_equal(data["i01"]["fixations"], points["i01"][3:])
    assert data["i01"]["dropped"] == 3


def test_points_outside_can_be_refused(folder: Path, points: Fixations) -> None:
    points["i01"][0] = [-1, -1]
    with_json(folder, points)
    with refused("dropped_fixations", "1 of 20"):
        Dataset.from_folder(folder, out_of_range="raise").problems()


def test_nothing_that_is_not_finite_becomes_a_point(folder: Path, points: Fixations) -> None:
    text = json.dumps(points).replace(json.dumps(points["i01"][:2])[1:-1], "[NaN, 1], [1e999, 2]")
    data = with_json(folder, text)
    assert only(data.problems()).count == 2
    assert len(data["i01"]["fixations"]) == 18


def test_swapped_axes(folder: Path, points: Fixations) -> None:
    points["i01"][0] = [0, WIDTH - 1]
    data = with_json(folder, {name: [[c, r] for r, c in p] for name, p in points.items()})
    error = only(data.problems())
    assert (error.code, error.severity, error.exit) == ("swapped_axes", "error", 4)
    assert "column" in error.message
    assert "fixations.json" in error.message


def test_many_points_outside_in_both_orders(folder: Path, points: Fixations) -> None:
    points["i01"] = [[500, 500]] * 20
    error = only([p for p in with_json(folder, points).problems() if p.code != "empty_fixations"])
    assert (error.code, error.severity, error.exit) == ("dropped_fixations", "error", 4)
    assert "20 of 120" in error.message


def test_one_based_points_get_a_hint(folder: Path, points: Fixations) -> None:
    points["i02"][0] = [HEIGHT - 1, WIDTH - 1]
    data = with_json(folder, {name: [[r + 1, c + 1] for r, c in p] for name, p in points.items()})
    warnings = data.problems()
    assert {(p.code, p.severity) for p in warnings} == {("dropped_fixations", "warning")}
    assert all("outside" in p.message and "1-based" in p.remedy for p in warnings)


def test_points_far_outside_get_no_such_hint(folder: Path, points: Fixations) -> None:
    positive = {name: [[max(r, 1), max(c, 1)] for r, c in p] for name, p in points.items()}
    positive["i01"][0] = [HEIGHT, WIDTH + 1]
    assert only(with_json(folder, positive).problems()).remedy == ""
    positive["i01"][0] = [HEIGHT, WIDTH]
    assert "1-based" in only(with_json(folder, positive).problems()).remedy


def test_fractions_are_floored_with_a_note(folder: Path, points: Fixations) -> None:
    points["i01"][0] = [47.6, 63.6]
    data = with_json(folder, points)
    note = only(data.problems())
    assert (note.code, note.severity, note.count) == ("floored", "note", 1)
    assert "floor" in note.message
    assert data["i01"]["fixations"][0].tolist() == [47, 63]


def test_an_image_without_fixation_is_a_warning(folder: Path, points: Fixations) -> None:
    warning = only(with_json(folder, points | {"i01": []}).problems())
    assert (warning.code, warning.severity, warning.image) == ("empty_fixations", "warning", "i01")


# ------------------------------------------------------------------ files that are refused


@pytest.mark.parametrize(
    "text",
    ["[]", '{"i01": 3}', '{"i01": [[1, 2, 3]]}', '{"i01": [["a", 2]]}', '{"i01": [[1], [1, 2]]}',
     '{"i01": [[null, 2]]}', "[" * 100_000, '{"i01": [[' + "9" * 5000 + ", 1]]}", ""],
    ids=["list", "number", "triple", "text", "ragged", "null", "deep", "long number", "empty"],
)  # fmt: skip
def test_other_json(folder: Path, text: str) -> None:
    with refused("unreadable", "fixations.json"):
        with_json(folder, text)


def test_bytes_that_are_not_utf8(folder: Path) -> None:
    (folder / "fixations.json").write_bytes(b'{"caf\xe9": []}')
    with refused("unreadable", "UTF-8"):
        Dataset.from_folder(folder)


@pytest.mark.parametrize("row", ["i01,1", "i01,1,2,3", "i01,a,2", "i01,1_0,2", "i01,,2", 'i01,"1,2'])
def test_other_csv_rows(folder: Path, row: str) -> None:
    with refused("unreadable", "fixations.csv", "line"):
        with_csv(folder, f"image,row,column\ni02,1,2\n{row}\n")


def test_fixations_without_an_image_and_the_reverse(folder: Path, points: Fixations) -> None:
    points["zz"] = points.pop("i03")
    with refused("missing", "zz", "i03"):
        with_json(folder, points)


def test_two_fixation_files(folder: Path, points: Fixations) -> None:
    with_json(folder, points)
    with refused("ambiguous", "fixations.csv", "fixations.json"):
        with_csv(folder, "image,row,column\n")


def test_two_stimuli_of_one_name(folder: Path, points: Fixations) -> None:
    Image.new("RGB", (WIDTH, HEIGHT)).save(folder / "stimuli/I01.jpg")
    with refused("ambiguous", "I01.jpg", "i01.png"):
        with_json(folder, points)


@pytest.mark.parametrize("place", ["set", "set/stimuli"])
def test_images_without_a_fixation_file_are_enough_until_something_is_scored(
    folder: Path, place: str
) -> None:
    root = folder.parent / place
    data = load_dataset(str(root))
    assert list(data) == sorted(NAMES)
    assert_array_equal(data["i01"]["image"], 128)
    assert data["i01"]["fixations"].shape == (0, 2)
    assert data.lacks({"image", "shape"}) == ""
    for needed, what in (("fixations", "fixations"), ("pool", "fixations of other images")):
        assert data.lacks({needed}) == f"{what}, and {root} holds neither fixations.csv nor fixations.json"
    [problem] = check_dataset(data).problems
    assert "fixations must be at least 1, got none" in problem.message


def test_an_empty_fixation_file_is_there(folder: Path) -> None:
    assert (
        with_csv(folder, "image,row,column\n").lacks({"fixations"}) == "fixations, and the data set has none"
    )


@pytest.mark.parametrize("files", [[], ["fixations.csv", "i01.png"], ["fixations.json"]])
def test_no_stimuli(tmp_path: Path, files: list[str]) -> None:
    for name in files:
        (tmp_path / name).touch()
    alone = "" if files else ", or images alone"  # beside a fixation file, images lie in stimuli/
    alone += " (.jpg .jpeg .png)"
    got = ", ".join(files) or "an empty folder"
    with refused("layout", f"must hold stimuli/ with images{alone}, got {got};"):
        Dataset.from_folder(tmp_path)


@pytest.mark.parametrize(
    ("text", "word"),
    [("nam = 'x'", "name"), ("name =", "TOML"), ("name = 3", "text"), ("sigma = -1", "above 0"),
     ("sigma = 0", "above 0"), ("sigma = 10001", "10000 px"), ("sigma = inf", "above 0"),
     ("fixations = 3", "table"), ("[fixations]\norigin = 2", "0 or 1"),
     ("[fixations]\norigin = true", "0 or 1"),
     ("[fixations]\npoints = 'y-x'", "'x-y'"), (f"licence = '{'x' * 10_001}'", "at most 10000 characters")],
)  # fmt: skip
def test_bad_toml(folder: Path, points: Fixations, text: str, word: str) -> None:
    with refused("unreadable", "dataset.toml", word):
        with_toml(folder, text, points)


def test_pictures_that_cannot_be_images_are_told(folder: Path, points: Fixations) -> None:
    for name in ("a.WEBP", "b.tif", "c.gif", ".d.gif", "notes.txt"):
        (folder / "stimuli" / name).touch()
    (folder / "stimuli" / "lost.png").symlink_to("nowhere")
    told = [problem for problem in with_json(folder, points).problems() if problem.code == "passed_over"]
    assert [(problem.message, problem.remedy, problem.count) for problem in told] == [
        (
            "stimuli/a.WEBP is a picture, but none of .jpg .jpeg .png, and is passed over, as are 2 more",
            "convert them",
            3,
        ),
        (
            "stimuli/lost.png is no file, or a link that leads nowhere, and is passed over",
            "restore it",
            1,
        ),
    ]


def test_a_lost_image_that_has_fixations_is_told_as_one(folder: Path, points: Fixations) -> None:
    (folder / "stimuli" / "i01.png").unlink()
    (folder / "stimuli" / "i01.png").symlink_to("nowhere")
    with pytest.raises(SaliencyEvalError) as error:
        with_json(folder, points)
    assert [problem.code for problem in error.value.problems] == ["missing", "passed_over"]
    assert error.value.exit_code == 4


def test_all_images_that_are_unreadable_are_told_at_once(folder: Path, points: Fixations) -> None:
    for name in ("i01.png", "i04.png"):
        (folder / "stimuli" / name).write_bytes(b"")
    with pytest.raises(SaliencyEvalError) as error:
        with_json(folder, points).problems()
    assert [problem.image for problem in error.value.problems] == ["i01", "i04"]


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x89PNG\r\n\x1a\n"])
def test_a_stimulus_that_is_no_picture(folder: Path, points: Fixations, content: bytes) -> None:
    (folder / "stimuli/i04.png").write_bytes(content)
    with refused("unreadable", "i04.png"):
        with_json(folder, points).problems()


def test_a_stored_picture_that_pillow_stumbles_over(folder: Path, points: Fixations) -> None:
    (folder / "maps").mkdir()
    whole = io.BytesIO()
    Image.new("L", (WIDTH, HEIGHT)).save(whole, "PNG")
    data, profile = whole.getvalue(), b"iCCPx\0"  # a colour profile cut after its name, behind the pixels
    end = data.index(b"IEND") - 4
    chunk = (len(profile) - 4).to_bytes(4, "big") + profile + zlib.crc32(profile).to_bytes(4, "big")
    (folder / "maps/i01.png").write_bytes(data[:end] + chunk + data[end:])
    density = with_json(folder, points)["i01"]["stored_density"]
    with refused("unreadable", "i01.png", "IndexError"):
        density()


def test_a_stored_picture_of_another_size_is_not_decoded(
    folder: Path, points: Fixations, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "maps").mkdir()
    Image.new("L", (9000, 9000)).save(folder / "maps/i01.png")
    density = with_json(folder, points)["i01"]["stored_density"]
    monkeypatch.setattr(Image.Image, "convert", None)
    monkeypatch.setattr(ImageFile.ImageFile, "load", None)
    with refused("wrong_size", "i01.png", "9000x9000"):
        density()


def test_a_damaged_exif_block_of_a_stimulus_is_not_spoken_of(folder: Path, points: Fixations) -> None:
    (folder / "stimuli/i01.png").unlink()
    cut = b"Exif\0\0MM\0*\0\0\0\x08\0\0"
    Image.new("RGB", (WIDTH, HEIGHT)).save(folder / "stimuli/i01.jpg", exif=cut)
    assert with_json(folder, points)["i01"]["image"].shape == (HEIGHT, WIDTH, 3)


def test_exif_rotation_is_never_applied(folder: Path, points: Fixations) -> None:
    (folder / "stimuli/i01.png").unlink()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (WIDTH, HEIGHT)).save(folder / "stimuli/i01.jpg", exif=exif)
    stimulus: Stimulus = with_json(folder, points)["i01"]
    assert stimulus["shape"] == stimulus["image"].shape[:2] == (HEIGHT, WIDTH)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("../../x", "x"), ("a|b:c@d#e", "a-b-c-d-e"), ("\u202e", "folder"), ("x" * 90, "x" * 60)],
)
def test_slug(name: str, wanted: str) -> None:
    assert slug(name) == wanted


# ------------------------------------------------------------------ pipes, devices, links


FILE_NAMES = ("fixations.csv", "fixations.json", "dataset.toml")


@pytest.mark.parametrize("name", FILE_NAMES)
@pytest.mark.parametrize(("kind", "word"), [("pipe", "FIFO"), ("device", "device"), ("folder", "folder")])
def test_a_file_that_is_none(folder: Path, points: Fixations, name: str, kind: str, word: str) -> None:
    if name == "dataset.toml":
        with_json(folder, points)
    {
        "pipe": lambda: os.mkfifo(folder / name),
        "device": lambda: (folder / name).symlink_to("/dev/zero"),
        "folder": lambda: (folder / name).mkdir(),
    }[kind]()
    with refused("not_a_file", name, word):
        Dataset.from_folder(folder)


@pytest.mark.parametrize("name", FILE_NAMES)
def test_a_link_that_leads_nowhere(folder: Path, points: Fixations, name: str) -> None:
    if name == "dataset.toml":
        with_json(folder, points)
    (folder / name).symlink_to("nowhere")
    with refused("unreadable", name, "leads nowhere"):
        Dataset.from_folder(folder)


def test_a_file_above_the_limit(folder: Path, points: Fixations, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saliency_eval.datasets.folder_files.MOST_BYTES", 2**20)
    with refused("too_large", "fixations.json", "1 MiB"):
        with_json(folder, " " * (2**20 + 1 - 2) + "{}")
    with refused("too_large", "dataset.toml"):
        with_toml(folder, "#" * (2**20 + 1), points)


def test_a_file_of_exactly_the_limit(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert read_file(tmp_path / "x", 3) == b"abc"
    with refused("too_large", "x"):
        read_file(tmp_path / "x", 2)


# ------------------------------------------------------------------ stored densities


def npy_header(shape: str) -> bytes:
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}".encode()
    head = head.ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + bytes(64)


SIGNALLING = np.full((HEIGHT, WIDTH), 0x7F800001, "u4").view("f4")  # NaN that a conversion tells of


@pytest.mark.parametrize(
    ("content", "code"),
    [(npy_header("(1000000, 1000000)"), "unreadable"), (npy_header("(-1, 8)"), "unreadable"),
     (np.full((HEIGHT, WIDTH), np.nan), "non_finite"), (np.full((HEIGHT, WIDTH), np.inf), "non_finite"),
     (np.zeros((HEIGHT, WIDTH)) - 1, "not_normalised"), (np.zeros((WIDTH, HEIGHT)), "wrong_size"),
     (np.zeros((HEIGHT, WIDTH, 3)), "shape"), (np.zeros((HEIGHT, WIDTH), complex), "dtype"),
     (np.full((HEIGHT, WIDTH), None), "dtype"), (b"", "unreadable"), (b"\x93NUMPY\x03\x00", "unreadable"),
     (npy_header("(8, 12").replace(b"': False", b"'2 Fals"), "unreadable"), (npy_header("(8, 1_)"), "unreadable"),
     (npy_header("('\\p', 8)"), "unreadable"), (SIGNALLING, "non_finite")],
    ids=["lie", "minus", "nan", "inf", "negative", "size", "colour", "complex", "object", "empty", "version",
         "open", "number", "escape", "signalling"],
)  # fmt: skip
def test_stored_arrays(folder: Path, points: Fixations, content: Any, code: str) -> None:
    (folder / "maps").mkdir()
    path = folder / "maps/i01.npy"
    path.write_bytes(content) if isinstance(content, bytes) else np.save(path, content, allow_pickle=True)
    density = with_json(folder, points)["i01"]["stored_density"]
    with refused(code, "i01.npy", "image i01"):
        density()


def test_stored_arrays_in_other_orders_and_types(folder: Path, points: Fixations) -> None:
    (folder / "maps").mkdir()
    wanted = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
    for name, array in (
        ("i01", np.asfortranarray(wanted)),
        ("i02", wanted.astype(">u2")),
        ("i03", wanted > 9),
    ):
        np.save(folder / f"maps/{name}.npy", array)
    data = with_json(folder, points)
    for name, array in (("i01", wanted), ("i02", wanted), ("i03", wanted > 9)):
        assert_array_equal(data[name]["stored_density"](), array)


def test_stored_pictures(folder: Path, points: Fixations) -> None:
    (folder / "maps").mkdir()
    half = Image.fromarray(np.tile(np.array([0, 255], np.uint8), (HEIGHT, WIDTH // 2)))
    for name, mode, alpha in (
        ("i01", "LA", half),
        ("i02", "RGBA", half),
        ("i03", "LA", None),
        ("i04", "RGBA", None),
    ):
        picture = Image.new("L", (WIDTH, HEIGHT), 7).convert(mode)
        if alpha:
            picture.putalpha(alpha)
        picture.save(folder / f"maps/{name}.png")
    Image.new("L", (WIDTH, HEIGHT + 1), 7).save(folder / "maps/i05.png")
    data = with_json(folder, points)
    for name, code in (("i01", "alpha"), ("i02", "alpha"), ("i05", "wrong_size")):
        with refused(code, f"{name}.png", f"image {name}"):
            data[name]["stored_density"]()
    for name in ("i03", "i04"):
        assert np.unique(data[name]["stored_density"]()).tolist() == [7]


# ------------------------------------------------------------------ what looks alike


@pytest.mark.parametrize("text", ['{"i01": [[true, 3]]}', '{"i01": [[1, 2], [3.5, false]]}'])
def test_truth_values_are_no_coordinates(folder: Path, text: str) -> None:
    with refused("unreadable", "fixations.json", "i01"):
        with_json(folder, text)


def test_two_pairs_of_columns(folder: Path) -> None:
    with refused("ambiguous", "row,column,x,y", "both"):
        with_csv(folder, "image,row,column,x,y\ni01,1,2,2,1\n")


def test_names_with_an_extension(folder: Path) -> None:
    with refused("missing", "i01.png", "without extension", "write i01"):
        with_csv(folder, "image,row,column\ni01.png,1,2\n")
    with refused("missing", "i01.txt", "no such image"):
        with_csv(folder, "image,row,column\ni01.txt,1,2\n")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """One image of 8 rows and 9 columns."""
    (tmp_path / "small/stimuli").mkdir(parents=True)
    Image.new("L", (9, 8)).save(tmp_path / "small/stimuli/a.png")
    return tmp_path / "small"


@pytest.mark.parametrize(
    ("points", "code", "words"),
    [([[8, 0]], "dropped_fixations", ["1-based?", "rows"]), ([[8, 9], [1, 1]], "dropped_fixations", ["1-based?"]),
     ([[0, 9], [3, 1]], "dropped_fixations", ["1-based?", "columns"]), ([[8, 0], [0, 5]], "swapped_axes", ["x-y"]),
     ([[NAN, 1], [2, 3]], "dropped_fixations", ["1 of 2 points are not finite", "finite numbers"]),
     ([[NAN, 1], [20, 3]], "dropped_fixations", ["1 not finite, 1 outside"])],
    ids=["row", "both", "column", "swapped", "nan", "nan and far"],
)  # fmt: skip
def test_why_many_points_are_outside(small: Path, points: Any, code: str, words: list[str]) -> None:
    errors = [p for p in with_json(small, {"a": points}).problems() if p.severity == "error"]
    assert only(errors).code == code
    assert all(word in str(only(errors)) for word in words), str(only(errors))


def test_an_origin_that_is_set_already_is_not_offered(small: Path) -> None:
    found = with_toml(small, "[fixations]\norigin = 1\n", {"a": [[9, 10]]}).problems()
    assert "1-based" not in str(found[0])


def test_points_that_are_not_finite_are_called_so(folder: Path, points: Fixations) -> None:
    points["i01"][0] = [NAN, 1]
    points["i02"][:2] = [[NAN, 1], [-1, 1]]
    first, second = with_json(folder, points).problems()
    assert "1 of 20 fixations dropped, not finite" in first.message
    assert "2 of 20 fixations dropped, 1 not finite, 1 outside the image" in second.message
    assert "1-based" not in first.remedy + second.remedy


# ------------------------------------------------------------------ data check


def test_a_set_without_any_fixation_is_not_right(folder: Path, points: Fixations) -> None:
    assert check_dataset(with_json(folder, points)).ok
    report = check_dataset(with_json(folder, {name: [] for name in NAMES}))
    assert [row.what for row in report.rows if row.ok is False] == ["fixations"]
    assert [(p.code, p.exit) for p in report.problems] == [("totals", 4)]


def test_the_check_of_an_own_set_finds_swapped_axes(folder: Path, points: Fixations) -> None:
    points["i01"][0] = [0, WIDTH - 1]
    data = with_json(folder, {name: [[c, r] for r, c in p] for name, p in points.items()})
    assert "swapped_axes" in {p.code for p in check_dataset(data).problems}
