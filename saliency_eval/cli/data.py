"""`data`: which data sets are known, what they are, whether a copy is complete, how to get one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saliency_eval.cli.console import columns, console
from saliency_eval.cli.options import Format, Quiet, Root, TextOrJson, choice
from saliency_eval.datasets import ADAPTERS, adapter, data_folder, is_path, own, parse_spec
from saliency_eval.errors import SaliencyEvalError, shown, unknown

if TYPE_CHECKING:
    from saliency_eval.datasets.base import Dataset
    from saliency_eval.datasets.card import Card
    from saliency_eval.datasets.fetch import Fetched

HELP = """Data sets: list, describe, verify, download.

Example: saliency-eval data list
"""
app = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="Data set: name, name@edition, name(option=value), or a folder.")]


@app.command("list")
def list_all(format: Format = "text") -> None:
    """List the data sets that are known, and whether they are on this machine.

    Example: saliency-eval data list
    """
    from saliency_eval.datasets.card import Card

    console.begin("data list", choice("--format", format, TextOrJson))
    cards = {key: Card.of(key) for key in ADAPTERS}
    present = {key: key == "demo" or (data_folder() / key).is_dir() for key in ADAPTERS}
    if format == "json":
        results = [
            {"key": key, "name": c.name, "version": c.version, "present": present[key], "summary": c.summary}
            for key, c in cards.items()
        ]
        console.document(0, results=results, folder=str(data_folder()))
        return
    rows = [["data set", "here", "what it is"]]
    rows += [[key, "yes" if present[key] else "-", card.summary] for key, card in cards.items()]
    for text in columns(rows):
        console.print(text)
    console.note(f"data sets are looked for in {shown(data_folder(), 500)}; --root names another place")


@app.command()
def info(data: Name, format: Format = "text") -> None:
    """Show the card of a data set: source, licence, citation, layout, what a complete copy contains.

    Example: saliency-eval data info osie
    """
    from dataclasses import asdict

    console.begin("data info", choice("--format", format, TextOrJson))
    kind, card = described(data)
    if format == "json":
        console.document(0, results=[asdict(card)])
        return
    console.print(f"{shown(card.name)}: {shown(card.summary, 500)}\n")
    for text in columns([[what, shown(value, 500)] for what, value in facts(kind, card) if value]):
        console.print(text)
    for title, text in (("Layout", card.layout), ("Notes", card.notes), ("Cite", card.citation)):
        if text.strip():
            console.print("\n".join(["", title, *(shown(line, 500) for line in text.strip().split("\n"))]))


def described(spec: str) -> tuple[type[Dataset], Card]:
    """Adapter and card of a data set that need not be there; refuses what loading it would refuse."""
    from saliency_eval.datasets.card import Card

    if is_path(spec):
        return own(spec), own(spec)(Path(spec)).card
    key, options = parse_spec(spec)
    kind, card = adapter(key), Card.of(key)
    editions = kind.options.get("edition", (card.version,))
    choice(f"edition of {key}", options.pop("@", editions[0]), editions)
    for name, value in options.items():
        if name not in kind.options:
            unknown(f"option of data set {key}", name, kind.options)
        choice(f"{key}({name}=...)", value, kind.options[name])
    return kind, card


def facts(kind: type[Dataset], card: Card) -> list[tuple[str, str]]:
    """What the card says, line by line."""
    return [
        ("edition", card.version),
        ("source", card.source),
        ("licence", card.licence),
        ("observers", str(card.observers or "")),
        ("seconds", str(card.seconds or "")),
        ("blur", card.blur),
        ("pixel rule", card.pixel_rule),
        *(("option", f"{name}={'|'.join(values)}") for name, values in kind.options.items()),
        *(("expected", text) for text in flat(card.expected)),
        *(("file", f"{f['name']}  {f['url']}") for f in card.files),
    ]


def flat(table: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Nested totals line by line; the innermost ones of a table share a line."""
    for name, value in table.items():
        if not isinstance(value, Mapping):
            yield f"{above}{name}: {plain(value)}"
        elif any(isinstance(v, Mapping) for v in value.values()):
            yield from flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}: " + ", ".join(f"{k} {plain(v)}" for k, v in value.items())


def plain(value: object) -> str:
    """A value as text, lists without brackets."""
    return " x ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


@app.command()
def check(data: Name, root: Root = None, format: Format = "text", quiet: Quiet = False) -> None:
    """Compare a copy of a data set with the totals of its card; exit 4 when it differs.

    Example: saliency-eval data check osie --root data/OSIE
    """
    from saliency_eval.datasets import load_dataset
    from saliency_eval.datasets.verify import check_dataset

    console.begin("data check", choice("--format", format, TextOrJson), quiet)
    report = check_dataset(load_dataset(data, root))
    if format == "text":
        signs = {True: "ok", False: "DIFFERS", None: ""}
        rows = [["", "expected", "got", ""]]
        rows += [[row.what, row.expected, row.got, signs[row.ok]] for row in report.rows]
        for text in columns(rows):
            console.print(text)
    if not report.ok:
        raise SaliencyEvalError(report.problems)
    if format == "json":
        console.document(0, results=[row._asdict() for row in report.rows])


@app.command()
def fetch(
    data: Name,
    root: Root = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Say what would be fetched, fetch nothing.")
    ] = False,
    format: Format = "text",
    quiet: Quiet = False,
) -> None:
    """Download what may be downloaded, verify every hash, unpack it; say how to get the rest.

    Example: saliency-eval data fetch mit1003
    """
    from saliency_eval.datasets.fetch import Fetched, fetchable
    from saliency_eval.datasets.fetch import fetch as fetch_files

    console.begin("data fetch", choice("--format", format, TextOrJson), quiet)
    kind, card = described(data)
    target = root or data_folder() / kind.key
    ways = {file["name"]: "fetched" if fetchable(file) else "by hand" for file in card.files}
    console.note(f"{shown(card.name)}, {shown(card.licence)}, from {shown(card.source, 500)}")
    for file in card.files:
        console.note(f"{ways[file['name']]}: {file['name']}  {file['url']}")
    got = Fetched((), (), ()) if offline else fetch_files(card, target)
    if format == "json":
        result = {"data": kind.key, "folder": str(target), "files": ways, **got._asdict()}
        console.document(0, results=[result])
    elif not offline:
        for text in told(got):
            console.print(text)
        place = shown(target, 500)
        console.print(f"in {place}; verify it: saliency-eval data check {kind.key} --root {place}")


def told(got: Fetched) -> list[str]:
    """What was fetched, what was there, and how to get the rest."""
    done = (("fetched", got.done), ("already there", got.present))
    return [*(f"{what}: {', '.join(names)}" for what, names in done if names), *got.by_hand]


@app.command()
def pack(
    folder: Annotated[Path, typer.Argument(help="Folder of 300 JPEG maps, named like the images.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Archive to write.")],
    root: Annotated[Path | None, typer.Option("--root", help="The MIT300 images, to compare sizes.")] = None,
    format: Format = "text",
) -> None:
    """Check a folder of maps against the submission rules of MIT300 and pack it.

    Example: saliency-eval data pack my_maps --out submission.zip
    """
    from saliency_eval.datasets import load_dataset
    from saliency_eval.datasets.mit300_submission import pack_submission

    console.begin("data pack", choice("--format", format, TextOrJson))
    packed = pack_submission(folder, out, load_dataset("mit300", root) if root else None) or out
    if format == "json":
        console.document(0, results=[{"folder": str(folder), "archive": str(packed)}])
    else:
        console.print(f"packed {shown(folder, 500)} as {shown(packed, 500)}")
