"""Saliency from covariances of regions (Erdem, Erdem 2013, doi:10.1167/13.4.11)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from saliency_eval.models.nets.primitives import blur, lab, minmax
from saliency_eval.models.nets.sizes import fine, resize, within

SIDE = 512  # px, of the square to which an image is brought
PATCHES = (8, 16, 32, 64, 128)  # px
AROUND = 3  # patches in each direction with which one is compared
NEAREST = 0.1  # share of them that counts
RIDGE = 1e-3  # added to variances
SOLVED = 2**14  # matrices at a time: the solver of a GPU fails at twice as many
ROUNDING = 1e-7  # how much patches differ, by 1 + px between them, that are the same
SMOOTH = 0.02  # sigma of the last Gaussian, as a share of the longer side
Distance = Literal["exact", "log_euclidean"]


def covsal(images: Tensor, *, distance: Distance, centre: bool) -> Tensor:
    """Product over sizes of patches of how much each differs from the most similar ones around it."""
    seen = features(fine(images, (SIDE, SIDE)))
    found = torch.ones_like(seen[:, :1])
    for patch in PATCHES:
        found = found * resize(rarity(covariances(seen, patch), patch, distance, centre), (SIDE, SIDE)).clamp(
            min=0
        )
    size = within(images.shape[-2:], min(SIDE, max(images.shape[-2:])))
    shaped = functional.interpolate(found, size, mode="bilinear", align_corners=False)
    return minmax(blur(shaped, SMOOTH * max(size), truncate=2))[:, 0]


def features(images: Tensor) -> Tensor:
    """L, a, b, slopes of intensity to the right and down, row and column; (batch, 7, h, w)."""
    padded = functional.pad(255 * images.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    right = (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]).abs()
    down = (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]).abs()
    axes = (torch.arange(n).to(images) for n in images.shape[-2:])
    places = torch.stack(torch.meshgrid(*axes, indexing="ij")).expand(len(images), -1, -1, -1)
    return torch.cat([lab(images), right, down, places], 1)


def covariances(seen: Tensor, patch: int) -> Tensor:
    """Covariances of the features in a grid of patches; (batch, rows, columns, 7, 7)."""
    patches = seen.unfold(2, patch, patch).unfold(3, patch, patch).flatten(4).permute(0, 2, 3, 1, 4)
    centred = patches - patches.mean(-1, keepdim=True)
    return centred @ centred.mT / (patch**2 - 1) + RIDGE * torch.eye(seen.shape[1]).to(seen)


def rarity(found: Tensor, patch: int, distance: Distance, centre: bool) -> Tensor:
    """Mean over the most similar patches around of the distance by 1 + px between them; (batch, 1, rows, columns)."""
    rows, columns = found.shape[1:3]
    apart, inside = offsets(rows, columns, found)
    differ = DISTANCES[distance](found) / (1 + patch * apart)
    differ = torch.where(differ > ROUNDING, differ, 0.0).masked_fill(~inside, torch.inf)
    counted = (NEAREST * inside.sum(-1)).floor().clamp(min=1)
    smallest = differ.topk(int(counted.amax()), largest=False, sorted=True).values
    used = torch.arange(smallest.shape[-1]).to(counted) < counted[..., None]
    mean = smallest.masked_fill(~used, 0).sum(-1) / counted
    return (mean * nearness(rows, columns, found) if centre else mean)[:, None]


def offsets(rows: int, columns: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Distances (49,) of a patch to those around it, in patches, and which are others (rows, columns, 49)."""
    steps = torch.arange(-AROUND, AROUND + 1).to(like)
    apart = torch.hypot(steps[:, None], steps).flatten()
    inside = around(like.new_ones(1, rows, columns, 1), 0.0)[0, ..., 0] > 0
    return apart, inside & (apart > 0)


def around(values: Tensor, outside: float | None = None) -> Tensor:
    """Values (batch, rows, columns, n) of the patches around each; (batch, rows, columns, 49, n)."""
    mode, value = ("replicate", None) if outside is None else ("constant", outside)
    padded = functional.pad(values.movedim(-1, 1), (AROUND,) * 4, mode=mode, value=value)
    width = 2 * AROUND + 1
    return padded.unfold(2, width, 1).unfold(3, width, 1).flatten(4).permute(0, 2, 3, 4, 1)


def exact(found: Tensor) -> Tensor:
    """Root of the sum of squared logarithms of the generalised eigenvalues; (batch, rows, columns, 49)."""
    others = around(found.flatten(3)).unflatten(-1, found.shape[-2:])
    root = torch.linalg.cholesky(found)[..., None, :, :].expand_as(others)
    half = torch.linalg.solve_triangular(root, others, upper=False)
    both = torch.linalg.solve_triangular(root, half.mT, upper=False)
    parts = ((both + both.mT) / 2).flatten(0, 3).split(SOLVED)
    values = torch.cat([torch.linalg.eigvalsh(part) for part in parts]).reshape(both.shape[:-1])
    return values.clamp(min=torch.finfo(found.dtype).tiny).log().norm(dim=-1)


def log_euclidean(found: Tensor) -> Tensor:
    """Frobenius norm of the difference of matrix logarithms; (batch, rows, columns, 49)."""
    parts = found.flatten(0, 2).split(SOLVED)
    logs = torch.cat([logarithm(part) for part in parts]).reshape(found.shape).flatten(3)
    return (around(logs) - logs[..., None, :]).norm(dim=-1)


def logarithm(matrices: Tensor) -> Tensor:
    """Of covariances (n, 7, 7), whose variances are at least the ridge, whatever rounding makes of them."""
    values, axes = torch.linalg.eigh(matrices)
    return axes * values.clamp(min=RIDGE / 2).log()[..., None, :] @ axes.mT


DISTANCES = {"exact": exact, "log_euclidean": log_euclidean}


def nearness(rows: int, columns: int, like: Tensor) -> Tensor:
    """1 at the centre of the image, falling with the distance to 0 at its corners; (rows, columns)."""
    down, right = (((torch.arange(n).to(like) + 0.5) / n - 0.5) for n in (rows, columns))
    return 1 - torch.hypot(down[:, None], right) / 0.5**0.5
