"""The command line as a user meets it."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest


def run(*arguments, cwd=None, **environment):
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "saliency_eval", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "COLUMNS": "100", "PYTHONUTF8": "1", **environment},
    )


def test_score_prints_a_signed_table_and_saves_the_run(toy):
    done = run("score", "maps", "--data", "toy", "--workers", "1", cwd=toy)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("maps on toy@1   6/6 images")
    assert any(line.split()[:2] == ["nss", "\u2191"] and "[" in line for line in lines)
    assert any(line.startswith("kld|protocol:mit|data:toy@1#") for line in lines)
    assert len(list((toy / "results" / "toy").iterdir())) == 1
    assert "saved results/toy/maps-" in lines[-1]
    assert "Traceback" not in done.stderr


def test_json_is_one_strict_document_for_success_and_failure(toy):
    done = run("score", "maps", "--data", "toy", "--format", "json", "--no-save", "--metrics", "nss", cwd=toy)
    document = json.loads(done.stdout, parse_constant=lambda name: pytest.fail(name))
    assert (document["schema"], document["command"], document["exit_code"]) == (1, "score", 0)
    assert document["results"][0]["metrics"]["nss"]["n"] == 6
    (toy / "maps" / "i03.png").unlink()
    done = run("score", "maps", "--data", "toy", "--format", "json", cwd=toy)
    document = json.loads(done.stdout)
    assert done.returncode == document["exit_code"] == 3
    assert document["problems"][0]["code"] == "missing"
    assert not (toy / "results").exists()


def test_bare_prints_one_number(toy):
    done = run("score", "maps", "--data", "toy", "--bare", "nss", "--no-save", "-q", cwd=toy)
    assert np.isfinite(float(done.stdout))


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["score", "maps", "--data", "osi"], 2, "Did you mean osie?"),
        (["score", "maps", "--data", "toy", "--metrics", "auc_jud"], 2, "Did you mean auc_judd?"),
        (["score", "maps", "--data", "toy", "--protocol", "mitt"], 2, "Did you mean mit?"),
        (["score", "maps", "--data", "toy", "--kind", "maps"], 2, "Did you mean map?"),
        (["score", "absent", "--data", "toy"], 3, "error[missing]"),
        (["score", "maps", "--data", "osie", "--root", "toy"], 4, "looked for"),
        (["score", "maps", "--data", "osie", "--root", "nowhere"], 4, "error[not_available]"),
        (["score", "maps"], 2, "--data"),
        (["scor"], 2, "score"),
        (["metrics", "ns"], 2, "Did you mean nss?"),
        (["models", "centre_bia"], 2, "Did you mean centre_bias?"),
        (["doctor", "--code", "color"], 2, "Did you mean colour?"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else None,
)
def test_mistakes_get_a_sentence_and_the_right_status(toy, arguments, status, words):
    done = run(*arguments, cwd=toy)
    assert done.returncode == status, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_check_says_what_score_would_refuse(toy):
    assert run("check", "maps", "--data", "toy", cwd=toy).returncode == 0
    (toy / "maps" / "i02.png").write_bytes(b"<html>not found</html>")
    done = run("check", "maps", "--data", "toy", "--format", "json", cwd=toy)
    assert done.returncode == 3
    assert [p["code"] for p in json.loads(done.stdout)["problems"]] == ["unreadable"]


def test_run_then_score(toy):
    done = run("run", "centre_bias", "--data", "toy", "--out", "cb", cwd=toy)
    assert done.returncode == 0, done.stderr
    assert np.load(toy / "cb" / "i01.npy").dtype == np.float32
    done = run("score", "cb", "--data", "toy", "--metrics", "core", cwd=toy)
    assert done.returncode == 0, done.stderr
    assert "extra" not in done.stderr
    done = run("run", "gold_standard", "--data", "toy", "--out", "gs", cwd=toy)
    assert "model:gold_standard" in done.stderr


def test_limit_is_not_a_score(toy):
    done = run("score", "maps", "--data", "toy", "--limit", "2", cwd=toy)
    assert "NOT A SCORE" in done.stdout
    assert not (toy / "results").exists()


def test_all_protocols_side_by_side(toy):
    done = run("score", "maps", "--data", "toy", "--protocol", "all", "--no-save", cwd=toy)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("maps on toy@1") == 5


def test_names_cannot_write_control_characters(toy):
    done = run("score", "maps", "--data", "toy", "--no-save", "--name", "a\x1b[31mb\nc", cwd=toy)
    assert "\x1b" not in done.stdout
    assert r"a\x1b[31mb\nc" in done.stdout


def test_closed_output_is_quiet(toy):
    script = f"{sys.executable} -m saliency_eval metrics | head -1"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=toy)
    assert done.stderr == ""


def test_results_folder_that_cannot_be_written(toy):
    (toy / "results").write_text("a file, not a folder")
    done = run("score", "maps", "--data", "toy", cwd=toy)
    assert done.returncode == 5
    assert "error[io]" in done.stderr


def test_selftest_and_its_failure(tmp_path):
    assert run("selftest").returncode == 0
    code = (
        "import sys, saliency_eval.maps as m, saliency_eval.cli as c\n"
        "plain = m.Map.deviation\n"
        "m.Map.deviation = lambda self, ddof=0: plain(self, ddof) * 1.00005\n"
        "sys.argv = ['saliency-eval', 'selftest']\nc.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "nss|" in done.stdout


def test_demo_ends_with_a_board(tmp_path):
    done = run("demo", "--out", tmp_path / "d")
    assert done.returncode == 0, done.stderr
    models = [line.split("|")[2].strip() for line in done.stdout.splitlines() if line.startswith("|")][2:]
    assert models[0] == r"gold\_standard"
    assert set(models[1:]) == {"uniform", r"centre\_gaussian", r"centre\_bias"}
    assert "simulated" in done.stdout


def test_doctor_and_lists():
    assert "numpy" in run("doctor").stdout
    facts = json.loads(run("doctor", "--format", "json").stdout)["results"][0]
    assert facts["extra [emd]"] == "installed"
    listed = json.loads(run("metrics", "--format", "json").stdout)["results"]
    assert {"nss", "auc_judd", "emd"} <= {m["key"] for m in listed}
    assert "Formula" in run("metrics", "auc_judd").stdout or "ROC" in run("metrics", "auc_judd").stdout
