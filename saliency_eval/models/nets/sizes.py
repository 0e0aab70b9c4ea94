"""Images and maps of other sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Size = Sequence[int]  # height, width
Mode = Literal["bicubic", "bilinear"]
STRONG = 15  # times that maps shrink; for little more, in 64 bits, a block of threads of a GPU has no room


def resize(maps: Tensor, size: Size, mode: Mode = "bicubic") -> Tensor:
    """Bicubic or bilinear with antialiasing, as Pillow does it; (batch, channels, h, w)."""
    height, width = size
    if tuple(maps.shape[-2:]) == (height, width):
        return maps
    if width == 1 < height:  # torch 2.13 repeats one row where a single column is wanted
        return resize(maps.mT, (width, height), mode).mT
    if mode == "bicubic" and max(n / m for n, m in zip(maps.shape[-2:], size, strict=True)) > STRONG:
        return mixed(maps, size, bicubic)
    return functional.interpolate(maps, (height, width), mode=mode, antialias=True, align_corners=False)


def area(maps: Tensor, size: Size) -> Tensor:
    """Each pixel the mean of the area that it covers, with fractions of pixels; (batch, channels, h, w)."""
    return mixed(maps, size, covered)


def mixed(maps: Tensor, size: Size, weights: Callable[[int, int, Tensor], Tensor]) -> Tensor:
    """Each pixel a weighted mean over rows and columns; `weights` (m, n) of n pixels in m; (batch, channels, h, w)."""
    down, right = (weights(n, m, maps) for n, m in zip(maps.shape[-2:], size, strict=True))
    return down @ (maps @ right.T)


def bicubic(n: int, m: int, like: Tensor) -> Tensor:
    """What each of n pixels counts in each of m by the cubic that Pillow has, (m, n); rows sum to 1."""
    old, new = (torch.arange(k, dtype=torch.float64, device=like.device) + 0.5 for k in (n, m))
    away = (old - new[:, None] * n / m).abs() / max(n / m, 1.0)
    near, far = (1.5 * away - 2.5) * away**2 + 1, ((2.5 - 0.5 * away) * away - 4) * away + 2
    weights = torch.where(away < 1, near, torch.where(away < 2, far, 0.0))
    return (weights / weights.sum(1, keepdim=True)).to(like)


def covered(n: int, m: int, like: Tensor) -> Tensor:
    """What each of n pixels has in each of m equal parts of their length, (m, n); rows sum to 1."""
    ends = torch.arange(m + 1, dtype=like.dtype, device=like.device)[:, None] * n / m
    pixels = torch.arange(n, dtype=like.dtype, device=like.device)
    overlap = torch.minimum(ends[1:], pixels + 1) - torch.maximum(ends[:-1], pixels)
    return overlap.clamp(min=0) * m / n


def fine(images: Tensor, size: Size, mode: Mode = "bicubic") -> Tensor:
    """Images in [0, 1] of another size, in 64 bits: for signs, bins and peaks, about which rounding must not decide."""
    return torch.cat([resize(plane.double(), size, mode) for plane in images.split(1, 1)], 1).clamp(0, 1)


def at_width(images: Tensor, width: int) -> Tensor:
    """Images in [0, 1] at a width in px, in proportion, but at most eight times as high; in 64 bits."""
    height = round(width * images.shape[-2] / images.shape[-1])
    return fine(images, (min(max(height, 1), 8 * width), width))


def scaled(images: Tensor, scale: float, least: int = 1) -> Tensor:
    """Images in [0, 1] at a scale, no side below `least` px; in 64 bits."""
    return fine(images, [max(least, round(scale * n)) for n in images.shape[-2:]])


def within(size: Size, side: int) -> tuple[int, int]:
    """Height and width in the same proportion whose longer one is `side` px."""
    height, width = (max(1, round(n * side / max(size))) for n in size)
    return height, width
