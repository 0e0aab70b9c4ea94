"""How costs are measured: CPU seconds of this process, or of a fresh one with its children; never an absolute limit.

A round is decoding, work, decoding; its ratio is that of the work to the mean of what is before and after it.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

import saliency_eval

ROOT = Path(saliency_eval.__file__).parent.parent
ROUNDS = 15


class Pass(NamedTuple):
    """A piece of work on some maps."""

    run: Callable[[], object]
    maps: int

    def cost(self):
        """CPU seconds for each map."""
        start = time.process_time()
        self.run()
        return (time.process_time() - start) / self.maps


class Rounds(NamedTuple):
    """What some work costs beside decoding."""

    ratios: np.ndarray
    unit: float  # CPU seconds of decoding a map

    @property
    def median(self):
        return float(np.median(self.ratios))

    @property
    def range(self):
        return float(self.ratios.min()), float(self.ratios.max())


def in_turn(benchmark, work, decoding, rounds):
    """Decode, work, decode, ... after one turn of decoding to warm up; the work has been warmed up before."""
    units = []
    decoding.run()
    benchmark.pedantic(work.run, setup=lambda: units.append(decoding.cost()), rounds=rounds)
    units.append(decoding.cost())
    costs = np.array(benchmark.stats.stats.data) / work.maps
    around = (np.array(units[:-1]) + units[1:]) / 2
    return Rounds(costs / around, float(np.mean(units)))


# ------------------------------------------------------------------ processes


class Spent(NamedTuple):
    """What a fresh process has cost."""

    cpu: float  # seconds, its children included
    wall: float
    others: float  # cores that other programs kept busy meanwhile; NaN where that is not told
    out: str


def spent(*arguments):
    """Run Python in a process of its own, which imports the package that is measured here."""
    start, own, all = time.perf_counter(), of_children(), of_machine()
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, capture_output=True, text=True)
    wall, cpu = time.perf_counter() - start, of_children() - own
    return Spent(cpu, wall, (of_machine() - all - cpu) / wall, done.stdout)


def of_children():
    """CPU seconds of all processes that were started here and have ended."""
    import resource

    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def of_machine():
    """CPU seconds that the machine has worked, whoever asked for it."""
    try:
        with open("/proc/stat") as file:
            user, nice, system, _idle, _wait, *interrupts = map(int, file.readline().split()[1:9])
    except OSError:
        return float("nan")
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")
