"""Fields that follow from others: fixated pixels, densities, the fixations of other images, baselines.

They are declared functions like metrics: computed when first read, kept with the image they belong to, and
callable by hand on arrays.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from saliency_eval import check
from saliency_eval.core import Options, derived
from saliency_eval.errors import fail
from saliency_eval.fields.centre_bias import CentreBias
from saliency_eval.fields.curves import deletion_curve as deletion_curve
from saliency_eval.fields.curves import insertion_curve as insertion_curve
from saliency_eval.fields.curves import whole_image as whole_image
from saliency_eval.fields.gaussian import Border, blur
from saliency_eval.fields.others import Once, Rescale, together
from saliency_eval.maps import Map
from saliency_eval.options import Count, Range, Seed, Share, Sigma
from saliency_eval.pool import Duplicates, Points, Pool, Shape, once_per_pixel
from saliency_eval.resize import resize

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
    """Fixations blurred by a Gaussian, a map (height, width) of float64.

    `fixations` (n, 2) pixels; `shape` (height, width). `sigma` in px: a property of the data set, there is no
    default by hand. `border`: `zero` and `reflect` cut and renormalise the kernel at `truncate` sigmas, as
    `scipy.ndimage.gaussian_filter` does; `antonio` is the periodic kernel of the MIT benchmark, whose width
    follows from the cut-off `fc` and the image size (a Gaussian in the plane: the filter of the MIT code in the
    frequency domain is the same where that width is above a pixel), zero below 2^-53 of its peak. `duplicates`:
    fixations on one pixel count once or each. `source="file"` reads the data set's own map. `normalise`: divide by
    the `sum`, or map the range to 0 to 1. Raises `SaliencyEvalError` for points outside the image.

    D(y, x) = sum over fixations (r, c) of g(y - r) g(x - c), with g(d) = exp(-d^2 / (2 sigma^2)) divided by its sum;
    under `antonio` by sigma sqrt(2 pi), and sigma = N sqrt(2 ln 2) / (2 pi fc), N the power of two that holds both
    sides.
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
    low = blurred.min() if normalise == "minmax" else 0.0
    if normalise != "none" and blurred.max() > low:
        blurred = (blurred - low) / (blurred.max() - low if normalise == "minmax" else blurred.sum())
    return Map(blurred, "density") if source == "file" else Map.known(blurred)


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
    other_duplicates: Once = "unique",
    exclude_own: bool = False,
    rescale: Rescale = "points",
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
    points = together(pool, other_images, shape, rescale, other_duplicates)
    if exclude_own:
        own = fixation_map(fixations, shape)
        points = points[own[points[:, 0], points[:, 1]] == 0]
    return points


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

    `pool` of all images, `id` of this one, `shape` (height, width). `model`: `centre_bias`, the blurred fixations of
    all other images with a share `mix` of a uniform map, which sums to one, or `uniform`, 1 everywhere. `sigma` in
    px. Returns a map (height, width); raises `usage` without sigma.

    B = (1 - mix) T/sum(T) + mix/N, T the density of the other images' fixations on this size, of N pixels.
    Source: Kuemmerer, Wallis, Bethge 2015, doi:10.1073/pnas.1510393112.

    >>> pool = Pool.of([("a", (3, 4), np.array([[0, 0]])), ("b", (3, 4), np.array([[2, 3]]))])
    >>> round(float(baseline(pool, "a", (3, 4), sigma=0.0, mix=0.12).values[2, 3]), 6)
    0.89
    """
    if model == "uniform":
        return Map.known(np.ones(shape, np.uint8))
    return CentreBias(pool, id, shape, sigma, mix)
