"""Time by stage: exclusive, complete, and only counted when asked for."""

import itertools
import json

import pytest
from typer.testing import CliRunner

from saliency_eval import profiling, score
from saliency_eval.cli import app
from saliency_eval.datasets import load_dataset
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.profiling import Stages, profiled, stage


def test_a_stage_does_not_count_what_it_hands_on():
    stages = Stages(itertools.count(0, 10).__next__)
    with stages.stage("outer"), stages.stage("inner"):
        pass
    with pytest.raises(ZeroDivisionError), stages.stage("inner"):
        _ = 1 / 0
    stages.turn()
    assert stages.seconds == {"rest": 30, "outer": 20, "inner": 20}


def test_nothing_is_counted_unless_it_is_asked_for():
    assert stage("a") is stage("b") is profiling.OFF
    with profiled() as stages, stage("a"):
        pass
    assert list(stages.seconds) == ["rest", "a"]
    assert stage("a") is profiling.OFF


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maps")
    done = CliRunner().invoke(app, ["run", "centre_gaussian", "--data", "demo", "--out", str(folder), "-q"])
    assert done.exit_code == 0, done.output
    return folder


def test_stages_of_a_run_sum_to_its_time(maps):
    with profiled() as stages:
        clock = stages._clock
        before = clock()
        score(maps, load_dataset("demo"), ["cc", "ig"])
        total = clock() - before
    assert set(stages.seconds) == {
        "rest", "fetch", "hash", "decode and check", "levels and size", "cc", "ig", "density", "baseline",
    }  # fmt: skip
    assert sum(stages.seconds.values()) == pytest.approx(total, rel=0.05)


def test_score_prints_them(maps):
    command = ["score", str(maps), "--data", "demo", "--no-save", "--metrics", "cc", "--profile"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    header, *rows = done.output[done.output.index("stage") :].splitlines()
    assert header.split() == ["stage", "CPU", "s", "share", "ms", "per", "image"]
    assert {"density", "cc", "fetch"} <= {row.split()[0] for row in rows}
    assert rows[-1].split()[::2] == ["total", "100.0%"]
    document = json.loads(CliRunner().invoke(app, [*command, "--format", "json"]).stdout)
    assert document["profile"]["density"] > 0
    assert "profile" not in json.loads(CliRunner().invoke(app, [*command[:-1], "--format", "json"]).stdout)


def test_it_scores_anew_in_this_process_whatever_the_settings_say(maps, tmp_path, monkeypatch):
    monkeypatch.setenv("SALIENCY_EVAL_WORKERS", "2")
    command = ["score", str(maps), "--data", "demo", "--out", str(tmp_path), "--metrics", "cc", "--profile"]
    for _ in range(2):
        done = CliRunner().invoke(app, [*command, "--executor", "dask://127.0.0.1:1"])
        assert done.exit_code == 0, done.output
        assert "decode and check" in done.output


def test_it_is_not_for_one_number(maps):
    command = ["score", str(maps), "--data", "demo", "--bare", "cc", "--profile"]
    with pytest.raises(
        SaliencyEvalError, match=r"error\[usage\]: --bare prints one number and --profile a table"
    ):
        CliRunner().invoke(app, command, catch_exceptions=False)
