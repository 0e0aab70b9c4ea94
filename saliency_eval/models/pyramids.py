"""Models that compare the levels of a pyramid, or the places of one level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from saliency_eval.models.batched import batched, pixels
from saliency_eval.options import Range
from saliency_eval.pool import Shape

if TYPE_CHECKING:
    from torch import Tensor

Colour = Literal["opponent", "dkl"]


def takes(options: Mapping[str, Any], shape: Shape) -> float:
    """Bytes for the pyramid of an image, which is enlarged if it is small."""
    return 64 * pixels(shape) * max(1.0, min(128 / min(shape), 1024 / max(shape))) ** 2


@batched("Itti-Koch", source="doi:10.1109/34.730558", cost="6 times", takes=takes)
def itti_koch(
    images: Tensor, *, colour: Colour = "opponent", furthest: Annotated[int, Range(2, 4)] = 2
) -> Tensor:
    """Centre against surround in colour, intensity and orientation, in the form distributed with GBVS.

    `images` (batch, 3, height, width) RGB in [0, 1]; maps (batch, h, w) from 0 to 1. Sum over channels of N(sum
    N((level c - level s)^2)), c = 2, 3 and s = c + 2 to c + `furthest`, on maps whose longer side is 1/8 of that of the
    image. N scales a map to x from 0 to 10 and gives x (10 - m)^2 with m the mean of its local maxima, those of at
    least 1 and off the border; 100 x where there is one, x where there is none. The sum fades over 4 px at the border,
    is smoothed by a Gaussian of .03 of its longer side, cut at two sigma, enlarged, and brought to 0 to 1 once more.
    `colour`: |B - min(R, G)| / I and |R - G| / I, or the axes of DKL. Images with a side under 128 px are first
    enlarged, to a longer side of at most 1024 px. Source: Itti, Koch, Niebur 1998, doi:10.1109/34.730558.

    >>> import torch
    >>> images = torch.zeros(1, 3, 64, 64)
    >>> images[..., 16:24, 16:24] = 1
    >>> round(float(itti_koch(images)[0, 20, 20]), 3)
    0.976
    """
    from saliency_eval.models.nets.itti import itti_koch

    return itti_koch(images, colour=colour, furthest=furthest)


@batched(
    "GBVS",
    source="doi:10.7551/mitpress/7503.003.0073",
    cost="18 times",
    note="the equilibrium is exact, not iterated",
    takes=takes,
)
def gbvs(
    images: Tensor,
    *,
    colour: Colour = "dkl",
    side: Annotated[int, Range(8, 64)] = 32,
    sigma: Annotated[float, Range(0.01, 10)] = 0.15,
) -> Tensor:
    """Graph-based visual saliency: where random walks between unlike places spend their time.

    `images` (batch, 3, height, width) RGB in [0, 1]; maps (batch, h, w) from 0 to 1. On each of the maps of colour,
    intensity and orientation at levels 2, 3, 4, brought to `side` px, the weight of two places is exp(-d^2 / (2 s^2))
    |A_i - A_j| with s = `sigma` of the mean side; the sum of (equilibrium)^1.5, where the paper has a second graph,
    fades over 4 px at the border, is smoothed by a Gaussian of .02 of its longer side, cut at two sigma, enlarged, and
    brought to 0 to 1 once more. Images with a side under 128 px are first enlarged, to a longer side of at most 1024
    px. Source: Harel, Koch, Perona 2006, doi:10.7551/mitpress/7503.003.0073.

    >>> import torch
    >>> images = torch.zeros(1, 3, 64, 64)
    >>> images[..., 16:24, 16:24] = 1
    >>> round(float(gbvs(images).mean()), 4)
    0.0236
    """
    from saliency_eval.models.nets.gbvs import gbvs

    return gbvs(images, colour=colour, side=side, sigma=sigma)
