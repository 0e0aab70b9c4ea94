"""Models that compare a region of an image with what surrounds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from saliency_eval.models.batched import Side, batched, pixels
from saliency_eval.options import Count, Range

if TYPE_CHECKING:
    from torch import Tensor

Step = Annotated[int, Range(1, 128)]  # of 255 values
Blur = Annotated[float, Range(0, 100)]  # px
Stride = Annotated[int, Range(1, 16)]


@batched(
    "BMS",
    source="doi:10.1109/TPAMI.2015.2473844",
    cost="60 times",
    takes=lambda options, shape: 800 * pixels(shape, options["side"]),
)
def bms(images: Tensor, *, side: Side = 400, step: Step = 8, sigma: Blur = 9.0) -> Tensor:
    """Boolean map saliency: regions of whitened colours that others surround.

    `images` (batch, 3, height, width) RGB in [0, 1]; maps (batch, h, w) whose longer side is `side` px, to which small
    images are enlarged. In each whitened channel of Lab, 0 to 255, and for thresholds t = min, min + `step`, ...: the
    8-connected regions of {x > t} and of {x <= t} that do not touch the border, widened by 3 px, each set divided by
    its L2 norm; the sum widened by 4 px and blurred by `sigma` px. Source: Zhang, Sclaroff 2016,
    doi:10.1109/TPAMI.2015.2473844.

    >>> import torch
    >>> images = torch.zeros(1, 3, 64, 64)
    >>> images[..., 16:24, 16:24] = 1
    >>> round(float(bms(images, side=64)[0, 20, 20]), 3)
    0.654
    """
    from saliency_eval.models.nets.bms import bms

    return bms(images, side=side, step=step, sigma=sigma)


@batched("CovSal", source="doi:10.1167/13.4.11", cost="230 times", takes=lambda options, shape: 480e6)
def covsal(
    images: Tensor, *, distance: Literal["exact", "log_euclidean"] = "exact", centre: bool = True
) -> Tensor:
    """Region covariances: patches whose features vary in another way than those around them.

    `images` (batch, 3, height, width) RGB in [0, 1]; maps (batch, h, w). In a square of 512 px, to which every image is
    brought whatever its size and aspect, for patches of 8, 16, 32, 64, 128 px: C = cov(L, a, b, |dI/dx|, |dI/dy|, row,
    column) + 0.001; d = rho(C_i, C_j) / (1 + px between them); mean of the smallest tenth of d within 3 patches, times
    1 - distance to the centre by that of a corner (`centre`); the product over sizes, brought back to the aspect of the
    image and to its longer side, but at most 512 px, is blurred there by a Gaussian of .02 of that side, cut at two
    sigma, and only then enlarged. rho is the root of the sum of ln^2 of the generalised eigenvalues, or, as
    `log_euclidean` and quicker, |log C_i - log C_j|. Source: Erdem, Erdem 2013, doi:10.1167/13.4.11.

    >>> import torch
    >>> images = torch.zeros(1, 3, 64, 64)
    >>> images[..., 16:24, 16:24] = 1
    >>> round(float(covsal(images, distance="log_euclidean").mean()), 4)
    0.0073
    """
    from saliency_eval.models.nets.covsal import covsal

    return covsal(images, distance=distance, centre=centre)


@batched(
    "Context-aware",
    source="doi:10.1109/TPAMI.2011.272",
    cost="630 times",
    takes=lambda options, shape: 2000 * pixels(shape, options["side"]),
)
def context_aware(images: Tensor, *, side: Side = 250, neighbours: Count = 64, stride: Stride = 2) -> Tensor:
    """Context-aware saliency: patches that resemble no others of the image.

    `images` (batch, 3, height, width) RGB in [0, 1]; maps (batch, h, w) whose longer side is `side` px, to which small
    images are enlarged. In Lab, at scales 1, .8, .5, .3 with patches of 7, 5, 3, 3 px: S = 1 - exp(-c m), m the mean of
    the `neighbours` smallest |p - q| / (1 + 3 distance of places) to patches of the image at 1, 1/2, 1/4 of the scale,
    one every `stride` half patches (1 in the paper, four times as long), c = 49 / px of a patch; the mean over scales,
    times 1 - d / max d with d the distance to the nearest pixel above 0.8 max S. Source: Goferman, Zelnik-Manor, Tal
    2012, doi:10.1109/TPAMI.2011.272.

    >>> import torch
    >>> images = torch.zeros(1, 3, 64, 64)
    >>> images[..., 16:24, 16:24] = 1
    >>> round(float(context_aware(images, side=64)[0, 20, 20]), 3)
    0.963
    """
    from saliency_eval.models.nets.context import context_aware

    return context_aware(images, side=side, neighbours=neighbours, stride=stride)
