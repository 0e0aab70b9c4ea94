"""SUN, saliency using natural statistics (Zhang and others 2008, doi:10.1167/8.7.32)."""

from __future__ import annotations

import torch
from torch import Tensor

from saliency_eval.models.bases import bundled
from saliency_eval.models.nets.primitives import blur as blurred
from saliency_eval.models.nets.primitives import chunks, correlated, framed
from saliency_eval.models.nets.sizes import scaled

SIDE = 11  # px of a filter
BYTES = 5  # times those of a response of 32 bits: it has 64, is made 32, and those get a power


def sun(images: Tensor, *, scale: float, blur: float) -> Tensor:
    """How rare the responses of learned filters are in nature: -log p of the distributions fitted to them."""
    basis, small = bundled("sun"), contrasts(images, scale)
    parts = (torch.as_tensor(part).to(images) for part in (basis.filters, basis.sigma, basis.theta))
    rarity = sum(
        exponents(responses(small, filters).to(images), sigma, theta).sum(1, keepdim=True)
        for filters, sigma, theta in zip(
            *(chunks(part, BYTES * small[0, 0].numel()) for part in parts), strict=True
        )
    )
    return blurred(framed(rarity, small.shape[-2:]), blur)[:, 0]


def exponents(responses: Tensor, sigma: Tensor, theta: Tensor) -> Tensor:
    """(|F| / sigma)^theta of the response F of each filter; (batch, k, h, w)."""
    return (responses.abs() / sigma[:, None, None] + 1e-12) ** theta[:, None, None]


def contrasts(images: Tensor, scale: float) -> Tensor:
    """Images at a scale, each divided by the standard deviation of all of its values; in 64 bits.

    Their mean is taken off, of which filters that sum to zero see the rounding alone.
    """
    small = scaled(images, scale, least=SIDE)
    centred = small - small.mean((1, 2, 3), keepdim=True)
    spread = centred.flatten(1).std(1, correction=0).clamp(min=1e-6)
    return centred / spread[:, None, None, None]


def responses(images: Tensor, filters: Tensor) -> Tensor:
    """What the filters (k, 3, p, p) give where they fit; in 64 bits, as a power of nearly nothing is not nothing."""
    return correlated(images, filters.double())
