"""MATLAB 5 files as plain Python values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from saliency_eval.datasets.files import damaged
from saliency_eval.errors import TRUTH, fail, shown


def load(path: Path) -> dict[str, Any]:
    """The variables of a file: structs as dictionaries, cells and struct arrays as lists or arrays of them.

    Raises `unreadable` (exit 4).
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        variables = loadmat(path, simplify_cells=True)
    except (OSError, ValueError, TypeError, KeyError, NotImplementedError, MatReadError) as error:
        damaged(path, "MATLAB 5 file", error)
    return {name: value for name, value in variables.items() if not name.startswith("__")}


def only(path: Path) -> Any:
    """The single variable of a file, whatever its name; raises `unreadable` (exit 4)."""
    variables = load(path)
    if len(variables) != 1:
        fail(
            "unreadable",
            f"{shown(path.name)} must hold one variable, got {', '.join(map(shown, variables)) or 'none'}",
            "restore the file from its source",
            exit=TRUTH,
        )
    return next(iter(variables.values()))


def member(value: Any, path: Path, *names: str) -> Any:
    """What lies below some names in nested structs; raises `unreadable` (exit 4)."""
    for name in names:
        if not isinstance(value, dict) or name not in value:
            found = ", ".join(map(shown, value)) if isinstance(value, dict) else type(value).__name__
            text = f"{shown(path.name)} must hold {'.'.join(names)}, got {found or 'nothing'}"
            fail("unreadable", text, "restore the file from its source", exit=TRUTH)
        value = value[name]
    return value


def items(value: Any) -> list[Any]:
    """The elements of a cell or struct array of any orientation; a single element stands for itself."""
    if isinstance(value, list):
        return value
    return list(value.ravel()) if isinstance(value, np.ndarray) else [value]
