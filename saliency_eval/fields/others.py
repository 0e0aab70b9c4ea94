"""Fixations of other images on the pixels of one."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval.errors import fail
from saliency_eval.pool import Points, Pool, Shape, once_per_pixel
from saliency_eval.resize import resize

Rescale = Literal["points", "map", "none"]
Once = Literal["unique", "unique_per_image", "count"]  # over all images, in each image, or never


def together(pool: Pool, images: NDArray[np.int64], shape: Shape, rescale: Rescale, once: Once) -> Points:
    """Fixations of some images on one image size: one image after the other, under `unique` in row-major order."""
    ids = np.arange(len(pool.ids))
    own = int(ids.sum() - images.sum())  # the one that is left out, if it is one
    if not len(images) or not np.array_equal(images, ids[ids != own]):
        parts = moved(pool, images, shape, rescale, once)
        points = np.concatenate(parts) if parts else np.empty((0, 2), np.int64)
        return once_per_pixel(points) if once == "unique" else points
    everyone = moved_pool(pool, shape, rescale, once)
    if once != "unique":
        return np.concatenate(everyone[:own] + everyone[own + 1 :])
    union = united(pool, shape, rescale)
    pixels, times = np.unique(everyone[own] @ (shape[1], 1), return_counts=True)
    place = np.searchsorted(union.pixels, np.asarray(pixels))
    gone = place[union.times[place] == times]
    between = zip([0, *(gone + 1)], [*gone, len(union.pixels)], strict=True)
    return np.concatenate([union.points[:, start:end] for start, end in between], axis=1).T


class Union(NamedTuple):
    """Pixels that are fixated in any image, ascending, as rows and columns (2, n), and how often each is."""

    pixels: NDArray[np.int64]
    points: NDArray[np.int64]
    times: NDArray[np.int64]


@functools.lru_cache(maxsize=4)
def united(pool: Pool, shape: Shape, rescale: Rescale) -> Union:
    """The fixations of all images on one image size; kept for the sizes seen last."""
    points = np.concatenate(moved_pool(pool, shape, rescale, "unique"))
    pixels, times = np.unique(points @ (shape[1], 1), return_counts=True)
    return Union(pixels, np.array(np.divmod(pixels, shape[1])), times)


@functools.lru_cache(maxsize=4)
def moved_pool(pool: Pool, shape: Shape, rescale: Rescale, once: Once) -> list[Points]:
    """The fixations of each image on one image size; kept for the sizes seen last."""
    return moved(pool, range(len(pool.ids)), shape, rescale, once)


def moved(pool: Pool, images: Iterable[int], shape: Shape, rescale: Rescale, once: Once) -> list[Points]:
    """The fixations of each of some images on one image size, under `unique_per_image` once per pixel."""
    found = [on_size(pool.points_of(n), pool.shape_of(n), shape, rescale) for n in images]
    return [once_per_pixel(points) for points in found] if once == "unique_per_image" else found


def on_size(points: Points, source: Shape, target: Shape, rescale: Rescale) -> Points:
    """Points of one image size on another."""
    if source == target:
        return points
    if rescale == "none":
        text = f"images of {source} and {target} differ and rescale=none"
        fail("wrong_size", text, "use rescale=points", exit=4)
    if rescale == "map":
        binary = np.zeros(source)
        binary[tuple(points.T)] = 1
        return np.argwhere(resize(binary, target) > 0)
    return np.asarray(points * np.array(target) // np.array(source))
