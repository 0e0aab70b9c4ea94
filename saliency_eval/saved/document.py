"""`run.json` as strangers may have written it: sizes, syntax and types are checked before anything is used."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from saliency_eval.datasets.files import read_file
from saliency_eval.errors import SaliencyEvalError, fail, shown
from saliency_eval.predictions.folder import inside
from saliency_eval.store import SCHEMA

DOCUMENT = "run.json"
MOST = 16 << 20
AGAIN, UPGRADE = "score it again", "upgrade saliency-eval"
KINDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false", dict: "an object",
         list: "a list", type(None): "null"}  # fmt: skip


class Part(NamedTuple):
    """An object of the document, and the keys that lead to it."""

    values: dict[str, Any]
    path: str = ""

    def take(self, key: str, *kinds: type) -> Any:
        """A value of one of some JSON types; refused where it is absent or of another type."""
        name = shown(self.path + key)
        if key not in self.values:
            refuse(f"must have the key {name}")
        value = self.values[key]
        if type(value) not in kinds:
            wanted = " or ".join(KINDS[kind] for kind in kinds)
            refuse(f"{name} must be {wanted}, got {KINDS[type(value)]}")
        return value

    def part(self, key: str) -> Part:
        """An object inside."""
        return Part(self.take(key, dict), f"{self.path}{key}.")

    def texts(self, key: str) -> list[str]:
        """A list of texts."""
        found: list[str] = self.take(key, list)
        if any(type(text) is not str for text in found):
            refuse(f"{shown(self.path + key)} must hold texts only")
        return found


def refuse(text: str, remedy: str = AGAIN, name: str = DOCUMENT) -> NoReturn:
    """Raise what is wrong with a file of a run."""
    fail("skipped_result", f"{name}: {text}", remedy, file=name)


def content(folder: Path, name: str, most: int) -> bytes:
    """The bytes of a file in the folder of a run; links that lead out of it are not followed."""
    try:
        return read_file(Path(inside(folder, name)), most)
    except SaliencyEvalError as error:
        refuse(error.problems[0].message.removeprefix(name).lstrip(": "), name=name)
    except (OSError, ValueError) as error:
        refuse(f"cannot be read ({type(error).__name__})", name=name)


def parse(data: bytes) -> Part:
    """The document of a run in this schema."""
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=once, parse_constant=lambda _: math.nan)
    except (ValueError, RecursionError) as error:
        refuse(f"is no readable JSON, truncated or damaged ({shown(error)})")
    if not isinstance(found, dict):
        refuse(f"must hold an object, got {KINDS[type(found)]}")
    document = Part(found)
    schema = document.take("schema", int)
    if schema > SCHEMA:
        refuse(f"has the newer schema {shown(schema, 20)}, schema {SCHEMA} is known", UPGRADE)
    if schema != SCHEMA:
        refuse(f"must have schema {SCHEMA}, got {shown(schema, 20)}")
    return document


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key '{next(key for key in keys if keys.count(key) > 1)}' stands twice")
    return found
