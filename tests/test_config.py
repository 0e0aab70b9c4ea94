"""Options from the environment and from files: which value wins, and every mistake in a file."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import pytest
import typer
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_cli import answer, call, run

from saliency_eval.cli import app, config
from saliency_eval.cli.config import File, load
from saliency_eval.cli.options import Count
from saliency_eval.cli.settable import leaves, options

GROUP = typer.main.get_command(app)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working folder, and a folder of the user beside it that holds no file yet."""
    for name in [name for name in os.environ if name.startswith("SALIENCY_EVAL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    (tmp_path / "user" / "saliency-eval").mkdir(parents=True)
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


def write(here, text, name="saliency-eval.toml"):
    """A file of the working folder."""
    (here / name).write_text(text, encoding="utf-8")


def write_user(here, text):
    """The file of the user."""
    write(here.parent / "user" / "saliency-eval", text)


def origins(here, *arguments):
    """Value and origin of every option, as `--show-config` says."""
    rows = answer(call(*arguments, "--show-config", "--format", "json", cwd=here))["results"]
    return {row["option"]: (row["value"], row["where"] or row["origin"]) for row in rows}


def refused(here, *arguments, by=call):
    """The sentences with which a command ends that did nothing."""
    done = by(*(arguments or ("check", "maps", "--data", "demo")), cwd=here)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    lines = done.stderr.splitlines()
    assert all(line.startswith("error[usage]: ") for line in lines), lines
    return lines


# ------------------------------------------------------------------ which value wins


def test_the_order_of_all_places(here, monkeypatch):
    def workers(*flags):
        return origins(here, "score", *flags)["workers"]

    assert workers() == (None, "default")
    write_user(here, "[score]\nworkers = 2")
    assert workers() == (2, str(here.parent / "user" / "saliency-eval" / "saliency-eval.toml"))
    write(here, "[tool.saliency-eval.score]\nworkers = 3", "pyproject.toml")
    assert workers() == (3, "pyproject.toml")
    write(here, "[score]\nworkers = 4")
    assert workers() == (4, "saliency-eval.toml")
    monkeypatch.setenv("SALIENCY_EVAL_WORKERS", "5")
    assert workers() == (5, "SALIENCY_EVAL_WORKERS")
    assert workers("--workers", "6") == (6, "flag")
    monkeypatch.setenv("SALIENCY_EVAL_WORKERS", "")
    assert workers() == (4, "saliency-eval.toml")


def test_files_complete_each_other(here):
    write_user(here, "[score]\nseed = 1\nlimit = 3")
    write(here, "[score]\nseed = 2")
    given = origins(here, "score")
    assert (given["seed"][0], given["limit"][0]) == (2, 3)


def test_the_values_are_used(toy, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(toy / "none"))
    write(
        toy, '[score]\ndata = "toy"\nmetrics = ["nss", "cc"]\nsave = false\non-missing = "skip"\nshort = true'
    )
    done = call("score", "maps", cwd=toy)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()[3:5]] == ["nss", "cc"]
    assert "nss#" in done.stdout
    assert not (toy / "results").exists()
    assert (
        done.stderr.splitlines()[0] == "note: data, metrics, on_missing, save, short from saliency-eval.toml"
    )
    done = call("score", "maps", "--metrics", "sim", "--save", "-q", cwd=toy)
    assert done.stdout.splitlines()[3].startswith("sim")
    assert (toy / "results").exists()
    assert "note: data, on_missing, short from" not in done.stderr


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ('metrics = ["nss", "cc(sigma=19,border=zero)"]', "metrics", ["nss", "cc(sigma=19,border=zero)"]),
        ('metrics = "nss,cc"', "metrics", ["nss,cc"]),
        ("metrics = []", "metrics", []),
        ('name = ["a b", "c"]', "name", ["a b", "c"]),
        ("save = false", "save", False),
        ("strict = true", "strict", True),
        ("seed = 0", "seed", 0),
        ('workers = "auto"', "workers", "auto"),
        ('"on-missing" = "skip"', "on_missing", "skip"),
        ('out = "runs/a"', "out", "runs/a"),
        ('root = "/data"', "root", "/data"),
        ('variable = "x"', "variable", "x"),
    ],
)
def test_types(here, text, key, value):
    write(here, f"[score]\n{text}")
    assert origins(here, "score")[key] == (value, "saliency-eval.toml")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("METRICS", "nss, cc(sigma=19)", ["nss, cc(sigma=19)"]),
        ("NAME", "my model", ["my model"]),
        ("SAVE", "0", False),
        ("STRICT", "true", True),
        ("WORKERS", "auto", "auto"),
        ("EXECUTOR", "dask://there:8786", "dask://there:8786"),
        ("ON_MISSING", "skip", "skip"),
        ("OUT", "/elsewhere", "/elsewhere"),
        ("ROOT", "/data", "/data"),
    ],
)
def test_the_environment_is_read_as_the_flag_is(here, monkeypatch, name, text, value):
    monkeypatch.setenv(f"SALIENCY_EVAL_{name}", text)
    assert origins(here, "score")[name.lower()] == (value, f"SALIENCY_EVAL_{name}")


def test_the_folder_of_data_sets_is_not_the_data_set(here, monkeypatch):
    monkeypatch.setenv("SALIENCY_EVAL_DATA", "/data")
    assert origins(here, "score")["data"] == (None, "default")
    assert origins(here, "score")["root"] == (None, "default")
    assert "--data" in call("score", "maps", cwd=here).stderr


def test_commands_of_a_group_have_tables_too(here):
    write(here, '[data.check]\nroot = "/data"')
    assert origins(here, "data", "check")["root"] == ("/data", "saliency-eval.toml")


@pytest.mark.parametrize("words", [words for words, _ in leaves(GROUP)])
def test_every_command_shows_its_values_and_does_nothing(here, words):
    done = call(*words.split(), "--show-config", cwd=here)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == list(
        options(dict(leaves(GROUP))[words])
    )
    assert list(here.iterdir()) == []


# ------------------------------------------------------------------ what is wrong


def test_config_typo(here):
    write(here, '[score]\nmetrcs = ["nss"]')
    [line] = refused(here, by=run)
    expected = "saliency-eval.toml: unknown key 'metrcs' in [score]. Did you mean metrics?"
    assert line == f"error[usage]: {expected}"
    write(here, 'metrcs = ["nss"]')
    [line] = refused(here, by=run)
    assert "unknown key 'metrcs' outside of a table. Did you mean metrics?" in line


def test_config_syntax(here):
    write(here, "[score\nmetrics = 1")
    [line] = refused(here, by=run)
    assert line.startswith("error[usage]: saliency-eval.toml line 1: is not TOML: ")
    write(here, "[score]\nmetrics = [")
    assert "saliency-eval.toml line 2: " in refused(here, by=run)[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[scor]", "unknown table [scor]. Did you mean score?"),
        ("[data.chek]", "unknown table [data.chek]. Did you mean check?"),
        ("score = 3", "[score] must be a table, got 3"),
        ("[data]\ncheck = 3", "[data.check] must be a table, got 3"),
        ("workers = 3", "unknown key 'workers' outside of a table. Options stand below"),
        ('[score]\npredictions = ["x"]', "unknown key 'predictions' in [score]"),
        ("[score]\nno-save = true", "unknown key 'no-save' in [score]. Did you mean save?"),
        ('[score]\nworkers = "two"', "workers in [score] must be a whole number or auto, got 'two'"),
        ("[score]\nworkers = true", "workers in [score] must be a whole number or auto, got true"),
        ("[score]\nworkers = 1.5", "workers in [score] must be a whole number or auto, got 1.5"),
        ("[score]\nworkers = 0", "workers in [score] cannot be 0: "),
        ("[score]\nsave = 1", "save in [score] must be true or false, got 1"),
        ("[score]\nsave = 'no'", "save in [score] must be true or false, got 'no'"),
        ("[score]\nkind = 3", "kind in [score] must be text, got 3"),
        ("[score]\nkind = ['map']", "kind in [score] must be text, got ['map']"),
        ("[score]\nmetrics = ['nss', 3]", "metrics in [score] must be text or a list of it, got 3"),
        ("[score]\nmetrics = {a = 1}", "metrics in [score] must be text or a list of it, got {'a': 1}"),
        ('[score]\nroot = "a\\u0000b"', "root in [score] must be text, got "),
        ("[score]\non-missing = 'skip'\non_missing = 'skip'", "'on_missing' is twice in [score]"),
        ("[score]\nx" + ".a" * 300 + " = 1", "a line must have at most 200 dots"),
        ("[score]\nseed = " + "[" * 9999, "is not TOML"),
        ("[score]\nseed = " + "9" * 9999, "is not TOML"),
        ("[score]\n\"a\\u001b[31m\" = 1", r"unknown key 'a\x1b[31m'"),
    ],
)  # fmt: skip
def test_mistakes_are_named(here, text, words):
    write(here, text)
    done = call("check", "maps", "--data", "demo", cwd=here)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error[usage]: saliency-eval.toml")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_all_mistakes_of_all_files_at_once(here):
    write(here, "[score]\nworkers = 0\nseed = 1.5\n[chek]\n")
    write(here, "[tool.saliency-eval.run]\nworker = 1", "pyproject.toml")
    write_user(here, "[check]\nstrict = 1")
    lines = refused(here, "metrics")
    assert len(lines) == 5
    assert sum("saliency-eval.toml: " in line for line in lines) == 4
    assert any("pyproject.toml: unknown key 'worker' in [tool.saliency-eval.run]" in line for line in lines)


def test_a_project_file_about_something_else_may_be_anything(here):
    write(here, "[tool.ruff\n", "pyproject.toml")
    assert call("metrics", cwd=here).returncode == 0
    write(here, "[tool]\nsaliency-eval = 3\n", "pyproject.toml")
    assert "pyproject.toml: 'saliency-eval' must be a table, got 3" in refused(here)[0]
    write(here, "tool = 3 # saliency-eval", "pyproject.toml")
    assert "pyproject.toml: 'tool' must be a table, got 3" in refused(here)[0]


def test_what_is_no_file(here):
    path = here / "saliency-eval.toml"
    path.mkdir()
    assert "saliency-eval.toml must be a file, got a folder" in refused(here)[0]
    path.rmdir()
    os.mkfifo(path)
    started = time.monotonic()
    assert "saliency-eval.toml must be a file, got a pipe (FIFO)" in refused(here)[0]
    assert time.monotonic() - started < 5
    path.unlink()
    path.symlink_to("nowhere")
    assert "a link that leads nowhere" in refused(here)[0]
    path.unlink()
    path.write_bytes(b"#" * (2**20 + 1))
    assert "saliency-eval.toml must have at most 1 MiB" in refused(here)[0]
    path.write_bytes(b"[score]\n# \xff\n")
    assert "saliency-eval.toml line 2: must be UTF-8, got byte 0xff" in refused(here)[0]
    path.write_bytes(b"\xef\xbb\xbf[score]\r\nworkers = 2\r\n")
    assert call("metrics", cwd=here).returncode == 0


def test_a_closed_file(here, monkeypatch):
    write(here, "[score]")
    real = os.open

    def closed(path, *arguments, **options):  # a closed file is open to root, who may run this
        if Path(path).name == "saliency-eval.toml":
            raise PermissionError(13, "Permission denied", path)
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, "open", closed)
    done = call("check", "maps", cwd=here)
    assert done.returncode == 5
    assert done.stderr.startswith("error[io]: saliency-eval.toml: cannot be read: Permission denied")


def test_json_says_it_too(here, monkeypatch):
    write(here, "[score]\nmetrcs = 1\nworkers = 0")
    document = answer(run("score", "maps", "--data", "demo", "--format", "json", cwd=here))
    assert (document["exit_code"], document["command"]) == (2, "score")
    assert [(p["code"], p["file"]) for p in document["problems"]] == [("usage", "saliency-eval.toml")] * 2
    monkeypatch.setenv("SALIENCY_EVAL_FORMAT", "json")
    assert answer(run("score", "maps", cwd=here))["exit_code"] == 2


def test_help_version_doctor_and_completion_work_with_a_broken_file(here):
    write(here, "[score")
    for arguments in (["--help"], ["score", "--help"], ["data", "--help"], ["--version"]):
        done = run(*arguments, cwd=here)
        assert (done.returncode, done.stderr) == (0, "")
    facts = answer(run("doctor", "--format", "json", cwd=here))["results"][0]
    assert facts["options in saliency-eval.toml"].startswith("error[usage]: saliency-eval.toml line 1: ")
    write(here, "[score]")
    facts = answer(run("doctor", "--format", "json", cwd=here))["results"][0]
    assert facts["options in saliency-eval.toml"] == "fine"


def test_completion_reads_no_file(here):
    write(here, "[score")
    code = (
        "import sys, saliency_eval.cli as c\nsys.argv = ['saliency-eval']\n"
        "try: c.main()\nfinally: print('numpy' in sys.modules)"
    )
    words = {
        "_SALIENCY_EVAL_COMPLETE": "complete_bash",
        "COMP_WORDS": "saliency-eval score --s",
        "COMP_CWORD": "2",
    }
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=here,
                          env={**os.environ, **words})  # fmt: skip
    assert {"--save", "--seed", "--show-config", "--suffix"} <= set(done.stdout.split()), done.stderr
    assert done.stdout.splitlines()[-1] == "False"


def test_a_wrong_value_names_its_place(here, monkeypatch):
    write(here, '[check]\nkind = "maps"')
    assert "--kind cannot be 'maps' (kind in saliency-eval.toml)" in call(
        "check", "m", "--data", "demo", cwd=here
    ).stderr  # fmt: skip
    write(here, '[check]\ndata = "osi"')
    assert "'osi' (data in saliency-eval.toml). Did you mean osie?" in call("check", "m", cwd=here).stderr
    write(here, "")
    monkeypatch.setenv("SALIENCY_EVAL_WORKERS", "two")
    [line] = refused(here)
    assert line.startswith("error[usage]: environment variable SALIENCY_EVAL_WORKERS cannot be 'two'")
    monkeypatch.setenv("SALIENCY_EVAL_WORKERS", "1")
    monkeypatch.setenv("SALIENCY_EVAL_KIND", "maps")
    assert "(environment SALIENCY_EVAL_KIND)" in refused(here)[0]


# ------------------------------------------------------------------ files of strangers


@pytest.mark.parametrize("out", ["/tmp/x", "../x", "a/../../x", "link/x", "~/x"])
def test_a_file_of_the_working_folder_cannot_write_elsewhere(here, out):
    (here / "link").symlink_to("..")
    write(here, f'[score]\nout = "{out}"')
    assert f"out in [score] must lie in the working folder, got '{out}'" in refused(here)[0]
    write(here, f'[data.fetch]\nroot = "{out}"')
    assert f"root in [data.fetch] must lie in the working folder, got '{out}'" in refused(here)[0]
    write(here, f'[tool.saliency-eval.demo]\nout = "{out}"', "pyproject.toml")
    assert any("pyproject.toml: out in [tool.saliency-eval.demo] must lie" in line for line in refused(here))


def test_a_file_of_the_working_folder_cannot_choose_whose_answers_are_trusted(here, monkeypatch):
    write(here, '[score]\nexecutor = "dask://evil:8786"')
    assert "executor in [score] names what can run code here, got 'dask://evil:8786'" in refused(here)[0]
    write(here, '[tool.saliency-eval.check]\nexecutor = "dask://evil:8786"', "pyproject.toml")
    assert any(
        "pyproject.toml: executor in [tool.saliency-eval.check] names" in line for line in refused(here)
    )
    for name in ("saliency-eval.toml", "pyproject.toml"):
        (here / name).unlink()
    write_user(here, '[score]\nexecutor = "dask://own:8786"')
    assert origins(here, "score")["executor"][0] == "dask://own:8786"
    assert origins(here, "score", "--executor", "local")["executor"] == ("local", "flag")


def test_the_user_may_write_anywhere(here):
    write_user(here, '[score]\nout = "~/x"\nroot = "~/y"')
    given = origins(here, "score")
    assert given["out"][0] == os.path.expanduser("~/x")
    assert given["root"][0] == os.path.expanduser("~/y")


@pytest.mark.parametrize("name", ["XDG_CONFIG_HOME", "HOME"])
def test_a_relative_folder_is_not_that_of_the_user(here, monkeypatch, name):
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv(name, "user")
    folder = here / "user" / (".config" if name == "HOME" else "") / "saliency-eval"
    folder.mkdir(parents=True)
    write(folder, "[score]\nworkers = 3")
    assert origins(here, "score")["workers"] == (None, "default")


def test_a_file_of_the_working_folder_cannot_hide_that_it_is_used(here):
    write(here, '[metrics]\nformat = "json"\n[data.check]\nquiet = true\nformat = "json"')
    assert call("metrics", cwd=here).stderr == "note: format from saliency-eval.toml\n"
    done = call("data", "check", "demo", cwd=here)
    assert done.stderr == "note: format, quiet from saliency-eval.toml\n"
    assert call("data", "check", "demo", "-q", cwd=here).stderr == ""


def test_parsing_takes_no_time_whatever_the_file(here):
    header = "[" + ".".join(["a"] * 200) + "]\n"
    write(here, header + "\n".join(f"k{i}=1" for i in range(45_000)))
    started = time.monotonic()
    assert File(here / "saliency-eval.toml", "f").settings(GROUP) == {}
    assert time.monotonic() - started < 10


WORDS = [
    "score",
    "check",
    "data.check",
    "metrics",
    "workers",
    "out",
    "name",
    "save",
    "on-missing",
    "root",
    "x",
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def toml(value):
    """A value as TOML, in a way that need not be right."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    return (
        "[" + ", ".join(map(toml, value)) + "]" if isinstance(value, list) else json.dumps(value, default=str)
    )


TABLES = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS), VALUES), max_size=4).map(
    lambda rows: "\n".join(f"[{t}]\n{k} = {toml(v)}" for t, k, v in rows).encode("utf-8", "surrogatepass")
)


@pytest.mark.slow
@given(st.binary(max_size=200) | TABLES)
@example(b"[score]\nroot = '" + b"a/" * 5000 + b"'")
@example(b"[score]\nout = '" + b"a/" * 5000 + b"'")
@example(b"[score]\nworkers = 1" + b"0" * 400)
@example(b"[score]\ndata = [[[[[[[[[1]]]]]]]]]")
@settings(deadline=None, max_examples=100)
def test_any_bytes_are_accepted_or_refused_with_a_sentence(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp() / "fuzz"
    folder.mkdir(exist_ok=True)
    (folder / "saliency-eval.toml").write_bytes(data)
    with mock.patch.dict(os.environ, XDG_CONFIG_HOME=str(folder)):
        done = call("score", "--show-config", "--format", "json", cwd=folder)
    assert done.returncode in (0, 2), done.stderr
    assert answer(done)["command"] == "score"
    if done.returncode == 0:
        assert done.stderr == ""


def test_every_option_of_every_command_can_be_set(here, monkeypatch):
    kinds = {bool: "true", int: "100", float: "0.5", Count: "1", Path: '"a"'}
    lines = [
        line
        for words, command in leaves(GROUP)
        for line in (f"[{words.replace(' ', '.')}]",
                     *(f"{o.key} = {kinds.get(o.base, chr(34) + 'text' + chr(34))}" for o in options(command).values()))
    ]  # fmt: skip
    write(here, "\n".join(lines))
    monkeypatch.chdir(here)
    monkeypatch.setattr(config, "TRUSTED", set())
    values, files = load(GROUP)
    assert [p for f in files for p in f.problems] == []
    assert {words: len(v) for words, v in values.items()} == {w: len(options(c)) for w, c in leaves(GROUP)}
