"""Boolean map saliency (Zhang, Sclaroff 2016, doi:10.1109/TPAMI.2015.2473844)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from saliency_eval.models.nets.primitives import blur, half_up, lab, minmax, turned
from saliency_eval.models.nets.sizes import area, fine, within

BEFORE, AFTER = 3, 4  # px by which Boolean maps, and the map, are widened
ROUNDING = 1e-6  # range of a colour that is not there; of others it is about 1
EVERY = 16  # steps between two looks at whether reconstruction has ended


def bms(images: Tensor, *, side: int, step: int, sigma: float) -> Tensor:
    """Regions that do not touch the border in thresholded colours and their complements, weighed and added."""
    levels = -(-255 // step)
    seen = colours(images, side)
    above = (seen - seen.amin((-2, -1), keepdim=True)).short()
    above = ((above + step - 1) // step).to(torch.uint8)
    sets = torch.cat([above, levels - above], 1)  # {sets >= k}: Boolean maps, and their complements
    reached = from_border(sets)
    total = torch.zeros_like(sets[:, 0], dtype=torch.float64)
    for level in range(1, levels + 1):
        enclosed = widened(((sets >= level) & (reached < level)).to(torch.uint8), BEFORE)
        norm = enclosed.sum((-2, -1), keepdim=True).clamp(min=1).double().sqrt()
        total += (enclosed / norm).sum(1)
    return blur(widened(minmax(total, ROUNDING), AFTER)[:, None], sigma, truncate=2)[:, 0]


def colours(images: Tensor, side: int) -> Tensor:
    """Whitened colours from 0 to 255, whole numbers, medians of 3x3; (batch, 3, h, w), longer side `side`."""
    size = within(images.shape[-2:], side)
    shrinks = size[0] <= images.shape[-2] and size[1] <= images.shape[-1]
    small = lab(area(images.double(), size) if shrinks else fine(images, size))
    small = half_up(small * small.new_tensor([2.55, 1, 1])[:, None, None])
    white = turned(small.flatten(2)).reshape(small.shape)  # a division by deviations would go with the range
    whole = half_up(255 * minmax(white, ROUNDING))
    padded = functional.pad(whole, (1, 1, 1, 1), mode="replicate")
    return padded.unfold(2, 3, 1).unfold(3, 3, 1).flatten(4).median(-1).values


def from_border(sets: Tensor) -> Tensor:
    """For each pixel the largest k with a way in {sets >= k}, over corners too, from the border; (batch, c, h, w).

    Reconstruction by dilation: one for all thresholds, since what the border reaches shrinks as k grows.
    """
    reached = sets.clone()
    reached[..., 1:-1, 1:-1] = 0
    while True:
        before = reached
        for _ in range(EVERY):
            reached = torch.minimum(widened(reached, 1), sets)
        if torch.equal(before, reached):
            return reached


def widened(maps: Tensor, radius: int) -> Tensor:
    """The largest value in the square of this radius around each pixel; (..., h, w)."""
    for axis in (-2, -1):
        length = maps.shape[axis]
        for _ in range(radius):
            grown = maps.clone()
            ahead, behind = (grown.narrow(axis, k, length - 1) for k in (0, 1))
            torch.maximum(ahead, maps.narrow(axis, 1, length - 1), out=ahead)
            torch.maximum(behind, maps.narrow(axis, 0, length - 1), out=behind)
            maps = grown
    return maps
