"""Whole processes: memory, two workers, and how long it takes until something happens."""

import functools
import json

import numpy as np
import pytest

from .measure import ROUNDS, spent
from .table import Row
from .workload import LINE

pytest.importorskip("resource", reason="only POSIX tells what a process has cost")
SIZE = "1024x768"
BUSY = 0.1  # cores in use by others from which on wall time means nothing
SCORE = """
import hashlib, json, sys
import saliency_eval as se
maps, data, metrics, options = sys.argv[1:]
run = se.score(maps, data, metrics, **json.loads(options))
with open("/proc/self/status") as file:
    peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
print(json.dumps({"images": len(run.ids), "peak": peak / 1024, "values": hashlib.sha256(run.values).hexdigest()}))
"""


@pytest.fixture(scope="module")
def scored(workload):
    """What a fresh process that scores the maps has cost, by its options; each is run once."""
    made = workload(SIZE)
    start = ["-c", SCORE, str(made.folder / "png"), str(made.folder), ",".join(LINE)]
    return functools.cache(lambda turn=0, **options: spent(*start, json.dumps(options)))


def told(process):
    return json.loads(process.out)


@pytest.mark.skipif("not os.path.exists('/proc/self/status')", reason="no /proc tells the peak of memory")
def test_memory_does_not_grow_with_the_number_of_images(scored, workload, benchmark, enter):
    few, many = told(scored(limit=10)), told(benchmark.pedantic(scored))
    assert (few["images"], many["images"]) == (10, len(workload(SIZE).ids))
    if not benchmark.disabled:
        enter(
            Row("processes", "peak memory, 10 images", few["peak"], "MiB", bar=250),
            Row("processes", "peak memory, 1,000 images", many["peak"], "MiB", bar=250),
            Row("processes", "1,000 images over 10, memory", many["peak"] / few["peak"], bar=1.1),
        )


def test_two_workers(scored, benchmark, enter):
    """Beside one worker before and after; everything counts, the start of the workers too."""
    before, two = scored(), benchmark.pedantic(scored, kwargs={"workers": 2})
    assert told(two)["values"] == told(before)["values"]
    if benchmark.disabled:
        return
    after = scored(turn=1)
    cpu, wall = (np.mean([getattr(one, what) for one in (before, after)]) for what in ("cpu", "wall"))
    others = max(run.others for run in (before, two, after))
    idle = others < BUSY
    note = "" if idle else f"not held: others used {others:.1f} cores"
    enter(
        Row("processes", "two workers over one, CPU", two.cpu / cpu, bar=1.15),
        Row("processes", "two workers over one, wall", two.wall / wall, bar=0.6, note=note, held=idle),
    )


STARTS = {
    "import numpy": (["-c", "import numpy"], np.inf),
    "import saliency_eval": (["-c", "import saliency_eval"], 0.35),
    "import saliency_eval; .score": (["-c", "import saliency_eval; saliency_eval.score"], np.inf),
    "saliency-eval --help": (["-m", "saliency_eval", "--help"], 0.25),
}


def test_start(benchmark, enter):
    """CPU seconds, the one figure in units of time: they are felt as such. One turn writes the bytecode."""
    turns = 1 if benchmark.disabled else 1 + ROUNDS

    def start_all():
        return [[spent(*arguments).cpu for arguments, _ in STARTS.values()] for _ in range(turns)]

    costs = np.array(benchmark.pedantic(start_all))[-ROUNDS:].T
    assert costs.min() > 0
    if not benchmark.disabled:
        named = zip(STARTS.items(), costs, strict=True)
        for (name, (_, bar)), own in named:
            ratio = float(np.median(own / costs[0]))
            enter(row_of_start(name, own, ratio, bar))
            benchmark.extra_info[f"{name}, over import numpy"] = ratio


def row_of_start(name, own, ratio, bar):
    figures = float(np.median(own)), "s", float(own.min()), float(own.max())
    return Row("processes", name, *figures, bar=bar, note=f"{ratio:.2f} x import numpy")
