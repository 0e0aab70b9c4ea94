"""Adapters of data sets: one module for each official on-disk layout.

>>> load_dataset("demo").key
'demo'
"""

from __future__ import annotations

import importlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from saliency_eval.errors import USAGE, fail, shown, unknown

if TYPE_CHECKING:
    from saliency_eval.datasets.base import Dataset as Dataset

ADAPTERS = {  # key: module and class, imported when used
    "boxes": ("box_folder", "BoxFolder"),
    "cifar10": ("cifar10", "Cifar10"),
    "demo": ("demo", "Demo"),
    "folder": ("folder", "Folder"),
    "imagenet": ("imagenet", "ImageNet"),
    "mit1003": ("mit1003", "Mit1003"),
    "mit300": ("mit300", "Mit300"),
    "osie": ("osie", "Osie"),
    "pascal_s": ("pascal_s", "PascalS"),
    "salicon": ("salicon", "Salicon"),
    "tiny_imagenet": ("tiny_imagenet", "TinyImageNet"),
}
SPEC = re.compile(r"(?P<key>\w+)(@(?P<edition>[^()@]+))?(\((?P<options>.*)\))?")

__all__ = ["ADAPTERS", "Dataset", "adapter", "data_folder", "load_dataset"]


def __getattr__(name: str) -> object:
    """The base class is imported when first used, so that listing the names stays cheap."""
    if name == "Dataset":
        return importlib.import_module("saliency_eval.datasets.base").Dataset
    raise AttributeError(f"module 'saliency_eval.datasets' has no attribute '{name}'")


def load_dataset(spec: str | Path, root: str | Path | None = None, **options: object) -> Dataset:
    """A data set by name, `salicon@2017` or `salicon(edition=2017,split=val)`, or the folder of an own one,
    also with options: `./toy(out_of_range=raise)`.

    `root`: the unpacked data set, or the folder that holds it as `osie/` or `OSIE/`; default `data_folder()`.
    Options given by name win over those in the text.

    Raises `usage` (exit 2) for a name or option that does not exist; `not_available` or `layout` (exit 4) for
    a root that is missing or not the official layout.
    """
    from saliency_eval.datasets.files import path_of

    root = None if root is None else path_of(root, "the root of a data set")
    if is_path(spec):
        path, written = parse_path(spec)
        return own(path)(path, **{**written, **options}).ready()
    key, written = parse_spec(str(spec))
    kind = adapter(key)
    edition = written.pop("@", None)
    if edition is not None and "edition" in kind.options:
        written["edition"] = edition
    data = kind(root_of(kind, root), **{**written, **options})
    if edition not in (None, data.version):
        fail("usage", f"{key} has no edition '{shown(edition)}'", f"known: {data.version}", exit=USAGE)
    return data.ready()


def adapter(key: str) -> type[Dataset]:
    """The class of a data set; raises `usage` (exit 2) with the nearest name."""
    if key not in ADAPTERS:
        unknown("data set", key, ADAPTERS)
    module, name = ADAPTERS[key]
    found: type[Dataset] = getattr(importlib.import_module(f"saliency_eval.datasets.{module}"), name)
    return found


def own(path: str | Path) -> type[Dataset]:
    """The class of an own folder: one of fixations, or of boxes where it holds these alone."""
    from saliency_eval.datasets.files import path_of

    base = path_of(path, "the root of a data set")
    holds = [
        name for name in ("fixations.csv", "fixations.json", "boxes.csv") if os.path.lexists(base / name)
    ]
    return adapter("boxes" if holds == ["boxes.csv"] else "folder")


def data_folder() -> Path:
    """Where data sets lie: `$SALIENCY_EVAL_DATA`, else `saliency-eval` in the user's data folder."""
    if named := os.environ.get("SALIENCY_EVAL_DATA"):
        return Path(named)
    return Path(os.path.expanduser(os.environ.get("XDG_DATA_HOME") or "~/.local/share")) / "saliency-eval"


def root_of(kind: type[Dataset], root: str | Path | None) -> Path:
    """The folder of a data set: `<root>/<key>` or `<root>/<name>` where there is one, else the root."""
    from saliency_eval.datasets.card import Card

    base = data_folder() if root is None else Path(root)
    below = [base / name for name in (kind.key, Card.of(kind.key).name)]
    return next((path for path in below if os.path.isdir(path)), below[0] if root is None else base)


def is_path(spec: str | Path) -> bool:
    """Is it a folder rather than the name of a data set? Raises `usage` (exit 2) for what can be neither."""
    from saliency_eval.datasets.files import path_of

    path_of(spec, "a data set")
    text = str(spec)
    before, named = text.partition("(")[0], SPEC.fullmatch(text)
    if not isinstance(spec, str) or os.sep in before:
        return True
    return any(map(os.path.lexists, (text, before))) and not (named and named["key"] in ADAPTERS)


def parse_path(spec: str | Path) -> tuple[str | Path, dict[str, str]]:
    """The folder of an own data set, and the options written behind it.

    >>> parse_path("./toy(out_of_range=raise)")
    ('./toy', {'out_of_range': 'raise'})
    """
    found = re.fullmatch(r"(.+?)\(([^()]*)\)", spec) if isinstance(spec, str) else None
    if found is None or os.path.lexists(spec):
        return spec, {}
    return found[1], parse_options(found[2], str(spec))


def parse_spec(text: str) -> tuple[str, dict[str, str]]:
    """Key and options of a specification; the edition stands under `@`.

    >>> parse_spec("salicon@2017(split=val)")
    ('salicon', {'split': 'val', '@': '2017'})
    """
    match = SPEC.fullmatch(text.strip())
    if match is None:
        fail("usage", f"'{shown(text)}' is not a data set", "write name, name@edition or name(option=value)")
    options = parse_options(match["options"] or "", text)
    return match["key"], options | ({"@": match["edition"].strip()} if match["edition"] else {})


def parse_options(written: str, text: str) -> dict[str, str]:
    """The options `name=value` between commas."""
    options = {}
    for pair in written.split(","):
        name, sign, value = pair.partition("=")
        if pair.strip() and not sign:
            fail("usage", f"'{shown(pair)}' in '{shown(text)}' gives no value", "write option=value")
        if sign:
            options[name.strip()] = value.strip()
    return options
