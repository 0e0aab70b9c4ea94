"""Rarity over scales, a definition of our own after RARE2012 (Riche and others 2013, doi:10.1016/j.image.2013.03.009).

Known of the original are some parameters: principal components of RGB, 8 orientations and 3 scales of Gabor filters, 4
levels at which rarity is found, thresholds of 0.3. Its program is compiled, and for research alone. How these parts are
put together, all sizes, bins and weights here are ours; none of it could be compared with the original.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from saliency_eval.models.nets.aim import surprise
from saliency_eval.models.nets.primitives import minmax, turned, varied
from saliency_eval.models.nets.sizes import Size, fine, resize, within

ANGLES = 8
WAVES = (6.0, 12.0, 24.0)  # px, of the Gabor filters
WIDTH = 0.56  # of their Gaussian, in wavelengths: a bandwidth of an octave
MARGIN = 48  # px by which the border is repeated
LEVELS = 4  # each half the size of the one before
BINS = 32
KEPT = 0.3  # share of the largest weight below which a map does not count
ROUNDING = 1e-4  # range of a colour, or of rarity, that is no more than that


def rare2012_like(images: Tensor, *, side: int) -> Tensor:
    """How rare colours and textures are in the image itself, fused for each component of colour, then over them."""
    small = fine(images, within(images.shape[-2:], side))
    bank = gabors([n + 2 * MARGIN for n in small.shape[-2:]], small)
    parts = [fused(rarity(features(colour, bank))) for colour in components(small).split(1, 1)]
    return fused(torch.cat(parts, 1))[:, 0].to(images)


def components(images: Tensor) -> Tensor:
    """Colours turned to the axes of their variance; zeros for one that is not there."""
    found = turned(images.flatten(2)).reshape(images.shape)
    return found * varied(found, ROUNDING)


def features(colour: Tensor, bank: Tensor) -> Tensor:
    """A colour (batch, 1, h, w), and its energy at each angle, summed over scales; (batch, 9, h, w)."""
    spectrum = torch.fft.fft2(functional.pad(colour, (MARGIN,) * 4, mode="replicate"))
    energies = [
        sum(torch.fft.ifft2(spectrum * filter).abs() ** 2 for filter in scales) for scales in bank.unbind(0)
    ]
    energy = torch.cat(energies, 1)[..., MARGIN:-MARGIN, MARGIN:-MARGIN]
    return torch.cat([colour, energy * varied(energy, ROUNDING**2)], 1)


def gabors(size: Size, like: Tensor) -> Tensor:
    """Complex Gabor filters by frequency, Gaussians around their own; (angles, scales, h, w)."""
    rows, columns = (torch.fft.fftfreq(n, dtype=like.dtype, device=like.device) for n in size)
    angles = like.new_tensor([math.pi * n / ANGLES for n in range(ANGLES)])[:, None, None, None]
    waves = like.new_tensor(WAVES)[:, None, None]
    away = (rows[:, None] - angles.sin() / waves) ** 2 + (columns - angles.cos() / waves) ** 2
    return torch.exp(-2 * (math.pi * WIDTH * waves) ** 2 * away)


def rarity(maps: Tensor) -> Tensor:
    """-log of the share of places with the same of 32 values, mean over four sizes of the maps; (batch, n, h, w)."""
    size = maps.shape[-2:]
    sizes = [[max(1, n >> level) for n in size] for level in range(LEVELS)]
    return torch.stack([resize(surprise(resize(maps, smaller), BINS), size) for smaller in sizes]).mean(0)


def fused(maps: Tensor) -> Tensor:
    """Maps (batch, n, h, w), from 0 to 1, each times (maximum - mean)^2, those that stand out least left out."""
    maps = minmax(maps, ROUNDING)
    weights = (maps.amax((-2, -1), keepdim=True) - maps.mean((-2, -1), keepdim=True)) ** 2
    weights = torch.where(weights < KEPT * weights.amax(1, keepdim=True), 0.0, weights)
    return minmax((weights * maps).sum(1, keepdim=True))
