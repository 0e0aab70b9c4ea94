"""The compiled form of the sums: made of just these sources, and done without where it cannot be made."""

import os
import shutil
import sysconfig
from pathlib import Path

import numpy as np
import pytest

from saliency_eval import sums, versions
from saliency_eval.sums import build


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A folder of the sources alone, that the compiled form is made in."""
    for name in build.SOURCES:
        shutil.copy(Path(build.__file__).with_name(name), tmp_path)
    monkeypatch.setattr(build, "HERE", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", build.SOURCES)
def test_a_changed_source_is_another_library(sources, name):
    before = build.library()
    with open(sources / name, "a") as file:
        file.write("\n")
    assert build.library() != before


def test_other_flags_are_another_library(monkeypatch):
    before = build.library()
    monkeypatch.setattr(build, "FLAGS", ("-O3", "-ffast-math"))
    assert build.library() != before


@pytest.mark.slow
@pytest.mark.skipif(not sums.COMPILED, reason="the sums were not compiled: there was no C compiler")
def test_the_sources_are_compiled_and_what_is_older_goes(sources):
    (sources / "sums-00000000.compiled").touch()
    made = build.compile_library()
    assert made == build.library()
    assert sorted(path.name for path in sources.iterdir()) == sorted([made.name, *build.SOURCES])
    assert sums.load() is not None


def sums_of_all_kinds():
    """What each sum gives of levels and floats, whole blocks and the pixels behind them."""
    rng, found = np.random.default_rng(0), []
    for size in (15, 16, 2049, 100_003):
        weights, p = rng.random(size), sums.Affine(-40.0, 0.25, 0.125)
        levels, floats = rng.integers(0, 256, size).astype(np.uint8), rng.normal(3, 5, size)
        found.extend(sums.level_sums(levels, weights))
        for values in (levels, floats.astype(np.float32), floats):
            found.extend(sums.moments(values))
            found.append(sums.covariance(values, 0.3, weights, 0.2))
            found.append(sums.shared(values, p, weights, sums.Affine(0.1, 2.0)))
            found.append(sums.divergence(values, p, weights, sums.Affine(0.0, 2.0, 0.1), 0.5))
    found.extend(sums.deposit(rng.random((20, 70)), np.arange(20), rng.random(300), 200).ravel())
    return found


@pytest.mark.skipif(not sums.COMPILED, reason="the sums were not compiled: there was no C compiler")
@pytest.mark.usefixtures("sources")
def test_no_sum_depends_on_the_vector_width_of_the_processor(monkeypatch):
    here = sums_of_all_kinds()
    compiler = os.environ.get("CC") or sysconfig.get_config_var("CC")
    monkeypatch.setenv("CC", f"{compiler} -U__linux__")  # no forms for wider vectors
    assert build.compile_library()
    monkeypatch.setattr(sums, "LIBRARY", sums.load())
    assert sums_of_all_kinds() == here


@pytest.mark.parametrize("compiler", ["no-such-compiler", "false"])
def test_without_a_compiler_nothing_is_made_and_nothing_goes(sources, monkeypatch, compiler):
    (sources / "sums-00000000.compiled").touch()
    monkeypatch.setenv("CC", compiler)
    assert build.compile_library() is None
    kept = sorted(["sums-00000000.compiled", *build.SOURCES])
    assert sorted(path.name for path in sources.iterdir()) == kept
    assert sums.load() is None
    build.library().write_text("compiled for another machine")
    assert sums.load() is None


@pytest.mark.parametrize("name", ["a.py", "sums/a.c", "sums/a.h", "sums/a.compiled", "sums/a.npz"])
def test_the_hash_of_the_code_is_of_all_that_computes(tmp_path, monkeypatch, name):
    monkeypatch.setattr(versions, "__file__", str(tmp_path / "versions.py"))
    (tmp_path / "sums").mkdir()
    before = versions.code()
    (tmp_path / name).write_text("1")
    assert versions.code() != before
