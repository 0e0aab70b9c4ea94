"""Graph-based visual saliency (Harel, Koch, Perona 2006)."""

from __future__ import annotations

import torch
from torch import Tensor

from saliency_eval.models.nets.channels import Colour, attenuated, channels, softened
from saliency_eval.models.nets.primitives import minmax
from saliency_eval.models.nets.sizes import Size, resize, within

LEVELS = (2, 3, 4)
POWER = 1.5  # of the activation, which stands for the paper's second graph
BORDER = 4  # px
BLUR = 0.02  # sigma as a share of the map
WEIGHTS = 2**24  # held at a time


def gbvs(images: Tensor, *, colour: Colour, side: int, sigma: float) -> Tensor:
    """Where random walks on the graphs of 24 maps of features spend their time, summed."""
    size = within(images.shape[-2:], side)
    features = [resize(maps, size) for found in channels(images, LEVELS, colour) for maps in found.values()]
    nodes = minmax(torch.cat(features, 1)).to(images)
    active = activation(nodes.flatten(0, 1).flatten(1), nearness(size, sigma, nodes)).reshape(nodes.shape)
    total = minmax(attenuated((active**POWER).sum(1, keepdim=True), BORDER))
    return minmax(resize(minmax(softened(total, BLUR)), images.shape[-2:]))[:, 0]


def activation(nodes: Tensor, near: Tensor) -> Tensor:
    """Equilibrium of the walk that steps from j to i in proportion to near_ij |A_i - A_j|; (graphs, nodes).

    These weights are symmetric, so it is each node's share of all weights: nothing has to be iterated.
    """
    parts = nodes.split(max(1, WEIGHTS // near.numel()))
    found = torch.cat([((part[:, :, None] - part[:, None, :]).abs_() * near).sum(-1) for part in parts])
    total = found.sum(1, keepdim=True)
    return torch.where(total > 0, found / total.clamp(min=torch.finfo(found.dtype).tiny), 1 / found.shape[1])


def nearness(size: Size, sigma: float, like: Tensor) -> Tensor:
    """A Gaussian of the distance of each pair of nodes, sigma a share of the mean side; (nodes, nodes)."""
    places = torch.cartesian_prod(*(torch.arange(n, dtype=like.dtype, device=like.device) for n in size))
    width = sigma * sum(size) / 2
    return torch.exp(-(torch.cdist(places, places) ** 2) / (2 * width**2))
