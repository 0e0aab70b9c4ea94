"""The elements of a MATLAB 5 file: a type, a length, and that many bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from saliency_eval.errors import fail

HEADER = 128
MOST_ELEMENTS = 10_000
MATRIX, DEFLATED = 14, 15  # types of an element
STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
NUMERIC = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
CLASSES = {1: "cell", 2: "struct", 3: "object", 4: "char", 5: "sparse", 16: "function", 17: "opaque"}
COMPLEX = 0x800


def order_of(data: bytes) -> str:
    """The byte order of a file, as struct and numpy write it; raises `unreadable` for another kind of file."""
    mark = data[126:128]
    if mark not in (b"IM", b"MI"):
        fail("unreadable", f"a MATLAB 5 file must say its byte order in its header, got {mark!r}")
    return "<" if mark == b"IM" else ">"


def matrices(data: bytes, order: str) -> Iterator[tuple[memoryview, bool]]:
    """Each matrix of a file with its type and length, or, and then True, deflated; raises `unreadable`."""
    at, elements = HEADER, 0
    while at < len(data):
        elements += 1
        if elements > MOST_ELEMENTS:
            fail("unreadable", f"a MATLAB file may have {MOST_ELEMENTS} elements, this one has more")
        kind, length = struct.unpack_from(order + "II", data, at)
        end = at + 8 + length
        if end > len(data):
            fail("unreadable", f"truncated: {len(data)} of {end} bytes of the MATLAB file are there")
        if kind in (MATRIX, DEFLATED):
            yield memoryview(data)[at + 8 if kind == DEFLATED else at : end], kind == DEFLATED
        at = end


def part(body: bytes | memoryview, at: int, order: str) -> tuple[int, memoryview, int]:
    """Type and content of the element at a place, and where the next one begins; raises `unreadable`."""
    (word,) = struct.unpack_from(order + "I", body, at)
    kind, length, begin, end = word & 0xFFFF, word >> 16, at + 4, at + 8
    if not length:  # else up to four bytes lie beside the type
        (length,) = struct.unpack_from(order + "I", body, at + 4)
        begin = at + 8
        end = begin + -(-length // 8) * 8
    if begin + length > len(body):
        fail("unreadable", f"truncated: {len(body)} of {begin + length} bytes of a matrix are there")
    return kind, memoryview(body)[begin : begin + length], end
