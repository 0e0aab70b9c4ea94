"""A board as strict JSON, from which everything else follows."""

from __future__ import annotations

import hashlib
import json

from saliency_eval.boards.table import Json


def to_json(document: Json, *, version: bool = True) -> str:
    """The board as strict JSON; also without the version that made it."""
    if not version:
        document = {**document, "generator": {**document["generator"], "version": None}}
    return json.dumps(document, indent=1, allow_nan=False, sort_keys=True) + "\n"


def digest(document: Json) -> str:
    """The sha256 of the board as JSON, whatever version made it."""
    return hashlib.sha256(to_json(document, version=False).encode()).hexdigest()
