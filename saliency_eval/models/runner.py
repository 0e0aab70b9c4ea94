"""Models run on the spot as predictions, or written to a folder of maps."""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from saliency_eval import __version__
from saliency_eval import models as _declared  # noqa: F401  (declares the models)
from saliency_eval.datasets.base import Dataset
from saliency_eval.errors import ENVIRONMENT, Problem, fail, shown
from saliency_eval.executors import Progress, Workers, place, run_tasks
from saliency_eval.models.boxes import Boxed
from saliency_eval.pool import Shape
from saliency_eval.predictions import Rules
from saliency_eval.predictions.base import Reading
from saliency_eval.predictions.mapping import FetchedArray
from saliency_eval.regions.frames import ORIGINAL
from saliency_eval.variant import Variant, parse

PROVENANCE = ".saliency-eval.json"  # a dot: not a prediction


@dataclass(frozen=True)
class ModelMap:
    """The prediction of a model for one image, not made yet."""

    name: str
    variant: Variant
    data: Dataset

    @functools.cached_property
    def sha256(self) -> str:
        """Hash of all that a map follows from: the model, the truth and, where it is looked at, the image."""
        digest = hashlib.sha256("\n".join([str(self.variant), __version__, self.data.tag]).encode())
        digest.update(self.name.encode("utf-8", "surrogateescape"))
        for field in sorted({"image", "observers", "boxes"} & set(self.variant.declared.fields)):
            digest.update(np.ascontiguousarray(self.data[self.name][field]).tobytes())
        return digest.hexdigest()

    def read(self, shape: Shape) -> Reading:
        """The map, or its views."""
        made = self.variant(self.data[self.name])
        if isinstance(made, Boxed):
            reading = FetchedArray(self.name, made.saliency, Rules()).read(shape)
            return reading._replace(notes=(), given={"predicted_boxes": made.predicted_boxes})
        maps = [m for m, _ in made] if isinstance(made, list) else [made]
        readings = [FetchedArray(self.name, m, Rules()).read(shape) for m in maps]
        if not isinstance(made, list):
            return readings[0]
        views = tuple((r.values, fixations) for r, (_, fixations) in zip(readings, made, strict=True))
        return Reading(np.zeros(shape), views=views)


class ModelPredictions:
    """A declared model as a set of predictions; nothing is written."""

    def __init__(self, variant: Variant, data: Dataset, name: str | None = None) -> None:
        self.variant = variant.bound(data.defaults)
        looks = "image" in self.variant.declared.fields  # at the picture itself, as one does who saves a map
        self.data = data.framed(ORIGINAL) if looks else data
        self.name = name or self.variant.call
        self.owners: Mapping[str, str | None] = {}

    @classmethod
    def of(cls, text: str, data: Dataset, name: str | None = None) -> ModelPredictions:
        """The model that a text names: `centre_bias` or `centre_gaussian(width=0.3)`."""
        return cls(parse(text, "model"), data, name)

    @property
    def leaves_out_observers(self) -> bool:
        """Does the model give several maps for an image, each for some of its observers?"""
        return "observers" in self.variant.declared.fields

    def match(self, ids: Iterable[str]) -> list[Problem]:
        """A model answers for every image."""
        self.owners = {id: id for id in ids}
        return []

    def has(self, id: str) -> bool:
        return True

    def changed(self, digests: Mapping[str, str], *, here: bool = True) -> list[Problem]:
        """A model gives the same map again, unless another machine sees other images."""
        return [
            Problem(
                "changed",
                f"image {shown(id)} is another one on the machine that scored it",
                "score again",
                id,
            )
            for id, digest in digests.items()
            if not here and self.fetch(id).sha256 != digest
        ]

    def order(self, ids: Sequence[str]) -> list[str]:
        """Any order costs the same."""
        return list(ids)

    def fetch(self, id: str) -> ModelMap:
        """What the model makes of one image; it is run when that is read."""
        return ModelMap(id, self.variant, self.data)


def whole_map(reading: Reading) -> Any:
    """The one map to write when a model gives several: their mean, each divided by its sum."""
    if reading.views is None:
        return reading.values
    masses = [m / m.sum() if m.sum() > 0 else m for m, _ in reading.views]
    return np.mean(masses, axis=0) if masses else reading.values


def write_maps(
    text: str, data: Dataset, out: Path, workers: Workers = 1, progress: Progress = lambda count: None
) -> ModelPredictions:
    """Write the maps of a model as float32 `.npy`, one for each image, with a provenance file.

    Raises `io` (exit 5) when the folder cannot be written.
    """
    where, predictions = place(workers), ModelPredictions.of(text, data)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for _ in run_tasks(MapWriter(predictions, data, out), list(data), where, lost=not_made):
            progress(1)
        provenance = {
            "model": str(predictions.variant),
            "data": data.tag,
            "version": __version__,
        }
        (out / PROVENANCE).write_text(json.dumps(provenance, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        fail("io", f"maps cannot be written to {shown(out)}: {error.strerror or error}", "choose another --out",
             exit=ENVIRONMENT)  # fmt: skip
    return predictions


class MapWriter:
    """Writes the map of one image; a file appears whole or not at all."""

    def __init__(self, predictions: ModelPredictions, data: Dataset, out: Path) -> None:
        self.predictions, self.data, self.out = predictions, data, out

    def __call__(self, id: str) -> str:
        reading = self.predictions.fetch(id).read(self.data[id]["shape"])
        if reading.views == ():
            text = f"{self.predictions.name} has no map for image {shown(id)}: its observers do not allow one"
            fail("missing", text, "leave the image out of the data set", image=id)
        path = self.out / f"{id}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            with temporary.open("wb") as file:
                np.save(file, whole_map(reading).astype(np.float32))
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        return id


def not_made(id: str) -> str:
    """Raises `io` for an image at which the worker died, twice."""
    fail("io", f"the process that made the map of image {shown(id)} was ended", "give it more memory",
         image=id, exit=ENVIRONMENT)  # fmt: skip
