"""`score` and `check`: predictions against a data set."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saliency_eval.cli.console import arrow, columns, console
from saliency_eval.cli.options import Data, Format, Metrics, Quiet, Root, Workers, split_list
from saliency_eval.errors import fail, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from saliency_eval.executors import Progress
    from saliency_eval.run import Run

Predictions = Annotated[list[str], typer.Argument(help="Folders or archives of maps, or model:NAME.")]
Prefix = Annotated[str, typer.Option(help="What file names have before the image name.")]
Suffix = Annotated[str, typer.Option(help="What file names have after the image name.")]
Pattern = Annotated[str | None, typer.Option(help="File names, such as '{stem}_pred'.")]
VariableName = Annotated[str | None, typer.Option("--variable", help="The array inside each file.")]
KindName = Annotated[str, typer.Option(help="What the values are: map, density or log-density.")]
ResizeRule = Annotated[str, typer.Option(help="protocol: same-aspect maps are resized; error: refused.")]
Protocols = Annotated[str, typer.Option(help="Protocols, or all: side by side.")]
Missing = Annotated[str, typer.Option(help="Images without a map: error, constant or skip.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("score")(score)
    app.command("check")(check)


def score(
    predictions: Predictions,
    data: Data,
    root: Root = None,
    metrics: Metrics = None,
    protocol: Protocols = "mit",
    kind: KindName = "map",
    on_missing: Missing = "error",
    resize: ResizeRule = "protocol",
    prefix: Prefix = "",
    suffix: Suffix = "",
    pattern: Pattern = None,
    variable: VariableName = None,
    name: Annotated[list[str] | None, typer.Option(help="Display name of each model.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of saved runs.")] = Path("results"),
    save: Annotated[bool, typer.Option("--save/--no-save", help="Save the run.")] = True,
    seed: Annotated[int, typer.Option(help="For metrics that draw.")] = 0,
    workers: Workers = None,
    limit: Annotated[int | None, typer.Option(help="First N images only: not a score.", min=1)] = None,
    short: Annotated[bool, typer.Option("--short", help="Short signatures.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings are errors.")] = False,
    bare: Annotated[str | None, typer.Option(help="Print one number: the mean of this metric.")] = None,
    format: Format = "text",
    quiet: Quiet = False,
) -> None:
    """Score predictions against a data set and save the run.

    Example: saliency-eval score preds/ --data osie --root data/OSIE
    """
    from saliency_eval.cli.options import choice
    from saliency_eval.datasets import load_dataset
    from saliency_eval.protocols import PROTOCOLS
    from saliency_eval.scoring import score as score_predictions

    console.begin("score", choice("--format", format, ("text", "json")), quiet)
    choice("--kind", kind, ("map", "density", "log-density"))
    choice("--on-missing", on_missing, ("error", "constant", "skip"))
    choice("--resize", resize, ("protocol", "error"))
    if name and len(name) != len(predictions):
        fail("usage", f"{len(predictions)} predictions need as many --name, got {len(name)}")
    dataset = load_dataset(data, root)
    protocols = list(PROTOCOLS) if protocol == "all" else split_list(protocol)
    runs, saved = [], []
    for number, source in enumerate(predictions):
        for chosen in protocols:
            started = time.perf_counter()
            with bar(len(dataset) if limit is None else min(limit, len(dataset)), source) as progress:
                run = score_predictions(
                    source, dataset, split_list(",".join(metrics)) if metrics else None,
                    protocol=chosen, kind=kind, on_missing=on_missing, resize=resize, seed=seed,  # type: ignore[arg-type]
                    workers=worker_count(workers), limit=limit, name=name[number] if name else None,
                    prefix=prefix, suffix=suffix, pattern=pattern, variable=variable, progress=progress,
                    strict=strict,
                )  # fmt: skip
            seconds = time.perf_counter() - started
            runs.append(run)
            saved.append(keep(run, out, seconds) if save and limit is None else None)
            if format == "text" and bare is None:
                show_run(run, seconds, saved[-1], short)
    if bare is not None:
        show_bare(runs, bare)
    elif format == "json":
        show_json(runs, saved)


def check(
    predictions: Predictions,
    data: Data,
    root: Root = None,
    kind: KindName = "map",
    resize: ResizeRule = "protocol",
    protocol: Protocols = "mit",
    prefix: Prefix = "",
    suffix: Suffix = "",
    pattern: Pattern = None,
    variable: VariableName = None,
    workers: Workers = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings are errors.")] = False,
    format: Format = "text",
    quiet: Quiet = False,
) -> None:
    """Find everything that score would refuse or warn about; nothing is scored or written.

    Example: saliency-eval check preds/ --data osie --root data/OSIE
    """
    from saliency_eval.cli.options import choice
    from saliency_eval.datasets import load_dataset
    from saliency_eval.errors import SaliencyEvalError
    from saliency_eval.scoring import check_predictions

    console.begin("check", choice("--format", format, ("text", "json")), quiet)
    dataset = load_dataset(data, root)
    problems = []
    for source in predictions:
        with bar(len(dataset), source) as progress:
            problems += check_predictions(
                source, dataset, protocol=protocol, kind=kind, resize=resize, workers=worker_count(workers),  # type: ignore[arg-type]
                prefix=prefix, suffix=suffix, pattern=pattern, variable=variable, progress=progress,
                strict=strict,
            )  # fmt: skip
    if any(p.severity == "error" for p in problems):
        raise SaliencyEvalError(problems)
    if format == "json":
        console.document(0, problems, results=[])
        return
    console.problems(problems)
    counts = f"{len(problems)} findings" if problems else "nothing to note"
    console.print(f"{len(dataset)} of {len(dataset)} maps can be scored, {counts}")


def worker_count(workers: int | None) -> int:
    """As asked for, else as many as there are cores, up to four."""
    import os

    return workers or min(4, os.cpu_count() or 1)


@contextmanager
def bar(total: int, label: str) -> Iterator[Progress | None]:
    """A progress bar on standard error, where that is a terminal."""
    if console.quiet:
        yield None
        return
    from tqdm import tqdm

    with tqdm(total=total, desc=label[-30:], unit="image", disable=None, leave=False) as shown_bar:
        yield shown_bar.update


def keep(run: Run, out: Path, seconds: float) -> Path:
    """Save a run with a log of what is not part of its content."""
    import platform
    import sys

    from saliency_eval.store import save

    log = [
        f"command: {' '.join(sys.argv)}",
        f"host: {platform.node()}, python {platform.python_version()}",
        f"finished: {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}, {seconds:.1f} s",
    ]
    return save(run, out, "\n".join(log) + "\n")


def show_run(run: Run, seconds: float, saved: Path | None, short: bool) -> None:
    """The table of one run, its signatures, and what was noticed."""
    from saliency_eval.core import METRICS
    from saliency_eval.run import rounded, short_signature

    console.problems(run.problems)
    counts = ", ".join(f"{p.count} {p.code}" for p in run.problems if p.code in ("resized", "constant"))
    scored = int((~run.unscored).sum())
    console.print(
        f"{shown(run.model)} on {run.data.id}@{run.data.version}   {scored}/{run.data.n} images"
        + (f" ({counts})" if counts else "")
    )
    if not run.complete:
        console.print("NOT A SCORE: the first images only")
    rows = [["metric", "", "mean", "95 % interval"]]
    for label, key in zip(run.labels, run.keys, strict=True):
        reason = run.reason(label)
        mean, interval = ("n/a", reason) if reason else rounded(run.means[label])
        rows.append([label, arrow(METRICS[key].traits["better"]), mean, interval])
    console.print()
    for text in columns(rows, "<<><"):
        console.print(text)
    console.print()
    if not console.quiet:
        for label in run.labels:
            line = run.signatures[label]
            console.print(short_signature(line) if short else line)
    rate = f"{len(run.ids) / max(seconds, 1e-9):.0f} images/s"
    console.print((f"saved {saved}   " if saved else "") + f"{seconds:.1f} s, {rate}")


def show_bare(runs: list[Run], label: str) -> None:
    """The mean of one metric, one line for each run."""
    from saliency_eval.errors import unknown

    for run in runs:
        if label not in run.means:
            unknown("metric of the run", label, run.labels)
        console.print("n/a" if run.reason(label) else repr(run.means[label].mean))


def show_json(runs: list[Run], saved: list[Path | None]) -> None:
    """All runs as one document."""
    from saliency_eval.store import mean_of

    results: list[dict[str, Any]] = [
        {
            "model": run.model,
            "run": str(folder) if folder else None,
            "protocol": run.setting.protocol,
            "n": int((~run.unscored).sum()),
            "complete": run.complete,
            "metrics": {label: mean_of(run, label) for label in run.labels},
            "signatures": dict(run.signatures),
        }
        for run, folder in zip(runs, saved, strict=True)
    ]
    identity = runs[0].data._asdict()
    console.document(0, [p for run in runs for p in run.problems], data=identity, results=results)
