"""The channels that the models of Itti and of Harel share, in the form distributed with GBVS."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from saliency_eval.models.nets.primitives import blur, correlated, linearise
from saliency_eval.models.nets.pyramid import Levels, pyramid

Colour = Literal["opponent", "dkl"]
ANGLES = (0, 45, 90, 135)
ROUNDING = 1e-5  # values of channels are of the order of 1
REACH = 13  # px from the centre of an oriented filter to its edge
TO_LMS = ((18.32535, 44.60077, 7.46216), (4.09544, 28.20135, 6.66066), (0.02114, 0.10325, 1.05258))
GREY_LMS = (34.918538957799996, 19.3147966765, 0.5856108185)


def channels(images: Tensor, levels: Sequence[int], colour: Colour) -> list[Levels]:
    """Colours, intensity and orientations at each level; level l has 2^-l of the image's size."""
    steps = pyramid(images, levels)
    rgb = {level: steps[level][:, :3] for level in levels}
    light = {level: steps[level][:, 3:] for level in levels}
    colours = {n: dkl(rgb[n]) if colour == "dkl" else opponents(rgb[n], light[n]) for n in levels}
    angles = {level: oriented(light[level]) for level in levels}
    return [{level: unless_flat(maps) for level, maps in found.items()} for found in (colours, light, angles)]


def unless_flat(maps: Tensor) -> Tensor:
    """Zeros in place of maps that vary by no more than rounding does."""
    span = maps.amax((-2, -1), keepdim=True) - maps.amin((-2, -1), keepdim=True)
    return torch.where(span > ROUNDING, maps, 0.0)


def opponents(rgb: Tensor, light: Tensor) -> Tensor:
    """|B - min(R, G)| and |R - G| as shares of the intensity, 0 in black; (batch, 2, h, w)."""
    red, green, blue = rgb.split(1, 1)
    found = torch.cat([(blue - torch.minimum(red, green)).abs(), (red - green).abs()], 1)
    return torch.where(light > 0, found / light.clamp(min=torch.finfo(light.dtype).tiny), 0.0)


def dkl(rgb: Tensor) -> Tensor:
    """The space of Derrington, Krauskopf and Lennie: luminance, red-green, blue-yellow; (batch, 3, h, w)."""
    l0, m0, _ = GREY_LMS
    lms = torch.einsum("ij,bjhw->bihw", rgb.new_tensor(TO_LMS), linearise(rgb))
    long, medium, short = (lms / lms.new_tensor(GREY_LMS)[:, None, None] - 1).unbind(1)
    length, total = math.hypot(l0, m0), l0 + m0
    luminance = (l0 * long + m0 * medium) / total
    planes = (
        0.5774 * math.sqrt(3) * luminance,
        2.7525 * length / total * (long - medium),
        0.4526 * (short - luminance),
    )
    return torch.stack(planes, 1)


def oriented(light: Tensor) -> Tensor:
    """|even| + |odd| response of Gabor filters at four angles, weaker towards the border; (batch, 4, h, w)."""
    padded = functional.pad(light, (REACH,) * 4, mode="replicate")
    even, odd = (correlated(padded, gabors(phase, light)).abs() for phase in (0.0, math.pi / 2))
    return attenuated(even + odd, REACH)


def gabors(phase: float, like: Tensor) -> Tensor:
    """A filter for each angle, of mean 0 and length 1; (angles, 1, 27, 27)."""
    axis = torch.arange(-REACH, REACH + 1, dtype=like.dtype, device=like.device)
    row, column = axis[:, None], axis[None, :]
    angles = torch.deg2rad(like.new_tensor(ANGLES))[:, None, None]
    major = row * angles.cos() - column * angles.sin()
    minor = row * angles.sin() + column * angles.cos()
    waves = torch.cos(2 * major + phase) * torch.exp(-(major**2) / 8 - minor**2 / 32)
    waves = waves - waves.mean((1, 2), keepdim=True)
    return (waves / waves.flatten(1).norm(dim=1)[:, None, None])[:, None]


def attenuated(maps: Tensor, border: int) -> Tensor:
    """The k-th row and column from each border, k = 1 to `border`, times k / (border + 1)."""
    for axis in (-2, -1):
        n = maps.shape[axis]
        steps = torch.arange(n, dtype=maps.dtype, device=maps.device)
        nearest = torch.minimum(steps, n - 1 - steps) + 1
        width = min(border, n // 2)
        weights = (nearest / (width + 1)).clamp(max=1)
        maps = maps * (weights[:, None] if axis == -2 else weights)
    return maps


def softened(maps: Tensor, share: float) -> Tensor:
    """Blurred with a sigma that is a share of the longer side, cut at two sigma."""
    sigma = share * max(maps.shape[-2:])
    return blur(maps, sigma, truncate=max(0.0, round(2 * sigma) - 0.5) / sigma)
