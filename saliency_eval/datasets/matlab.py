"""MATLAB 5 files as plain Python values, read without scipy.io, which ends the process on some damaged files."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saliency_eval.datasets.files import damaged, read_file
from saliency_eval.datasets.mat5 import COMPLEX, NUMERIC, STORED, matrices, order_of, part
from saliency_eval.errors import TRUTH, SaliencyEvalError, fail, shown

MOST_BYTES = 512 * 2**20  # of a file, and of a matrix when inflated
CELL, STRUCT, CHAR = 1, 2, 4
TEXTS = {16: "utf-8", 17: "utf-16", 18: "utf-32"}  # types of text beside STORED

Elements = Iterator[tuple[int, memoryview]]


def load(path: Path) -> dict[str, Any]:
    """The variables of a file: structs as dictionaries, cells and struct arrays as lists, one element as itself.

    Raises `unreadable` (exit 4).
    """
    data = read_file(path, MOST_BYTES)
    found: dict[str, Any] = {}
    try:
        for name, value in variables(data, order_of(data)):
            if name in found:
                raise ValueError("a variable twice")
            found[name] = value
    except SaliencyEvalError as error:
        text = f"{shown(path.name)}: {error.problems[0].message}"
        fail("unreadable", text, "restore the file from its source", file=str(path), exit=TRUTH)
    except Exception as error:  # any, for any bytes may be there
        damaged(path, "MATLAB 5 file", error)
    return found


def only(path: Path) -> Any:
    """The single variable of a file, whatever its name; raises `unreadable` (exit 4)."""
    variables = load(path)
    if len(variables) != 1:
        fail(
            "unreadable",
            f"{shown(path.name)} must hold one variable, got {', '.join(map(shown, variables)) or 'none'}",
            "restore the file from its source",
            exit=TRUTH,
        )
    return next(iter(variables.values()))


def member(value: Any, path: Path, *names: str) -> Any:
    """What lies below some names in nested structs; raises `unreadable` (exit 4)."""
    for name in names:
        if not isinstance(value, dict) or name not in value:
            found = ", ".join(map(shown, value)) if isinstance(value, dict) else type(value).__name__
            text = f"{shown(path.name)} must hold {'.'.join(names)}, got {found or 'nothing'}"
            fail("unreadable", text, "restore the file from its source", exit=TRUTH)
        value = value[name]
    return value


def items(value: Any) -> list[Any]:
    """The elements of a cell or struct array of any orientation; a single element stands for itself."""
    if isinstance(value, list):
        return value
    return list(value.ravel()) if isinstance(value, np.ndarray) else [value]


# ------------------------------------------------------------------ the format


def variables(data: bytes, order: str) -> Iterator[tuple[str, Any]]:
    """Name and value of each matrix of the file; raises anything for a damaged one."""
    for element, deflated in matrices(data, order):
        _, content, _ = part(inflated(element) if deflated else element, 0, order)
        name, found = matrix(content, order)
        if name:  # MATLAB keeps data of its own in a matrix without a name
            yield name, found


def elements(body: memoryview, order: str) -> Elements:
    """Type and content of one element after the other."""
    at = 0
    while at < len(body):
        kind, content, at = part(body, at, order)
        yield kind, content


def inflated(deflated: memoryview) -> bytes:
    """A matrix within the limit on bytes."""
    stream = zlib.decompressobj()
    body = stream.decompress(deflated, MOST_BYTES)
    if not stream.eof:
        raise ValueError("truncated, or too large")
    return body


def matrix(content: memoryview, order: str) -> tuple[str, Any]:
    """Name and value of a matrix."""
    if not content:
        return "", np.zeros(0)
    parts = elements(content, order)
    (word, _), shape = numbers(*next(parts), order), tuple(numbers(*next(parts), order).tolist())
    name, count = bytes(next(parts)[1]).decode("latin-1"), math.prod(shape)
    if min(shape) < 0 or count > len(content):
        raise ValueError(f"shape {shape}")
    kind = int(word) & 0xFF
    if kind == CHAR:
        return name, text(*next(parts), order)
    if kind == CELL:
        return name, one_or_all([matrix(next(parts)[1], order)[1] for _ in range(count)])
    if kind == STRUCT:
        return name, one_or_all(structs(parts, count, order))
    array = numbers(*next(parts), order).astype(NUMERIC[kind])
    if int(word) & COMPLEX:
        array = array + 1j * numbers(*next(parts), order)
    array = array.reshape(shape, order="F").squeeze()
    return name, array if array.ndim else array.item()


def structs(parts: Elements, count: int, order: str) -> list[dict[str, Any]]:
    """The elements of a struct array by the names of their fields."""
    (width,), names = numbers(*next(parts), order), bytes(next(parts)[1])
    fields = [names[i : i + width].partition(b"\0")[0].decode("latin-1") for i in range(0, len(names), width)]
    return [{field: matrix(next(parts)[1], order)[1] for field in fields} for _ in range(count)]


def numbers(kind: int, content: memoryview, order: str) -> NDArray[Any]:
    """The numbers of an element as they are stored."""
    return np.frombuffer(content, order + STORED[kind])


def text(kind: int, content: memoryview, order: str) -> str:
    """The characters of an element."""
    if kind in TEXTS:
        return str(content, TEXTS[kind] + ("" if kind == 16 else "-le" if order == "<" else "-be"))
    return "".join(map(chr, numbers(kind, content, order)))


def one_or_all(values: list[Any]) -> Any:
    """The only element, or all in the order of MATLAB, columns first."""
    return values[0] if len(values) == 1 else values
