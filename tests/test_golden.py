"""Whole runs are the recorded ones: the demonstration under every protocol, with the versions that recorded it.

The records in tests/golden are written by `pytest tests/test_golden.py --saliency-golden-update`; a change of one
belongs into CHANGELOG.md under Numbers.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from test_cli import answer, call

import saliency_eval as se
from saliency_eval import golden, sums
from saliency_eval.protocols import PROTOCOLS as ALL_PROTOCOLS
from saliency_eval.protocols import names_of

PROTOCOLS = {name: ALL_PROTOCOLS[name] for name in names_of("fixations")}

RECORDS = Path(__file__).with_name("golden")


def maps(data):
    """A map of 8 bits for each image, made from integers: the same on every machine."""
    found = {}
    for number, id in enumerate(data):
        row, column = np.mgrid[:300, :400]
        hill = (
            90_000
            - (row - 100 - 9 * number) ** 2
            - (column - 150 - 17 * number) ** 2
            + row * 31 * column % 997
        )
        found[id] = (np.maximum(hill - 10_000, 0) * 255 // hill.max()).astype(np.uint8)
    return found


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_demonstration_is_scored_as_recorded(saliency_golden, name):
    data, protocol = se.load_dataset("demo"), PROTOCOLS[name]
    metrics = [text.partition("(")[0] for text in (*protocol.metrics, *protocol.further)]
    saliency_golden.check(f"demo-{name}", maps(data), data, metrics=metrics, protocol=name)


@pytest.mark.parametrize("model", ["centre_gaussian", "centre_bias", "gold_standard"])
def test_baselines_are_scored_as_recorded(saliency_golden, model):
    saliency_golden.check(f"demo-{model}", f"model:{model}", "demo", tolerance=1e-6)


def test_every_record_is_compared_with():
    names = [*PROTOCOLS, "centre_gaussian", "centre_bias", "gold_standard"]
    assert sorted(path.name for path in RECORDS.iterdir()) == sorted(f"demo-{name}.json" for name in names)
    for path in RECORDS.iterdir():
        record = json.loads(path.read_text())
        assert {"saliency_eval", "numpy", "scipy", "PIL"} <= set(record["versions"])
        assert all(value is not None for image in record["values"].values() for value in image.values())


# ------------------------------------------------------------------ selftest


def test_selftest_says_what_differs_by_how_much_and_under_which_versions(tmp_path, monkeypatch):
    document = golden.recorded()
    line = "nss|ddof:1|duplicates:unique|constant:nan"
    right = document["values"]["levels"][line]
    document["values"]["levels"][line] = right / 2
    document["versions"]["numpy"] = "2.1.0"
    monkeypatch.setattr(golden, "recorded", lambda: document)
    done = call("selftest", cwd=tmp_path)
    assert done.returncode == 1
    first, versions, last = done.stdout.splitlines()
    assert first == f"differs: levels: {line}: recorded {right / 2}, got {right}, {right / 2:+.3g} (+100 %)"
    pillow, scipy = (document["versions"][name] for name in ("PIL", "scipy"))
    assert versions == f"recorded with PIL {pillow}, numpy 2.1.0 (here {np.__version__}), scipy {scipy}"
    assert last.endswith("numbers are the recorded ones, 1 differ")
    [found] = answer(call("selftest", "--format", "json", cwd=tmp_path))["results"]
    assert found["different"] == [
        {"case": "levels", "signature": line, "recorded": right / 2, "got": right,
         "absolute": right / 2, "relative": 1.0}
    ]  # fmt: skip
    assert found["versions"]["recorded"] == document["versions"]
    assert found["versions"]["here"]["numpy"] == np.__version__
    assert found["tolerance"] == 1e-9


@pytest.mark.slow
def test_selftest_does_not_need_a_compiler(tmp_path, monkeypatch):
    monkeypatch.setattr(sums, "COMPILED", False)
    assert call("selftest", cwd=tmp_path).returncode == 0
