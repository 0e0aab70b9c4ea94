"""`metrics`, `demo`, `selftest`, `doctor`: what there is, and whether it works here."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saliency_eval.cli.configured import states
from saliency_eval.cli.console import arrow, columns, console
from saliency_eval.cli.describe import describe
from saliency_eval.cli.options import Format, Quiet, TextOrJson, choice
from saliency_eval.errors import CODES, GATE, shown, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from saliency_eval.run import Run

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

    console.begin("metrics", choice("--format", format, TextOrJson))
    if key is not None and key not in METRICS:
        unknown("metric", key, METRICS)
    chosen = [METRICS[key]] if key else list(METRICS.values())
    if format == "json":
        console.document(0, results=[as_json(m.key, m.traits, m.fields, m.options) for m in chosen])
        return
    if key:
        describe(variant(key))
        return
    rows = [["metric", "label", "", "range", "chance", "reads"]]
    for m in chosen:
        low, high = m.traits["range"]
        chance = m.traits["chance"]
        rows.append([m.key, m.traits["label"], arrow(m.traits["better"]), f"{low:g} .. {high:g}",
                     "" if chance is None else f"{chance:g}", ", ".join(m.fields)])  # fmt: skip
    for text in [*columns(rows), "", *sets()]:
        console.print(text)


def sets() -> list[str]:
    """The names that stand for several metrics, the protocols, and what is counted."""
    from saliency_eval.counting import COUNTED
    from saliency_eval.protocols import PROTOCOLS, SETS

    rows = [["set", "metrics"], *([name, ", ".join(keys)] for name, keys in SETS.items())]
    rows += [
        ["all", "every metric of fixations or of boxes, whichever the data set holds"],
        ["", ""],
        ["protocol", "what it is"],
    ]
    rows += [[p.name, p.summary] for p in PROTOCOLS.values()]
    rows += [
        ["", ""],
        ["below a table", "what is counted"],
        *([name, what] for name, what in COUNTED.items()),
    ]
    return columns(rows)


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
    format: Format = "text",
    quiet: Quiet = False,
) -> None:
    """Run the whole line on an embedded data set: baselines, scores, a small leaderboard; offline.

    Example: saliency-eval demo
    """
    import tempfile

    console.begin("demo", choice("--format", format, TextOrJson), quiet)
    if out is not None:
        show_demo(out, kept=True)
        return
    with tempfile.TemporaryDirectory(prefix="saliency-eval-demo-") as folder:
        show_demo(Path(folder), kept=False)


def show_demo(out: Path, kept: bool) -> None:
    """The board, means only, and what to do next."""
    from saliency_eval.cli.results import Result, as_json
    from saliency_eval.demo import run_demo

    card, runs, ceiling = run_demo(out)
    if console.format == "json":
        console.document(0, results=as_json(Result(run, 0) for run in (*runs, ceiling)))
        return
    console.print(f"{card.name}: {card.summary}\n")
    for text in columns(board(runs, ceiling)):
        console.print(text)
    console.print(f"\nMeans over {ceiling.data.n} images, protocol {ceiling.setting.protocol}.")
    console.print(f"{ceiling.model} is a ceiling, not ranked: each observer under the map of the others.")
    if kept:
        console.print(f"Maps, runs and the board with intervals (leaderboards/) are in {shown(out, 500)}")
    console.note("\nNext: score your own maps: saliency-eval score MAPS --data FOLDER "
                 "(what FOLDER holds: saliency-eval data info folder)")  # fmt: skip
    console.note("All commands: saliency-eval --help; each has an example")


def board(ranked: Sequence[Run], ceiling: Run) -> list[list[str]]:
    """Rows of rank, model and means."""
    from saliency_eval.cli.results import means

    header = [f"{label} {sign}" for label, sign, *_ in means(ceiling)]
    ranks = [*map(str, range(1, len(ranked) + 1)), "-"]
    rows = [
        [rank, shown(run.model), *(row[2] for row in means(run))]
        for rank, run in zip(ranks, (*ranked, ceiling), strict=True)
    ]
    return [["", "model", *header], *rows]


def selftest(format: Format = "text") -> None:
    """Recompute the recorded numbers with the installed libraries; exit 1 when one differs.

    Example: saliency-eval selftest
    """
    from saliency_eval import golden
    from saliency_eval.recorded import TOLERANCE, compare, listed, then_and_now
    from saliency_eval.versions import versions

    console.begin("selftest", choice("--format", format, TextOrJson))
    document, computed = golden.recorded(), golden.compute()
    recorded, then, here = document["values"], document["versions"], versions()
    if lacking := sorted(golden.absent(computed)):
        console.note(f"not tested, an optional package is absent: {', '.join(lacking)}")
        recorded, computed = (golden.without(values, lacking) for values in (recorded, computed))
    different = golden.closed_forms() + compare(recorded, computed)
    count = sum(len(numbers) for numbers in computed.values()) + len(golden.CLOSED_FORMS)
    status = GATE if different else 0
    if format == "json":
        found = {
            "count": count,
            "different": [one.to_dict() for one in different],
            "absent": lacking,
            "tolerance": TOLERANCE,
            "versions": {"recorded": then, "here": here},
        }
        console.document(status, results=[found])
    else:
        for line in listed(different, "differs: {0.case}: {0.signature}"):
            console.print(line)
        console.print(then_and_now(then, here))
        wrong = f", {len(different)} differ" if different else ""
        console.print(f"{count - len(different)} of {count} numbers are the recorded ones{wrong}")
    raise typer.Exit(status)


def doctor(
    context: typer.Context,
    code: Annotated[str | None, typer.Option("--code", help="Explain one error code.")] = None,
    format: Format = "text",
) -> None:
    """Versions, extras and folders: what is there, and what is missing for which command.

    Example: saliency-eval doctor
    """
    import os
    import platform

    from saliency_eval import __version__, sums
    from saliency_eval.datasets import data_folder

    console.begin("doctor", choice("--format", format, TextOrJson))
    if code is not None:
        if code not in CODES:
            unknown("code", code, CODES)
        severity, status, meaning = CODES[code]
        if format == "json":
            fact = {"code": code, "severity": severity, "exit": status, "meaning": meaning}
            console.document(0, results=[fact])
        else:
            console.print(f"{code}: {severity}, exit status {status} where it is an error\n{meaning}")
        return
    facts = {
        "saliency_eval": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": str(os.cpu_count()),
        "sums over pixels": "compiled" if sums.COMPILED else "numpy, slower: install where there is a C compiler",
        "data folder": shown(data_folder(), 500),
        **states(context.obj.files),
        **{name: version_of(name) for name in USED},
        **{f"extra [{extra}]": state_of(extra, names) for extra, names in EXTRAS.items()},
    }  # fmt: skip
    if format == "json":
        console.document(0, results=[facts])
    else:
        for text in columns([[k, v] for k, v in facts.items()]):
            console.print(text)


def state_of(extra: str, modules: Iterable[str]) -> str:
    """Is an extra installed? Else what it lacks, and what installs it."""
    lacking = [name for name in modules if importlib.util.find_spec(name) is None]
    return f"without {', '.join(lacking)}: pip install 'saliency-eval[{extra}]'" if lacking else "installed"


def version_of(name: str) -> str:
    """The installed version of a distribution."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"
