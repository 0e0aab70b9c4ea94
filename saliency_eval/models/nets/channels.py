"""What the models of Itti and of Harel share: the pyramid and the channels on it, in the form distributed with GBVS."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from saliency_eval.models.nets.primitives import blur, linearise, resize

Colour = Literal["opponent", "dkl"]
Levels = dict[int, Tensor]  # level of the pyramid: (batch, planes, h, w)
SMALLEST = 128  # px of the shorter side; smaller images are enlarged
LONGEST = 1024  # px of the longer side, at which enlarging stops
TAPS = (1.0, 5.0, 10.0, 10.0, 5.0, 1.0)
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


def pyramid(images: Tensor, levels: Sequence[int]) -> Levels:
    """R, G, B and their maximum at these levels, each level the half of the one before."""
    images = enlarged(images)
    step, found = torch.cat([images, images.amax(1, keepdim=True)], 1), {}
    for level in range(1, max(levels) + 1):
        step = halved(halved(step, 2), 3)
        if level in levels:
            found[level] = step
    return found


def enlarged(images: Tensor) -> Tensor:
    """Images whose shorter side is at least 128 px, unless they are very long."""
    size = images.shape[-2:]
    times = min(SMALLEST / min(size), LONGEST / max(size))
    return images if times <= 1 else resize(images, [round(times * n) for n in size]).clamp(0, 1)


def halved(maps: Tensor, axis: int) -> Tensor:
    """Every second of the values smoothed by [1 5 10 10 5 1]; taps outside the image are left out of the mean."""
    n = maps.shape[axis]
    if n == 1:
        return maps
    taps, margin = ((1.0, 2.0, 1.0), 0) if n == 3 else (TAPS, 2)
    ones = maps.new_ones([1, 1, *(n if a == axis else 1 for a in (2, 3))])
    return every_second(maps, axis, taps, margin) / every_second(ones, axis, taps, margin)


def every_second(maps: Tensor, axis: int, taps: Sequence[float], margin: int) -> Tensor:
    """Weighted sums of neighbours at every second place of an axis, with zeros outside."""
    padded = functional.pad(maps, (0, 0, margin, margin) if axis == 2 else (margin, margin, 0, 0))
    windows = padded.unfold(axis, len(taps), 2)
    found = torch.zeros_like(windows[..., 0])
    for tap, part in zip(taps, windows.unbind(-1), strict=True):
        found.add_(part, alpha=tap)
    return found


def opponents(rgb: Tensor, light: Tensor) -> Tensor:
    """|B - min(R, G)| and |R - G| as shares of the intensity, 0 in black; (batch, 2, h, w)."""
    red, green, blue = rgb.split(1, 1)
    found = torch.cat([(blue - torch.minimum(red, green)).abs(), (red - green).abs()], 1)
    return torch.where(light > 0, found / light.clamp(min=torch.finfo(light.dtype).tiny), 0.0)


def dkl(rgb: Tensor) -> Tensor:
    """The space of Derrington, Krauskopf and Lennie: luminance, red-green, blue-yellow; (batch, 3, h, w)."""
    rgb = rgb.double()  # differences of nearly equal numbers
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
    return torch.stack(planes, 1).float()


def oriented(light: Tensor) -> Tensor:
    """|even| + |odd| response of Gabor filters at four angles, weaker towards the border; (batch, 4, h, w)."""
    padded = functional.pad(light, (REACH,) * 4, mode="replicate")
    even, odd = (functional.conv2d(padded, gabors(phase, light)).abs() for phase in (0.0, math.pi / 2))
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
