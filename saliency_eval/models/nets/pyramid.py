"""The pyramid of the models of Itti and of Harel, in the form distributed with GBVS."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from saliency_eval.models.nets.sizes import fine

Levels = dict[int, Tensor]  # level of the pyramid: (batch, planes, h, w)
SMALLEST = 128  # px of the shorter side; smaller images are enlarged
LONGEST = 1024  # px of the longer side, at which enlarging stops
TAPS = (1.0, 5.0, 10.0, 10.0, 5.0, 1.0)


def pyramid(images: Tensor, levels: Sequence[int]) -> Levels:
    """R, G, B and their maximum at these levels, one plane after the other, in 64 bits."""
    images = enlarged(images)
    planes = (*images.split(1, 1), images.amax(1, keepdim=True))
    found = [smaller(plane.double(), levels) for plane in planes]
    return {level: torch.cat([of[level] for of in found], 1) for level in levels}


def smaller(plane: Tensor, levels: Sequence[int]) -> Levels:
    """A plane at these levels, each the half of the one before."""
    found = {}
    for level in range(1, max(levels) + 1):
        plane = halved(halved(plane, 2), 3)
        if level in levels:
            found[level] = plane
    return found


def enlarged(images: Tensor) -> Tensor:
    """Images whose shorter side is at least 128 px, unless they are very long."""
    size = images.shape[-2:]
    times = min(SMALLEST / min(size), LONGEST / max(size))
    return images if times <= 1 else fine(images, [round(times * n) for n in size])


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
