"""Where scoring may run: processes of this machine, or a cluster; and how the work is parted."""

import os
import shutil

import pytest

import saliency_eval as se
from saliency_eval.executors import Place, place, run_tasks, usable_cores, work


def test_places():
    assert place() == Place(1)
    assert place(3) == Place(3)
    assert place("auto") == Place(usable_cores())
    assert place("auto", "dask://a.b-c:8786") == place(1, "dask://a.b-c:8786") == Place(1, "a.b-c:8786")
    assert place(executor="dask://[::1]:8786").scheduler == "[::1]:8786"


@pytest.mark.parametrize(
    ("workers", "executor", "words"),
    [
        (0, "local", "workers must be a whole number of at least 1, or auto, got 0"),
        (True, "local", "got True"),
        ("two", "local", "got 'two'"),
        (2, "dask://h:1", r"workers \(--workers\) counts processes of this machine, got 2 beside a cluster"),
        (1, "dask://h", r"executor \(--executor\) must be local or dask://HOST:PORT, got 'dask://h'"),
        (1, "dask://h:1/x", "got 'dask://h:1/x'"),
        (1, "ray", "got 'ray'"),
        (1, "dask://h:\u0661", "must be local or dask://HOST:PORT"),
        (1, None, "got 'None'"),
    ],
)
def test_places_that_do_not_exist(workers, executor, words):
    with pytest.raises(se.SaliencyEvalError, match=words) as caught:
        se.score("maps", "demo", workers=workers, executor=executor)
    assert caught.value.code == "usage"
    with pytest.raises(se.SaliencyEvalError, match=words):
        se.check_predictions("maps", "demo", workers=workers, executor=executor)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs affinities")
def test_usable_cores_are_those_that_this_process_may_use():
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, before)


def test_every_worker_gets_a_part():
    ids = [str(n) for n in range(700)]
    for workers in (1, 2, 7, 64, 1000):
        found = work.parts(ids, workers)
        assert [id for part in found for id in part] == ids
        assert len(found) >= min(700, 2 * workers)
        assert max(map(len, found)) <= 25
    assert work.parts([], 2) == []
    assert list(run_tasks(str.upper, ["a", "b"], Place(2), lost=str)) == ["A", "B"]


def test_workers_follow_to_another_folder(toy, monkeypatch):
    """They are kept, and the same relative path is of other images there."""
    monkeypatch.setattr(work, "CHUNK", 1)
    for folder in ("a", "b"):
        shutil.copytree(toy / "toy", toy / folder / "set")
        shutil.copytree(toy / "maps", toy / folder / "maps")
        monkeypatch.chdir(toy / folder)
        run = se.score("maps", se.load_dataset("./set"), ["nss"], workers=2)
        assert run.n_scored == 6
        shutil.rmtree(toy / folder)
