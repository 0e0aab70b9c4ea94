"""Submissions to the MIT benchmark."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saliency_eval.datasets import load_dataset
from saliency_eval.datasets.base import Dataset
from saliency_eval.datasets.mit300_submission import check_submission, pack_submission
from saliency_eval.errors import SaliencyEvalError


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    folder = tmp_path / "set/BenchmarkIMAGES"
    folder.mkdir(parents=True)
    for number in range(1, 12):
        Image.new("RGB", (20 + number, 10)).save(folder / f"i{number}.jpg")
    return load_dataset("mit300", tmp_path / "set")


@pytest.fixture
def maps(tmp_path: Path, data: Dataset) -> Path:
    folder = tmp_path / "maps"
    folder.mkdir()
    for id in data:
        Image.fromarray(np.zeros(data.shape_of(id), np.uint8)).save(folder / f"{id}.jpg")
    return folder


def codes(folder: Path, data: Dataset | None = None) -> list[tuple[str, str | None]]:
    return [(p.code, p.file or p.image) for p in check_submission(folder, data)]


def test_a_good_submission(maps: Path, data: Dataset) -> None:
    assert codes(maps, data) == []


def test_300_maps_are_wanted_without_the_images(maps: Path) -> None:
    found = codes(maps)
    assert len(found) == 289
    assert found[0] == ("missing", "i12")
    assert found[-1] == ("missing", "i300")


def test_everything_wrong_is_named(maps: Path, data: Dataset) -> None:
    (maps / "i1.jpg").unlink()
    Image.new("L", (10, 20)).save(maps / "i2.jpg")
    Image.new("L", (23, 10)).save(maps / "i3.png")
    (maps / "i3.png").rename(maps / "i3.jpg")
    (maps / "i4.jpg").write_bytes((maps / "i4.jpg").read_bytes()[:100])
    (maps / "notes.txt").touch()
    (maps / ".DS_Store").touch()
    assert codes(maps, data) == [
        ("missing", "i1"), ("extra", "notes.txt"), ("wrong_size", "i2.jpg"),
        ("format_not_allowed", "i3.jpg"), ("unreadable", "i4.jpg"),
    ]  # fmt: skip
    assert {p.exit for p in check_submission(maps, data)} == {3}


def test_packing_is_the_same_every_time(maps: Path, data: Dataset, tmp_path: Path) -> None:
    first = pack_submission(maps, tmp_path / "a.zip", data)
    second = pack_submission(maps, tmp_path / "b.zip", data)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert archive.namelist() == [f"i{k}.jpg" for k in range(1, 12)]
        assert {info.date_time[0] for info in archive.infolist()} == {1980}
        assert archive.read("i7.jpg") == (maps / "i7.jpg").read_bytes()


def test_nothing_is_packed_when_a_map_is_missing(maps: Path, data: Dataset, tmp_path: Path) -> None:
    (maps / "i1.jpg").unlink()
    with pytest.raises(SaliencyEvalError, match=r"i1\.jpg") as error:
        pack_submission(maps, tmp_path / "a.zip", data)
    assert (error.value.code, error.value.exit_code) == ("missing", 3)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["maps", "set"]


@pytest.mark.parametrize("out", [".", "/", "", "..", "maps", "maps/i1.jpg", "maps/deep/a.zip", "set"])
def test_an_archive_takes_the_place_of_nothing(
    maps: Path, data: Dataset, out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(maps.parent)
    before = {path: path.read_bytes() for path in maps.parent.rglob("*.jpg")}
    with pytest.raises(SaliencyEvalError, match="archive must") as error:
        pack_submission(maps, out, data)
    assert (error.value.code, error.value.exit_code) == ("usage", 2)
    assert {path: path.read_bytes() for path in maps.parent.rglob("*") if path.is_file()} == before
    assert pack_submission("maps", "a.zip", data).is_file()
