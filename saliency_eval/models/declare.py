"""How a model is declared: a function that gives a map from the fields of an image."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from saliency_eval.core import MODELS

F = TypeVar("F", bound=Callable[..., Any])


def model(
    label: str,
    *,
    source: str,
    idle: Callable[[Mapping[str, Any]], Iterable[str]] = lambda options: (),
) -> Callable[[F], F]:
    """Declare a function as a model under its own name.

    It gives a map (height, width), or a list of `View`: several maps, each with the fixations it is scored on.
    `label` is for tables; `source` the DOI, arXiv id or origin.
    """

    def declare(function: F) -> F:
        MODELS.declare(function.__name__, function, label=label, source=source, idle=idle)
        return function

    return declare
