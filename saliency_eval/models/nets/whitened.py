"""Adaptive whitening, a definition of our own after Garcia-Diaz et al. 2012."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saliency_eval.models.nets.primitives import Size, blur, lab, minmax, resize, whiten

SCALES = (7, 5, 5)  # for the colours in the order of their variance
ANGLES = (0, 45, 90, 135)
SHORTEST = 6.0  # px of the first wavelength; each next one is twice as long
BANDWIDTH = 0.55  # of the log-Gabor filters
SPREAD = math.radians(30)  # of their angle


def aws_like(images: Tensor, *, scale: float, blurring: float) -> Tensor:
    """The squared length of the responses at several scales, decorrelated for each colour and angle, summed."""
    small = [max(1, round(scale * n)) for n in images.shape[-2:]]
    energy = distinctness(resize(images, small).clamp(0, 1))
    return minmax(blur(energy, blurring * max(small)))[:, 0]


def distinctness(images: Tensor) -> Tensor:
    """The sum over colours and angles before it is smoothed; (batch, 1, h, w)."""
    colours = white_maps(lab(images))
    total = torch.zeros_like(colours[:, :1])
    for component, scales in zip(colours.split(1, 1), SCALES, strict=True):
        spectrum = torch.fft.fft2(component)
        present = (component**2).mean(
            (-2, -1), keepdim=True
        )  # 1, or next to 0 for a colour that is not there
        for angle in ANGLES:
            filters = log_gabors(component.shape[-2:], scales, math.radians(angle), component)
            responses = torch.fft.ifft2(spectrum * filters).abs()
            total += present * (white_maps(responses) ** 2).sum(1, keepdim=True)
    return total


def white_maps(maps: Tensor) -> Tensor:
    """Planes decorrelated over all pixels, each of variance 1."""
    return whiten(maps.flatten(2)).reshape(maps.shape)


def log_gabors(size: Size, scales: int, angle: float, like: Tensor) -> Tensor:
    """Filters of one angle in the frequency domain, one-sided, 0 at frequency 0; (scales, h, w)."""
    rows, columns = (torch.fft.fftfreq(n, dtype=like.dtype, device=like.device) for n in size)
    rows, columns = rows[:, None], columns[None, :]
    frequency = torch.hypot(rows, columns)
    waves = SHORTEST * 2.0 ** torch.arange(scales, dtype=like.dtype, device=like.device)[:, None, None]
    radial = torch.exp(-(torch.log(frequency * waves) ** 2) / (2 * math.log(BANDWIDTH) ** 2))
    away = torch.atan2(rows, columns) - angle
    away = torch.atan2(away.sin(), away.cos())
    return radial * torch.exp(-(away**2) / (2 * SPREAD**2))
