"""MATLAB files: version 5 through scipy, version 7.3 as the HDF5 file that it is."""

from __future__ import annotations

import io
import struct
import zlib
from typing import NamedTuple

from saliency_eval.errors import fail, shown
from saliency_eval.pool import Shape
from saliency_eval.predictions import hdf5
from saliency_eval.predictions.arrays import pick
from saliency_eval.predictions.rules import DEFLATE, Rules, size
from saliency_eval.predictions.values import (
    Array,
    Notes,
    as_map,
    check_claim,
    check_dtype,
    check_size,
    plane,
)

BYTES = {"double": 8, "single": 4, "logical": 1} | {
    f"{sign}int{bits}": bits // 8 for sign in ("", "u") for bits in (8, 16, 32, 64)
}
HEADER = 128
COMPRESSED = 15  # the type of a deflated element
SLACK = 4096  # bytes of tags, name and padding beside the values of an array


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
        return hdf5.decode_h5(data, shape, rules, turned=True)
    from scipy.io import loadmat, whosmat

    check_inflated(data, rules)
    variable = choose([Variable(*entry) for entry in whosmat(io.BytesIO(data))], rules.variable)
    if variable.kind not in BYTES:
        fail("dtype", f"a map must hold numbers, {shown(variable.name)} is of class {variable.kind}",
             "save a full numeric matrix")
    found = plane(variable.shape)
    check_claim(variable.shape, 1, len(data), rules, DEFLATE)  # doubles may be stored as bytes
    check_claim(variable.shape, BYTES[variable.kind], len(data), rules, DEFLATE * 8)
    check_size(found, shape, rules)
    array = loadmat(io.BytesIO(data), variable_names=[variable.name])[variable.name]
    check_dtype(array.dtype)
    return as_map(array)


def choose(variables: list[Variable], wanted: str | None) -> Variable:
    """The variable that is asked for, or the only map, or the only variable; raises `ambiguous`."""
    maps = [v for v in variables if v.kind in BYTES and sum(n != 1 for n in v.shape) <= 2 <= len(v.shape)]
    offered = maps if maps and wanted is None else variables
    name = pick([variable.name for variable in offered], wanted)
    return next(variable for variable in offered if variable.name == name)


def check_inflated(data: bytes, rules: Rules) -> None:
    """Raises `too_large` when a deflated element grows above the limit, whatever its header says."""
    order = "<" if data[126:128] == b"IM" else ">"
    at = HEADER
    while at + 8 <= len(data):
        kind, length = struct.unpack_from(order + "II", data, at)
        if kind == COMPRESSED:
            check_growth(data[at + 8 : at + 8 + length], rules)
        at += 8 + length


def check_growth(deflated: bytes, rules: Rules) -> None:
    """Inflate a piece at a time, keeping nothing, up to the limit."""
    inflate, grown, rest = zlib.decompressobj(), 0, deflated
    while rest and not inflate.eof:
        grown += len(inflate.decompress(rest, 1 << 20))
        rest = inflate.unconsumed_tail
        if grown > rules.max_bytes + SLACK:
            fail("too_large", f"an array may take {size(rules.max_bytes)}, one inflates to more",
                 "save it smaller, or raise --max-bytes")
