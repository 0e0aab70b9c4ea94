"""What a folder of maps says of them, in the file that `run` writes beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from saliency_eval import disk
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.predictions.rules import KINDS, Kind

PROVENANCE = ".saliency-eval.json"  # a dot: not a prediction
LONGEST = 2**20  # bytes of that file


def provenance(folder: Path) -> Any:
    """What the maps in a folder were made by; None when that cannot be told."""
    try:
        return json.loads(disk.read(folder / PROVENANCE, LONGEST))
    except (OSError, ValueError, RecursionError, SaliencyEvalError):
        return None


def stated(source: object, field: str) -> Any:
    """What a folder of maps says under a name; None where nothing is said."""
    made_by = provenance(Path(source)) if isinstance(source, str | Path) else None
    return made_by.get(field) if isinstance(made_by, dict) else None


def stated_kind(source: object) -> Kind:
    """What the maps in a folder are, as it says; maps where nothing is said."""
    said = stated(source, "kind")
    return said if said in KINDS else "map"
