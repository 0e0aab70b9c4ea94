"""MATLAB files: version 5 by a reader of numeric matrices only, version 7.3 as the HDF5 file that it is.

scipy.io ends the process on some damaged files of version 5, so they are read here: nothing but the
header and the numbers of one matrix.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from saliency_eval.datasets.mat5 import (
    CLASSES,
    COMPLEX,
    NUMERIC,
    STORED,
    matrices,
    order_of,
    part,
)
from saliency_eval.errors import fail, shown
from saliency_eval.pool import Shape
from saliency_eval.predictions import hdf5, isolated
from saliency_eval.predictions.arrays import pick
from saliency_eval.predictions.inflate import check_growth
from saliency_eval.predictions.rules import DEFLATE, Rules
from saliency_eval.predictions.values import (
    Array,
    Notes,
    as_map,
    check_claim,
    check_size,
    is_plane,
    plane,
)

OPAQUE = 17
PREFIX = 4096  # inflated bytes that hold the header of any matrix


class Variable(NamedTuple):
    """A matrix as its header announces it, not yet inflated."""

    name: str
    shape: tuple[int, ...]
    kind: int  # of NUMERIC or CLASSES
    is_complex: bool
    numbers: int  # where the element of the real part begins
    element: memoryview
    deflated: bool

    @property
    def is_map(self) -> bool:
        return self.kind in NUMERIC and is_plane(self.shape)


def is_matlab(data: bytes) -> bool:
    """Does the content begin as a version 5 file?"""
    return data[:6] == b"MATLAB" and data[126:128] in (b"IM", b"MI")


def decode_mat(data: bytes, shape: Shape, rules: Rules) -> tuple[Array, Notes]:
    """The only numeric two-dimensional variable, or the one that `variable` names."""
    if hdf5.is_hdf5(data):
        return isolated.decode_h5(data, shape, rules, matlab=True)
    order = order_of(data)
    variable = choose(list(variables(data, order)), rules.variable)
    check(variable, shape, rules)
    return as_map(read(variable, order, rules))


def choose(found: list[Variable], wanted: str | None) -> Variable:
    """The variable that is asked for, or the only map, or the only variable; raises `ambiguous`."""
    maps = [variable for variable in found if variable.is_map]
    offered = found if wanted or not maps else maps
    name = pick([variable.name for variable in offered], wanted)
    return next(variable for variable in offered if variable.name == name)


def check(variable: Variable, shape: Shape, rules: Rules) -> None:
    """All that the header tells: class, shape, claim, limits, size."""
    if variable.kind not in NUMERIC or variable.is_complex:
        kind = "complex" if variable.is_complex else CLASSES.get(variable.kind, str(variable.kind))
        fail(
            "dtype",
            f"a map must hold real numbers, {shown(variable.name)} is of class {kind}",
            "save a full numeric matrix",
        )
    found = plane(variable.shape)
    width, stored = np.dtype(NUMERIC[variable.kind]).itemsize, len(variable.element)
    ratio = DEFLATE if variable.deflated else 1
    check_claim(variable.shape, 1, stored, rules, ratio)  # any number may be stored as one byte
    check_claim(variable.shape, width, stored * width, rules, ratio)
    check_size(found, shape, rules)


# ------------------------------------------------------------------ the format


def variables(data: bytes, order: str) -> Iterator[Variable]:
    """The named matrices of the file; raises `unreadable`."""
    for element, deflated in matrices(data, order):
        variable = announced(element, order, deflated)
        if variable.name:  # MATLAB keeps data of its own in a matrix without a name
            yield variable


def announced(element: memoryview, order: str, deflated: bool) -> Variable:
    """The header of a matrix: flags, dimensions, name."""
    head = zlib.decompressobj().decompress(element, PREFIX) if deflated else element
    _, flags, at = part(head, 8, order)
    word = int.from_bytes(flags[:4], "little" if order == "<" else "big")
    kind, dimensions = word & 0xFF, memoryview(b"")
    if kind != OPAQUE:
        _, dimensions, at = part(head, at, order)
    _, name, at = part(head, at, order)
    shape = tuple(np.frombuffer(dimensions, order + "i4").tolist())
    return Variable(bytes(name).decode("latin-1"), shape, kind, bool(word & COMPLEX), at, element, deflated)


def read(variable: Variable, order: str, rules: Rules) -> Array:
    """The numbers of a matrix in the type of its class; raises `unreadable`, `too_large`."""
    body: bytes | memoryview = variable.element
    if variable.deflated:
        check_growth(body, rules)
        body = zlib.decompress(body)
    kind, numbers, _ = part(body, variable.numbers, order)
    stored = np.frombuffer(numbers, order + STORED[kind])
    if stored.size != math.prod(variable.shape):
        fail("unreadable", f"truncated: {stored.size} of {math.prod(variable.shape)} numbers are there")
    with np.errstate(invalid="raise"):  # NaN and huge numbers are no integers
        return stored.astype(NUMERIC[variable.kind]).reshape(variable.shape, order="F")
