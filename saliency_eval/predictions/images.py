"""PNG and JPEG: exact sample values, and a refusal of every picture that is not one grey map."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from saliency_eval.errors import Problem, fail
from saliency_eval.pool import Shape
from saliency_eval.predictions import jpeg, png
from saliency_eval.predictions.inflate import inflated
from saliency_eval.predictions.rules import Rules
from saliency_eval.predictions.values import Array, Notes, check_size, ones

if TYPE_CHECKING:
    from PIL import Image

UNSET = 1  # what the first channel holds before its row is decoded
TURN = 0x0112  # the EXIF tag of the orientation
JPEG_TOLERANCE = 3  # grey stored as colour comes back with channels that differ by rounding


def decode_png(data: bytes, shape: Shape, rules: Rules) -> tuple[Array, Notes]:
    """Sample values, uint8 or uint16 for 16-bit grey; raises the codes of section "images"."""
    # The plugin itself: Image.open would add a pixel limit of its own, and global, to ours.
    from PIL.PngImagePlugin import PngImageFile

    header = png.read_header(data)
    check_size(header.shape, shape, rules)
    structure = png.read_structure(data)
    refuse_frames(structure.frames)
    if structure.transparency is not None and header.colour in (png.GREY, png.RGB):
        fail("alpha", "a map must have no transparency, got a transparent colour (tRNS)", "save the raw map")
    image = PngImageFile(io.BytesIO(data))
    canvas, memory = prepare(image)
    image.load()
    filled = image.im is canvas
    samples = memory if filled and memory is not None else first_channel(image)
    check_complete(samples, header, structure, UNSET if filled else 0)
    refuse_turned(image)
    if header.colour == png.PALETTE:
        return look_up(samples, image.histogram(), structure)
    notes = check_channels(image, 0)
    if header.depth == 16 and header.colour != png.GREY:
        notes += (Problem("lossy", "a PNG of 16 bits in several channels is read at 8 bits: lossy"),)
    return (samples // (255 // (2**header.depth - 1)) if header.depth in (2, 4) else samples), notes


def prepare(image: Image.Image) -> tuple[object, Array | None]:
    """Give the picture the memory that it is decoded into, filled with a value that maps rarely end in.

    For 8-bit grey that is an array, which spares a copy.
    """
    from PIL import Image

    if image.mode == "L":
        memory = np.full((image.height, image.width), UNSET, np.uint8)
        image.im = Image.frombuffer("L", image.size, memory, "raw", "L", 0, 1).im
        return image.im, memory
    image.im = Image.new(image.mode, image.size, UNSET).im
    return image.im, None


def check_complete(samples: Array, header: png.Header, structure: png.Structure, unset: int) -> None:
    """Raises `unreadable` when rows are missing.

    The decoder delivers whole rows in order and leaves the others `unset`, so a last row with any other
    value proves a picture that is not interlaced; only the rest is inflated a second time.
    """
    if samples.shape != header.shape:
        fail("unreadable", f"the PNG header says shape {header.shape}, the pixels have {samples.shape}")
    if not header.interlaced and (samples[-1] != unset).any():
        return
    if inflated(structure.pixels, header.raster_bytes) < header.raster_bytes:
        fail(
            "unreadable",
            f"truncated: the PNG file holds fewer pixel rows than its {header.shape[0]}",
            "write the file again",
        )


def look_up(indices: Array, histogram: list[int], structure: png.Structure) -> tuple[Array, Notes]:
    """The grey value of each palette index; raises `colour` and `alpha` by the entries that are used."""
    colours = np.frombuffer(structure.palette, np.uint8).reshape(-1, 3)
    used = np.flatnonzero(histogram)
    if used[-1] >= len(colours):
        fail("unreadable", f"palette index {used[-1]} is used, the palette has {len(colours)} colours")
    refuse_colour(int(np.ptp(colours[used].astype(int), axis=1).max()), 0)
    notes: Notes = (Problem("palette", "a palette picture: its colours were looked up"),)
    if structure.transparency is not None:
        alpha = np.full(256, 255, np.uint8)
        alpha[: len(structure.transparency)] = bytearray(structure.transparency)
        notes += opaque(int(alpha[used].min()), int(alpha[used].max()))
    table = np.zeros(256, np.uint8)
    table[: len(colours)] = colours[:, 0]
    return table[indices], notes


def decode_jpeg(data: bytes, shape: Shape, rules: Rules) -> tuple[Array, Notes]:
    """Grey values, uint8; raises `colour`, `orientation`, `multi_frame`, `wrong_size`, `too_large`."""
    from PIL.JpegImagePlugin import jpeg_factory

    jpeg.check_structure(data)
    image = jpeg_factory(io.BytesIO(data))
    refuse_turned(image)  # before its size, which the turn would exchange
    check_size((image.height, image.width), shape, rules)
    refuse_frames(getattr(image, "n_frames", 1))
    if image.mode not in ("L", "RGB"):
        fail("colour", f"a map must be grey, got a JPEG in {image.mode}", "save the raw map")
    samples = first_channel(image)
    return samples, check_channels(image, JPEG_TOLERANCE)


def first_channel(image: Image.Image) -> Array:
    """Grey, index or red, as the decoder delivers them; one bit as uint8."""
    samples = np.asarray(image.getchannel(0) if len(image.getbands()) > 1 else image)
    return ones(samples) if samples.dtype == bool else samples


def check_channels(image: Image.Image, tolerance: int) -> Notes:
    """Raises `colour` when the colours differ and `alpha` when the alpha varies."""
    from PIL import ImageChops

    bands = image.getbands()
    for band in "GB" if "G" in bands else "":
        difference = ImageChops.difference(image.getchannel(0), image.getchannel(band))
        refuse_colour(extrema(difference)[1], tolerance)
    return opaque(*extrema(image.getchannel("A"))) if "A" in bands else ()


def extrema(channel: Image.Image) -> tuple[int, int]:
    """Least and greatest value of a picture of one channel."""
    low, high = channel.getextrema()
    return int(low), int(high)  # type: ignore[arg-type]


def opaque(low: int, high: int) -> Notes:
    """The note of an alpha channel of one value; raises `alpha` when it varies."""
    if low != high:
        fail("alpha", f"the alpha of a map must have one value, got {low} to {high}", "save the raw map")
    return (Problem("opaque_alpha", f"an alpha channel of one value ({low}) was ignored"),)


def refuse_colour(difference: int, tolerance: int) -> None:
    """Raises `colour` when the channels differ by more than the tolerance."""
    if difference > tolerance:
        fail(
            "colour",
            f"the colour channels of a map must be equal, got differences up to {difference}",
            "save the raw map, without a colour scale",
        )


def refuse_turned(image: Image.Image) -> None:
    """Raises `orientation` when EXIF asks for the picture to be turned."""
    turn = image.getexif().get(TURN, 1)
    if turn != 1:
        fail(
            "orientation",
            f"a map must lie as it is scored, got EXIF orientation {turn}",
            "save the map without EXIF data",
        )


def refuse_frames(frames: int) -> None:
    """Raises `multi_frame` for more than one."""
    if frames > 1:
        fail("multi_frame", f"a map must be one picture, got {frames} frames", "save one map for each image")
