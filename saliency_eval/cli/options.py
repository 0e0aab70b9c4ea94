"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

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

if TYPE_CHECKING:
    Count = int | Literal["auto"]
else:

    class Count:
        """The type of `--workers` for typer, which knows no unions."""


def count(value: object) -> Count:
    """A number of workers as it is written."""
    if value == "auto":
        return "auto"
    if not re.fullmatch("[0-9]+", str(value)) or int(str(value)) < 1:
        raise typer.BadParameter(f"{shown(value)} is no whole number of at least 1, and not auto")
    return int(str(value))


def named_folder(text: str) -> Path:
    """A folder to write to; an empty name, as of a variable that is not set, is not taken for this one."""
    if not str(text).strip():
        raise typer.BadParameter("must name a folder, got nothing; . is this one")
    return Path(text)


def out_folder(help: str) -> Any:
    """`--out`, a folder to write to."""
    return typer.Option("--out", "-o", parser=named_folder, metavar="FOLDER", help=help)


Workers = Annotated[
    Count | None,
    typer.Option("--workers", parser=count, metavar="N|auto",
                 help="Processes, auto for as many as there are cores; default at most 4. No value depends on it."),
]  # fmt: skip
Executor = Annotated[
    str,
    typer.Option("--executor", help="local, or dask://HOST:PORT: the workers of an existing Dask cluster."),
]


def choice(option: str, value: str, known: Iterable[str]) -> str:
    """The value if it is one of the known ones."""
    if value not in known:
        fail("usage", f"{option} cannot be '{shown(value)}'", nearest(value, known))
    return value
