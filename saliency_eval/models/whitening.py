"""Models that decorrelate what they see in an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from saliency_eval.models.batched import batched
from saliency_eval.options import Range, Share

if TYPE_CHECKING:
    from torch import Tensor


@batched(
    "AWS-like",
    source="doi:10.1016/j.imavis.2011.11.007",
    note="a definition of our own: the published program cannot be read",
)
def aws_like(images: Tensor, *, scale: Annotated[float, Range(0.01, 1)] = 0.5, blur: Share = 0.021) -> Tensor:
    """Adaptive whitening: how rare the local energy over scales is in this image.

    `images` (batch, 3, height, width) RGB in [0, 1]; maps (batch, h, w). The image, shrunk by `scale`, in Lab is
    whitened to three colours; for each colour and each of four angles the moduli of 7, 5, 5 log-Gabor responses are
    whitened over all pixels to T; sum of |T|^2, blurred with a sigma of `blur` of the longer side. After Garcia-Diaz,
    Fdez-Vidal, Pardo, Dosil 2012, doi:10.1016/j.imavis.2011.11.007.
    """
    from saliency_eval.models.nets.whitened import aws_like

    return aws_like(images, scale=scale, blurring=blur)
