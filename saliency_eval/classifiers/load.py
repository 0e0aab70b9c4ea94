"""Classifiers by name: `timm:NAME`, `torchvision:NAME`, or `path/to/file.py:factory`.

Code of others runs only when it is named: a file of the user is executed, and a network may be downloaded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np

from saliency_eval.classifiers import weights as weights_of
from saliency_eval.classifiers.contract import MEAN, Classifier
from saliency_eval.classifiers.foreign import (
    EXTRA,
    content_of,
    factory_in,
    importable,
    library,
    made,
    run_file,
)
from saliency_eval.classifiers.networks import (
    Device,
    Preparation,
    colour_of,
    is_network,
    names_of,
    network,
    placed,
    preparation,
    size_of,
)
from saliency_eval.disk import read
from saliency_eval.errors import TRUTH, USAGE, SaliencyEvalError, fail, nearest, shown

MOST_BYTES = 16 << 20  # of names of classes
FORMS = "timm:NAME, torchvision:NAME, or path/to/file.py:factory"


def open_classifier(source: Any) -> Classifier:
    """The classifier that is given or named: a `Classifier`, a network, a function of batches, or text.

    Raises `usage` for anything else, and what `load_classifier` raises.

    >>> open_classifier(lambda batch: [[0.25, 0.75]] * len(batch))(np.zeros((1, 2, 2, 3))).tolist()
    [[0.25, 0.75]]
    """
    if isinstance(source, Classifier):
        return source
    if isinstance(source, str | Path):
        return load_classifier(str(source))
    if is_network(source):
        return network(source, getattr(source, "name", type(source).__name__))
    if callable(source):
        return of_function(source, getattr(source, "name", getattr(source, "__name__", "classifier")))
    fail("usage", f"a classifier must be a function of batches, a network, or text, got {shown(type(source).__name__)}",
         f"give {FORMS}", exit=USAGE)  # fmt: skip


def load_classifier(
    spec: str,
    *,
    device: Device = "auto",
    weights: str | Path | None = None,
    class_names: str | Path | None = None,
) -> Classifier:
    """The classifier that a text names.

    `timm:NAME` and `torchvision:NAME` are pretrained, unless `weights` (safetensors, or a state dict of torch) are
    given. A factory gives a `Classifier`, a function of batches float32 (n, height, width, 3) in [0, 1] to
    probabilities, or a network that gives logits, unless a `kind` of it, `logits` or `probabilities`, or of the
    factory, says otherwise. Images are prepared by a network that has `input_size`, `mean` and
    `std`, else as the factory's attributes of these names say, else as timm or torchvision say, else as for ImageNet,
    with a warning in `problems`. `class_names`: a file of one class a line, `wnid<TAB>name` or `name`; else those of
    the object, or of a function `class_names` beside its factory. `device`: auto, cpu or cuda.

    Raises `SaliencyEvalError`: `usage` for a text of no known form, `needs_extra` for what is not installed,
    `classifier` for a factory that fails, weights that do not fit, and a wrong number of classes.
    """
    if device not in get_args(Device):
        fail("usage", f"device cannot be '{shown(device)}'", nearest(device, get_args(Device)))
    source, _, name = spec.partition(":")
    if source in LIBRARIES and name:
        module, prepared = LIBRARIES[source](name, weights is None)
        found = prepare(module, spec.replace("/", ":").rpartition(":")[2], prepared, device, weights)
    else:
        found = of_file(spec, device, weights)
    if class_names is not None:
        found.named(read_names(Path(class_names)))
    check_size(found)
    return found


def prepare(
    module: Any, name: str, prepared: Preparation, device: Device, weights: str | Path | None
) -> Classifier:
    """A network of our own, with other weights where they are given."""
    if weights is not None:
        weights_of.put(Path(weights), module, name)
    return network(placed(module, device), name, prepared)


def check_size(classifier: Classifier) -> None:
    """Raises `classifier` where a network does not answer, or not with as many classes as are named."""
    if classifier.module is None or classifier.input_size is None:
        return
    grey = np.full((1, *classifier.input_size, 3), classifier.mean, np.float32)
    try:
        classifier.outputs(grey)
    except (SaliencyEvalError, KeyboardInterrupt):
        raise
    except BaseException as error:  # of others' code
        height, width = classifier.input_size
        why = f"{type(error).__name__}: {shown(error, 200)}"
        classifier.refuse(f"must take RGB images of {width}x{height}: {why}",
                          "set input_size, mean and std on its factory")  # fmt: skip


# ------------------------------------------------------------------ libraries


def of_timm(name: str, pretrained: bool) -> tuple[Any, Preparation]:
    """A network of timm, prepared as its configuration says."""
    timm = library("timm", f"timm:{name}", EXTRA)
    module = made(f"timm:{name}", lambda: timm.create_model(name, pretrained=pretrained))
    return module, preparation(module)


def of_torchvision(name: str, pretrained: bool) -> tuple[Any, Preparation]:
    """A network of torchvision, prepared as the transforms of its weights say."""
    models = library("torchvision.models", f"torchvision:{name}", "pip install torchvision")
    module = made(
        f"torchvision:{name}", lambda: models.get_model(name, weights="DEFAULT" if pretrained else None)
    )
    transforms = models.get_model_weights(name).DEFAULT.transforms()
    size, mean, std = size_of(transforms.crop_size), colour_of(transforms.mean), colour_of(transforms.std)
    return module, Preparation(size, mean, std)


LIBRARIES: dict[str, Callable[[str, bool], tuple[Any, Preparation]]] = {
    "timm": of_timm, "torchvision": of_torchvision,
}  # fmt: skip


# ------------------------------------------------------------------ files


def of_file(spec: str, device: Device, weights: str | Path | None) -> Classifier:
    """The classifier that a factory in a file makes."""
    path, _, name = spec.rpartition(":")
    if not path.endswith(".py") or not name.isidentifier():
        remedy = (
            "write a factory that runs it, and name its file" if spec.startswith("onnx:") else f"give {FORMS}"
        )
        fail("usage", f"'{shown(spec)}' must be {FORMS}", remedy)
    with importable(Path(path).parent):
        module = run_file(Path(path), spec)
        factory = factory_in(module, Path(path), name)
        found = made(spec, factory)
        classifier: Classifier = made(spec, lambda: of_result(found, spec, name, factory, device, weights))
        if not classifier.class_names and callable(getattr(module, "class_names", None)):
            made(f"{path}:class_names", lambda: classifier.named(module.class_names()))
    return classifier


def of_result(
    found: Any, spec: str, name: str, factory: Any, device: Device, weights: str | Path | None
) -> Classifier:
    """What a factory made, as a classifier."""
    if is_network(found):
        return prepare(found, name, preparation(found, factory), device, weights)
    if weights is not None:
        text = f"weights need a network of torch, {shown(spec)} made {shown(type(found).__name__)}"
        fail("usage", text, "load the weights in the factory")
    own = f"{name}#{hashlib.sha256(content_of(Path(spec.rpartition(':')[0]))).hexdigest()[:8]}"
    if isinstance(found, Classifier):
        found.name = own if found.name == "classifier" else found.name
        return found
    if not callable(found):
        text = f"{shown(spec)} must make a classifier, a network or a function of batches"
        fail("classifier", f"{text}, got {shown(type(found).__name__)}", "return it from the factory")
    return of_function(found, own, factory)


def of_function(function: Any, name: str, factory: Any = None) -> Classifier:
    """A function of batches; what it, or its factory, says of itself."""
    said = {
        key: getattr(function, key, getattr(factory, key, None)) for key in ("input_size", "mean", "kind")
    }
    size = None if said["input_size"] is None else size_of(said["input_size"])
    mean = MEAN if said["mean"] is None else colour_of(said["mean"])
    names = names_of(function)
    return Classifier(function, name, names, kind=said["kind"] or "probabilities", input_size=size, mean=mean)


def read_names(path: Path) -> list[tuple[str, ...]]:
    """Names of classes, one class a line: `wnid<TAB>name`, or a name. Raises `unreadable`, `not_available`."""
    try:
        lines = read(path, MOST_BYTES).decode("utf-8-sig").splitlines()
    except FileNotFoundError:
        text = f"class names must lie in a file, there is no {shown(path)}"
        fail("not_available", text, "correct --class-names", exit=TRUTH)
    except (OSError, ValueError) as error:  # also what is no file, or too long to be one of names
        fail(
            "unreadable",
            f"{shown(path)} must be text in UTF-8: {shown(error)}",
            "save it as UTF-8",
            exit=TRUTH,
        )
    names = [tuple(part.strip() for part in line.split("\t", 1)) for line in lines]
    while names and names[-1] == ("",):
        names.pop()
    if not names or ("",) in names:
        fail("unreadable", f"{shown(path)} must name one class a line", "leave no line empty", exit=TRUTH)
    return names
