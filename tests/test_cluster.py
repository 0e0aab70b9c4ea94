"""Scoring on a Dask cluster: real workers, which are killed, differ, see nothing, or are not there at all."""

import contextlib
import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import UserDict

import numpy as np
import pytest

import saliency_eval as se
from saliency_eval.executors import cluster, parcel, scheduler, work
from saliency_eval.models.folder import MapFolder
from saliency_eval.models.runner import ModelPredictions
from saliency_eval.models.writing import MapWriter, write_maps
from saliency_eval.predictions import MappingPredictions, open_predictions
from saliency_eval.predictions.files import PredictionFiles
from saliency_eval.store import scores_csv, to_json
from saliency_eval.versions import versions

dask_config = pytest.importorskip("dask.config")
distributed = pytest.importorskip("distributed")

METRICS = ["nss", "auc_borji", "shuffled_auc"]


@pytest.fixture(scope="module")
def dask():
    """A client of a cluster of two worker processes."""
    with local_cluster(n_workers=2) as made, distributed.Client(made, set_as_default=False) as client:
        yield client


def local_cluster(n_workers, threads=1, **options):
    """A cluster that gives up what two workers died of: by itself it would wait for four to start anew."""
    with dask_config.set({"distributed.scheduler.allowed-failures": 1}):
        return distributed.LocalCluster(n_workers=n_workers, threads_per_worker=threads, processes=True,
                                        dashboard_address=":0", silence_logs=50, **options)  # fmt: skip


def named(client):
    """The executor that a client is connected to."""
    return client.scheduler.address.replace("tcp://", "dask://")


@pytest.fixture
def executor(dask):
    """The cluster, once all its workers are there again."""
    dask.wait_for_workers(2, timeout=60)
    return named(dask)


@pytest.fixture
def data(toy):
    return se.load_dataset(str(toy / "toy"))


def content(run):
    """The files of a saved run that may not differ."""
    return to_json(run), scores_csv(run)


def same(executor, *arguments, **options):
    """Scored on the cluster as here; gives that run."""
    here, there = (se.score(*arguments, **options, **more) for more in ({}, {"executor": executor}))
    assert content(there) == content(here)
    return there


# ------------------------------------------------------------------ the same bytes


def test_the_demonstration(executor):
    same(executor, "model:centre_bias", "demo")
    same(executor, "model:gold_standard", "demo", ["nss", "auc_borji"])


def test_files_by_relative_paths(toy, executor, monkeypatch):
    monkeypatch.chdir(toy)  # the workers are elsewhere
    shutil.make_archive("zipped", "zip", "maps")
    shutil.make_archive("tarred", "gztar", "maps")
    for source in ("maps", "zipped.zip", "tarred.tar.gz"):
        assert same(executor, source, "./toy", METRICS).n_scored == 6
    (toy / "maps" / "i03.png").unlink()
    same(executor, "maps", "./toy", METRICS, on_missing="constant")
    checked = [se.check_predictions("maps", "./toy", **more) for more in ({}, {"executor": executor})]
    assert checked[0] == checked[1]


def test_stored_densities_by_a_relative_path(toy, executor, monkeypatch):
    monkeypatch.chdir(toy)
    shutil.copytree("maps", "toy/maps")
    same(executor, "maps", "./toy", ["cc(density.source=file)"])


def test_osie(shared, executor, tmp_path):
    data = se.load_dataset("osie", shared / "data" / "OSIE")
    writer = MapWriter(
        ModelPredictions.of("centre_bias", data), data, MapFolder(tmp_path), dict.fromkeys(data, "")
    )
    for id in list(data)[:40]:
        writer(id)
    assert len(same(executor, tmp_path, data, ["auc_judd", "auc_borji", "nss"], limit=40).ids) == 40


@pytest.mark.slow
def test_all_of_osie(shared, executor, tmp_path):
    data = se.load_dataset("osie", shared / "data" / "OSIE")
    write_maps("centre_bias", data, tmp_path, workers=2)
    assert same(executor, tmp_path, data).n_scored == 700


def test_results_come_as_they_are_finished(toy, data, executor):
    count = []
    se.score(toy / "maps", data, METRICS, executor=executor, progress=count.append)
    assert count == [1] * 6


def test_the_task_is_sent_and_unpacked_once(toy, data, executor):
    class Counted(MappingPredictions):
        def __setstate__(self, state):
            self.__dict__ = state
            with open(toy / "unpacked", "a") as file:
                file.write(f"{os.getpid()}\n")

    maps = Counted(dict.fromkeys(data, np.eye(48, 64)))
    assert se.score(maps, data, ["nss"], executor=executor).n_scored == 6
    pids = (toy / "unpacked").read_text().split()
    assert len(pids) == len(set(pids)) == 2


# ------------------------------------------------------------------ in a worker


def test_one_thread_for_sums_and_one_chunk_at_a_time(data):
    def model(id, running=[]):  # noqa: B006  (shared by the threads of a worker)
        from threadpoolctl import threadpool_info

        running.append(id)
        time.sleep(0.05)
        assert len(running) == 1
        assert {library["num_threads"] for library in threadpool_info()} == {1}
        running.remove(id)
        return np.eye(48, 64)

    two = dict.fromkeys(work.ONE_THREAD, "2")
    with (
        local_cluster(n_workers=1, threads=2, env=two) as made,
        distributed.Client(made, set_as_default=False) as client,
    ):
        assert se.score(model, data, ["nss"], executor=named(client)).n_scored == 6


def test_an_exception_is_passed_on(data, executor):
    def model(id):
        raise ZeroDivisionError(id)

    with pytest.raises(ZeroDivisionError):
        se.score(model, data, ["nss"], executor=executor)


# ------------------------------------------------------------------ workers that die


def test_a_killed_worker_changes_nothing(toy, data, executor):
    good = np.random.default_rng(0).random((48, 64))

    def model(id, flag=str(toy / "died")):
        if id == "i03" and os.path.exists(flag):
            os.unlink(flag)
            os.kill(os.getpid(), signal.SIGKILL)
        return good

    here = content(se.score(model, data, METRICS))
    (toy / "died").touch()
    assert content(se.score(model, data, METRICS, executor=executor)) == here
    assert not (toy / "died").exists()


@pytest.mark.slow
def test_an_image_at_which_workers_die_again_and_again_is_lost(data, executor):
    def model(id):
        if id == "i03":
            os.kill(os.getpid(), signal.SIGKILL)
        return np.eye(48, 64)

    with pytest.raises(se.SaliencyEvalError) as caught:
        se.score(model, data, METRICS, executor=executor)
    [problem] = [p for p in caught.value.problems if p.severity == "error"]
    assert (problem.code, problem.image) == ("unreadable", "i03")


# ------------------------------------------------------------------ workers that differ


def refused(*arguments, **options):
    """The problems with which a scoring ends that scored nothing."""
    done = []
    with pytest.raises(se.SaliencyEvalError) as caught:
        se.score(*arguments, progress=done.append, **options)
    assert (caught.value.code, caught.value.exit_code, done) == ("io", 5, [])
    return [problem.message for problem in caught.value.problems]


@contextlib.contextmanager
def other_versions(dask, worker, **changed):
    """A worker that computes with other versions."""

    def install(found):
        parcel.versions = lambda: found

    dask.run(install, versions() | changed, workers=[worker])
    try:
        yield
    finally:
        dask.run(install, versions(), workers=[worker])


def test_a_worker_of_other_versions(toy, data, dask, executor):
    worker = max(dask.nthreads())
    with other_versions(dask, worker, numpy="1.0", code="abc"):
        [message] = refused(toy / "maps", data, executor=executor)
    assert message.startswith(f"Dask worker {worker} must have the same versions, got ")
    assert f"numpy 1.0 instead of {np.__version__}" in message
    assert "code abc instead of" in message


def test_a_worker_of_other_versions_that_comes_late_computes_nothing(dask, executor):
    late = UserDict({"versions": versions() | {"scipy": "0"}, "packed": b"not unpacked", "sample": {}})
    error = dask.submit(parcel.run_chunk, late, ["i01"], pure=False).exception()
    assert error.code == "io"
    assert "instead of 0" in str(error)


def test_a_worker_without_this_package(toy, data, dask, executor):
    def hide(name="saliency_eval.executors.parcel"):
        sys.modules[name] = None

    def show(name="saliency_eval.executors.parcel"):
        del sys.modules[name]

    worker = min(dask.nthreads())
    dask.run(hide, workers=[worker])
    try:
        [message] = refused(toy / "maps", data, executor=executor)
    finally:
        dask.run(show, workers=[worker])
    assert message.startswith(
        f"Dask worker {worker} must be able to run this package, got ModuleNotFoundError"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="needs a path that is another one for each process")
@pytest.mark.parametrize(
    ("maps", "root", "what"), [("maps", "../toy/toy", "predictions"), ("../toy/maps", "toy", "data set")]
)
def test_files_that_workers_do_not_see(toy, executor, monkeypatch, maps, root, what):
    (toy / "elsewhere").mkdir()
    monkeypatch.chdir(toy)
    mine, everybodys = "/proc/self/cwd", str(toy)
    paths = [
        path.replace("../toy", everybodys) if ".." in path else f"{mine}/{path}" for path in (maps, root)
    ]
    messages = refused(paths[0], se.load_dataset(paths[1]), executor=executor)
    assert len(messages) == 2
    assert all(f"must see the same files, got {what} " in m and "No such file" in m for m in messages)


# ------------------------------------------------------------------ clusters that are not there


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_an_unreachable_scheduler(toy, data, monkeypatch):
    monkeypatch.setattr(scheduler, "CONNECT", 0.5)
    started = time.monotonic()
    [message] = refused(toy / "maps", data, executor=f"dask://127.0.0.1:{free_port()}")
    assert message.endswith("must answer within 0.5 s, it does not")
    assert time.monotonic() - started < 5


@pytest.mark.slow
def test_a_scheduler_without_workers(toy, data, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with local_cluster(n_workers=0) as made:
        [message] = refused(toy / "maps", data, executor=made.scheduler_address.replace("tcp", "dask"))
    address = made.scheduler_address.removeprefix("tcp://")
    assert message.endswith(f"{address} must have workers, it had none for 1 s")


def server(greeting):
    """The port of something that is no scheduler: it answers every call with a greeting, or with silence."""
    line = socket.create_server(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                held.append(line.accept()[0])
                held[-1].sendall(greeting)

    held = [line]
    threading.Thread(target=serve, daemon=True).start()
    return held


@pytest.mark.parametrize(
    ("greeting", "what"),
    [
        (b"", "must answer within 0.5 s, it does not"),
        (b"HTTP/1.1 400 Bad Request\r\n", "must be a Dask scheduler, something else answers there"),
        (bytes(9), "must be a Dask scheduler, something else answers there"),
        (
            (100).to_bytes(8, "little") + b"\xff" * 100,
            "must be a Dask scheduler, something else answers there",
        ),
        ((100).to_bytes(8, "little"), "must answer within 0.5 s, it does not"),
    ],
)
def test_something_else_answers(toy, data, monkeypatch, greeting, what):
    monkeypatch.setattr(scheduler, "CONNECT", 0.5)
    held, started = server(greeting), time.monotonic()
    [message] = refused(toy / "maps", data, executor=f"dask://127.0.0.1:{held[0].getsockname()[1]}")
    for one in held:
        one.close()
    assert message.endswith(what)
    assert time.monotonic() - started < 5


def test_something_that_hangs_up_is_not_called_without_a_pause(toy, data, monkeypatch):
    monkeypatch.setattr(scheduler, "CONNECT", 1.0)
    monkeypatch.setattr(scheduler, "LOOK", 0.25)
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as line:

        def hang_up():
            with contextlib.suppress(OSError):
                while True:
                    line.accept()[0].close()
                    calls.append(1)

        threading.Thread(target=hang_up, daemon=True).start()
        [message] = refused(toy / "maps", data, executor=f"dask://127.0.0.1:{line.getsockname()[1]}")
    assert message.endswith("must answer within 1.0 s, it does not")
    assert 1 <= len(calls) <= 6


def test_a_worker_in_the_place_of_the_scheduler(toy, data, dask, executor, recwarn):
    worker = min(dask.nthreads()).removeprefix("tcp://")
    started = time.monotonic()
    [message] = refused(toy / "maps", data, executor=f"dask://{worker}")
    assert (
        f"the Dask scheduler at {worker} must be a Dask scheduler, something else answers there (" in message
    )
    gc.collect()  # a client that is not closed would wait, and complain
    assert not [one for one in recwarn if issubclass(one.category, pytest.PytestUnraisableExceptionWarning)]
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "host", ["no.such.host.invalid", "a..b", ".", f"{'a' * 64}.invalid", "b\u00fccher.invalid"]
)
def test_an_unknown_host(toy, data, host):
    [message] = refused(toy / "maps", data, executor=f"dask://{host}:8786")
    assert message.endswith("must be on a host that is known, no such name was found")


def test_maps_that_are_others_on_a_worker(toy, data, executor, monkeypatch):
    maps = toy / "maps"
    elsewhere = shutil.copytree(maps, toy / "elsewhere")
    (elsewhere / "i05.png").write_bytes((maps / "i04.png").read_bytes())
    monkeypatch.setattr(PredictionFiles, "__reduce__", lambda self: (reopened, (str(elsewhere), [*data])))
    with pytest.raises(se.SaliencyEvalError) as caught:
        se.score(maps, data, METRICS, executor=executor)
    assert [problem.code for problem in caught.value.problems] == ["changed"]
    assert "i05.png: the file is another one on the machine that scored it" in str(caught.value)


def test_stored_densities_that_are_others_on_a_worker(toy, executor, monkeypatch):
    shutil.copytree(toy / "maps", toy / "toy" / "maps")
    elsewhere = shutil.copytree(toy / "toy", toy / "elsewhere" / "toy")
    (elsewhere / "maps" / "i05.png").write_bytes((elsewhere / "maps" / "i04.png").read_bytes())
    data = se.load_dataset(str(toy / "toy"))
    monkeypatch.setattr(type(data), "__reduce__", lambda self: (se.load_dataset, (str(elsewhere),)))
    with pytest.raises(se.SaliencyEvalError) as caught:
        se.score(toy / "maps", data, ["cc(density.source=file)"], executor=executor)
    [problem] = caught.value.problems
    assert (problem.code, problem.image) == ("changed", "i05")
    assert "i05: its stored density is another one on the machine that scored it" in problem.message
    assert se.score(toy / "maps", data, ["nss"], executor=executor).n_scored == 6


def reopened(folder, ids):
    """A folder of predictions, matched to the images."""
    predictions = open_predictions(folder)
    predictions.match(ids)
    return predictions


@pytest.mark.slow
def test_a_worker_that_does_not_answer(toy, data, dask, executor, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    [worker, _] = dask.nthreads()
    busy = dask.submit(time.sleep, 3, workers=[worker], pure=False)
    [message] = refused(toy / "maps", data, executor=executor)
    assert message == f"Dask worker {worker} must answer within 1 s, it is gone or busy"
    busy.result()


def test_without_distributed(toy, data, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(se.SaliencyEvalError, match=r"pip install 'saliency-eval\[dask\]'") as caught:
        se.score(toy / "maps", data, executor="dask://127.0.0.1:8786")
    assert (caught.value.code, caught.value.exit_code) == ("needs_extra", 5)


# ------------------------------------------------------------------ the end before the end


def when(happened, then):
    """Do something as soon as something has happened, if it does within a minute."""

    def watch():
        end = time.monotonic() + 60
        while not happened():
            if time.monotonic() > end:
                return
            time.sleep(0.01)
        then()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def wait_for(what):
    """Wait until something holds."""
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


def states(client):
    """The states of what the workers are doing."""
    doing = client.run(lambda dask_worker: [task.state for task in dask_worker.state.executing])
    return {state for worker in doing.values() for state in worker}


def patient(folder):
    """A model that waits for a file at every image but one, and tells of each in a log."""

    def model(id, log=str(folder / "log"), go=str(folder / "go")):
        with open(log, "a") as file:
            file.write(id + "\n")
        while id != "caf\u00e9" and not os.path.exists(go):
            time.sleep(0.01)
        return np.eye(48, 64)

    return model


def begun(folder):
    """The images that a patient model began with."""
    return (folder / "log").read_text().split() if (folder / "log").exists() else []


def test_ctrl_c_ends_what_is_being_done(toy, data, dask, executor, monkeypatch):
    monkeypatch.setattr(work, "SHARES", 1)  # a chunk of three images for each worker
    watch = when(lambda: len(begun(toy)) >= 3, lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        se.score(patient(toy), data, ["nss"], executor=executor)
    watch.join()
    assert sorted(begun(toy)) == ["caf\u00e9", "i01", "i03"]
    wait_for(lambda: states(dask) == {"cancelled"})  # they were told
    (toy / "go").touch()
    wait_for(lambda: not states(dask))
    assert len(begun(toy)) == 3


def test_an_interruption_by_whoever_takes_the_results_gives_up_the_rest(toy, data, dask, executor):
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as held:  # and with it every frame
        se.score(toy / "maps", data, ["nss"], executor=executor, progress=stop)
    assert dask.run_on_scheduler(lambda dask_scheduler: set(dask_scheduler.clients)) == {
        dask.id,
        "fire-and-forget",
    }
    assert held


@pytest.mark.slow
def test_a_scheduler_that_is_killed_ends_the_run_and_what_was_scored_is_kept(toy, data, monkeypatch):
    monkeypatch.setattr(work, "CHUNK", 1)
    port = free_port()
    commands = [["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"],
                ["worker", f"127.0.0.1:{port}", "--nworkers", "1", "--nthreads", "1", "--no-dashboard"]]  # fmt: skip
    started = [subprocess.Popen([sys.executable, "-W", "ignore", "-m", "dask", *c], stderr=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL) for c in commands]  # fmt: skip
    where, model = f"dask://127.0.0.1:{port}", patient(toy)
    watch = when(lambda: len(begun(toy)) >= 2 and list(toy.rglob("partial.jsonl")), started[0].kill)
    try:
        with pytest.raises(se.SaliencyEvalError) as caught:
            se.score(model, data, METRICS, executor=where, results=toy / "results")
    finally:
        (toy / "go").touch()
        watch.join()
        for process in started:
            process.terminate()
            process.wait()
    [problem] = caught.value.problems
    assert problem.message == f"the Dask scheduler at 127.0.0.1:{port} must stay, it went away"
    assert se.score(model, data, METRICS, results=toy / "results").taken_up >= 1
