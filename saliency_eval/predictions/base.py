"""What a set of predictions is: a map for each image, with everything that was noticed while reading it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from numpy.typing import NDArray

from saliency_eval.errors import Problem
from saliency_eval.pool import Shape


class Reading(NamedTuple):
    """One prediction as it was read."""

    values: NDArray[Any]  # (height, width), real and finite, any size that is allowed for the stimulus
    notes: tuple[Problem, ...] = ()  # warnings and notes; errors are raised
    format: str = "array"  # png, jpeg, npy, npz, mat, h5
    given: Mapping[str, Any] = {}  # further fields that a model gives, such as its boxes
    views: tuple[tuple[NDArray[Any], Any], ...] | None = None  # several maps, each with its own fixations

    def has(self, code: str) -> bool:
        """Was this noticed?"""
        return any(note.code == code for note in self.notes)


class Prediction(Protocol):
    """The prediction of one image, fetched but not yet looked into."""

    @property
    def name(self) -> str:
        """The name of its file, else that of its image."""

    @property
    def sha256(self) -> str:
        """Hash of all that its map follows from."""

    def read(self, shape: Shape) -> Reading:
        """The map for a stimulus of (height, width); raises SaliencyEvalError for anything that is refused."""


@runtime_checkable
class Predictions(Protocol):
    """Maps by image id: a folder, an archive, a mapping, or a model run on the spot."""

    @property
    def name(self) -> str:
        """The display name of the model."""

    def match(self, ids: Iterable[str]) -> list[Problem]:
        """Compare names with the images before anything is opened: missing, ambiguous, extra and the like."""

    @property
    def owners(self) -> Mapping[str, str | None]:
        """Every file by name, once matched: the image that it belongs to, if any."""

    def has(self, id: str) -> bool:
        """Is there a prediction for the image?"""

    def order(self, ids: Sequence[str]) -> list[str]:
        """The ids in the order in which reading them is cheapest."""

    def fetch(self, id: str) -> Prediction:
        """The prediction of one image; raises SaliencyEvalError when it cannot be had."""

    def changed(self, digests: Mapping[str, str], *, here: bool = True) -> list[Problem]:
        """Predictions that are not what was read, here or on another machine, given their sha256 by image."""
