"""MATLAB 5 files: the values that scipy reads, and one refusal for every damaged file."""

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from saliency_eval.datasets import matlab
from saliency_eval.errors import SaliencyEvalError

RNG = np.random.default_rng(3)
PEOPLE = np.array([{"x": RNG.random(n), "name": f"person {n}"} for n in (3, 1, 4)], object)
VARIABLES = {
    "gaze": {"location": RNG.integers(0, 9, (5, 2)), "time": RNG.random(5), "who": "me"},
    "cells": np.array([PEOPLE, RNG.random((2, 3)), "text"], object),
    "records": np.array([(1, 2.5), (3, 4.5)], [("a", "i4"), ("b", "f8")]),
    "nested": {"a": {"b": {"c": np.arange(6, dtype="u2").reshape(2, 3)}}},
    "one": 7.25,
    "image": RNG.integers(0, 2, (4, 6)).astype("u1"),
    "logical": RNG.random((3, 2)) > 0.5,
    "complex": RNG.random(3) * (1 + 2j),
    "wide": np.array([-(2**40), 2**40]),
    "umlaut": "caf\u00e9 \u4f60",
}


def same(ours: Any, theirs: Any) -> None:
    """Equal, where one list or array of values is as good as another."""
    if hasattr(theirs, "_fieldnames"):  # what scipy leaves of a struct below two cells
        theirs = {name: getattr(theirs, name) for name in theirs._fieldnames}
    if isinstance(theirs, dict):
        assert ours.keys() == theirs.keys()
        for key in theirs:
            same(ours[key], theirs[key])
    elif isinstance(theirs, list) or (isinstance(theirs, np.ndarray) and theirs.dtype.kind == "O"):
        assert len(matlab.items(ours)) == len(matlab.items(theirs))
        for mine, other in zip(matlab.items(ours), matlab.items(theirs), strict=True):
            same(mine, other)
    elif isinstance(theirs, str):
        assert ours == theirs
    else:
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("deflate", [False, True])
def test_values_are_those_of_scipy(deflate: bool, tmp_path: Path) -> None:
    savemat(tmp_path / "a.mat", VARIABLES, do_compression=deflate)
    ours, theirs = matlab.load(tmp_path / "a.mat"), loadmat(tmp_path / "a.mat", simplify_cells=True)
    assert list(ours) == list(VARIABLES)
    for name in VARIABLES:
        same(ours[name], theirs[name])


def element(kind: int, body: bytes) -> bytes:
    return struct.pack("<II", kind, len(body)) + body + bytes(-len(body) % 8)


def matrix(kind: int, shape: tuple[int, ...], *parts: bytes, name: bytes = b"a") -> bytes:
    head = element(6, struct.pack("<II", kind, 0)) + element(5, struct.pack(f"<{len(shape)}i", *shape))
    return element(14, head + element(1, name) + b"".join(parts))


def file(*matrices: bytes) -> bytes:
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + b"".join(matrices)


FIELDS = element(5, struct.pack("<i", 32)) + element(1, b"")
GOOD = matrix(6, (1, 2), element(9, struct.pack("<dd", 1, 2)))
DAMAGED = {
    "empty": b"",
    "many structs of no fields": file(matrix(2, (10**4, 10**3), FIELDS)),
    "fewer cells than announced": file(matrix(1, (1, 3), GOOD)),
    "a negative shape": file(matrix(6, (-1, -2), element(9, bytes(16)))),
    "fewer numbers than announced": file(matrix(6, (1, 3), element(9, bytes(16)))),
    "an unknown class": file(matrix(99, (1, 2), element(9, bytes(16)))),
    "an unknown type": file(matrix(6, (1, 2), element(99, bytes(16)))),
    "a sparse matrix": file(matrix(5, (1, 2), element(9, bytes(16)))),
    "a variable twice": file(GOOD, GOOD),
    "cut": file(GOOD)[:-8],
    "a cut stream": file(struct.pack("<II", 15, 20) + zlib.compress(GOOD, 0)[:20]),
    "text that is none": file(matrix(4, (1, 1), element(16, b"\xff"))),
}


def deep(levels: int) -> bytes:
    return matrix(1, (1, 1), deep(levels - 1)) if levels else GOOD


@pytest.mark.parametrize("damage", [*DAMAGED, "nested too deeply", "inflates without end"])
def test_a_damaged_file_is_refused(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matlab, "MOST_BYTES", 10**6)
    bomb = zlib.compress(matrix(6, (1, 1), element(9, bytes(2 * 10**6))))
    made = DAMAGED | {"inflates without end": file(struct.pack("<II", 15, len(bomb)) + bomb)}
    made["nested too deeply"] = file(deep(900))
    (tmp_path / "a.mat").write_bytes(made[damage])
    with pytest.raises(SaliencyEvalError) as error:
        matlab.load(tmp_path / "a.mat")
    assert (error.value.code, error.value.exit_code) == ("unreadable", 4)
    (tmp_path / "a.mat").write_bytes(file(GOOD))
    np.testing.assert_array_equal(matlab.load(tmp_path / "a.mat")["a"], [1, 2])
