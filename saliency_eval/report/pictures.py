"""Stimuli, maps and fixations as small pictures of one size, as addresses within a page.

A map is shown in one colour scale whose lightness grows evenly, from its least value to its greatest or by rank, and
in grey where it has one value; what has a sign in one that is white at zero. Pixels are averaged where the picture is
smaller, repeated where it is larger.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from saliency_eval.maps import Floats
from saliency_eval.pages import data_uri
from saliency_eval.pool import Points, Shape

if TYPE_CHECKING:
    from PIL.Image import Image

Scale = Literal["values", "ranks", "signed"]
COLOURS: dict[Scale, str] = {"values": "inferno", "ranks": "inferno", "signed": "RdBu_r"}
SIDE = 300  # px, the longer side
FINE = 3  # dots are drawn so many times larger, then made smaller: smooth edges
DOTS = ((200, 2.2), (1000, 1.6), (np.inf, 1.0))  # up to so many fixations, px of the radius
FLAT = "#8c8c8c"  # of a map of one value: no scale has it
OUTLINE = 1.0  # px
FRAME = 2  # px, the width of the frame of a box, without its outline
TINY = 1e-12  # signed values below it are rounding, and white
Ink = tuple[str, str]  # fill and outline of a dot
ON_PICTURE: Ink = ("#35e8ff", "#000000")
ON_SIGNED: Ink = ("#111111", "#ffffff")


def size_of(shape: Shape) -> tuple[int, int]:
    """Width and height of the picture of an image of (height, width)."""
    factor = SIDE / max(shape)
    return max(round(shape[1] * factor), 1), max(round(shape[0] * factor), 1)


def stimulus(image: NDArray[np.uint8]) -> Image:
    """A stimulus (height, width, 3)."""
    from PIL import Image

    return Image.fromarray(image).resize(size_of(image.shape[:2]), Image.Resampling.LANCZOS)


def heat(values: NDArray[Any], scale: Scale = "values", shape: Shape | None = None) -> Image:
    """A map in colours, grey where it has one value, of the size of an image of `shape`, else of its own."""
    from PIL import Image

    floats = within(np.nan_to_num(np.asarray(values, np.float64), posinf=np.inf, neginf=-np.inf))
    size = size_of(shape or values.shape[:2])
    if scale != "signed" and np.ptp(floats) == 0:
        return Image.new("RGB", size, FLAT)
    low, high, of = ENDS[scale](floats)
    shares = Image.fromarray(((of - low) / (high - low or 1)).astype(np.float32))
    small = np.asarray(shares.resize(size, Image.Resampling.BOX))
    if scale == "signed":  # single pixels do not decide where the colours end
        small = small / max(float(np.abs(small).max()), TINY / (high or 1)) / 2 + 0.5
    levels = np.clip(small * 255 + 0.5, 0, 255).astype(np.uint8)
    return Image.fromarray(table(COLOURS[scale])[levels])


def within(values: Floats) -> Floats:
    """The values, infinite ones moved to the outermost finite ones."""
    finite = values[np.isfinite(values)]
    return np.clip(values, finite.min(), finite.max()) if len(finite) else np.zeros(values.shape)


def by_value(values: Floats) -> tuple[float, float, Floats]:
    """The least value, the greatest, and the values."""
    return float(values.min()), float(values.max()), values


def by_rank(values: Floats) -> tuple[float, float, Floats]:
    """From 0 to 1: the share of pixels below each, those of the same value counted half, as an AUC sees them."""
    _, place, times = np.unique(values, return_inverse=True, return_counts=True)
    return 0.0, 1.0, np.asarray(((np.cumsum(times) - times / 2) / values.size)[place].reshape(values.shape))


def by_sign(values: Floats) -> tuple[float, float, Floats]:
    """From zero to the greatest size."""
    return 0.0, float(np.abs(values).max()), values


ENDS: dict[Scale, Callable[[Floats], tuple[float, float, Floats]]] = {
    "values": by_value, "ranks": by_rank, "signed": by_sign
}  # fmt: skip


@functools.cache
def table(name: str) -> NDArray[np.uint8]:
    """The 256 colours of a scale (256, 3)."""
    from matplotlib import colormaps

    return np.asarray(colormaps[name](np.arange(256), bytes=True))[:, :3].copy()


def dotted(picture: Image, points: Points, shape: Shape, ink: Ink = ON_PICTURE) -> Image:
    """The picture of an image of (height, width) with its fixations, a dot with an outline for each."""
    from PIL import Image, ImageDraw

    radius = next(px for most, px in DOTS if len(points) <= most)
    centres = (points[:, ::-1] + 0.5) * (np.array(picture.size) / shape[::-1]) * FINE
    marked = picture.copy()
    for colour, reach in ((ink[1], radius + OUTLINE), (ink[0], radius)):
        mask = Image.new("L", (picture.width * FINE, picture.height * FINE))
        draw = ImageDraw.Draw(mask)
        for x, y in centres.tolist():
            draw.circle((x, y), reach * FINE, fill=255)
        marked.paste(colour, mask=mask.resize(picture.size, Image.Resampling.BOX))
    return marked


def framed(picture: Image, boxes: NDArray[Any], shape: Shape) -> Image:
    """The picture of an image of (height, width) with its half-open boxes, a frame with an outline for each."""
    from PIL import ImageDraw

    marked = picture.copy()
    draw = ImageDraw.Draw(marked)
    corners = np.rint(boxes * np.tile(np.array(picture.size[::-1]) / shape, 2)).astype(int).tolist()
    for colour, inset, width in ((ON_PICTURE[1], 0, FRAME + 2), (ON_PICTURE[0], 1, FRAME)):
        for top, left, bottom, right in corners:
            start = left + inset, top + inset
            end = max(right - 1 - inset, start[0]), max(bottom - 1 - inset, start[1])
            draw.rectangle((*start, *end), outline=colour, width=width)
    return marked


def jpeg(picture: Image, quality: int = 80) -> str:
    """A picture as the address of a JPEG."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality, optimize=True)
    return data_uri(file.getvalue(), "jpeg")


def bar(scale: Scale) -> str:
    """The colours of a scale from left to right, as an address."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(table(COLOURS[scale])[None].repeat(12, 0)).save(file, "PNG", optimize=True)
    return data_uri(file.getvalue(), "png")
