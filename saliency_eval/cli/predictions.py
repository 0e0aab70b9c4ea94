"""What the commands that read predictions have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from saliency_eval.cli.console import console
from saliency_eval.cli.options import Count, TextOrJson, choice
from saliency_eval.errors import fail
from saliency_eval.options import split_list

if TYPE_CHECKING:
    from saliency_eval.protocols import Subject

Predictions = Annotated[list[str], typer.Argument(help="Folders or archives of maps, or model:NAME.")]
Prefix = Annotated[str, typer.Option(help="What file names have before the image name.")]
Suffix = Annotated[str, typer.Option(help="What file names have after the image name.")]
Pattern = Annotated[str | None, typer.Option(help="File names, such as '{stem}_pred'.")]
VariableName = Annotated[str | None, typer.Option("--variable", help="The array inside each file.")]
KindName = Annotated[
    str | None,
    typer.Option(
        help="What the values are: map, density or log-density; default as predictions say, else map."
    ),
]
ResizeRule = Annotated[str, typer.Option(help="protocol: same-aspect maps are resized; error: refused.")]
Protocols = Annotated[
    str,
    typer.Option(
        help="Of fixations: mit, tuebingen, salicon2017, salicon2015, exact. Of boxes: fong2017, casme, wsol-v1, "
        "wsol-v2, dabkowski2017, torchray-pointing, rise. Or all of the kind."
    ),
]
Missing = Annotated[str, typer.Option(help="Images without a map: error, constant or skip.")]


def begin(
    command: str, kind: str | None, resize: str, format: str, quiet: bool, on_missing: str = "error"
) -> None:
    """Note what runs, and refuse values that no protocol knows."""
    console.begin(command, choice("--format", format, TextOrJson), quiet)
    check_words(kind, resize, on_missing)


def check_words(kind: str | None, resize: str, on_missing: str) -> None:
    """Refuse values that no protocol knows."""
    choice("--kind", kind or "map", ("map", "density", "log-density"))
    choice("--resize", resize, ("protocol", "error"))
    choice("--on-missing", on_missing, ("error", "constant", "skip"))


def protocol_names(text: str, subject: Subject) -> list[str]:
    """The protocols that a list names, each once; `all` are those of one kind of truth."""
    from saliency_eval.protocols import PROTOCOLS, names_of, protocol

    words = split_list(text)
    named = [p for word in words for p in (names_of(subject) if word == "all" else [protocol(word).name])]
    if not named:
        fail("usage", "--protocol names none", f"Known: {', '.join(PROTOCOLS)}, all")
    return list(dict.fromkeys(named))


def worker_count(workers: Count | None, executor: str = "local") -> Count:
    """As asked for, else as many as there are: on this machine cores, up to four."""
    from saliency_eval.executors import LOCAL, usable_cores

    if workers is None:
        return min(4, usable_cores()) if executor == LOCAL else "auto"
    return workers
