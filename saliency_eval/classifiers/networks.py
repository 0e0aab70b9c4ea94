"""Networks of torch as classifiers: how their images are prepared, batches that fit in memory, names that tell weights.

Torch is imported where a network is opened; whoever gives a network has imported it.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval.classifiers.contract import MEAN, STD, Batch, Classifier, ClassNames, Colour, safe_name
from saliency_eval.errors import ENVIRONMENT, Problem, fail, said, shown
from saliency_eval.pool import Shape

Device = Literal["auto", "cpu", "cuda"]
TOGETHER = 32  # images that a network sees at once, unless memory is short
SIDE = 224
MOST_SIDE = 1 << 13  # of what a network is shown


class Preparation(NamedTuple):
    """What becomes of RGB images in [0, 1] before a network sees them."""

    input_size: Shape
    mean: Colour  # in the network's eyes no colour at all
    std: Colour
    inside: bool = False  # the network subtracts and divides by itself
    problems: tuple[Problem, ...] = ()


class Network:
    """A network as a function of batches (n, height, width, 3); its flags are left as they were found."""

    def __init__(self, module: Any, prepared: Preparation) -> None:
        self.module, self.prepared, self.together = module, prepared, TOGETHER

    def __call__(self, batch: Batch) -> NDArray[np.float32]:
        """Its outputs; the composition of the batches follows from their number alone, unless memory ends."""
        import torch

        with torch.inference_mode(), evaluating(self.module):
            start, parts = 0, []
            while start < len(batch):
                part = self.part(batch[start : start + self.together])
                if part is not None:
                    parts.append(part)
                    start += len(part)
        return np.concatenate(parts)

    def part(self, batch: Batch) -> NDArray[np.float32] | None:
        """The outputs of a few images; None where they are too many for the memory, and fewer are tried."""
        try:
            outputs = self.module(self.to_tensor(batch))
            return np.asarray(outputs.float().cpu().numpy(), np.float32)
        except (MemoryError, RuntimeError) as error:
            if not is_short_of_memory(error) or len(batch) == 1:
                raise
            self.together = len(batch) // 2
            return None

    def to_tensor(self, batch: Batch) -> Any:
        """The images (n, 3, height, width) that the network takes, on its device."""
        import torch

        images = torch.from_numpy(np.ascontiguousarray(batch.transpose(0, 3, 1, 2))).to(
            device_of(self.module)
        )
        if self.prepared.inside:
            return images
        mean, std = (images.new_tensor(one).view(3, 1, 1) for one in (self.prepared.mean, self.prepared.std))
        return (images - mean) / std


def is_short_of_memory(error: BaseException) -> bool:
    """Did the memory end, of whatever device?"""
    return isinstance(error, MemoryError) or any(
        words in said(error).lower()
        for words in ("out of memory", "not enough memory", "can't allocate memory", "alloc_failed")
    )


@contextmanager
def evaluating(module: Any) -> Iterator[None]:
    """The network as it is used, not as it is trained; its parts are as before in the end."""
    training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        yield
    finally:
        for part in training:
            part.training = True


def device_of(module: Any) -> Any:
    """Where its numbers lie."""
    for tensor in (*module.parameters(), *module.buffers()):
        return tensor.device
    return "cpu"


def is_network(source: Any) -> bool:
    """Is it a network of torch? Nobody has one who has not imported torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(source, torch.nn.Module)


def network(module: Any, name: str, prepared: Preparation | None = None) -> Classifier:
    """A classifier of a network that gives logits, unless its `kind` says otherwise."""
    prepared = prepared or preparation(module)
    return Classifier(
        Network(module, prepared),
        f"{safe_name(name)}#{fingerprint(module, prepared)}",
        names_of(module),
        kind=getattr(module, "kind", "logits"),
        input_size=prepared.input_size,
        mean=prepared.mean,
        module=module,
        problems=prepared.problems,
    )


def names_of(source: Any) -> ClassNames:
    """What an object calls its classes: a list, or a method that gives it."""
    names = getattr(source, "class_names", ())
    return names() if callable(names) else names


# ------------------------------------------------------------------ how images are prepared


def preparation(module: Any, said: Any = None) -> Preparation:
    """How its images are prepared: by the network, as its factory says, as timm says, else as for ImageNet.

    A network that has `input_size`, `mean` and `std` takes RGB in [0, 1] and uses them itself; those of `said`, its
    factory, are used for it.
    """
    if all(hasattr(module, name) for name in ("input_size", "mean", "std")):
        return Preparation(size_of(module.input_size), colour_of(module.mean), colour_of(module.std), True)
    timm = getattr(module, "pretrained_cfg", None) or getattr(module, "default_cfg", None) or {}
    timm = timm if isinstance(timm, Mapping) else vars(timm)
    found, assumed = {}, []
    for name, default in (("input_size", SIDE), ("mean", MEAN), ("std", STD)):
        found[name] = getattr(said, name, getattr(module, name, timm.get(name)))
        if found[name] is None:
            found[name] = default
            assumed.append(f"{name} = {default}")
    problems = (assumption(assumed),) if assumed else ()
    values = size_of(found["input_size"]), colour_of(found["mean"]), colour_of(found["std"])
    return Preparation(*values, problems=problems)


def assumption(what: list[str]) -> Problem:
    """The warning that a network is shown images as networks of ImageNet mostly are."""
    text = f"the classifier does not say how its images are prepared: {', '.join(what)} is assumed, as for ImageNet"
    return Problem("assumed", text, "set input_size, mean and std on its factory")


def size_of(value: Any) -> Shape:
    """Height and width, of a side, of two, or of channels and two."""
    sides = numbers_of(value)[-2:]
    if not sides or not all(1 <= side <= MOST_SIDE for side in sides):
        fail(
            "classifier",
            f"input_size must be a side, or height and width, from 1 to {MOST_SIDE}, got {shown(value)}",
        )
    return int(sides[0]), int(sides[-1])


def colour_of(value: Any) -> Colour:
    """Three numbers, of a tensor or a list."""
    numbers = numbers_of(value)
    if len(numbers) != 3 or not np.isfinite(numbers).all():
        fail("classifier", f"mean and std must be three numbers, of red, green and blue, got {shown(value)}")
    red, green, blue = numbers
    return red, green, blue


def numbers_of(value: Any) -> list[float]:
    """The numbers in a number, a list or a tensor; none where there are others."""
    try:
        listed = value.tolist() if hasattr(value, "tolist") else value
        return list(map(float, np.ravel(np.asarray(listed, np.float64))))
    except (ValueError, TypeError):
        return []


# ------------------------------------------------------------------ weights


def fingerprint(module: Any, prepared: Sequence[Any] = ()) -> str:
    """Eight digits of the weights, and of how images are prepared."""
    import torch

    digest = hashlib.sha256(repr(prepared[:4]).encode())
    for name, tensor in module.state_dict().items():
        if not isinstance(tensor, torch.Tensor):  # what a module adds of its own
            continue
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(flat.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:8]


def placed(module: Any, device: Device) -> Any:
    """A network of our own: on its device, in use, without gradients. Raises `needs_extra` without the device."""
    return module.to(chosen(device)).eval().requires_grad_(False)


def chosen(device: Device) -> Literal["cpu", "cuda"]:
    """Where to compute: on a GPU if there is one. Raises `needs_extra` without the device."""
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        fail("needs_extra", "device=cuda needs a GPU that torch can use, and there is none", "use device=cpu",
             exit=ENVIRONMENT)  # fmt: skip
    return ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
