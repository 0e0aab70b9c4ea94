"""Centre and surround (Itti, Koch, Niebur 1998), in the form distributed with GBVS."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional

from saliency_eval.models.nets.channels import Colour, attenuated, channels, softened
from saliency_eval.models.nets.primitives import minmax
from saliency_eval.models.nets.pyramid import Levels
from saliency_eval.models.nets.sizes import Size, resize, within

CENTRES = (2, 3)  # levels
SHRINK = 8  # from the image to the map
BORDER = 4  # px
BLUR = 0.03  # sigma as a share of the map
HEIGHT = 10.0  # to which N scales a map
LEAST = 1.0  # of a local maximum
ROUNDING = 1e-9  # the range of a map, and the step between two of its values, that is no more than that


def itti_koch(images: Tensor, *, colour: Colour, furthest: int) -> Tensor:
    """Squared differences of levels, each weighted by how far its highest peak stands out, summed."""
    size = within(images.shape[-2:], max(1, (max(images.shape[-2:]) + SHRINK // 2) // SHRINK))
    pairs = [(c, c + d) for c in CENTRES for d in range(2, furthest + 1)]
    levels = sorted({level for pair in pairs for level in pair})
    conspicuous = [contrasts(found, pairs, size) for found in channels(images, levels, colour)]
    total = minmax(attenuated(sum_of(stands_out(maps) for maps in conspicuous), BORDER))
    return minmax(resize(minmax(softened(total, BLUR)).to(images), images.shape[-2:]))[:, 0]


def contrasts(levels: Levels, pairs: Iterable[tuple[int, int]], size: Size) -> Tensor:
    """The conspicuity of one channel: N of (centre - surround)^2, summed; (batch, 1, h, w)."""
    return sum_of(
        stands_out(resize((levels[c] - resize(levels[s], levels[c].shape[-2:])) ** 2, size)).sum(
            1, keepdim=True
        )
        for c, s in pairs
    )


def stands_out(maps: Tensor) -> Tensor:
    """N: a map from 0 to M = 10 times (M - mean of its local maxima)^2, M^2 if there is one, 1 if there is none."""
    maps = HEIGHT * minmax(maps, ROUNDING)
    peaks = local_maxima(maps)
    count = peaks.sum((-2, -1), keepdim=True)
    mean = (maps * peaks).sum((-2, -1), keepdim=True) / count.clamp(min=1)
    weight = torch.where(count > 1, (HEIGHT - mean) ** 2, torch.where(count == 1, HEIGHT**2, 1.0))
    return maps * weight


def local_maxima(maps: Tensor) -> Tensor:
    """Pixels off the border, at least 1 and at least as high as their four neighbours."""
    inner = maps[..., 1:-1, 1:-1]
    around = (maps[..., :-2, 1:-1], maps[..., 2:, 1:-1], maps[..., 1:-1, :-2], maps[..., 1:-1, 2:])
    peaks = inner >= LEAST - ROUNDING
    for neighbour in around:
        peaks = peaks & (inner >= neighbour - ROUNDING)
    return functional.pad(peaks, (1, 1, 1, 1))


def sum_of(maps: Iterable[Tensor]) -> Tensor:
    """The sum of several maps of one size."""
    return torch.stack(list(maps)).sum(0)
