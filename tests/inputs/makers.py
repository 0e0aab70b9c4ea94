"""Makes each input of cases.md from six good maps and a good data set; files come from the unit tests."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
from PIL import Image
from predictions import test_arrays, test_folders, test_images
from predictions.cases import HEIGHT, IDS, MAP, WIDTH, good_folder
from predictions.test_archives import FILES, OTHER, altered, packed, special, zip_mode
from predictions.test_arrays import h5
from predictions.test_images import SMOOTH, jpeg

UNIT = {case.name: case for table in (test_images, test_arrays, test_folders) for case in table.cases}
POINTS = {
    id: np.random.default_rng(n).integers(0, (HEIGHT, WIDTH), (20, 2)).tolist() for n, id in enumerate(IDS)
}


class Setting(NamedTuple):
    """Where a case lies: the predictions, the data set, and a folder that nobody may touch."""

    predictions: Path
    data: Path
    outside: Path


MAKERS: dict[str, Callable[[Setting], Path | None]] = {}


def maker(make: Callable[[Setting], Any]) -> Callable[[Setting], Any]:
    """Register the function under its name; it may give another path of predictions."""
    MAKERS[make.__name__] = make
    return make


def setting(root: Path) -> Setting:
    """Six good maps, a good data set, and an outside with a map that could be scored."""
    place = Setting(good_folder(root / "p"), root / "set", root / "outside")
    (place.data / "stimuli").mkdir(parents=True)
    for id in IDS:
        Image.new("RGB", (WIDTH, HEIGHT), "grey").save(place.data / f"stimuli/{id}.png")
    truth(place, POINTS)
    place.outside.mkdir()
    (place.outside / "map.png").write_bytes(OTHER)
    with h5py.File(place.outside / "map.h5", "w") as file:
        file["map"] = MAP / 255
    return place


def truth(place: Setting, points: Any) -> None:
    """Write the fixations."""
    text = points if isinstance(points, str) else json.dumps(points)
    (place.data / "fixations.json").write_text(text, encoding="utf-8")


def build(name: str, root: Path) -> Setting:
    """The input of a case; its predictions may be an archive."""
    place = setting(root)
    if name in MAKERS:
        return place._replace(predictions=MAKERS[name](place) or place.predictions)
    assert not UNIT[name].make(place.predictions)  # no options
    return place


def archive(place: Setting, kind: str, *more: tuple[Any, bytes]) -> Path:
    """The six good maps and further members, in place of the folder."""
    return packed(place.predictions.with_suffix(f".{kind}"), FILES | dict(more))


# ------------------------------------------------------------------ files and folders


@maker
def lossy_jpeg(place: Setting) -> None:
    (place.predictions / "i01.png").unlink()
    (place.predictions / "i01.jpg").write_bytes(jpeg(SMOOTH, quality=10))


@maker
def h5_external_link(place: Setting) -> None:
    link = h5py.ExternalLink(str(place.outside / "map.h5"), "map")
    (place.predictions / "i01.png").unlink()
    (place.predictions / "i01.h5").write_bytes(h5(lambda file: file.__setitem__("map", link)))


@maker
def symlink_out(place: Setting) -> None:
    (place.predictions / "i01.png").unlink()
    (place.predictions / "i01.png").symlink_to(place.outside / "map.png")


@maker
def symlink_in(place: Setting) -> None:
    (place.predictions / "i01.png").unlink()
    (place.predictions / "i01.png").symlink_to("i02.png")


# ------------------------------------------------------------------ archives


@maker
def zip_ok(place: Setting) -> Path:
    return archive(place, "zip")


@maker
def zip_slip(place: Setting) -> Path:
    return archive(place, "zip", ("../../evil.png", OTHER))


@maker
def zip_backslash(place: Setting) -> Path:
    return archive(place, "zip", ("..\\..\\evil.png", OTHER), ("C:\\evil.png", OTHER))


@maker
def zip_duplicate(place: Setting) -> Path:
    return archive(place, "zip", (zip_mode("i01.png", 0), OTHER))


@maker
def zip_encrypted(place: Setting) -> Path:
    def flag(data: bytearray) -> None:
        data[6] |= 1
        data[data.find(b"PK\x01\x02") + 8] |= 1

    return altered(archive(place, "zip"), flag)


@maker
def zip_bad_crc(place: Setting) -> Path:
    def flip(data: bytearray) -> None:
        data[200] ^= 1

    return altered(archive(place, "zip"), flip)


@maker
def zip_5000_members(place: Setting) -> Path:
    return archive(place, "zip", *((f"m{n}", b"") for n in range(5000 - len(IDS))))


@maker
def tar_slip(place: Setting) -> Path:
    return archive(place, "tar", ("../../evil.png", OTHER))


@maker
def tar_symlink_write(place: Setting) -> Path:
    link = special("x", tarfile.SYMTYPE, str(place.outside))
    return archive(place, "tar", (link, b""), ("x/evil.png", OTHER))


@maker
def targz_bomb(place: Setting) -> Path:
    path = place.predictions.with_suffix(".tar.gz")
    with tarfile.open(path, "w:gz", compresslevel=1) as file:
        info = tarfile.TarInfo("big.png")
        info.size = 300 * 2**20
        with open("/dev/zero", "rb") as zeros:
            file.addfile(info, zeros)
    return path


@maker
def zip_nested(place: Setting) -> Path:
    inner = packed(place.outside / "inner.zip", FILES).read_bytes()
    return archive(place, "zip", ("inner.zip", inner))


# ------------------------------------------------------------------ ground truth


@maker
def fix_out_of_bounds(place: Setting) -> None:
    truth(place, POINTS | {"i01": [[-1, -1], [HEIGHT, 0], [0, WIDTH], *POINTS["i01"][3:]]})


@maker
def fix_empty(place: Setting) -> None:
    truth(place, POINTS | {"i01": []})


@maker
def fix_swapped_axes(place: Setting) -> None:
    truth(place, {id: [[column, row] for row, column in points] for id, points in POINTS.items()})


@maker
def fix_one_based(place: Setting) -> None:
    border = POINTS | {"i02": [[HEIGHT - 1, WIDTH - 1], *POINTS["i02"][1:]]}
    truth(place, {id: [[row + 1, column + 1] for row, column in points] for id, points in border.items()})


@maker
def fix_float(place: Setting) -> None:
    truth(place, POINTS | {"i01": [[47.6, 63.6], *POINTS["i01"][1:]]})


@maker
def json_truncated(place: Setting) -> None:
    truth(place, json.dumps(POINTS)[:200])


@maker
def json_duplicate_keys(place: Setting) -> None:
    truth(place, json.dumps(POINTS)[:-1] + ', "i01": [[1, 2]]}')


@maker
def csv_decimal_comma(place: Setting) -> None:
    (place.data / "fixations.json").unlink()
    lines = [f"{id};{row},5;{column},5" for id, points in POINTS.items() for row, column in points]
    text = "\n".join(["\ufeffimage;row;column", *lines])
    (place.data / "fixations.csv").write_text(text, encoding="utf-8")


@maker
def shuffle_pool_empty(place: Setting) -> None:
    for id in IDS[1:]:
        (place.predictions / f"{id}.png").unlink()
        (place.data / f"stimuli/{id}.png").unlink()
    truth(place, {"i01": POINTS["i01"]})
