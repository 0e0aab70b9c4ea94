"""`data`: which data sets are known, what they are, whether a copy is complete."""

from __future__ import annotations

import typer

app = typer.Typer(help="Data sets: list, describe, verify, download.", no_args_is_help=True)
