"""Stimuli, maps and fixations as small pictures of one size, as addresses within a page.

A map is shown in one colour scale whose lightness grows evenly, from its least value to its greatest or by rank; what
has a sign in one that is white at zero. Pixels are averaged where the picture is smaller, repeated where it is larger.
"""

from __future__ import annotations

import functools
import io
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
SIDE = 320  # px, the longer side
FINE = 3  # dots are drawn so many times larger, then made smaller: smooth edges
DOTS = ((200, 2.6), (1000, 1.8), (np.inf, 1.0))  # up to so many fixations, px of the radius
OUTLINE = 1.1  # px
CUT = 99.5  # percentile of the size of signed values at which the colours end: single pixels would hide the others
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
    """A map in colours, of the size of an image of `shape`, else of its own."""
    from PIL import Image

    floats = np.nan_to_num(np.asarray(values, np.float64), nan=0.0, posinf=np.inf, neginf=-np.inf)
    shares = Image.fromarray(SHARES[scale](within(floats)).astype(np.float32))
    small = shares.resize(size_of(shape or values.shape[:2]), Image.Resampling.BOX)
    levels = np.clip(np.asarray(small) * 255 + 0.5, 0, 255).astype(np.uint8)
    return Image.fromarray(table(COLOURS[scale])[levels])


def within(values: Floats) -> Floats:
    """The values, infinite ones moved to the outermost finite ones."""
    finite = values[np.isfinite(values)]
    return np.clip(values, finite.min(), finite.max()) if len(finite) else np.zeros(values.shape)


def linear(values: Floats) -> Floats:
    """From 0 at the least value to 1 at the greatest; 0 where all are equal."""
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros(values.shape)


def ranked(values: Floats) -> Floats:
    """The share of pixels below each, those of the same value counted half: what an AUC sees."""
    _, place, times = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(((np.cumsum(times) - times / 2) / values.size)[place].reshape(values.shape))


def signed(values: Floats) -> Floats:
    """0.5 at zero; the colours end where the size of a value is above that of nearly all."""
    most = np.percentile(np.abs(values), CUT) or np.abs(values).max() or 1.0
    return 0.5 + values / (2 * most)


SHARES = {"values": linear, "ranks": ranked, "signed": signed}


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


def jpeg(picture: Image, quality: int = 82) -> str:
    """A picture as the address of a JPEG."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality, subsampling=0, optimize=True)
    return data_uri(file.getvalue(), "jpeg")


def bar(scale: Scale) -> str:
    """The colours of a scale from left to right, as an address."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(table(COLOURS[scale])[None].repeat(12, 0)).save(file, "PNG", optimize=True)
    return data_uri(file.getvalue(), "png")
