"""`report` and `explain`: pages to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from saliency_eval.cli.console import console
from saliency_eval.cli.options import Format, Quiet, Root, TextOrJson, choice
from saliency_eval.cli.score import Pattern, Prefix, Suffix, VariableName
from saliency_eval.errors import ENVIRONMENT, Problem, fail, shown


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("report")(report)


def report(
    runs: Annotated[list[Path], typer.Argument(help="Folders of saved runs, of one data set.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The page.")],
    data: Annotated[
        str | None, typer.Option("--data", help="Data set of the pictures; default that of the runs.")
    ] = None,
    root: Root = None,
    pred: Annotated[
        list[str] | None,
        typer.Option(help="Predictions for the pictures: MODEL=FOLDER, or one for each run in their order."),
    ] = None,
    primary: Annotated[str | None, typer.Option(help="Metric that ranks; default the first.")] = None,
    each: Annotated[int, typer.Option(help="Best and worst images of each model.", min=1, max=100)] = 3,
    prefix: Prefix = "",
    suffix: Suffix = "",
    pattern: Pattern = None,
    variable: VariableName = None,
    format: Format = "text",
    quiet: Quiet = False,
) -> None:
    """Make one page of saved runs: board, distributions, metric against metric, best and worst images.

    Example: saliency-eval report results/osie --out page.html --root data/OSIE --pred mine=preds/
    """
    from saliency_eval.report import report_page
    from saliency_eval.saved import load_runs

    console.begin("report", choice("--format", format, TextOrJson), quiet)
    read = [load_runs(folder) for folder in runs]
    found = {id(run): run for some, _ in read for run in some}
    skipped = [problem for _, problems in read for problem in problems]
    page, missing = report_page(
        list(found.values()), data, pred or (), root=root, primary=primary, each=each, skipped=skipped,
        prefix=prefix, suffix=suffix, pattern=pattern, variable=variable,
    )  # fmt: skip
    saved(page, out, missing, skipped)


def saved(page: str, out: Path, missing: tuple[str, ...], problems: list[Problem]) -> None:
    """Write a page, and say where it is and what is missing on it."""
    from saliency_eval.disk import replace

    data = page.encode("utf-8")
    try:
        replace(out, data)
    except OSError as error:
        text = f"the page could not be written to {shown(out, 500)}: {error.strerror or error}"
        fail("io", text, "choose another --out", exit=ENVIRONMENT)
    if console.format == "json":
        result = {"page": shown(out, 500), "bytes": len(data), "missing": list(missing)}
        console.document(0, problems, results=[result])
    else:
        console.print(f"saved {shown(out, 500)}   {len(data) / 1e6:.1f} MB")
    for text in missing:
        console.note(f"note: {shown(text, 500)}")
    console.problems(problems)
