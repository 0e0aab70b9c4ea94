"""What was scored before an interruption is taken up again, and nothing else is believed."""

import contextlib
import faulthandler
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import saliency_eval as se
from saliency_eval import core, journal, store, tasks
from saliency_eval.cli.results import Result, closing
from saliency_eval.core import Fields
from saliency_eval.datasets.fixations import FixationDataset
from saliency_eval.errors import Problem
from saliency_eval.executors import work
from saliency_eval.journal import Journal, line_of, parse
from saliency_eval.scored import Scored
from saliency_eval.store import save
from saliency_eval.versions import versions

METRICS = ["nss", "shuffled_auc"]
PLAIN = Scored("i01", (0.1, 2.5e-300), "t", "p", "i01.png", "png", (Problem("lossy", "text"),), on_zero=3)


@pytest.fixture
def data(toy):
    return se.load_dataset(str(toy / "toy"))


@pytest.fixture
def made(monkeypatch):
    """The images that are scored, not taken up."""
    found = []
    plain = tasks.Scorer.scored

    def scored(self, image, stimulus, views):
        found.append(stimulus.id)
        return plain(self, image, stimulus, views)

    monkeypatch.setattr(tasks.Scorer, "scored", scored)
    return found


def stop_after(count):
    """A progress that ends the work once so many images are done."""
    left = [None] * count

    def stop(_):
        left.pop()
        if not left:
            raise KeyboardInterrupt

    return stop


def interrupted(toy, data, after=3, **options):
    """Score until some images are done; the journal that is left."""
    with pytest.raises(KeyboardInterrupt):
        se.score(toy / "maps", data, METRICS, results=toy / "results", progress=stop_after(after), **options)
    [path] = (toy / "results").rglob("partial.jsonl")
    return path


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "log.txt"}


def finished(toy, data, **options):
    """Score to the end and save; the files of the run."""
    options = {"metrics": METRICS} | options
    run = se.score(toy / "maps", data, results=toy / "results", **options)
    return files(save(run, toy / "results"))


def undisturbed(toy, data, **options):
    run = se.score(toy / "maps", data, METRICS, **options)
    return files(save(run, toy / "peace"))


def test_the_same_command_goes_on(toy, data, made):
    path = interrupted(toy, data)
    assert len(path.read_bytes().splitlines()) == len(made) == 3
    assert path.parent.name.startswith(".maps-")
    before = set(made)
    made.clear()
    found = finished(toy, data)
    assert set(made) == set(data) - before
    assert found == undisturbed(toy, data)
    assert [p.name for p in (toy / "results" / "toy").iterdir() if p.name.startswith(".")] == []


def test_a_finished_run_is_not_scored_again(toy, data, made):
    first = finished(toy, data)
    made.clear()
    run = se.score(toy / "maps", data, METRICS, results=toy / "results")
    assert (made, run.restored) == ([], True)
    assert files(save(run, toy / "results")) == first
    assert len(list((toy / "results" / "toy").iterdir())) == 1
    finished(toy, data, resume=False)
    assert sorted(made) == sorted(data)


def spoil_map(toy):
    path = toy / "maps" / "i01.png"
    before = path.stat()
    Image.fromarray(np.asarray(Image.open(path))[::-1]).save(path)
    with path.open("ab") as file:  # the same size and time, another content
        file.write(b"\0" * (before.st_size - path.stat().st_size))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def rename_map(toy):
    (toy / "maps" / "i01.png").rename(toy / "maps" / "i01.jpg")


def spoil_truth(toy):
    path = toy / "toy" / "fixations.csv"
    text = path.read_text(encoding="utf-8")
    first = next(line for line in text.splitlines() if line.startswith("i05"))
    path.write_text(text.replace(first, "i05,1,1,0", 1), encoding="utf-8")


def install_other_versions(monkeypatch):
    for module in (journal, store):
        monkeypatch.setattr(module, "versions", lambda: versions() | {"code": "other"})


@pytest.mark.parametrize(
    ("change", "options", "again"),
    [
        (None, {}, 3),
        (spoil_map, {}, 4),
        (rename_map, {}, 4),
        (spoil_truth, {}, 6),
        (install_other_versions, {}, 6),
        (None, {"metrics": ["nss(ddof=0)", "shuffled_auc"]}, 6),
        (None, {"metrics": ["nss"]}, 6),
        (None, {"seed": 7}, 6),
        (None, {"protocol": "exact"}, 6),
        (None, {"resume": False}, 6),
    ],
)
def test_what_changed_is_scored_again(toy, data, made, monkeypatch, change, options, again):
    interrupted(toy, data)
    first = made[:]
    assert "i01" in first
    made.clear()
    if change is install_other_versions:
        change(monkeypatch)
    elif change:
        change(toy)
    data = se.load_dataset(str(toy / "toy"))
    found = finished(toy, data, **options)
    assert len(made) == again
    shutil.rmtree(toy / "results")
    assert finished(toy, data, **options) == found


def test_the_truth_of_an_image_is_all_that_it_is_scored_against():
    fields = ("shape", *FixationDataset.truth_fields)
    given = {
        "shape": (3, 4),
        "fixations": np.array([[0, 1], [2, 3]]),
        "observers": np.array([0, 1]),
        "stored_density": lambda: np.eye(3),
    }
    other = {
        "shape": (4, 3),
        "fixations": np.array([[0, 1], [2, 2]]),
        "observers": np.array([0, 0]),
        "stored_density": lambda: np.ones((3, 3)),
    }
    hashes = [
        journal.hash_of_truth(Fields("i", **{**given, **changed}), fields, stored=True)
        for changed in ({}, *({name: value} for name, value in other.items()))
    ]
    assert len(set(hashes)) == 5
    assert hashes[0] == journal.hash_of_truth(Fields("j", **given), fields, stored=True)


def test_another_stored_density_is_another_truth(toy, data, made):
    folder = toy / "toy" / "maps"
    shutil.copytree(toy / "maps", folder)
    options = {"metrics": ["cc(density.source=file)"], "results": toy / "results"}
    data = se.load_dataset(str(toy / "toy"))
    with pytest.raises(KeyboardInterrupt):
        se.score(toy / "maps", data, **options, progress=stop_after(3))
    (folder / "i04.png").replace(folder / "i01.png")
    shutil.copy(folder / "i02.png", folder / "i04.png")
    made.clear()
    data = se.load_dataset(str(toy / "toy"))
    save(se.score(toy / "maps", data, **options), toy / "results")
    assert len(made) == 3 + 1
    assert se.score(toy / "maps", data, **options).restored
    shutil.copy(folder / "i03.png", folder / "i04.png")
    assert not se.score(toy / "maps", se.load_dataset(str(toy / "toy")), **options).restored


@pytest.mark.parametrize(
    ("change", "options"),
    [
        (spoil_map, {}),
        (spoil_truth, {}),
        (None, {"name": "Maps"}),  # its folder begins like that of "maps"
        (None, {"resize": "error"}),
        (None, {"on_missing": "constant"}),
        (None, {"metrics": ["nss"]}),
        (None, {"metrics": ["shuffled_auc", "nss"]}),
        (None, {"metrics": ["nss(ddof=0)", "shuffled_auc"]}),
    ],
)
def test_a_finished_run_of_another_content_is_no_answer(toy, data, made, change, options):
    finished(toy, data)
    if change:
        change(toy)
    made.clear()
    data = se.load_dataset(str(toy / "toy"))
    options = {"metrics": METRICS} | options
    assert not se.score(toy / "maps", data, results=toy / "results", **options).restored
    assert len(made) == 6


def test_an_equal_run_is_left_as_it_is(toy, data):
    run = se.score(toy / "maps", data, METRICS)
    folder = save(run, toy / "results", "first")
    assert save(run, toy / "results", "second") == folder
    assert (folder / "log.txt").read_text() == "first"


def test_another_process_may_be_faster(toy, data, monkeypatch):
    def put(files, new, folder):
        plain(files, new, folder)
        raise OSError(39, "Directory not empty")

    plain = store.put
    monkeypatch.setattr(store, "put", put)
    folder = save(se.score(toy / "maps", data, METRICS), toy / "results")
    assert sorted(path.name for path in folder.iterdir()) == ["log.txt", "run.json", "scores.csv.gz"]


def test_a_folder_that_vanishes_while_it_is_written_is_written_again(toy, data, monkeypatch):
    def put(files, new, folder):
        monkeypatch.setattr(store, "put", plain)
        raise OSError(2, "No such file or directory")

    plain = store.put
    monkeypatch.setattr(store, "put", put)
    assert (save(se.score(toy / "maps", data, METRICS), toy / "results") / "run.json").exists()


@pytest.mark.parametrize("resumable", [False, True])
def test_a_run_that_cannot_be_saved_leaves_its_journal_at_most(toy, data, monkeypatch, resumable):
    def full(number):
        raise OSError(28, "No space left on device")

    results = toy / "results"
    run = se.score(toy / "maps", data, METRICS, results=results if resumable else None)
    monkeypatch.setattr("saliency_eval.disk.os.fsync", full)
    with pytest.raises(se.SaliencyEvalError, match=r"error\[io\].*No space left"):
        save(run, results)
    left = [
        path.name for path in results.rglob("*") if path.name.endswith((".tmp", ".json", ".gz", ".jsonl"))
    ]
    assert left == ([run.journal.folder.name, "partial.jsonl"] if resumable else [])


def test_a_saved_run_is_on_the_disk(toy, data, monkeypatch):
    def sync(number):
        synced.add(os.fstat(number).st_ino)

    synced = set()
    monkeypatch.setattr("saliency_eval.disk.os.fsync", sync)
    folder = save(se.score(toy / "maps", data, METRICS), toy / "results")
    assert {path.stat().st_ino for path in (*folder.iterdir(), folder.parent)} == synced


def test_broken_runs_do_not_hide_the_finished_one(toy, data):
    finished(toy, data)
    (toy / "results" / "toy" / "maps-00000000").mkdir()
    assert se.score(toy / "maps", data, METRICS, results=toy / "results").restored


def test_a_finished_run_of_other_versions_is_no_answer(toy, data, made, monkeypatch):
    finished(toy, data)
    install_other_versions(monkeypatch)
    made.clear()
    assert not se.score(toy / "maps", data, METRICS, results=toy / "results").restored
    assert len(made) == 6


def test_a_finished_run_answers_neither_for_a_part_nor_for_another_array(toy, data):
    rng = np.random.default_rng(0)
    (toy / "arrays").mkdir()
    for id in data:
        np.savez(toy / "arrays" / f"{id}.npz", a=rng.random((48, 64)), b=rng.random((48, 64)))
    runs = {}
    for variable in ("a", "b"):
        run = se.score(toy / "arrays", data, METRICS, variable=variable, results=toy / "results")
        runs[save(run, toy / "results")] = run.means["nss"].mean
    assert len(set(runs)) == len(set(runs.values())) == 2
    part = se.score(toy / "arrays", data, METRICS, variable="a", limit=2, results=toy / "results")
    assert (part.complete, len(part.ids)) == (False, 2)


def test_a_finished_run_with_a_warning_is_refused_when_warnings_are_errors(toy, data):
    Image.new("L", (64, 48)).save(toy / "maps" / "i01.png")
    finished(toy, data)
    with pytest.raises(se.SaliencyEvalError, match=r"error\[constant\]"):
        se.score(toy / "maps", data, METRICS, results=toy / "results", strict=True)


def test_no_file_stays_open(toy, data):
    before = len(os.listdir("/dev/fd"))
    for _ in range(3):
        finished(toy, data, resume=False)
    interrupted(toy, data, resume=False)
    assert len(os.listdir("/dev/fd")) == before


def test_a_damaged_run_is_scored_anew(toy, data):
    first = finished(toy, data)
    [folder] = (toy / "results" / "toy").iterdir()
    (folder / "run.json").write_bytes(first["run.json"][:-9])
    assert finished(toy, data) == first


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-20],
        lambda data: data.replace(b'"values": [', b'"values": [1', 1),
        lambda data: b"\0" * 100 + data[100:],
        lambda data: data.replace(b'"truth": "', b'"truth": "0', 1),
        lambda data: data + b"[1, 2" * 1000,
        lambda data: b'{"crc32": 0}\n' + data[:-1],
    ],
)
def test_lines_that_do_not_hold_are_scored_again(toy, data, spoil):
    path = interrupted(toy, data)
    path.write_bytes(spoil(path.read_bytes()))
    assert finished(toy, data) == undisturbed(toy, data)


def test_a_torn_line_does_not_spoil_the_next(toy, data, made):
    path = interrupted(toy, data)
    path.write_bytes(path.read_bytes() + b'{"id": "i0')
    path = interrupted(toy, data, after=5)  # three are known
    made.clear()
    assert finished(toy, data) == undisturbed(toy, data)
    assert len(made) == 1 + 6


def test_a_refused_set_leaves_nothing(toy, data):
    (toy / "maps" / "i05.png").write_bytes(b"")
    with pytest.raises(se.SaliencyEvalError, match="unreadable"):
        finished(toy, data)
    assert not (toy / "results").exists()
    (toy / "results").mkdir()
    with pytest.raises(se.SaliencyEvalError, match="unreadable"):
        finished(toy, data)
    assert list((toy / "results").iterdir()) == []


@pytest.mark.parametrize("kind", ["link", "pipe", "folder link"])
def test_nothing_is_written_through_what_is_no_file(toy, data, kind):
    path = interrupted(toy, data)
    (toy / "other").mkdir()
    victim = toy / "other" / "partial.jsonl"
    victim.write_text("precious")
    path.unlink()
    if kind == "link":
        path.symlink_to(victim)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.parent.rmdir()
        path.parent.symlink_to(toy / "other")
    assert finished(toy, data) == undisturbed(toy, data)
    assert victim.read_text() == "precious"


def test_a_journal_that_cannot_be_written_stops_nothing(toy, data, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal.os, "write", full)
    run = se.score(toy / "maps", data, METRICS, results=toy / "results")
    assert run.journal.failure.errno == 28
    assert run.n_scored == 6


def test_lines_come_back_as_they_were():
    strange = PLAIN._replace(values=(float("nan"), float("inf"), -float("inf"), 5e-324), id="a\ud800\x1b\n")
    for scored in (PLAIN, strange):
        line = line_of(scored, "s")
        assert line.count(b"\n") == 1
        json.loads(line, parse_constant=lambda name: pytest.fail(name))
        assert repr(parse(line, "s")) == repr(scored)
    assert parse(line_of(PLAIN, "s"), "t") is None


@pytest.mark.parametrize(
    "change",
    [
        {"values": "ab"},
        {"values": [[[1.0]]]},
        {"counts": [["a", "b", 1]]},
        {"problems": [{"code": "foo", "message": ""}]},
        {"problems": [{"code": "lossy", "message": "", "severity_override": "fatal"}]},
        {"problems": [{"code": "lossy", "message": 1}]},
        {"on_zero": "3"},
        {"missing": 1},
        {"more": 1},
        {"id": None},
    ],
    ids=str,
)
def test_a_line_of_the_wrong_types_is_none(change):
    record = json.loads(line_of(PLAIN, "s")) | change
    record.pop("crc32")
    line = json.dumps(record | {"crc32": journal.checksum(record)}).encode()
    assert parse(line, "s") is None


@pytest.mark.slow
@given(st.one_of(st.binary(), st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
).map(lambda value: json.dumps(value).encode())))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_any_line_is_an_image_or_nothing(line):
    assert parse(line, "s") is None


def test_every_single_flip_of_a_line_is_noticed():
    line = line_of(PLAIN, "s")[:-1]
    for at in range(len(line)):
        other = bytearray(line)
        other[at] ^= 1
        assert parse(bytes(other), "s") in (
            None,
            PLAIN,
        )  # a flip may change how JSON is written, not what it says


def test_the_longest_journal_is_read_in_pieces(tmp_path, monkeypatch):
    kept = Journal(tmp_path / "j", "s")
    for number in range(50):
        kept.add(PLAIN._replace(id=str(number)))
    assert len(kept.read({str(n) for n in range(50)})) == 50
    monkeypatch.setattr(journal, "MOST", 2000)
    assert 0 < len(kept.read({str(n) for n in range(50)})) < 20
    assert kept.read(set()) == {}


def test_a_worker_that_dies_costs_one_image(toy, data, monkeypatch):
    monkeypatch.setattr(work, "CHUNK", 2)
    good = np.random.default_rng(0).random((48, 64))

    def model(id):
        return os._exit(9) if id == "i03" else good

    with pytest.raises(se.SaliencyEvalError) as caught:
        se.score(model, data, METRICS, workers=2)
    [problem] = [p for p in caught.value.problems if p.severity == "error"]
    assert (problem.code, problem.image) == ("unreadable", "i03")


def test_a_worker_that_dies_once_costs_nothing(toy, data, monkeypatch):
    monkeypatch.setattr(work, "CHUNK", 2)
    good = np.random.default_rng(0).random((48, 64))

    def model(id, flag=str(toy / "died")):
        if id == "i03" and not os.path.exists(flag):
            open(flag, "w").close()
            os._exit(9)
        return good

    assert se.score(model, data, METRICS, workers=2).n_scored == 6


def test_an_exception_in_a_worker_is_passed_on(data, monkeypatch):
    monkeypatch.setattr(work, "CHUNK", 2)

    def model(id):
        raise ZeroDivisionError(id)

    with pytest.raises(ZeroDivisionError):
        se.score(model, data, METRICS, workers=2)
    assert se.score(lambda id: np.eye(48, 64), data, METRICS, workers=2).n_scored == 6


@pytest.fixture
def pairs(toy, data):
    """Two arrays in the file of each image."""
    rng = np.random.default_rng(1)
    (toy / "pairs").mkdir()
    for id in data:
        np.savez(toy / "pairs" / f"{id}.npz", a=rng.random((48, 64)), b=rng.random((48, 64)))
    return toy / "pairs"


def test_another_array_of_the_same_files_is_another_run(toy, data, pairs):
    for variable in "ab":
        run = se.score(pairs, data, ["nss"], results=toy / "results", variable=variable)
        save(run, toy / "results")
        plain = se.score(pairs, data, ["nss"], variable=variable)
        assert not run.restored
        assert run.means["nss"].mean == plain.means["nss"].mean
    assert len(list((toy / "results" / "toy").iterdir())) == 2


def test_what_is_found_before_the_maps_are_read_is_never_that_of_an_earlier_run(toy, data):
    for name in ("zz1.png", "zz2.png"):
        shutil.copy(toy / "maps" / "i01.png", toy / "maps" / name)
        finished(toy, data)
        run = se.score(toy / "maps", data, METRICS, results=toy / "results")
        assert name in run.problems[0].message or "2 extra" in run.problems[0].message
    for name in ("zz1.png", "zz2.png"):
        (toy / "maps" / name).unlink()
    assert se.score(toy / "maps", data, METRICS, results=toy / "results").problems == ()


def test_warnings_of_a_finished_run_are_errors_when_strict(toy, data):
    shutil.copy(toy / "maps" / "i01.png", toy / "maps" / "zz.png")
    first = finished(toy, data)
    with pytest.raises(se.SaliencyEvalError, match="extra"):
        finished(toy, data, strict=True)
    [folder] = (toy / "results" / "toy").iterdir()
    assert files(folder) == first


def test_a_part_is_not_answered_with_the_finished_whole(toy, data):
    finished(toy, data)
    assert len(se.score(toy / "maps", data, METRICS, results=toy / "results", limit=2).ids) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f'"saliency_eval": "{se.__version__}"', '"saliency_eval": "0.0.1"'),
        ("|ddof:1", "|nonsense:1"),
        ("|ddof:1", "|ddof:x"),
        ("|ddof:1", "|ddof:1|ddof:1"),
    ],
)
def test_a_run_of_another_version_or_making_is_no_answer(toy, data, old, new):
    finished(toy, data)
    [folder] = (toy / "results" / "toy").iterdir()
    text = (folder / "run.json").read_text()
    assert old in text
    (folder / "run.json").write_text(text.replace(old, new))
    assert not se.score(toy / "maps", data, METRICS, results=toy / "results").restored


def test_the_journal_of_a_run_that_was_saved_and_killed_is_removed(toy, data, monkeypatch):
    run = se.score(toy / "maps", data, METRICS, results=toy / "results")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda *_, **__: pytest.fail("killed"))
        with pytest.raises(pytest.fail.Exception, match="killed"):
            save(run, toy / "results")
    assert any((toy / "results").rglob("partial.jsonl"))
    run = se.score(toy / "maps", data, METRICS, results=toy / "results")
    assert run.restored
    save(run, toy / "results")
    assert len(list((toy / "results" / "toy").iterdir())) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"values": [1.0]},
        {"values": [1.0, 2.0, 3.0]},
        {"values": [1e308, 1e308]},
        {"missing": True},
        {"problems": [{"code": "internal", "message": "", "exit_override": 99}]},
    ],
    ids=str,
)
def test_a_line_that_no_scoring_writes_is_scored_again(toy, data, change):
    path = interrupted(toy, data)
    lines = [json.loads(line) | change for line in path.read_bytes().splitlines()]
    for line in lines:
        del line["crc32"]
    text = "".join(json.dumps(line | {"crc32": journal.checksum(line)}) + "\n" for line in lines)
    path.write_text(text)
    assert finished(toy, data) == undisturbed(toy, data)


def test_two_sets_of_one_name_are_saved_at_once(toy, data, monkeypatch):
    shutil.copytree(toy / "maps", toy / "other" / "maps")
    shutil.copy(toy / "maps" / "i02.png", toy / "other" / "maps" / "i01.png")
    runs = [se.score(f / "maps", data, METRICS, results=toy / "results") for f in (toy, toy / "other")]
    assert runs[0].journal.folder == runs[1].journal.folder
    plain = store.write

    def write(path, content):
        plain(path, content)
        monkeypatch.setattr(store, "write", plain)
        save(runs[0], toy / "results")

    monkeypatch.setattr(store, "write", write)
    save(runs[1], toy / "results")
    assert len(list((toy / "results" / "toy").iterdir())) == 2


@pytest.mark.parametrize(
    "put",
    [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), lambda path: os.close(os.open(path, os.O_CREAT))
     or os.truncate(path, 1 << 40), os.mkdir],
    ids=["pipe", "endless", "huge", "folder"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["run.json", "scores.csv.gz"])
def test_a_run_folder_that_was_tampered_with_is_replaced(toy, data, put, name):
    first = finished(toy, data)
    [folder] = (toy / "results" / "toy").iterdir()
    (folder / name).unlink()
    put(folder / name)
    with at_most(20):
        assert finished(toy, data) == first
    assert [p.name for p in (toy / "results" / "toy").iterdir()] == [folder.name]


@contextlib.contextmanager
def at_most(seconds):
    """Ends this process when something waits for ever."""
    faulthandler.dump_traceback_later(seconds, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.mark.parametrize("of", ["journal", "run"])
def test_nothing_is_made_behind_a_link(toy, data, of):
    run = se.score(toy / "maps", data, METRICS, results=toy / "results")
    hidden = run.journal.folder
    shutil.rmtree(hidden)
    (toy / "other").mkdir()
    (toy / "other" / "precious").touch()
    if of == "run":
        hidden = store.scratch_folder(toy / "results", "toy", run.model, run.digest)
    hidden.symlink_to(toy / "other")
    seen = os.stat(toy / "other").st_mtime_ns
    assert finished(toy, data) == undisturbed(toy, data)
    assert os.stat(toy / "other").st_mtime_ns == seen


def test_the_command_says_what_it_took_up(toy, data):
    interrupted(toy, data)
    run = se.score(toy / "maps", data, METRICS, results=toy / "results")
    assert run.taken_up == 3
    assert (
        closing(Result(run, 2.0, folder=Path("r")))
        == "saved r   2.0 s, 2 images/s, after 3 of an interrupted run"
    )
    save(run, toy / "results")
    again = se.score(toy / "maps", data, METRICS, results=toy / "results")
    assert closing(Result(again, 0.1, folder=Path("r"))) == "already complete: r   0.1 s"


def test_unknown_names_and_missing_widths_are_told_at_once(toy):
    with pytest.raises(se.SaliencyEvalError, match="unknown option of score 'sufix'"):
        se.score(toy / "maps", str(toy / "toy"), METRICS, sufix="_pred")
    (toy / "toy" / "dataset.toml").write_text('name = "toy"\n')
    with pytest.raises(se.SaliencyEvalError) as caught:
        se.score(toy / "maps", str(toy / "toy"), protocol="exact")
    text = str(caught.value)
    assert all(f"{key} needs density.sigma" in text for key in ("cc", "sim", "kld"))


def kept(id, *values, counts=()):
    return {id: Scored(id, values=values, counts=counts)}


HITS = (1.0,) * (255 * 3)


@pytest.mark.parametrize(
    "other",
    [
        kept("b", HITS[:-1], 0.5),
        kept("b", HITS[:255], 0.5),
        kept("b", (), 0.5),
        kept("b", 1.0, 0.5),
        kept("b", HITS, (0.5,)),
        kept("b", HITS),
        kept("b", HITS, 0.5, counts=((2, "ties", 1),)),
        kept("b", HITS, 0.5, counts=((0, "ties", -1),)),
    ],
)
def test_kept_values_that_cannot_be_of_these_metrics_are_as_good_as_none(other):
    variants = se.protocols.protocol("wsol-v2").variants("max_box_acc,localisation_error")
    right = kept("a", HITS, 0.5, counts=((1, "ties", 2),)) | kept("c", HITS, 0.5)
    assert journal.fitting(right | other, variants) == right
    assert journal.fitting(other, variants) == {}


def test_what_is_drawn_again_is_a_number():
    [drawing] = se.protocols.protocol("mit").variants("auc_judd(ties=random)")
    drawn = Scored("a", values=(0.5,), again=(0.25,))
    assert journal.fitting({"a": drawn, "b": drawn._replace(again=((0.25,),))}, [drawing]) == {"a": drawn}


def test_facts_that_a_file_lacks_cast_no_doubt():
    assert core.METRICS["saliency_metric"].traits["doubts"]({"top1": 0.5, "ground_truth": 1.0}) == []
