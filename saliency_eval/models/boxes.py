"""Baselines of class saliency: boxes that know nothing of the image or everything of the truth, noise, edges."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval.maps import Floats
from saliency_eval.models.declare import model
from saliency_eval.options import Range, Seed
from saliency_eval.pool import Shape
from saliency_eval.regions.overlap import pixels


class Boxed(NamedTuple):
    """A map, and the boxes that are scored in place of those that would be made from it."""

    saliency: NDArray[np.uint8]
    predicted_boxes: Floats


def boxed(boxes: NDArray[Any], shape: Shape) -> Boxed:
    """Boxes (k, 4), and the map that is 1 at pixels whose centre lies in one of them."""
    saliency = np.zeros(shape, np.uint8)
    for top, left, bottom, right in pixels(boxes, shape):
        saliency[top:bottom, left:right] = 1
    return Boxed(saliency, np.asarray(boxes, np.float64))


@model("center box", source="arXiv:1705.07857")
def center_box(shape: Shape, *, area: Annotated[float, Range(1e-6, 1)] = 0.5) -> Boxed:
    """A box in the middle that has a share `area` of the image and its aspect.

    `shape` (height, width). The box is scored; the map of 0 and 1 has the pixels whose centres lie in it.
    (H (1 - s)/2, W (1 - s)/2, H (1 + s)/2, W (1 + s)/2) with s = sqrt(area), in continuous coordinates.

    >>> center_box((4, 8), area=0.25).predicted_boxes.tolist()
    [[1.0, 2.0, 3.0, 6.0]]
    """
    height, width = shape
    low, high = (1 - area**0.5) / 2, (1 + area**0.5) / 2
    return boxed(np.array([[height * low, width * low, height * high, width * high]]), shape)


@model("max box", source="arXiv:1705.07857")
def max_box(shape: Shape) -> Boxed:
    """The whole image as a box.

    >>> max_box((4, 8)).predicted_boxes.tolist()
    [[0.0, 0.0, 4.0, 8.0]]
    """
    return boxed(np.array([[0, 0, *shape]]), shape)


@model("ground truth box", source="arXiv:1705.07857")
def ground_truth_box(boxes: NDArray[np.int64], shape: Shape) -> Boxed:
    """The boxes of the truth, (k, 4) half-open pixels: what nothing can localise better.

    >>> ground_truth_box(np.array([[0, 1, 2, 3]]), (3, 4)).saliency.sum()
    np.uint64(4)
    """
    return boxed(boxes, shape)


@model("random", source="definition")
def random(shape: Shape, *, seed: Seed = 0, rng: np.random.Generator | None = None) -> Floats:
    """Uniform noise in [0, 1), another one for each image.

    >>> random((1, 2)).round(3).tolist()
    [[0.637, 0.27]]
    """
    return (rng or np.random.default_rng(seed)).random(shape)


@model("edge", source="definition")
def edge(image: NDArray[np.uint8], *, sigma: Annotated[float, Range(0.1, 100)] = 1.0) -> Floats:
    """The magnitude of the gradient of the grey image, smoothed by a Gaussian of `sigma` px.

    `image` (height, width, 3) RGB of 0..255; gives (height, width). |grad (G * Y)|, G the Gaussian, mirrored at the
    border, Y = 0.299 R + 0.587 G + 0.114 B.

    >>> edge(np.repeat([[0, 0, 0, 100, 100, 100]], 3, axis=0).T.reshape(1, 6, 3)).round(3).tolist()
    [[1.33, 12.181, 36.378, 36.378, 12.181, 1.33]]
    """
    from scipy import ndimage

    grey = image.astype(np.float64) @ [0.299, 0.587, 0.114]
    return np.asarray(ndimage.gaussian_gradient_magnitude(grey, sigma))
