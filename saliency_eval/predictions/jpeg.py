"""The structure of a JPEG file, walked without decoding: how much work it asks of a decoder.

A few bytes can ask for a pass over all pixels (a scan) or for a step of the decoder (a segment); here
files that ask for more than any map needs are found first.
"""

from __future__ import annotations

import re

from saliency_eval.errors import fail

MOST_SEGMENTS = 300  # 255 may hold a colour profile
MOST_SCANS = 64  # progressive files have about ten
MOST_FILL = 1024  # bytes before a marker
MARKER = re.compile(rb"(\xff+)([^\x00\xd0-\xd7\xff])", re.DOTALL)  # not a restart, and no 0xff of the pixels
SOI, EOI, SOS = b"\xd8", b"\xd9", b"\xda"


def check_structure(data: bytes) -> None:
    """Raises `unreadable` for more segments, scans or fill bytes than a map needs.

    What is truncated or damaged is left to the decoder.
    """
    at, segments, scans = 2, 0, 0
    while (found := MARKER.search(data, at)) and found[2] != EOI:
        segments += 1
        scans += found[2] == SOS
        refuse_above("segments", segments, MOST_SEGMENTS)
        refuse_above("scans", scans, MOST_SCANS)
        refuse_above("fill bytes", found.end() - found.start() - 2, MOST_FILL)
        length = 0 if found[2] == SOI else int.from_bytes(data[found.end() : found.end() + 2], "big")
        at = found.end() + length


def refuse_above(what: str, count: int, most: int) -> None:
    """Raises `unreadable`."""
    if count > most:
        fail("unreadable", f"a JPEG file may have {most} {what}, this one has more", "save the map as png")
