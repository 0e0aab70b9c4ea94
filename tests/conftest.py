"""Where the real data are: the folder that SALIENCY_EVAL_SHARED names, default `../shared`."""

import os
import signal
from pathlib import Path

import pytest

from saliency_eval.executors import ONE_THREAD

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("SALIENCY_EVAL_SHARED", ROOT.parent / "shared"))

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it in what runs in the background
if os.environ.pop("PYTEST_XDIST_WORKER", None):  # a process that tests start is none of the workers
    os.environ.update(ONE_THREAD)


def pytest_xdist_auto_num_workers(config):
    """As many as there are cores, but none where times are measured or tests are named."""
    return 0 if config.getoption("benchmark_enable") or any("::" in arg for arg in config.args) else None


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data; tests that need it are skipped where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"no real data: {SHARED / 'data'} is absent (set SALIENCY_EVAL_SHARED)")
    return SHARED


@pytest.fixture
def toy(tmp_path):
    """A data set of six small images in the layout of own folders, and a folder of good maps for it."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(7)
    stimuli, maps = tmp_path / "toy" / "stimuli", tmp_path / "maps"
    stimuli.mkdir(parents=True)
    maps.mkdir()
    lines = ["image,row,column,observer"]
    for name in ("i01", "i02", "i03", "i04", "i05", "caf\u00e9"):
        Image.fromarray(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)).save(stimuli / f"{name}.png")
        Image.fromarray(rng.integers(0, 255, (48, 64), dtype=np.uint8)).save(maps / f"{name}.png")
        lines += [f"{name},{rng.integers(48)},{rng.integers(64)},{k % 4}" for k in range(20)]
    (tmp_path / "toy" / "fixations.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    toml = 'name = "toy"\nversion = "1"\nsigma = 4.0\n'
    (tmp_path / "toy" / "dataset.toml").write_text(toml, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="session")
def needs_torchvision_operators():
    """Operators without which a torchvision that was built for another torch cannot be imported."""
    torch = pytest.importorskip("torch")
    library = torch.library.Library("torchvision", "FRAGMENT")
    for schema in ("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
                   "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"):  # fmt: skip
        if not hasattr(torch.ops.torchvision, schema.partition("(")[0]):
            library.define(schema)
    return library  # they are there for as long as it is


@pytest.fixture
def no_pictures(monkeypatch):
    """Pages without pictures, which take most of the time; no name reaches them as text."""
    from saliency_eval.pages import board, plots

    for where, name in (
        (plots, "means"), (plots, "rank_intervals"), (plots, "scatter"), (board, "critical_differences")
    ):  # fmt: skip
        monkeypatch.setattr(where, name, lambda *_: "data:image/svg+xml;base64,")


def pytest_terminal_summary(terminalreporter):
    """Say how many tests were skipped, also when none was."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = sorted({report.longrepr[2] if report.longrepr else "" for report in skipped})
    terminalreporter.write_line(f"skipped: {len(skipped)} tests" + "".join(f"\n  {r}" for r in reasons))
