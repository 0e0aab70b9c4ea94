"""`cite`: BibTeX of the package and of what was used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from saliency_eval.cli.console import console
from saliency_eval.cli.options import Format, Quiet, TextOrJson, choice
from saliency_eval.errors import shown

if TYPE_CHECKING:
    from saliency_eval.citing import Cited


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("cite")(cite)


def cite(
    used: Annotated[
        list[str] | None,
        typer.Argument(
            help="Folders of saved runs, or of maps that `run` made; names of data sets, metrics and models.",
            metavar="[RUN|DIR|NAME]...",
        ),
    ] = None,
    format: Format = "text",
    quiet: Quiet = False,
) -> None:
    """Print BibTeX for the package, and for the data sets, metrics and models of saved runs.

    Example: saliency-eval cite results/osie > references.bib
    """
    from saliency_eval.citing import cite as cited

    console.begin("cite", choice("--format", format, TextOrJson), quiet)
    found, problems = cited(used or [])
    console.problems(problems)
    if format == "json":
        console.document(
            0, problems, results=[{"used": list(one.used), "citation": one.text or None} for one in found]
        )
    else:
        console.print("\n\n".join(map(entry, found)))


def entry(one: Cited) -> str:
    """An entry below what it stands for; BibTeX passes over what is outside of entries."""
    lines = [shown(line, 2000) for line in one.text.splitlines()] or ["no citation is stated"]
    if not one.text.startswith("@"):
        lines = [f"% {line}".replace("@", " at ") for line in lines]
    names = shown("; ".join(one.used), 2000).replace("@", " ")
    return "\n".join([f"% {names}", *lines])
