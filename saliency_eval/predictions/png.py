"""The structure of a PNG file, checked without decoding its pixels.

Pillow returns a picture for a file that lacks rows, its end or a correct checksum; here each of these
is found.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from saliency_eval.errors import fail, shown
from saliency_eval.pool import Shape

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGB_ALPHA: 4}
CRITICAL = {b"IHDR", b"PLTE", b"IDAT"}  # chunks that a decoder must understand; IEND ends the walk
DEPTHS = {GREY: (1, 2, 4, 8, 16), PALETTE: (1, 2, 4, 8)}  # of the other colour types 8 and 16
MOST_CHUNKS = 100_000
ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


class Header(NamedTuple):
    """The IHDR chunk."""

    shape: Shape
    depth: int
    colour: int
    interlaced: bool

    @property
    def raster_bytes(self) -> int:
        """Bytes of all rows as they are deflated, each with its filter byte; per pass if interlaced."""
        height, width = self.shape
        bits = CHANNELS[self.colour] * self.depth
        passes = ADAM7 if self.interlaced else ((0, 0, 1, 1),)
        sizes = ((-(-(height - r) // dr), -(-(width - c) // dc)) for r, c, dr, dc in passes)
        return sum(h * (1 + -(-w * bits // 8)) for h, w in sizes if h > 0 and w > 0)


class Structure(NamedTuple):
    """What the chunks of a complete PNG file hold."""

    pixels: list[memoryview]  # the IDAT chunks
    frames: int
    palette: bytes
    transparency: bytes | None


def read_header(data: bytes) -> Header:
    """The IHDR chunk, which must come first; raises `unreadable`."""
    if len(data) < 33 or data[12:16] != b"IHDR":
        fail("unreadable", f"truncated: a PNG file begins with 33 bytes of header, got {len(data)} bytes")
    width, height, depth, colour, *methods, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    if not width or not height or colour not in CHANNELS or depth not in DEPTHS.get(colour, (8, 16)):
        kind = f"{width}x{height} pixels of colour type {colour}, {depth} bits deep"
        fail("unreadable", f"a PNG header cannot say {kind}")
    if any(methods) or interlaced > 1:
        fail("unreadable", f"a PNG header cannot ask for the methods {*methods, interlaced}")
    return Header((height, width), depth, colour, bool(interlaced))


def read_structure(data: bytes) -> Structure:
    """Walk over all chunks up to IEND; raises `unreadable` for one that is cut, altered or out of place."""
    pixels: list[memoryview] = []
    others: dict[bytes, memoryview] = {}
    last = b""
    for kind, body in chunks(data):
        if kind == b"IDAT" and pixels and last != kind:
            fail("unreadable", "the IDAT chunks of a PNG file must follow one another")
        if kind in (b"IHDR", b"PLTE", b"tRNS") and kind in others:
            fail("unreadable", f"a PNG file must have one {kind.decode()} chunk, got two")
        if kind in (b"PLTE", b"tRNS") and pixels:
            fail("unreadable", f"the {kind.decode()} chunk of a PNG file must come before its pixels")
        if kind == b"IDAT":
            pixels.append(body)
        else:
            others[kind] = body
        last = kind
    if not pixels:
        fail("unreadable", "truncated: the PNG file holds no IDAT chunk")
    transparency = others.get(b"tRNS")
    return Structure(
        pixels,
        frames(others),
        bytes(others.get(b"PLTE", b"")),
        None if transparency is None else bytes(transparency),
    )


def frames(others: dict[bytes, memoryview]) -> int:
    """Frames that an animation control chunk announces, 1 without it."""
    control = others.get(b"acTL", b"")
    announced = int.from_bytes(control[:4], "big")
    return max(announced, 2 if b"fdAT" in others else 1)


def chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Kind and body of each chunk before IEND; raises `unreadable` for a wrong length, kind or checksum."""
    view, at = memoryview(data), len(SIGNATURE)
    for _ in range(MOST_CHUNKS):
        if at + 12 > len(data):
            fail("unreadable", f"truncated: the PNG file ends after {len(data)} bytes without an IEND chunk")
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            fail("unreadable", f"truncated: {len(data)} of at least {end} bytes of the PNG file are there")
        if zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            fail("unreadable", f"damaged: the checksum of the PNG chunk at byte {at} is wrong")
        if kind == b"IEND":
            return
        if not kind[0] & 0x20 and kind not in CRITICAL:
            fail("unreadable", f"the PNG file needs a decoder that knows the chunk '{shown(kind)}'")
        yield kind, view[at + 8 : end - 4]
        at = end
    fail("unreadable", f"a PNG file may have {MOST_CHUNKS} chunks, this one has more")
