"""Sums over all pixels of one map or two: in C where it was compiled at installation, else in numpy.

Both give the same up to the last digits. Arrays are flat or (height, width), in C order, of `uint8`, `float32` or
`float64`; weights and others are `float64` of the same size.
"""

from __future__ import annotations

import ctypes
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from saliency_eval.sums.build import library

Array = NDArray[Any]
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
LEVELS = 256
SAMPLE = 1000  # values that show about where the mean is
SUFFIX = {"uint8": "u8", "float32": "f32", "float64": "f64"}


class Moments(NamedTuple):
    """What is to be known of all values."""

    low: float
    high: float
    total: float
    squares: float  # sum of squared distances from the mean


def histogram(levels: Array) -> Counts:
    """Number of pixels of each of the 256 levels."""
    if not COMPILED:
        return np.bincount(levels.ravel(), minlength=LEVELS)
    found = np.empty(LEVELS, np.int64)
    run("histogram", levels, levels.size, found)
    return found


def level_sums(levels: Array, weights: Floats) -> Floats:
    """Sum of the weights over the pixels of each of the 256 levels."""
    if not COMPILED:
        return np.bincount(levels.ravel(), weights.ravel(), LEVELS).astype(np.float64)
    found = np.empty(LEVELS)
    run("level_sums", levels, weights, levels.size, found)
    return found


def moments(values: Array) -> Moments:
    """Extrema and sums, about a value near the mean, so that a large offset costs no digits."""
    flat = values.ravel()
    near = float(flat[:: flat.size // SAMPLE + 1].mean(dtype=np.float64))
    if COMPILED:
        found = np.empty(4)
        run("moments", values, values.size, near, found)
        low, high, moved, squares = found.tolist()
    else:
        distance = flat - np.float64(near)
        low, high = float(flat.min()), float(flat.max())
        moved, squares = float(distance.sum()), float(distance @ distance)
    squares = max(squares - moved * moved / flat.size, 0.0)
    return Moments(low, high, near * flat.size + moved, squares)


def covariance(values: Array, mean: float, others: Floats, other_mean: float) -> float:
    """Sum of (v - mean) (w - other_mean)."""
    if COMPILED:
        return float(run("covariance", values, mean, others, other_mean, values.size))
    return float(np.vdot(values - np.float64(mean), others - other_mean))


def shared(values: Array, low: float, scale: float, others: Floats, other_low: float) -> float:
    """Sum of the lesser of (v - low) scale and w - other_low."""
    if COMPILED:
        return float(run("shared", values, low, scale, others, other_low, values.size))
    return float(np.minimum((values - np.float64(low)) * scale, others - other_low).sum())


def reached(values: Array, low: float, range: float, edges: Floats) -> Counts:
    """Number of pixels for which (v - low) / range reaches exactly k of the ascending edges, for each k."""
    if not COMPILED or not len(edges):
        place = np.searchsorted(edges, (values.ravel() - np.float64(low)) / range, "right")
        return np.bincount(place, minlength=len(edges) + 1)
    found = np.empty(len(edges) + 1, np.int64)
    if not run("reached", values, values.size, low, range, edges, len(edges), found):
        raise MemoryError
    return found


def deposit(rows: Floats, starts: Counts, table: Floats, width: int) -> Floats:
    """(height, width): sum over points k of rows[k, y] times table[starts[k] + x]."""
    if not COMPILED:
        return rows.T @ sliding_window_view(table, width)[starts]
    points, height = rows.shape
    found = np.empty((height, width))
    if not run("deposit", rows, height, starts, points, table, len(table), width, found):
        raise MemoryError
    return found


# ------------------------------------------------------------------ the compiled form


def load() -> ctypes.CDLL | None:
    """The compiled functions, None where nothing was compiled from just these sources."""
    try:
        found = ctypes.CDLL(str(library()))
    except OSError:
        return None
    for suffix in SUFFIX.values():
        for name in ("covariance", "shared"):
            getattr(found, f"{name}_{suffix}").restype = ctypes.c_double
    return found


LIBRARY = load()
COMPILED = LIBRARY is not None


def run(name: str, values: Array, *arguments: Any) -> Any:
    """Call a compiled function for the type of the values: arrays by address, whole numbers as int64, else double."""
    kept = [np.ascontiguousarray(a) if isinstance(a, np.ndarray) else a for a in (values, *arguments)]
    return getattr(LIBRARY, f"{name}_{SUFFIX[values.dtype.name]}")(*map(as_c, kept))


def as_c(value: Any) -> Any:
    """An argument as C takes it."""
    if isinstance(value, np.ndarray):
        return ctypes.c_void_p(value.ctypes.data)
    return ctypes.c_int64(value) if isinstance(value, int) else ctypes.c_double(value)
