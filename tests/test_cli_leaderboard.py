"""`leaderboard build` and `verify` as a user meets them."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from made_runs import NAMES, made
from test_cli import call
from test_cli import run as start

from saliency_eval.errors import shown
from saliency_eval.store import save

FILES = {"leaderboard.json", "README.md", "table.csv", "table.tex", "index.html"}


def command(*arguments, cwd, alone=False):
    """Run the command line, in a process of its own if asked to; no case may end with a traceback."""
    done = (start if alone else call)(*arguments, cwd=cwd)
    assert "Traceback" not in done.stderr + done.stdout
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", done.stderr + done.stdout)
    return done


def build(place, *options, alone=False):
    return command("leaderboard", "build", "results", "--out", "boards", *options, cwd=place, alone=alone)


def board(place, id="toy"):
    text = (place / "boards" / id / "leaderboard.json").read_text(encoding="utf-8")
    return json.loads(text, parse_constant=lambda word: pytest.fail(word))


def score(place, *options):
    done = command("score", "maps", "--data", "toy", "--metrics", "nss,kld", *options, cwd=place)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_model_names(tmp_path):
    for name in NAMES.values():
        save(made(name), tmp_path / "results")
    done = build(tmp_path, "--excel-safe", alone=True)  # a stream that takes every character
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert done.stderr.startswith(
        "warning[no_baseline]: the board toy has no row of the uniform map and the centre bias; "
        "score as the others: saliency-eval score model:uniform model:centre_bias --data toy --protocol mit"
    )
    for name in NAMES.values():
        assert shown(name) in done.stdout
    assert {row["model"] for row in board(tmp_path)["rows"]} == set(NAMES.values())
    assert {p.name for p in (tmp_path / "boards" / "toy").iterdir()} == FILES | {"scores"}
    assert command("leaderboard", "verify", "boards", cwd=tmp_path).returncode == 0
    with (tmp_path / "boards" / "toy" / "table.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.reader(file, strict=True))) == 1 + len(NAMES)


def test_result_truncated(toy):
    score(toy, "--name", "good")
    score(toy, "--name", "cut")
    [cut] = (toy / "results" / "toy").glob("cut-*")
    whole = (cut / "run.json").read_bytes()
    (cut / "run.json").write_bytes(whole[: len(whole) // 2])
    done = build(toy)
    assert done.returncode == 0
    assert f"warning[skipped_result]: toy/{cut.name}/run.json: is no readable JSON, truncated" in done.stderr
    assert "score it again" in done.stderr
    assert [row["model"] for row in board(toy)["rows"]] == ["good"]
    [apart] = board(toy)["not_ranked"]
    assert (apart["reason"], apart["run"]) == ("skipped_result", f"toy/{cut.name}/run.json")


def test_result_partial_n(toy):
    score(toy, "--name", "whole")
    (toy / "maps" / "i03.png").unlink()
    score(toy, "--name", "part", "--on-missing", "skip")
    done = build(toy, "--format", "json")
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert [p["code"] for p in document["problems"]] == ["incomplete", "no_baseline"]
    assert "5/6" in document["problems"][0]["message"]
    assert "warning[incomplete]: part (part-" in done.stderr
    assert [row["model"] for row in document["results"][0]["rows"]] == ["whole"]
    assert board(toy)["not_ranked"][0]["detail"] == "5/6"
    assert document["command"] == "leaderboard build"


def test_result_other_signature(toy):
    score(toy, "--name", "one")
    score(toy, "--name", "two", "--protocol", "tuebingen")
    done = build(toy)
    assert done.returncode == 0
    assert "warning[mixed_signature]: the runs on toy follow 2 protocols (mit, tuebingen)" in done.stderr
    assert "their signatures differ" in done.stderr
    for folder, model in (("toy", "one"), ("toy.tuebingen", "two")):
        assert [row["model"] for row in board(toy, folder)["rows"]] == [model]
    assert (
        command("leaderboard", "verify", "boards", cwd=toy).stdout.count("all files are what the scores give")
        == 2
    )


def test_result_nan_metric(tmp_path):
    save(made("z"), tmp_path / "results")
    old = save(made("a", seed=1), tmp_path / "results") / "run.json"
    mean = made("a", seed=1).means["nss"].mean
    old.write_text(old.read_text().replace(f'"mean": {mean!r}', '"mean": NaN'))
    assert "NaN" in old.read_text()
    done = build(tmp_path)
    assert done.returncode == 0
    assert "warning[incomplete]: a (a-" in done.stderr
    rows = [line.split() for line in done.stdout.splitlines() if re.match("[1-]  ", line)]
    assert [row[:2] for row in rows] == [["1", "z"], ["-", "a"]]
    assert "n/a" in rows[1]
    assert board(tmp_path)["rows"][1]["metrics"]["nss"]["mean"] is None


def test_no_run_to_rank(toy):
    (toy / "results").mkdir()
    done = build(toy)
    assert done.returncode == 3
    assert done.stderr.startswith("error[missing]: a board needs runs, there are none; 0 could not be read")
    (toy / "maps" / "i03.png").unlink()
    score(toy, "--on-missing", "skip")
    done = build(toy, "--format", "json")
    assert done.returncode == json.loads(done.stdout)["exit_code"] == 3
    problems = [(p["code"], p["severity"]) for p in json.loads(done.stdout)["problems"]]
    assert problems == [("incomplete", "error"), ("incomplete", "warning")]
    assert done.stderr.startswith("error[incomplete]: no board was made: none of the runs has all images")
    assert "warning[incomplete]: maps (maps-" in done.stderr
    assert not (toy / "boards").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--primary", "ns"], "unknown metric of the board 'ns'. Did you mean nss?"),
        (["--data", "tox"], "unknown data set of the results 'tox'. Did you mean toy?"),
        (["--format", "pdf"], "--format cannot be 'pdf'"),
    ],
    ids=["primary", "data", "format"],
)
def test_mistakes_of_use(tmp_path, options, words):
    save(made(), tmp_path / "results")
    done = build(tmp_path, *options)
    assert done.returncode == 2
    assert words in done.stderr


def test_an_empty_name_of_a_folder_is_not_this_one(tmp_path):
    save(made(), tmp_path / "results")
    before = sorted(tmp_path.iterdir())
    for name in ("", " "):
        done = command("leaderboard", "build", "results", "--out", name, cwd=tmp_path)
        assert done.returncode == 2
        assert "must name a folder, got nothing; . is this one" in done.stderr
    assert sorted(tmp_path.iterdir()) == before
    assert command("leaderboard", "build", "results", "--out", ".", cwd=tmp_path).returncode == 0
    assert (tmp_path / "toy" / "leaderboard.json").exists()


def test_no_results_folder(tmp_path):
    done = build(tmp_path)
    assert done.returncode == 2
    assert "results must be a folder: there is none at results; score first" in done.stderr


@pytest.mark.parametrize(
    ("format", "name"),
    {"md": "README.md", "csv": "table.csv", "latex": "table.tex", "html": "index.html"}.items(),
)
def test_a_format_is_printed_as_it_is_written(tmp_path, format, name):
    save(made(), tmp_path / "results")
    assert build(tmp_path, "--format", format, alone=True).stdout == (
        tmp_path / "boards" / "toy" / name
    ).read_text("utf-8")


def test_equal_bytes_whatever_the_order_of_runs_on_disk(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    runs = [made(model, seed=k, id=id) for id in ("toy", "other") for k, model in enumerate("xyz")]
    for place, order in ((first, runs), (second, runs[::-1])):
        for run in order:
            save(run, place / "results")
        assert build(place, "--primary", "kld").returncode == 0
    for folder in (second / "results" / "toy").iterdir():  # other names, another order
        shutil.move(folder, folder.with_name(f"{folder.name[::-1]}"))
    assert build(second, "--primary", "kld").returncode == 0
    for path in (first / "boards").rglob("*.*"):
        assert path.read_bytes() == (second / "boards" / path.relative_to(first / "boards")).read_bytes()
    assert {p.name for p in (first / "boards").iterdir()} == {"toy", "other"}


# ------------------------------------------------------------------ values of the literature

HEADER = "model,year,metric,value,dataset_version,split,protocol,source,note"
ROW = 'DeepFix,2015,nss,2.26,unknown,test,unknown,"matthias-k/saliency-benchmarking ad4afb5, TestNewModels.m",\n'


def test_values_of_the_literature_stand_apart(tmp_path):
    save(made(), tmp_path / "results")
    (tmp_path / "theirs.csv").write_text(f"{HEADER}\n{ROW}", encoding="utf-8")
    assert build(tmp_path, "--reported", "theirs.csv").returncode == 0
    page = (tmp_path / "boards" / "toy" / "README.md").read_text(encoding="utf-8")
    assert "DeepFix" in page.split("## Published elsewhere, not comparable")[1]
    assert "DeepFix" not in page.split("## Published")[0]
    [row] = board(tmp_path)["reported"]
    assert row["value"] == "2.26"
    assert row["url"] == "https://github.com/matthias-k/saliency-benchmarking/tree/ad4afb5"
    before = (tmp_path / "boards" / "toy" / "README.md").read_bytes()
    assert build(tmp_path).returncode == 0  # it lies in the folder of the board now
    assert (tmp_path / "boards" / "toy" / "README.md").read_bytes() == before


def test_a_value_without_source_fails_the_build(tmp_path):
    save(made(), tmp_path / "results")
    (tmp_path / "theirs.csv").write_text(
        f"{HEADER}\nDeepFix,2015,nss,2.26,unknown,test,unknown,,\n", encoding="utf-8"
    )
    done = build(tmp_path, "--reported", "theirs.csv")
    assert done.returncode == 4
    assert "theirs.csv: line 2: source must not be empty; give a DOI" in done.stderr
    assert done.stderr.startswith("error[unreadable]: ")
    assert not (tmp_path / "boards").exists()


def test_values_are_about_one_data_set(tmp_path):
    for id in ("toy", "other"):
        save(made(id=id), tmp_path / "results")
    (tmp_path / "theirs.csv").write_text(f"{HEADER}\n{ROW}", encoding="utf-8")
    done = build(tmp_path, "--reported", "theirs.csv")
    assert done.returncode == 2
    assert "--reported is about one data set" in done.stderr
    assert build(tmp_path, "--reported", "theirs.csv", "--data", "toy").returncode == 0


# ------------------------------------------------------------------ verify


def test_verify_says_what_differs(tmp_path):
    for k in range(2):
        save(made(f"m{k}", seed=k), tmp_path / "results")
    assert build(tmp_path).returncode == 0
    done = command("leaderboard", "verify", "boards", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "toy: all files are what the scores give\n")
    table = tmp_path / "boards" / "toy" / "table.csv"
    table.write_text(table.read_text().replace("m0", "m9"))
    done = command("leaderboard", "verify", "boards/toy", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "toy: 1 difference\n")
    assert done.stderr.startswith("error[differs]: toy/table.csv: line ")
    done = command("leaderboard", "verify", "boards", "--format", "json", cwd=tmp_path)
    document = json.loads(done.stdout)
    assert done.returncode == document["exit_code"] == 1
    assert document["results"] == [
        {"board": "toy", "differences": 1, "other_platform": False, "other_version": None}
    ]
    assert [p["file"] for p in document["problems"]] == ["toy/table.csv"]


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_there_is_nothing_to_verify(tmp_path, name):
    (tmp_path / "empty").mkdir()
    done = command("leaderboard", "verify", name, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error[usage]: ")


def test_equal_bytes_in_other_surroundings(tmp_path):
    """Another zone, language and seed of hashes; the environment of the first is that of the tests."""
    for k in range(3):
        save(made(f"m{k}", seed=k), tmp_path / "results")
    assert build(tmp_path).returncode == 0
    odd = {"TZ": "Pacific/Kiritimati", "LANG": "de_DE.UTF-8", "LC_ALL": "C", "PYTHONHASHSEED": "1",
           "PYTHONIOENCODING": "ascii", "OPENBLAS_NUM_THREADS": "4"}  # fmt: skip
    line = [sys.executable, "-m", "saliency_eval", "leaderboard", "build", "results", "--out", "others"]
    assert subprocess.run(line, cwd=tmp_path, env={**os.environ, **odd}, capture_output=True).returncode == 0
    for path in (tmp_path / "boards").rglob("*.*"):
        assert (
            path.read_bytes() == (tmp_path / "others" / path.relative_to(tmp_path / "boards")).read_bytes()
        ), path
