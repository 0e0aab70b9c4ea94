"""Models of independent components: filters learned from photographs, and how rare what they give is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from saliency_eval.models.batched import batched, pixels
from saliency_eval.options import Range

if TYPE_CHECKING:
    from torch import Tensor

Scale = Annotated[float, Range(0.05, 1)]
Blur = Annotated[float, Range(0, 500)]  # px at that scale
NIPS_2008 = (
    "https://papers.neurips.cc/paper_files/paper/2008/hash/a8baa56554f96369ab93e4f3bb068c22-Abstract.html"
)
LEARNED = (
    "its filters are not the authors': they are learned from photographs inside scikit-image and scikit-learn"
)


@batched(
    "AIM",
    source="doi:10.1167/9.3.5",
    cost="24 times",
    note=LEARNED,
    takes=lambda options, shape: 800 * options["scale"] ** 2 * pixels(shape),
)
def aim(
    images: Tensor,
    *,
    patch: Literal[21, 11] = 21,
    scale: Scale = 0.5,
    bins: Annotated[int, Range(2, 10_000)] = 256,
    blur: Blur = 8.0,
) -> Tensor:
    """Attention by information maximisation: responses of learned filters that are rare in the image itself.

    `images` (batch, 3, height, width) RGB in [0, 1]; maps (batch, h, w). Sum over the filters of -ln(P + 1e-6) with P
    the share of positions whose response falls in the same of `bins`; filters of `patch` px, 25 of 21 or 9 of 11, on
    images at `scale`, of which a side that is shorter than a filter is enlarged to it. A frame of half a filter, where
    none fits, has the minimum; then all is smoothed by a Gaussian of `blur` px of the shrunk image, with the border
    repeated. Source: Bruce, Tsotsos 2009, doi:10.1167/9.3.5.

    >>> import torch
    >>> images = torch.zeros(1, 3, 64, 64)
    >>> images[..., 16:24, 16:24] = 1
    >>> round(float(aim(images)[0, 10, 10]), 2)
    106.06
    """
    from saliency_eval.models.nets.aim import aim

    return aim(images, patch=patch, scale=scale, bins=bins, blur=blur)


@batched("DVA", source=NIPS_2008, cost="3 times", note=LEARNED, takes=lambda options, shape: 20e6)
def dva(images: Tensor) -> Tensor:
    """Dynamic visual attention: features whose coding length grows when they are excited a little more.

    `images` (batch, 3, height, width) RGB in [0, 1]; maps (batch, h, w). (sum_i w_i |F_i|)^2 of 192 learned filters of
    8 px at 80 x 120 px, each w_i the share of max(0, -H - log2 p_i - p_i - p_i log2 p_i) with p_i the share of feature
    i in the activity and H its entropy; the sum over i is spread over the 8 px of the filters before it is squared, and
    the map brought to 0 to 1 before it is enlarged. Images are brought to that size whatever their own and their
    aspect. Source: Hou, Zhang 2008, NIPS 21, 681-688.

    >>> import torch
    >>> images = torch.zeros(1, 3, 64, 64)
    >>> images[..., 16:24, 16:24] = 1
    >>> round(float(dva(images)[0, 25, 37]), 2)
    0.36
    """
    from saliency_eval.models.nets.dva import dva

    return dva(images)


@batched(
    "SUN",
    source="doi:10.1167/8.7.32",
    cost="60 times",
    note=LEARNED,
    takes=lambda options, shape: 1400 * options["scale"] ** 2 * pixels(shape),
)
def sun(images: Tensor, *, scale: Scale = 0.5, blur: Blur = 8.0) -> Tensor:
    """Saliency using natural statistics: responses of learned filters that are rare in natural images.

    `images` (batch, 3, height, width) RGB in [0, 1]; maps (batch, h, w). Sum over 120 filters of (|F| / sigma)^theta
    with sigma and theta of the generalised Gaussian of each, on images at `scale` divided by their standard deviation,
    of which a side shorter than the 11 px of a filter is enlarged to it. A frame of 5 px, where no filter fits, has the
    minimum; then all is smoothed by a Gaussian of `blur` px of the shrunk image, with the border repeated; the paper
    smooths nothing. Source: Zhang, Tong, Marks, Shan, Cottrell 2008, doi:10.1167/8.7.32.

    >>> import torch
    >>> images = torch.zeros(1, 3, 64, 64)
    >>> images[..., 16:24, 16:24] = 1
    >>> round(float(sun(images)[0, 10, 10]), 1)
    220.7
    """
    from saliency_eval.models.nets.sun import sun

    return sun(images, scale=scale, blur=blur)
