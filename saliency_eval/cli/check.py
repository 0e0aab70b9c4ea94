"""`check`: all that is wrong with predictions, before they are scored."""

from __future__ import annotations

import typer

from saliency_eval.cli.console import console
from saliency_eval.cli.options import Data, Executor, Format, Quiet, Root, Strict, Workers
from saliency_eval.cli.predictions import (
    KindName,
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
from saliency_eval.cli.several import findings
from saliency_eval.errors import DONE, SaliencyEvalError


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("check")(check)


def check(
    predictions: Predictions,
    data: Data,
    root: Root = None,
    kind: KindName = None,
    resize: ResizeRule = "protocol",
    protocol: Protocols = "mit",
    prefix: Prefix = "",
    suffix: Suffix = "",
    pattern: Pattern = None,
    variable: VariableName = None,
    workers: Workers = None,
    executor: Executor = "local",
    strict: Strict = False,
    format: Format = "text",
    quiet: Quiet = False,
) -> None:
    """Find everything that score would refuse or warn about; nothing is scored or written.

    Example: saliency-eval check preds/ --data osie --root data/OSIE
    """
    from saliency_eval.checking import Checked, check_predictions
    from saliency_eval.datasets import load_dataset

    begin("check", kind, resize, format, quiet)
    dataset = load_dataset(data, root)
    protocols = protocol_names(protocol, dataset.subject)

    def one(number: int, protocol: str) -> Checked:
        with bar(len(dataset), predictions[number]) as progress:
            return check_predictions(
                predictions[number], dataset, protocol=protocol, kind=kind, resize=resize,  # type: ignore[arg-type]
                workers=worker_count(workers, executor), executor=executor,
                prefix=prefix, suffix=suffix, pattern=pattern, variable=variable, progress=progress, strict=strict,
            )  # fmt: skip

    files, problems = findings(predictions, protocols, one)
    refused = any(p.severity == "error" for p in problems)
    status = SaliencyEvalError(problems).exit_code if refused else DONE
    if format == "json":
        console.document(status, problems, results=files)
    console.problems(problems)
    if format == "text" and status == DONE:
        maps, plural = len(dataset) * len(predictions), "" if len(problems) == 1 else "s"
        counts = f"{len(problems)} finding{plural}" if problems else "nothing to note"
        console.print(f"{maps} of {maps} maps can be scored, {counts}")
    raise typer.Exit(status)
