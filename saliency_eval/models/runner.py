"""Models run on the spot as predictions."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from saliency_eval import __version__
from saliency_eval import models as _declared  # noqa: F401  (declares the models)
from saliency_eval.classifiers.foreign import place_of
from saliency_eval.core import Stimulus
from saliency_eval.datasets.base import Dataset
from saliency_eval.errors import TRUTH, Problem, SaliencyEvalError, fail, shown
from saliency_eval.maps import Floats
from saliency_eval.models.batched import Image, check_image, kind_of
from saliency_eval.models.boxes import Boxed
from saliency_eval.models.own import declared_again, fault, model_of, spec_of
from saliency_eval.pool import Shape
from saliency_eval.predictions import Rules
from saliency_eval.predictions.base import Reading
from saliency_eval.predictions.decode import naming
from saliency_eval.predictions.mapping import FetchedArray
from saliency_eval.predictions.rules import Kind
from saliency_eval.predictions.values import check_size
from saliency_eval.regions.frames import ORIGINAL
from saliency_eval.variant import Variant

OF_IMAGES = frozenset({"image", "shape"})  # fields that an image gives alone


@dataclass(frozen=True)
class ModelMap:
    """The prediction of a model for one image, not made yet."""

    name: str
    variant: Variant
    data: Dataset
    rules: Rules

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
        own = self.data[self.name]
        with naming(self.name, self.name):  # before a map that would be refused is made
            check_size(own["shape"], own["shape"], self.rules)
        made = self.make(own)
        if isinstance(made, Boxed):
            reading = FetchedArray(self.name, made.saliency, self.rules).read(shape)
            return reading._replace(notes=(), given={"predicted_boxes": made.predicted_boxes})
        maps = [m for m, _ in made] if isinstance(made, list) else [made]
        readings = [FetchedArray(self.name, m, self.rules).read(shape) for m in maps]
        if not isinstance(made, list):
            return readings[0]
        views = tuple((r.values, fixations) for r, (_, fixations) in zip(readings, made, strict=True))
        return Reading(np.zeros(shape), views=views)

    def make(self, own: Stimulus) -> Any:
        """What the model gives; raises `model` for whatever one of the user raises."""
        try:
            return self.variant(own)
        except BaseException as error:  # of others' code
            if isinstance(error, SaliencyEvalError | KeyboardInterrupt) or not spec_of(self.variant.key):
                raise
            found = fault(self.variant.key, self.name, own["shape"], error, place_of(error))
            raise SaliencyEvalError([found]) from error


class ModelPredictions:
    """A declared model as a set of predictions; nothing is written.

    `kind` is what its values are taken for. That of baselines may be what stands beside them: a map is read as one.
    """

    def __init__(
        self, variant: Variant, data: Dataset, name: str | None = None, kind: Kind | None = None
    ) -> None:
        if lacking := data.lacks(variant.needed):
            fail("undefined_metric", f"model {variant.key} needs {lacking}",
                 "choose another model ('saliency-eval models'), or another data set", exit=TRUTH)  # fmt: skip
        self.name = name or variant.call  # of what was asked for: what the data set decides is no part
        self.variant = variant.bound(data.defaults)
        looks = "image" in self.variant.declared.fields  # at the picture itself, as one does who saves a map
        self.data = data.framed(ORIGINAL) if looks else data
        given = kind_of(self.variant)
        self.kind: Kind = kind or given
        self.rules = Rules("map" if self.kind == "map" else given, any_size=self.data.any_size)
        self.owners: Mapping[str, str | None] = {}

    @classmethod
    def of(
        cls, text: str, data: Dataset, name: str | None = None, kind: Kind | None = None
    ) -> ModelPredictions:
        """The model that a text names: `centre_bias`, `centre_gaussian(width=0.3)`, `path/to/file.py:factory`."""
        return cls(model_of(text), data, name, kind)

    def __reduce__(self) -> tuple[Any, ...]:
        """A model of the user's file is declared again where it arrives."""
        return unpacked, (spec_of(self.variant.key), self.variant, self.data, self.name, self.kind)

    @property
    def by_image(self) -> bool:
        """Does each map follow from its image alone, which is a file?"""
        return self.data.has_files and set(self.variant.declared.fields) <= OF_IMAGES

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
        return ModelMap(id, self.variant, self.data, self.rules)


def saliency_map(model: str, image: Image) -> Floats:
    """The map (height, width) that a model makes of an image (height, width, 3), RGB in 8 bits.

    `model` as `saliency-eval run` takes it, with options: `aim(patch=11)`, `path/to/file.py:factory`. Values are
    larger where more is expected, and logarithms of a density where the model gives them.

    Raises `usage` for no such model or image, `undefined_metric` for a model that reads more than an image, what any
    map is refused for, such as `non_finite`, and what models of others raise.

    >>> saliency_map("centre_gaussian(width=0.5)", np.zeros((3, 5, 3), np.uint8)).round(2).tolist()[1]
    [0.73, 0.92, 1.0, 0.92, 0.73]
    """
    check_image(image)
    found = model_of(model)
    if lacking := sorted(found.needed - OF_IMAGES):
        text = f"model {found.key} must read no more than an image, it reads {', '.join(lacking)}"
        fail("undefined_metric", text, "saliency-eval run gives it a data set", exit=TRUTH)
    made = found(Stimulus("image", image=image, shape=image.shape[:2]))
    values = made.saliency if isinstance(made, Boxed) else made
    return np.asarray(FetchedArray(found.key, values, Rules("map")).read(image.shape[:2]).values, np.float64)


def whole_map(reading: Reading) -> Any:
    """The one map to write when a model gives several: their mean, each divided by its sum."""
    if reading.views is None:
        return reading.values
    masses = [m / m.sum() if m.sum() > 0 else m for m, _ in reading.views]
    return np.mean(masses, axis=0) if masses else reading.values


def unpacked(spec: str, variant: Variant, data: Dataset, name: str, kind: Kind) -> ModelPredictions:
    """Predictions in another process."""
    declared_again(spec)
    return ModelPredictions(variant, data, name, kind)
