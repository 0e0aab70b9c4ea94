"""Models that decorrelate what they see in an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from saliency_eval.models.batched import Side, batched, pixels
from saliency_eval.options import Range, Share

if TYPE_CHECKING:
    from torch import Tensor


@batched(
    "AWS-like",
    source="doi:10.1016/j.imavis.2011.11.007",
    cost="35 times",
    note="a definition of our own: the published program cannot be read",
    takes=lambda options, shape: 300 * options["scale"] ** 2 * pixels(shape),
)
def aws_like(images: Tensor, *, scale: Annotated[float, Range(0.01, 1)] = 0.5, blur: Share = 0.021) -> Tensor:
    """Adaptive whitening: how rare the local energy over scales is in this image.

    `images` (batch, 3, height, width) RGB in [0, 1]; maps (batch, h, w). The image at `scale`, also if it is small, in
    Lab is whitened to three colours; for each colour and each of four angles the moduli of 7, 5, 5 log-Gabor responses
    are whitened over all pixels to T; sum of |T|^2, blurred with a sigma of `blur` of the longer side. After
    Garcia-Diaz, Fdez-Vidal, Pardo, Dosil 2012, doi:10.1016/j.imavis.2011.11.007.

    >>> import torch
    >>> images = torch.zeros(1, 3, 64, 64)
    >>> images[..., 16:24, 16:24] = 1
    >>> round(float(aws_like(images).mean()), 4)
    0.0429
    """
    from saliency_eval.models.nets.whitened import aws_like

    return aws_like(images, scale=scale, blurring=blur)


@batched(
    "RARE2012-like",
    source="doi:10.1016/j.image.2013.03.009",
    cost="100 times",
    note="a definition of our own from the parameters that are published: the program is compiled and for research "
    "only, and how its parts fit together could not be verified",
    takes=lambda options, shape: 800 * pixels(shape, options["side"]),
)
def rare2012_like(images: Tensor, *, side: Side = 400) -> Tensor:
    """Rarity: how few places of the image have the same colour, or the same energy of an angle.

    `images` (batch, 3, height, width) RGB in [0, 1]; maps (batch, h, w) whose longer side is `side` px, to which small
    images are enlarged. For each principal component of the colours: itself, and at 8 angles the sum over 3 scales of
    its Gabor energy; of each, -ln p of 32 values, averaged over 4 levels of a pyramid. These r, from 0 to 1, are summed
    with weights (max - mean)^2, of which those below 0.3 of the largest are left out; so are then the components. After
    Riche and others 2013, doi:10.1016/j.image.2013.03.009.

    >>> import torch
    >>> images = torch.zeros(1, 3, 64, 64)
    >>> images[..., 16:24, 16:24] = 1
    >>> round(float(rare2012_like(images, side=64)[0, 32, 32]), 3)
    0.311
    """
    from saliency_eval.models.nets.rare import rare2012_like

    return rare2012_like(images, side=side)
