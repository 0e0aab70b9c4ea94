"""The command line as a user meets it."""

import contextlib
import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from saliency_eval.cli import main
from saliency_eval.cli.info import state_of
from saliency_eval.cli.results import foreign
from saliency_eval.maps import Map
from saliency_eval.stats import Interval


def run(*arguments, cwd=None, **environment):
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "saliency_eval", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "COLUMNS": "100", "PYTHONUTF8": "1", **environment},
    )


def call(*arguments, cwd):
    """Run the command line in this process: much faster, for what does not depend on the process."""
    out, errors = io.StringIO(), io.StringIO()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    before = sys.argv
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors), contextlib.chdir(cwd):
        sys.argv = ["saliency-eval", *map(str, arguments)]
        with pytest.raises(SystemExit) as ended:
            main()
    for number, handler in handlers.items():
        signal.signal(number, handler)
    sys.argv = before
    return subprocess.CompletedProcess(arguments, ended.value.code, out.getvalue(), errors.getvalue())


def run_patched(patch, *arguments, cwd=None, **options):
    """Run the command line after some lines of Python that change it."""
    code = f"{patch}\nimport sys, saliency_eval.cli as c\nsys.argv = ['saliency-eval', *{list(arguments)!r}]\nc.main()"
    command = [sys.executable, "-c", code]
    return subprocess.Popen(command, stdout=-1, stderr=-1, text=True, cwd=cwd, **options)


def shell(line, cwd=None):
    """Run a line of bash in which `SE` stands for the command line; status, standard output, standard error."""
    command = line.replace("SE", f"{shlex.quote(sys.executable)} -m saliency_eval")
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    return done.returncode, done.stdout, done.stderr


def answer(done):
    """The one JSON document on standard output; its status is that of the process."""
    document = json.loads(done.stdout, parse_constant=lambda name: pytest.fail(name))
    assert document["exit_code"] == done.returncode
    return document


@pytest.fixture
def three(toy):
    """Beside good maps a set that lacks one, and a set with a broken file."""
    for name in ("lacks", "broken"):
        shutil.copytree(toy / "maps", toy / name)
    (toy / "lacks" / "i03.png").unlink()
    (toy / "broken" / "i01.png").write_bytes(b"<html>not found</html>")
    return toy


def test_score_prints_a_signed_table_and_saves_the_run(toy):
    done = run("score", "maps", "--data", "toy", "--workers", "1", cwd=toy)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("maps on toy@1, protocol mit   6/6 images")
    assert any(line.split()[:2] == ["nss", "\u2191"] and "[" in line for line in lines)
    assert any(line.startswith("kld|protocol:mit|data:toy@1#") for line in lines)
    assert len(list((toy / "results" / "toy").iterdir())) == 1
    assert "saved results/toy/maps-" in lines[-1]
    assert "Traceback" not in done.stderr


def test_notes_stand_below_the_heading_of_their_model(toy):
    shutil.copytree(toy / "maps", toy / "more")
    for folder in ("maps", "more"):
        (toy / folder / "zz.png").write_bytes((toy / folder / "i01.png").read_bytes())
    line = "SE score maps more --data toy --metrics nss --no-save --workers 1 2>&1"
    status, told, _ = shell(line, cwd=toy)
    assert status == 0, told
    marks = [
        line[:7] for line in told.splitlines() if " on toy@1" in line or line.startswith("warning[extra]")
    ]
    assert marks == ["maps on", "warning", "more on", "warning"]


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


def test_heavy_tails_are_told(toy, monkeypatch):
    """Of six images no skew is beyond 1.8, so that the limit is moved."""
    words = r"nss: the scores have a skew of (-?\d\.\d), beyond 0 an interval is too narrow"
    line = ("score", "maps", "--data", "toy", "--metrics", "nss", "--no-save", "--workers", "1")
    assert "skew" not in call(*line, cwd=toy).stdout
    monkeypatch.setattr("saliency_eval.run.HEAVY_TAIL", 0)
    [skew] = re.findall(rf"^{words}$", call(*line, cwd=toy).stdout, re.MULTILINE)
    assert (
        len(
            re.findall(
                rf"^(mit|exact): {words}$", call(*line, "--protocol", "mit,exact", cwd=toy).stdout, re.M
            )
        )
        == 2
    )
    assert "skew" not in call(*line, "-q", cwd=toy).stdout
    document = json.loads(call(*line, "--format", "json", cwd=toy).stdout)
    assert f"{document['results'][0]['metrics']['nss']['skew']:.1f}" == skew


def test_bare_prints_one_number(toy):
    done = run("score", "maps", "--data", "toy", "--bare", "nss", "--no-save", "-q", cwd=toy)
    assert np.isfinite(float(done.stdout))


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["score", "maps", "--data", "osi"], 2, "Did you mean osie?"),
        (["score", "maps", "--data", "toy", "--metrics", "auc_jud"], 2, "Did you mean auc_judd?"),
        (["score", "maps", "--data", "toy", "--protocol", "mitt"], 2, "Did you mean mit?"),
        (
            ["score", "maps", "--data", "toy", "--kind", "maps"],
            2,
            "Did you mean map? Known: density, log-density, map",
        ),
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
    done = call(*arguments, cwd=toy)
    assert done.returncode == status, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_check_says_what_score_would_refuse(toy):
    assert call("check", "maps", "--data", "toy", cwd=toy).returncode == 0
    (toy / "maps" / "i02.png").write_bytes(b"<html>not found</html>")
    done = call("check", "maps", "--data", "toy", "--format", "json", cwd=toy)
    assert done.returncode == 3
    assert [p["code"] for p in json.loads(done.stdout)["problems"]] == ["unreadable"]


def test_run_then_score(toy):
    done = call("run", "centre_bias", "--data", "toy", "--out", "cb", cwd=toy)
    assert done.returncode == 0, done.stderr
    assert np.load(toy / "cb" / "i01.npy").dtype == np.float32
    done = call("score", "cb", "--data", "toy", "--metrics", "core", cwd=toy)
    assert done.returncode == 0, done.stderr
    assert "extra" not in done.stderr
    done = call("run", "gold_standard", "--data", "toy", "--out", "gs", cwd=toy)
    assert "model:gold_standard" in done.stderr


def test_run_tells_pictures_that_are_no_images(toy):
    (toy / "toy" / "stimuli" / "a.webp").touch()
    done = call("run", "uniform", "--data", "toy", "--out", "u", "--format", "json", cwd=toy)
    assert done.returncode == 0
    assert [problem["code"] for problem in json.loads(done.stdout)["problems"]] == ["passed_over"]


def test_limit_is_not_a_score(toy):
    done = call("score", "maps", "--data", "toy", "--limit", "2", cwd=toy)
    assert "NOT A SCORE: the first 2 of 6 images only; it is not saved" in done.stdout
    assert not (toy / "results").exists()


def test_a_limit_that_leaves_nothing_out_is_none(toy):
    done = call("score", "maps", "--data", "toy", "--limit", "6", cwd=toy)
    assert (done.returncode, "NOT A SCORE" in done.stdout) == (0, False)
    assert len(list((toy / "results" / "toy").iterdir())) == 1


def test_a_folder_that_is_called_like_a_data_set_is_pointed_to(toy):
    (toy / "osie").mkdir()
    done = call("score", "maps", "--data", "osie", cwd=toy)
    assert done.returncode == 4
    assert done.stderr.rstrip().endswith("where to put it; the folder osie here is ./osie")


def test_names_cannot_write_control_characters(toy):
    done = run("score", "maps", "--data", "toy", "--no-save", "--name", "a\x1b[31mb\nc", cwd=toy)
    assert "\x1b" not in done.stdout
    assert r"a\x1b[31mb\nc" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        ("SE metrics | true", 0, ""),
        ("SE --version | true", 0, ""),
        ("SE score --help | true", 0, ""),
        ("PYTHONIOENCODING=ascii SE score --help | true", 0, ""),
        ("SE score maps --data toy --no-save -q | true", 0, ""),
        ("SE score nope --data toy --format json | true", 3, "error[missing]"),
        ("SE metrics >&-", 0, ""),
        ("SE score nope --data toy >&- 2>&-", 3, ""),
        ("SE score nope --data toy 2>/dev/full", 3, ""),
        ("SE metrics >/dev/full", 5, "error[io]"),
        ("SE --help >/dev/full", 5, "error[io]"),
    ],
)
def test_an_output_that_nobody_reads_changes_nothing(toy, line, status, words):
    got, _, errors = shell(line, toy)
    assert got == status
    assert words in errors
    assert len(errors.splitlines()) == bool(words), errors


def test_results_folder_that_cannot_be_written(toy):
    (toy / "results").write_text("a file, not a folder")
    done = call("score", "maps", "--data", "toy", cwd=toy)
    assert done.returncode == 5
    assert "error[io]: no run can be saved in results/toy" in done.stderr
    assert done.stdout == ""
    assert call("score", "maps", "--data", "toy", "--out", "new", "--bare", "nss_", cwd=toy).returncode == 2
    assert not (toy / "new").exists()


def test_scores_that_cannot_be_saved_are_shown(toy):
    patch = (
        "import saliency_eval.store as s\n"
        "def full(path, data): raise OSError(28, 'No space left on device')\n"
        "s.write = full"
    )
    text = run_patched(patch, "score", "maps", "--data", "toy", cwd=toy)
    out, errors = text.communicate()
    assert text.returncode == 5
    assert "kld" in out
    assert errors.count("error[io]") == 1
    made = run_patched(patch, "score", "maps", "--data", "toy", "--format", "json", cwd=toy)
    document = json.loads(made.communicate()[0])
    assert made.returncode == document["exit_code"] == 5
    assert document["results"][0]["metrics"]["nss"]["n"] == 6
    assert [p["code"] for p in document["problems"]] == ["io"]
    [kept] = (toy / "results" / "toy").iterdir()  # what was scored, for the same command once there is space
    assert kept.name.startswith(".maps-")
    assert [path.name for path in kept.iterdir()] == ["partial.jsonl"]


@pytest.mark.parametrize(
    "line",
    [
        "score maps --data toy --workers 0 --format json",
        "score maps --format=json",
        "score maps --dta toy --format json",
        "scor --format json",
        "score maps --data toy --bare nss --format json",
        "data fetch osi --format json",
        "data pack --format json",
    ],
)
def test_json_answers_a_wrong_command_line(toy, line):
    done = call(*line.split(), cwd=toy)
    document = answer(done)
    assert done.returncode == 2
    assert [p["code"] for p in document["problems"]] == ["usage"]
    assert document["command"] == " ".join(line.split()[: 2 if line.startswith("data") else 1])
    assert done.stderr.startswith("error[usage]: ")


def test_json_answers_a_fault_of_ours(toy):
    patch = "import saliency_eval.scoring as s\ns.score = None"
    made = run_patched(patch, "score", "maps", "--data", "toy", "--format", "json", cwd=toy)
    out, errors = made.communicate()
    assert json.loads(out)["exit_code"] == made.returncode == 70
    assert json.loads(out)["problems"][0]["code"] == "internal"
    assert "Traceback" not in errors
    os.unlink(errors.split()[-1])


def test_json_everywhere(tmp_path):
    assert (
        answer(call("doctor", "--code", "colour", "--format", "json", cwd=tmp_path))["results"][0]["exit"]
        == 3
    )
    models = [r["model"] for r in answer(call("demo", "--format", "json", cwd=tmp_path))["results"]]
    assert models[-1] == "gold_standard"
    done = call("data", "fetch", "osie", "--root", tmp_path, "--offline", "--format", "json", cwd=tmp_path)
    assert answer(done)["results"][0]["files"]["data/stimuli"] == "by hand"
    (tmp_path / "maps").mkdir()
    done = call("data", "pack", "maps", "--out", "a.zip", "--format", "json", cwd=tmp_path)
    assert {p["code"] for p in answer(done)["problems"]} == {"missing"}


SLOW = """
import time
import saliency_eval.executors.processes as e
import saliency_eval.executors.work as w
def slow(*arguments):
    print("working", file=open("working", "w"))
    time.sleep(20)
e.run_chunk, w.CHUNK = slow, 3
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("format", ["text", "json"])
def test_interruption(toy, number, format):
    arguments = ["score", "maps", "--data", "toy", "--workers", "2", "-q", "--format", format]
    made = run_patched(SLOW, *arguments, cwd=toy, start_new_session=True)
    while not (toy / "working").exists() and made.poll() is None:
        time.sleep(0.05)
    made.send_signal(number)
    out, errors = made.communicate(timeout=10)
    assert made.returncode == 130
    assert errors == "interrupted after 0 of 6; the same command continues\n"
    assert out == "" if format == "text" else json.loads(out)["exit_code"] == 130
    end = time.monotonic() + 5  # a helper of the workers ends by itself once they are gone
    while living(made.pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert living(made.pid) == []
    assert not (toy / "results").exists()


def living(session):
    """Processes of a session that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, _, own = stat.read_text().rpartition(")")[2].split()[:4]
            if own == str(session) and state != "Z":
                found.append(stat.parent.name)
    return found


def test_several_sets_are_refused_together(three):
    done = call("score", "maps", "lacks", "broken", "--data", "toy", "--protocol", "mit,exact", cwd=three)
    assert (done.returncode, done.stdout) == (3, "")
    first, second = done.stderr.splitlines()
    assert first.startswith("error[missing]: lacks: ")
    assert second.startswith("error[unreadable]: broken: ")
    assert not (three / "results").exists()
    done = call("check", "maps", "lacks", "broken", "--data", "toy", cwd=three)
    assert (done.returncode, done.stderr.splitlines()) == (3, [first, second])


def test_bare_says_what_is_not_a_score(three):
    done = call("score", "maps", "--data", "toy", "--bare", "nss", "--limit", "2", "-q", cwd=three)
    assert np.isfinite(float(done.stdout))
    assert "NOT A SCORE: the first 2 of 6" in done.stderr
    assert not (three / "results").exists()
    done = call(
        "score", "lacks", "--data", "toy", "--bare", "nss", "--on-missing", "skip", "--no-save", cwd=three
    )
    assert "5 of 6" in done.stderr
    assert "warning[missing]" in done.stderr
    done = call("score", "lacks", "--data", "toy", "--bare", "nss", "--on-missing", "constant", cwd=three)
    assert "6/6 images (1 missing)" in done.stderr
    saved = next((three / "results").rglob("run.json"))
    assert list(json.loads(saved.read_text())["metrics"]) == ["nss"]


def test_warnings_stand_beside_json(three):
    arguments = ["--data", "toy", "--on-missing", "constant", "--no-save", "--format", "json"]
    done = call("score", "lacks", *arguments, cwd=three)
    assert answer(done)["problems"][0]["code"] == "missing"
    assert "warning[missing]" in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "score maps --data toy --protocol",
        "check maps --data toy --protocol",
        "check maps --data toy --kind foo",
        "check maps --data toy --resize foo",
        "check maps --data toy --protocol mit,mitt",
        "score maps --data toy --bare core",
        "score maps --data toy --metrics cc --bare nss",
        "data info osie(foo=1)",
        "data info osie(first=maybe)",
        "data info osie@7",
        "data fetch osie@7 --offline",
    ],
)
def test_values_that_do_not_exist_are_usage_errors(toy, line):
    done = call(*line.split(), *([""] if line.endswith("--protocol") else []), cwd=toy)
    assert done.returncode == 2
    assert done.stderr.startswith("error[usage]: ")
    assert done.stdout == ""


def test_protocols_are_checked_and_scored_once(toy):
    done = call("score", "maps", "--data", "toy", "--protocol", "mit,mit", "--no-save", cwd=toy)
    assert done.stdout.count("maps on toy@1, protocol mit ") == 1
    Image.new("L", (32, 24), 9).save(toy / "maps" / "i01.png")
    done = call("check", "maps", "--data", "toy", "--protocol", "mit,exact", "--format", "json", cwd=toy)
    codes = [p["code"] for p in answer(done)["problems"]]
    assert sorted(codes) == sorted(set(codes))
    assert "resized" in codes
    done = call("check", "maps", "--data", "toy", "--protocol", "all", cwd=toy)
    assert done.returncode == 3
    assert "error[wrong_size]" in done.stderr


def test_one_finding_is_singular(three):
    (three / "maps" / "zz.png").write_bytes((three / "maps" / "i01.png").read_bytes())
    assert call("check", "maps", "--data", "toy", cwd=three).stdout.endswith(", 1 finding\n")


def test_the_heading_counts(toy):
    Image.new("L", (64, 48), 9).save(toy / "maps" / "i01.png")
    Image.fromarray(np.arange(32 * 24, dtype=np.uint16).reshape(24, 32)).save(toy / "maps" / "i02.png")
    (toy / "maps" / "i03.png").unlink()
    with (toy / "toy" / "fixations.csv").open("a", encoding="utf-8") as table:
        table.write("i01,48,3,0\ni01,50,3,0\ni02,60,3,0\n")
    done = call(
        "score", "maps", "--data", "toy", "--on-missing", "constant", "-q", "--no-save", "--metrics", "nss",
        cwd=toy,
    )  # fmt: skip
    heading = "maps on toy@1, protocol mit   6/6 images (1 constant, 1 resized, 1 missing, 3 dropped)"
    assert done.stdout.splitlines()[0] == heading


def test_no_text_of_a_user_steers_the_terminal(toy):
    bad = "r\x1b[31mx"
    for option in (
        "--kind",
        "--format",
        "--protocol",
        "--metrics",
        "--bare",
        "--workers",
        "--data",
        "--" + bad,
    ):
        done = call("score", "maps", "--data", "toy", option, bad, "--no-save", cwd=toy)
        assert done.returncode in (2, 4)
        assert "\x1b" not in done.stderr, option
    done = call("score", "maps", "--data", "toy", "--out", bad, cwd=toy)
    assert r"saved r\x1b[31mx/toy/maps-" in done.stdout
    done = call("run", "uniform", "--data", "toy", "--out", bad, cwd=toy)
    assert "\x1b" not in done.stdout


def test_a_metric_shows_its_options():
    done = run("metrics", "nss")
    assert ["duplicates", "unique", "unique or count"] in [
        line.split(maxsplit=2) for line in done.stdout.splitlines()
    ]
    assert "width" in run("models", "centre_gaussian").stdout.split("option ")[1]


def test_help_names_sets_and_protocols():
    from saliency_eval.protocols import PROTOCOLS, SETS

    words = run("score", "--help").stdout.replace(",", " ").replace(".", " ").split()
    assert {*PROTOCOLS, *SETS, "all"} <= set(words)
    assert {*PROTOCOLS, *SETS, "all"} <= set(run("metrics").stdout.split())
    assert "Example: saliency-eval" in run("--help").stdout
    assert "Example: saliency-eval" in run("data", "--help").stdout


def test_info_of_folders_and_nested_totals(toy):
    assert "fixations.csv" in run("data", "info", "toy", cwd=toy).stdout
    assert run("data", "info", toy / "toy").stdout.startswith("toy: ")
    lines = run("data", "info", "salicon").stdout.splitlines()
    assert any(
        line.split(maxsplit=1)[1:]
        == ["2017.val.fixations: fixations 2576914, mean_x 312.848863, mean_y 227.688324"]
        for line in lines
    )
    assert not any("{'" in line for line in lines)


@pytest.mark.slow
def test_selftest_and_its_failure(tmp_path, monkeypatch):
    assert run("selftest").returncode == 0
    plain = Map.deviation
    monkeypatch.setattr(Map, "deviation", lambda self, ddof=0: plain(self, ddof) * 1.00005)
    done = call("selftest", cwd=tmp_path)
    assert done.returncode == 1
    assert "nss|" in done.stdout


WITHOUT_POT = "import sys; sys.modules['ot'] = None"


@pytest.mark.slow
def test_without_an_optional_package(toy):
    made = run_patched(WITHOUT_POT, "selftest", cwd=toy)
    out, errors = made.communicate(timeout=60)
    assert made.returncode == 0, out
    assert "not tested, an optional package is absent: emd" in errors
    made = run_patched(WITHOUT_POT, "score", "maps", "--data", "toy", "--metrics", "emd", cwd=toy)
    _, errors = made.communicate(timeout=60)
    assert made.returncode == 5
    assert errors.count("error[needs_extra]: emd needs POT") == errors.count("error[") == 1


def test_demo_ends_with_a_board_and_next_steps(tmp_path):
    done = run("demo", "--out", tmp_path / "d")
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines() if line[:1] in "123-" and line[1:2] == " "]
    assert [row[0] for row in rows] == ["1", "2", "3", "-"]
    assert {row[1] for row in rows[:3]} == {"uniform", "centre_gaussian", "centre_bias"}
    assert rows[3][1] == "gold_standard"
    assert "simulated" in done.stdout
    assert max(map(len, done.stdout.splitlines()[:7])) <= 100
    assert "[" in (tmp_path / "d" / "leaderboards" / "demo" / "README.md").read_text(encoding="utf-8")
    first, second = done.stderr.split("\n")[-3:-1]
    assert "saliency-eval score" in first
    assert "saliency-eval --help" in second


def test_doctor_and_lists():
    assert "numpy" in run("doctor").stdout
    facts = json.loads(run("doctor", "--format", "json").stdout)["results"][0]
    assert facts["extra [emd]"] == "installed"
    assert state_of("torch", ("json", "no_such_module")) == (
        "without no_such_module: pip install 'saliency-eval[torch]'"
    )
    listed = json.loads(run("metrics", "--format", "json").stdout)["results"]
    assert {"nss", "auc_judd", "emd"} <= {m["key"] for m in listed}
    assert "Formula" in run("metrics", "auc_judd").stdout or "ROC" in run("metrics", "auc_judd").stdout


def test_the_seed_of_a_variant_is_kept_unless_one_is_given(toy):
    given = ["score", "maps", "--data", "toy", "--no-save", "--metrics", "auc_borji(splits=5,seed=7)"]
    assert "|seed:7|" in run(*given, cwd=toy).stdout
    assert "|seed:3|" in run(*given, "--seed", "3", cwd=toy).stdout


@pytest.mark.parametrize(
    ("shuffled", "judd", "hinted"),
    [((0.49, 0.51), (0.6, 0.7), True), ((0.51, 0.53), (0.6, 0.7), False), ((0.4, 0.49), (0.6, 0.7), False),
     ((0.49, 0.51), (0.45, 0.55), False), ((None, None), (0.6, 0.7), False)],
)  # fmt: skip
def test_maps_of_other_images_are_hinted_at(shuffled, judd, hinted):
    means = {"shuffled_auc": Interval(0.5, *shuffled, 9), "auc_judd": Interval(0.6, *judd, 9)}
    assert foreign(SimpleNamespace(means=means)) == hinted
    assert not foreign(SimpleNamespace(means={}))


def test_a_results_folder_that_is_a_link_to_nowhere_is_told_of_before_scoring(toy):
    (toy / "results").symlink_to("/nowhere/at/all")
    done = call("score", "maps", "--data", "toy", cwd=toy)
    assert (done.returncode, done.stdout) == (5, "")
    assert "error[io]: no run can be saved in results/toy" in done.stderr


def test_names_in_the_log_of_a_run_neither_break_its_lines_nor_steer_a_terminal(toy):
    name = "\x1b[31mred\nline\u202e"
    assert call("score", "maps", "--data", "toy", "--metrics", "nss", "--name", name, cwd=toy).returncode == 0
    [log] = (toy / "results").rglob("log.txt")
    text = log.read_text(encoding="utf-8")
    assert r"\x1b[31mred\nline\u202e" in text
    assert len(text.split("\n")) == 4
