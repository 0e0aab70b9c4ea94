"""The embedded data set: pop-out arrays made on the spot, and simulated observers. No person was recorded.

Each array is a grid of equal items, one of them different. A simulated observer starts at the centre, then
looks at the odd item, at other items and at the centre, in fixed shares; everything follows from the seed.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval.datasets.fixations import FixationDataset
from saliency_eval.datasets.gaze import Gaze, Numbers
from saliency_eval.datasets.pixels import pairs, placed
from saliency_eval.pool import Shape

SEED = 0
SHAPE = (300, 400)
GRID, CELL, JITTER = (6, 8), 50, 7  # rows and columns; px
OBSERVERS, LOOKS = 12, 9  # looks of each observer, the first at the centre
SHARES = (0.45, 0.40, 0.15)  # of looks at the odd item, at another item, at the centre
SPREAD = {"item": 5.0, "centre": 18.0}  # standard deviations, px
GREY = 0.5


class Array(NamedTuple):
    """One pop-out array: in what the odd item differs, and by how much."""

    dimension: str
    level: float  # degrees of hue or angle, or ratio of sizes

    @property
    def id(self) -> str:
        """The name of the image."""
        return f"{self.dimension}-{self.level:g}".replace(".", "_")


ARRAYS = (
    Array("colour", 45), Array("colour", 90), Array("colour", 180),
    Array("orientation", 30), Array("orientation", 90),
    Array("larger", 1.5), Array("larger", 2), Array("smaller", 2),
)  # fmt: skip


class Scene(NamedTuple):
    """Centres of the items (n, 2) row, column in px, the odd one first; their hues, angles and sizes."""

    centres: Numbers
    hues: Numbers | None  # degrees; None: white
    angles: Numbers | None  # radians; None: discs
    sizes: Numbers  # px


class Demo(FixationDataset):
    """Eight arrays of 300 x 400 px and twelve simulated observers; needs no root and no download."""

    key = "demo"
    has_files = False

    def __init__(self, root: str | Path = "", **options: object) -> None:
        super().__init__(root, **options)

    def check_root(self) -> None:
        """There is no root."""

    def images(self) -> dict[str, Path]:
        return {array.id: Path(f"{array.id}.png") for array in ARRAYS}  # names only: there are no files

    def extra_fields(self, id: str) -> dict[str, Any]:
        return {"path": None}

    def shape_of(self, id: str) -> Shape:
        return SHAPE

    def image_of(self, id: str) -> NDArray[np.uint8]:
        return draw(scene(self._number(id)))

    def gaze(self, id: str) -> Gaze:
        number = self._number(id)
        centres = scene(number).centres
        points = [
            scanpath(centres, np.random.default_rng([SEED, number, 1 + who])) for who in range(OBSERVERS)
        ]
        observers = np.repeat(np.arange(OBSERVERS), LOOKS)
        return placed(np.floor(np.concatenate(points)), observers, SHAPE, outside="raise")

    def _number(self, id: str) -> int:
        return [array.id for array in ARRAYS].index(id)


@functools.cache
def scene(number: int) -> Scene:
    """Place the items of an array: every cell of the grid holds one, moved by a few pixels."""
    array, rng = ARRAYS[number], np.random.default_rng([SEED, number])
    cells = np.stack(np.unravel_index(rng.permutation(GRID[0] * GRID[1]), GRID), 1)
    centres = pairs((cells + 0.5) * CELL - 0.5 + rng.integers(-JITTER, JITTER + 1, cells.shape))
    plain, odd = np.ones(len(cells)), np.eye(len(cells), dtype=np.float64)[0]
    if array.dimension == "colour":
        return Scene(centres, 45 * rng.integers(8) + array.level * odd, None, 18 * plain)
    if array.dimension == "orientation":
        return Scene(centres, None, np.radians(15 * rng.integers(12) + array.level * odd), 22 * plain)
    if array.dimension == "larger":
        return Scene(centres, None, None, 14 * array.level**odd)
    return Scene(centres, None, None, 22 / array.level**odd)


def scanpath(centres: Numbers, rng: np.random.Generator) -> Numbers:
    """Where a simulated observer looks: (LOOKS, 2) row, column, the first at the centre."""
    middle = np.array(SHAPE) / 2
    kinds = np.append(2, rng.choice(3, LOOKS - 1, p=SHARES))
    others = centres[rng.integers(1, len(centres), LOOKS)]
    aims = np.choose(kinds[:, None], [np.broadcast_to(centres[0], others.shape), others, middle])
    spread = np.where(kinds == 2, SPREAD["centre"], SPREAD["item"])[:, None]
    looks = aims + spread * rng.standard_normal(others.shape)
    return np.clip(looks, 0, np.array(SHAPE) - 1)  # nobody looks beyond the picture


# ------------------------------------------------------------------ drawing


def draw(scene: Scene) -> NDArray[np.uint8]:
    """The picture (height, width, 3) of a scene, items with soft edges on grey."""
    picture = np.full((*SHAPE, 3), GREY)
    for k, centre in enumerate(scene.centres):
        top, left = (int(c) - CELL // 2 for c in centre)
        window = np.s_[max(top, 0) : top + CELL, max(left, 0) : left + CELL]
        rows, columns = np.ogrid[window[0].start : min(window[0].stop, SHAPE[0]),
                                 window[1].start : min(window[1].stop, SHAPE[1])]  # fmt: skip
        angle = None if scene.angles is None else scene.angles[k]
        alpha = np.clip(0.5 - distance(rows - centre[0], columns - centre[1], scene.sizes[k], angle), 0, 1)[
            ..., None
        ]
        colour = np.ones(3) if scene.hues is None else rgb(scene.hues[k])
        picture[window] += alpha * (colour - picture[window])
    return np.round(255 * picture).astype(np.uint8)


def distance(y: Numbers, x: Numbers, size: float, angle: float | None) -> Numbers:
    """Signed distance in px to a disc, or to a bar of that angle, counter-clockwise on the screen."""
    if angle is None:
        return np.asarray(np.hypot(x, y) - size / 2)
    along = x * np.cos(angle) - y * np.sin(angle)
    across = x * np.sin(angle) + y * np.cos(angle)
    return np.asarray(np.maximum(np.abs(along) - size / 2, np.abs(across) - size / 8))


def rgb(hue: float, lightness: float = 65, chroma: float = 35) -> Numbers:
    """sRGB in 0..1 of a CIE Lab colour (D65) by lightness, chroma and hue in degrees.

    >>> rgb(0, 100, 0).round(3).tolist()
    [1.0, 1.0, 1.0]
    """
    a, b = chroma * np.cos(np.radians(hue)), chroma * np.sin(np.radians(hue))
    f = (lightness + 16) / 116 + np.array([a / 500, 0, -b / 200])
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * [0.95047, 1.0, 1.08883]
    to_linear = np.array([[3.2404542, -1.5371385, -0.4985314], [-0.969266, 1.8760108, 0.041556],
                          [0.0556434, -0.2040259, 1.0572252]])  # fmt: skip
    linear = np.clip(to_linear @ xyz, 0, 1)
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))
