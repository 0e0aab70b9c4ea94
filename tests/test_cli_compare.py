"""`compare` as a user meets it, on the demonstration data; each case in a process of its own."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from made_runs import NAMES, made

import saliency_eval as se
from saliency_eval.cli.compare import is_beaten
from saliency_eval.errors import shown
from saliency_eval.store import save


def command(*arguments, cwd=None):
    """Run the command line; no case may end with a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "saliency_eval", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert "Traceback" not in done.stderr + done.stdout
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", done.stderr + done.stdout)
    return done


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Saved runs of two baselines on the demonstration data, by name."""
    place = tmp_path_factory.mktemp("runs")
    data = se.load_dataset("demo")
    found = {name: se.score(f"model:{name}", data, ["nss", "kld"]) for name in ("centre_gaussian", "uniform")}
    return place, {name: (run, save(run, place / "results")) for name, run in found.items()}


def test_saved_runs_need_no_data(runs):
    place, found = runs
    (gaussian, a), (uniform, b) = found.values()
    done = command("compare", a, b, cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    [pair] = se.compare(gaussian, uniform).pairs
    assert "demo@1, protocol mit, 8 images" in done.stdout
    assert re.search(r"^nss \u2191 +mean +95 % interval$", done.stdout, re.MULTILINE)
    row = next(line for line in done.stdout.splitlines() if line.startswith("centre_gaussian  uniform"))
    assert f"{pair.p:.2g}" in row.split()
    assert f"{pair.wins}/{pair.ties}/{pair.losses}" in row.split()
    assert "centre_gaussian ahead of uniform: " in done.stdout
    assert "all 256 sign flips" in done.stdout
    assert gaussian.signatures["nss"] in done.stdout


def test_predictions_are_scored_as_score_does_and_not_saved(runs, tmp_path):
    _, found = runs
    (gaussian, a), (uniform, _) = found.values()
    done = command(
        "compare", a, "model:uniform", "--data", "demo", "--metric", "kld", "--format", "json", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout, parse_constant=lambda word: pytest.fail(word))
    assert (document["command"], document["exit_code"]) == ("compare", 0)
    assert {p["code"] for p in document["problems"]} == {"constant"}
    [result] = document["results"]
    assert [m["mean"] for m in result["models"]] == [run.means["kld"].mean for run in (gaussian, uniform)]
    assert result["pairs"][0]["p"] == se.compare(gaussian, uniform, metric="kld").pairs[0].p
    assert result["pairs"][0]["images_first_ahead"][0]["difference"] < 0
    assert all(part["lo"] < part["hi"] for part in (result["models"][0], result["pairs"][0]))
    assert list(tmp_path.iterdir()) == []


def test_both_scored_by_one_metric_with_options():
    done = command(
        "compare", "model:uniform", "model:centre_gaussian", "--data", "demo", "--metric", "nss(ddof=0)",
        "--format", "csv", "--bootstrap", "500", "--flips", "100", "--worst", "2", "--quiet",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    [row] = csv.DictReader(io.StringIO(done.stdout), strict=True)
    assert (row["first"], row["second"], row["mean_first"]) == ("uniform", "centre_gaussian", "0.0")


def test_fail_if_worse(runs):
    _, found = runs
    (gaussian, a), (uniform, b) = found.values()
    for order, status in (((a, b), 1), ((b, a), 0)):
        done = command("compare", *order, "--metric", "nss", "--fail-if-worse", "--format", "md")
        assert done.returncode == status, (order, done.stdout, done.stderr)
        assert done.stdout.startswith("# nss")
    assert not is_beaten(se.compare(gaussian, uniform, alpha=0.001))
    twin, flat = replace(gaussian, model="twin"), replace(uniform, model="flat")
    assert not is_beaten(se.compare(gaussian, twin))
    assert is_beaten(se.compare(gaussian, twin, uniform, alpha=0.1))
    assert not is_beaten(se.compare(uniform, gaussian, flat, alpha=0.1))  # only the first counts


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a"], "compare needs at least two models, got 1"),
        (["a", "b"], r"a is no folder of a saved run, and predictions need --data; name the data set"),
        (["A", "B", "--metric", "ns"], r"unknown metric of centre_gaussian 'ns'.*Did you mean nss"),
        (["A", "B", "--format", "html"], r"--format cannot be 'html'"),
        (["A", "B", "--flips", "0"], r"flips"),
        (["A", "B", "--bootstrap", "99"], r"bootstrap"),
        (["A", "B", "--alpha", "nan"], r"alpha"),
        (["A", "B", "--worst", "-1"], r"worst"),
        (["A", "A"], r"compare needs different models, .* was given 2 times; name each once"),
        (["model:uniform", "model:uniform", "--data", "demo"], r"model:uniform was given 2 times"),
    ],
)
def test_usage(runs, tmp_path, arguments, words):
    _, found = runs
    folders = dict(zip("AB", (folder for _, folder in found.values()), strict=True))
    done = command("compare", *(folders.get(word, word) for word in arguments), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(r"^error\[usage\]: .*" + words, done.stderr)


def test_what_may_not_be_compared_is_refused(runs, tmp_path):
    _, found = runs
    (_, a), _ = found.values()
    other = save(made("other"), tmp_path)
    done = command("compare", a, other)
    assert done.returncode == 3
    start = "error[mixed_signature]: other and centre_gaussian were scored differently: data toy@1#0f0f0f0f, not demo@"
    assert done.stderr.startswith(start)
    done = command("compare", other, "model:uniform", "--data", "demo")
    assert done.returncode == 3
    assert "other was scored on toy@1#0f0f0f0f, and --data is demo@1#" in done.stderr
    broken = tmp_path / "broken"
    shutil.copytree(a, broken)
    (broken / "run.json").write_text("{")
    done = command("compare", a, broken)
    assert done.returncode == 3
    assert "error[skipped_result]" in done.stderr


def test_model_names(tmp_path):
    folders = [save(made(name, seed=k), tmp_path) for k, name in enumerate(NAMES.values())]
    done = command("compare", *folders, "--bootstrap", "100", "--flips", "50", "--worst", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(shown(name) in done.stdout for name in NAMES.values())
