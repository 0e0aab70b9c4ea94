"""Folders: names, links, things that are no files, and findings of the whole set."""

import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saliency_eval.errors import SaliencyEvalError
from saliency_eval.predictions import PredictionFolder, open_predictions
from saliency_eval.predictions.match import Naming, match

from .cases import GOOD, IDS, MAP, SHAPE, Case, Cases, assert_case, findings, good_folder, image, npy

OTHER = image(255 - MAP)
cases = Cases()


def rename(folder: Path, to: Any) -> None:
    for path in list(folder.iterdir()):
        path.rename(folder / to(path))


@cases("missing", "1 of 6", "i03", "--on-missing")
def one_missing(folder: Path) -> None:
    (folder / "i03.png").unlink()


@cases("extra", "zz99.png", "1 extra", same=MAP)
def extra(folder: Path) -> None:
    (folder / "zz99.png").write_bytes(OTHER)


@cases("ambiguous", "i01.png", "i01.jpg")
def png_and_jpg(folder: Path) -> None:
    (folder / "i01.jpg").write_bytes(image(MAP, format="JPEG"))


@cases("ambiguous", "i01.png", "I01.png")
def names_that_differ_in_case(folder: Path) -> None:
    (folder / "I01.png").write_bytes(OTHER)


@cases("ambiguous", "café")
def both_unicode_forms(folder: Path) -> None:
    (folder / "cafe\u0301.png").write_bytes(OTHER)


@cases("extra", "i01.txt", same=MAP)
def a_text_beside_the_map(folder: Path) -> None:
    (folder / "i01.txt").write_text("notes")


@cases("case", "6 names", "I01.PNG", same=MAP)
def upper_case(folder: Path) -> None:
    rename(folder, lambda path: path.name.upper())


@cases(None, same=MAP)
def upper_case_extension(folder: Path) -> None:
    rename(folder, lambda path: path.stem + ".PNG")


@cases(None, same=MAP)
def decomposed_names(folder: Path) -> None:
    (folder / "café.png").rename(folder / "cafe\u0301.png")


@cases("missing", "6 of 6", "_pred", "--suffix _pred")
def suffix(folder: Path) -> None:
    rename(folder, lambda path: path.stem + "_pred.png")


@cases(None, same=MAP)
def suffix_given(folder: Path) -> dict[str, Any]:
    suffix(folder)
    return {"suffix": "_pred"}


@cases("missing", "6 of 6", "--prefix sal_")
def prefix(folder: Path) -> None:
    rename(folder, lambda path: f"sal_{path.name}")


@cases(None, same=MAP)
def prefix_given(folder: Path) -> dict[str, Any]:
    prefix(folder)
    return {"prefix": "sal_"}


@cases("missing", "--pattern 'a_{stem}_b'")
def prefix_and_suffix(folder: Path) -> None:
    rename(folder, lambda path: f"a_{path.stem}_b.png")


@cases(None, same=MAP)
def pattern_given(folder: Path) -> dict[str, Any]:
    suffix(folder)
    return {"pattern": "{stem}_pred"}


@cases("case", "6 names", same=MAP)
def pattern_in_other_case(folder: Path) -> dict[str, Any]:
    suffix(folder)
    return {"pattern": "{stem}_PRED"}


@cases("nested", "maps/", same=MAP)
def nested(folder: Path) -> None:
    shutil.move(good_folder(folder.parent / "maps"), folder / "maps")
    for path in folder.glob("*.png"):
        path.unlink()


@cases("nested", "a/b/", same=MAP)
def nested_twice(folder: Path) -> dict[str, Any]:
    rename(folder, lambda path: path.stem + "_x.png")
    (folder / "a").mkdir()
    shutil.move(good_folder(folder.parent / "b"), folder / "a" / "b")
    for path in folder.glob("*.png"):
        path.unlink()
    rename(folder / "a" / "b", lambda path: path.stem + "_x.png")
    return {"suffix": "_x"}


@cases("missing", "1 of 6", "i01")
def in_a_second_folder(folder: Path) -> None:
    (folder / "more").mkdir()
    (folder / "i01.png").rename(folder / "more" / "i01.png")


@cases(None, same=MAP)
def junk(folder: Path) -> None:
    (folder / "__MACOSX").mkdir()
    for name in (".DS_Store", "Thumbs.db", "__MACOSX/._i01.png", "desktop.ini", ".i01.png", "thumbs.db"):
        (folder / name).write_bytes(b"junk")


@cases("missing", "no predictions", "png")
def empty_folder(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


@cases("symlink", "i01.png", "link")
def symlink_out(folder: Path) -> None:
    (folder.parent / "outside.png").write_bytes(OTHER)
    (folder / "i01.png").unlink()
    (folder / "i01.png").symlink_to(folder.parent / "outside.png")


@cases("symlink", "i01.png")
def symlink_to_a_folder_with_the_same_beginning(folder: Path) -> None:
    outside = good_folder(folder.parent / (folder.name + "2"))
    (folder / "i01.png").unlink()
    (folder / "i01.png").symlink_to(outside / "i01.png")


@cases("extra", "real.png", same=MAP)
def symlink_in(folder: Path) -> None:
    (folder / "i01.png").rename(folder / "real.png")
    (folder / "i01.png").symlink_to("real.png")


@cases(None, same=MAP)
def symlink_to_hidden(folder: Path) -> None:
    (folder / ".real").mkdir()
    (folder / "i01.png").rename(folder / ".real" / "x")
    (folder / "i01.png").symlink_to(Path(".real") / "x")


@cases("unreadable", "i01.png", "broken link")
def dangling_link(folder: Path) -> None:
    (folder / "i01.png").unlink()
    (folder / "i01.png").symlink_to("nowhere.png")


@cases("unreadable", "i01.png", "broken link")
def link_loop(folder: Path) -> None:
    (folder / "i01.png").unlink()
    (folder / "i01.png").symlink_to("i01.png")


@cases("missing", "1 of 6", "i01")
def link_to_a_folder(folder: Path) -> None:
    (folder / "i01.png").unlink()
    (folder / "i01.png").symlink_to("/usr")


@cases(None, same=MAP)
def linked_folder_is_not_walked(folder: Path) -> None:
    (folder / "more").symlink_to("/usr")
    (folder / "self").symlink_to(".")


@cases("not_a_file", "i01.png", "pipe")
def fifo(folder: Path) -> None:
    (folder / "i01.png").unlink()
    os.mkfifo(folder / "i01.png")


@cases("not_a_file", "i01.png", "pipe")
def link_to_a_fifo(folder: Path) -> None:
    (folder / "i01.png").unlink()
    os.mkfifo(folder / ".pipe")
    (folder / "i01.png").symlink_to(".pipe")


@cases("not_a_file", "i01.png", "folder")
def folder_named_like_a_map(folder: Path) -> None:
    (folder / "i01.png").unlink()
    (folder / "i01.png").mkdir()
    (folder / "i01.png" / "i01.png").write_bytes(OTHER)


@cases("extra", "\\n", "\\x1b", "\\u202e", "$(", "6 extra")
def odd_names(folder: Path) -> None:
    for name in ("a\nb.png", "a\x1b[31m.png", "a\u202eb.png", "-rf.png", "$(reboot).png", "n" * 200 + ".png"):
        (folder / name).write_bytes(OTHER)


@cases("extra", "\\udcff", same=MAP)
def name_that_is_not_utf8(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.png")).write_bytes(OTHER)


@cases("identical", "identical", "6")
def all_identical(folder: Path) -> None:
    for path in folder.iterdir():
        path.write_bytes(OTHER)


@cases(None, same=GOOD["café"])
def shuffled_names(folder: Path) -> None:
    for id, other in zip(IDS, [IDS[-1], *IDS[:-1]], strict=True):
        (folder / f"{id}.png").write_bytes(image(GOOD[other]))


@cases("mixed", "mixed", "4 png", "1 jpeg", "1 npy")
def mixed_formats(folder: Path) -> None:
    (folder / "i01.png").write_bytes(image(MAP.astype("u2") * 257))
    for id, suffix, data in (
        ("i02", "jpg", image(GOOD["i02"], format="JPEG")),
        ("i03", "npy", npy(GOOD["i03"] / 7)),
    ):
        (folder / f"{id}.png").unlink()
        (folder / f"{id}.{suffix}").write_bytes(data)


@cases("too_many", "2000")
def too_many_files(folder: Path) -> None:
    for n in range(2001):
        (folder / f"x{n}.txt").touch()


@cases("too_many", "8 deep")
def too_deep(folder: Path) -> None:
    folder.joinpath(*"abcdefghi").mkdir(parents=True)


@cases(None, same=MAP)
def as_deep_as_allowed(folder: Path) -> None:
    folder.joinpath(*"abcdefgh").mkdir(parents=True)


@cases("too_large", "i01.png")
def large_file(folder: Path) -> None:
    os.truncate(folder / "i01.png", 64 * 2**20 + 1)


@cases.parametrize()
@pytest.mark.parametrize("backwards", [False, True])
def test_case(case: Case, tmp_path: Path, backwards: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if backwards:
        reverse_listing(monkeypatch)
    assert_case(case, tmp_path / "p")


def reverse_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    from saliency_eval.predictions import folder

    forward = folder.entries
    monkeypatch.setattr(folder, "entries", lambda path: reversed(list(forward(path))))


def test_the_findings_do_not_depend_on_the_order_of_the_listing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = good_folder(tmp_path / "p")
    for make in (extra, png_and_jpg, odd_names, one_missing):
        make(folder)
    there = findings(folder).problems
    reverse_listing(monkeypatch)
    assert findings(folder).problems == there


def test_every_problem_names_its_file_and_image(tmp_path: Path) -> None:
    folder = good_folder(tmp_path / "p")
    (folder / "i01.png").write_bytes(b"")
    [problem] = findings(folder).problems
    assert (problem.image, problem.file, problem.message[:8]) == ("i01", "i01.png", "i01.png:")


def test_a_folder_is_read_after_pickling(tmp_path: Path) -> None:
    predictions = PredictionFolder(good_folder(tmp_path / "ours"))
    assert predictions.match(IDS) == []
    copy = pickle.loads(pickle.dumps(predictions))
    assert copy.name == "ours"
    np.testing.assert_array_equal(copy.fetch("café").read(SHAPE).values, GOOD["café"])


def test_a_file_without_permission_is_an_environment_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictions = PredictionFolder(good_folder(tmp_path / "p"))
    predictions.match(IDS)
    forward = os.open

    def refused(path: str, *rest: Any) -> int:
        if str(path).endswith("i01.png"):
            raise PermissionError(13, "Permission denied")
        return forward(path, *rest)

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(SaliencyEvalError, match="Permission denied") as error:
        predictions.fetch("i01").read(SHAPE)
    assert (error.value.code, error.value.exit_code) == ("io", 5)


def test_a_vanished_file_is_an_environment_error(tmp_path: Path) -> None:
    predictions = PredictionFolder(good_folder(tmp_path / "p"))
    predictions.match(IDS)
    (tmp_path / "p" / "i01.png").unlink()
    with pytest.raises(SaliencyEvalError) as error:
        predictions.fetch("i01").read(SHAPE)
    assert error.value.code == "io"


def test_a_file_that_grows_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    predictions = PredictionFolder(good_folder(tmp_path / "p"))
    predictions.match(IDS)

    look = os.fstat

    def grow(number: int) -> os.stat_result:
        found = look(number)
        with (tmp_path / "p" / "i01.png").open("ab") as file:
            file.write(b"more")
        return found

    monkeypatch.setattr("saliency_eval.disk.os.fstat", grow)
    with pytest.raises(SaliencyEvalError) as error:
        predictions.fetch("i01").read(SHAPE)
    assert error.value.code == "changed"


def test_changed_files_are_found_by_their_content(tmp_path: Path) -> None:
    folder = good_folder(tmp_path / "p")
    predictions = PredictionFolder(folder)
    predictions.match(IDS)
    digests = {id: predictions.fetch(id).sha256 for id in IDS}
    assert predictions.changed(digests) == []
    os.utime(folder / "i01.png", ns=(1, 1))
    assert predictions.changed(digests) == []
    (folder / "i02.png").write_bytes(OTHER)
    (folder / "i03.png").unlink()
    assert [(p.code, p.image) for p in predictions.changed(digests)] == [
        ("changed", "i02"),
        ("changed", "i03"),
    ]


def test_a_single_prediction_is_not_called_identical(tmp_path: Path) -> None:
    assert findings(good_folder(tmp_path / "p"), ["i01"]).codes == {"extra"}


def test_a_path_that_does_not_exist_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SaliencyEvalError, match=r"folder or a zip, tar.*nowhere") as error:
        open_predictions(tmp_path / "nowhere")
    assert error.value.code == "missing"


def test_a_single_map_is_no_set_of_predictions(tmp_path: Path) -> None:
    good_folder(tmp_path)
    assert findings(tmp_path / "i01.png").errors == {"format_not_allowed"}


def test_a_pipe_is_no_set_of_predictions(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SaliencyEvalError, match="not_a_file"):
        open_predictions(tmp_path / "pipe")


@pytest.mark.parametrize(
    "options",
    [
        {"pattern": "x"},
        {"pattern": "{stem}{stem}"},
        {"pattern": "{stem}.png"},
        {"pattern": "{stem}_a", "suffix": "_a"},
        {"kind": "densty"},
        {"max_pixels": 0},
    ],
)
def test_options_that_cannot_be_meant(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(SaliencyEvalError) as error:
        open_predictions(good_folder(tmp_path), **options)
    assert (error.value.code, error.value.exit_code) == ("usage", 2)


def test_ids_that_differ_in_case_are_matched_exactly() -> None:
    found = match(["a.png", "A.png", "B.png"], ["a", "A", "b"], Naming(), "p")
    assert found.files == {"a": "a.png", "A": "A.png"}
    assert [problem.code for problem in found.problems] == ["missing", "extra"]


def test_ids_with_folders() -> None:
    ids = ["Action/001", "Art/001"]
    for names, codes in (
        (["Action/001.png", "Art/001.png"], []),
        (["p/Action/001.png", "p/Art/001.png"], ["nested"]),
    ):
        found = match(names, ids, Naming(), "p")
        assert found.files == dict(zip(ids, names, strict=True))
        assert [problem.code for problem in found.problems] == codes


def test_too_many_grows_with_the_images(tmp_path: Path) -> None:
    folder = good_folder(tmp_path / "p")
    too_many_files(folder)
    assert "too_many" in findings(folder).codes
    assert "too_many" not in findings(folder, [*IDS, *(f"n{n}" for n in range(600))]).codes


# ------------------------------------------------------------------ hints


def hint(names: list[str], naming: Naming = Naming(), ids: list[str] = IDS) -> str:  # noqa: B008
    found = match([f"{name}.png" for name in names], ids, naming, "p")
    return "\n".join(problem.remedy for problem in found.problems if problem.code == "missing")


PREDICTED = [f"{id}_pred" for id in IDS]


@pytest.mark.parametrize(
    ("names", "words"),
    [([*PREDICTED[1:], "mean"], "files there end in '_pred': try --suffix _pred"),
     (["i01", *PREDICTED[1:]], "name all alike, or try --suffix _pred"),
     ([*IDS[1:], "i01_pred"], "name all alike, or try --suffix _pred"),
     (["i01", *(f"sal_{id}" for id in IDS[1:]), "mean"], "try --prefix sal_"),
     ([f"{id} (1)" for id in IDS], "try --suffix ' (1)'"),
     ([f"a b{id}'" for id in IDS], "--pattern "),
     ([*IDS[1:], "xi01y"], "--on-missing"), ([*IDS[1:], "mean"], "--on-missing"),
     ([f"{id}\x1b" for id in IDS], "--on-missing"), ([f"\u202e{id}" for id in IDS], "--on-missing")],
    ids=["with another", "mixed", "one", "prefix", "space", "quote", "inside", "other", "escape", "mark"],
)  # fmt: skip
def test_hints(names: list[str], words: str) -> None:
    assert words in hint(names)


def test_no_hint_is_empty() -> None:
    assert hint(IDS, Naming("sal_", "")) == (
        "files there are named as the images alone: leave out --prefix, --suffix and --pattern"
    )


def test_a_part_of_a_number_is_no_prefix() -> None:
    assert "--on-missing" in hint(["1", "2", "13"], ids=["1", "2", "3"])


# ------------------------------------------------------------------ sentences


def test_limits_are_raised_in_python(tmp_path: Path) -> None:
    for option in ("max_bytes", "max_pixels"):
        found = findings(good_folder(tmp_path), **{option: 10})
        assert f"raise {option}= of open_predictions" in found.text("too_large")
        assert "--max" not in found.text("too_large")


def test_negative_values_follow_the_options_of_a_metric(tmp_path: Path) -> None:
    (good_folder(tmp_path) / "i01.png").write_bytes(npy(MAP - 5.0))
    text = findings(tmp_path).text("shifted")
    assert all(word in text for word in ("negative", "sim", "kld", "ig", "as their options say"))


def test_order_of_a_folder_is_that_of_the_images(tmp_path: Path) -> None:
    predictions = PredictionFolder(good_folder(tmp_path))
    predictions.match(IDS)
    assert predictions.order(IDS[::-1]) == IDS[::-1]
