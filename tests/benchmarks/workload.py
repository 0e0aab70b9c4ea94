"""What the benchmarks work on: a data set in the layout of own folders, and its maps as png, npy and jpg.

Full size is that of the MIT and SALICON benchmarks, 1,000 images of 103 fixations; the PNG files have 95 and 40 kB in
the median. The images share a few maps, each linked under many names.
"""

import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from saliency_eval.datasets import load_dataset
from saliency_eval.datasets.fixations import FixationDataset
from saliency_eval.pool import Pool
from saliency_eval.predictions import open_predictions
from saliency_eval.protocols import protocol
from saliency_eval.tasks import Scorer

from .measure import Pass


class InMemory(dict):
    """Stimuli of a data set by id, as a scorer asks for them."""

    truth_fields = FixationDataset.truth_fields


LINE = ("auc_judd", "auc_borji", "shuffled_auc(others=all)", "nss", "cc", "sim", "kld", "ig")
SAVE = {
    "png": lambda path, values: Image.fromarray(eight_bits(values)).save(path),
    "jpg": lambda path, values: Image.fromarray(eight_bits(values)).save(path, quality=95),
    "npy": np.save,
}


class Size(NamedTuple):
    """A size of images, and how many there are."""

    shape: tuple[int, int]
    sigma: float
    images: int = 1000
    fixations: int = 103
    distinct: int = 25  # maps


FULL = {"1024x768": Size((768, 1024), 24.0), "640x480": Size((480, 640), 19.0)}
SMALL = {"1024x768": Size((96, 128), 3.0, 30, 20, 4), "640x480": Size((60, 80), 2.4, 30, 20, 4)}


@dataclass(frozen=True)
class Workload:
    """Images and gaze of one size, written to a folder."""

    folder: Path
    size: Size

    def written(self):
        """The workload itself, once its files are there."""
        for name in ("stimuli", *SAVE):
            (self.folder / name).mkdir(parents=True)
        lines = [f"{id},{row},{column}" for id, points in self.gaze.items() for row, column in points]
        (self.folder / "fixations.csv").write_text("\n".join(["image,row,column", *lines]) + "\n")
        (self.folder / "dataset.toml").write_text(f'name = "made"\nsigma = {self.size.sigma}\n')
        Image.new("RGB", self.size.shape[::-1], "grey").save(self.folder / "one.png")
        for number, id in enumerate(self.ids):
            os.link(self.folder / "one.png", self.folder / f"stimuli/{id}.png")
            self.write_maps(number, id)
        return self

    def write_maps(self, number, id):
        """The map of an image in each format; after the first few they are those of earlier images."""
        values = None if number >= self.size.distinct else made_map(self.gaze[id], self.size, number)
        for kind, save in SAVE.items():
            if values is None:
                os.link(self.path(kind, self.ids[number % self.size.distinct]), self.path(kind, id))
            else:
                save(self.path(kind, id), values)

    @functools.cached_property
    def gaze(self):
        """Fixations by image, around the centre."""
        rng, shape = np.random.default_rng(0), self.size.shape
        return {f"i{n:04}": made_gaze(rng, shape, self.size.fixations) for n in range(self.size.images)}

    @functools.cached_property
    def ids(self):
        return list(self.gaze)

    @property
    def first(self):
        """Images with maps of their own."""
        return self.ids[: self.size.distinct]

    def path(self, kind, id):
        return self.folder / kind / f"{id}.{kind}"

    def stored(self, kind, id):
        """The map as it is stored: uint8 or float32."""
        path = self.path(kind, id)
        return np.load(path) if kind == "npy" else np.asarray(Image.open(path))

    def decoding(self, ids):
        """The unit of every ratio: reading the PNG files of some images with Pillow alone."""
        return Pass(lambda: [self.stored("png", id) for id in ids], len(ids))

    # -------------------------------------------------------------- as the package reads it

    @functools.cached_property
    def data(self):
        return load_dataset(self.folder)

    @functools.cached_property
    def truth(self):
        """The images that have maps of their own; what is derived from their truth is kept."""
        return InMemory((id, self.data[id]) for id in self.first)

    @functools.cached_property
    def pool_of_three_sizes(self):
        """The same fixations on images of which two thirds are narrower or lower."""
        scales = [np.array(pair) / 4 for pair in ((4, 4), (3, 4), (4, 3))]
        shapes = [tuple((self.size.shape * scale).astype(int).tolist()) for scale in scales]
        moved = enumerate(self.gaze.items())
        return Pool.of((id, shapes[n % 3], (p * scales[n % 3]).astype(int)) for n, (id, p) in moved)

    def variants(self, name, metrics):
        """Metrics of a protocol, bound to the data set."""
        return tuple(v.bound(self.data.defaults) for v in protocol(name).variants(metrics))

    def scorer(self, kind):
        """What the package does with an image: read, check and score its map, here with the truth in memory."""
        predictions = self.predictions(kind)
        return Scorer(predictions, self.truth, self.variants("mit", LINE), "matlab", "error", {})

    def predictions(self, kind):
        """The maps of one format, their names matched."""
        predictions = open_predictions(self.folder / kind)
        assert predictions.match(self.data) == []
        return predictions


def made_gaze(rng, shape, number):
    """Points (row, column) around the centre."""
    drawn = [np.clip(rng.normal(n / 2, n / 5, number), 0, n - 1) for n in shape]
    return np.column_stack(drawn).astype(np.int64)


def made_map(gaze, size, seed):
    """A smooth map of the gaze with some texture, float32 of 0 to 1."""
    rng = np.random.default_rng([1, seed])
    offsets = [np.arange(n) - gaze[:, [axis]] for axis, n in enumerate(size.shape)]
    rows, columns = (np.exp(-0.5 * (offset / (size.sigma * 5 / 3)) ** 2) for offset in offsets)
    smooth = rows.T @ (columns * rng.random((len(gaze), 1)))
    tiles = np.kron(rng.random([-(-n // 32) for n in size.shape]), np.ones((32, 32)))
    mixed = smooth / smooth.max() + 0.1 * tiles[: size.shape[0], : size.shape[1]]
    return (mixed / mixed.max()).astype(np.float32)


def eight_bits(values):
    return np.rint(255 * values).astype(np.uint8)
