"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from saliency_eval.errors import fail, nearest, shown

Data = Annotated[str, typer.Option("--data", help="Data set name, name@edition, or a folder.")]
Root = Annotated[
    Path | None, typer.Option("--root", help="Where the data set lies; default $SALIENCY_EVAL_DATA.")
]
Metrics = Annotated[
    list[str] | None,
    typer.Option("--metrics", help="Metrics, 'nss,cc(sigma=19)', or sets: core, fixation, density, all."),
]
Format = Annotated[str, typer.Option("--format", help="text or json.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="The result only.")]
TextOrJson = ("text", "json")
Strict = Annotated[bool, typer.Option("--strict", help="Warnings are errors.")]
Workers = Annotated[
    int | None, typer.Option("--workers", help="Processes; the values do not depend on it.", min=1)
]


def choice(option: str, value: str, known: Iterable[str]) -> str:
    """The value if it is one of the known ones."""
    if value not in known:
        fail("usage", f"{option} cannot be '{shown(value)}'", nearest(value, known))
    return value
