"""`score`: predictions against a data set."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saliency_eval.cli.console import console
from saliency_eval.cli.options import (
    Data,
    Executor,
    Format,
    Metrics,
    Quiet,
    Root,
    Strict,
    Workers,
    out_folder,
)
from saliency_eval.cli.predictions import (
    KindName,
    Missing,
    Pattern,
    Predictions,
    Prefix,
    Protocols,
    ResizeRule,
    Suffix,
    VariableName,
    begin,
    protocol_names,
    worker_count,
)
from saliency_eval.cli.progress import bar
from saliency_eval.cli.several import each
from saliency_eval.errors import SaliencyEvalError, fail, shown, unknown
from saliency_eval.options import split_list

if TYPE_CHECKING:
    from saliency_eval.classifiers import Classifier
    from saliency_eval.run import Run


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("score")(score)


def score(
    predictions: Predictions,
    data: Data,
    root: Root = None,
    metrics: Metrics = None,
    protocol: Protocols = "mit",
    kind: KindName = None,
    on_missing: Missing = "error",
    resize: ResizeRule = "protocol",
    prefix: Prefix = "",
    suffix: Suffix = "",
    pattern: Pattern = None,
    variable: VariableName = None,
    name: Annotated[list[str] | None, typer.Option(help="Display name of each model.")] = None,
    out: Annotated[Path, out_folder("Folder of saved runs.")] = Path("results"),
    save: Annotated[bool, typer.Option("--save/--no-save", help="Save the run.")] = True,
    resume: Annotated[
        bool, typer.Option("--resume/--no-resume", help="Go on where the same command was interrupted.")
    ] = True,
    seed: Annotated[
        int | None, typer.Option(help="For metrics that draw, in place of their own.", min=0)
    ] = None,
    workers: Workers = None,
    executor: Executor = "local",
    classifier: Annotated[
        str | None, typer.Option(help="timm:NAME, torchvision:NAME or path/to/file.py:factory.")
    ] = None,
    device: Annotated[str, typer.Option(help="Where the classifier runs: auto, cpu or cuda.")] = "auto",
    weights: Annotated[
        Path | None, typer.Option(help="Weights of the classifier, or of a model of others.")
    ] = None,
    class_names: Annotated[
        Path | None, typer.Option(help="Classes of the classifier, one a line: wnid, or wnid<TAB>name.")
    ] = None,
    subset: Annotated[
        str, typer.Option(help="all images, or those that the classifier knows: correct.")
    ] = "all",
    limit: Annotated[int | None, typer.Option(help="First N images only: not a score.", min=1)] = None,
    short: Annotated[bool, typer.Option("--short", help="Short signatures.")] = False,
    profile: Annotated[
        bool, typer.Option("--profile", help="CPU time of each stage; scored anew, in this one process.")
    ] = False,
    strict: Strict = False,
    bare: Annotated[str | None, typer.Option(help="Score this metric and print its mean only.")] = None,
    format: Format = "text",
    quiet: Quiet = False,
) -> None:
    """Score predictions against a data set and save the run.

    Example: saliency-eval score preds/ --data osie --root data/OSIE
    """
    from saliency_eval.cli.results import Result, grouped, keep, show
    from saliency_eval.datasets import load_dataset
    from saliency_eval.profiling import profiled
    from saliency_eval.scoring import score as score_predictions
    from saliency_eval.store import forget

    begin("score", kind, resize, format, quiet, on_missing)
    refuse_misfits(name, len(predictions), bare, format, profile)
    if profile:
        workers, executor, resume = 1, "local", False
    dataset = load_dataset(data, root)
    limit = limit if limit is not None and limit < len(dataset) else None
    protocols = protocol_names(protocol, dataset.subject)
    wanted = metrics_for(bare, split_list(",".join(metrics)) if metrics else None, protocols)
    predictions, asked = with_classifier(predictions, classifier, device, weights, class_names)
    folder = usable(out, dataset.key) if save and limit is None else None

    def scored(number: int, protocol: str, chosen: Sequence[str] | None, folder: Path | None = None) -> Run:
        total, label = limit or len(dataset), predictions[number]
        with bar(total, label, resumable=folder is not None, resume=resume) as progress:
            return score_predictions(
                predictions[number], dataset, chosen,
                protocol=protocol, kind=kind, on_missing=on_missing, resize=resize, seed=seed,  # type: ignore[arg-type]
                workers=worker_count(workers, executor), executor=executor,
                classifier=asked, subset=subset, limit=limit,  # type: ignore[arg-type]
                name=name[number] if name else None, prefix=prefix, suffix=suffix, pattern=pattern, variable=variable,
                progress=progress, strict=strict, results=folder, resume=resume,
            )  # fmt: skip

    def one(number: int, protocol: str) -> Result:
        started = time.perf_counter()
        return Result(scored(number, protocol, wanted, folder), time.perf_counter() - started, number)

    with console.aside(), profiled() if profile else contextlib.nullcontext() as stages:
        found, left = each(
            predictions, protocols, one, undo=lambda result: forget(result.run),
            stopped=lambda done: keep(done, folder), lenient="all" in split_list(protocol) and not strict,
        )  # fmt: skip
        results, lost = keep(found, folder)
    unseen = bare is not None or (quiet and format == "text")
    with console.aside():
        groups = grouped(results, None if unseen else scored)
    show(groups, lost, left, bare=bare, short=short, stages=stages)
    if lost:
        raise SaliencyEvalError(lost)


def refuse_misfits(
    name: Sequence[str] | None, count: int, bare: str | None, format: str, profile: bool
) -> None:
    """Raises `usage` for options that contradict each other, and for too few or too many names."""
    others = {"--format json a document": format == "json", "--profile a table": profile}
    for other in [words for words, given in others.items() if given and bare is not None]:
        fail("usage", f"--bare prints one number and {other}", "leave one of them out")
    if name and len(name) != count:
        fail("usage", f"{count} predictions need as many --name, got {len(name)}")


def with_classifier(
    predictions: list[str], spec: str | None, device: str, weights: Path | None, class_names: Path | None
) -> tuple[list[str], Classifier | None]:
    """The predictions and the classifier that is named, if one is; weights are its own, else those of the models.

    Raises `usage` for options that then belong to nothing.
    """
    if spec is not None:
        from saliency_eval.classifiers import load_classifier

        with console.aside():
            return predictions, load_classifier(spec, device=device, weights=weights, class_names=class_names)  # type: ignore[arg-type]
    if class_names is not None:
        fail("usage", "--class-names belongs to a classifier, and none is named", "name it with --classifier")
    return [weighted(one, weights) for one in predictions] if weights else predictions, None


def weighted(source: str, weights: Path) -> str:
    """A model of others with its weights; raises `usage` for anything else."""
    from saliency_eval.models.own import with_weights

    if not source.startswith("model:"):
        fail(
            "usage",
            "--weights belongs to a classifier or a model, and none is named",
            "name it with --classifier",
        )
    return f"model:{with_weights(source.removeprefix('model:'), weights)}"


def metrics_for(bare: str | None, wanted: list[str] | None, protocols: Iterable[str]) -> list[str] | None:
    """What to score: to print one number the metric itself, unless a list was given that must hold it."""
    if bare is None:
        return wanted
    from saliency_eval.protocols import protocol
    from saliency_eval.signatures import labels

    for name in protocols:
        known = labels(protocol(name).variants(wanted or [bare]))
        if wanted and bare not in known:
            unknown("metric of the run", bare, known)
        if not wanted and len(known) != 1:
            fail("usage", f"--bare prints one metric, '{shown(bare)}' are {len(known)}", "name one of them")
    return wanted or [bare]


def usable(results: Path, data: str) -> Path:
    """The folder of results; raises `io` (exit 5) when nothing can be saved there for a data set. Leaves nothing."""
    import os
    import tempfile

    folder = results / data
    try:
        there = next(f for f in (folder, *folder.parents) if os.path.lexists(f))
        tempfile.TemporaryDirectory(prefix=".try-", dir=there).cleanup()
    except OSError as error:
        text = f"no run can be saved in {shown(folder, 500)}: {error.strerror}"
        fail("io", text, "choose another --out, or --no-save")
    return results
