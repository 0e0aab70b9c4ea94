"""Every adapter on a synthetic copy of its official layout: every image and point, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from saliency_eval.datasets import load_dataset
from saliency_eval.datasets.base import Dataset
from saliency_eval.datasets.mit1003 import on_pixels, samples
from saliency_eval.datasets.mit1003_detection import detect

Layouts = tuple[Path, dict[str, Any]]


def opened(layouts: Layouts, key: str, **options: str) -> tuple[Dataset, dict[str, Any]]:
    out, manifest = layouts
    return load_dataset(key, out / manifest[key]["root"], **options), manifest[key]


def assert_images(data: Dataset, images: list[dict[str, Any]], root: Path) -> None:
    """The same ids, sizes and files; so no junk either."""
    assert sorted(data) == sorted(image["id"] for image in images)
    for image in images:
        stimulus = data[image["id"]]
        assert stimulus["path"] == root / image["file"]
        assert list(stimulus["shape"]) == image["size"]
        assert list(stimulus["image"].shape) == [*image["size"], 3]


def assert_points(data: Dataset, id: str, scanpaths: list[list[list[int]]]) -> None:
    """Every point of every observer, in order."""
    stimulus = data[id]
    points = np.array([p for path in scanpaths for p in path], np.int64).reshape(-1, 2)
    assert_array_equal(stimulus["fixations"], points)
    assert stimulus["fixations"].dtype == np.int64
    _, counts = np.unique(stimulus["observers"], return_counts=True)
    assert_array_equal(counts, [len(path) for path in scanpaths if path])


def assert_totals(data: Dataset, totals: dict[str, Any]) -> None:
    points = data.pool.points
    assert len(points) == totals["points"]
    assert points.mean(0) == pytest.approx([totals["mean_row"], totals["mean_column"]], abs=1e-9)


@pytest.mark.parametrize("key", ["osie", "mit1003", "pascal_s"])
def test_images_points_and_totals(layouts: Layouts, key: str) -> None:
    data, wanted = opened(layouts, key)
    assert_images(data, wanted["images"], data.root)
    for image in wanted["images"]:
        assert_points(data, image["id"], [s["points"] for s in image["scanpaths"]])
    assert_totals(data, wanted["totals"])


def test_ignored_files_exist_and_are_never_returned(layouts: Layouts) -> None:
    for key in ("mit1003", "mit300"):
        data, wanted = opened(layouts, key)
        ignored = {data.root / name for name in wanted["ignore"]}
        assert all(path.exists() for path in ignored)
        assert not ignored & {stimulus["path"] for stimulus in data.values()}


def test_osie_keeps_observers_without_gap_and_raw_values(layouts: Layouts) -> None:
    data, wanted = opened(layouts, "osie")
    for image in wanted["images"]:
        raw = data.gaze(image["id"]).raw
        assert_array_equal(raw, [xy for path in image["scanpaths"] for xy in path["xy"]])


def test_osie_pysaliency_rule_truncates(layouts: Layouts) -> None:
    data, wanted = opened(layouts, "osie", pixel_rule="pysaliency")
    for image in wanted["images"]:
        xy = np.array([xy for path in image["scanpaths"] for xy in path["xy"]])
        assert_array_equal(data[image["id"]]["fixations"], np.trunc(xy[:, ::-1]))
    assert "(pixel_rule=pysaliency)" in data.tag


def test_osie_official_rule_clips_at_every_border(layouts: Layouts, monkeypatch: pytest.MonkeyPatch) -> None:
    data, _ = opened(layouts, "osie")
    person = {"fix_x": [0.4, 799.5, 800.6, 0.5, np.nan], "fix_y": [600.7, 0.2, 600.4, 1.5, 1.0]}
    monkeypatch.setattr(data, "_table", {"1001": [person]}, raising=False)
    gaze = data.gaze("1001")
    assert gaze.points.tolist() == [[599, 0], [0, 799], [599, 799], [1, 0]]
    assert gaze.dropped == 1


@pytest.mark.parametrize(
    ("rule", "pixels"),
    [("official", [[0, 0], [2, 3], [3, 4], [3, 4]]), ("pysaliency", [[0, 0], [1, 1], [3, 4]])],
)
def test_mit1003_edges_of_the_image(rule: str, pixels: list[list[int]]) -> None:
    xy = np.array([[0.0, 2.0], [0.5, 0.5], [1.0, 1.9], [4.9, 3.9], [5.0, 4.0], [5.9, 4.9], [6.0, 1.0]])
    gaze = on_pixels(xy, np.arange(7), (4, 5), rule)
    assert gaze.points.tolist() == pixels
    assert gaze.dropped == len(xy) - len(pixels)
    assert gaze.raw is not None
    assert gaze.raw.tolist() == [[0.5, 0.5], [1.0, 1.9], [4.9, 3.9]]


def test_mit1003_detection_gives_what_the_manifest_detected(layouts: Layouts) -> None:
    data, wanted = opened(layouts, "mit1003")
    for image in wanted["images"]:
        for recording in image["scanpaths"]:
            found = detect(samples(data.root / recording["file"]))
            np.testing.assert_allclose(found, recording["detected"], rtol=0, atol=1e-9)


def test_mit1003_first_fixation_can_be_kept(layouts: Layouts) -> None:
    data, wanted = opened(layouts, "mit1003", first="keep")
    for image in wanted["images"]:
        height, width = image["size"]
        xy = np.array([f[:2] for s in image["scanpaths"] for f in s["detected"]])
        pixels = np.floor(xy[:, ::-1]) - 1
        kept = ((pixels >= 0) & (pixels < [height, width])).all(1)
        gaze = data.gaze(image["id"])
        assert_array_equal(gaze.points, pixels[kept])
        assert gaze.dropped == (~kept).sum()


def test_mit1003_pysaliency_rule_keeps_what_lies_strictly_inside(layouts: Layouts) -> None:
    data, wanted = opened(layouts, "mit1003", pixel_rule="pysaliency")
    for image in wanted["images"]:
        height, width = image["size"]
        xy = np.array([f[:2] for s in image["scanpaths"] for f in s["detected"][1:]])
        kept = (xy[:, 0] > 0) & (xy[:, 0] < width) & (xy[:, 1] > 0) & (xy[:, 1] < height)
        assert_array_equal(data[image["id"]]["fixations"], np.trunc(xy[kept][:, ::-1]))


def test_mit1003_drops_are_one_note(layouts: Layouts) -> None:
    data, _ = opened(layouts, "mit1003")
    (note,) = [p for p in data.problems() if p.code == "dropped_fixations"]
    assert (note.severity, note.count) == ("note", int(data.truth.dropped.sum()))
    assert note.count > 0


def test_mit1003_maps_give_the_binary_pixels_and_the_density(layouts: Layouts) -> None:
    data, wanted = opened(layouts, "mit1003", source="maps")
    for image in wanted["images"]:
        stimulus = data[image["id"]]
        assert sorted(stimulus["fixations"].tolist()) == image["map_points"]
        assert stimulus["stored_density"]().max() > 200
    assert data.tag.startswith("mit1003@1(source=maps)#")


def test_mit1003_accepts_a_doubled_data_folder(layouts: Layouts, tmp_path: Path) -> None:
    data, _ = opened(layouts, "mit1003")
    (tmp_path / "ALLSTIMULI").symlink_to(data.root / "ALLSTIMULI")
    (tmp_path / "DATA").mkdir()
    (tmp_path / "DATA/DATA").symlink_to(data.root / "DATA")
    assert load_dataset("mit1003", tmp_path).pool.sha256 == data.pool.sha256


def test_mit300_without_truth_gives_images_in_natural_order(layouts: Layouts) -> None:
    data, wanted = opened(layouts, "mit300")
    assert list(data) == [f"i{k}" for k in range(1, 13)]
    assert_images(data, wanted["images"], data.root)
    assert [p.code for p in data.problems()] == ["totals", "undefined_metric"]
    assert len(data.pool.points) == 0


def test_mit300_with_truth(layouts: Layouts) -> None:
    out, manifest = layouts
    data = load_dataset("mit300", out / manifest["mit300"]["root"] / "demo_ims")
    assert list(data) == ["i1", "i2"]
    assert [p.code for p in data.problems()] == ["totals"]
    for image in manifest["mit300"]["images"][:2]:
        assert data[image["id"]]["fixations"].tolist() == image["points"]
        assert list(data[image["id"]]["stored_density"]().shape) == image["size"]


@pytest.mark.parametrize("edition", ["2015", "2017"])
@pytest.mark.parametrize("split", ["train", "val"])
def test_salicon_fixations(layouts: Layouts, edition: str, split: str) -> None:
    data, wanted = opened(layouts, "salicon", edition=edition, split=split)
    images = [i for i in wanted["images"] if i["split"] == split]
    assert_images(data, images, data.root)
    for image in images:
        workers = image["editions"][edition]["workers"]
        assert_points(data, image["id"], [w["points"] for w in workers])
        assert ("stored_density" in data[image["id"]].given) == (edition == "2017")


@pytest.mark.parametrize("edition", ["2015", "2017"])
def test_salicon_totals_over_both_splits(layouts: Layouts, edition: str) -> None:
    points = [opened(layouts, "salicon", edition=edition, split=s)[0].pool.points for s in ("train", "val")]
    totals = opened(layouts, "salicon")[1]["totals"][f"{edition}_fixations"]
    together = np.concatenate(points)
    assert len(together) == totals["points"]
    assert together.mean(0) == pytest.approx([totals["mean_row"], totals["mean_column"]], abs=1e-9)


@pytest.mark.parametrize("outside", ["drop", "clip"])
def test_salicon_mouse_samples_outside_the_picture(layouts: Layouts, outside: str) -> None:
    data, wanted = opened(layouts, "salicon", kind="mouse", split="train", out_of_range=outside)
    lost = 0
    for image in (i for i in wanted["images"] if i["split"] == "train"):
        samples = np.array([p for w in image["editions"]["2017"]["workers"] for p in w["location"]])
        inside = ((samples >= 0) & (samples < [480, 640])).all(1)
        kept = samples[inside] if outside == "drop" else np.clip(samples, 0, [479, 639])
        assert_array_equal(data[image["id"]]["fixations"], kept)
        lost += int((~inside).sum())
    assert lost > 0
    assert data.truth.dropped.sum() == (lost if outside == "drop" else 0)


def test_salicon_json_is_paired_by_number_and_holds_mouse_samples(layouts: Layouts) -> None:
    data, wanted = opened(layouts, "salicon", edition="2015", kind="mouse", split="train", format="json")
    for image in (i for i in wanted["images"] if i["split"] == "train"):
        assert_points(data, image["id"], [w["location"] for w in image["editions"]["2015"]["workers"]])


def test_salicon_test_split_is_withheld(layouts: Layouts) -> None:
    data, wanted = opened(layouts, "salicon", split="test")
    assert_images(data, [i for i in wanted["images"] if i["split"] == "test"], data.root)
    assert [p.code for p in data.problems()] == ["totals", "undefined_metric"]


def test_pascal_s_observers_are_the_subjects_of_the_file(layouts: Layouts) -> None:
    data, wanted = opened(layouts, "pascal_s")
    for image in wanted["images"]:
        who = [int(s["observer"]) for s in image["scanpaths"] for _ in s["points"]]
        assert_array_equal(data[image["id"]]["observers"], who)
        assert data[image["id"]]["stored_density"]().max() == 255


def test_pascal_s_from_binary_pictures(layouts: Layouts, tmp_path: Path) -> None:
    from PIL import Image

    data, wanted = opened(layouts, "pascal_s")
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets/imgs").symlink_to(data.root / "datasets/imgs")
    folder = tmp_path / "datasets/fixations/png"
    folder.mkdir(parents=True)
    for image in wanted["images"]:
        binary = np.zeros(image["size"], np.uint8)
        binary[tuple(data[image["id"]]["fixations"].T)] = 255
        Image.fromarray(binary).save(folder / f"{image['id']}.png")
    pictures = load_dataset("pascal_s", tmp_path, source="png")
    for id, stimulus in data.items():
        assert_array_equal(pictures[id]["fixations"], np.unique(stimulus["fixations"], axis=0))
