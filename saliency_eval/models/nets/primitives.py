"""What several models share: colours, blurring, filtering, normalising, and how maps are finished."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

from saliency_eval.models.nets.sizes import Size, resize

FLOOR = torch.finfo(torch.float32).eps  # of a share, whatever a model computes in
LEAST = 0.05  # px, of a Gaussian: below, neighbours weigh less than 1e-86
TOGETHER = 4  # filters whose spectra stay in the cache of a processor
RESPONSES = 25_000_000  # of filters, held at a time for one image


def blur(maps: Tensor, sigma: float, truncate: float = 4.0) -> Tensor:
    """Separable Gaussian with the border repeated; (batch, channels, h, w)."""
    if sigma < LEAST:
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


def minmax(maps: Tensor, least: float = 0.0) -> Tensor:
    """Each map from 0 to 1; zeros where its range is no more than `least`, which can be what rounding makes."""
    low, high = maps.amin((-2, -1), keepdim=True), maps.amax((-2, -1), keepdim=True)
    span = high - low
    return torch.where(span > least, (maps - low) / span.clamp(min=torch.finfo(maps.dtype).tiny), 0.0)


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
    logs: bool = False,
) -> Tensor:
    """Maps (batch, h, w) at the size of the images, smoothed, with a prior at the centre, as what is wanted.

    Where the maps are `logs` of densities, these are what is smoothed, and `map` is their logarithm again.

    The prior is exp(-dr^2 / (2 (0.2 H)^2) - dc^2 / (2 (0.2 W)^2)), 1 at the centre: (1 - w) minmax(S) + w G, or
    (1 - w) minmax(S) + w minmax(S) G.
    """
    found = resize(maps[:, None], size)
    if logs:
        found = torch.log_softmax(found.flatten(1), 1).reshape(found.shape)
        if (output, smooth, prior) == ("map", 0, "none"):
            return found[:, 0]
        found, output = found.exp(), "log_density" if output == "map" else output
    found = blur(found, smooth * max(size))
    if prior != "none":
        found, centre = minmax(found), gaussian(size, 0.2, found)
        found = (1 - weight) * found + weight * (centre if prior == "add" else found * centre)
    if output == "minmax" or (output == "log_density" and not logs):
        found = minmax(found)
    return (log_density(found) if output == "log_density" else found)[:, 0]


def log_density(maps: Tensor) -> Tensor:
    """log(S / sum S), a little added to each share since log 0 is no number; the shares sum to 1."""
    mass = maps.sum((-2, -1), keepdim=True)
    shares = torch.where(mass > 0, maps / mass.clamp(min=FLOOR), 1 / maps[0].numel())
    return torch.log((shares + FLOOR) / (1 + FLOOR * maps[0].numel()))


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
    to_xyz = images.new_tensor(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    white = images.new_tensor([0.95047, 1.0, 1.08883])[:, None, None]
    t = torch.einsum("ij,bjhw->bihw", to_xyz, linearise(images)) / white
    f = torch.where(t > (6 / 29) ** 3, t.clamp(min=1e-12) ** (1 / 3), t / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def framed(maps: Tensor, size: Size) -> Tensor:
    """Maps (batch, 1, h, w) of what lies wholly inside images of a size, with a frame of their least value."""
    rows, columns = (n - m for n, m in zip(size, maps.shape[-2:], strict=True))
    sides = (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)
    low = maps.amin((-2, -1), keepdim=True)
    return functional.pad(maps - low, sides) + low


def chunks(filters: Tensor, pixels: int) -> tuple[Tensor, ...]:
    """Filters, as many at a time as give at most 100 MB of responses over so many pixels of an image."""
    return tuple(filters.split(max(1, RESPONSES // pixels)))


def correlated(images: Tensor, filters: Tensor) -> Tensor:
    """Images (batch, c, h, w) with filters (k, c, p, p) where they fit, by a Fourier transform: (batch, k, ...).

    In 64 bits that is quicker than a convolution in 32, whose rounding decides about bins and peaks.
    """
    size, seen = images.shape[-2:], torch.fft.rfft2(images)
    spectra = (
        torch.einsum("bchw,kchw->bkhw", seen, transformed(some.flip(-2, -1), size))
        for some in filters.split(TOGETHER)
    )
    found = torch.cat([torch.fft.irfft2(spectrum, size) for spectrum in spectra], 1)
    return found[..., filters.shape[-2] - 1 :, filters.shape[-1] - 1 :]


def transformed(filters: Tensor, size: Size) -> Tensor:
    """rfft2 of filters with zeros around, up to a size; over their few rows it is a product."""
    rows, lines = (
        torch.arange(n, dtype=filters.dtype, device=filters.device) for n in (filters.shape[-2], size[0])
    )
    turns = lines[:, None] * rows % size[0] / size[0]
    waves = torch.polar(torch.ones_like(turns), -2 * math.pi * turns)
    return waves @ torch.fft.rfft(filters, size[1])


def varied(maps: Tensor, least: float) -> Tensor:
    """Which channels have a range above `least`, (batch, channels, 1, 1); a transform makes patterns of rounding."""
    return maps.amax((-2, -1), keepdim=True) - maps.amin((-2, -1), keepdim=True) > least


def linearise(images: Tensor) -> Tensor:
    """Light in proportion to its power, of sRGB in [0, 1]."""
    return torch.where(images <= 0.04045, images / 12.92, ((images + 0.055) / 1.055) ** 2.4)


def half_up(values: Tensor) -> Tensor:
    """Whole numbers, halves rounded up, a little less than a half too: no device may decide."""
    return torch.floor(values + (0.5 + 1e-9))


def turned(values: Tensor) -> Tensor:
    """Rows (batch, rows, samples) turned to the axes of their variance, by falling variance.

    The first of the largest parts of each axis is positive, whatever the solver gave.
    """
    centred = values - values.mean(-1, keepdim=True)
    axes = torch.linalg.eigh(centred @ centred.mT).eigenvectors.flip(-1)
    large = axes.abs() > (1 - 1e-6) * axes.abs().amax(1, keepdim=True)
    return (axes * axes.sign().gather(1, large.byte().argmax(1, keepdim=True))).mT @ centred


def whiten(values: Tensor, floor: float = 1e-6) -> Tensor:
    """Rows decorrelated and of variance 1, by falling variance; less than `floor` of the greatest is not raised to 1.

    (batch, rows, samples); covariances are of double precision.
    """
    centred = values.double()
    centred = centred - centred.mean(-1, keepdim=True)
    variance, axes = torch.linalg.eigh(centred @ centred.mT / centred.shape[-1])
    variance, axes = variance.flip(-1), axes.flip(-1)
    least = (floor * variance[:, :1]).clamp(min=torch.finfo(values.dtype).tiny)
    turn = axes.mT / torch.maximum(variance, least).sqrt()[..., None]
    return (turn @ centred).to(values.dtype)


@contextmanager
def all_digits() -> Iterator[None]:
    """Products and convolutions on a GPU keep 32 bits meanwhile, not 19 as TF32 does; then all is as it was."""
    cuda, cudnn, saved = torch.backends.cuda, torch.backends.cudnn, list[tuple[Any, str, Any]]()
    places: list[tuple[Any, str, bool | str]] = [
        (cuda.matmul, "allow_tf32", False),
        (cudnn, "allow_tf32", False),
    ]
    if hasattr(cudnn, "conv"):  # since torch 2.9; the older two must agree with it
        places += [(place, "fp32_precision", "ieee") for place in (cuda.matmul, cudnn.conv, cudnn.rnn)]
    for place, name, _ in places:
        with suppress(RuntimeError):  # the older cannot tell where the newer was set alone
            saved.append((place, name, getattr(place, name)))
    try:
        for place, name, value in places:
            setattr(place, name, value)
        yield
    finally:
        for place, name, value in saved:
            setattr(place, name, value)
