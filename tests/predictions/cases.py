"""Six stimuli of 64x48 pixels, their good maps, and means to spoil them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

from saliency_eval.errors import Problem, SaliencyEvalError
from saliency_eval.predictions import SetChecks, open_predictions
from saliency_eval.predictions.base import Reading

IDS = ["i01", "i02", "i03", "i04", "i05", "café"]
SHAPE = HEIGHT, WIDTH = 48, 64
GOOD = {id: np.random.default_rng(n).integers(0, 256, SHAPE).astype(np.uint8) for n, id in enumerate(IDS)}
MAP = GOOD["i01"]


class Findings(NamedTuple):
    """All that reading a whole set gives."""

    problems: list[Problem]
    readings: dict[str, Reading]

    @property
    def codes(self) -> set[str]:
        return {problem.code for problem in self.problems}

    @property
    def errors(self) -> set[str]:
        return {problem.code for problem in self.problems if problem.severity == "error"}

    def text(self, code: str) -> str:
        return "\n".join(
            problem.message + "; " + problem.remedy for problem in self.problems if problem.code == code
        )


def findings(source: Any, ids: Iterable[str] = IDS, **options: Any) -> Findings:
    """Match, read every image, and look at the set."""
    ids, predictions = list(ids), open_predictions(source, **options)
    problems, readings, checks = predictions.match(ids), {}, SetChecks()
    for id in filter(predictions.has, ids):
        try:
            prediction = predictions.fetch(id)
            readings[id] = prediction.read(SHAPE)
        except SaliencyEvalError as error:
            problems += error.problems
        else:
            problems += readings[id].notes
            checks.add(id, prediction.sha256, readings[id].format)
    return Findings(problems + checks.problems(), readings)


def good_folder(folder: Path) -> Path:
    """The six good maps as 8-bit PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    for id, values in GOOD.items():
        (folder / f"{id}.png").write_bytes(image(values))
    return folder


def image(values: Any, mode: str | None = None, format: str = "PNG", **options: Any) -> bytes:
    """A picture file of an array or a picture."""
    picture = values if isinstance(values, Image.Image) else Image.fromarray(values)
    file = io.BytesIO()
    (picture.convert(mode) if mode else picture).save(file, format, **options)
    return file.getvalue()


def npy(array: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def raw_png(
    rows: bytes,
    *,
    depth: int = 8,
    colour: int = 0,
    size: tuple[int, int] = SHAPE,
    interlaced: int = 0,
    before: bytes = b"",
    parts: int = 1,
    between: bytes = b"",
    end: bytes = chunk(b"IEND", b""),
) -> bytes:
    """A PNG file of rows as they are deflated, each with its filter byte."""
    header = struct.pack(">IIBBBBB", size[1], size[0], depth, colour, 0, 0, interlaced)
    stream = zlib.compress(rows)
    cut = -(-len(stream) // parts)
    pixels = between.join(chunk(b"IDAT", stream[i : i + cut]) for i in range(0, len(stream), cut))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + pixels + end


def rows_of(values: np.ndarray[Any, Any]) -> bytes:
    """Rows with filter 0."""
    return b"".join(b"\0" + row.tobytes() for row in values)


class Case(NamedTuple):
    """What is done to a good folder, and what must be found."""

    name: str
    make: Callable[[Path], dict[str, Any] | None]  # may give options of open_predictions
    code: str | None
    words: tuple[str, ...]
    same: np.ndarray[Any, Any] | None  # what i01 must read as, bit by bit


class Cases(list[Case]):
    """A table of cases, one function each."""

    def __call__(self, code: str | None, *words: str, same: Any = None) -> Callable[..., Any]:
        def add(make: Callable[[Path], Any]) -> Callable[[Path], Any]:
            self.append(Case(make.__name__, make, code, words, same))
            return make

        return add

    def file(
        self, name: str, data: bytes, code: str | None, *words: str, same: Any = None, **options: Any
    ) -> None:
        """A case of one file in place of i01.png."""

        def make(folder: Path) -> dict[str, Any]:
            (folder / "i01.png").unlink()
            (folder / words[0] if words and words[0].startswith("i01.") else folder / "i01.png").write_bytes(
                data
            )
            return options

        self.append(Case(name, make, code, words, same))

    def parametrize(self) -> Any:
        return pytest.mark.parametrize("case", self, ids=[case.name for case in self])


def assert_case(case: Case, folder: Path) -> None:
    """Exactly the error of the case, or no error and its warning or note; words, image, file, values."""
    options = case.make(good_folder(folder)) or {}
    found = findings(folder, **options)
    expected = {p.code for p in found.problems if p.code == case.code and p.severity == "error"}
    assert found.errors == expected, found.problems
    if case.code is None:
        assert not found.problems
    else:
        assert case.code in found.codes, found.problems
        text = found.text(case.code)
        assert all(word in text for word in case.words), text
    if case.same is not None:
        values = found.readings["i01"].values
        assert values.dtype == case.same.dtype
        np.testing.assert_array_equal(values, case.same)
        assert values.flags.c_contiguous
