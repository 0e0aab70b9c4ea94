"""What was scored so far, on disk: a run that is ended at any moment goes on where it was.

One line for each image, with the hashes of everything that its values depend on and a checksum of its own. A line
counts when all of them hold; any other is as good as none, so several processes may write to one journal.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import math
import os
import shutil
import typing
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saliency_eval.core import Stimulus
from saliency_eval.disk import open_plain
from saliency_eval.errors import CODES, Problem, SaliencyEvalError
from saliency_eval.options import alternatives
from saliency_eval.scored import Scored, Value
from saliency_eval.stats import MOST_VALUE
from saliency_eval.variant import Variant
from saliency_eval.versions import versions

NAME = "partial.jsonl"
LONGEST = 1 << 20  # bytes of a line
MOST_COUNT = 1 << 53
MOST = 512 << 20  # bytes that are looked at


class Journal:
    """The lines of one way of scoring, in a hidden folder beside the finished runs; made when first written to."""

    def __init__(self, folder: Path, setting: str) -> None:
        self.folder, self.setting = folder, setting
        self.failure: OSError | None = None  # what is no longer kept must not stop the scoring
        self._file: int | None = None
        self._made: list[Path] = []

    def read(self, ids: Collection[str]) -> dict[str, Scored]:
        """What is known of some images; the last line of each that holds."""
        lines = (parse(line, self.setting) for line in self._lines())
        return {scored.id: scored for scored in lines if scored is not None and scored.id in ids}

    def add(self, scored: Scored) -> None:
        """Append one image; the first failure is kept, and nothing is written after it."""
        if self.failure is not None:
            return
        try:
            if self._file is None:
                self._file = self._open()
            os.write(self._file, line_of(scored, self.setting))
        except OSError as error:
            self.failure = error

    def close(self) -> None:
        """Let go of the file; it is opened again when something is added."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def discard(self) -> None:
        """Remove everything that was made for it."""
        self.close()
        if not self.folder.is_symlink():
            shutil.rmtree(self.folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            for folder in self._made:
                folder.rmdir()

    def _open(self) -> int:
        """The file to append to; a torn last line is ended first."""
        self._made = [path for path in self.folder.parents if not path.exists()]
        self.folder.mkdir(parents=True, exist_ok=True)
        file = opened(self.folder, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":
            os.write(file, b"\n")
        return file

    def _lines(self) -> Iterator[bytes]:
        try:
            number = opened(self.folder, os.O_RDONLY)
        except OSError:
            return
        with open(number, "rb") as file:
            while file.tell() < MOST and (line := file.readline(LONGEST)):
                yield line


def opened(folder: Path, flags: int) -> int:
    """The journal of a folder, if both are what they should be: no link, no pipe. Raises OSError."""
    if folder.is_symlink():
        raise OSError(f"{folder} is a link")
    try:
        return open_plain(folder / NAME, flags)
    except SaliencyEvalError as error:
        raise OSError(f"{folder / NAME} {error}") from None


# ------------------------------------------------------------------ what values depend on


def setting_of(*words: object) -> str:
    """Hash of a way of scoring: of the words, and of the code that computes."""
    text = json.dumps([*map(str, words), versions()])
    return hashlib.sha256(text.encode()).hexdigest()


def hash_of_truth(stimulus: Stimulus, fields: Iterable[str], *, stored: bool) -> str:
    """Hash of the fields that an image is scored against; `stored` when its stored density belongs to them."""
    digest = hashlib.sha256()
    for name in fields:
        digest.update(np.ascontiguousarray(stimulus[name]).tobytes())
    if stored and stimulus.has("stored_density"):
        digest.update(np.ascontiguousarray(stimulus["stored_density"]()).tobytes())
    return digest.hexdigest()


# ------------------------------------------------------------------ lines


def line_of(scored: Scored, setting: str) -> bytes:
    """An image as one line of JSON, the checksum last."""
    values = [plain(value) for value in scored.values]
    problems = [vars(problem) for problem in scored.problems]
    numbers = {"values": values, "again": [plain(value) for value in scored.again]}
    record = scored._asdict() | numbers | {"problems": problems, "setting": setting}
    return (json.dumps(record | {"crc32": checksum(record)}) + "\n").encode()


def plain(value: Value) -> Any:
    """A value as strict JSON; what is not finite becomes text."""
    if isinstance(value, tuple):
        return [plain(number) for number in value]
    return value if math.isfinite(value) else str(value)


def value_of(found: Any) -> Value:
    """A value as it was written; raises TypeError, ValueError, and OverflowError where its mean would overflow."""
    if type(found) is list:
        return tuple(map(number_of, found))
    return number_of(found)


def number_of(found: Any) -> float:
    """A number as it was written; raises as `value_of`."""
    value = float(found)
    if math.isfinite(value) and abs(value) > MOST_VALUE:
        raise OverflowError
    return value


def checksum(record: dict[str, Any]) -> int:
    """CRC-32 of a record as JSON."""
    return zlib.crc32(json.dumps(record).encode())


def parse(line: bytes, setting: str) -> Scored | None:
    """The image of a line that holds, else None; whatever the bytes are."""
    try:
        record = json.loads(line)
        if record.pop("crc32") != checksum(record) or record.pop("setting") != setting:
            return None
        values = tuple(value_of(value) for value in record.pop("values"))
        again = tuple(value_of(value) for value in record.pop("again"))
        counts = tuple((int(number), str(what), int(n)) for number, what, n in record.pop("counts"))
        problems = tuple(Problem(**checked(problem, Problem)) for problem in record.pop("problems"))
        if any(problem.code not in CODES or problem.severity == "error" for problem in problems):
            return None
        scored = Scored(
            **checked(record, Scored), values=values, again=again, counts=counts, problems=problems
        )
        return None if scored.missing else scored
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return None


def fitting(known: Mapping[str, Scored], variants: Sequence[Variant]) -> dict[str, Scored]:
    """The images whose values and counts are of the metrics; no others hold."""
    return {id: one for id, one in known.items() if belongs(one, variants)}


def belongs(scored: Scored, variants: Sequence[Variant]) -> bool:
    """Is there a value of the right length for each metric, and nothing counted of others?"""
    again = [variant for variant in variants if variant.redrawn is not None]
    return (
        [length(value) for value in scored.values] == [variant.length for variant in variants]
        and [length(value) for value in scored.again] == [variant.length for variant in again]
        and all(0 <= number < len(variants) and 0 < n < MOST_COUNT for number, _, n in scored.counts)
    )


def length(value: Value) -> int | None:
    """How long a vector is; None of a number."""
    return len(value) if isinstance(value, tuple) else None


types_of = functools.cache(typing.get_type_hints)  # slow, and asked for with every line


def checked(record: dict[str, Any], kind: type) -> dict[str, Any]:
    """The fields of a record, if each has its type; raises TypeError, KeyError."""
    hints = types_of(kind)
    if wrong := [name for name, value in record.items() if not fits(value, hints[name])]:
        raise TypeError(f"{wrong} of {kind.__name__} have another type")
    return record


def fits(value: object, hint: Any) -> bool:
    """Is it of one of the types that an annotation unites?"""
    return any(
        value in typing.get_args(kind) if typing.get_args(kind) else type(value) is kind
        for kind in alternatives(hint)
    )
