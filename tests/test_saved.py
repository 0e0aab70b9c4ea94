"""Runs read back: equal to what was saved, or one warning that says why not."""

import gzip
import json
import os
import re
import shutil
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_runs import NAMES, made, signature
from test_cli import call

import saliency_eval as se
from saliency_eval.errors import Problem, fail
from saliency_eval.run import Setting
from saliency_eval.saved import load, load_runs, scores
from saliency_eval.store import save, scores_csv, to_json


def edited(folder, **changes):
    """Change top-level keys of a run.json."""
    path = folder / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def changed(folder, *keys, to):
    """Change one value somewhere inside a run.json."""
    document = json.loads((folder / "run.json").read_text())
    part = document
    for key in keys[:-1]:
        part = part[key]
    part[keys[-1]] = to
    (folder / "run.json").write_text(json.dumps(document))


def table(folder, edit):
    """Change the text of the scores."""
    path = folder / "scores.csv.gz"
    path.write_bytes(gzip.compress(edit(gzip.decompress(path.read_bytes()).decode()).encode()))


def why(folder):
    """The one finding about a folder: it is skipped, and the message names the file."""
    with pytest.raises(se.SaliencyEvalError) as raised:
        load(folder)
    [problem] = raised.value.problems
    assert (problem.code, problem.severity, raised.value.exit_code) == ("skipped_result", "error", 3)
    assert problem.message.startswith(f"{folder.parent.name}/{folder.name}/")
    assert problem.remedy
    return problem


@pytest.fixture
def folder(tmp_path):
    return save(made(), tmp_path / "results")


def same_run(one, other):
    assert one.means == other.means  # intervals too, to the last bit
    for name in ("model", "source", "data", "setting", "labels", "keys", "signatures", "predictions_sha256"):
        assert getattr(one, name) == getattr(other, name)
    assert (one.draws, one.complete, one.version) == (other.draws, other.complete, other.version)
    assert one.digest == other.digest
    assert [p.to_dict() for p in one.problems] == [p.to_dict() for p in other.problems]
    assert [one.reason(label) for label in one.labels] == [other.reason(label) for label in one.labels]
    assert one.per_image.sort_index().equals(other.per_image.sort_index())
    assert to_json(one) == to_json(other)
    assert scores_csv(one) == scores_csv(other)


def test_a_scored_run_comes_back(toy):
    data = se.load_dataset(str(toy / "toy"))
    names = ["nss", "nss(ddof=0)", "shuffled_auc", "kld"]
    (toy / "maps" / "zz.png").write_bytes((toy / "maps" / "i01.png").read_bytes())
    run = se.score(toy / "maps", data, names)
    assert run.problems
    assert run.draws
    same_run(run, load(save(run, toy / "results")))


def test_a_run_of_python_is_saved_as_the_command_line_does(toy):
    data, results = se.load_dataset(str(toy / "toy")), str(toy / "results")
    se.score(toy / "maps", data, ["kld"], results=results, progress=lambda count: None)
    run = se.score(toy / "maps", data, ["nss"], results=results)
    folder = se.save_run(run, results)
    assert folder.parent == toy / "results" / "toy"
    assert len([p for p in folder.parent.iterdir() if p.name.startswith(".")]) == 1  # of what was not saved
    done = call("score", "maps", "--data", "toy", "--metrics", "nss", "--out", "others", cwd=toy)
    [other] = (toy / "others" / "toy").iterdir()
    assert (done.returncode, other.name) == (0, folder.name)
    for name in ("run.json", "scores.csv.gz"):
        assert (folder / name).read_bytes() == (other / name).read_bytes()
    for one in (folder, other):
        command, host, finished = (one / "log.txt").read_text("utf-8").splitlines()
        assert [text.partition(":")[0] for text in (command, host, finished)] == [
            "command",
            "host",
            "finished",
        ]
    assert se.score(toy / "maps", data, ["nss"], results=results).restored


def test_arrays_and_functions_of_python_reach_the_board(toy):
    data = se.load_dataset(str(toy / "toy"))
    maps = {id: np.arange(48 * 64.0).reshape(48, 64) for id in data}
    for name, source in (("arrays", maps), ("function", lambda id: -maps[id])):
        se.save_run(se.score(source, data, ["nss"], name=name), toy / "results")
    [board] = se.build_boards(toy / "results").boards
    assert {run.model for run in board.runs} == {"arrays", "function"}


def test_a_run_that_was_read_keeps_the_versions_that_scored_it(toy):
    folder = se.save_run(se.score(toy / "maps", str(toy / "toy"), ["nss"]), toy / "results")
    document = json.loads((folder / "run.json").read_text("utf-8"))
    document["versions"]["numpy"] = "0.1"
    (folder / "run.json").write_text(json.dumps(document), "utf-8")
    again = se.save_run(se.load_run(folder), toy / "others")
    assert json.loads((again / "run.json").read_text("utf-8")) == document


def test_what_is_no_whole_run_is_not_saved(toy):
    part = se.score(toy / "maps", str(toy / "toy"), ["nss"], limit=2)
    for what, place, code, words in (
        (part, toy / "r", "incomplete", "must have all 6 images of its data set to be saved, got 2"),
        ("maps", toy / "r", "usage", "runs must be what se.score or se.load_run gives, got str"),
        (made(), 3, "usage", "the folder of results must be a text or a path, got int"),
        (made(), toy / "maps" / "i01.png", "io", "the run could not be saved in"),
    ):
        with pytest.raises(se.SaliencyEvalError, match=words) as raised:
            se.save_run(what, place)
        assert raised.value.code == code
    assert not (toy / "r").exists()


def test_a_run_of_a_model_and_one_that_skips_come_back(toy):
    data = se.load_dataset(str(toy / "toy"))
    same_run(run := se.score("model:centre_bias", data, ["nss"]), load(save(run, toy / "results")))
    (toy / "maps" / "i03.png").unlink()
    run = se.score(toy / "maps", data, ["nss", "cc"], on_missing="skip")
    back = load(save(run, toy / "results"))
    same_run(run, back)
    assert (back.n_scored, back.complete) == (5, False)


def test_what_has_no_mean_comes_back(tmp_path):
    values = np.arange(18.0).reshape(6, 3) / 7
    values[2, 0], values[3, 1] = np.nan, np.inf
    problems = (Problem("empty_fixations", "i10 has none", "-", "i10", "f.csv", 2, "error"),)
    run = made(values=values, labels=("nss", "kld", "cc"), problems=problems)
    back = load(save(run, tmp_path))
    same_run(run, back)
    assert back.reason("nss") == "undefined on 1 of 6 images"
    assert back.reason("kld") == "infinite on 1 of 6 images"


def test_the_card_comes_along(toy):
    """Of a folder what its dataset.toml says, of a known data set what the package says; nothing is null."""
    assert se.score("model:uniform", str(toy / "toy"), ["nss"]).data[-2:] == (None, None)
    (toy / "toy" / "dataset.toml").write_text(
        'name = "toy"\nlicence = "CC0"\ncitation = """\n@misc{a\n}\n"""'
    )
    run = se.score("model:uniform", str(toy / "toy"), ["nss"])
    assert run.data[-2:] == ("CC0", "@misc{a\n}")
    same_run(run, load(save(run, toy / "results")))
    known = se.score("model:uniform", "demo", ["nss"], limit=1).data
    assert (known.licence, known.citation) == ("BSD-3-Clause, with the package", None)


def test_runs_without_a_card_are_read(folder):
    document = json.loads((folder / "run.json").read_text())
    for key in ("licence", "citation"):
        assert document["data"].pop(key) is None
    (folder / "run.json").write_text(json.dumps(document))
    assert load(folder).data == made().data


def test_the_order_of_images_changes_no_digit():
    run = made(n=6)
    turned = made(ids=run.ids[::-1], values=run.values[::-1])
    assert run.means == turned.means
    assert scores_csv(run) == scores_csv(turned)


@pytest.mark.parametrize("id", ["a,b", 'a"b', "a\nb", "a\rb", "", "\udc80", " a "])
def test_odd_image_names_come_back(tmp_path, id):
    run = made(ids=(id, *(f"i{k}" for k in range(5))))
    assert set(load(save(run, tmp_path)).ids) == set(run.ids)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_every_name_comes_back(tmp_path, name):
    folder = save(made(name), tmp_path)
    assert load(folder).model == name
    assert re.fullmatch(r"[a-z0-9._-]{1,60}-[0-9a-f]{8}", folder.name)


def test_the_folder_of_results_of_a_data_set_or_of_a_run(tmp_path):
    for model in ("a", "b"):
        save(made(model), tmp_path)
    one = save(made("c", id="other"), tmp_path)
    assert [run.model for run in load_runs(tmp_path)[0]] == ["c", "a", "b"]
    assert [run.model for run in load_runs(tmp_path / "toy")[0]] == ["a", "b"]
    assert [run.model for run in load_runs(str(one))[0]] == ["c"]


def test_leftovers_are_passed_over_without_waiting(folder):
    for name in (".x.1.tmp", ".hidden", "x.tmp", "x.old"):
        shutil.copytree(folder, folder.parent / name)
    running = folder.parent / "running"
    running.mkdir()
    os.mkfifo(running / "partial.jsonl")
    os.mkfifo(folder / "partial.jsonl")
    os.symlink(folder, folder.parent / "link")
    assert len(load_runs(folder.parent.parent)[0]) == 1
    assert load_runs(folder.parent.parent)[1] == []


def test_others_are_used_when_one_is_broken(folder):
    good = save(made("good"), folder.parent.parent)
    (folder / "run.json").write_text((folder / "run.json").read_text()[:300])
    runs, [problem] = load_runs(folder.parent.parent)
    assert [run.model for run in runs] == ["m" if good == folder else "good"]
    assert (problem.code, problem.severity) == ("skipped_result", "warning")
    assert problem.message.startswith(
        f"toy/{folder.name}/run.json: is no readable JSON, truncated or damaged"
    )
    assert problem.remedy == "score it again"


def test_the_same_run_in_two_folders_counts_once(folder):
    shutil.copytree(folder, folder.parent / "z-copy")
    runs, [problem] = load_runs(folder.parent)
    assert len(runs) == 1
    assert problem.message == f"toy/z-copy/run.json is the run {folder.name} once more"


def test_no_folder_is_a_mistake_of_use(tmp_path):
    for path in (tmp_path / "absent", tmp_path / "a\0b"):
        with pytest.raises(se.SaliencyEvalError, match="results must be a folder: there is none") as raised:
            load_runs(path)
        assert raised.value.exit_code == 2
    assert load_runs(tmp_path) == ([], [])


def test_a_folder_that_cannot_be_listed_loses_no_other(folder, monkeypatch):
    from saliency_eval import saved

    (folder.parent.parent / "closed").mkdir()
    listed = saved.entries

    def entries(path):
        if path.name == "closed":
            fail("io", "no permission")
        return listed(path)

    monkeypatch.setattr(saved, "entries", entries)
    runs, [problem] = load_runs(folder.parent.parent)
    assert len(runs) == 1
    assert "closed/run.json: cannot be read" in problem.message


LIES = {
    "schema 2": (lambda f: edited(f, schema=2), "newer schema 2", "upgrade saliency-eval"),
    "schema 0": (lambda f: edited(f, schema=0), "must have schema 1, got 0", "score it again"),
    "schema true": (lambda f: edited(f, schema=True), "schema must be a whole number, got true or false", ""),
    "list": (lambda f: (f / "run.json").write_text("[]"), "must hold an object, got a list", ""),
    "no model": (lambda f: edited(f, model=None), "model must be text, got null", "score it again"),
    "model is a list": (lambda f: edited(f, model=["m"]), "model must be text, got a list", ""),
    "n is text": (lambda f: changed(f, "data", "n", to="6"), "data.n must be a whole number, got text", ""),
    "n is negative": (
        lambda f: changed(f, "data", "n", to=-1),
        "data.n must be 1 to 100000 images, got -1",
        "",
    ),
    "n is huge": (lambda f: changed(f, "data", "n", to=10**9), "data.n must be 1 to 100000", ""),
    "n is smaller": (lambda f: changed(f, "data", "n", to=5), "has more than the 5 images", ""),
    "n is larger": (
        lambda f: changed(f, "data", "n", to=7),
        "claims to be complete, scores.csv.gz has 6 of 7",
        "",
    ),
    "n_images": (lambda f: edited(f, n_images=5), "n_images is 5, scores.csv.gz has 6", ""),
    "mean": (
        lambda f: changed(f, "metrics", "nss", "mean", to=2.5),
        "nss is said to have mean 2.5 of 6 images, scores.csv.gz gives mean",
        "score it again",
    ),
    "mean null": (lambda f: changed(f, "metrics", "nss", "mean", to=None), "is said to have mean None", ""),
    "mean is a whole number": (
        lambda f: changed(f, "metrics", "nss", "mean", to=10**400),
        "must be a number",
        "",
    ),
    "n of a metric": (
        lambda f: changed(f, "metrics", "nss", "n", to=7),
        "of 7 images, scores.csv.gz gives",
        "",
    ),
    "tag": (lambda f: changed(f, "data", "sha256", to="00"), "data.tag must name", ""),
    "licence": (lambda f: changed(f, "data", "licence", to=1), "data.licence must be text or null", ""),
    "citation": (
        lambda f: changed(f, "data", "citation", to="x" * 10_001),
        "data.citation must have at most 10000 characters, got 10001",
        "",
    ),
    "kind": (
        lambda f: changed(f, "setting", "kind", to="x"),
        "setting.kind is 'x', which this version",
        "upgrade",
    ),
    "signature of another set": (
        lambda f: changed(f, "signatures", "nss", to=signature("nss", data="osie@1#0f0f0f0f")),
        "the signature of nss must hold data:toy@1#0f0f0f0f",
        "",
    ),
    "signature of fewer images": (
        lambda f: changed(f, "signatures", "nss", to=signature("nss", n=5)),
        "the signature of nss must hold n:6",
        "",
    ),
    "signature of another metric": (
        lambda f: changed(f, "signatures", "nss", to=signature("kld")),
        "metric nss has the signature of kld",
        "",
    ),
    "unknown metric": (
        lambda f: changed(f, "signatures", "nss", to=signature("newer")),
        "metric 'newer' is not known to this version",
        "upgrade saliency-eval",
    ),
    "metric without signature": (
        lambda f: edited(f, signatures={}),
        "signatures and scores.csv.gz must have",
        "",
    ),
    "unscored": (
        lambda f: edited(f, unscored=["zz"]),
        "unscored names an image that scores.csv.gz lacks",
        "",
    ),
    "unscored numbers": (lambda f: edited(f, unscored=[1]), "unscored must hold texts only", ""),
    "an image left out": (lambda f: edited(f, unscored=["i10"], n_images=5), "must hold n:5", ""),
    "problem": (lambda f: edited(f, problems=[1]), "problems must hold objects only", ""),
    "code": (
        lambda f: edited(f, problems=[{"code": "brand_new"}]),
        "problems.code is 'brand_new', which this version does not know",
        "upgrade saliency-eval",
    ),
    "draws": (lambda f: edited(f, draws={"cc": {}}), "draws names a metric that scores.csv.gz lacks", ""),
    "draws inside": (
        lambda f: edited(f, draws={"nss": {"i10": [1]}}),
        "draws.nss.i10 must hold texts only",
        "",
    ),
    "no versions": (lambda f: edited(f, versions={}), "must have the key versions.saliency_eval", ""),
    "a column less": (
        lambda f: table(f, lambda t: re.sub(",[^,\n]*\n", "\n", t)),
        "signatures and scores.csv.gz must have the same metrics, they differ in kld",
        "",
    ),
    "a cell less": (
        lambda f: table(f, lambda t: t[: t.rindex(",")] + "\n"),
        "line 7 must have 3 cells, got 2",
        "",
    ),
    "a row less": (
        lambda f: table(f, lambda t: t[: t.rindex("i9")]),
        "n_images is 6, scores.csv.gz has 5",
        "",
    ),
    "a row twice": (
        lambda f: (changed(f, "data", "n", to=7), table(f, lambda t: t + t.split("\n")[1] + "\n")),
        "must have one line for an image",
        "",
    ),
    "a column twice": (lambda f: table(f, lambda t: t.replace("kld", "nss")), "name each metric once", ""),
    "a word": (
        lambda f: table(f, lambda t: t[: t.rindex(",")] + ",one\n"),
        "must hold numbers, could not convert string to float: 'one'",
        "",
    ),
    "a huge number": (
        lambda f: table(f, lambda t: t[: t.rindex(",")] + ",1e300\n"),
        "within 1e+100 of zero",
        "",
    ),
    "a score": (lambda f: table(f, lambda t: t[: t.rindex(",")] + ",0\n"), "kld is said to have mean", ""),
    "a score blanked": (
        lambda f: table(f, lambda t: t[: t.rindex(",")] + ",\n"),
        "images, scores.csv.gz gives undefined on 1 of 6 images",
        "score it again",
    ),
    "a score without bounds": (
        lambda f: table(f, lambda t: t[: t.rindex(",")] + ",1e999\n"),
        "images, scores.csv.gz gives infinite on 1 of 6 images",
        "",
    ),
    "an open quote": (lambda f: table(f, lambda t: t + '"'), "is damaged", ""),
    "an empty table": (lambda f: table(f, lambda t: ""), "must begin with the line image,<metric>", ""),
    "scores cut": (
        lambda f: (f / "scores.csv.gz").write_bytes((f / "scores.csv.gz").read_bytes()[:-9]),
        "scores.csv.gz: is truncated",
        "score it again",
    ),
    "scores longer": (
        lambda f: (f / "scores.csv.gz").write_bytes((f / "scores.csv.gz").read_bytes() + b"x"),
        "scores.csv.gz: has more bytes after its end",
        "",
    ),
    "scores not gzip": (
        lambda f: (f / "scores.csv.gz").write_bytes(b"image,nss"),
        "scores.csv.gz: is damaged",
        "",
    ),
    "scores wrong sum": (
        lambda f: (f / "scores.csv.gz").write_bytes((f / "scores.csv.gz").read_bytes()[:-8] + b"\0" * 8),
        "scores.csv.gz: is damaged",
        "",
    ),
    "no scores": (
        lambda f: (f / "scores.csv.gz").unlink(),
        "scores.csv.gz: cannot be read: No such file",
        "",
    ),
    "no run.json": (lambda f: (f / "run.json").unlink(), "run.json: cannot be read: No such file", ""),
    "key twice": (
        lambda f: (f / "run.json").write_text('{"schema": 1, "schema": 1}'),
        "the key 'schema' stands twice",
        "",
    ),
    "not UTF-8": (lambda f: (f / "run.json").write_bytes(b'{"schema": "\xff"}'), "is no readable JSON", ""),
    "deep": (lambda f: (f / "run.json").write_text("[" * 10**6), "is no readable JSON", ""),
    "many digits": (lambda f: (f / "run.json").write_text("9" * 5000), "is no readable JSON", ""),
    "run.json too large": (
        lambda f: (f / "run.json").write_bytes(b" " * (16 * 2**20 + 1)),
        "/run.json: must have at most 16 MiB",
        "",
    ),
}


@pytest.mark.parametrize("case", LIES)
def test_what_does_not_agree_is_skipped(folder, case):
    damage, words, remedy = LIES[case]
    damage(folder)
    problem = why(folder)
    assert words in problem.message
    assert remedy in problem.remedy


def test_pipes_folders_and_links_out_are_not_read(folder, tmp_path):
    outside = tmp_path / "outside.json"
    shutil.copy(folder / "run.json", outside)
    for make, words in (
        (os.mkfifo, "must be a file, got a pipe"),
        (os.mkdir, "must be a file, got a folder"),
        (lambda path: os.symlink(outside, path), "a link that leads out of the folder is not followed"),
        (lambda path: os.symlink(path, path), "a broken link"),
    ):
        path = folder / "run.json"
        path.unlink() if not path.is_dir() else path.rmdir()
        make(path)
        started = time.perf_counter()
        assert words in why(folder).message
        assert time.perf_counter() - started < 1


def test_a_bomb_is_counted_while_it_inflates(folder, monkeypatch):
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b"image,nss,kld\n" + b"i,1,1\n" * 100_000
    bomb = b"".join([deflate.compress(b"\0" * 2**20) for _ in range(300)]) + deflate.flush()
    (folder / "scores.csv.gz").write_bytes(bomb)
    tracemalloc.start()
    assert "has a line of more than 1 MiB" in why(folder).message
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 << 20
    with pytest.raises(se.SaliencyEvalError, match="more than the 6 images"):
        scores.read_scores(gzip.compress(block), 6)
    monkeypatch.setattr(scores, "MOST_INFLATED", 2**20)
    with pytest.raises(se.SaliencyEvalError, match="must inflate to at most 1 MiB"):
        list(scores.lines(gzip.compress(b"a\n" * 2**20)))


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_nan_in_an_old_file_is_read_as_missing(folder, word):
    text = (folder / "run.json").read_text()
    mean = json.loads(text)["metrics"]["nss"]["mean"]
    (folder / "run.json").write_text(text.replace(f'"mean": {mean!r}', f'"mean": {word}'))
    run = load(folder)
    if word == "NaN":
        assert np.isnan(run.means["nss"].mean)
    assert run.reason("nss") == "undefined on 6 of 6 images"
    assert run.reason("kld") is None


def test_skipped_images_may_leave_a_run_incomplete_but_not_complete(tmp_path):
    setting = Setting("mit", "map", "mit", "skip")
    run = made(n=5, complete=False, setting=setting)
    assert load(save(run, tmp_path)).n_scored == 5
    assert "claims to be complete" in why(save(made(n=5), tmp_path)).message


SEED = made(problems=(Problem("constant", "one"),), draws={"nss": {"i10": ["i9"]}})
JSON = to_json(SEED)
CSV = scores_csv(SEED)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("any") / "toy" / "m"
    folder.mkdir(parents=True)
    return folder


def survives(place, document, scores):
    (place / "run.json").write_bytes(document)
    (place / "scores.csv.gz").write_bytes(scores)
    try:
        run = load(place)
    except se.SaliencyEvalError:
        problem = why(place)
        assert len(problem.message) < 1000
        assert not re.search(r"[\x00-\x1f\x7f-\x9f]", problem.message)
    else:
        assert run.means.keys() == {"nss", "kld"}


def damaged(data, draw):
    bytes_ = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 4))):
        bytes_[draw.draw(st.integers(0, len(bytes_) - 1))] = draw.draw(st.integers(0, 255))
    return bytes(bytes_[: draw.draw(st.integers(0, len(bytes_)))] if draw.draw(st.booleans()) else bytes_)


@pytest.mark.slow
@given(draw=st.data())
@settings(max_examples=300, deadline=None)
def test_damaged_bytes(place, draw):
    survives(place, damaged(JSON, draw), CSV)
    survives(place, JSON, damaged(CSV, draw))
    survives(place, JSON, gzip.compress(damaged(gzip.decompress(CSV), draw), 1, mtime=0))


@pytest.mark.slow
@given(draw=st.data(), value=VALUES)
@settings(max_examples=300, deadline=None)
def test_any_value_anywhere(place, draw, value):
    document = part = json.loads(JSON)
    while True:
        key = draw.draw(st.sampled_from(range(len(part)) if isinstance(part, list) else sorted(part)))
        if not (isinstance(part[key], dict | list) and part[key] and draw.draw(st.booleans())):
            break
        part = part[key]
    part[key] = value
    survives(place, json.dumps(document).encode(), CSV)


@given(st.binary(max_size=300), st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes(place, document, scores):
    survives(place, document, scores)


@pytest.mark.parametrize("what", ["facts", "counts"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("empty", 10**400),
        ("empty", -(10**400)),
        ("{5}", 1),
        ("\x1b[31m", 1),
        ("<b>", 1),
        ("x" * 50, 1),
        ("empty", "1e999"),
    ],
    ids=["large", "below", "blank", "escape", "markup", "long", "infinite"],
)
def test_what_stands_beside_a_metric_is_numbers_by_name(folder, what, name, value):
    number = value if what == "counts" or isinstance(value, str) else float(min(max(value, -1e300), 1e300))
    changed(folder, what, to={"nss": {name: number}})
    path = folder / "run.json"
    path.write_text(path.read_text().replace('"1e999"', "1e999"))
    assert "\x1b" not in why(folder).message
