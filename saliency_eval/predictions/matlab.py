"""MATLAB files: version 5 through scipy, version 7.3 as the HDF5 file that it is."""

from __future__ import annotations

import io
import struct
from typing import Any, NamedTuple

from saliency_eval.errors import fail, shown
from saliency_eval.pool import Shape
from saliency_eval.predictions import hdf5
from saliency_eval.predictions.arrays import pick
from saliency_eval.predictions.inflate import check_growth
from saliency_eval.predictions.rules import DEFLATE, Rules
from saliency_eval.predictions.values import (
    Array,
    Notes,
    as_map,
    check_claim,
    check_dtype,
    check_size,
    is_plane,
    plane,
)

BYTES = {"double": 8, "single": 4, "logical": 1} | {
    f"{sign}int{bits}": bits // 8 for sign in ("", "u") for bits in (8, 16, 32, 64)
}
HEADER = 128
COMPRESSED = 15  # the type of a deflated element


class Variable(NamedTuple):
    """A variable as the directory of the file announces it."""

    name: str
    shape: tuple[int, ...]
    kind: str  # double, single, int8 ..., logical, char, cell, struct, sparse ...


def is_matlab(data: bytes) -> bool:
    """Does the content begin as a version 5 file?"""
    return data[:6] == b"MATLAB" and data[126:128] in (b"IM", b"MI")


def decode_mat(data: bytes, shape: Shape, rules: Rules) -> tuple[Array, Notes]:
    """The only numeric two-dimensional variable, or the one that `variable` names."""
    if hdf5.is_hdf5(data):
        return hdf5.decode_h5(data, shape, rules, matlab=True)
    from scipy.io import loadmat, whosmat

    check_elements(data, rules)
    file: Any = io.BytesIO(data)
    variable = choose([Variable(*entry) for entry in whosmat(file)], rules.variable)
    if variable.kind not in BYTES:
        fail(
            "dtype",
            f"a map must hold numbers, {shown(variable.name)} is of class {variable.kind}",
            "save a full numeric matrix",
        )
    found = plane(variable.shape)
    widest = BYTES[variable.kind]
    check_claim(variable.shape, widest, len(data) * widest, rules, DEFLATE)  # doubles may be stored as bytes
    check_size(found, shape, rules)
    array = loadmat(file, variable_names=[variable.name])[variable.name]
    check_dtype(array.dtype)
    return as_map(array)


def choose(variables: list[Variable], wanted: str | None) -> Variable:
    """The variable that is asked for, or the only map, or the only variable; raises `ambiguous`."""
    maps = [variable for variable in variables if variable.kind in BYTES and is_plane(variable.shape)]
    offered = variables if wanted or not maps else maps
    name = pick([variable.name for variable in offered], wanted)
    return next(variable for variable in offered if variable.name == name)


def check_elements(data: bytes, rules: Rules) -> None:
    """Raises `unreadable` for an element beyond the end of the file, `too_large` for one that inflates."""
    order = "<" if data[126:128] == b"IM" else ">"
    at = HEADER
    while at < len(data):
        kind, length = struct.unpack_from(order + "II", data, at)
        if at + 8 + length > len(data):
            fail(
                "unreadable",
                f"truncated: {len(data)} of {at + 8 + length} bytes of the MATLAB file are there",
            )
        if kind == COMPRESSED:
            check_growth(memoryview(data)[at + 8 : at + 8 + length], rules)
        at += 8 + length
