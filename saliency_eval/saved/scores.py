"""`scores.csv.gz` as strangers may have written it: inflated piece by piece, counted, and parsed as it comes."""

from __future__ import annotations

import codecs
import csv
import zlib
from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from saliency_eval.errors import shown
from saliency_eval.saved.document import AGAIN
from saliency_eval.saved.document import refuse as refuse_file
from saliency_eval.stats import MOST_VALUE

SCORES = "scores.csv.gz"
MOST_STORED = 64 << 20
MOST_INFLATED = 256 << 20
MOST_LINE = 1 << 20
MOST_IMAGES, MOST_METRICS = 100_000, 100
GZIP = 31  # zlib's name for the window and the wrapper


class Scores(NamedTuple):
    """The table: values (images, metrics), NaN where there is none."""

    labels: tuple[str, ...]
    ids: tuple[str, ...]
    values: NDArray[np.float64]


def refuse(text: str) -> NoReturn:
    """Raise what is wrong with the scores."""
    refuse_file(text, AGAIN, SCORES)


def read_scores(data: bytes, most: int) -> Scores:
    """The table of at most so many images."""
    rows = csv.reader(lines(data), strict=True)
    ids: list[str] = []
    values = array("d")
    try:
        labels = labels_of(next(rows, []))
        for row in rows:
            if len(ids) == most:
                refuse(f"has more than the {most} images of the data set")
            if len(row) != 1 + len(labels):
                refuse(f"line {rows.line_num} must have {1 + len(labels)} cells, got {len(row)}")
            ids.append(row[0])
            values.extend(numbers(row[1:]))
    except (csv.Error, zlib.error) as error:
        refuse(f"is damaged ({shown(error)})")
    if len(set(ids)) < len(ids):
        refuse("must have one line for an image, some have two")
    table = np.array(values, np.float64).reshape(len(ids), len(labels))
    if (np.abs(table[np.isfinite(table)]) > MOST_VALUE).any():
        refuse(f"must hold numbers within {MOST_VALUE:g} of zero")
    return Scores(labels, tuple(ids), table)


def labels_of(header: Sequence[str]) -> tuple[str, ...]:
    """The metrics that the first line names."""
    labels = tuple(header[1:])
    if header[:1] != ["image"] or not 0 < len(labels) <= MOST_METRICS or len(set(labels)) < len(labels):
        refuse(
            f"must begin with the line image,<metric>,... and name each metric once, at most {MOST_METRICS}"
        )
    return labels


def numbers(cells: Sequence[str]) -> list[float]:
    """The values of a line; an empty cell is a missing one."""
    try:
        return [float(cell or "nan") for cell in cells]
    except ValueError as error:
        refuse(f"must hold numbers, {shown(error)}")


def lines(data: bytes) -> Iterator[str]:
    """The text line by line, ends included; no more than one line and one piece is held."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    rest = ""
    for piece in pieces(data):
        *whole, rest = (rest + decoder.decode(piece)).split("\n")
        yield from (line + "\n" for line in whole)
        if len(rest) > MOST_LINE:
            refuse(f"has a line of more than {MOST_LINE >> 20} MiB")
    if rest:
        yield rest


def pieces(data: bytes, step: int = 1 << 16) -> Iterator[bytes]:
    """What one gzip stream inflates to, counted; refused when it is too much, cut, or not the end of the file."""
    inflate, given = zlib.decompressobj(GZIP), 0
    for start in range(0, len(data), step):
        rest = data[start : start + step]
        while rest and not inflate.eof:
            piece = inflate.decompress(rest, MOST_LINE)
            rest = inflate.unconsumed_tail
            given += len(piece)
            if given > MOST_INFLATED:
                refuse(f"must inflate to at most {MOST_INFLATED >> 20} MiB")
            yield piece
        if inflate.eof and (inflate.unused_data or start + step < len(data)):
            refuse("has more bytes after its end")
    if not inflate.eof:
        refuse("is truncated")
