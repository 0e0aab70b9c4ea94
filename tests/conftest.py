"""Where the real data are: the folder that SALIENCY_EVAL_SHARED names, default `../shared`."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("SALIENCY_EVAL_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data; tests that need it are skipped where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"no real data: {SHARED / 'data'} is absent (set SALIENCY_EVAL_SHARED)")
    return SHARED
