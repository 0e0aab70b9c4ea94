"""How much deflated data grow, found a piece at a time and without keeping it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from saliency_eval.disk import size
from saliency_eval.errors import fail
from saliency_eval.predictions.rules import SMALLER, Rules

STEP = 1 << 20  # bytes inflated at a time


def inflated(parts: Iterable[bytes | memoryview], enough: int) -> int:
    """Bytes that one deflated stream, cut into parts, gives; stops as soon as it has given `enough`."""
    inflate, given = zlib.decompressobj(), 0
    for part in parts:
        rest: bytes | memoryview = part
        while rest and given < enough and not inflate.eof:
            given += len(inflate.decompress(rest, min(STEP, enough - given)))
            rest = inflate.unconsumed_tail
    return given


def check_growth(deflated: bytes | memoryview, rules: Rules) -> None:
    """Raises `too_large` when the stream grows above the limit on bytes, whatever its header says."""
    enough = rules.max_bytes + STEP  # the headers of an array are no part of it
    if inflated([deflated], enough) == enough:
        fail(
            "too_large",
            f"an array may take {size(rules.max_bytes)}, the data stored here inflate to more",
            SMALLER,
        )
