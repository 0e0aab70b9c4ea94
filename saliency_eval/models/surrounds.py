"""Models that compare a region of an image with what surrounds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from saliency_eval.models.batched import batched
from saliency_eval.options import Range

if TYPE_CHECKING:
    from torch import Tensor

Side = Annotated[int, Range(16, 2000)]  # px
Step = Annotated[int, Range(1, 128)]  # of 255 values
Blur = Annotated[float, Range(0, 100)]  # px


@batched("BMS", source="doi:10.1109/TPAMI.2015.2473844", cost="")
def bms(images: Tensor, *, side: Side = 400, step: Step = 8, sigma: Blur = 9.0) -> Tensor:
    """Boolean map saliency: regions of whitened colours that others surround.

    `images` (batch, 3, height, width) RGB in [0, 1]; maps (batch, h, w) whose longer side is `side` px. In each
    whitened channel of Lab, 0 to 255, and for thresholds t = min, min + `step`, ...: the 8-connected regions of
    {x > t} and of {x <= t} that do not touch the border, widened by 3 px, each set divided by its L2 norm; the sum
    widened by 4 px and blurred by `sigma` px. Source: Zhang, Sclaroff 2016, doi:10.1109/TPAMI.2015.2473844.
    """
    from saliency_eval.models.nets.bms import bms

    return bms(images, side=side, step=step, sigma=sigma)
