"""Checking: a row for every file, and what only all maps together tell."""

import json
import subprocess
import sys
import zipfile
from dataclasses import astuple

import numpy as np
import pytest
from PIL import Image

import saliency_eval as se
from saliency_eval import findings, tasks
from saliency_eval.errors import CODES, fail

STABLE = """
    missing ambiguous extra too_many unreadable too_large format_not_allowed pickle dtype shape wrong_size
    non_finite not_normalised colour alpha orientation multi_frame not_a_file symlink path_traversal
    external_link changed constant few_levels zeros identical mixed dropped_fixations swapped_axes
    empty_fixations undefined_metric checksum totals layout not_available incomplete mixed_signature no_baseline
    skipped_result usage needs_extra io internal interrupted resized rounded shifted lossy misnamed palette
    opaque_alpha squeezed nested case mat73 floored
"""


@pytest.fixture
def data(toy):
    return se.load_dataset(str(toy / "toy"))


def codes(found):
    return sorted(problem.code for problem in found)


def test_codes_are_only_added():
    assert set(STABLE.split()) <= set(CODES)


@pytest.fixture
def spoilt(toy):
    """One map of each kind: broken, a mask, of another format than its name, absent; and a file of no image."""
    maps = toy / "maps"
    (maps / "i01.png").write_bytes(b"<html>")
    Image.fromarray(np.eye(48, 64).astype(np.uint8)).save(maps / "i02.png")
    np.save(maps / "i03.npy", np.arange(48.0 * 64).reshape(48, 64))
    (maps / "i03.npy").replace(maps / "i03.png")
    (maps / "i05.png").rename(maps / "other.png")
    return maps


def test_every_file_has_a_row(toy, spoilt):
    done = subprocess.run(
        [sys.executable, "-m", "saliency_eval", "check", "maps", "--data", "toy", "--format", "json", "-q"],
        cwd=toy, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    found = [
        (row["name"], row["image"], row["status"], row["severity"])
        for row in json.loads(done.stdout)["results"]
    ]
    assert found == [
        ("caf\u00e9.png", "caf\u00e9", "ok", None),
        ("i01.png", "i01", "unreadable", "error"),
        ("i02.png", "i02", "few_levels", "warning"),
        ("i03.png", "i03", "ok", "note"),
        ("i04.png", "i04", "ok", None),
        ("other.png", None, "extra", "warning"),
        (None, "i05", "missing", "error"),
    ]
    rows = json.loads(done.stdout)["results"]
    assert {row["predictions"] for row in rows} == {"maps"}
    assert "i01.png: a prediction must be" in rows[1]["message"]
    assert "; write the file again" in rows[1]["message"].lower()


def test_both_files_of_an_image_are_ambiguous(toy, data):
    Image.new("L", (64, 48)).save(toy / "maps" / "i01.jpg")
    files = se.check_predictions(toy / "maps", data).files
    assert {file.name: file.status for file in files if file.status != "ok"} == {
        "i01.jpg": "ambiguous",
        "i01.png": "ambiguous",
    }


def test_a_finding_that_names_the_file_alone_is_of_that_file(toy, data):
    with zipfile.ZipFile(toy / "maps.zip", "w") as archive:
        for path in (toy / "maps").iterdir():
            archive.write(path, path.name)
        archive.writestr("../evil.png", b"")
    files = se.check_predictions(toy / "maps.zip", data).files
    assert [(file.name, file.status) for file in files if file.status != "ok"] == [
        ("../evil.png", "path_traversal")
    ]


def test_a_finding_that_names_the_image_alone_is_of_its_file(data):
    def model(id):
        return fail("unreadable", "broken") if id == "i03" else np.arange(48.0 * 64).reshape(48, 64)

    files = se.check_predictions(model, data).files
    assert [(file.name, file.status) for file in files if file.severity == "error"] == [("i03", "unreadable")]


def test_findings_on_the_truth_are_no_fault_of_a_file(toy, data):
    path = toy / "toy" / "fixations.csv"
    path.write_text(path.read_text(encoding="utf-8") + "i01,99,99,0\n", encoding="utf-8")
    checked = se.check_predictions(toy / "maps", str(toy / "toy"))
    assert codes(checked) == ["dropped_fixations"]
    assert {file.status for file in checked.files} == {"ok"}


def test_warnings_are_errors_when_strict(toy, spoilt, data):
    by_name = {file.name: file for file in se.check_predictions(spoilt, data, strict=True).files}
    assert astuple(by_name["i02.png"])[2:4] == ("few_levels", "error")
    assert by_name["i03.png"].severity == "note"


def test_sizes_are_refused_when_asked(toy, data):
    Image.fromarray(np.arange(24 * 32, dtype=np.uint16).reshape(24, 32)).save(toy / "maps" / "i01.png")
    assert codes(se.check_predictions(toy / "maps", data)) == ["resized"]
    assert codes(se.check_predictions(toy / "maps", data, resize="error")) == ["wrong_size"]


def test_a_data_set_without_other_images_is_a_warning(toy):
    for name in ("i02", "i03", "i04", "i05", "caf\u00e9"):
        (toy / "toy" / "stimuli" / f"{name}.png").unlink()
    path = toy / "toy" / "fixations.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0], *(t for t in lines if t.startswith("i01"))]), encoding="utf-8")
    found = se.check_predictions(toy / "maps", str(toy / "toy"))
    assert {(p.code, p.severity) for p in found} == {("undefined_metric", "warning"), ("extra", "warning")}


# ------------------------------------------------------------------ zeros


def with_zeros(data, count):
    """Maps that are nowhere 0 but at the first fixations of i01."""
    maps = {id: 1 + np.arange(48.0 * 64).reshape(48, 64) for id in data}
    points = np.unique(data["i01"]["fixations"], axis=0)
    for row, column in points[:count]:
        maps["i01"][row, column] = 0
    hit = int((maps["i01"][tuple(data["i01"]["fixations"].T)] == 0).sum())
    maps["i02"] += 1  # not all the same
    return maps, hit


def test_many_fixations_on_zeros_are_a_warning(data):
    total = sum(len(data[id]["fixations"]) for id in data)
    assert total == 120
    maps, hit = with_zeros(data, 6)
    assert hit == findings.MANY_ON_ZERO * total  # a twentieth is not yet many
    assert codes(se.check_predictions(maps, data)) == []
    maps, hit = with_zeros(data, 7)
    [problem] = se.check_predictions(maps, data)
    assert (problem.code, problem.severity, problem.count) == ("zeros", "warning", hit)
    assert "7 of 120 fixations lie where their map is 0, in 1 maps (first: i01)" in problem.message
    assert "8 bits" not in problem.remedy


def test_fixations_of_images_without_a_map_do_not_count(data):
    maps, hit = with_zeros(data, 6)
    del maps["i02"], maps["i03"]
    found = se.score(maps, data, ["nss"], on_missing="skip").problems
    assert codes(found) == ["missing", "zeros"]
    assert next(p.count for p in found if p.code == "missing") == 2
    assert f"{hit} of 80 fixations" in next(p.message for p in found if p.code == "zeros")


def test_a_zero_is_looked_up_at_the_place_of_the_fixation(data):
    maps, _ = with_zeros(data, 0)
    maps["i01"] = np.ones((96, 128)) + np.arange(128)
    for row, column in np.unique(data["i01"]["fixations"], axis=0):
        maps["i01"][2 * row, 2 * column] = 0
    found = se.check_predictions(maps, data)
    assert codes(found) == ["resized", "zeros"]
    assert next(p for p in found if p.code == "zeros").count == len(data["i01"]["fixations"])


def test_masks_and_constants_are_told_of_once(data):
    maps, _ = with_zeros(data, 0)
    maps |= {"i01": np.zeros((48, 64)), "i03": np.eye(48, 64), "i04": np.eye(48, 64).astype(np.uint8)}
    assert set(codes(se.check_predictions(maps, data))) == {"constant", "few_levels"}


@pytest.mark.parametrize(("share", "told"), [(0.19, False), (0.21, True)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_eight_bits_that_are_mostly_zero(data, share, told, kind):
    assert tasks.MANY_ZEROS == 0.2
    maps, _ = with_zeros(data, 0)
    maps["i03"] = np.full((48, 64), 9, kind)
    maps["i03"].flat[: round(share * 48 * 64)] = 0
    maps["i03"][-1, -1] = 8
    found = [p for p in se.check_predictions(maps, data) if p.code == "rounded"]
    assert bool(found) == (told and kind is np.uint8)
    if found:
        assert "1 of 6 maps have 8 bits and large areas of 0 (first: i03)" in found[0].message
