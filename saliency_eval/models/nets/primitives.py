"""What several models share: colours, resizing, blurring, normalising, and how maps are finished."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Size = Sequence[int]  # height, width


def resize(maps: Tensor, size: Size) -> Tensor:
    """Bicubic with antialiasing, as Pillow does it; (batch, channels, h, w)."""
    if tuple(maps.shape[-2:]) == tuple(size):
        return maps
    return functional.interpolate(maps, tuple(size), mode="bicubic", antialias=True, align_corners=False)


def blur(maps: Tensor, sigma: float, truncate: float = 4.0) -> Tensor:
    """Separable Gaussian with the border repeated; (batch, channels, h, w)."""
    if sigma <= 0:
        return maps
    radius = math.ceil(truncate * sigma)
    steps = torch.arange(-radius, radius + 1, dtype=maps.dtype, device=maps.device)
    kernel = torch.exp(-0.5 * (steps / sigma) ** 2)
    kernel /= kernel.sum()
    down, right = (
        kernel.reshape(1, 1, *shape).expand(maps.shape[1], 1, -1, -1) for shape in ((-1, 1), (1, -1))
    )
    padded = functional.pad(maps, (0, 0, radius, radius), mode="replicate")
    maps = functional.conv2d(padded, down, groups=maps.shape[1])
    padded = functional.pad(maps, (radius, radius, 0, 0), mode="replicate")
    return functional.conv2d(padded, right, groups=maps.shape[1])


def minmax(maps: Tensor) -> Tensor:
    """Each map from 0 to 1; zeros where it has one value everywhere."""
    low, high = maps.amin((-2, -1), keepdim=True), maps.amax((-2, -1), keepdim=True)
    span = high - low
    return torch.where(span > 0, (maps - low) / span.clamp(min=torch.finfo(maps.dtype).tiny), 0.0)


def grey(images: Tensor) -> Tensor:
    """Luma 0.299 R + 0.587 G + 0.114 B; (batch, 1, h, w)."""
    weights = torch.tensor([0.299, 0.587, 0.114], dtype=images.dtype, device=images.device)
    return (images * weights[:, None, None]).sum(1, keepdim=True)


def finished(
    maps: Tensor,
    size: Size,
    *,
    smooth: float = 0.0,
    prior: Literal["none", "add", "mult"] = "none",
    weight: float = 0.5,
    output: Literal["map", "minmax", "log_density"] = "map",
) -> Tensor:
    """Maps (batch, h, w) at the size of the images, smoothed, with a prior at the centre, as what is wanted.

    The prior is exp(-dr^2 / (2 (0.2 H)^2) - dc^2 / (2 (0.2 W)^2)), 1 at the centre: (1 - w) minmax(S) + w G, or
    (1 - w) minmax(S) + w minmax(S) G.
    """
    found = blur(resize(maps[:, None], size), smooth * max(size))
    if prior != "none":
        found, centre = minmax(found), gaussian(size, 0.2, found)
        found = (1 - weight) * found + weight * (centre if prior == "add" else found * centre)
    if output != "map":
        found = minmax(found)
    if output == "log_density":
        mass = found.sum((-2, -1), keepdim=True)
        floor = torch.finfo(found.dtype).eps
        found = torch.log(torch.where(mass > 0, found / mass.clamp(min=floor), 1 / found[0].numel()) + floor)
    return found[:, 0]


def gaussian(size: Size, share: float, like: Tensor) -> Tensor:
    """A Gaussian at the centre, 1 there, whose widths are shares of height and width; (h, w)."""
    axes = [
        torch.exp(
            -0.5 * ((torch.arange(n, dtype=like.dtype, device=like.device) - (n - 1) / 2) / (share * n)) ** 2
        )
        for n in size
    ]
    return axes[0][:, None] * axes[1]


def lab(images: Tensor) -> Tensor:
    """CIE Lab (D65) of RGB in [0, 1]; (batch, 3, h, w)."""
    linear = torch.where(images <= 0.04045, images / 12.92, ((images + 0.055) / 1.055) ** 2.4)
    to_xyz = images.new_tensor(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    white = images.new_tensor([0.95047, 1.0, 1.08883])[:, None, None]
    t = torch.einsum("ij,bjhw->bihw", to_xyz, linear) / white
    f = torch.where(t > (6 / 29) ** 3, t.clamp(min=1e-12) ** (1 / 3), t / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def within(size: Size, side: int) -> tuple[int, int]:
    """Height and width in the same proportion whose longer one is `side` px."""
    height, width = (max(1, round(n * side / max(size))) for n in size)
    return height, width
