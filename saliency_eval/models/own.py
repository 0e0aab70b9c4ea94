"""Models of others: of the user, `path/to/file.py:factory`, and those that installed packages offer; run when named.

A factory gives a function of images (batch, 3, height, width), RGB in [0, 1], to maps (batch, h, w) of any size, or a
network that is one; where it, or what it gives, has `kind = "log-density"`, the maps are logarithms of densities. With
`weights`, a factory that has a parameter of this name is given the path of the file, else the network is given what
is in it. A package offers a factory under its name by an entry point of the group `saliency_eval.models`.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import inspect
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from saliency_eval.classifiers import weights as weights_of
from saliency_eval.classifiers.foreign import (
    EXTRA,
    content_of,
    factory_in,
    importable,
    library,
    made,
    run_file,
)
from saliency_eval.classifiers.networks import fingerprint, is_network
from saliency_eval.core import MODELS
from saliency_eval.errors import TRUTH, USAGE, Problem, fail, shown, unknown
from saliency_eval.models.batched import Gives, batched, pixels
from saliency_eval.pool import Shape
from saliency_eval.variant import Variant, parse, read_call, variant

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from torch import Tensor

NETWORK = 1000  # bytes for a pixel: 64 maps of features or so, and the next ones
GROUP = "saliency_eval.models"
FORM = re.compile(r"\s*((.+\.py):(\w+)|[\w.-]+)\s*((?:\(.*\))?)\s*", re.DOTALL)
FILE = re.compile(r"\s*(.+\.py):?\s*(?:\(.*\))?\s*", re.DOTALL)  # without the name of a factory


class Source(NamedTuple):
    """What a model of others was named by, and the hashes of the files that its maps follow from."""

    text: str
    files: dict[str, str]


_sources: dict[str, Source] = {}  # by key


def model_of(text: str) -> Variant:
    """The model that a text names: a declared one, an offered one, or `file.py:factory`; with options in parentheses.

    Raises `usage`; and for models of others `not_available`, `unreadable`, `needs_extra`, `model`.
    """
    found = of_others(text)
    if found is None:
        return parse(text, "model")
    spec, file, factory, options = found.groups()
    given = read_call(f"own{options}", "model")[1]
    weights = path_of(given.pop("weights")) if "weights" in given else None
    if file is None:
        key = of_package(spec, weights)
    else:
        key = of_file(f"{Path(file).absolute()}:{factory}", spec, Path(file), factory, weights)
    for name in sorted(set(given) - set(MODELS[key].options)):
        unknown(f"option of {key}", name, (*MODELS[key].options, "weights"))
    return variant(key, "model", **given)


def with_weights(text: str, weights: Path | None) -> str:
    """The text of a model of others that names its weights as well; raises `usage` for one that takes none."""
    if weights is None:
        return text
    found = of_others(text)
    if found is None:
        fail("usage", f"weights belong to a model of others, '{shown(text)}' is none", "leave out --weights")
    inner = found[4][1:-1].strip()
    return f"{found[1]}({inner}{',' if inner else ''}weights={path_of(weights)})"


def of_others(text: str) -> re.Match[str] | None:
    """The parts of a text that names a file with a factory, or what a package offers under no name of ours.

    Raises `usage` for a file without a factory.
    """
    found = FORM.fullmatch(text)
    if found is not None and (found[2] is not None or (found[1] not in MODELS and found[1] in offered())):
        return found
    if file := FILE.fullmatch(text):
        path = shown(file[1], 200)
        forms = " or ".join(f"{path}:{shown(name)}" for name in factories(Path(file[1]))[:3])
        fail("usage", f"a model in a file must be named by its factory, got '{shown(text)}'",
             f"write {forms or f'{path}:FACTORY'}")  # fmt: skip
    return None


def factories(path: Path) -> list[str]:
    """The functions and classes that a file seems to offer; it is not run."""
    with contextlib.suppress(OSError, SyntaxError, ValueError):
        whole = ast.parse(path.read_bytes())
        names = [one.name for one in whole.body if isinstance(one, ast.FunctionDef | ast.ClassDef)]
        return [name for name in names if not name.startswith("_")]
    return []


def path_of(weights: str | Path) -> Path:
    """The whole path of weights; raises `usage` for one that no text of a model can hold."""
    path = Path(weights).absolute()
    if "," in str(path):
        fail(
            "usage",
            f"the path of weights may hold no comma, got {shown(path, 200)}",
            "rename the file or folder",
        )
    return path


# ------------------------------------------------------------------ where factories are from


def of_file(text: str, spec: str, path: Path, name: str, weights: Path | None) -> str:
    """Declare the model of a factory in a file; its key holds a hash of it with what it imports, and of the weights."""
    library("torch", spec, EXTRA)
    with importable(path.parent):
        factory = factory_in(run_file(path, spec, "model"), path, name, "model")
        return declare(text, spec, name, factory, content_of(path), weights)


def of_package(name: str, weights: Path | None) -> str:
    """Declare a model that an installed package offers; its key holds a hash of the version and of the weights."""
    library("torch", name, EXTRA)
    point = offered()[name]
    owner = from_package(point)
    factory = made(f"{name} of {owner}", point.load, "model")
    return declare(name, f"{name} of {owner}", name, factory, f"{owner} {point.value}".encode(), weights)


@functools.cache
def offered() -> Mapping[str, EntryPoint]:
    """What installed packages offer, by name; nothing is imported."""
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP)}


def from_package(point: EntryPoint) -> str:
    """The package, with its version, that offers something."""
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value


# ------------------------------------------------------------------ what they make


def declare(text: str, spec: str, name: str, factory: Any, content: bytes, weights: Path | None) -> str:
    """Declare what a factory makes; `text` names it anywhere, `spec` in messages, `content` is what it follows from."""
    found, digest, files = built(spec, factory, weights), hashlib.sha256(content), {}
    if is_network(found):
        digest.update(fingerprint(found.eval().requires_grad_(False)).encode())
    if weights is not None:
        files[weights.name] = hashlib.sha256(weights.read_bytes()).hexdigest()
        digest.update(files[weights.name].encode())
        text = f"{text}(weights={weights})"
    key = f"{name}#{digest.hexdigest()[:8]}"
    if key not in MODELS:
        function = of_tensors(found, spec)
        function.__name__ = key
        function.__doc__ = inspect.getdoc(factory) or f"The model that {shown(spec)} makes."
        kind = said_kind(found, factory, spec)
        batched(name, source="own", gives=kind, takes=as_network)(function)
        _sources[key] = Source(text, files)
    return key


def built(spec: str, factory: Callable[..., Any], weights: Path | None) -> Any:
    """What a factory makes, with weights if there are any; raises `model`, `usage`, and what reading weights raises."""
    if weights is not None and not weights.is_file():
        fail("not_available", f"weights must lie in a file, there is no {shown(weights)}", "correct the path",
             exit=TRUTH)  # fmt: skip
    takes = parameter_for_weights(factory)
    if takes and weights is None and takes.default is takes.empty:
        text = f"{shown(spec)} must be given weights, which its factory requires"
        fail("usage", text, "add --weights FILE, or write (weights=FILE) behind it")
    found = made(spec, (lambda: factory(weights=weights)) if weights and takes else factory, "model")
    if not callable(found):
        text = f"{shown(spec)} must make a function of images or a network, got {shown(type(found).__name__)}"
        fail("model", text, "return it from the factory")
    if weights is not None and not takes:
        if not is_network(found):
            text = f"weights need a network of torch, {shown(spec)} made {shown(type(found).__name__)}"
            fail("usage", text, "give its factory a parameter 'weights', a path", exit=USAGE)
        weights_of.put(weights, found, spec, "model")
    return found


def as_network(options: Mapping[str, Any], shape: Shape) -> float:
    """Bytes for an image, of which nothing is known: as for a network."""
    return NETWORK * pixels(shape)


def parameter_for_weights(factory: Callable[..., Any]) -> inspect.Parameter | None:
    """The parameter of a factory for the path of weights, where it has one."""
    try:
        return inspect.signature(factory).parameters.get("weights")
    except (ValueError, TypeError):
        return None


def said_kind(found: Any, factory: Any, spec: str) -> Gives:
    """What the maps are, as the model or its factory says."""
    said: Gives = getattr(found, "kind", getattr(factory, "kind", "map"))
    if said not in get_args(Gives):
        text = f"the kind of {shown(spec)} must be {' or '.join(get_args(Gives))}, got {shown(said)}"
        fail("model", text, "correct it")
    return said


def spec_of(key: str) -> str:
    """What a model of others is named by, wherever it is run; empty for one of the package."""
    return _sources[key].text if key in _sources else ""


def files_of(key: str) -> dict[str, str]:
    """Hashes of the files of weights of a model of others."""
    return _sources[key].files if key in _sources else {}


def declared_again(spec: str) -> None:
    """Declare a model of others in another process."""
    if spec:
        model_of(spec)


def fault(key: str, id: str, shape: Shape, error: BaseException, place: str) -> Problem:
    """What a model raised at an image, and where, as a finding."""
    text = f"{key}, image {shown(id)} of {shape[1]}x{shape[0]}: {type(error).__name__}: {shown(error, 200)}{place}"
    return Problem("model", text, "correct the model" if spec_of(key) else "use another model", id)


def of_tensors(found: Any, spec: str) -> Callable[[Tensor], Tensor]:
    """A function or network of others, its maps checked; raises `model`."""

    def predict(images: Tensor) -> Tensor:
        import torch

        given = (found.to(images.device) if is_network(found) else found)(images)
        try:
            maps = torch.as_tensor(given)
        except (TypeError, ValueError, RuntimeError):
            text = f"{shown(spec)} must give maps as one tensor, got {shown(type(given).__name__)}"
            fail("model", text, "correct it")
        if maps.is_complex():
            text = f"{shown(spec)} must give real maps, got {maps.dtype}"
            fail("model", text, "give their absolute values, say")
        if maps.ndim == 4 and maps.shape[1] == 1:
            maps = maps[:, 0]
        if maps.ndim != 3 or len(maps) != len(images) or 0 in maps.shape:
            text = f"{shown(spec)} must give maps (batch, height, width) of {len(images)} images"
            fail("model", f"{text}, got {tuple(maps.shape)}", "correct it")
        return maps.to(images.device).float()

    return predict
