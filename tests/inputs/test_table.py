"""Every case of cases.md through the command line: what must hold for each of them holds for each of them."""

from __future__ import annotations

import contextlib
import io
import math
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import saliency_eval as se
from saliency_eval.cli import main
from saliency_eval.errors import SaliencyEvalError

from .makers import MAKERS, UNIT, Setting, build, setting
from .table import ROWS, Row, rows
from .watched import Ran, server, snapshot, watched

SECONDS, MEMORY = 5, 512 * 2**20
NOTES = {  # what is said of inputs whose row asks for some note, or for none
    "jpeg_named_png": {"misnamed", "lossy"},
    "palette_reversed": {"palette"},
    "rgba_opaque": {"opaque_alpha"},
    "lossy_jpeg": {"lossy"},
    "npy_leading_1": {"squeezed"},
    "mat73": {"mat73"},
    "upper_case": {"case"},
    "nested": {"nested"},
    "fix_float": {"floored"},
    "mixed_formats": {"mixed", "lossy"},
}
MAY_START = {"mat73", "h5_external_link", "h5_fill_bomb"}  # HDF5 may be read in a process of its own
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
measured: dict[str, Ran] = {}


@pytest.fixture(scope="module", autouse=True)
def costs() -> Iterator[None]:
    """Say what the dearest cases took, and end the process that ran them."""
    yield
    if server.cache_info().currsize:
        with server():
            server.cache_clear()
    if measured:
        slow, large = (
            max(measured, key=lambda n: getattr(measured[n], what)) for what in ("seconds", "peak")
        )
        print(f"\n{len(measured)} inputs: at most {measured[slow].seconds:.2f} s ({slow}), "
              f"{measured[large].peak / 2**20:.0f} MiB ({large})")  # fmt: skip


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The scores of the good maps."""
    place = setting(tmp_path_factory.mktemp("plain"))
    return se.score(place.predictions, str(place.data)).to_dict()


def call(*arguments: object) -> tuple[int, str, str]:
    """The command line in this process: exit status, standard output, standard error."""
    out, errors = io.StringIO(), io.StringIO()
    handler, before = signal.getsignal(signal.SIGTERM), sys.argv
    sys.argv = ["saliency-eval", *map(str, arguments)]
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(errors),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    signal.signal(signal.SIGTERM, handler)
    sys.argv = before
    return int(str(ended.value.code)), out.getvalue(), errors.getvalue()


class Reversed:
    """What os.scandir gives, in reverse order."""

    def __init__(self, entries: Any) -> None:
        with entries:
            self._entries = iter(list(entries)[::-1])

    def __enter__(self) -> Reversed:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        return self._entries

    def __next__(self) -> Any:
        return next(self._entries)


def backwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """List every directory in reverse order."""
    scandir, listdir = os.scandir, os.listdir
    monkeypatch.setattr(os, "scandir", lambda path=".": Reversed(scandir(path)))
    monkeypatch.setattr(os, "listdir", lambda path=".": listdir(path)[::-1])


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_case(row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain: dict[str, Any]) -> None:
    place = build(row.name, tmp_path)
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    before = snapshot(tmp_path)
    untouched(place.outside)
    check = ("check", place.predictions, "--data", place.data)
    ran = watched(
        *check, "--format", "json", cwd=tmp_path / "cwd", notes=tmp_path.parent / f"{row.name} notes"
    )
    assert_answer(row, ran)
    assert_harmless(row, ran, place)
    assert_cheap(row, ran)
    backwards(monkeypatch)
    assert_text(row, *call(*check))
    assert call(*check, "--format", "json")[:2] == (row.exit, ran.out)
    assert_api(row, place, plain)
    saved = call("score", place.predictions, "--data", place.data, "--out", tmp_path / "results")
    assert saved[0] == row.exit
    assert (tmp_path / "results").exists() == (row.exit == 0)
    assert all(name.startswith(str(tmp_path / "results")) for name in changes(before, snapshot(tmp_path)))


def untouched(outside: Path) -> None:
    """Give files an old time of access, which reading them would renew."""
    for path in outside.iterdir():
        os.utime(path, ns=(10**18, path.stat().st_mtime_ns))


def changes(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """Paths that are new, gone or different."""
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def assert_answer(row: Row, ran: Ran) -> None:
    """Exit status, code, severity, words; nothing else was found; no traceback, nothing that steers."""
    document = ran.document
    assert ran.status == document["exit_code"] == row.exit
    found = {p["code"] for p in document["problems"]}
    beside = {"missing", "extra"} if row.severity == "error" else set()  # for want of the file refused
    assert found - (beside - {row.code}) == NOTES.get(row.name, {row.code} - {None})
    wanted = [p for p in document["problems"] if p["code"] == row.code or row.code is None]
    assert all(row.code is None or p["severity"] == row.severity for p in wanted)
    text = "\n".join(p["message"] + "; " + p["remedy"] for p in wanted)
    assert all(word in text for word in row.words), text
    assert "Traceback" not in ran.errors
    assert not CONTROLS.search(ran.out + ran.errors + text)


def assert_harmless(row: Row, ran: Ran, place: Setting) -> None:
    """Nothing is started, written, or read outside of the input."""
    assert ran.written == []
    assert ran.opened_outside(place.predictions, place.data) == []
    assert all(path.stat().st_atime_ns == 10**18 for path in place.outside.iterdir())
    if row.name not in MAY_START:
        assert ran.started == []


def assert_cheap(row: Row, ran: Ran) -> None:
    """Five seconds, more where the machine is busy with others, and 512 MB."""
    measured[row.name] = ran
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert ran.cpu <= SECONDS
    assert ran.seconds <= SECONDS * busy
    assert ran.peak <= MEMORY


def assert_text(row: Row, status: int, out: str, errors: str) -> None:
    """The words in text mode, on standard error; standard output holds the result alone."""
    assert status == row.exit
    assert "Traceback" not in errors
    assert not CONTROLS.search(out + errors)
    assert all(word in errors for word in row.words), errors
    if row.code:
        assert f"{row.severity}[{row.code}]" in errors
    assert bool(out) == (row.exit == 0)


def assert_api(row: Row, place: Setting, plain: dict[str, Any]) -> None:
    """The error has the code of the row; a warning or note is among the problems of the result."""
    if row.severity == "error":
        with pytest.raises(SaliencyEvalError) as error:
            se.score(place.predictions, str(place.data))
        assert (error.value.code, error.value.exit_code) == (row.code, row.exit)
        return
    run = se.score(place.predictions, str(place.data))
    assert row.code is None or row.code in {p.code for p in run.problems}
    scores = {name: value for name, value in run.to_dict().items() if isinstance(value, float)}
    assert all(map(math.isfinite, scores.values()))
    if "same score as the plain map" in row.also:
        assert scores == {name: plain[name] for name in scores}
    if row.name == "half_size":
        assert all("|resize:" in text and "(1)" in text for text in run.signatures.values())
    if row.name == "shuffle_pool_empty":
        assert "shuffled_auc" not in scores


def test_the_watch_sees(tmp_path: Path) -> None:
    """What is asserted of every case could fail."""
    place = setting(tmp_path)
    before = snapshot(tmp_path)
    untouched(place.outside)
    command = ("score", place.predictions, "--data", place.data, "--out", tmp_path / "results")
    ran = watched(*command, cwd=place.outside, notes=tmp_path / "notes")
    assert ran.status == 0
    assert any("run.json" in name for name in ran.written)
    assert str(place.data / "fixations.json") in ran.opened_outside(place.predictions)
    assert ran.peak >= ran.largest > 2**24
    (place.outside / "map.png").read_bytes()
    assert (place.outside / "map.png").stat().st_atime_ns != 10**18
    assert changes(before, snapshot(tmp_path))


def test_no_case_is_forgotten() -> None:
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names) == 73
    assert set(names) <= set(MAKERS) | set(UNIT)
    assert set(MAKERS) <= set(names)


def test_the_tables_are_those_of_the_document(shared: Path) -> None:
    assert rows((shared / "INPUTS.md").read_text(encoding="utf-8")) == ROWS
