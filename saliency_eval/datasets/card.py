"""The card of a data set: what it is, where it comes from, what a correct copy contains."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent.parent
MOST_TEXT = 10_000  # characters of a licence or a citation, which stand in every run
FOLDERS = (PACKAGE / "cards", PACKAGE.parent / "datasets")  # installed; in a checkout


@dataclass(frozen=True)
class Card:
    """A data set card, read from `datasets/<key>.toml`."""

    key: str
    name: str
    version: str
    licence: str
    citation: str  # BibTeX
    source: str  # where it is published
    summary: str = ""
    sigma: float | None = None  # blur of the ground truth density, px
    blur: str = ""  # who says so
    pixel_rule: str = ""
    observers: int | None = None
    seconds: float | None = None
    files: tuple[Mapping[str, Any], ...] = ()  # name, url, sha256 or md5, bytes, unpack
    expected: Mapping[str, Any] = field(default_factory=dict)  # images, fixations, mean_x, mean_y ...
    layout: str = ""  # the folders and files that a root must hold
    notes: str = ""

    @classmethod
    @functools.cache
    def of(cls, key: str) -> Card:
        """The card of a data set by key."""
        path = next(f / f"{key}.toml" for f in FOLDERS if (f / f"{key}.toml").is_file())
        given = tomllib.loads(path.read_text(encoding="utf-8"))
        known = {f.name for f in fields(cls)}
        if extra := set(given) - known:
            raise ValueError(f"{path.name}: unknown keys {sorted(extra)}")
        values: dict[str, Any] = given | {"files": tuple(given.get("files", ()))}
        return cls(key=key, **values)
