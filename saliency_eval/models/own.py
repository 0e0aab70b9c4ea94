"""Models of the user, `path/to/file.py:factory`: code of others that runs only when it is named.

A factory takes nothing and gives a function of images (batch, 3, height, width), RGB in [0, 1], to maps (batch, h, w)
of any size, or a network that is one. It has the options that all models of images share.
"""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saliency_eval.classifiers.foreign import EXTRA, importable, library, made, run_file
from saliency_eval.classifiers.networks import fingerprint, is_network
from saliency_eval.core import MODELS
from saliency_eval.errors import fail, nearest, shown
from saliency_eval.models.batched import batched
from saliency_eval.variant import Variant, parse, read_call, variant

if TYPE_CHECKING:
    from torch import Tensor

FORM = re.compile(r"\s*((.+\.py):(\w+))\s*((?:\(.*\))?)\s*", re.DOTALL)
_specs: dict[str, str] = {}  # what the models of the user were named by, by key


def model_of(text: str) -> Variant:
    """The model that a text names: a declared one, or `file.py:factory` with the options in parentheses.

    Raises `usage`; and for a file `not_available`, `needs_extra`, `model`.
    """
    found = FORM.fullmatch(text)
    if found is None:
        return parse(text, "model")
    spec, file, factory, options = found.groups()
    return variant(declare(spec, Path(file), factory), "model", **read_call(f"own{options}", "model")[1])


def declare(spec: str, path: Path, name: str) -> str:
    """Make the model of a factory and declare it; its key holds a hash of the file and of the weights."""
    library("torch", spec, EXTRA)
    with importable(path.parent):
        module = run_file(path, spec, "model")
        factory = getattr(module, name, None)
        if not callable(factory):
            known = [
                key for key, value in vars(module).items() if callable(value) and not key.startswith("_")
            ]
            fail("model", f"{shown(path)} must have a factory '{shown(name)}'", nearest(name, known))
        found = made(spec, factory, "model")
    if not callable(found):
        text = f"{shown(spec)} must make a function of images or a network, got {shown(type(found).__name__)}"
        fail("model", text, "return it from the factory")
    digest = hashlib.sha256(path.read_bytes())
    if is_network(found):
        digest.update(fingerprint(found.eval().requires_grad_(False)).encode())
    key = f"{name}#{digest.hexdigest()[:8]}"
    if key not in MODELS:
        function = of_tensors(found, spec)
        function.__name__ = key
        function.__doc__ = inspect.getdoc(factory) or f"The model that {shown(spec)} makes."
        batched(name, source="own")(function)
        _specs[key] = spec
    return key


def spec_of(key: str) -> str:
    """What a model of the user was named by; empty for one of the package."""
    return _specs.get(key, "")


def declared_again(spec: str) -> None:
    """Declare a model of the user in another process."""
    if spec:
        model_of(spec)


def of_tensors(found: Any, spec: str) -> Callable[[Tensor], Tensor]:
    """A function or network of others, its maps checked; raises `model`."""

    def predict(images: Tensor) -> Tensor:
        import torch

        maps = torch.as_tensor((found.to(images.device) if is_network(found) else found)(images))
        if maps.ndim == 4 and maps.shape[1] == 1:
            maps = maps[:, 0]
        if maps.ndim != 3 or len(maps) != len(images) or 0 in maps.shape:
            text = f"{shown(spec)} must give maps (batch, height, width) of {len(images)} images"
            fail("model", f"{text}, got {tuple(maps.shape)}", "correct it")
        return maps.to(images.device).float()

    return predict
