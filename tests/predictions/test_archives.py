"""Archives: the same maps as in a folder, and members that no system should unpack."""

import io
import os
import pickle
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saliency_eval.predictions import PredictionArchive
from saliency_eval.predictions.members import Bounded

from .cases import GOOD, IDS, MAP, SHAPE, Findings, findings, image

FILES = {f"{id}.png": image(values) for id, values in GOOD.items()}
OTHER = image(255 - MAP)
ZIPS, TARS = ("zip",), ("tar", "tar.gz", "tar.xz")


def packed(path: Path, members: dict[Any, bytes]) -> Path:
    """An archive of the kind that the path says; a key may be a ZipInfo or TarInfo."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name, data in members.items():
                archive.writestr(name, data)
    else:
        with tarfile.open(path, "w:" + {".gz": "gz", ".xz": "xz"}.get(path.suffix, "")) as archive:
            for name, data in members.items():
                info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
                info.size = info.size or len(data)
                archive.addfile(info, io.BytesIO(data))
    return path


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zip_mode(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def assert_refused(found: Findings, code: str, *words: str) -> None:
    assert found.errors == {code}, found.problems
    assert all(word in found.text(code) for word in words), found.text(code)


def assert_good(found: Findings, *codes: str) -> None:
    assert found.codes == set(codes), found.problems
    for id, values in GOOD.items():
        assert found.readings[id].values.dtype == values.dtype
        np.testing.assert_array_equal(found.readings[id].values, values)


every = pytest.mark.parametrize("kind", ZIPS + TARS)
tars = pytest.mark.parametrize("kind", TARS)


@every
def test_good_archive(tmp_path: Path, kind: str) -> None:
    path = packed(tmp_path / f"p.{kind}", FILES)
    assert_good(findings(path))
    assert PredictionArchive(path).name == "p"
    assert os.listdir(tmp_path) == [path.name]


@every
def test_any_order_of_images(tmp_path: Path, kind: str) -> None:
    assert_good(findings(packed(tmp_path / f"p.{kind}", FILES), IDS[::-1]))


@every
def test_nested_archive_with_folders_and_junk(tmp_path: Path, kind: str) -> None:
    folder = zip_mode("maps/", 0o40755) if kind == "zip" else special("maps", tarfile.DIRTYPE)
    junk = {"__MACOSX/._i01.png": b"x", "maps/.DS_Store": b"x"}
    members = {folder: b"", **junk, **{f"./maps/{name}": data for name, data in FILES.items()}}
    assert_good(findings(packed(tmp_path / f"p.{kind}", members)), "nested")


@every
def test_the_content_says_what_the_archive_is(tmp_path: Path, kind: str) -> None:
    path = packed(tmp_path / f"p.{kind}", FILES)
    assert_good(findings(path.rename(tmp_path / "predictions")))


@every
def test_slip(tmp_path: Path, kind: str) -> None:
    path = packed(tmp_path / f"p.{kind}", {**FILES, "../../evil.png": OTHER})
    assert_refused(findings(path), "path_traversal", "../../evil.png")


@every
@pytest.mark.parametrize(
    "name",
    [
        "..\\..\\evil.png",
        "C:\\evil.png",
        "C:evil.png",
        "/evil.png",
        "maps\\evil.png",
        "\\\\host\\evil.png",
        "a/../../evil.png",
        "maps/..",
    ],
)
def test_names_that_lead_out(tmp_path: Path, kind: str, name: str) -> None:
    path = packed(tmp_path / f"p.{kind}", {**FILES, name: OTHER})
    assert_refused(findings(path), "path_traversal", "evil.png" if "evil" in name else name)


@every
def test_member_twice(tmp_path: Path, kind: str) -> None:
    again: dict[Any, bytes] = {zip_mode("i01.png", 0) if kind == "zip" else tarfile.TarInfo("i01.png"): OTHER}
    found = findings(packed(tmp_path / f"p.{kind}", {**FILES, **again}))
    assert_refused(found, "ambiguous", "i01.png")
    assert "i01" not in found.readings


@every
def test_member_twice_by_another_spelling(tmp_path: Path, kind: str) -> None:
    assert_refused(
        findings(packed(tmp_path / f"p.{kind}", {**FILES, "./i01.png": OTHER})), "ambiguous", "i01.png"
    )


@every
def test_two_formats_for_one_image(tmp_path: Path, kind: str) -> None:
    path = packed(tmp_path / f"p.{kind}", {**FILES, "i01.jpg": image(MAP, format="JPEG")})
    assert_refused(findings(path), "ambiguous", "i01.png", "i01.jpg")


@every
def test_5000_members(tmp_path: Path, kind: str) -> None:
    path = packed(tmp_path / f"p.{kind}", FILES | {f"m{n}": b"" for n in range(4994)})
    assert_refused(findings(path), "too_many", "5000" if kind == "zip" else "2001")


@every
def test_archive_inside_an_archive(tmp_path: Path, kind: str) -> None:
    inner = packed(tmp_path / f"inner.{kind}", FILES).read_bytes()
    found = findings(packed(tmp_path / f"p.{kind}", {**FILES, f"inner.{kind}": inner}))
    assert_good(found, "extra")
    assert f"inner.{kind}" in found.text("extra")


@every
def test_large_member_of_no_image(tmp_path: Path, kind: str) -> None:
    path = packed(tmp_path / f"p.{kind}", {**FILES, "big.png": bytes(2**20 + 1)})
    assert_refused(findings(path, max_bytes=2**20), "too_large", "big.png")
    assert_good(findings(path, max_bytes=2**20 + 1), "extra")


@every
def test_sum_of_all_members(tmp_path: Path, kind: str) -> None:
    path = packed(tmp_path / f"p.{kind}", FILES | {f"m{n}": bytes(10_000) for n in range(150)})
    assert_refused(findings(path, max_bytes=10_000), "too_large")


@every
def test_member_too_deep(tmp_path: Path, kind: str) -> None:
    path = packed(tmp_path / f"p.{kind}", {**FILES, "a/b/c/d/e/f/g/h/i/j.png": OTHER})
    assert_refused(findings(path), "too_many", "8 deep")


@every
def test_missing_and_suffix(tmp_path: Path, kind: str) -> None:
    members = {name.replace(".png", "_pred.png"): data for name, data in FILES.items()}
    path = packed(tmp_path / f"p.{kind}", members)
    assert_refused(findings(path), "missing", "6 of 6", "--suffix _pred")
    assert_good(findings(path, suffix="_pred"))


@every
def test_cut_archive(tmp_path: Path, kind: str) -> None:
    path = packed(tmp_path / f"p.{kind}", FILES)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert_refused(findings(path), "unreadable", f"p.{kind}")


def test_empty_archive(tmp_path: Path) -> None:
    (tmp_path / "p.zip").touch()
    assert_refused(findings(tmp_path / "p.zip"), "unreadable", "empty")


@every
def test_archive_is_read_after_pickling(tmp_path: Path, kind: str) -> None:
    predictions = PredictionArchive(packed(tmp_path / f"p.{kind}", FILES))
    assert predictions.match(IDS) == []
    predictions.fetch("i03").read(SHAPE)
    copy = pickle.loads(pickle.dumps(predictions))
    for id in ("i04", "i01", "café"):
        np.testing.assert_array_equal(copy.fetch(id).read(SHAPE).values, GOOD[id])


@every
def test_changed_archive(tmp_path: Path, kind: str) -> None:
    path = packed(tmp_path / f"p.{kind}", FILES)
    predictions = PredictionArchive(path)
    predictions.match(IDS)
    digests = {id: predictions.fetch(id).sha256 for id in IDS}
    os.utime(path, ns=(1, 1))
    assert predictions.changed(digests) == []


# ------------------------------------------------------------------ zip


def altered(path: Path, change: Callable[[bytearray], None]) -> Path:
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(data)
    return path


def test_wrong_checksum(tmp_path: Path) -> None:
    def flip(data: bytearray) -> None:
        data[200] ^= 1

    found = findings(altered(packed(tmp_path / "p.zip", FILES), flip))
    assert_refused(found, "unreadable", "i01.png")
    assert set(found.readings) == set(IDS) - {"i01"}


@pytest.mark.parametrize(
    ("mode", "code"), [(0o120777, "symlink"), (0o010644, "not_a_file"), (0o020644, "not_a_file")]
)
def test_zip_member_that_is_no_file(tmp_path: Path, mode: int, code: str) -> None:
    path = packed(tmp_path / "p.zip", {**FILES, zip_mode("x", mode): b"/etc/passwd"})
    assert_refused(findings(path), code, "x")


def test_folder_named_like_a_map(tmp_path: Path) -> None:
    members = {**FILES, "i01.png/": b""}
    del members["i01.png"]
    assert_refused(findings(packed(tmp_path / "p.zip", members)), "not_a_file", "i01.png")


def test_utf8_name_without_its_flag(tmp_path: Path) -> None:
    def unflag(data: bytearray) -> None:
        for mark, flags in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
            at = data.rfind(mark)  # café comes last
            data[at + flags] &= ~8

    assert_good(findings(altered(packed(tmp_path / "p.zip", FILES), unflag)))


def test_a_size_that_lies_is_counted_while_reading(tmp_path: Path) -> None:
    def lie(data: bytearray) -> None:
        for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
            at = data.find(mark)
            data[at + place : at + place + 4] = (100).to_bytes(4, "little")

    assert_refused(findings(altered(packed(tmp_path / "p.zip", FILES), lie)), "unreadable", "i01.png")


# ------------------------------------------------------------------ tar


@tars
def test_write_through_a_link(tmp_path: Path, kind: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    members = {**FILES, special("x", tarfile.SYMTYPE, str(outside)): b"", "x/evil.png": OTHER}
    assert_refused(findings(packed(tmp_path / f"p.{kind}", members)), "symlink", "x")
    assert not list(outside.iterdir())


@tars
@pytest.mark.parametrize(
    ("type_", "code"),
    [
        (tarfile.SYMTYPE, "symlink"),
        (tarfile.LNKTYPE, "symlink"),
        (tarfile.CHRTYPE, "not_a_file"),
        (tarfile.FIFOTYPE, "not_a_file"),
        (tarfile.GNUTYPE_SPARSE, "not_a_file"),
    ],
)
def test_tar_member_that_is_no_file(tmp_path: Path, kind: str, type_: bytes, code: str) -> None:
    members = {**FILES, special("i01.png", type_, "i02.png"): b""}
    del members["i01.png"]
    assert_refused(findings(packed(tmp_path / f"p.{kind}", members)), code, "i01.png")


@tars
def test_large_header(tmp_path: Path, kind: str) -> None:
    """An extended header is read into memory, so it has the limit of a member."""
    long_name = special("././@LongLink", tarfile.GNUTYPE_LONGNAME)
    path = packed(tmp_path / f"p.{kind}", {long_name: b"a" * (2**20 + 4096), **FILES})
    assert_refused(findings(path, max_bytes=2**20), "too_large")


def header_changed(data: bytearray, at: int, place: int, value: bytes) -> None:
    """Change a field of the header at a place, and its checksum."""
    data[at + place : at + place + len(value)] = value
    data[at + 148 : at + 156] = b" " * 8
    data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + 512])


def test_a_damaged_header_is_not_the_end(tmp_path: Path) -> None:
    def damage(data: bytearray) -> None:
        at = data.index(b"zz.png")
        data[at + 148] ^= 1

    path = altered(packed(tmp_path / "p.tar", {**FILES, "zz.png": OTHER}), damage)
    assert "unreadable" in findings(path).errors


@pytest.mark.parametrize("size", [b"\xff" * 11 + b"\0", b"\x80" + b"\xff" * 11])
def test_sizes_that_no_member_has(tmp_path: Path, size: bytes) -> None:
    def lie(data: bytearray) -> None:
        header_changed(data, 0, 124, size)

    found = findings(altered(packed(tmp_path / "p.tar", FILES), lie))
    assert found.errors & {"unreadable", "too_large"}
    assert not found.readings


def test_what_follows_the_end_is_bounded(tmp_path: Path) -> None:
    path = packed(tmp_path / "p.tar", FILES)
    os.truncate(path, path.stat().st_size + 3 * 2**20)
    assert_refused(findings(path, max_bytes=2**20), "too_large")
    assert_good(findings(path))


def test_wrong_gzip_checksum(tmp_path: Path) -> None:
    def flip(data: bytearray) -> None:
        data[-6] ^= 1

    path = altered(packed(tmp_path / "p.tar.gz", FILES), flip)
    assert_refused(findings(path), "unreadable", "p.tar.gz")


# ------------------------------------------------------------------ the order of reading


@every
def test_order_is_that_of_the_members(tmp_path: Path, kind: str) -> None:
    names = ["i03.png", "i01.png", "i05.png", "i02.png"]
    predictions = PredictionArchive(packed(tmp_path / f"p.{kind}", {name: FILES[name] for name in names}))
    assert predictions.order(["i02", "i01"]) == ["i02", "i01"]
    predictions.match(IDS)
    assert predictions.order(IDS) == ["i03", "i01", "i05", "i02", "i04", "café"]


@pytest.mark.parametrize("kind", ["tar.gz", "tar.xz"])
def test_reading_in_order_never_steps_back(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [f"m{n:02}" for n in range(60)]
    maps = {id: np.random.default_rng(n).integers(0, 256, SHAPE, np.uint8) for n, id in enumerate(ids)}
    stored = np.random.default_rng(0).permutation(ids)
    predictions = PredictionArchive(
        packed(tmp_path / f"p.{kind}", {f"{id}.png": image(maps[id]) for id in stored})
    )
    assert predictions.match(ids) == []
    places = [0]
    seek = Bounded.seek
    monkeypatch.setattr(Bounded, "seek", lambda self, place: places.append(place) or seek(self, place))
    for id in predictions.order(ids):
        np.testing.assert_array_equal(predictions.fetch(id).read(SHAPE).values, maps[id])
    assert len(places) == 61
    assert places == sorted(places)


def test_changed_reads_in_order(tmp_path: Path) -> None:
    path = packed(tmp_path / "p.tar.gz", dict(reversed(FILES.items())))
    predictions = PredictionArchive(path)
    predictions.match(IDS)
    digests = {id: predictions.fetch(id).sha256 for id in predictions.order(IDS)}
    os.utime(path, (1, 1))
    assert predictions.changed(digests) == []
    assert [p.image for p in predictions.changed(dict.fromkeys(digests, ""))] == IDS[::-1]
