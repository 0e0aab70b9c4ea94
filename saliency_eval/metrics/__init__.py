"""All metrics: plain functions on arrays. A module is a kind of truth.

>>> from saliency_eval import metrics
>>> metrics.nss([[0, 0], [0, 4]], [[1, 1]])
1.5
"""

import importlib
import pkgutil
from collections.abc import Callable

from saliency_eval import fields as _declared  # noqa: F401  (declares the fields that metrics read)
from saliency_eval.metrics.declare import FUNCTIONS

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")


def __getattr__(name: str) -> Callable[..., float]:
    """A declared metric by its key: what is declared in a module of this package is here."""
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    raise AttributeError(f"no metric '{name}'; there are {', '.join(sorted(FUNCTIONS))}")


def __dir__() -> list[str]:
    return sorted(FUNCTIONS)
