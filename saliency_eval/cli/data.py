"""`data`: which data sets are known, what they are, whether a copy is complete, how to get one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from saliency_eval.cli.console import columns, console
from saliency_eval.cli.options import Format, Quiet, Root, choice
from saliency_eval.datasets import ADAPTERS, adapter, data_folder
from saliency_eval.errors import SaliencyEvalError, shown

app = typer.Typer(
    help="Data sets: list, describe, verify, download.", no_args_is_help=True, rich_markup_mode=None
)

Name = Annotated[str, typer.Argument(help="Data set: name, name@edition, name(option=value), or a folder.")]


@app.command("list")
def list_all(format: Format = "text") -> None:
    """List the data sets that are known, and whether they are on this machine.

    Example: saliency-eval data list
    """
    from saliency_eval.datasets.card import Card

    console.begin("data list", choice("--format", format, ("text", "json")))
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
    console.note(f"data sets are looked for in {data_folder()}; --root names another place")


@app.command()
def info(data: Name, format: Format = "text") -> None:
    """Show the card of a data set: source, licence, citation, layout, what a complete copy contains.

    Example: saliency-eval data info osie
    """
    from dataclasses import asdict

    from saliency_eval.datasets.card import Card

    console.begin("data info", choice("--format", format, ("text", "json")))
    key = data.partition("@")[0].partition("(")[0]
    kind = adapter(key)
    card = Card.of(key)
    if format == "json":
        console.document(0, results=[asdict(card)])
        return
    facts = [
        ["edition", card.version],
        ["source", card.source],
        ["licence", card.licence],
        ["observers", str(card.observers or "")],
        ["seconds", str(card.seconds or "")],
        ["blur", card.blur],
        ["pixel rule", card.pixel_rule],
        *(["option", f"{name}={'|'.join(values)}"] for name, values in kind.options.items()),
        *(["expected", f"{name}: {value}"] for name, value in card.expected.items()),
        *(["file", f"{f['name']}  {f['url']}"] for f in card.files),
    ]
    console.print(f"{card.name}: {card.summary}\n")
    for text in columns([fact for fact in facts if fact[1]]):
        console.print(text)
    for title, text in (("Layout", card.layout), ("Notes", card.notes), ("Cite", card.citation)):
        if text.strip():
            console.print(f"\n{title}\n{text.strip()}")


@app.command()
def check(data: Name, root: Root = None, format: Format = "text", quiet: Quiet = False) -> None:
    """Compare a copy of a data set with the totals of its card; exit 4 when it differs.

    Example: saliency-eval data check osie --root data/OSIE
    """
    from saliency_eval.datasets import load_dataset
    from saliency_eval.datasets.verify import check_dataset

    console.begin("data check", choice("--format", format, ("text", "json")), quiet)
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
    quiet: Quiet = False,
) -> None:
    """Download what may be downloaded, verify every hash, unpack it; say how to get the rest.

    Example: saliency-eval data fetch mit1003
    """
    from saliency_eval.datasets.card import Card
    from saliency_eval.datasets.fetch import fetch as fetch_files
    from saliency_eval.datasets.fetch import fetchable

    console.begin("data fetch", quiet=quiet)
    key = data.partition("@")[0].partition("(")[0]
    adapter(key)
    card = Card.of(key)
    target = root or data_folder() / key
    console.note(f"{card.name}, {card.licence}, from {card.source}")
    for file in card.files:
        how = "fetched" if fetchable(file) else "by hand"
        console.note(f"{how}: {file['name']}  {file['url']}")
    if offline:
        return
    got = fetch_files(card, target)
    for what, names in (("fetched", got.done), ("already there", got.present)):
        if names:
            console.print(f"{what}: {', '.join(names)}")
    for text in got.by_hand:
        console.print(text)
    console.print(f"in {target}; verify it: saliency-eval data check {key} --root {target}")


@app.command()
def pack(
    folder: Annotated[Path, typer.Argument(help="Folder of 300 JPEG maps, named like the images.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Archive to write.")],
    root: Annotated[Path | None, typer.Option("--root", help="The MIT300 images, to compare sizes.")] = None,
) -> None:
    """Check a folder of maps against the submission rules of MIT300 and pack it.

    Example: saliency-eval data pack my_maps --out submission.zip
    """
    from saliency_eval.datasets import load_dataset
    from saliency_eval.datasets.mit300_submission import pack_submission

    console.begin("data pack")
    packed = pack_submission(folder, out, load_dataset("mit300", root) if root else None)
    console.print(f"packed {shown(folder, 500)} as {shown(packed or out, 500)}")
