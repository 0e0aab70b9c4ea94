"""What a classifier is shown of an image: RGB in [0, 1], at the size that it takes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from saliency_eval.classifiers.contract import Batch
from saliency_eval.errors import TRUTH, fail
from saliency_eval.maps import Counts
from saliency_eval.pool import Shape

Image = NDArray[Any]  # (height, width, 3) RGB: uint8, or floats in [0, 1]


def checked(image: Image, shape: Shape | None = None) -> Image:
    """The image itself, if it is one. Raises `shape`, `dtype` or, for a map of another size, `wrong_size`."""
    if image.ndim != 3 or image.shape[2] != 3 or not image.size:
        fail(
            "shape",
            f"image must be RGB (height, width, 3), got shape {image.shape}",
            "convert it",
            exit=TRUTH,
        )
    if image.dtype != np.uint8 and not (image.dtype.kind == "f" and image.min() >= 0 and image.max() <= 1):
        fail(
            "dtype", f"image must be uint8, or floats in [0, 1], got {image.dtype}", "convert it", exit=TRUTH
        )
    if shape is not None and image.shape[:2] != shape:
        height, width, _ = image.shape
        text = f"saliency and image must have one size, got {shape[1]}x{shape[0]} and {width}x{height}"
        fail("wrong_size", text, "resize the map: saliency_eval.resize.resize(saliency, shape)")
    return image


def view(image: Image, size: Shape | None) -> Batch:
    """One image at a size (height, width), whatever its aspect: bicubic of Pillow, 8 bits if the image has 8.

    >>> view(np.full((2, 2, 3), 51, np.uint8), (3, 3))[0, 0].tolist()
    [0.20000000298023224, 0.20000000298023224, 0.20000000298023224]
    """
    return unit(image if size is None or image.shape[:2] == size else resized(image, size))


def unit(image: Image) -> Batch:
    """An image as 32-bit numbers in [0, 1]."""
    return np.true_divide(image, 255 if image.dtype == np.uint8 else 1, dtype=np.float32)


def resized(image: Image, size: Shape) -> Image:
    """Bicubic with antialiasing, without the overshoot that leaves the range of colours."""
    from PIL import Image as Pillow

    wanted, bicubic = (size[1], size[0]), Pillow.Resampling.BICUBIC
    if image.dtype == np.uint8:
        return np.asarray(Pillow.fromarray(np.ascontiguousarray(image)).resize(wanted, bicubic))
    channels = (Pillow.fromarray(np.ascontiguousarray(one, np.float32)) for one in np.moveaxis(image, 2, 0))
    found = np.stack([np.asarray(one.resize(wanted, bicubic)) for one in channels], axis=2)
    return np.asarray(np.clip(found, 0, 1))


def crops(image: Image, boxes: Counts, size: Shape | None) -> Batch:
    """What lies in boxes (k, 4) of whole pixels, each brought to a size; without one, to that of the image."""
    size = size or (image.shape[0], image.shape[1])
    batch = np.empty((len(boxes), *size, 3), np.float32)
    for number, (top, left, bottom, right) in enumerate(boxes.tolist()):
        batch[number] = view(image[top:bottom, left:right], size)
    return batch
