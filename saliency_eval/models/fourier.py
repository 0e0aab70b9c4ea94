"""Models that look at an image through a Fourier or cosine transform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from saliency_eval.models.batched import batched

if TYPE_CHECKING:
    from torch import Tensor


@batched("Image signature", source="doi:10.1109/TPAMI.2011.146", cost="2 times")
def image_signature(images: Tensor) -> Tensor:
    """Image signature: what the signs of the cosine transform alone give back.

    `images` (batch, 3, height, width) RGB in [0, 1]; maps (batch, h, w) from 0 to 1. Images are brought to a width of
    64 px, small ones enlarged, and to a height of at most 512 px. Mean over the channels of Lab of
    IDCT(sign(DCT(x)))^2, smoothed by a Gaussian of sigma 2.88 px, .045 of the width, with the border repeated. A
    channel whose range is below .01, such as the colours of a grey image, counts as 0, and so does a coefficient below
    1e-12 of the largest. Source: Hou, Harel, Koch 2012, doi:10.1109/TPAMI.2011.146.

    >>> import torch
    >>> images = torch.zeros(1, 3, 64, 64)
    >>> images[..., 16:24, 16:24] = 1
    >>> round(float(image_signature(images)[0, 20, 20]), 3)
    0.664
    """
    from saliency_eval.models.nets.signature import image_signature

    return image_signature(images)


@batched(
    "Spectral residual",
    source="doi:10.1109/CVPR.2007.383267",
    idle=lambda options: ("channels",) if options["flavour"] == "opencv" else (),
)
def spectral_residual(
    images: Tensor,
    *,
    flavour: Literal["opencv", "paper", "pft"] = "opencv",
    channels: Literal["rgb", "grey"] = "rgb",
) -> Tensor:
    """Spectral residual: what is unexpected in the log amplitude of the spectrum, with its phase.

    `images` (batch, 3, height, width) RGB in [0, 1]; maps (batch, h, w). |IDFT(exp(R + iP))|^2, smoothed, with P the
    phase and R = L - mean3x3(L) of the log amplitude L, mean over `channels`. `paper`: at a width of 64 px, small
    images enlarged, and a height of at most 512 px; means of L with the border repeated; a Gaussian of sigma 2.5 px in
    a window of 9 px, with the border repeated. `pft`: the same with R = 0, the phase alone. `opencv`: grey, 64 x 64 px,
    rounded to 8 bits; means of L with the border mirrored; smoothed, in a window of 5 px with sigma 8, before it is
    squared; divided by the maximum, as OpenCV does it. A frequency below 1e-12 of the largest has no phase and adds
    nothing. Source: Hou, Zhang 2007, doi:10.1109/CVPR.2007.383267; Guo, Ma, Zhang 2008, doi:10.1109/CVPR.2008.4587715.

    >>> import torch
    >>> images = torch.zeros(1, 3, 64, 64)
    >>> images[..., 16:24, 16:24] = 1
    >>> round(float(spectral_residual(images)[0, 26, 26]), 3)
    0.011
    """
    from saliency_eval.models.nets.spectral import spectral_residual

    return spectral_residual(images, flavour=flavour, channels=channels)
