"""`report` and `explain`: pages to look at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saliency_eval.cli.console import arrow, columns, console
from saliency_eval.cli.options import Data, Format, Metrics, Quiet, Root, TextOrJson, Workers, choice
from saliency_eval.cli.predictions import KindName, Pattern, Prefix, Suffix, VariableName, worker_count
from saliency_eval.cli.progress import bar
from saliency_eval.errors import ENVIRONMENT, Problem, fail, shown
from saliency_eval.options import split_list

if TYPE_CHECKING:
    from saliency_eval.report import Explained
    from saliency_eval.report.sections import Model


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("report")(report)
    app.command("explain")(explain)


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
    protocol: Annotated[
        str | None, typer.Option(help="Protocol of board and images; default the first of the runs.")
    ] = None,
    each: Annotated[
        int | None,
        typer.Option(help="Best and worst images of each model; default 3 or fewer.", min=1, max=100),
    ] = None,
    prefix: Prefix = "",
    suffix: Suffix = "",
    pattern: Pattern = None,
    variable: VariableName = None,
    workers: Workers = None,
    format: Format = "text",
    quiet: Quiet = False,
) -> None:
    """Make one page of saved runs: board, the same maps under several protocols, best and worst images.

    Example: saliency-eval report results/osie --out page.html --root data/OSIE --pred mine=preds/
    """
    from saliency_eval.report import report_page
    from saliency_eval.saved import load_runs

    console.begin("report", choice("--format", format, TextOrJson), quiet)
    read = [load_runs(folder) for folder in runs]
    found = {id(run): run for some, _ in read for run in some}
    skipped = [problem for _, problems in read for problem in problems]
    with bar(None, "causes") as progress:
        page, missing = report_page(
            list(found.values()), data, pred or (), root=root, primary=primary, protocol=protocol, each=each,
            skipped=skipped, workers=worker_count(workers), progress=progress,
            prefix=prefix, suffix=suffix, pattern=pattern, variable=variable,
        )  # fmt: skip
    saved(page, out, missing, skipped)


def explain(
    image: Annotated[str, typer.Argument(help="The image, as the data set names it.")],
    pred: Annotated[
        list[str], typer.Option(help="Folder or archive of maps, or model:NAME; several are compared.")
    ],
    data: Data,
    root: Root = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The page; default explain-IMAGE.html.")
    ] = None,
    metrics: Metrics = None,
    protocol: Annotated[str, typer.Option(help="mit, tuebingen, salicon2017, salicon2015 or exact.")] = "mit",
    kind: KindName = None,
    name: Annotated[list[str] | None, typer.Option(help="Display name of each model.")] = None,
    prefix: Prefix = "",
    suffix: Suffix = "",
    pattern: Pattern = None,
    variable: VariableName = None,
    format: Format = "text",
    quiet: Quiet = False,
) -> None:
    """Show what each metric saw of one image: ROC curve, z-scores, the pixels that cost, and how they add up.

    Example: saliency-eval explain 1042 --pred preds/ --pred model:centre_bias --data osie --root data/OSIE
    """
    from saliency_eval.report import explain as explain_image
    from saliency_eval.store import slug

    console.begin("explain", choice("--format", format, TextOrJson), quiet)
    if name and len(name) != len(pred):
        fail("usage", f"{len(pred)} predictions need as many --name, got {len(name)}")
    found = explain_image(
        image, pred, data, split_list(",".join(metrics)) if metrics else None,
        protocol=protocol, kind=kind, names=name, root=root,  # type: ignore[arg-type]
        prefix=prefix, suffix=suffix, pattern=pattern, variable=variable,
    )  # fmt: skip
    if format == "text":
        show(found)
    written = out or Path(f"explain-{slug(image)}.html")
    saved(found.page, written, (), found.problems, results=[as_json(model, found) for model in found.models])


def show(found: Explained) -> None:
    """The values of all models, and a signature for each metric."""
    names = [shown(model.name, 30) for model in found.models]
    console.print(f"{shown(found.id)} of {shown(found.data)}\n")
    rows = [
        [shown(s.label), arrow(s.better), *(f"{model.values[n]:.6g}" for model in found.models)]
        for n, s in enumerate(found.sections)
    ]
    for text in columns([["metric", "", *names], *rows], "<<" + ">" * len(names)):
        console.print(text)
    console.print()
    for line in dict.fromkeys(line for model in found.models for line in model.signatures):
        console.print(line)


def as_json(model: Model, found: Explained) -> dict[str, object]:
    """The values of a model with their signatures, null where there is none."""
    pairs = list(zip(found.sections, model.values, model.signatures, strict=True))
    return {
        "image": shown(found.id),
        "model": shown(model.name),
        "metrics": {s.label: value if math.isfinite(value) else None for s, value, _ in pairs},
        "signatures": {s.label: line for s, _, line in pairs},
    }


def saved(
    page: str,
    out: Path,
    missing: Sequence[str],
    problems: Sequence[Problem],
    results: Sequence[dict[str, object]] = (),
) -> None:
    """Write a page, and say where it is and what is missing on it."""
    from saliency_eval.disk import replace

    data = page.encode("utf-8")
    if not out.name or (out.exists() and not out.is_file()):
        fail(
            "usage",
            f"--out must be a file, got {shown(repr(str(out)), 500)}, which is none",
            "--out page.html",
        )
    try:
        replace(out, data)
    except OSError as error:
        text = f"the page could not be written to {shown(out, 500)}: {error.strerror or error}"
        fail("io", text, "choose another --out", exit=ENVIRONMENT)
    if console.format == "json":
        where = {"page": shown(out, 500), "bytes": len(data), "missing": list(missing)}
        console.document(0, problems, **where, results=list(results))
    else:
        console.print(f"saved {shown(out, 500)}   {len(data) / 1e6:.1f} MB")
    for text in missing:
        console.note(f"note: {shown(text, 500)}")
    console.problems(problems)
