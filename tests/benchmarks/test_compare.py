"""Histories are compared by their ratios: a slower machine is no slower code."""

import json
import subprocess
import sys

import pytest

from .compare import main, ratios


@pytest.fixture
def history(tmp_path):
    """Write a file as `--benchmark-json` does, with ratios by name and the seconds of a machine."""

    def history(name, figures, seconds=1.0):
        rows = [
            {
                "fullname": f"test_kernels.py::test[{key}]",
                "stats": {"median": seconds},
                "extra_info": {key: figure},
            }
            for key, figure in figures.items()
        ]
        (tmp_path / name).write_text(json.dumps({"benchmarks": rows}))
        return str(tmp_path / name)

    return history


def test_what_grew_by_more_than_the_factor_is_slower(history, capsys):
    old = history("old.json", {"nss": 0.1, "cc": 0.2, "kld": 0.4, "sim": 0.5})
    new = history("new.json", {"nss": 0.124, "cc": 0.26, "kld": 0.1, "sim": 0.5})
    assert main([old, new]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "slower test_kernels.py::test[cc]: cc: 0.2 -> 0.26 (1.30 x)",
        "faster test_kernels.py::test[kld]: kld: 0.4 -> 0.1 (0.25 x)",
        "4 ratios compared, 1 grew by more than 1.25",
    ]
    assert main([old, new, "--factor", "1.31"]) == 0
    assert main([old, new, "--factor", "1.2"]) == 1


def test_seconds_do_not_count(history):
    figures = {"nss": 0.1}
    assert main([history("old.json", figures, 1.0), history("new.json", figures, 9.0)]) == 0


def test_a_ratio_that_is_gone_is_wrong_and_a_new_one_is_told(history, capsys):
    old, new = history("old.json", {"nss": 0.1, "cc": 0.2}), history("new.json", {"nss": 0.1, "emd": 3.0})
    assert main([old, new]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "gone   test_kernels.py::test[cc]: cc: 0.2",
        "new    test_kernels.py::test[emd]: emd: 3",
        "1 ratios compared, 0 grew by more than 1.25",
    ]
    assert main([history("empty.json", {}), new]) == 1


def test_the_file_that_pytest_benchmark_writes_is_read(tmp_path):
    (tmp_path / "test_one.py").write_text(
        "def test_one(benchmark):\n    benchmark(len, [])\n    benchmark.extra_info.update(ratio=1.5, words='no')\n"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--benchmark-json",
        "out.json",
        "--benchmark-max-time=0.01",
    ]
    done = subprocess.run(
        [*command, "-p", "no:hypothesispytest"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    assert ratios(tmp_path / "out.json") == {"test_one.py::test_one: ratio": 1.5}
