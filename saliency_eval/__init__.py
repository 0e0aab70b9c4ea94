"""Evaluation of saliency maps: metrics, data sets, runs and boards, with signed numbers.

>>> import saliency_eval as se
>>> se.metrics.nss([[0, 0], [0, 4]], [[1, 1]])
1.5
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_LAZY = {
    "Dataset": ("saliency_eval.datasets", "Dataset"),
    "Run": ("saliency_eval.run", "Run"),
    "SaliencyEvalError": ("saliency_eval.errors", "SaliencyEvalError"),
    "bandwidth": ("saliency_eval.models.bandwidth", "bandwidth"),
    "build_boards": ("saliency_eval.boards", "build"),
    "check_predictions": ("saliency_eval.checking", "check_predictions"),
    "compare": ("saliency_eval.comparison", "compare"),
    "leaderboard": ("saliency_eval.boards", "leaderboard"),
    "load_classifier": ("saliency_eval.classifiers", "load_classifier"),
    "load_dataset": ("saliency_eval.datasets", "load_dataset"),
    "load_run": ("saliency_eval.saved", "load"),
    "load_runs": ("saliency_eval.saved", "load_runs"),
    "parse": ("saliency_eval.variant", "parse"),
    "randomisation_check": ("saliency_eval.randomisation", "randomisation_check"),
    "saliency_map": ("saliency_eval.models.runner", "saliency_map"),
    "save_board": ("saliency_eval.exports", "save_board"),
    "save_run": ("saliency_eval.store", "save_run"),
    "score": ("saliency_eval.scoring", "score"),
}
_MODULES = ("datasets", "fields", "metrics", "models", "protocols", "resize", "stats")

__all__ = [*_LAZY, *_MODULES, "__version__"]


def __getattr__(name: str) -> Any:
    """Public names are imported when first used, so that importing the package stays cheap."""
    if name in _LAZY:
        module, attribute = _LAZY[name]
        return getattr(importlib.import_module(module), attribute)
    if name in _MODULES:
        return importlib.import_module(f"saliency_eval.{name}")
    raise AttributeError(f"module 'saliency_eval' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
