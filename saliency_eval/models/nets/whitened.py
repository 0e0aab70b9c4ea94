"""Adaptive whitening, a definition of our own after Garcia-Diaz et al. 2012."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saliency_eval.models.nets.primitives import blur, lab, minmax, whiten
from saliency_eval.models.nets.sizes import scaled

SCALES = (7, 5, 5)  # for the colours in the order of their variance
ANGLES = (0, 45, 90, 135)
SHORTEST = 6.0  # px of the first wavelength; each next one is twice as long
BANDWIDTH = 0.55  # of the log-Gabor filters
SPREAD = math.radians(30)  # of their angle
ROUNDING = 1e-6  # range of the energy of an image in which nothing differs


def aws_like(images: Tensor, *, scale: float, blurring: float) -> Tensor:
    """The squared length of the responses at several scales, decorrelated for each colour and angle, summed."""
    small = scaled(images, scale)
    energy = blur(distinctness(small).to(images), blurring * max(small.shape[-2:]))
    return minmax(energy, ROUNDING)[:, 0]


def distinctness(images: Tensor) -> Tensor:
    """The sum over colours and angles before it is smoothed, (batch, 1, h, w); in 64 bits.

    In 32, grey has colours, and rounding tells apart what is nearly the same at several scales.
    """
    colours = white_maps(lab(images))
    present = (colours**2).mean((-2, -1), keepdim=True)  # 1, or next to 0 for a colour that is not there
    spectra, waves = torch.fft.fft2(colours), wavelengths(colours)
    total = torch.zeros_like(colours[:, :1])
    for angle in ANGLES:
        filters = waves * direction(math.radians(angle), colours)
        for c, scales in enumerate(SCALES):
            responses = moduli(spectra[:, c], filters[:scales])
            total += present[:, c : c + 1] * (white_maps(responses) ** 2).sum(1, keepdim=True)
    return total


def moduli(spectra: Tensor, filters: Tensor) -> Tensor:
    """What filters give, one after the other as their phases take room; (batch, filters, h, w)."""
    found = filters.new_empty(len(spectra), *filters.shape)
    for number, one in enumerate(filters):
        found[:, number] = torch.fft.ifft2(spectra * one).abs()
    return found


def white_maps(maps: Tensor) -> Tensor:
    """Planes decorrelated over all pixels, each of variance 1, or next to 0 where nothing is left."""
    return whiten(maps.flatten(2)).reshape(maps.shape)


def wavelengths(like: Tensor) -> Tensor:
    """Log-Gabor filters of all scales by frequency alone, 0 at frequency 0; (scales, h, w)."""
    rows, columns = frequencies(like)
    waves = SHORTEST * 2.0 ** torch.arange(max(SCALES), dtype=like.dtype, device=like.device)[:, None, None]
    return torch.exp(-(torch.log(torch.hypot(rows, columns) * waves) ** 2) / (2 * math.log(BANDWIDTH) ** 2))


def direction(angle: float, like: Tensor) -> Tensor:
    """One angle's share in each frequency, of one side only; (h, w)."""
    rows, columns = frequencies(like)
    away = torch.remainder(torch.atan2(rows, columns) - angle + math.pi, 2 * math.pi) - math.pi
    return torch.exp(-(away**2) / (2 * SPREAD**2))


def frequencies(like: Tensor) -> tuple[Tensor, Tensor]:
    """In cycles per pixel: of the rows (h, 1) and of the columns (1, w)."""
    rows, columns = (torch.fft.fftfreq(n, dtype=like.dtype, device=like.device) for n in like.shape[-2:])
    return rows[:, None], columns[None, :]
