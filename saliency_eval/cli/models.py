"""`models` and `run`: reference models and the maps they make."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from saliency_eval.cli.bandwidth import bandwidth
from saliency_eval.cli.console import columns, console
from saliency_eval.cli.describe import describe
from saliency_eval.cli.learning import learn
from saliency_eval.cli.options import (
    Count,
    Data,
    Format,
    Quiet,
    Root,
    TextOrJson,
    Workers,
    choice,
    count,
    out_folder,
)
from saliency_eval.cli.progress import bar
from saliency_eval.errors import DONE, Problem, SaliencyEvalError, shown

if TYPE_CHECKING:
    from saliency_eval.core import Declared
    from saliency_eval.models.writing import Written

HELP = """Reference models: list them, describe one, learn the filters of one again, fit the gold standard.

Example: saliency-eval models centre_bias
"""
EIGHT = "note: 256 levels cost kld and ig dearly; --files npy keeps what the model gives"
DENSITIES = "note: the 8 bits hold densities, not their logarithms, and are scored as maps"


class ByName(TyperGroup):
    """A group of commands in which `models` alone lists, and `models NAME` describes."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words of the command line, those left out put in."""
        known = (*self.commands, *ctx.help_option_names)
        return super().parse_args(ctx, args if args[:1] and args[0] in known else ["info", *args])


app = typer.Typer(help=HELP, cls=ByName, rich_markup_mode=None)
app.command()(learn)
app.command()(bandwidth)


def register(app: typer.Typer) -> None:
    """Add the command of this module that stands alone."""
    app.command("run")(run)


@app.command("list")
def list_all(format: Format = "text") -> None:
    """List the reference models: what they are, and what they read.

    Example: saliency-eval models list
    """
    info(None, format)


@app.command()
def info(
    name: Annotated[str | None, typer.Argument(help="One model in full; without it, all.")] = None,
    format: Format = "text",
) -> None:
    """Describe a model: options, formula, source, cost, and what a reader must know of it.

    Example: saliency-eval models info centre_bias
    """
    from saliency_eval import models as _declared  # noqa: F401  (declares the models)
    from saliency_eval.core import MODELS
    from saliency_eval.models.own import from_package, model_of, offered

    console.begin("models", choice("--format", format, TextOrJson))
    named = None if name is None else model_of(name)
    chosen = list(MODELS.values()) if named is None else [named.declared]
    if format == "json":
        console.document(0, results=[as_json(m) for m in chosen])
    elif named:
        describe(named)
        facts = [[fact, str(value)] for fact, value in as_json(chosen[0]).items() if fact in FACTS and value]
        for text in ["", *columns(facts)]:
            console.print(text)
    else:
        rows = [["model", "what it is", "reads"]]
        others = ([shown(n), f"offered by {shown(from_package(p))}", "image"] for n, p in offered().items())
        for text in columns([*rows, *([m.key, m.summary, ", ".join(m.fields)] for m in chosen), *others]):
            console.print(text)


FACTS = ("needs", "source", "cost", "note")


def as_json(model: Declared) -> dict[str, Any]:
    """A model as strict JSON."""
    traits = model.traits
    return {
        "key": model.key,
        "label": traits["label"],
        "summary": model.summary,
        "reads": list(model.fields),
        "options": dict(model.options),
        "needs": "saliency-eval[torch]" if "batch" in traits else "",
        "source": traits["source"],
        "cost": f"{traits['cost']} spectral_residual" if traits.get("cost") else "",
        "note": traits.get("note", ""),
    }


def run(
    model: Annotated[
        str,
        typer.Argument(help="Model, with options: centre_gaussian(width=0.3); or path/to/file.py:factory."),
    ],
    data: Data,
    out: Annotated[Path, out_folder("Folder for the maps.")],
    root: Root = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu or cuda, for models in torch.")] = "auto",
    batch: Annotated[
        Count,
        typer.Option(
            "--batch",
            parser=count,
            metavar="N|auto",
            help="Images at once, for models in torch; halved when memory is short.",
        ),
    ] = "auto",
    weights: Annotated[
        Path | None,
        typer.Option("--weights", help="Weights of a model of others: safetensors, or a state dict."),
    ] = None,
    files: Annotated[
        str, typer.Option("--files", help="npy, float32 as the model gives it; or png, 8 bits.")
    ] = "npy",
    resume: Annotated[
        bool,
        typer.Option(
            "--resume/--no-resume",
            help="Keep maps that the same command made before; without, all are made anew, and those of something "
            "else removed.",
        ),
    ] = True,
    limit: Annotated[int | None, typer.Option(help="First N images only.", min=1)] = None,
    workers: Workers = None,
    format: Format = "text",
    quiet: Quiet = False,
) -> None:
    """Write the maps of a model, one file for each image; the same command continues what was interrupted.

    Example: saliency-eval run centre_bias --data osie --root data/OSIE --out cb_maps
    """  # fmt: skip
    from saliency_eval.cli.predictions import worker_count
    from saliency_eval.datasets import load_dataset
    from saliency_eval.models.writing import write_maps

    console.begin("run", choice("--format", format, TextOrJson), quiet)
    device, files = (
        choice("--device", device, ("auto", "cpu", "cuda")),
        choice("--files", files, ("npy", "png")),
    )
    dataset = load_dataset(data, root)
    total = min(limit or len(dataset), len(dataset))
    with console.aside(), bar(total, model, resumable=True, resume=resume) as progress:
        written = write_maps(
            model, dataset, out, worker_count(workers), progress,
            device=device, batch=batch, kind=files, resume=resume, weights=weights, limit=limit,  # type: ignore[arg-type]
        )  # fmt: skip
    notes_on(written, files)
    if limit is not None and limit < len(dataset):
        console.note(f"note: the first {limit} of {len(dataset)} images; without --limit, the rest is made")
    raise typer.Exit(answer(written, out, dataset.passed_over()))


def notes_on(written: Written, files: str) -> None:
    """What to know of the maps."""
    made = written.predictions
    if made.leaves_out_observers:
        console.note(
            f"note: a file holds one map for an image; score model:{made.name} scores the fixations of some "
            "observers under the maps of others"
        )
    eight = [EIGHT] if made.kind == "map" else [EIGHT, DENSITIES]
    for text in (*(f"note: {one}" for one in written.notes), *(eight if files == "png" else [])):
        console.note(text)


def answer(written: Written, out: Path, warnings: list[Problem]) -> int:
    """Say what was written, which images have no map, and what is no image; the exit status."""
    from saliency_eval.models.folder import number_of_maps

    made, there, problems = str(written.predictions.variant), written.made + written.kept, written.problems
    status = SaliencyEvalError(problems).exit_code if problems else DONE
    if console.format == "json":
        result = {"model": made, "maps": there, "kept": written.kept, "out": str(out)}
        console.document(status, [*problems, *warnings], results=[result])
    else:
        kept = f", {written.kept} of them from before" if written.kept else ""
        without = (
            f"; {len(problems)} image{'s have' if len(problems) > 1 else ' has'} none" if problems else ""
        )
        console.print(f"{number_of_maps(there)} of {made} in {shown(out, 500)}{kept}{without}")
    console.problems([*problems, *warnings])
    return status
