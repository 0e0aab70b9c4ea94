"""Code of others: libraries of networks, and files of the user. It runs only when it is named."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from saliency_eval.errors import TRUTH, SaliencyEvalError, fail, shown

EXTRA = "pip install 'saliency-eval[torch]'"


def library(name: str, spec: str, remedy: str) -> Any:
    """A library of networks. Raises `needs_extra` (exit 5) where it, torch or a part of it cannot be imported."""
    try:
        importlib.import_module("torch")
    except ImportError:
        fail("needs_extra", f"{shown(spec)} needs torch, which is not installed", EXTRA)
    try:
        return importlib.import_module(name)
    except Exception as error:  # a torchvision that does not match torch raises more than ImportError
        if isinstance(error, ModuleNotFoundError) and error.name == name.partition(".")[0]:
            fail("needs_extra", f"{shown(spec)} needs {error.name}, which is not installed", remedy)
        text = f"{shown(spec)} needs a working torchvision, and it cannot be imported: {shown(error, 120)}"
        fail("needs_extra", text, "install the torchvision that belongs to the torch that is installed")


def run_file(path: Path, spec: str, what: str = "classifier") -> ModuleType:
    """The module that a file makes, which is not found under any name that is imported."""
    if not path.is_file():
        text = f"'{shown(spec)}' must name a file, there is no {shown(path)}"
        fail("not_available", text, "correct the path", exit=TRUTH)
    name = f"_saliency_eval_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]}"
    found = importlib.util.spec_from_file_location(name, path)
    assert found is not None
    assert found.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(found)  # where data classes look for it
    loader = found.loader
    made(str(path), lambda: loader.exec_module(module), what)
    return module


def made(spec: str, make: Callable[[], Any], what: str = "classifier") -> Any:
    """What code of others gives. Raises the code `what` (exit 4), or `needs_extra`, for what it raises."""
    try:
        with contextlib.chdir(os.curdir):  # relative paths mean the same afterwards
            return make()
    except (SaliencyEvalError, KeyboardInterrupt):
        raise
    except BaseException as error:
        if isinstance(error, ModuleNotFoundError):
            fail("needs_extra", f"{shown(spec)} needs {shown(error.name)}, which is not installed",
                 EXTRA if error.name in ("torch", "timm") else f"pip install {shown(error.name)}")  # fmt: skip
        text = f"{shown(spec)} raised {type(error).__name__}: {shown(error, 200)}"
        fail(what, text, f"correct it, or name another {what}")


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Modules that lie beside a file are found meanwhile, after all others."""
    sys.path.append(str(folder))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):  # what was imported may have changed the list
            sys.path.remove(str(folder))
