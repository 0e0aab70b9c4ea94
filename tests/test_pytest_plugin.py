"""The plugin that pins the scores of other people's models: it records, compares, and says what differs."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from made_runs import NAMES, made

from saliency_eval import SaliencyEvalError, pinned
from saliency_eval import models as _declared  # noqa: F401  (what the inner pytest loads it forgets again)

TEST = """
import pytest
import saliency_eval as se

def test_model(saliency_golden):
    saliency_golden.check("my_model", {"a": {"nss": %s, "cc": 0.5}, "b": {"nss": float("nan"), "cc": float("inf")}})
"""
ROOT = Path(__file__).resolve().parent.parent
PLUGINS = (
    "-p",
    "saliency_eval.pytest_plugin",
    "-p",
    "no:hypothesispytest",
    "-p",
    "no:benchmark",
)  # others are slow


@pytest.fixture
def golden(pytester):
    """Run a test file with the plugin and a folder of records."""

    def run(body, *arguments):
        pytester.makepyfile(body)
        return pytester.runpytest(*PLUGINS, "--saliency-golden", "gold", *arguments)

    return run


def test_scores_are_recorded_on_demand_and_compared_otherwise(golden, pytester):
    done = golden(TEST % 1.25)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*error?missing?: there is no record of 'my_model'*",
                               "*pytest --saliency-golden * --saliency-golden-update*"])  # fmt: skip
    assert not (pytester.path / "gold").exists()
    done = golden(TEST % 1.25, "--saliency-golden-update")
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["saliency golden: 1 written"])
    golden(TEST % 1.25).assert_outcomes(passed=1)
    record = json.loads((pytester.path / "gold" / "my_model.json").read_text(), parse_constant=pytest.fail)
    assert record["values"] == {"a": {"nss": 1.25, "cc": 0.5}, "b": {"nss": None, "cc": "inf"}}
    assert {"saliency_eval", "numpy"} < set(record["versions"])
    assert list(record) == sorted(record)


def test_a_difference_names_metric_image_numbers_and_versions(golden, pytester):
    golden(TEST % 1.25, "--saliency-golden-update")
    path = pytester.path / "gold" / "my_model.json"
    record = json.loads(path.read_text())
    record["versions"]["numpy"] = "1.0"
    path.write_text(json.dumps(record))
    golden(TEST % "1.25 + 1e-9").assert_outcomes(passed=1)
    done = golden(TEST % 1.5)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines([
        "*saliency golden 'my_model': 1 of 4 numbers differ (relative tolerance 1e-09):",
        "nss of image a: recorded 1.25, got 1.5, +0.25 (+20 %)",
        "recorded with *numpy 1.0 (here *",
        "if it is to be recorded anew: pytest --saliency-golden * --saliency-golden-update",
    ])  # fmt: skip
    assert golden(TEST % 1.25, "--saliency-golden-update").ret == 0
    assert json.loads(path.read_text()) == record  # equal numbers keep the record, versions included
    golden(TEST % 1.5, "--saliency-golden-update").stdout.fnmatch_lines(["saliency golden: 1 written"])
    assert json.loads(path.read_text())["versions"]["numpy"] != "1.0"


def test_predictions_are_scored_and_their_signature_is_part_of_the_record(golden):
    body = """
import numpy as np
import saliency_eval as se

def test_model(saliency_golden):
    saliency_golden.check("model", lambda image: np.eye(300, 400), "demo", metrics=["%s"])

def test_run(saliency_golden):
    saliency_golden.check("run", se.score("model:uniform", "demo", "nss"))
"""
    golden(body % "nss", "--saliency-golden-update").assert_outcomes(passed=2)
    golden(body % "nss").assert_outcomes(passed=2)
    done = golden(body % "nss(ddof=0)")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*nss was nss|protocol:mit|*|ddof:1|*", "*and is nss|protocol:mit|*|ddof:0|*"])


def test_what_workers_wrote_is_counted_together(golden):
    body = """
import pytest

@pytest.mark.parametrize("name", ["one", "two", "three"])
def test_model(saliency_golden, name):
    saliency_golden.check(name, {"a": {"nss": 1.25}})
"""
    for said in ("3 written", "3 unchanged"):
        done = golden(body, "--saliency-golden-update", "-n", "2")
        done.assert_outcomes(passed=3)
        done.stdout.fnmatch_lines([f"saliency golden: {said}"])


def test_the_folder_may_be_a_setting_and_must_be_given(pytester):
    pytester.makepyfile(TEST % 1)
    done = pytester.runpytest(*PLUGINS)
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["saliency_golden needs the folder of records*"])
    pytester.makeini("[pytest]\nsaliency_golden = records\n")
    done = pytester.runpytest(*PLUGINS, "--saliency-golden-update")
    done.assert_outcomes(passed=1)
    assert (pytester.path / "records" / "my_model.json").is_file()


def test_a_name_is_checked_once(golden):
    twice = TEST % 1 + '    saliency_golden.check("my_model", {"nss": 1})\n'
    done = golden(twice, "--saliency-golden-update")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*'my_model' is checked twice*"])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("'x', {}", "must hold numbers"),
        ("'x', {'a': {}}", "must hold numbers"),
        ("'x', [1, 2]", "scores must be a run, or numbers by metric"),
        ("'x', {'nss': 'high'}", "got 'high'"),
        ("'x', {1: 2.0}", "got 1"),
        ("'x', {'a': {'nss': 1}, 'b': 2}", "got 2"),
        ("'x', {'nss': 1}, metrics=['nss']", "give data"),
        ("'x', {'i1': [[1]]}, 'demoo'", "Did you mean demo?"),
    ],
)  # fmt: skip
def test_what_cannot_be_recorded_is_told(golden, call, words):
    done = golden(
        f"def test(saliency_golden):\n    saliency_golden.check({call})", "--saliency-golden-update"
    )
    done.assert_outcomes(failed=1)
    assert words in done.stdout.str()


# ------------------------------------------------------------------ records on disk


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_a_file_of_the_folder(name, tmp_path):
    folder = tmp_path / "gold"
    record = pinned.record_of(NAMES[name], made(NAMES[name], labels=(f"nss({NAMES[name]})",), keys=("nss",)))
    pinned.write(folder, record)
    [path] = folder.iterdir()
    assert path.parent == folder
    assert path.suffix == ".json"
    assert len(path.name) < 90
    assert path.name.isascii()
    assert pinned.read(folder, NAMES[name]) == record
    assert pinned.different(folder, record, 0) == ""


def test_names_that_look_alike_have_files_of_their_own(tmp_path):
    names = [*NAMES.values(), "café.", "CAFE", "cafe", "con", "a/b", "a-b"]
    assert len({pinned.path_of(tmp_path, name).name.lower() for name in names}) == len(names)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", '{"schema": 2}', "NaN", "[" * 100_000, "\udc80", None,
     '{"schema": 1, "name": "x", "values": {"a": NaN}, "signatures": {}, "versions": {}}',
     '{"schema": 1, "name": "x", "values": {"a": 1}, "signatures": {}, "versions": {}}',
     '{"schema": 1, "name": "y", "values": {}, "signatures": {}, "versions": {}}'],
)  # fmt: skip
def test_what_is_no_record_is_told_and_written_anew(text, tmp_path):
    if text is None:
        (tmp_path / "x.json").symlink_to("/dev/null")
    else:
        (tmp_path / "x.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    record = pinned.record_of("x", {"nss": 1})
    with pytest.raises(SaliencyEvalError, match="must be a record of schema 1"):
        pinned.different(tmp_path, record, 0)
    assert pinned.update(tmp_path, record, 0)
    assert not pinned.update(tmp_path, record, 0)


def test_numbers_of_one_side_only_and_many_differences_are_told():
    old = pinned.Record("x", {"": {f"m{n:02}": float(n) for n in range(40)}}, {}, {"numpy": "1"})
    new = old._replace(values={"": {f"m{n:02}": n + 0.5 for n in range(1, 41)}})
    lines = pinned.changes(old, new, 1e-9).splitlines()
    assert lines[0] == "41 of 40 numbers differ (relative tolerance 1e-09):"
    assert lines[1:3] == [
        "m00: recorded 0.0, got not computed",
        "m01: recorded 1.0, got 1.5, +0.5 (+50 %)",
    ]
    assert lines[-2:] == ["... and 21 more", "recorded with numpy 1"]


def test_pytest_starts_without_the_package():
    heavy = "[m for m in sys.modules if m.split('.')[0] in ('numpy', 'pandas', 'scipy', 'PIL', 'typer')]"
    code = f"import sys, saliency_eval.pytest_plugin\nprint({heavy}, [m for m in sys.modules if 'saliency' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] ['saliency_eval', 'saliency_eval.pytest_plugin']\n"


def test_the_example_of_the_readme_works_as_it_says(golden):
    text = (ROOT / "README.md").read_text()
    example = re.search(r"<!-- golden example -->\n```python\n(.*?)```", text, re.DOTALL)[1]
    golden(example, "--saliency-golden-update").assert_outcomes(passed=1)
    golden(example).assert_outcomes(passed=1)
    done = golden(example.replace("hanning(400)", "hamming(400)"))
    done.assert_outcomes(failed=1)
    for line in re.search(r"```\n(saliency golden 'my_model':.*?)\n\.\.\.", text, re.DOTALL)[1].splitlines():
        assert line in done.stdout.str()


def test_the_entry_point_has_the_name_that_loads_it_once():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    points = project["entry-points"]["pytest11"]
    assert points == {"saliency_eval.pytest_plugin": "saliency_eval.pytest_plugin"}
