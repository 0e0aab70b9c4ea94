"""The maps of a model written to a folder: each model in its own way, one broken image not at the cost of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from saliency_eval import __version__, disk
from saliency_eval.classifiers.networks import Device
from saliency_eval.datasets.base import Dataset
from saliency_eval.errors import ENVIRONMENT, Problem, SaliencyEvalError, fail, shown
from saliency_eval.executors import Place, Progress, Workers, place, run_tasks
from saliency_eval.models.batches import Batch, Batches, Result, ahead, maps_of_all
from saliency_eval.models.folder import Kind, MapFolder, hashes, number_of_maps
from saliency_eval.models.own import files_of, with_weights
from saliency_eval.models.runner import ModelPredictions, whole_map
from saliency_eval.predictions.mapping import FetchedArray
from saliency_eval.versions import versions

CONSTANTS = Path(__file__).parent / "bases"  # files there begin with the key of their model


class Written(NamedTuple):
    """What became of the images of a data set: maps that were made, that were there, images without; remarks."""

    predictions: ModelPredictions
    made: int
    kept: int
    problems: list[Problem]
    notes: list[str]


def write_maps(
    text: str,
    data: Dataset,
    out: Path,
    workers: Workers = 1,
    progress: Progress = lambda count: None,
    *,
    device: Device = "auto",
    batch: Batch = "auto",
    kind: Kind = "npy",
    resume: bool = True,
    weights: Path | None = None,
    limit: int | None = None,
) -> Written:
    """Write the maps of a model, a file for each image, and what made them, in `.saliency-eval.json`.

    To `resume` is to keep maps that the same model made in the same versions, of the same images by the hashes in
    `.saliency-eval.jsonl` and, where more than these counts, of the same data. Else all are made anew, and those of
    something else are removed. An image that gets no map does not cost the others: why is in `problems`. Models in
    torch run on `device` in batches of at most `batch`, and `workers` are threads that read and write; for other models
    they are processes. `weights` are those of a model of others; with `limit`, the first images only.

    Raises `usage` for maps of something else in the folder and for files of the data set, `io` (exit 5) when it cannot
    be written.
    """
    where, predictions, folder = (
        place(workers),
        ModelPredictions.of(with_weights(text, weights), data),
        MapFolder(Path(out), kind),
    )
    batches = Batches.of(predictions.variant, device, batch)
    made_by = provenance(predictions, folder, batches)
    wanted = list(data)[:limit]
    problems, done = [], 0
    try:
        folder.refuse_others(made_by, data.paths, resume=resume)
        lost = folder.begin(made_by, data, () if resume else wanted)
        images = dict.fromkeys(wanted, "")
        if data.has_files:
            images = hashes({id: data.paths[id] for id in wanted}, where.workers)
        kept = folder.kept(images, where.workers)
        todo = [id for id in wanted if id not in kept]
        stale = len(folder.remove(todo))
        progress(len(kept))
        for found in written(MapWriter(predictions, data, folder, images), todo, where, batches):
            problems += found
            done += not found
            progress(1)
        folder.tidy(data)
    except OSError as error:
        target = shown(error.filename2 or error.filename or out, 200)
        fail("io", f"maps cannot be written to {target}: {error.strerror or error}",
             "put right what is there, or choose another --out", exit=ENVIRONMENT)  # fmt: skip
    removed = (
        (lost, f"of something else, beyond the first {limit} images"),
        (stale, "not what was written of the images as they are now"),
    )
    notes = [f"removed {number_of_maps(count)} {which}" for count, which in removed if count]
    return Written(predictions, done, len(kept), problems, [*notes, *(batches.notes if batches else [])])


def written(
    writer: MapWriter, ids: list[str], where: Place, batches: Batches | None
) -> Iterator[list[Problem]]:
    """For each image, once its map is written, why it has none."""
    if batches is None:
        return run_tasks(writer, ids, where, lost=not_made)
    maps = maps_of_all(batches, writer.data, ids, where.workers)
    return ahead(writer.save, maps, where.workers, lambda one: 2 * where.workers)


def provenance(predictions: ModelPredictions, folder: MapFolder, batches: Batches | None) -> dict[str, Any]:
    """All that the maps follow from."""
    variant = predictions.variant
    made_by: dict[str, Any] = {
        "model": str(variant),
        "options": dict(variant.options),
        "constants": constants(variant.key),
        "data": predictions.data.label if predictions.by_image else predictions.data.tag,
        "files": folder.kind,
        "version": __version__,
        "versions": versions(),
    }
    if files := files_of(variant.key):
        made_by["weights"] = files
    if predictions.kind != "map" and folder.kind == "npy":  # 8 bits hold the density, as a map
        made_by["kind"] = predictions.kind
    return made_by if batches is None else made_by | batches.provenance


def constants(key: str) -> dict[str, str]:
    """Hashes of the files with what a model has learned."""
    found = sorted(CONSTANTS.glob(f"{key}*.npz"))
    return {path.name: disk.hash_of(path) for path in found}


class MapWriter:
    """Makes and writes the map of one image; says why when there is none."""

    def __init__(
        self, predictions: ModelPredictions, data: Dataset, folder: MapFolder, images: Mapping[str, str]
    ) -> None:
        self.predictions, self.data, self.folder = predictions, data, folder
        self.images = images  # by hash: of before they are read, should they be replaced meanwhile
        self.as_density = predictions.kind != "map" and folder.kind == "png"  # levels of logs are no map

    def __call__(self, id: str) -> list[Problem]:
        try:
            reading = self.predictions.fetch(id).read(self.data[id]["shape"])
        except SaliencyEvalError as error:
            return [replace(problem, image=id) for problem in error.problems]
        if reading.views == ():
            text = f"{self.predictions.name} has no map for image {shown(id)}: its observers do not allow one"
            return [Problem("missing", text, "leave the image out of the data set", id)]
        self.folder.put(id, whole_map(reading), self.images[id])
        return []

    def save(self, made: tuple[str, Result]) -> list[Problem]:
        """Write a map that was made, once it is checked."""
        id, found = made
        if isinstance(found, list):
            return found
        try:
            FetchedArray(id, found, self.predictions.rules).read(self.data[id]["shape"])
        except SaliencyEvalError as error:
            return error.problems
        values = np.exp(found, dtype=np.float64) if self.as_density else found
        self.folder.put(id, values, self.images[id])
        return []


def not_made(id: str) -> list[Problem]:
    """Why an image has no map at which the worker died, twice."""
    text = f"the process that made the map of image {shown(id)} was ended"
    return [Problem("io", text, "give it more memory", id)]
