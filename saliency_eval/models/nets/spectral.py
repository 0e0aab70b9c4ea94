"""Spectral residual (Hou, Zhang 2007, doi:10.1109/CVPR.2007.383267), also as OpenCV computes it; phase alone."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from saliency_eval.models.nets.primitives import blur, grey, half_up, varied
from saliency_eval.models.nets.sizes import at_width

WIDTH = 64  # px to which an image is brought
SIGMA = 2.5  # of the smoothing, in a window of 9 px
FLAT = 1e-4  # range of a channel that is rounding, and no picture
ROUNDING = 1e-12  # of the largest amplitude
GREY = (9798, 19235, 3735)  # 32768 times .299, .587 and .114, as OpenCV rounds them


def spectral_residual(images: Tensor, *, flavour: str, channels: str) -> Tensor:
    """What the phase of the spectrum gives back with the unexpected part of its amplitude, or with none."""
    if flavour == "opencv":
        return as_opencv(images)
    seen = grey(images.double()) if channels == "grey" else images
    small = at_width(seen, WIDTH)
    spectrum = present(torch.fft.fft2(small))
    amplitude = torch.log(spectrum.abs() + 1e-8)
    residual = amplitude - box(amplitude, "replicate") if flavour == "paper" else torch.zeros_like(amplitude)
    energy = back(residual, spectrum).abs() ** 2 * varied(small, FLAT)
    return blur(energy.mean(1, keepdim=True), SIGMA, truncate=4 / SIGMA)[:, 0].to(images)


def as_opencv(images: Tensor) -> Tensor:
    """The map of OpenCV, with its rounding: smoothed first, then squared; (batch, height, width) from 0 to 1."""
    red, green, blue = (
        weight * plane for weight, plane in zip(GREY, (images * 255).round_().split(1, 1), strict=True)
    )
    levels = half_up((red + green + blue) / 2**15)  # exact: whole numbers of at most 23 bits
    small = half_up(bilinear(levels.double(), (WIDTH, WIDTH)))
    spectrum = present(torch.fft.fft2(small))
    amplitude = torch.log(spectrum.abs().clamp(min=1e-12))
    found = back(amplitude - box(amplitude, "reflect"), spectrum).abs()
    energy = five(found) ** 2 * varied(small, 0)
    share = energy / energy.amax((-2, -1), keepdim=True).clamp(min=torch.finfo(energy.dtype).tiny)
    return bilinear(share.to(images), images.shape[-2:])[:, 0]


def five(maps: Tensor) -> Tensor:
    """Smoothed by the window of 5 x 5 px, sigma 8, that OpenCV has; (batch, 1, h, w)."""
    steps = torch.arange(-2, 3, dtype=maps.dtype, device=maps.device)
    kernel = torch.exp(-0.5 * (steps / 8) ** 2)
    window = torch.outer(kernel, kernel)[None, None] / kernel.sum() ** 2
    return functional.conv2d(functional.pad(maps, (2, 2, 2, 2), mode="reflect"), window)


def back(residual: Tensor, spectrum: Tensor) -> Tensor:
    """The image of a spectrum whose log amplitude is replaced; what is absent has no phase."""
    return torch.fft.ifft2(torch.exp(residual) * torch.sgn(spectrum))


def present(spectrum: Tensor) -> Tensor:
    """A spectrum with 0 in place of frequencies that rounding alone has put there."""
    amplitude = spectrum.abs()
    return torch.where(amplitude > ROUNDING * amplitude.amax((-2, -1), keepdim=True), spectrum, 0.0)


def box(maps: Tensor, border: str) -> Tensor:
    """Mean of the 3 x 3 values around each; (batch, channels, h, w)."""
    return functional.avg_pool2d(functional.pad(maps, (1, 1, 1, 1), mode=border), 3, stride=1)


def bilinear(maps: Tensor, size: tuple[int, ...]) -> Tensor:
    """Between the four nearest values, as OpenCV does it, also where the map shrinks."""
    return functional.interpolate(maps, tuple(size), mode="bilinear", align_corners=False)
