"""Figures of the real data sets, or of the pieces of them that are at hand."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from saliency_eval.datasets import load_dataset
from saliency_eval.datasets.base import Dataset
from saliency_eval.datasets.mit1003_detection import detect
from saliency_eval.datasets.verify import check_dataset


@pytest.fixture(scope="module")
def osie(shared: Path) -> Dataset:
    return load_dataset("osie", shared / "data/OSIE")


def distinct(data: Dataset) -> int:
    """Number of different (image, pixel) pairs."""
    return len(np.unique(np.column_stack([data.pool.image, data.pool.points]), axis=0))


def test_osie_is_the_official_copy(osie: Dataset) -> None:
    report = check_dataset(osie)
    assert report.ok, report.rows
    got = {row.what: row.got for row in report.rows}
    assert got["images"] == "700"
    assert got["fixations"] == "98321"
    assert float(got["mean x"]) == pytest.approx(401.46602455, abs=1e-8)
    assert float(got["mean y"]) == pytest.approx(283.58293549, abs=1e-8)


def test_osie_official_pixels(osie: Dataset) -> None:
    points = osie.pool.points
    assert points.mean(0) == pytest.approx([282.633069, 400.516411], abs=1e-6)
    assert points.min(0).tolist() == [0, 0]
    assert points.max(0).tolist() == [598, 798]
    assert distinct(osie) == 97_928


def test_osie_scanpaths(osie: Dataset) -> None:
    counts = [np.bincount(s["observers"], minlength=15) for s in osie.values()]
    assert np.shape(counts) == (700, 15)
    assert (np.min(counts), np.max(counts)) == (1, 22)
    assert (np.sum(counts, 1).min(), np.sum(counts, 1).max()) == (111, 179)
    assert len(osie["1001"]["fixations"]) == 141


def test_osie_pysaliency_pixels(osie: Dataset) -> None:
    data = load_dataset("osie", osie.root, pixel_rule="pysaliency")
    assert distinct(data) == 97_951
    differs = data.pool.points != osie.pool.points
    assert differs.any(1).mean() == pytest.approx(0.7505, abs=5e-5)
    assert differs.mean(0) == pytest.approx([0.499, 0.501], abs=5e-4)


def test_osie_without_first_fixations(osie: Dataset) -> None:
    dropped = load_dataset("osie(first=drop)", osie.root)
    assert len(dropped.pool.points) == 98_321 - 10_500
    first, rest = osie["1001"], dropped["1001"]
    assert np.array_equal(rest["fixations"][0], first["fixations"][1])
    assert "(first=drop)" in dropped.tag


def test_osie_has_nothing_to_report(osie: Dataset) -> None:
    assert osie.problems() == []
    assert list(osie)[:2] == ["1001", "1002"]


def test_a_copy_with_one_image_less_is_not_official(osie: Dataset, tmp_path: Path) -> None:
    (tmp_path / "data/stimuli").mkdir(parents=True)
    (tmp_path / "data/eye").symlink_to(osie.root / "data/eye")
    for path in list(osie.paths.values())[:-1]:
        (tmp_path / "data/stimuli" / path.name).symlink_to(path)
    report = check_dataset(load_dataset("osie", tmp_path))
    assert {p.code for p in report.problems} == {"totals"}
    assert {row.what for row in report.rows if row.ok is False} == {"images", "fixations", "mean x", "mean y"}


def test_osie_image_without_fixations(osie: Dataset, tmp_path: Path) -> None:
    (tmp_path / "data/stimuli").mkdir(parents=True)
    (tmp_path / "data/eye").symlink_to(osie.root / "data/eye")
    (tmp_path / "data/stimuli/9999.jpg").symlink_to(osie.paths["1001"])
    with pytest.raises(ValueError, match="9999") as error:
        load_dataset("osie", tmp_path).problems()
    assert (error.value.code, error.value.exit_code) == ("missing", 4)


def test_mit1003_pieces_are_paired_by_stem(shared: Path) -> None:
    data = load_dataset("mit1003(source=maps)", shared / "data/MIT1003/ParameterTrainingOnICCV")
    assert len(data) == 100
    for id in list(data)[::10]:
        assert data[id]["stored_density"]().shape == data[id]["shape"]
    assert all(max(stimulus["shape"]) == 1024 for stimulus in data.values())
    assert {p.code for p in data.problems()} == {"empty_fixations", "totals"}


def test_mit1003_without_samples_is_not_the_default_layout(shared: Path) -> None:
    with pytest.raises(ValueError, match="looked for DATA") as error:
        load_dataset("mit1003", shared / "data/MIT1003/ParameterTrainingOnICCV")
    assert (error.value.code, error.value.exit_code) == ("layout", 4)


def test_mit1003_stimuli_are_those_of_a_published_redetection(shared: Path) -> None:
    data = load_dataset("mit1003(source=maps)", shared / "data/MIT1003/ParameterTrainingOnICCV")
    with gzip.open(shared / "data/MIT1003/Fixation_MIT1003.csv.gz", "rt", encoding="utf-8") as file:
        stimuli = {row["Stimulus"] for row in csv.DictReader(file)}
    assert len(stimuli) == 1003
    assert set(data) <= stimuli


def test_mit1003_detection_on_every_golden_trace(shared: Path) -> None:
    golden = np.load(shared / "data/checkfixations_golden/checkfixations_golden.npz")
    traces = [name for name in golden.files if name.startswith("trace")]
    assert len(traces) == 49
    for name in traces:
        wanted, found = golden[name.replace("trace", "fixations")], detect(golden[name])
        assert found[:, 2:4].tolist() == wanted[:, 2:4].tolist(), name
        np.testing.assert_allclose(found[:, [0, 1, 4]], wanted[:, [0, 1, 4]], rtol=0, atol=1e-9, err_msg=name)


def test_mit300_sample(shared: Path) -> None:
    data = load_dataset("mit300", shared / "data/MIT300_sample")
    assert list(data) == ["i210"]
    stimulus = data["i210"]
    assert stimulus["shape"] == (675, 1024)
    assert len(stimulus["fixations"]) == 259
    assert [p.code for p in data.problems()] == ["totals"]
    density = stimulus["stored_density"]()
    assert (density.shape, density.min(), density.max()) == ((675, 1024), 0, 255)
    assert density[tuple(stimulus["fixations"].T)].mean() > 3 * density.mean()  # so the axes are right


def test_salicon_example_json(shared: Path) -> None:
    data = load_dataset(
        "salicon@2015(kind=mouse,format=json,split=train)", shared / "data/SALICON", out_of_range="raise"
    )
    assert len(data) == 10
    points = data.pool.points
    assert len(points) == 73_630
    assert (points.min(0).tolist(), points.max(0).tolist()) == ([0, 0], [479, 639])
    assert distinct(data) == 69_665
    workers = [len(np.unique(stimulus["observers"])) for stimulus in data.values()]
    assert (sum(workers), min(workers), max(workers)) == (610, 55, 67)


def test_a_part_of_a_data_set_is_a_warning(osie: Dataset, tmp_path: Path) -> None:
    (tmp_path / "data/stimuli").mkdir(parents=True)
    (tmp_path / "data/eye").symlink_to(osie.root / "data/eye")
    for path in list(osie.paths.values())[:19]:
        (tmp_path / "data/stimuli" / path.name).symlink_to(path)
    (warning,) = load_dataset("osie", tmp_path).problems()
    assert (warning.code, warning.severity) == ("totals", "warning")
    assert "19 of 700 images of OSIE are there" in warning.message
    assert "data check osie" in warning.remedy


def test_how_a_data_set_shows_itself(osie: Dataset) -> None:
    assert repr(osie) == f"<osie@1: 700 images in {osie.root}>"
    again = load_dataset("osie(first=drop)", osie.root)
    assert repr(again).startswith("<osie@1(first=drop): 700 images in ")
    assert "truth" not in again.__dict__
    assert "_table" not in again.__dict__
    assert repr(load_dataset("demo")) == "<demo@1: 8 images>"
