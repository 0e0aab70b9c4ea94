"""Image signature (Hou, Harel, Koch 2012, doi:10.1109/TPAMI.2011.146)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saliency_eval.models.nets.primitives import blur, lab, minmax, varied
from saliency_eval.models.nets.sizes import at_width, resize

WIDTH = 64  # px to which an image is brought
ROUNDING = 1e-12  # of the largest coefficient: less has no sign
LEAST = 0.01  # range of a channel of Lab that is more than rounding: grey images have no colour
SIGMA = 0.045  # of the smoothing, as a share of that width


def image_signature(images: Tensor) -> Tensor:
    """Squares of what the signs of the cosine transform of each channel give back, mean over channels, smoothed."""
    small = lab(at_width(images, WIDTH))
    down, right = (cosines(n, small) for n in small.shape[-2:])
    waves = down @ small @ right.T
    present = waves.abs() > ROUNDING * waves.abs().amax((-2, -1), keepdim=True)
    signs = torch.sign(waves) * present * varied(small, LEAST)
    back = down.T @ signs @ right
    smoothed = blur((back**2).mean(1, keepdim=True), SIGMA * WIDTH)
    return minmax(resize(smoothed.to(images), images.shape[-2:]))[:, 0]


def cosines(n: int, like: Tensor) -> Tensor:
    """The orthonormal cosine transform of n values as a matrix (n, n)."""
    steps = torch.arange(n, dtype=like.dtype, device=like.device)
    matrix = math.sqrt(2 / n) * torch.cos(math.pi * (2 * steps + 1) * steps[:, None] / (2 * n))
    matrix[0] /= math.sqrt(2)
    return matrix
