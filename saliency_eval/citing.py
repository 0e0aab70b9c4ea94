"""What to cite: the package, and what the metrics, models and data sets that were used are taken from."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from saliency_eval import __version__
from saliency_eval import metrics as _metrics  # noqa: F401  (declares the metrics)
from saliency_eval import models as _models  # noqa: F401  (declares the models)
from saliency_eval.core import METRICS, MODELS
from saliency_eval.datasets import ADAPTERS
from saliency_eval.datasets.card import Card
from saliency_eval.errors import Problem, SaliencyEvalError, fail, nearest, shown
from saliency_eval.predictions.stated import stated
from saliency_eval.run import Run
from saliency_eval.saved import load_runs

REFERENCES = Path(__file__).parent / "references.bib"
ADDRESSES = {"doi": "https://doi.org/", "hdl": "http://hdl.handle.net/", "arxiv": "https://arxiv.org/abs/"}
PACKAGE = f"""@software{{saliency_eval,
  author = {{{{The saliency\\_eval developers}}}},
  title = {{saliency\\_eval: evaluation of saliency maps}},
  version = {{{__version__}}}
}}"""


class Cited(NamedTuple):
    """A publication as BibTeX or plain text, empty where none is known, and what it stands for."""

    used: tuple[str, ...]
    text: str

    @property
    def key(self) -> str:
        """What two entries of one publication have in common."""
        found = re.match(r"@\w+\{([^,\s]+),", self.text)
        return found[1] if found else self.text


def cite(names: Iterable[str]) -> tuple[list[Cited], list[Problem]]:
    """What to cite for data sets, metrics and models by name, saved runs and maps in folders; the package comes first.

    Also the findings about runs that could not be read. Raises `missing` (exit 3) for a folder without a run and
    `usage` (exit 2) for a name that does not exist.
    """
    found, problems = [Cited(("package saliency_eval",), PACKAGE)], []
    for name in names:
        if isinstance(maker := stated(name, "model"), str):
            found += of_maker(maker)
        elif name not in {*ADAPTERS, *METRICS, *MODELS} and os.path.isdir(name):
            runs, skipped = load_runs(name)
            if not runs:
                text = f"a folder to cite must hold saved runs, {shown(name, 200)} has none"
                raise SaliencyEvalError(
                    [Problem("missing", text, "score first, or name another one"), *skipped]
                )
            found += [one for run in runs for one in of_run(run)]
            problems += skipped
        else:
            found += of_name(name)
    return merged(found), problems


def of_run(run: Run) -> Iterator[Cited]:
    """The data set, the metrics and the model of a run."""
    yield Cited((f"data set {run.data.id}@{run.data.version}",), run.data.citation or "")
    for name in run.keys:
        yield from of_name(name)
    yield from of_maker(run.source)


def of_maker(text: str) -> Iterator[Cited]:
    """The model that made maps, as it signs them; nothing where maps were read, nor for a model of others."""
    key = text.partition("|")[0]
    if key and "#" not in key:  # a hash is in the name of a model of others
        yield from of_name(key)


def of_name(name: str) -> Iterator[Cited]:
    """A data set, metric or model; of one that is its own definition nothing."""
    if name in ADAPTERS:
        card = Card.of(name)
        yield Cited((f"data set {name}@{card.version}",), card.citation.strip())
    elif name in METRICS or name in MODELS:
        kind, declared = ("metric", METRICS[name]) if name in METRICS else ("model", MODELS[name])
        if (source := str(declared.traits["source"])) != "definition":
            yield Cited((f"{kind} {name}",), of_source(name, source))
    else:
        text = f"'{shown(name, 200)}' is no folder, data set, metric or model"
        fail("usage", text, nearest(name, [*ADAPTERS, *METRICS, *MODELS]))


def of_source(name: str, source: str) -> str:
    """The entry of a source such as `doi:10.1167/7.14.4`: with authors and title where the package knows them."""
    scheme, _, id = source.partition(":")
    end = re.escape(id.lstrip("/"))
    for entry in entries():
        if re.search(rf"[{{/]{end}\}}", entry):  # as DOI or at the end of an address
            return entry
    address = f"{ADDRESSES[scheme.lower()]}{id}" if scheme.lower() in ADDRESSES else source
    return f"@misc{{{name},\n  url = {{{address}}}\n}}"


def entries() -> list[str]:
    """The BibTeX of the package, that of the cards included."""
    texts = [REFERENCES.read_text(encoding="utf-8"), *(Card.of(key).citation for key in ADAPTERS)]
    return [entry.strip() for text in texts for entry in re.split(r"\n(?=@)", text) if entry.strip()]


def merged(found: Iterable[Cited]) -> list[Cited]:
    """Each publication once, with all that it stands for; what has none comes last."""
    by_key: dict[str, Cited] = {}
    for one in found:
        known = by_key.get(one.key, Cited((), one.text))
        by_key[one.key] = known._replace(used=tuple(dict.fromkeys([*known.used, *one.used])))
    return sorted(by_key.values(), key=lambda one: not one.text)
