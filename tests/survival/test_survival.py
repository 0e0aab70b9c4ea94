"""Kills, signals, several processes at once, a full disk: what is left can be used, and the same command goes on."""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from saliency_eval import load_run

from .kill import disturb, finish, journal, make, start

IMAGES = 240  # some hundred milliseconds of work


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The maps, made once."""
    folder = tmp_path_factory.mktemp("made")
    make(folder, IMAGES)
    return folder


@pytest.fixture(scope="module")
def peace(made: Path) -> dict[str, bytes]:
    """The files of a run that nobody disturbed."""
    return finish(made, "peace", 1)


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    """A folder with a copy of the maps."""
    for name in ("set", "maps"):
        shutil.copytree(made / name, tmp_path / name)
    return tmp_path


@pytest.mark.slow
def test_killed_runs_end_with_the_same_bytes(tmp_path: Path) -> None:
    assert disturb(tmp_path, 2, 120, random.Random(1)) == 0


@pytest.mark.slow
def test_many_killed_runs_end_with_the_same_bytes(tmp_path: Path) -> None:
    assert disturb(tmp_path, 20, 300, random.Random(2)) == 0


@pytest.mark.slow
def test_eight_processes_score_four_models_at_once(tmp_path: Path) -> None:
    place = tmp_path
    make(place, 60)
    models = ["maps", "second", "third", "fourth"]
    for number, name in enumerate(models[1:], 1):
        shutil.copytree(place / "maps", place / name)
        (place / "maps" / f"{number}.png").replace(place / name / "0.png")
        shutil.copy(place / name / "0.png", place / "maps" / f"{number}.png")
    command = [sys.executable, "-m", "saliency_eval", "score", "--data", "./set", "-q", "--workers", "1"]
    started = [
        subprocess.Popen([*command, name, "--out", "shared"], cwd=place, stdout=-1, stderr=-1, text=True)
        for name in models * 2
    ]
    for process in started:
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    runs = sorted((place / "shared" / "set").iterdir())
    assert [run.name.rpartition("-")[0] for run in runs] == sorted(models)
    for name in models:
        subprocess.run([*command, name, "--out", "alone"], cwd=place, check=True, capture_output=True)
    for run in runs:
        for file in ("run.json", "scores.csv.gz"):
            assert (run / file).read_bytes() == (place / "alone" / "set" / run.name / file).read_bytes()


def at_work(place: Path, workers: int) -> subprocess.Popen[str]:
    """The command, once some images are done."""
    process = start(place, "out", workers)
    while not journal(place, "out") and process.poll() is None:
        time.sleep(0.005)
    return process


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_signal_to_the_whole_group_ends_with_one_sentence(
    place: Path, peace: dict[str, bytes], number: signal.Signals, workers: int
) -> None:
    process = at_work(place, workers)
    if number == signal.SIGINT:  # as a terminal sends it
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    out, errors = process.communicate(timeout=20)
    assert process.returncode == 130, errors
    [sentence] = errors.splitlines()
    assert sentence.startswith("interrupted after ")
    assert sentence.endswith(f" of {IMAGES}; the same command continues")
    assert json.loads(out)["exit_code"] == 130
    assert finish(place, "out", workers) == peace


@pytest.mark.slow
@pytest.mark.parametrize("pause", [0.0, 0.01])
def test_several_signals_are_one(place: Path, peace: dict[str, bytes], pause: float) -> None:
    process = at_work(place, 2)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        process.send_signal(number)
        time.sleep(pause)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert len(errors.splitlines()) == 1
    assert finish(place, "out", 2) == peace


def limited(place: Path, size: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command where no file may grow above a size, as on a full disk."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    command = [
        sys.executable,
        "-B",
        "-m",
        "saliency_eval",
        "score",
        "maps",
        "--data",
        "./set",
        "-q",
        *arguments,
    ]
    return subprocess.run(
        command, cwd=place, capture_output=True, text=True, preexec_fn=limit, env=os.environ | {"HOME": "/"}
    )


@pytest.mark.slow
@pytest.mark.parametrize("size", [0, 1000])
@pytest.mark.usefixtures("peace")
def test_a_full_disk(made: Path, place: Path, size: int) -> None:
    shutil.copytree(made / "peace", place / "earlier")
    before = {p: p.read_bytes() for p in (place / "earlier").rglob("*") if p.is_file()}
    done = limited(place, size, "--out", "earlier", "--metrics", "nss,cc", "--workers", "1")
    assert done.returncode == 5, done.stderr
    assert "nss" in done.stdout
    [sentence] = done.stderr.splitlines()
    assert sentence.startswith("error[io]: the run could not be saved in earlier/set/maps-")
    after = {p: p.read_bytes() for p in (place / "earlier").rglob("*") if p.is_file()}
    assert {p: d for p, d in after.items() if not p.parts[-2].startswith(".")} == before


def test_a_disk_that_holds_the_run_but_not_its_journal(place: Path) -> None:
    done = limited(place, 8000, "--out", "out", "--metrics", "nss,cc", "--workers", "1")
    assert (done.returncode, done.stderr) == (0, "")
    [run] = (place / "out" / "set").iterdir()
    assert load_run(run).n_scored == IMAGES


@pytest.mark.slow
def test_results_that_are_removed_meanwhile(place: Path, peace: dict[str, bytes]) -> None:
    process = at_work(place, 1)
    shutil.rmtree(place / "out", ignore_errors=True)
    out, errors = process.communicate()
    assert process.returncode == 0, errors
    assert json.loads(out)["results"][0]["n"] == IMAGES
    assert finish(place, "out", 1) == peace


def living(group: int) -> list[int]:
    """Processes of a session that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields: list[Any] = stat.read_text().rpartition(")")[2].split()
            if fields[3] == str(group) and fields[0] != "Z":
                found.append(int(stat.parent.name))
    return found


@pytest.mark.slow
def test_no_worker_outlives_a_killed_parent(place: Path) -> None:
    process = at_work(place, 2)
    process.kill()
    process.communicate(timeout=10)  # workers hold the pipes
    end = time.monotonic() + 5
    while living(process.pid) and time.monotonic() < end:
        time.sleep(0.1)
    assert living(process.pid) == []
