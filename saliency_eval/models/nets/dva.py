"""Dynamic visual attention by incremental coding length (Hou, Zhang 2008)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from saliency_eval.models.bases import bundled
from saliency_eval.models.nets.primitives import minmax
from saliency_eval.models.nets.sizes import resize

SIZE = (80, 120)  # px to which an image is brought, whatever its aspect


def dva(images: Tensor) -> Tensor:
    """Energy of the features whose coding length grows when they are excited a little more."""
    filters = torch.as_tensor(bundled("dva").filters).to(images)
    responses = functional.conv2d(resize(images, SIZE).clamp(0, 1), filters).abs()
    energy = torch.einsum("bk,bkhw->bhw", gains(responses.sum((-2, -1))), responses)[:, None]
    window = filters.shape[-1]
    spread = functional.avg_pool2d(functional.pad(energy, (window - 1,) * 4), window, 1)
    return minmax(spread**2)[:, 0]


def gains(activity: Tensor) -> Tensor:
    """Shares of the increase in coding length, from the activity of each feature (batch, k)."""
    p = activity / activity.sum(1, keepdim=True).clamp(min=torch.finfo(activity.dtype).tiny)
    entropy = -(torch.xlogy(p, p) / torch.log(p.new_tensor(2.0))).sum(1, keepdim=True)
    bits = torch.log2(p.clamp(min=torch.finfo(p.dtype).tiny))
    gain = torch.where(p > 0, (-entropy - bits - p - p * bits).clamp(min=0), 0.0)
    return gain / gain.sum(1, keepdim=True).clamp(min=torch.finfo(p.dtype).tiny)
