"""Fixtures of the benchmarks, and the table at the end: `pytest tests/benchmarks --benchmark-enable`.

Without that option each benchmark goes once through small maps, so that the code cannot rot.
"""

import functools
import math
import os

import pytest

from saliency_eval.executors import ONE_THREAD

from .table import Row, lines

ROWS = pytest.StashKey[list[Row]]()


def pytest_configure(config):
    config.stash[ROWS] = []
    if config.getoption("benchmark_enable"):
        os.environ.update(ONE_THREAD)  # before numpy is imported, which therefore happens in functions here


@pytest.fixture(scope="session")
def full(request):
    """Are benchmarks enabled, and maps of full size?"""
    return request.config.getoption("benchmark_enable")


@pytest.fixture(scope="session")
def workload(full, tmp_path_factory):
    """The workload of a size by its name."""
    from .workload import FULL, SMALL, Workload

    sizes = FULL if full else SMALL
    return functools.cache(lambda name: Workload(tmp_path_factory.mktemp(name), sizes[name]).written())


@pytest.fixture
def enter(request, benchmark):
    """Enters rows in the table; fails when a bar is missed by more than machines differ."""

    def enter(*rows):
        request.config.stash[ROWS].extend(rows)
        benchmark.extra_info.update({row.name: row.figure for row in rows if row.lasts})
        failed = [f"{row.name}: {row.figure:.3g}, the bar is {row.bar:g}" for row in rows if row.fails]
        assert not failed

    return enter


@pytest.fixture
def race(benchmark, enter):
    """Times some work beside decoding, and plain code for the same once; the ratios for a map are a row."""
    from .measure import ROUNDS, in_turn

    def race(group, name, work, decoding, plain=None, *, unit="D", bar=math.inf, rounds=ROUNDS):
        if benchmark.disabled:
            benchmark.pedantic(work.run)
            return
        found = in_turn(benchmark, work, decoding, rounds)
        beside = plain.cost() / found.unit if plain else math.nan
        enter(Row(group, name, found.median, unit, *found.range, plain=beside, bar=bar))

    return race


def pytest_terminal_summary(terminalreporter, config):
    if config.stash[ROWS]:
        terminalreporter.section("benchmarks")
        for line in lines(config.stash[ROWS]):
            terminalreporter.write_line(line)
