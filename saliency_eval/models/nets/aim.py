"""AIM, attention by information maximisation (Bruce, Tsotsos 2006, 2009, doi:10.1167/9.3.5)."""

from __future__ import annotations

import torch
from torch import Tensor

from saliency_eval.models.bases import bundled
from saliency_eval.models.nets.primitives import blur as blurred
from saliency_eval.models.nets.primitives import chunks, correlated, framed, minmax
from saliency_eval.models.nets.sizes import scaled

BYTES = 6  # times those of a response of 32 bits: it has 64, a level and what that says
OFF = 1e-3  # of a level: rounding must not decide about halves, which symmetric images are full of


def aim(images: Tensor, *, patch: int, scale: float, bins: int, blur: float) -> Tensor:
    """How rare the responses of learned filters are in the image itself: the sum of -log p over the filters."""
    small = scaled(images, scale, least=patch)
    filters = torch.as_tensor(bundled(f"aim{patch}").filters).to(small)
    information = sum(
        surprise(correlated(small, some), bins).sum(1, keepdim=True)
        for some in chunks(filters, BYTES * small[0, 0].numel())
    )
    return blurred(framed(information, small.shape[-2:]), blur)[:, 0].to(images)


def surprise(responses: Tensor, bins: int) -> Tensor:
    """-log p of each response (batch, k, h, w), p by the histogram of its own map."""
    levels = (minmax(responses) * (bins - 1) + OFF).round_().long()
    maps = levels.flatten(0, 1).flatten(1)
    first = bins * torch.arange(len(maps), device=maps.device)[:, None]
    counts = torch.bincount((maps + first).flatten(), minlength=bins * len(maps))
    information = -torch.log(counts.reshape(-1, bins) / maps.shape[1] + 1e-6)
    return information.gather(1, maps).reshape(responses.shape)
