"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from saliency_eval.errors import fail, nearest

Data = Annotated[str, typer.Option("--data", help="Data set name, name@edition, or a folder.")]
Root = Annotated[
    Path | None, typer.Option("--root", help="Where the data set lies; default $SALIENCY_EVAL_DATA.")
]
Metrics = Annotated[
    list[str] | None, typer.Option("--metrics", help="Metrics or sets: 'nss,cc(sigma=19)', core.")
]
Format = Annotated[str, typer.Option("--format", help="text or json.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="The result only.")]
Workers = Annotated[
    int | None, typer.Option("--workers", help="Processes; the values do not depend on it.", min=1)
]


def choice(option: str, value: str, known: Iterable[str]) -> str:
    """The value if it is one of the known ones."""
    if value not in known:
        fail("usage", f"{option} cannot be '{value}'", nearest(value, known))
    return value


def split_list(text: str) -> list[str]:
    """A comma-separated list; commas inside parentheses belong to an item.

    >>> split_list("nss,cc(sigma=19,border=zero)")
    ['nss', 'cc(sigma=19,border=zero)']
    """
    return [item.strip() for item in re.split(r",(?![^(]*\))", text) if item.strip()]
