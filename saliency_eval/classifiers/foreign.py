"""Code of others: libraries of networks, and files of the user. It runs only when it is named."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from saliency_eval.errors import TRUTH, SaliencyEvalError, fail, nearest, shown

EXTRA = "pip install 'saliency-eval[torch]'"
OWN = "_saliency_eval_"  # how modules made of files of the user are named
_beside: set[str] = set()  # modules that the last of these files imported from its folder


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
    name = f"{OWN}{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]}"
    found = importlib.util.spec_from_file_location(name, path)
    assert found is not None
    assert found.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(found)  # where data classes look for it
    loader = found.loader
    made(str(path), lambda: loader.exec_module(module), what)
    return module


def factory_in(module: ModuleType, path: Path, name: str, what: str = "classifier") -> Callable[..., Any]:
    """What a module has under the name of a factory. Raises the code `what` where that cannot be called."""
    factory: Callable[..., Any] | None = getattr(module, name, None)
    if not callable(factory):
        known = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        fail(what, f"{shown(path)} must have a factory '{shown(name)}'", nearest(name, known))
    return factory


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
        text = f"{shown(spec)} raised {type(error).__name__}: {shown(error, 200)}{place_of(error)}"
        fail(what, text, f"correct it, or name another {what}")


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Modules that lie beside a file are found meanwhile, after all others, and as they are now."""
    for name in _beside:
        sys.modules.pop(name, None)
    _beside.clear()
    importlib.invalidate_caches()
    before = set(sys.modules)
    sys.path.append(str(folder))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):  # what was imported may have changed the list
            sys.path.remove(str(folder))
        _beside.update(name for name in set(sys.modules) - before if lies_in(name, folder))


def lies_in(name: str, folder: Path) -> bool:
    """Is a module of the user's, in a folder?"""
    file = getattr(sys.modules[name], "__file__", None)
    ours = name.startswith((OWN, "saliency_eval"))  # whose folder may be the user's
    return not ours and file is not None and Path(file).resolve().is_relative_to(folder.resolve())


def place_of(error: BaseException) -> str:
    """The innermost line of a file of the user that an error passed, in brackets; empty where there is none."""
    passed = [
        f" ({shown(Path(frame.f_code.co_filename).name)}, line {line})"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__")).startswith(OWN)
    ]
    return passed[-1] if passed else ""


def content_of(path: Path) -> bytes:
    """What is in a file and in those of its folder that it imports, and they in turn; nothing is run."""
    found: dict[Path, bytes] = {}
    todo = [path]
    while todo:
        file = todo.pop()
        if file not in found and file.is_file():
            found[file] = file.read_bytes()
            with contextlib.suppress(SyntaxError, ValueError, IndexError):  # it cannot be run
                todo += list(imported(found[file], file, path.parent))
    return b"".join(found.values())


def imported(content: bytes, file: Path, folder: Path) -> Iterator[Path]:
    """Where the modules that a file imports lie, if they are of its folder."""
    for node in ast.walk(ast.parse(content)):
        above, names = folder, list[str]()
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = file.parents[node.level - 1] if node.level else folder
            names = [f"{node.module}.{alias.name}" if node.module else alias.name for alias in node.names]
        for module in (above / name.replace(".", "/") for name in names):
            for one in (module, *module.parents[: len(module.parts) - len(above.parts) - 1]):
                yield from (one.with_name(f"{one.name}.py"), one / "__init__.py")
