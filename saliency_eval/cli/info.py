"""`metrics`, `demo`, `selftest`, `doctor`: what there is, and whether it works here."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import inspect
import math
from pathlib import Path
from typing import Annotated, Any

import typer

from saliency_eval.cli.console import arrow, columns, console
from saliency_eval.cli.options import Format, Quiet, choice
from saliency_eval.errors import CODES, GATE, unknown

EXTRAS = {"torch": ("torch", "captum", "timm"), "dask": ("dask", "distributed"), "emd": ("ot",)}
USED = [
    "numpy",
    "scipy",
    "scikit-learn",
    "pandas",
    "pillow",
    "tqdm",
    "joblib",
    "typer",
    "matplotlib",
    "jinja2",
    "tabulate",
    "h5py",
    "pooch",
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("metrics")(metrics)
    app.command("demo")(demo)
    app.command("selftest")(selftest)
    app.command("doctor")(doctor)


def metrics(
    key: Annotated[str | None, typer.Argument(help="One metric in full.")] = None, format: Format = "text"
) -> None:
    """List the metrics, or describe one with its options, formula and source.

    Example: saliency-eval metrics auc_judd
    """
    from saliency_eval import metrics as _declared  # noqa: F401  (declares the metrics)
    from saliency_eval.core import METRICS
    from saliency_eval.variant import variant

    console.begin("metrics", choice("--format", format, ("text", "json")))
    if key is not None and key not in METRICS:
        unknown("metric", key, METRICS)
    chosen = [METRICS[key]] if key else list(METRICS.values())
    if format == "json":
        console.document(0, results=[as_json(m.key, m.traits, m.fields, m.options) for m in chosen])
        return
    if key:
        console.print(f"{variant(key)}\n\n{inspect.getdoc(chosen[0].function)}")
        return
    rows = [["metric", "label", "", "range", "chance", "reads"]]
    for m in chosen:
        low, high = m.traits["range"]
        chance = m.traits["chance"]
        rows.append([m.key, m.traits["label"], arrow(m.traits["better"]), f"{low:g} .. {high:g}",
                     "" if chance is None else f"{chance:g}", ", ".join(m.fields)])  # fmt: skip
    for text in columns(rows):
        console.print(text)


def as_json(key: str, traits: Any, fields: Any, options: Any) -> dict[str, Any]:
    """A metric as strict JSON."""
    low, high = traits["range"]
    return {
        "key": key,
        "label": traits["label"],
        "better": traits["better"],
        "range": [low if math.isfinite(low) else None, high if math.isfinite(high) else None],
        "chance": traits["chance"],
        "reads": list(fields),
        "options": dict(options),
        "source": traits["source"],
    }


def demo(
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Keep maps, runs and board here.")] = None,
    quiet: Quiet = False,
) -> None:
    """Run the whole line on an embedded data set: baselines, scores, a small leaderboard; offline.

    Example: saliency-eval demo
    """
    import tempfile

    from saliency_eval.demo import run_demo

    console.begin("demo", quiet=quiet)
    if out is not None:
        console.print(run_demo(out))
        return
    with tempfile.TemporaryDirectory(prefix="saliency-eval-demo-") as folder:
        console.print(run_demo(Path(folder)))


def selftest(format: Format = "text") -> None:
    """Recompute the recorded numbers with the installed libraries; exit 1 when one differs.

    Example: saliency-eval selftest
    """
    from saliency_eval import golden

    console.begin("selftest", choice("--format", format, ("text", "json")))
    computed = golden.compute()
    different = golden.closed_forms() + golden.compare(golden.recorded()["values"], computed)
    count = sum(len(numbers) for numbers in computed.values()) + len(golden.CLOSED_FORMS)
    status = GATE if different else 0
    if format == "json":
        console.document(status, results=[{"count": count, "different": [d._asdict() for d in different]}])
    else:
        for d in different[:20]:
            console.print(f"differs: {d.case}: {d.signature}: recorded {d.recorded}, got {d.got}")
        console.print(f"{count - len(different)} of {count} numbers are the recorded ones")
    raise typer.Exit(status)


def doctor(
    code: Annotated[str | None, typer.Option("--code", help="Explain one error code.")] = None,
    format: Format = "text",
) -> None:
    """Versions, extras and folders: what is there, and what is missing for which command.

    Example: saliency-eval doctor
    """
    import os
    import platform

    from saliency_eval import __version__
    from saliency_eval.datasets import data_folder

    console.begin("doctor", choice("--format", format, ("text", "json")))
    if code is not None:
        if code not in CODES:
            unknown("code", code, CODES)
        severity, status, meaning = CODES[code]
        console.print(f"{code}: {severity}, exit status {status} where it is an error\n{meaning}")
        return
    facts = {
        "saliency_eval": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": str(os.cpu_count()),
        "data folder": str(data_folder()),
        **{name: version_of(name) for name in USED},
        **{f"extra [{extra}]": "installed" if all(map(importlib.util.find_spec, names))
           else f"absent: pip install 'saliency-eval[{extra}]'" for extra, names in EXTRAS.items()},
    }  # fmt: skip
    if format == "json":
        console.document(0, results=[facts])
    else:
        for text in columns([[k, v] for k, v in facts.items()]):
            console.print(text)


def version_of(name: str) -> str:
    """The installed version of a distribution."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"
