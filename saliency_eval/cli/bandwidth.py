"""`models bandwidth`: the Gaussian under which the gold standard makes fixations likeliest."""

from __future__ import annotations

from typing import Annotated

import typer

from saliency_eval.cli.console import columns, console
from saliency_eval.cli.options import Data, Format, Quiet, Root, TextOrJson, choice
from saliency_eval.cli.progress import bar

AT_EDGE = "note: the best one lies at the edge of what was tried: give others with --sigma and --mix"


def bandwidth(
    data: Data,
    root: Root = None,
    sigma: Annotated[list[float] | None, typer.Option(help="In px; again for each further one.")] = None,
    mix: Annotated[
        list[float] | None, typer.Option(help="Share of a uniform map; again for each further one.")
    ] = None,
    format: Format = "text",
    quiet: Quiet = False,
) -> None:
    """Bits per fixation of the gold standard over a uniform map, for each sigma and mix, and the best of them.

    Example: saliency-eval models bandwidth --data osie --root data/OSIE
    """
    from saliency_eval.datasets import load_dataset
    from saliency_eval.models.bandwidth import MIXES
    from saliency_eval.models.bandwidth import bandwidth as tried

    console.begin("models bandwidth", choice("--format", format, TextOrJson), quiet)
    dataset = load_dataset(data, root)
    with console.aside(), bar(len(dataset), "bandwidth") as progress:
        found = tried(dataset, sigma or (), mix or MIXES, progress)
    if found.at_edge:
        console.note(AT_EDGE)
    if format == "json":
        result = found._asdict() | {"bits": found.bits.tolist(), "best": found.best}
        console.document(0, results=[result])
        return
    head = ["sigma", *(f"mix {value:g}" for value in found.mixes)]
    rows = (
        [f"{s:g}", *(f"{value:.3f}" for value in of)] for s, of in zip(found.sigmas, found.bits, strict=True)
    )
    for text in columns([head, *rows]):
        console.print(text)
    console.print(f"{found.best}, of {found.fixations} fixations")
