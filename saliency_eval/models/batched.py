"""How a model of images is declared: a function of a batch in torch, which is one of a single image as well.

Maps are brought to the size of the images and finished by options that all of these models share.
"""

from __future__ import annotations

import functools
import inspect
import math
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from saliency_eval.core import MODELS
from saliency_eval.errors import ENVIRONMENT, fail, shown
from saliency_eval.maps import Floats
from saliency_eval.options import Range, Share
from saliency_eval.pool import Shape
from saliency_eval.predictions.rules import Kind
from saliency_eval.variant import Variant

if TYPE_CHECKING:
    import torch

F = TypeVar("F", bound=Callable[..., "torch.Tensor"])
Image = NDArray[np.uint8]  # (height, width, 3), RGB
Gives = Literal["map", "log-density"]
Takes = Callable[[Mapping[str, Any], Shape], float]
Smooth = Annotated[float, Range(0, 1)]
Side = Annotated[int, Range(16, 2000)]  # px to which the longer side is brought
ITSELF = 64  # bytes for each pixel of an image: 8 bits and floats, a map, what is between


class Finish(NamedTuple):
    """An option of every model of images."""

    default: Any
    kind: Any
    meaning: str


FINISH = {
    "smooth": Finish(0.0, Smooth, "sigma of a Gaussian that blurs the map, as a share of the longer side"),
    "prior": Finish("none", Literal["none", "add", "mult"],
                    "a Gaussian at the centre, added to the map of 0 to 1 or multiplied with it"),
    "weight": Finish(0.5, Share, "share of the prior in the result, the rest is the map itself"),
    "output": Finish("map", Literal["map", "minmax", "log_density"],
                     "as the model gives it, from 0 to 1, or logarithms of shares that sum to 1"),
}  # fmt: skip
MEANINGS = {name: option.meaning for name, option in FINISH.items()}


def batched(
    label: str,
    *,
    source: str,
    cost: str = "",
    note: str = "",
    gives: Gives = "map",
    idle: Callable[[Mapping[str, Any]], Iterable[str]] = lambda options: (),
    takes: Takes = lambda options, shape: 0,
) -> Callable[[F], F]:
    """Declare a function of images (batch, 3, height, width), RGB in [0, 1], as a model under its own name.

    It gives maps (batch, h, w) of any size, larger where more is expected. `label` is for tables, `source` the DOI or
    arXiv id, `cost` what it takes beside the spectral residual, `note` what a reader must know, such as a licence;
    `gives`: are the maps logarithms of densities? `takes`: bytes of memory for an image of a shape with some options,
    beside those for the image itself, from which follows how many are shown together.
    """

    def declare(function: F) -> F:
        own = [p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
        shared = [
            inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=o.default) for n, o in FINISH.items()
        ]

        run = functools.partial(maps_of, function, gives=gives)

        def alone(image: Image, **options: Any) -> Floats:
            return np.asarray(run([image], options)[0], np.float64)

        image = inspect.Parameter("image", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        alone.__name__, alone.__doc__, alone.__module__ = (
            function.__name__,
            function.__doc__,
            function.__module__,
        )
        hints = typing.get_type_hints(function, localns={"Tensor": object}, include_extras=True)
        alone.__annotations__ = hints | {n: o.kind for n, o in FINISH.items()}
        alone.__signature__ = inspect.Signature([image, *own, *shared])  # type: ignore[attr-defined]
        MODELS.declare(
            function.__name__,
            alone,
            label=label,
            source=source,
            cost=cost,
            note=note,
            idle=lambda options: (*idle(options), *(("weight",) if options["prior"] == "none" else ())),
            gives=gives,
            takes=takes,
            batch=run,
            meanings=MEANINGS,
        )
        return function

    return declare


def maps_of(
    function: Callable[..., torch.Tensor],
    images: list[Image],
    options: Mapping[str, Any],
    device: str = "cpu",
    gives: Gives = "map",
) -> NDArray[np.float32]:
    """The finished maps (batch, height, width) of images of one size; that of a constant image is constant.

    Raises `usage` for anything but 8 bits of RGB, `needs_extra` (exit 5) without torch.
    """
    for image in images:
        check_image(image)
    try:
        import torch
    except ImportError:
        fail(
            "needs_extra",
            "models of images need torch",
            "pip install 'saliency-eval[torch]'",
            exit=ENVIRONMENT,
        )
    from saliency_eval.models.nets.primitives import all_digits, finished

    own = {name: value for name, value in options.items() if name not in FINISH}
    finish = {name: options.get(name, default) for name, (default, *_) in FINISH.items()}
    stacked = np.ascontiguousarray(np.stack(images).transpose(0, 3, 1, 2))
    with torch.inference_mode(), all_digits():
        batch = torch.from_numpy(stacked).to(device).float()
        batch /= batch.new_tensor(255)  # by a number a GPU multiplies with its inverse, rounded
        flat = batch.flatten(2)
        constant = (flat.amax(2) == flat.amin(2)).all(1)
        maps = finished(function(batch, **own), batch.shape[-2:], logs=gives != "map", **finish)
        if gives == "map":
            maps[constant] = 0 if finish["output"] != "log_density" else -math.log(maps[0].numel())
    return np.asarray(maps.float().cpu().numpy())


def check_image(image: Any) -> None:
    """Raise `usage` for what is not 8 bits of RGB."""
    kind, shape = getattr(image, "dtype", type(image).__name__), tuple(getattr(image, "shape", ()))
    if kind != np.uint8 or len(shape) != 3 or shape[2] != 3 or 0 in shape:
        got = f"{shown(kind)} of shape {shape}" if shape else shown(kind)
        text = f"an image must be RGB, uint8 of shape (height, width, 3), got {got}"
        fail("usage", text, "np.asarray(PIL.Image.open(path).convert('RGB')); floats a in [0, 1]: "
             "(255 * a).round().astype('uint8'); grey g: np.stack([g] * 3, 2)")  # fmt: skip


def bytes_of(model: Variant, shape: Shape) -> int:
    """Memory for one image of a shape, measured: all that grows with their number."""
    takes: Takes = model.declared.traits["takes"]
    return round(ITSELF * pixels(shape) + takes(dict(model.options), shape))


def pixels(shape: Shape, side: int | None = None) -> float:
    """How many pixels an image has, or has when its longer side is brought to `side`."""
    scale = 1.0 if side is None else side / max(shape)
    return shape[0] * shape[1] * scale**2


def kind_of(model: Variant) -> Kind:
    """What the maps of a model are: logarithms of densities where it gives them or is asked for them."""
    output = dict(model.options).get("output")
    logs = output == "log_density" or (
        output == "map" and model.declared.traits.get("gives") == "log-density"
    )
    return "log-density" if logs else "map"
