"""One prediction: from the bytes of a file to a checked map. The content decides the format, not the name."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple, NoReturn

from saliency_eval.errors import Problem, SaliencyEvalError, fail, shown, unforeseen
from saliency_eval.pool import Shape
from saliency_eval.predictions import arrays, hdf5, images, isolated, matlab, png
from saliency_eval.predictions.base import Reading
from saliency_eval.predictions.rules import ACCEPTED, MESSAGE, READ, SUFFIXES, Rules, suffix_of
from saliency_eval.predictions.values import Array, Notes, check_values

Decoder = Callable[[bytes, Shape, Rules], tuple[Array, Notes]]
DECODERS: dict[str, Decoder] = {
    "png": images.decode_png,
    "jpeg": images.decode_jpeg,
    "npy": arrays.decode_npy,
    "npz": arrays.decode_npz,
    "mat": matlab.decode_mat,
    "h5": isolated.decode_h5,
}
MAGIC = {
    png.SIGNATURE: "png",
    b"\xff\xd8\xff": "jpeg",
    arrays.MAGIC: "npy",
    b"PK\x03\x04": "npz",
    b"PK\x05\x06": "npz",
}
OTHERS = {  # known, and never opened
    b"%!": "PostScript",
    b"\xc5\xd0\xd3\xc6": "EPS",
    b"%PDF": "PDF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"8BPS": "Photoshop",
    b"\0\0\1\0": "ICO",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\xff\x0a": "JPEG XL",
    b"v/1\x01": "OpenEXR",
    b"#?RADIANCE": "Radiance HDR",
    b"SIMPLE  =": "FITS",
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ\0": "xz",
    b"BZh": "bzip2",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!": "RAR",
    b"\x7fELF": "a program",
    **{bytes((0x80, n)): "a Python pickle" for n in range(2, 6)},
    **{
        b"P" + n + end: "PNM"
        for n in (b"1", b"2", b"3", b"4", b"5", b"6", b"f", b"F")
        for end in (b"\n", b" ")
    },
}


class Decoded(NamedTuple):
    """A map as it is stored, not yet looked at."""

    values: Array  # (height, width): uint8, uint16, or any integer or float type in native order
    notes: Notes
    format: str


def read_bytes(data: bytes, name: str, id: str, shape: Shape, rules: Rules) -> Reading:
    """Decode and check the map of one image; raises SaliencyEvalError with image and file named."""
    with naming(name, id):
        decoded = decode(data, name, shape, rules)
        values, remarks = check_values(decoded.values, rules)
    notes = tuple(named(note, name, id) for note in decoded.notes + remarks)
    return Reading(values, notes, decoded.format)


def decode(data: bytes, name: str, shape: Shape, rules: Rules) -> Decoded:
    """The map that the bytes of a file hold, for a stimulus of that shape.

    Whatever the bytes are, it returns or raises SaliencyEvalError.
    """
    with naming(name), warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # so do decoders tell of damage
        format = format_of(data, name)
        values, notes = DECODERS[format](data, shape, rules)
    if suffix_of(name) not in SUFFIXES[format]:
        notes += (Problem("misnamed", f"the content is {format.upper()}, which the name does not say"),)
    return Decoded(values, notes, format)


def check_name(name: str) -> None:
    """Raises `format_not_allowed` for an extension that is never opened."""
    if suffix_of(name) not in ACCEPTED:
        fail(
            "format_not_allowed",
            f"a prediction must be {READ}, got '{shown(suffix_of(name)) or 'no extension'}'",
            "save the map as png or npy",
        )


# ------------------------------------------------------------------ what the content is


def format_of(data: bytes, name: str) -> str:
    """The format by its first bytes; raises `format_not_allowed` and `unreadable`.

    The name counts in one place: a MATLAB v7.3 file may lack its header, and is then any HDF5 file.
    """
    if hdf5.is_hdf5(data):
        return "mat" if data.startswith(b"MATLAB") or suffix_of(name) in SUFFIXES["mat"] else "h5"
    if matlab.is_matlab(data):
        return "mat"
    for magic, format in MAGIC.items():
        if data.startswith(magic):
            return format
    refuse_content(data)


def refuse_content(data: bytes) -> NoReturn:
    """Say what the content looks like; raises `format_not_allowed` and `unreadable`."""
    other = next((what for magic, what in OTHERS.items() if data.startswith(magic)), None)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        other = "WebP"
    if data[4:8] == b"ftyp":
        other = "HEIF, AVIF or a film"
    if other:
        fail(
            "format_not_allowed",
            f"a prediction must be {READ}, the content is {other}",
            "save the map as png or npy",
        )
    fail("unreadable", f"a prediction must be {READ}, the content is {looks(data)}", "write the file again")


def looks(data: bytes) -> str:
    """What unknown content looks like, in a few words."""
    head = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not data:
        return "empty (0 bytes)"
    if head.startswith((b"<!doctype html", b"<html")) or b"<html" in head:
        return "an HTML page"
    if head.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer: run git lfs pull"
    if not data.strip(b"\0"):
        return f"{len(data)} zero bytes"
    if all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head):
        return f"text: '{shown(head[:20].decode('ascii'))}'"
    return f"of no known format (first bytes {data[:4].hex(' ')})"


# ------------------------------------------------------------------ whose problem it is


@contextmanager
def naming(name: str, id: str | None = None) -> Iterator[None]:
    """Put file and image on every refusal raised inside; what was not foreseen becomes `unreadable`."""
    try:
        yield
    except SaliencyEvalError as error:
        raise SaliencyEvalError([named(problem, name, id) for problem in error.problems]) from None
    except Exception as error:
        raise SaliencyEvalError([named(unforeseen(error), name, id)]) from error


def named(problem: Problem, name: str, id: str | None) -> Problem:
    """The problem with its file, first in the sentence, and its image."""
    if problem.file is not None:
        return replace(problem, image=id)
    message = f"{shown(name)}: {problem.message}"
    if len(message) > MESSAGE:
        message = message[: MESSAGE - 3] + "..."
    remedy = problem.remedy or ("write the file again" if problem.code == "unreadable" else "")
    return replace(problem, message=message, remedy=remedy, file=name, image=id)
