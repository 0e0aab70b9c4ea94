"""Synthetic copies of the official layouts with what a reader must return."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def layouts(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Tiny synthetic data sets in official layouts: their folder, and the manifest by data set."""
    spec = importlib.util.spec_from_file_location("layouts", shared / "data/synthetic_official_layouts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    out = tmp_path_factory.mktemp("layouts")
    manifest = module.write(out, only=["mit1003", "mit300", "salicon", "osie", "pascal_s"])
    return out, manifest["datasets"]
