"""Context-aware saliency (Goferman, Zelnik-Manor, Tal 2012, doi:10.1109/TPAMI.2011.272)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from saliency_eval.models.nets.primitives import lab, minmax
from saliency_eval.models.nets.sizes import fine, resize, within

SCALES = (
    (1.0, 3),
    (0.8, 2),
    (0.5, 1),
    (0.3, 1),
)  # of the image, and half the side of the patches there, in px
RATIOS = (1.0, 0.5, 0.25)  # of that size, at which patches to compare with are taken
SMALLEST = 0.2  # scale * ratio that is used
NEAR = 3.0  # weight of the distance of places
FOCUS = 0.8  # share of the maximum from which on a pixel draws its neighbours with it
DISTANCES, ON_GPU = 2**20, 2**26  # between patches, at one time; there each step takes as long, however small


def context_aware(images: Tensor, *, side: int, neighbours: int, stride: int) -> Tensor:
    """Pixels whose patch resembles none of the image, at several scales, drawn toward the foci of attention."""
    size = within(images.shape[-2:], side)
    small = fine(images, size, "bilinear")
    colours = minmax(torch.round(lab(small), decimals=3))  # else grey has colours
    maps = [
        resize(uniqueness(colours, scale, half, neighbours, stride)[:, None], size) for scale, half in SCALES
    ]
    found = torch.stack(maps).mean(0)[:, 0]
    away = distance(found >= FOCUS * found.amax((-2, -1), keepdim=True))
    farthest = away.amax((-2, -1), keepdim=True)
    return found * (1 - away / farthest.clamp(min=1))


def uniqueness(colours: Tensor, scale: float, half: int, neighbours: int, stride: int) -> Tensor:
    """1 - exp(-mean distance to the most similar patches), by the size of a patch; (batch, h, w)."""
    scaled = at(colours, scale)
    own, places = patches(scaled, half, 1)
    taken = [patches(at(colours, scale * r), half, half * stride) for r in RATIOS if scale * r >= SMALLEST]
    others, where = torch.cat([p for p, _ in taken], 1), torch.cat([w for _, w in taken])
    facing = torch.cat([others, torch.ones_like(others[..., :1]), squares(others)], -1).mT
    least = min(neighbours, len(where))
    held = DISTANCES if colours.device.type == "cpu" else ON_GPU
    rows = max(1, held // (len(colours) * len(where)))
    means = [
        unlike(some, facing, here, where).topk(least, largest=False, sorted=False).values.mean(-1)
        for some, here in zip(own.split(rows, 1), places.split(rows), strict=True)
    ]
    weight = 49 / (2 * half + 1) ** 2
    return 1 - torch.exp(-weight * torch.cat(means, 1)).unflatten(1, scaled.shape[-2:])


def at(colours: Tensor, scale: float) -> Tensor:
    """The image at a scale."""
    size = within(colours.shape[-2:], max(1, round(scale * max(colours.shape[-2:]))))
    return resize(colours, size, "bilinear")


def patches(colours: Tensor, half: int, stride: int) -> tuple[Tensor, Tensor]:
    """Patches around every `stride`-th pixel (batch, n, values), and their places (n, 2) by the longer side."""
    padded = functional.pad(colours, (half,) * 4, mode="replicate")
    found = functional.unfold(padded, 2 * half + 1, stride=stride).mT
    longer = max(colours.shape[-2:])
    axes = (torch.arange(0, n, stride).to(colours) / longer for n in colours.shape[-2:])
    return found, torch.cartesian_prod(*((axis + 0.5 / longer) for axis in axes))


def squares(values: Tensor) -> Tensor:
    """The squared length of each patch; (batch, n, 1)."""
    return (values**2).sum(-1, keepdim=True)


def unlike(own: Tensor, facing: Tensor, here: Tensor, there: Tensor) -> Tensor:
    """Distance of patches by 1 + 3 times that of their places; (batch, own, others).

    `facing` are the others, 1 and their squared length, turned: |p|^2 - 2 p q + |q|^2 is one product.
    """
    squared = torch.cat([-2 * own, squares(own), torch.ones_like(own[..., :1])], -1) @ facing
    return squared.clamp_(min=0).sqrt_().div_(torch.cdist(here, there).mul_(NEAR).add_(1))


def distance(chosen: Tensor) -> Tensor:
    """Euclidean distance of each pixel to the nearest chosen one; (batch, h, w)."""
    far = sum(chosen.shape[-2:]) ** 2  # beyond every distance, squared
    return lower_envelope(lower_envelope((~chosen).double().mT * far).mT).sqrt()


def lower_envelope(heights: Tensor) -> Tensor:
    """The least of heights[j] + (i - j)^2 at each i of a line; (batch, lines, places). All at once would be vast."""
    found = heights.clone()
    for step in range(1, heights.shape[-1]):
        for here, there in (
            (found[..., step:], heights[..., :-step]),
            (found[..., :-step], heights[..., step:]),
        ):
            torch.minimum(here, there + step**2, out=here)
    return found
