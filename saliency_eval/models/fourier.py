"""Models that look at an image through a Fourier or cosine transform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saliency_eval.models.batched import batched

if TYPE_CHECKING:
    from torch import Tensor


@batched("Image signature", source="doi:10.1109/TPAMI.2011.146")
def image_signature(images: Tensor) -> Tensor:
    """Image signature: what the signs of the cosine transform alone give back.

    `images` (batch, 3, height, width) RGB in [0, 1]; maps (batch, h, w). Mean over the channels of Lab of
    IDCT(sign(DCT(x)))^2, smoothed. Source: Hou, Harel, Koch 2012, doi:10.1109/TPAMI.2011.146.
    """
    from saliency_eval.models.nets.signature import image_signature

    return image_signature(images)
