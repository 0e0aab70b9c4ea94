"""Predictions that are already arrays: a mapping of them, or a function that makes them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from saliency_eval.errors import Problem, fail, shown
from saliency_eval.pool import Shape
from saliency_eval.predictions.base import Reading
from saliency_eval.predictions.decode import naming
from saliency_eval.predictions.match import extra
from saliency_eval.predictions.rules import Rules
from saliency_eval.predictions.values import Array, as_map, check_dtype, check_size, check_values, plane

Source = Mapping[str, Any] | Callable[[str], Any]
REMEDY = 'give a map for every image, or on_missing="constant" (--on-missing constant)'


class MappingPredictions:
    """Arrays by image id, or a function from image id to array, under the same checks as files."""

    def __init__(self, source: Source, *, name: str | None = None, rules: Rules | None = None) -> None:
        self._source = source
        self._rules = rules or Rules()
        self.name = name or str(getattr(source, "__name__", "predictions"))

    def match(self, ids: Iterable[str]) -> list[Problem]:
        """Missing and extra names of a mapping, compared exactly; a function has every image."""
        if not isinstance(self._source, Mapping):
            return []
        ids, names = list(ids), [str(key) for key in self._source]
        absent = [id for id in ids if id not in self._source]
        return missing(absent, len(ids), self.name) + extra(sorted(set(names) - set(ids)))

    def has(self, id: str) -> bool:
        """Is there a map for the image?"""
        return not isinstance(self._source, Mapping) or id in self._source

    def order(self, ids: Sequence[str]) -> list[str]:
        """The ids as they are."""
        return list(ids)

    def read(self, id: str, shape: Shape) -> Reading:
        """The map of one image for a stimulus of (height, width); raises SaliencyEvalError.

        An exception of the function itself is passed on, with a note that names the image.
        """
        if not self.has(id):
            fail("missing", f"no prediction for image {shown(id)} in {shown(self.name)}", REMEDY, image=id)
        found = self._made(id)
        with naming(id, id):
            return checked(found, shape, self._rules)

    def _made(self, id: str) -> Any:
        try:
            return self._source[id] if isinstance(self._source, Mapping) else self._source(id)
        except Exception as error:
            error.add_note(f"while predicting image {shown(id)}")
            raise

    def changed(self, digests: Mapping[str, str]) -> list[Problem]:
        """Arrays in memory stay what they are."""
        return []


def missing(absent: list[str], total: int, name: str) -> list[Problem]:
    """Images without an entry."""
    if not absent:
        return []
    text = f"{len(absent)} of {total} predictions are missing in {shown(name)} (first: {shown(absent[0])})"
    return [Problem("missing", text, REMEDY, absent[0], count=len(absent))]


def checked(found: Any, shape: Shape, rules: Rules) -> Reading:
    """An array of any library as a Reading, hashed by type, shape and values."""
    if isinstance(found, np.ma.MaskedArray):
        fail("dtype", "a map must have a value at each pixel, got a masked array", "fill the masked values")
    array = np.asarray(found)
    check_dtype(array.dtype)
    check_size(plane(array.shape), shape, rules)
    values, notes = as_map(array)
    result, remarks = check_values(values, rules)
    return Reading(result, notes + remarks, digest(values))


def digest(values: Array) -> str:
    """sha256 of type, shape and values."""
    head = f"{values.dtype.str} {values.shape}\n".encode()
    return hashlib.sha256(head + values.tobytes()).hexdigest()
