"""`models` and `run`: reference models and the maps they make."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from saliency_eval.cli.console import columns, console
from saliency_eval.cli.describe import describe
from saliency_eval.cli.options import Data, Format, Quiet, Root, TextOrJson, Workers, choice
from saliency_eval.cli.progress import bar
from saliency_eval.errors import shown, unknown


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("models")(models)
    app.command("run")(run)


def models(
    name: Annotated[str | None, typer.Argument(help="One model in full.")] = None, format: Format = "text"
) -> None:
    """List the reference models, or describe one.

    Example: saliency-eval models centre_bias
    """
    from saliency_eval import models as _declared  # noqa: F401  (declares the models)
    from saliency_eval.core import MODELS
    from saliency_eval.variant import variant

    console.begin("models", choice("--format", format, TextOrJson))
    if name is not None and name not in MODELS:
        unknown("model", name, MODELS)
    chosen = [MODELS[name]] if name else list(MODELS.values())
    if format == "json":
        results = [{"key": m.key, "summary": m.summary, "source": m.traits["source"]} for m in chosen]
        console.document(0, results=results)
    elif name:
        describe(variant(name, "model"))
    else:
        for text in columns([["model", "what it is"], *([m.key, m.summary] for m in chosen)]):
            console.print(text)


def run(
    model: Annotated[str, typer.Argument(help="Model, with options: centre_gaussian(width=0.3).")],
    data: Data,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the maps.")],
    root: Root = None,
    workers: Workers = None,
    format: Format = "text",
    quiet: Quiet = False,
) -> None:
    """Write the maps of a reference model, one float32 .npy for each image.

    Example: saliency-eval run centre_bias --data osie --root data/OSIE --out cb_maps
    """
    from saliency_eval.cli.score import worker_count
    from saliency_eval.datasets import load_dataset
    from saliency_eval.models.runner import write_maps

    console.begin("run", choice("--format", format, TextOrJson), quiet)
    dataset = load_dataset(data, root)
    with bar(len(dataset), model) as progress:
        made = write_maps(model, dataset, out, worker_count(workers), progress)
    if made.leaves_out_observers:
        console.note(
            f"note: a file holds one map for an image; score model:{made.name} scores the fixations of some "
            "observers under the maps of others"
        )
    if format == "json":
        console.document(0, results=[{"model": str(made.variant), "maps": len(dataset), "out": str(out)}])
    else:
        console.print(f"{len(dataset)} maps of {made.variant} in {shown(out, 500)}")
