"""Models run on the spot as predictions, or written to a folder of maps."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saliency_eval import __version__
from saliency_eval import models as _declared  # noqa: F401  (declares the models)
from saliency_eval.datasets.base import Dataset
from saliency_eval.errors import ENVIRONMENT, Problem, fail, shown
from saliency_eval.executors import Progress, run_tasks
from saliency_eval.pool import Shape
from saliency_eval.predictions import MappingPredictions
from saliency_eval.predictions.base import Reading
from saliency_eval.variant import Variant, parse

PROVENANCE = ".saliency-eval.json"  # a dot: not a prediction


class ModelPredictions:
    """A declared model as a set of predictions; nothing is written."""

    def __init__(self, variant: Variant, data: Dataset, name: str | None = None) -> None:
        self.variant = variant.bound(data.defaults)
        self.data = data
        self.name = name or self.variant.call

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
        return []

    def has(self, id: str) -> bool:
        return True

    def changed(self, digests: Mapping[str, str]) -> list[Problem]:
        """A model gives the same map again."""
        return []

    def order(self, ids: Sequence[str]) -> list[str]:
        """Any order costs the same."""
        return list(ids)

    def read(self, id: str, shape: Shape) -> Reading:
        """The map of one image, or its views; the hash is that of model, image and numbers."""
        made = self.variant(self.data[id])
        maps = [m for m, _ in made] if isinstance(made, list) else [made]
        readings = [MappingPredictions({id: m}).read(id, shape) for m in maps]
        digest = hashlib.sha256("\n".join([str(self.variant), id, *(r.sha256 for r in readings)]).encode())
        if not isinstance(made, list):
            return readings[0]._replace(sha256=digest.hexdigest())
        views = tuple((r.values, fixations) for r, (_, fixations) in zip(readings, made, strict=True))
        return Reading(np.zeros(shape), (), digest.hexdigest(), views=views)


def whole_map(reading: Reading) -> Any:
    """The one map to write when a model gives several: their mean, each divided by its sum."""
    if reading.views is None:
        return reading.values
    masses = [m / m.sum() if m.sum() > 0 else m for m, _ in reading.views]
    return np.mean(masses, axis=0) if masses else reading.values


def write_maps(
    text: str, data: Dataset, out: Path, workers: int = 1, progress: Progress | None = None
) -> ModelPredictions:
    """Write the maps of a model as float32 `.npy`, one for each image, with a provenance file.

    Raises `io` (exit 5) when the folder cannot be written.
    """
    predictions = ModelPredictions.of(text, data)
    try:
        out.mkdir(parents=True, exist_ok=True)
        run_tasks(MapWriter(predictions, data, out), list(data), workers, progress)
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
        reading = self.predictions.read(id, self.data[id]["shape"])
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
