"""HDF5 files in a helper process: the same answers, and a crash, hang or memory bomb costs one file."""

import json
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saliency_eval.errors import Problem, SaliencyEvalError, unforeseen
from saliency_eval.predictions import hdf5, isolated
from saliency_eval.predictions.decode import decode
from saliency_eval.predictions.rules import Rules

from . import worker
from .cases import MAP, SHAPE, Case, Cases, findings, good_folder
from .test_arrays import FLOATS, cases, h5, mat73
from .worker import helper_of

GOOD, OTHER = (h5(lambda file, a=a: file.__setitem__("map", a)) for a in (FLOATS, MAP))
FILES = Cases(
    case for case in cases if case.name.startswith(("h5", "hdf5", "mat73")) and "i01." in case.words[0]
)


@pytest.fixture
def helpers(monkeypatch: pytest.MonkeyPatch) -> Iterator[isolated.Helpers]:
    """Helpers that no other test uses."""
    own = isolated.Helpers()
    monkeypatch.setattr(isolated, "_helpers", own)
    yield own
    own.close()


def spoil(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let new helpers run some code first; what it calls `decode` takes the place of `decode_h5`."""
    imports = "import ctypes, os, signal, sys, time; sys.path[:] = sys.argv[1:]"
    imports += "; import saliency_eval.predictions.helper as helper; good = decode = helper.decode_h5"
    monkeypatch.setattr(isolated, "START", f"{imports}\n{code}\nhelper.decode_h5 = decode\nhelper.serve()")


def read(data: bytes = GOOD, **limits: Any) -> Any:
    return isolated.decode_h5(data, SHAPE, Rules(**limits))[0]


def refusal(data: bytes = GOOD, **limits: Any) -> Problem:
    with pytest.raises(SaliencyEvalError) as error:
        read(data, **limits)
    [problem] = error.value.problems
    assert problem.severity == "error"
    return problem


def pid(helpers: isolated.Helpers) -> int:
    assert helpers._helper is not None
    return helpers._helper._process.pid


def gone(process: int, seconds: float = 5) -> bool:
    """Has the process ended by then, with nothing left of it?"""
    until = time.monotonic() + seconds
    while (there := Path(f"/proc/{process}").exists()) and time.monotonic() < until:
        time.sleep(0.01)
    return not there


# ------------------------------------------------------------------ the same answers


def outcome(decoder: Callable[..., Any], data: bytes, rules: Rules, matlab: bool) -> Any:
    try:
        values, notes = decoder(data, SHAPE, rules, matlab=matlab)
    except SaliencyEvalError as error:
        return error.problems
    except Exception as error:
        return [replace(unforeseen(error), severity_override="error")]
    return values.dtype, values.tolist(), list(notes)


@FILES.parametrize()
def test_the_answer_is_that_of_the_decoder(case: Case, tmp_path: Path) -> None:
    options = case.make(good_folder(tmp_path)) or {}
    data = (tmp_path / case.words[0]).read_bytes()
    for matlab in (False, True):
        rules = Rules(**options)
        assert outcome(isolated.decode_h5, data, rules, matlab) == outcome(
            hdf5.decode_h5, data, rules, matlab
        )


def test_values_may_be_written() -> None:
    read()[0, 0] = 7


def test_no_hdf5_file_is_decoded_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(h5py.h5f, "open_file_image", None)
    assert (decode(GOOD, "a.h5", SHAPE, Rules()).values == FLOATS).all()
    turned = mat73(lambda file: file.__setitem__("map", FLOATS.T))
    assert (decode(turned, "a.mat", SHAPE, Rules()).values == FLOATS).all()


# ------------------------------------------------------------------ what the library does not survive

DEATHS = {
    "segfault": ("ctypes.string_at(0)", "crashed on this file (SIGSEGV)"),
    "abort": ("os.abort()", "crashed on this file (SIGABRT)"),
    "exit": ("os._exit(3)", "crashed on this file (status 3)"),
    "computing": ("sum(iter(int, 1))", "took more than 1 s"),
    "waiting": ("time.sleep(60)", "took more than 2 s"),
    "stopped": ("os.kill(os.getpid(), signal.SIGSTOP)", "took more than 2 s"),
    "memory": ("bytearray(400 << 20)", "MemoryError"),
    "recursion": ("f = lambda: f(); f()", "RecursionError"),
    "noise": ("os.write(0, bytes(999)); os.write(1, b'x'); os.write(2, b'x')", "crashed on this file"),
}


@pytest.mark.slow
@pytest.mark.parametrize("death", DEATHS)
def test_one_file_is_lost_and_the_next_is_read(
    death: str, helpers: isolated.Helpers, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    deed, words = DEATHS[death]
    monkeypatch.setattr(
        isolated.Limits, "of", lambda _: isolated.Limits(320 << 20, 1, 2 if "2 s" in words else 30)
    )
    spoil(
        monkeypatch,
        "helper.Limits.of = lambda _: helper.Limits(320 << 20, 1, 30)\n"
        f"def decode(data, *a, **k):\n if len(data) == {len(OTHER)}: {deed}\n return good(data, *a, **k)",
    )
    assert (read() == FLOATS).all()
    problem = refusal(OTHER)
    assert (problem.code, problem.remedy) == ("unreadable", "write the file again")
    assert words in problem.message
    assert (read() == FLOATS).all()
    assert capfd.readouterr() == ("", "")


def test_a_crash_is_one_unreadable_file_of_a_set(
    helpers: isolated.Helpers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spoil(
        monkeypatch,
        f"def decode(d, *a, **k): return good(d, *a, **k) if len(d) == {len(GOOD)} else os.abort()",
    )
    for id, data in {"i01": GOOD, "i02": OTHER, "i03": GOOD}.items():
        (tmp_path / f"{id}.h5").write_bytes(data)
    found = findings(tmp_path, ["i01", "i02", "i03"])
    assert set(found.readings) == {"i01", "i03"}
    [problem] = [problem for problem in found.problems if problem.severity == "error"]
    assert (problem.code, problem.image, problem.file) == ("unreadable", "i02", "i02.h5")
    assert problem.message == "i02.h5: the HDF5 library crashed on this file (SIGABRT)"


def test_a_file_is_not_blamed_for_an_earlier_one(
    helpers: isolated.Helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(
        monkeypatch,
        "seen = []\ndef decode(*a, **k):\n seen.append(1) or len(seen) < 3 or os.abort()\n return good(*a, **k)",
    )
    processes = set()
    for _ in range(5):
        assert (read() == FLOATS).all()
        processes.add(pid(helpers))
    assert len(processes) == 3


def test_a_helper_that_keeps_memory_is_replaced(
    helpers: isolated.Helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(
        monkeypatch,
        "kept = []\ndef decode(*a, **k):\n kept.append(bytearray(100 << 20))\n return good(*a, **k)",
    )
    for _ in range(5):  # of 320 MiB
        assert (read() == FLOATS).all()


def test_a_helper_that_was_killed_is_replaced(helpers: isolated.Helpers) -> None:
    read()
    first = pid(helpers)
    os.kill(first, signal.SIGKILL)
    assert (read() == FLOATS).all()
    assert gone(first)


def test_a_helper_that_does_not_start(helpers: isolated.Helpers, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(monkeypatch, "sys.exit(1)")
    assert refusal().code == "io"
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert refusal().code == "io"


def test_a_raised_limit_is_a_raised_memory() -> None:
    large = np.zeros((4096, 6000))  # 188 MiB
    data = h5(lambda file: file.create_dataset("m", data=large, compression="gzip", compression_opts=1))
    values, _ = isolated.decode_h5(data, large.shape, Rules(max_bytes=large.nbytes))
    assert values.shape == large.shape
    assert isolated.Limits.of(Rules(max_bytes=1)) == isolated.Limits.of(Rules()) == (384 << 20, 4, 20)


@pytest.mark.slow
def test_the_largest_file_within_the_limits_is_read() -> None:
    noise = np.random.default_rng(0).random((2048, 4096))  # 64 MiB in one chunk: every buffer is as large
    data = h5(
        lambda file: file.create_dataset("m", data=noise, chunks=noise.shape, compression=1, shuffle=True)
    )
    assert (isolated.decode_h5(data, noise.shape, Rules())[0] == noise).all()


# ------------------------------------------------------------------ what is answered is not believed

TRUE = {"problems": [], "dtype": "<f8", "shape": [48, 64]}
LIES = {
    "type": TRUE | {"dtype": "|O"},
    "half the type": TRUE | {"dtype": "<f4"},
    "no text": TRUE | {"dtype": 8},
    "another size": TRUE | {"shape": [48, 65]},
    "turned": TRUE | {"shape": [64, 48]},
    "three axes": TRUE | {"shape": [48, 64, 1]},
    "negative": TRUE | {"shape": [-48, -64]},
    "fractions": TRUE | {"shape": [48.0, 64.0]},
    "no shape": {"problems": [], "dtype": "<f8"},
    "an error too": TRUE | {"problems": [["unreadable", "", ""]]},
    "unknown code": TRUE | {"problems": [["bad", "", ""]]},
    "a short row": TRUE | {"problems": [["mat73", ""]]},
    "nothing wrong": {"problems": []},
    "no object": [1],
    "no problems": {},
}


@pytest.mark.parametrize("lie", LIES)
def test_an_answer_that_no_helper_gives(lie: str) -> None:
    with pytest.raises((ValueError, LookupError, TypeError)):
        isolated.checked(LIES[lie], bytearray(FLOATS.tobytes()), SHAPE, Rules())
    assert isolated.checked(TRUE, bytearray(FLOATS.tobytes()), SHAPE, Rules())[0].tolist() == FLOATS.tolist()


def test_words_of_the_helper_are_made_safe() -> None:
    told = {"problems": [["unreadable", "\x1b[31m" + "x" * 999, "\n"]]}
    values, [problem] = isolated.checked(told, bytearray(), SHAPE, Rules())
    assert values is None
    assert not re.search(r"[\x00-\x1f]", problem.message + problem.remedy)
    assert len(problem.message) <= 500


@pytest.mark.parametrize(
    ("lengths", "raised"),
    [
        ((2**32 - 1, 0), ValueError),
        ((2, 2**32 - 1), ValueError),
        ((2, 101), ValueError),
        ((2, 100), EOFError),
    ],
)
def test_a_frame_is_bounded_before_memory_is_taken(lengths: tuple[int, int], raised: type) -> None:
    near, far = socket.socketpair()
    with near, far:
        far.sendall(isolated.LENGTHS.pack(*lengths) + b"{}")
        far.shutdown(socket.SHUT_WR)
        with pytest.raises(raised):
            isolated.receive(near, 100, time.monotonic() + 5)


@given(
    st.binary(max_size=60),
    st.dictionaries(st.sampled_from(list(TRUE)), st.from_type(type(None)) | st.lists(st.integers())),
)
@settings(max_examples=100, deadline=None)
def test_any_answer(body: bytes, change: dict[str, Any]) -> None:
    header = json.loads(json.dumps(TRUE | change))
    with pytest.raises((ValueError, LookupError, TypeError)):
        isolated.checked(header, bytearray(body), SHAPE, Rules())


# ------------------------------------------------------------------ processes and threads


def test_one_helper_serves_many_threads(helpers: isolated.Helpers) -> None:
    maps = [np.full(SHAPE, n, "u1") for n in range(8)]
    data = [h5(lambda file, m=m: file.__setitem__("map", m)) for m in maps]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(read, data * 8))
    assert all((values == n % 8).all() for n, values in enumerate(found))
    process = pid(helpers)
    read()
    assert pid(helpers) == process


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_every_process_has_its_own_helper(method: str) -> None:
    _, own, total = helper_of(GOOD)
    with multiprocessing.get_context(method).Pool(2) as pool:
        found = pool.map(helper_of, [GOOD] * 6, chunksize=1)
        pool.close()
        pool.join()
    assert {values for _, _, values in found} == {total}
    helpers = {(process, helper) for process, helper, _ in found}
    assert len(helpers) == len({process for process, _ in helpers}) == len({helper for _, helper in helpers})
    assert own not in {helper for _, helper in helpers}
    assert helper_of(GOOD)[1] == own
    assert all(gone(helper) for _, helper in helpers)


def test_ctrl_c_does_not_reach_the_helper(helpers: isolated.Helpers) -> None:
    read()
    assert os.getpgid(pid(helpers)) != os.getpgid(0)


def test_a_fork_while_another_thread_reads(helpers: isolated.Helpers) -> None:
    read()
    with helpers._lock:
        child = os.fork()
        if not child:
            signal.alarm(10)
            os._exit(0 if (read() == FLOATS).all() else 1)
    assert os.waitpid(child, 0)[1] == 0


ENDS = [
    "",
    "raise SystemExit(3)",
    "os._exit(0)",
    "os.kill(os.getpid(), 9)",
    "os.fork() or time.sleep(60); os.kill(os.getpid(), 9)",
]


@pytest.mark.slow
@pytest.mark.parametrize("end", ENDS)
def test_a_helper_ends_with_its_process(end: str, tmp_path: Path) -> None:
    (tmp_path / "a.h5").write_bytes(GOOD)
    script = f"import os, time; {end}"
    run = [sys.executable, "-W", "error", worker.__file__, str(tmp_path / "a.h5"), script]
    with subprocess.Popen(
        run, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL if "fork" in end else subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert gone(int(process.stdout.readline()))
        assert "fork" in end or process.stderr.read() == b""


def test_the_helper_finds_this_package_from_anywhere(helpers: isolated.Helpers, tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(9)")
    script = "from saliency_eval.predictions import isolated; isolated.Helper().end()"
    root = str(Path(isolated.__file__).parents[2])
    run = [sys.executable, "-P", "-c", script]
    environment = {"PYTHONPATH": root}
    done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
