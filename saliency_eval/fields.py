"""Fields that follow from others: fixated pixels, densities, the fixations of other images, baselines.

They are declared functions like metrics: computed when first read, kept with the image they belong to, and
callable by hand on arrays.
"""

from __future__ import annotations

import functools
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from saliency_eval import check
from saliency_eval.core import Options, derived
from saliency_eval.errors import fail
from saliency_eval.maps import Floats, Map
from saliency_eval.options import Count, Range, Seed, Share, Sigma
from saliency_eval.pool import Points, Pool, Shape
from saliency_eval.resize import resize

Duplicates = Literal["unique", "count"]
Border = Literal["zero", "reflect", "antonio"]


def once_per_pixel(points: Points, duplicates: Duplicates = "unique") -> Points:
    """Fixations in row-major order, several on one pixel kept once (`unique`) or all (`count`).

    >>> once_per_pixel(np.array([[2, 1], [0, 3], [2, 1]])).tolist()
    [[0, 3], [2, 1]]
    """
    order = np.lexsort((points[:, 1], points[:, 0]))
    ordered = points[order]
    if duplicates == "count" or not len(points):
        return ordered
    new = np.ones(len(ordered), bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(1)
    return ordered[new]


# ------------------------------------------------------------------ densities


@derived()
def fixation_map(fixations: Points, shape: Shape) -> NDArray[np.uint8]:
    """Binary map (height, width): 1 at every fixated pixel.

    >>> fixation_map(np.array([[0, 1]]), (1, 3)).tolist()
    [[0, 1, 0]]
    """
    binary = np.zeros(shape, np.uint8)
    binary[tuple(check.points(fixations, shape).T)] = 1
    return binary


def idle_of_density(options: Options) -> tuple[str, ...]:
    """Options without effect on a density beside the others."""
    if options["source"] == "file":
        return ("border", "sigma", "truncate", "fc", "duplicates")
    return ("sigma", "truncate") if options["border"] == "antonio" else ("fc",)


@derived(idle=idle_of_density)
def density(
    fixations: Points,
    shape: Shape,
    stored_density: Any = None,
    *,
    source: Literal["fixations", "file"] = "fixations",
    border: Border = "zero",
    sigma: Sigma | Literal["dataset"] = "dataset",
    truncate: Annotated[float, Range(0.1, 20)] = 4.0,
    fc: Annotated[float, Range(0.01, 10_000)] = 8.0,
    duplicates: Duplicates = "unique",
    normalise: Literal["none", "sum", "minmax"] = "none",
) -> Map:
    """Fixations blurred by a Gaussian.

    `fixations` (n, 2) pixels; `shape` (height, width). `sigma` in px: a property of the data set, there is no
    default by hand. `border`: `zero` and `reflect` cut and renormalise the kernel at `truncate` sigmas, as
    `scipy.ndimage.gaussian_filter` does; `antonio` is the periodic kernel of the MIT benchmark, whose width
    follows from the cut-off `fc` and the image size (a Gaussian in the plane: the filter of the MIT code in the
    frequency domain is the same where that width is above a pixel). `duplicates`: fixations on one pixel count once
    or each. `source="file"` reads the data set's own map. Raises `SaliencyEvalError` for points outside the image.

    Source: Judd, Durand, Torralba 2012, hdl:1721.1/68590; `antonioGaussian` of the MIT benchmark.

    >>> float(density(np.array([[2, 3]]), (5, 7), sigma=1.0).values.max().round(6))
    0.159156
    """
    if source == "file":
        if stored_density is None:
            fail(
                "undefined_metric",
                "the data set holds no density files",
                "use density.source=fixations",
                exit=4,
            )
        blurred = resize(stored_density(), shape, "error").astype(np.float64)
    else:
        points = once_per_pixel(check.points(fixations, shape), duplicates)
        blurred = blur(points, shape, border, sigma, truncate, fc)
    if normalise != "none" and blurred.any():
        low = blurred.min() if normalise == "minmax" else 0.0
        blurred = (blurred - low) / (blurred.max() - low if normalise == "minmax" else blurred.sum())
    return Map(blurred, "density")


def blur(
    points: Points,
    shape: Shape,
    border: Border,
    sigma: float | Literal["dataset"],
    truncate: float = 4.0,
    fc: float = 8.0,
) -> Floats:
    """Sum of one Gaussian per point: a product of two thin matrices, since the kernel is separable."""
    if border == "antonio":
        rows, columns = (periodic_kernels(points[:, axis], shape, axis, fc) for axis in (0, 1))
    elif isinstance(sigma, str):
        fail("usage", "density needs sigma, the width of the blur in pixels", "pass sigma=24.0, for example")
    else:
        rows, columns = (
            cut_kernels(points[:, axis], shape[axis], sigma, truncate, border) for axis in (0, 1)
        )
    return rows.T @ columns


def cut_kernels(centres: NDArray[np.int64], n: int, sigma: float, truncate: float, border: Border) -> Floats:
    """(points, n): for each point the Gaussian along one axis, cut at `truncate` sigmas and summing to one."""
    radius = int(truncate * sigma + 0.5)
    offsets = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * (offsets / sigma) ** 2) if sigma > 0 else (offsets == 0).astype(float)
    kernel /= kernel.sum()
    where = centres[:, None] + offsets
    weights = np.broadcast_to(kernel, where.shape)
    if border == "reflect":
        where = np.minimum(where % (2 * n), 2 * n - 1 - where % (2 * n))
    else:
        weights = np.where((where >= 0) & (where < n), weights, 0.0)
        where = np.clip(where, 0, n - 1)
    flat = (where + n * np.arange(len(centres))[:, None]).ravel()
    summed: Floats = np.bincount(flat, weights.ravel(), minlength=n * len(centres)).astype(np.float64)
    return summed.reshape(len(centres), n)


def periodic_kernels(centres: NDArray[np.int64], shape: Shape, axis: int, fc: float) -> Floats:
    """(points, n): the Gaussian of `antonioGaussian`, periodic on the next power of two of the longer side."""
    period = 2 ** int(np.ceil(np.log2(max(shape))))
    sigma = period * np.sqrt(2 * np.log(2)) / (2 * np.pi * fc)
    offset = np.arange(shape[axis]) - centres[:, None]
    copies = sum(np.exp(-0.5 * ((offset + k * period) / sigma) ** 2) for k in (-1, 0, 1))
    return np.asarray(copies / (sigma * np.sqrt(2 * np.pi)))


# ------------------------------------------------------------------ other images


@derived(idle=lambda options: ("seed",) if options["others"] == "all" else ())
def other_images(
    pool: Pool,
    id: str,
    *,
    others: Count | Literal["all"] = 10,
    seed: Seed = 0,
    rng: np.random.Generator | None = None,
) -> NDArray[np.int64]:
    """Numbers of the images whose fixations serve as negatives: all others, or `others` of them drawn.

    `pool` of all images, `id` of this one; ascending integers. With no more than `others` other images, all.

    >>> pool = Pool.of([(name, (3, 4), np.array([[0, n]])) for n, name in enumerate("abc")])
    >>> other_images(pool, "b", others="all").tolist()
    [0, 2]
    """
    rest = np.delete(np.arange(len(pool.ids)), pool.number[id])
    if others == "all" or others >= len(rest):
        return rest
    return np.sort((rng or np.random.default_rng(seed)).choice(rest, others, replace=False))


@derived()
def other_fixations(
    pool: Pool,
    other_images: NDArray[np.int64],
    fixations: Points,
    shape: Shape,
    *,
    other_duplicates: Literal["unique", "unique_per_image", "count"] = "unique",
    exclude_own: bool = False,
    rescale: Literal["points", "map", "none"] = "points",
) -> Points:
    """Fixations of other images on this image's pixels, the negatives of the shuffled AUC.

    `other_duplicates`: `unique` one per pixel over all images (MIT), `unique_per_image`, `count` every one.
    `exclude_own` leaves out pixels that are fixated here. `rescale`: `points` scales coordinates to this
    image's size; `map` resizes each binary map with bicubic weights and keeps what is above 0 (the MIT driver,
    only to reproduce it); `none` demands equal sizes, else raises `wrong_size`. Returns points (m, 2).

    >>> pool = Pool.of([("a", (3, 4), np.array([[0, 0]])), ("b", (6, 8), np.array([[5, 7], [4, 6]]))])
    >>> other_fixations(pool, np.array([1]), np.array([[0, 0]]), (3, 4), other_duplicates="count").tolist()
    [[2, 3], [2, 3]]
    """
    parts = [
        moved(pool.points_of(n), (int(pool.shapes[n, 0]), int(pool.shapes[n, 1])), shape, rescale)
        for n in other_images
    ]
    if other_duplicates == "unique_per_image":
        parts = [once_per_pixel(p) for p in parts]
    points = np.concatenate(parts) if parts else np.empty((0, 2), np.int64)
    if other_duplicates == "unique":
        points = once_per_pixel(points)
    if exclude_own:
        own = fixation_map(fixations, shape)
        points = points[own[points[:, 0], points[:, 1]] == 0]
    return points


def moved(points: Points, source: Shape, target: Shape, rescale: str) -> Points:
    """Points of one image size on another."""
    if source == target:
        return points
    if rescale == "none":
        fail(
            "wrong_size",
            f"images of {source} and {target} differ and rescale=none",
            "use rescale=points",
            exit=4,
        )
    if rescale == "map":
        return np.argwhere(resize(fixation_map(points, source), target) > 0)
    return np.asarray(points * np.array(target) // np.array(source))


@derived(idle=lambda options: ("sigma", "mix") if options["model"] == "uniform" else ())
def baseline(
    pool: Pool,
    id: str,
    shape: Shape,
    *,
    model: Literal["centre_bias", "uniform"] = "centre_bias",
    sigma: Sigma | Literal["dataset"] = "dataset",
    mix: Share = 0.01,
) -> Map:
    """The positive map over which information gain is counted; its name is part of the signature.

    `model`: `centre_bias`, the blurred fixations of all other images with a share `mix` of a uniform map, or
    `uniform`. `sigma` in px. Returns a map (height, width); raises `usage` without sigma.

    >>> pool = Pool.of([("a", (3, 4), np.array([[0, 0]])), ("b", (3, 4), np.array([[2, 3]]))])
    >>> round(float(baseline(pool, "a", (3, 4), sigma=0.0, mix=0.12).values[2, 3]), 6)
    0.89
    """
    if model == "uniform":
        return Map(np.ones(shape), "baseline")
    return Map(centre_bias_map(pool, id, shape, sigma, mix), "baseline")


def centre_bias_map(
    pool: Pool, id: str, shape: Shape, sigma: float | Literal["dataset"], mix: float
) -> Floats:
    """Blurred fixations of all other images, mixed with `mix` of a uniform map; sums to one."""
    if isinstance(sigma, str):
        fail("usage", "the centre bias needs sigma, the width of the blur in pixels", "pass sigma=24.0")
    total = blurred_counts(pool, shape, sigma)
    own = blur(pool.points_of(pool.number[id]), shape, "zero", sigma)
    others = np.maximum(total - own, 0.0)
    share = others / others.sum() if others.sum() > 0 else np.full(shape, 1 / others.size)
    return (1 - mix) * share + mix / others.size


@functools.lru_cache(maxsize=4)
def blurred_counts(pool: Pool, shape: Shape, sigma: float) -> Floats:
    """All fixations of the pool on one image size, blurred; kept for the sizes seen last."""
    from scipy.ndimage import gaussian_filter

    scaled = np.floor((pool.points + 0.5) * np.array(shape) / pool.shapes[pool.image]).astype(np.int64)
    counts = np.zeros(shape)
    np.add.at(counts, tuple(scaled.T), 1.0)
    return np.asarray(gaussian_filter(counts, sigma, mode="constant", truncate=4.0))
