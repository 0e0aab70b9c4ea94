"""Scores that another project pins: one record for each name, with the versions that made it.

`saliency_eval.pytest_plugin` compares with them in tests.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeAlias

from saliency_eval import disk
from saliency_eval.errors import SaliencyEvalError, fail, shown
from saliency_eval.recorded import Number, Numbers, compare, listed, number, then_and_now
from saliency_eval.run import Run
from saliency_eval.scoring import score
from saliency_eval.signatures import without
from saliency_eval.store import slug
from saliency_eval.versions import versions

if TYPE_CHECKING:
    from saliency_eval.datasets.base import Dataset

SCHEMA = 1
MOST = 64 << 20  # bytes of a record
Scores: TypeAlias = Run | Mapping[str, Any]


class Record(NamedTuple):
    """Numbers by image and metric, what they depend on, and the versions that made them."""

    name: str
    values: Numbers
    signatures: Mapping[str, str]
    versions: Mapping[str, str]


def record_of(name: str, scores: Any, data: str | Dataset | None = None, **options: Any) -> Record:
    """What is to be recorded: of a run, of numbers by metric, or by image and metric.

    With `data` the scores are predictions, scored as `se.score` does with the other options. Raises
    `SaliencyEvalError` for predictions that are refused, and `usage` for anything else, or for no number at all.
    """
    if data is not None:
        scores = score(scores, data, **options)
    elif options:
        fail("usage", f"{shown(next(iter(options)))} is an option of scoring", "give data=... as well")
    values, signatures = content(scores)
    if not any(values.values()):
        fail("usage", f"a record must hold numbers, '{shown(name)}' holds none", "score at least one image")
    return Record(name, values, signatures, versions())


def content(scores: Scores) -> tuple[Numbers, dict[str, str]]:
    """Numbers by image and metric, and the signatures where there are any."""
    if isinstance(scores, Run):
        values = {
            id: {label: number(float(v)) for label, v in zip(scores.labels, row, strict=True)}
            for id, row in zip(scores.ids, scores.values, strict=True)
        }
        return values, {label: without_version(line) for label, line in scores.signatures.items()}
    if not isinstance(scores, Mapping):
        not_scores(scores)
    if any(isinstance(v, Mapping) for v in scores.values()):
        return {text(id): numbers(values) for id, values in scores.items()}, {}
    return {"": numbers(scores)}, {}


def numbers(scores: Any) -> dict[str, Number]:
    """Numbers by metric."""
    if not isinstance(scores, Mapping):
        not_scores(scores)
    return {text(metric): value_of(value) for metric, value in scores.items()}


def value_of(value: Any) -> Number:
    """One number."""
    try:
        return number(float(value))
    except (TypeError, ValueError):
        not_scores(value)


def text(name: object) -> str:
    """The name of an image or metric."""
    return name if isinstance(name, str) else not_scores(name)


def not_scores(got: object) -> NoReturn:
    """Raise what can be recorded."""
    fail(
        "usage",
        f"scores must be a run, or numbers by metric, or by image and metric, got {shown(repr(got))}",
        "give predictions together with data=...",
    )


def without_version(line: str) -> str:
    """A signature without the version of this package, which is recorded beside it."""
    return without(line, ("v",))


def changes(old: Record, new: Record, tolerance: float) -> str:
    """What differs between two records, as text; empty where nothing does."""
    lines = [
        f"{shown(label, 500)} was {shown(old.signatures.get(label, 'not recorded'), 2000)}\n"
        f"    and is {shown(new.signatures.get(label, 'not scored'), 2000)}"
        for label in {**old.signatures, **new.signatures}
        if old.signatures.get(label) != new.signatures.get(label)
    ]
    found = compare(old.values, new.values, tolerance)
    if found:
        count = sum(map(len, new.values.values()))
        lines.append(f"{len(found)} of {count} numbers differ (relative tolerance {tolerance:g}):")
        lines += listed(found, "{0.signature} of image {0.case}" if found[-1].case else "{0.signature}")
    return "\n".join([*lines, then_and_now(old.versions, new.versions)]) if lines else ""


def different(folder: Path, new: Record, tolerance: float) -> str:
    """What differs from the record in a folder; raises `missing` where there is none, `unreadable` for a broken one."""
    return changes(read(folder, new.name), new, tolerance)


def update(folder: Path, new: Record, tolerance: float) -> bool:
    """Write a record unless the one that is there holds the same; was it written? Raises OSError."""
    with contextlib.suppress(SaliencyEvalError):  # none is there, or it is broken
        if not different(folder, new, tolerance):
            return False
    write(folder, new)
    return True


# ------------------------------------------------------------------ on disk


def path_of(folder: Path, name: str) -> Path:
    """The file of a record: the name itself where it is a safe file name, else what is left of it and eight digits.

    >>> path_of(Path("golden"), "my_model").name, path_of(Path("golden"), "../My Model").name
    ('my_model.json', 'my-model-f18d0bea.json')
    """
    safe = slug(name)
    digits = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return folder / (f"{safe}.json" if safe == name else f"{safe}-{digits}.json")


def write(folder: Path, record: Record) -> None:
    """Write a record, whole or not at all; raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {"schema": SCHEMA, **record._asdict()}
    data = json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n"
    disk.replace(path_of(folder, record.name), data.encode())


def read(folder: Path, name: str) -> Record:
    """The record of a name; raises `missing` where there is none, `unreadable` for what is no record."""
    path = path_of(folder, name)
    try:
        return parsed(disk.read(path, MOST), name)
    except FileNotFoundError:
        fail("missing", f"there is no record of '{shown(name)}', looked for {shown(path, 500)}", "record it")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
        text = f"{shown(path, 500)} must be a record of schema {SCHEMA}: {shown(repr(error), 200)}"
        fail("unreadable", text, "take it from version control, or record it anew")


def parsed(data: bytes, name: str) -> Record:
    """A record from its bytes; raises ValueError and others for what is none."""
    found = json.loads(data.decode(), parse_constant=refuse)
    record = Record(*(found[key] for key in Record._fields))
    if (found["schema"], record.name) != (SCHEMA, name):
        refuse(f"schema {found['schema']}, name {record.name}")
    if not all(isinstance(t, dict) for t in (*record[1:], *record.values.values())):
        refuse("values, signatures and versions must be objects")
    return record


def refuse(text: str) -> NoReturn:
    """Raise what JSON of a record cannot hold."""
    raise ValueError(text)
