"""NumPy files: .npy and .npz, never through pickle, with every size checked before it is allocated."""

from __future__ import annotations

import io
import math
import warnings
import zipfile

import numpy as np

from saliency_eval.errors import fail, shown
from saliency_eval.pool import Shape
from saliency_eval.predictions.rules import DEFLATE, Rules
from saliency_eval.predictions.values import (
    Array,
    Notes,
    as_map,
    check_claim,
    check_dtype,
    check_size,
    plane,
)

MAGIC = b"\x93NUMPY"
HEADER = 10_000  # characters of a .npy header


def decode_npy(data: bytes, shape: Shape, rules: Rules) -> tuple[Array, Notes]:
    """The array of a .npy file of format 1.0 or 2.0, bool, integer or float."""
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        fail(
            "unreadable",
            f"a .npy file must have format 1.0 or 2.0, got {version[0]}.{version[1]}",
            "save again with numpy.save",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a header of Python 2 is read, and says so on stderr
        found, fortran, dtype = readers[version](file, max_header_size=HEADER)
    if dtype.hasobject:
        fail(
            "pickle",
            "a map must hold numbers, got an array of Python objects (dtype object), which is not loaded",
            "re-save with np.save(path, a.astype('float32'))",
        )
    check_dtype(dtype)
    size = plane(found)
    check_claim(found, dtype.itemsize, len(data) - file.tell(), rules)
    check_size(size, shape, rules)
    flat = np.frombuffer(data, dtype, math.prod(found), file.tell())
    return as_map(flat.reshape(found, order="F" if fortran else "C"))


def decode_npz(data: bytes, shape: Shape, rules: Rules) -> tuple[Array, Notes]:
    """The only array of a .npz file, or the one that `variable` names."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        member = choose(archive, rules.variable)
        if member.flag_bits & 1:
            fail("unreadable", f"an array must not be encrypted, {shown(member.filename)} is")
        stored = member.compress_size * (1 if member.compress_type == zipfile.ZIP_STORED else DEFLATE)
        check_claim((member.file_size,), 1, stored, rules)
        with archive.open(member) as file:
            return decode_npy(file.read(member.file_size + 1), shape, rules)


def choose(archive: zipfile.ZipFile, variable: str | None) -> zipfile.ZipInfo:
    """The member to read; raises `ambiguous`, `unreadable`, and `format_not_allowed` for any other zip."""
    members = archive.infolist()
    if not all(member.filename.endswith(".npy") for member in members) or not members:
        fail(
            "format_not_allowed",
            "a zip file must be a .npz file of NumPy arrays, got other members",
            "save the map with np.save",
        )
    name = pick([member.filename.removesuffix(".npy") for member in members], variable)
    found = members[[member.filename for member in members].index(f"{name}.npy")]
    if found.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        fail(
            "unreadable",
            "an array of a .npz file must be stored or deflated",
            "save with np.savez_compressed",
        )
    return found


def pick(names: list[str], variable: str | None) -> str:
    """The one name, or the one that is asked for; raises `ambiguous` and `unreadable`."""
    wanted = [name for name in names if variable in (None, name)]
    listed = ", ".join(shown(name) for name in names[:8])
    if not wanted:
        asked = "" if variable is None else f" '{shown(variable)}'"
        fail(
            "unreadable",
            f"there is no array{asked} in the file, which holds: {listed or 'nothing'}",
            "--variable NAME chooses one",
        )
    if len(wanted) > 1:
        fail(
            "ambiguous",
            f"a file must hold one array, got {len(names)}: {listed}",
            "--variable NAME chooses one",
        )
    return wanted[0]
