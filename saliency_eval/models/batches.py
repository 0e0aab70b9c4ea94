"""Images through a model of images in batches: grouped by size, read ahead, fewer together when memory is short."""

from __future__ import annotations

import itertools
import platform
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from saliency_eval.classifiers.foreign import EXTRA, library, place_of
from saliency_eval.classifiers.networks import Device, chosen, is_short_of_memory
from saliency_eval.datasets.base import Dataset
from saliency_eval.errors import Problem, SaliencyEvalError, shown
from saliency_eval.models.batched import bytes_of
from saliency_eval.models.own import fault
from saliency_eval.pool import Shape
from saliency_eval.variant import Variant

S = TypeVar("S")
T = TypeVar("T")
Batch = int | Literal["auto"]
Place = Literal["cpu", "cuda"]
Result = NDArray[np.float32] | list[Problem]  # the map of an image, or why there is none
MOST = 256  # images together
BYTES = {
    "cpu": 2**30,
    "cuda": 2**35,
}  # that they take: a CPU gains nothing from more, and has no way back from too many


class Image(NamedTuple):
    """An image that was read, or why it cannot be."""

    id: str
    shape: Shape
    pixels: NDArray[np.uint8] | None
    problems: list[Problem]


class Batches:
    """A model of images as a function of some images of one size; tells in `notes` when memory was short."""

    def __init__(self, variant: Variant, device: Place = "cpu", batch: Batch = "auto") -> None:
        self.variant, self.device = variant, device
        self.most = MOST if batch == "auto" else min(batch, sys.maxsize)
        self.bytes = BYTES[device] if batch == "auto" else None
        self.notes: list[str] = []

    @classmethod
    def of(cls, variant: Variant, device: Device = "auto", batch: Batch = "auto") -> Batches | None:
        """A model in torch on its device; None for any other. Raises `needs_extra` without torch, or the device."""
        if "batch" not in variant.declared.traits:
            return None
        library("torch", variant.key, EXTRA)
        return cls(variant, chosen(device), batch)

    @property
    def provenance(self) -> dict[str, str]:
        """What maps follow from beside the model."""
        import torch

        name = torch.cuda.get_device_name() if self.device == "cuda" else platform.machine()
        return {"device": f"{self.device} ({name})", "torch": str(torch.__version__)}

    def together(self, shape: Shape) -> int:
        """How many images of a size are shown at once."""
        if self.bytes is None:
            return self.most
        return max(1, min(self.most, self.bytes // bytes_of(self.variant, shape)))

    def __call__(self, images: Sequence[Image]) -> list[Result]:
        """The map of each, or why there is none: one image that cannot be done does not cost the others.

        Raises `model` for maps of a wrong shape, which no other image would mend.
        """
        made, error, place = self.attempt(images)
        if error is None:
            return made
        short = is_short_of_memory(error)
        if len(images) == 1:
            return [self.problems(images[0], error, place, short)]
        if short:
            self.halve(images)
        parts = (images[i : i + len(images) // 2] for i in range(0, len(images), len(images) // 2))
        return [one for part in parts for one in self(part)]

    def attempt(self, images: Sequence[Image]) -> tuple[list[Result], BaseException | None, str]:
        """The maps, or what was raised, without what it holds on to, and where."""
        try:
            run = self.variant.declared.traits["batch"]
            return list(run([i.pixels for i in images], dict(self.variant.options), self.device)), None, ""
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # models raise anything
            if isinstance(error, SaliencyEvalError) and error.code == "model":
                raise
            place = place_of(error)
            return [], error.with_traceback(None), place

    def halve(self, images: Sequence[Image]) -> None:
        """Take half as much memory from now on."""
        height, width = images[0].shape
        half = len(images) // 2
        self.bytes = half * bytes_of(self.variant, images[0].shape)
        if self.device == "cuda":
            import torch

            torch.cuda.empty_cache()
        self.notes = [
            f"memory is short for {len(images)} images of {width}x{height} at once; --batch {half} is less"
        ]

    def problems(self, image: Image, error: BaseException, place: str, short: bool) -> list[Problem]:
        """Why an image has no map."""
        if isinstance(error, SaliencyEvalError):
            return [replace(problem, image=image.id) for problem in error.problems]
        if short:
            who, (height, width) = f"{self.variant.key}, image {shown(image.id)}", image.shape
            text = f"{who}: {width}x{height} pixels need more memory than there is"
            return [Problem("too_large", text, "use --device cpu, or a smaller image", image.id)]
        return [fault(self.variant.key, image.id, image.shape, error, place)]


def maps_of_all(
    model: Batches, data: Dataset, ids: Iterable[str], threads: int = 1
) -> Iterator[tuple[str, Result]]:
    """The map of each image, or why there is none, in the order of sizes; images are read in `threads`."""
    groups: dict[Shape, list[str]] = {}
    for id in ids:
        try:
            groups.setdefault(data[id]["shape"], []).append(id)
        except SaliencyEvalError as error:
            yield id, [replace(problem, image=id) for problem in error.problems]
    names = [(id, shape) for shape, group in groups.items() for id in group]
    images = ahead(lambda one: read_image(data, *one), names, threads, lambda one: 2 * model.together(one[1]))
    for batch in gathered(images, model.together):
        yield from ((image.id, image.problems) for image in batch if image.pixels is None)
        if good := [image for image in batch if image.pixels is not None]:
            yield from zip((image.id for image in good), model(good), strict=True)


def read_image(data: Dataset, id: str, shape: Shape) -> Image:
    """An image as it is shown to models."""
    try:
        return Image(id, shape, data[id]["image"], [])
    except SaliencyEvalError as error:
        return Image(id, shape, None, [replace(problem, image=id) for problem in error.problems])


def gathered(images: Iterable[Image], together: Callable[[Shape], int]) -> Iterator[list[Image]]:
    """Neighbours of one size, as many as are taken together."""
    for shape, group in itertools.groupby(images, key=lambda image: image.shape):
        while batch := list(itertools.islice(group, together(shape))):
            yield batch


def ahead(
    function: Callable[[S], T], given: Iterable[S], threads: int, room: Callable[[S], int]
) -> Iterator[T]:
    """Results in the order of what is given, made in threads; as many as there is `room` for wait to be taken."""
    pool = ThreadPoolExecutor(threads)
    waiting: deque[Future[T]] = deque()
    try:
        for one in given:
            waiting.append(pool.submit(function, one))
            while len(waiting) > room(one):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
