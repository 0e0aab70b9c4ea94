"""`compare`: saved runs and predictions against each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saliency_eval.cli.console import arrow, columns, console
from saliency_eval.cli.options import Executor, Quiet, Root, Strict, Workers, choice
from saliency_eval.cli.predictions import (
    KindName,
    Missing,
    Pattern,
    Prefix,
    ResizeRule,
    Suffix,
    VariableName,
    check_words,
    worker_count,
)
from saliency_eval.cli.progress import bar
from saliency_eval.cli.several import each
from saliency_eval.errors import DONE, GATE, Problem, fail, shown

if TYPE_CHECKING:
    from saliency_eval.comparison import Comparison
    from saliency_eval.datasets.base import Dataset
    from saliency_eval.run import Run

FORMATS = ("text", "json", "md", "csv")


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("compare")(compare)


def compare(
    sources: Annotated[
        list[str], typer.Argument(help="Two or more: folders of saved runs, predictions, or model:NAME.")
    ],
    data: Annotated[
        str | None, typer.Option("--data", help="Data set of predictions; saved runs know theirs.")
    ] = None,
    root: Root = None,
    metric: Annotated[str | None, typer.Option(help="Metric to compare by; default the first.")] = None,
    protocol: Annotated[str, typer.Option(help="Protocol under which predictions are scored.")] = "mit",
    kind: KindName = None,
    on_missing: Missing = "error",
    resize: ResizeRule = "protocol",
    prefix: Prefix = "",
    suffix: Suffix = "",
    pattern: Pattern = None,
    variable: VariableName = None,
    seed: Annotated[
        int | None, typer.Option(help="For metrics that draw, in place of their own.", min=0)
    ] = None,
    workers: Workers = None,
    executor: Executor = "local",
    strict: Strict = False,
    bootstrap: Annotated[
        int, typer.Option(help="Resamples of images, for intervals.", min=100, max=1_000_000)
    ] = 10_000,
    flips: Annotated[
        int | None,
        typer.Option(
            help="Sign flips, for p; default at least 10000, and 200 for each pair.", min=1, max=100_000_000
        ),
    ] = None,
    alpha: Annotated[
        float, typer.Option(help="Two models are told apart where p after Holm is below.", min=0, max=1)
    ] = 0.05,
    worst: Annotated[
        int, typer.Option(help="Images with the largest differences, in each direction.", min=0)
    ] = 10,
    fail_if_worse: Annotated[
        bool, typer.Option("--fail-if-worse", help="Exit 1 if the first is better than another, told apart.")
    ] = False,
    format: Annotated[str, typer.Option("--format", help="text, json, md or csv.")] = "text",
    quiet: Quiet = False,
) -> None:
    """Compare models image by image: difference, interval, p, wins, and the images that decide.

    Example: saliency-eval compare results/osie/a-1c9e77ab results/osie/b-07d2ff10 --metric nss
    """
    begin(sources, kind, on_missing, resize, format, quiet)
    from saliency_eval.comparison import check_options
    from saliency_eval.comparison import compare as compare_runs
    from saliency_eval.protocols import protocol as protocol_of
    from saliency_eval.scoring import refuse_subject, score

    check_options(bootstrap, flips, alpha, worst)
    saved = {number: run for number, text in enumerate(sources) if (run := saved_run(text)) is not None}
    dataset = data_of(sources, saved, data, root)
    if dataset is not None:
        refuse_subject(protocol_of(protocol), dataset, saved or None)
    metric = metric or first_metric(saved, protocol)

    def one(number: int, protocol: str) -> Run:
        if dataset is None or number in saved:
            return saved[number]
        with bar(len(dataset), sources[number]) as progress:
            return score(
                sources[number], dataset, [metric],
                protocol=protocol, kind=kind, on_missing=on_missing, resize=resize, seed=seed,  # type: ignore[arg-type]
                workers=worker_count(workers, executor), executor=executor, prefix=prefix, suffix=suffix,
                pattern=pattern, variable=variable, progress=progress, strict=strict,
            )  # fmt: skip

    with console.aside():
        runs, _ = each(sources, [protocol], one, undo=lambda run: None)
    problems = list(dict.fromkeys(p for n, run in enumerate(runs) if n not in saved for p in run.problems))
    label = metric if saved else runs[0].labels[0]  # of one metric alone, a run names no options
    found = compare_runs(*runs, metric=label, bootstrap=bootstrap, flips=flips, alpha=alpha, worst=worst)
    status = GATE if fail_if_worse and is_beaten(found) else DONE
    console.problems(problems)
    show(found, problems, status)
    raise typer.Exit(status)


def begin(
    sources: Sequence[str], kind: str | None, on_missing: str, resize: str, format: str, quiet: bool
) -> None:
    """Note what runs, and refuse values that no protocol knows."""
    console.begin("compare", choice("--format", format, FORMATS), quiet)
    check_words(kind, resize, on_missing)
    if len(sources) < 2:
        fail("usage", f"compare needs at least two models, got {len(sources)}", "name another run")
    [(source, times)] = Counter(sources).most_common(1)
    if times > 1:
        text = f"compare needs different models, {shown(source, 200)} was given {times} times"
        fail("usage", text, "name each once")


def saved_run(text: str) -> Run | None:
    """The run that was saved in a folder; None where it holds none."""
    from saliency_eval.saved import is_run, load

    return load(text) if is_run(Path(text)) else None


def data_of(
    sources: Sequence[str], saved: Mapping[int, Run], data: str | None, root: Path | None
) -> Dataset | None:
    """The data set to score on; None where nothing is to be scored. Raises `mixed_signature` for a run of another."""
    from saliency_eval.datasets import load_dataset
    from saliency_eval.run import DataId

    if data is None:
        for number, text in enumerate(sources):
            if number not in saved:
                what = f"{shown(text, 200)} is no folder of a saved run, and predictions need --data"
                fail("usage", what, "name the data set, or a folder of a run below results/")
        return None
    dataset = load_dataset(data, root)
    known = DataId.of(dataset)
    for run in saved.values():
        if run.data.sha256 != known.sha256:
            what = f"{shown(run.model)} was scored on {shown(run.data.tag)}, and --data is {shown(known.tag)}"
            fail("mixed_signature", what, "compare runs of one data set")
    return dataset


def first_metric(saved: Mapping[int, Run], protocol: str) -> str:
    """That of the first saved run, else that of the protocol."""
    from saliency_eval.protocols import protocol as protocol_of
    from saliency_eval.signatures import labels

    for run in saved.values():
        return run.labels[0]
    return labels(protocol_of(protocol).variants(None))[0]


def is_beaten(found: Comparison) -> bool:
    """Is one of the others worse than the first, and told apart from it?"""
    return any(found.winner(pair) == found.models[0] for pair in found.pairs)


def show(found: Comparison, problems: Sequence[Problem], status: int) -> None:
    """The comparison in the format that was asked for."""
    if console.format == "json":
        console.document(status, problems, data=found.data._asdict(), results=[as_json(found)])
    elif console.format == "text":
        show_text(found)
    else:
        text = found.to_markdown() if console.format == "md" else found.to_csv()
        console.print(text.rstrip("\n"))


def show_text(found: Comparison) -> None:
    """Means, pairs and the images that decide."""
    from saliency_eval.comparison import text

    sign = arrow(found.better)
    console.print(f"{shown(found.where, 300)}\n")
    for rows, header in (
        (text.means(found), [f"{shown(found.metric)} {sign}", *text.MEANS[1:]]),
        (text.pairs(found), text.PAIRS),
    ):
        for line in columns([header, *([shown(cell) for cell in row] for row in rows)]):
            console.print(line)
        console.print()
    for a, b, images in text.ahead(found):
        console.print(f"{shown(a)} ahead of {shown(b)}: {text.listed(images)}")
    if not console.quiet:
        for line in ("", found.method, *text.notes(found), *found.signatures):
            console.print(shown(line, 2000))


def as_json(found: Comparison) -> dict[str, object]:
    """The comparison as strict JSON."""
    from saliency_eval.comparison import text

    reason = {"reason": "one image has no interval"} if len(found.ids) == 1 else {}
    short = {"low": "lo", "high": "hi"}
    pairs = []
    for pair, row in zip(found.pairs, found.rows(), strict=True):
        first, second = ([image._asdict() for image in images] for images in found.deciding(pair))
        numbers = {short.get(key, key): None if value != value else value for key, value in row.items()}
        pairs.append({**numbers, **reason, "images_first_ahead": first, "images_second_ahead": second})
    means = [
        {"model": name, "mean": mean.mean, "lo": mean.low, "hi": mean.high, "n": mean.n, **reason}
        for name, mean in zip(found.models, found.means, strict=True)
    ]
    return {
        "metric": found.metric, "better": found.better, "models": means, "pairs": pairs,
        "bootstrap": found.bootstrap, "flips": found.flips, "alpha": found.alpha,
        "notes": text.notes(found), "signatures": list(found.signatures),
    }  # fmt: skip
