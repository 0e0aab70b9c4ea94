"""Hazards of the machine: what the environment, the clock and the limits of the system may not change."""

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_cli import answer, call, run

from saliency_eval.cli.console import LONGEST

SEVERAL_TASKS = 30  # images; more than one task for the workers


def start(*arguments, cwd, patch="", environment=None, **options):
    """Run the command line with nothing but the given environment, after some lines of Python."""
    code = f"{patch}\nimport sys, saliency_eval.cli as c\nsys.argv[0] = 'saliency-eval'\nc.main()"
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")}
    return subprocess.run([*options.pop("before", []), sys.executable, "-c", code, *arguments], cwd=cwd,
                          env={**kept, **(environment or {})}, capture_output=True, **options)  # fmt: skip


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """A data set that several workers share, maps for it, and the files of its run, made without haste."""
    rng, folder = np.random.default_rng(3), tmp_path_factory.mktemp("several")
    (folder / "set" / "stimuli").mkdir(parents=True)
    (folder / "maps").mkdir()
    lines = ["image,row,column"]
    for name in [*(f"i{n:02}" for n in range(1, SEVERAL_TASKS)), "caf\u00e9"]:
        Image.fromarray(rng.integers(0, 255, (24, 32, 3), dtype=np.uint8)).save(
            folder / "set" / "stimuli" / f"{name}.png"
        )
        Image.fromarray(rng.integers(0, 255, (24, 32), dtype=np.uint8)).save(folder / "maps" / f"{name}.png")
        lines += [f"{name},{rng.integers(24)},{rng.integers(32)}" for _ in range(10)]
    (folder / "set" / "fixations.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "set" / "dataset.toml").write_text('name = "set"\nsigma = 3.0\n', encoding="utf-8")
    (folder / "plain").mkdir()
    assert scored(folder, "plain").returncode == 0
    return folder


def scored(folder, out, workers=1, **options):
    """Score the maps into a folder of their own."""
    return start(
        "score", "maps", "--data", "./set", "--out", out, "--workers", str(workers), cwd=folder, **options
    )


def saved(folder):
    """The files of the one run in a folder that may not differ, by name."""
    files = [p for p in folder.rglob("*") if p.is_file() and p.name != "log.txt"]
    assert sorted(p.name for p in files) == ["run.json", "scores.csv.gz"]
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


CLOCK = "import time\ntime.time = lambda: 86400.0\ntime.time_ns = lambda: 86400 * 10**9"


ODD = {"TZ": "Pacific/Kiritimati", "LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de", "PYTHONIOENCODING": "ascii"}
ONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
FOUR = {"OPENBLAS_NUM_THREADS": "4", "OMP_NUM_THREADS": "4", "PYTHONHASHSEED": "1"}
NARROW = {"COLUMNS": "20", "NO_COLOR": "1", "TERM": "dumb"}


@pytest.mark.parametrize(
    ("name", "environment", "patch", "workers"),
    [
        ("again", {}, "", 2),
        ("odd", ODD | ONE, CLOCK, 1),
        ("optimised", NARROW | FOUR | {"PYTHONOPTIMIZE": "2"}, "", 2),
    ],
)
def test_the_files_of_a_run_are_the_same_bytes(several, name, environment, patch, workers):
    done = scored(several, name, workers, environment=environment, patch=patch)
    assert done.returncode == 0, done.stderr
    assert saved(several / name) == saved(several / "plain")
    assert b"30/30 images" in done.stdout


def test_names_that_the_locale_cannot_write_are_missing(several):
    done = scored(several, "c", environment={"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"})
    assert done.returncode == 4
    assert done.stderr.startswith(b"error[missing]: image caf\\xe9: ")


NO_NETWORK = """
import socket
def refuse(*a, **k): raise OSError("the network was asked")
socket.socket.connect = refuse
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "environment",
    [{}, {"HOME": "/proc"}, {"HOME": "/nowhere"}, {"HOME": ""}, {"HOME": "nowhere", "XDG_CONFIG_HOME": "a"}],
    ids=str,
)
def test_local_data_need_neither_home_nor_network(several, tmp_path, environment):
    done = scored(several, str(tmp_path / "out"), environment=environment, patch=NO_NETWORK)
    assert done.returncode == 0, done.stderr
    assert saved(tmp_path / "out") == saved(several / "plain")


def test_data_of_a_user_without_home_are_absent(several):
    assert start("doctor", cwd=several).returncode == 0
    done = start("score", "maps", "--data", "osie", cwd=several)
    assert done.returncode == 4
    assert done.stderr.startswith(b"error[not_available]: ")


def test_without_a_temporary_folder(several):
    done = scored(several, "no_tmp", environment={"TMPDIR": "/proc"})
    assert done.returncode in (0, 5), done.stderr
    assert b"Traceback" not in done.stderr


def limited(files):
    """What a process does first: allow itself no more than some open files."""
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 4])
def test_few_open_files_are_enough(several, tmp_path, workers):
    done = scored(several, str(tmp_path / "out"), workers, preexec_fn=limited(64))
    assert done.returncode == 0, done.stderr
    assert saved(tmp_path / "out") == saved(several / "plain")


def test_too_few_open_files_are_named(several, tmp_path):
    done = scored(several, str(tmp_path / "out"), 2, preexec_fn=limited(10))
    assert done.returncode == 5, done.stderr
    assert done.stderr.startswith(b"error[io]: Too many open files")
    assert done.stderr.count(b"\n") == 1


LONG = "/".join(["a" * 200] * 25)  # above 4096 bytes
WIDE = "a" * 300  # one name above 255 bytes


@pytest.mark.parametrize("path", [LONG, WIDE], ids=["long", "wide"])
@pytest.mark.parametrize(
    ("line", "status", "code"),
    [
        ("score {} --data ./set", 5, "io"),
        ("check {} --data ./set", 5, "io"),
        ("score maps --data ./{}", 4, "not_available"),
        ("score maps --data osie --root {}", 4, "not_available"),
        ("score maps --data ./set --out {}", 5, "io"),
        ("run uniform --data ./set --out {}", 5, "io"),
        ("demo --out {}", 5, "io"),
        ("data info ./{}", 4, "not_available"),
        ("data check osie --root {}", 4, "not_available"),
        ("data fetch osie --root {} -q", 5, "io"),
        ("data pack {} --out a.zip", 5, "io"),
        ("data pack maps --out {}", 5, "io"),
    ],
)
def test_paths_that_no_system_has(several, path, line, status, code):
    done = call(*(word.format(path) for word in line.split()), cwd=several)
    assert done.returncode == status, done.stderr
    assert done.stderr.startswith(f"error[{code}]: ")
    assert (done.stderr.count("\n"), done.stdout) == (1, "")
    assert len(done.stderr) <= LONGEST + 1


BAD = os.fsdecode(b"m\xff")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("score {} --data ./set --no-save", 0),
        ("score maps --data ./set --no-save --name {}", 0),
        ("score maps --data ./set --out {}/out", 0),
        ("score maps --data ./{}", 4),
        ("score maps --data {}", 4),
        ("score maps --data osie --root {}", 4),
        ("score maps --data ./set --metrics {}", 2),
        ("score maps --data ./set --protocol {}", 2),
        ("score maps --data ./set --kind {}", 2),
        ("score maps --data ./set --bare {}", 2),
        ("score maps --data ./set --workers {}", 2),
        ("score maps --data ./set --pattern {}", 2),
        ("score maps --data ./set --prefix {}", 3),
        ("score maps --data ./set --{}", 2),
        ("score {}x --data ./set", 3),
        ("run {} --data ./set --out x", 2),
        ("run uniform --data ./set --out {}/maps", 0),
        ("metrics {}", 2),
        ("models {}", 2),
        ("doctor --code {}", 2),
        ("data info {}x", 2),
        ("data pack {} --out {}.zip", 3),
        ("{}", 2),
        ("score maps --show-config --name {}", 0),
    ],
)
def test_arguments_that_are_not_utf8(several, tmp_path, line, status):
    os.symlink(several / "set", tmp_path / "set")
    for name in ("maps", BAD):
        shutil.copytree(several / "maps", tmp_path / name)
    words = [word.format(*[BAD] * 2) for word in line.split()]
    done = call(*words, cwd=tmp_path)
    assert done.returncode == status, done.stderr
    assert "\udcff" not in done.stdout + done.stderr
    assert done.stderr.count("\n") <= 1 or status == 3
    if "{}" in line and status == 2 and "--workers" not in line:
        assert r"m\udcff" in done.stderr
    if "{}" in line and not line.startswith(("{", "data pack")) and "--bare" not in line:
        assert answer(call(*words, "--format", "json", cwd=tmp_path))["exit_code"] == status


def test_bytes_of_arguments_are_kept(several, tmp_path):
    shutil.copytree(several / "maps", tmp_path / BAD)
    done = start("score", BAD, "--data", str(several / "set"), "--out", BAD + "o", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert rb"m\udcff on set@1" in done.stdout
    assert os.path.isdir(os.fsencode(tmp_path) + b"/m\xffo/set")


# ------------------------------------------------------------------ folders that cannot be written


@pytest.fixture
def bound():
    """Words before a command by which file permissions bind it, also where root runs the tests."""
    if os.geteuid():
        return []
    words = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    if not shutil.which("setpriv") or subprocess.run([*words, "true"], capture_output=True).returncode:
        pytest.skip("root ignores permissions, and setpriv cannot take that right away here")
    return words


@pytest.fixture
def closed(tmp_path):
    """A folder in which nothing can be made."""
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


@pytest.mark.parametrize(
    "line",
    [
        "score maps --data ./set --out {}",
        "score maps --data ./set --out {}/new/deeper",
        "run uniform --data ./set --out {}",
        "run uniform --data ./set --out {}/new",
        "demo --out {}",
        "data fetch osie --root {} -q",
    ],
)
def test_a_closed_folder(several, closed, bound, line):
    done = start(*line.format(closed).split(), cwd=several, before=bound)
    assert done.returncode == 5, done.stderr
    assert done.stderr.startswith(b"error[io]: ")
    assert b"Permission denied" in done.stderr
    assert done.stdout == b""
    assert list(closed.iterdir()) == []


@pytest.mark.slow
def test_a_closed_working_folder_is_enough_to_look(several, closed, bound):
    maps, data = str(several / "maps"), str(several / "set")
    done = start("score", maps, "--data", data, cwd=closed, before=bound)
    assert done.returncode == 5
    assert b"choose another --out, or --no-save" in done.stderr
    assert start("score", maps, "--data", data, "--no-save", cwd=closed, before=bound).returncode == 0
    assert start("check", maps, "--data", data, cwd=closed, before=bound).returncode == 0


def test_a_closed_options_file(several, tmp_path, bound):
    (tmp_path / "saliency-eval.toml").write_text("[score]\n")
    (tmp_path / "saliency-eval.toml").chmod(0)
    done = start("metrics", cwd=tmp_path, before=bound)
    assert done.returncode == 5
    assert done.stderr.startswith(b"error[io]: saliency-eval.toml: cannot be read: Permission denied")


def test_a_closed_folder_of_maps(several, tmp_path, bound):
    shutil.copytree(several / "maps", tmp_path / "maps")
    (tmp_path / "maps").chmod(0)
    done = start("score", "maps", "--data", str(several / "set"), cwd=tmp_path, before=bound)
    (tmp_path / "maps").chmod(0o755)
    assert done.returncode == 5, done.stderr
    assert done.stderr.startswith(b"error[io]: ")


@pytest.mark.parametrize("make", [os.mkfifo, Path.touch], ids=["fifo", "file"])
@pytest.mark.parametrize("line", ["score maps --data ./set --out {}", "run uniform --data ./set --out {}"])
def test_something_else_in_the_place_of_a_folder(several, tmp_path, make, line):
    make(tmp_path / "taken")
    done = start(*line.format(tmp_path / "taken").split(), cwd=several, timeout=20)
    assert done.returncode == 5, done.stderr
    assert done.stderr.startswith(b"error[io]: ")
    assert done.stdout == b""


def test_the_working_folder_was_removed(several, tmp_path):
    gone = str(tmp_path / "gone")
    patch = f"import os\nos.mkdir({gone!r})\nos.chdir({gone!r})\nos.rmdir({gone!r})"
    done = start("metrics", cwd=several, patch=patch)
    assert (done.returncode, done.stderr) == (0, b"")
    done = start("score", str(several / "maps"), "--data", str(several / "set"), cwd=several, patch=patch)
    assert done.returncode == 5, done.stderr
    assert done.stderr.startswith(b"error[io]: ")


@pytest.mark.slow
def test_an_output_that_knows_ascii_only(several):
    arguments = ["score", "maps", "--data", "./set", "--no-save", "--metrics", "nss", "--name", "caf\u00e9"]
    done = start(*arguments, cwd=several, environment={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert rb"caf\xe9 on set@1" in done.stdout
    done = run(*arguments, "--format", "json", cwd=several, PYTHONIOENCODING="ascii")
    assert answer(done)["results"][0]["model"] == "caf\u00e9"
