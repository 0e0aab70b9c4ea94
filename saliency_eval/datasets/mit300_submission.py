"""Submissions to the MIT benchmark: 300 JPEG maps with the names and sizes of the images."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

from saliency_eval.datasets.base import Dataset
from saliency_eval.datasets.files import image_shape, is_junk, natural
from saliency_eval.errors import REJECTED, USAGE, Problem, SaliencyEvalError, fail, shown
from saliency_eval.pool import Shape

IDS = tuple(f"i{k}" for k in range(1, 301))
EPOCH = (1980, 1, 1, 0, 0, 0)  # equal maps make equal archives


def check_submission(folder: str | Path, data: Dataset | None = None) -> list[Problem]:
    """What the benchmark would refuse: missing maps, other sizes, no JPEG; other files are noted.

    `data`: the MIT300 images, whose sizes the maps must have; without it sizes are not compared.
    """
    folder = Path(folder)
    if not folder.is_dir():
        fail("missing", f"a submission must be a folder of JPEG maps, there is none at {shown(folder, 500)}")
    ids = IDS if data is None else tuple(data)
    names = {p.name for p in folder.iterdir() if not is_junk(p.name)}
    wanted = {f"{id}.jpg": id for id in ids}
    problems = [
        Problem("missing", f"{shown(name)} is not there", "write a map for every image", image=wanted[name])
        for name in sorted(set(wanted) - names, key=natural)
    ]
    problems += [
        Problem("extra", f"{shown(name)} belongs to no image", "remove it", file=name)
        for name in sorted(names - set(wanted), key=natural)
    ]
    shapes = {} if data is None else {id: data.shape_of(id) for id in ids}
    return problems + [p for name in sorted(names & set(wanted), key=natural)
                       for p in check_map(folder / name, wanted[name], shapes)]  # fmt: skip


def check_map(path: Path, id: str, shapes: Mapping[str, Shape]) -> list[Problem]:
    """What is wrong with one map."""
    try:
        if path.is_symlink() or not path.is_file():
            fail("not_a_file", f"{shown(path.name)} must be a file", "put the map itself there")
        with path.open("rb") as file:
            if file.read(3) != b"\xff\xd8\xff":
                fail(
                    "format_not_allowed",
                    f"{shown(path.name)} must be a JPEG, got other content",
                    "save it as JPEG",
                )
        found = image_shape(path)
        wanted = shapes.get(id, found)
        if found != wanted:
            text = f"{shown(path.name)} is {found[1]}x{found[0]}, its image {wanted[1]}x{wanted[0]}"
            fail("wrong_size", text, "write maps of the size of their image")
    except SaliencyEvalError as error:
        return [
            Problem(p.code, p.message, p.remedy, id, path.name, exit_override=REJECTED)
            for p in error.problems
        ]
    return []


def pack_submission(folder: str | Path, out: str | Path, data: Dataset | None = None) -> Path:
    """Pack the maps into a zip file, once `check_submission` finds no error; equal maps give equal bytes.

    Raises `usage` (exit 2) for a target that is a folder or lies in the folder of the maps.
    """
    out = checked_target(Path(out), Path(folder))
    problems = check_submission(folder, data)
    if any(p.severity == "error" for p in problems):
        raise SaliencyEvalError(problems)
    ids = IDS if data is None else tuple(data)
    part = out.with_name(f".{out.name}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:  # JPEG does not shrink further
            for id in ids:
                entry = zipfile.ZipInfo(f"{id}.jpg", EPOCH)
                archive.writestr(entry, (Path(folder) / f"{id}.jpg").read_bytes())
        os.replace(part, out)
    finally:
        part.unlink(missing_ok=True)
    return out


def checked_target(out: Path, folder: Path) -> Path:
    """The archive to write; raises `usage` (exit 2) for one that would take the place of other things."""
    if not out.name or out.is_dir():
        fail("usage", f"the archive must be a file, got the folder '{shown(out, 500)}'",
             "for example --out submission.zip", exit=USAGE)  # fmt: skip
    place, maps = (Path(os.path.realpath(path)) for path in (out.parent, folder))
    if maps in (place, *place.parents):
        fail("usage", f"the archive must lie outside the folder of the maps, got {shown(out, 500)}",
             "write it beside the folder", exit=USAGE)  # fmt: skip
    return out
