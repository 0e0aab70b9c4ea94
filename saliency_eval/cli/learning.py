"""`models learn`: the filters that some models rest on, learned again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from saliency_eval.cli.console import console
from saliency_eval.cli.options import Format, Quiet, TextOrJson, choice, out_folder
from saliency_eval.errors import ENVIRONMENT, fail, shown, unknown


def learn(
    model: Annotated[str, typer.Argument(help="aim, dva or sun.")],
    out: Annotated[
        Path,
        out_folder("Folder for the filters."),
    ],
    format: Format = "text",
    quiet: Quiet = False,
) -> None:
    """Learn the filters of a model again, from photographs inside scikit-image and scikit-learn.

    Writes .npz files that say from what and how, and compares them with those of the package. It takes a minute.

    Example: saliency-eval models learn aim --out filters
    """
    from saliency_eval.models.bases import bundled
    from saliency_eval.models.learning import RECIPES, angle, learned

    console.begin("models learn", choice("--format", format, TextOrJson), quiet)
    if model not in RECIPES:
        unknown("model with filters", model, RECIPES)
    results = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for recipe in RECIPES[model]:
            console.note(f"note: learning {recipe.name} from {recipe.patches} patches")
            basis, path = learned(recipe), out / f"{recipe.name}.npz"
            basis.save(path)
            results.append({
                "file": str(path),
                "filters": len(basis.filters),
                "iterations": basis.provenance["iterations"],
                "angle": angle(basis.filters, bundled(recipe.name).filters),
            })  # fmt: skip
    except OSError as error:
        fail("io", f"filters cannot be written to {shown(out)}: {error.strerror or error}", "choose another --out",
             exit=ENVIRONMENT)  # fmt: skip
    if format == "json":
        console.document(0, results=results)
    else:
        for r in results:
            same = f"their space is {r['angle']:.1g} rad from that of the package"
            console.print(f"{r['filters']} filters in {shown(r['file'], 500)}; {same}")
