"""Predictions that are already arrays: a mapping of them, or a function that makes them."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saliency_eval.errors import Problem, fail, shown
from saliency_eval.pool import Shape
from saliency_eval.predictions.base import Reading
from saliency_eval.predictions.decode import naming
from saliency_eval.predictions.match import extra
from saliency_eval.predictions.rules import Kind, Rules
from saliency_eval.predictions.values import as_map, check_dtype, check_size, check_values, plane

Source = Mapping[str, Any] | Callable[[str], Any]
REMEDY = 'give a map for every image, or on_missing="constant" (--on-missing constant)'


@dataclass(frozen=True)
class FetchedArray:
    """The prediction of one image as an array of any library."""

    name: str
    made: Any
    rules: Rules

    @functools.cached_property
    def sha256(self) -> str:
        """Hash of type, shape and values."""
        with naming(self.name, self.name):
            return digest(np.asarray(self.made))

    def read(self, shape: Shape) -> Reading:
        """The map for a stimulus of (height, width); raises SaliencyEvalError."""
        with naming(self.name, self.name):
            return checked(self.made, shape, self.rules)


class MappingPredictions:
    """Arrays by image id, or a function from image id to array, under the same checks as files."""

    def __init__(self, source: Source, *, name: str | None = None, rules: Rules | None = None) -> None:
        self._source = source
        self._rules = rules or Rules()
        self.owners: dict[str, str | None] = {}
        self.name = name or str(getattr(source, "__name__", "predictions"))

    @property
    def kind(self) -> Kind:
        """What the values are."""
        return self._rules.kind

    def match(self, ids: Iterable[str]) -> list[Problem]:
        """Missing and extra names of a mapping, compared exactly; a function has every image."""
        ids = list(ids)
        self.owners = dict(zip(ids, ids, strict=True))
        if not isinstance(self._source, Mapping):
            return []
        names = [str(key) for key in self._source]
        self.owners = {name: self.owners.get(name) for name in names}
        absent = [id for id in ids if id not in self._source]
        return missing(absent, len(ids), self.name, names) + extra(sorted(set(names) - set(ids)))

    def has(self, id: str) -> bool:
        """Is there a map for the image?"""
        return not isinstance(self._source, Mapping) or id in self._source

    def order(self, ids: Sequence[str]) -> list[str]:
        """The ids as they are."""
        return list(ids)

    def fetch(self, id: str) -> FetchedArray:
        """The array of one image; raises `missing`.

        An exception of the function itself is passed on, with a note that names the image.
        """
        if not self.has(id):
            fail("missing", f"no prediction for image {shown(id)} in {shown(self.name)}", REMEDY, image=id)
        try:
            made = self._source[id] if isinstance(self._source, Mapping) else self._source(id)
        except Exception as error:
            error.add_note(f"while predicting image {shown(id)}")
            raise
        return FetchedArray(id, made, self._rules)

    def changed(self, digests: Mapping[str, str], *, here: bool = True) -> list[Problem]:
        """Arrays in memory stay what they are."""
        return []


def missing(absent: list[str], total: int, name: str, names: Iterable[str]) -> list[Problem]:
    """Images without an entry among the names."""
    if not absent:
        return []
    longer = next((other for other in names if other.startswith(f"{absent[0]}.")), None)
    remedy = f"names have no extension: {shown(absent[0])}, not {shown(longer)}" if longer else REMEDY
    text = f"{len(absent)} of {total} predictions are missing in {shown(name)} (first: {shown(absent[0])})"
    return [Problem("missing", text, remedy, absent[0], count=len(absent))]


def checked(found: Any, shape: Shape, rules: Rules) -> Reading:
    """An array of any library as a Reading."""
    if isinstance(found, np.ma.MaskedArray):
        fail("dtype", "a map must have a value at each pixel, got a masked array", "fill the masked values")
    array = np.asarray(found)
    check_dtype(array.dtype)
    check_size(plane(array.shape), shape, rules)
    values, notes = as_map(array)
    result, remarks = check_values(values, rules)
    return Reading(result, notes + remarks)


def digest(values: NDArray[Any]) -> str:
    """sha256 of type, shape and values."""
    head = f"{values.dtype.str} {values.shape}\n".encode()
    return hashlib.sha256(head + values.tobytes()).hexdigest()
