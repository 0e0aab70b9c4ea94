"""Reading predictions that others made: folders, archives, arrays, functions."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from saliency_eval.disk import check_plain
from saliency_eval.errors import fail, shown
from saliency_eval.predictions.archive import PredictionArchive
from saliency_eval.predictions.base import Prediction, Predictions, Reading
from saliency_eval.predictions.folder import PredictionFolder
from saliency_eval.predictions.mapping import MappingPredictions
from saliency_eval.predictions.match import Naming
from saliency_eval.predictions.rules import Kind, Rules
from saliency_eval.predictions.sets import SetChecks
from saliency_eval.predictions.stated import stated_kind

__all__ = [
    "MappingPredictions",
    "Naming",
    "Prediction",
    "PredictionArchive",
    "PredictionFolder",
    "Predictions",
    "Reading",
    "Rules",
    "SetChecks",
    "open_predictions",
]

Source = str | os.PathLike[str] | Mapping[str, Any] | Callable[[str], Any]


def open_predictions(
    source: Source,
    *,
    name: str | None = None,
    prefix: str = "",
    suffix: str = "",
    pattern: str | None = None,
    variable: str | None = None,
    kind: Kind | None = None,
    resize: bool = True,
    any_size: bool = False,
    max_pixels: int = 50_000_000,
    max_bytes: int = 64 * 2**20,
) -> Predictions:
    """Predictions from a folder, a zip or tar file, a mapping of arrays, or a function from id to array.

    A file is named prefix + id + suffix, or by a pattern such as '{stem}_pred'. `variable` chooses among
    several arrays of a file; `resize=False` refuses every size but that of the stimulus, `any_size` takes
    every aspect; `kind` is map, density (sums to 1) or log-density, by default what a folder that `run` wrote says of
    itself, else map. Nothing is opened here: call `match`, then
    `fetch` and `read`.

    Raises `missing` for a path that does not exist, `not_a_file` for a pipe or device, `usage` for options.

    >>> ones = open_predictions({"i01": [[1, 2], [3, 4]]}, name="ours")
    >>> ones.match(["i01"]), ones.fetch("i01").read((2, 2)).values.sum()
    ([], np.int64(10))
    """
    rules = Rules(
        kind or stated_kind(source),
        variable=variable,
        resize=resize,
        any_size=any_size,
        max_pixels=max_pixels,
        max_bytes=max_bytes,
    )
    naming = Naming.of(prefix, suffix, pattern)
    if isinstance(source, str | os.PathLike):
        return open_files(Path(source), name, naming, rules)
    if isinstance(source, Mapping) or callable(source):
        return MappingPredictions(source, name=name, rules=rules)
    fail(
        "usage",
        "predictions must be a path, a mapping of arrays or a function from image id to array, "
        f"got {type(source).__name__}",
    )


def open_files(path: Path, name: str | None, naming: Naming, rules: Rules) -> Predictions:
    """The folder or archive at a path."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        fail(
            "missing",
            f"predictions must be a folder or a zip, tar, tar.gz or tar.xz file; there is none at "
            f"{shown(path, 200)}",
            "check the path",
        )
    except (OSError, ValueError) as error:
        fail("io", f"the predictions at {shown(path, 200)} cannot be opened: {error}")
    if path.is_dir():
        return PredictionFolder(path, name=name, naming=naming, rules=rules)
    check_plain(mode)
    return PredictionArchive(path, name=name, naming=naming, rules=rules)
