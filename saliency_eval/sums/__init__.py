"""Sums over all pixels of one map or two: in C where it was compiled at installation, else in numpy.

Both give the same up to the last digits. Arrays are flat or (height, width), in C order, of `uint8`, `float32` or
`float64`; weights and others are `float64` of the same size.
"""

from __future__ import annotations

import ctypes
from typing import Any, NamedTuple

import numpy as np
from numpy.ctypeslib import ndpointer
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from saliency_eval.sums.build import library

Array = NDArray[Any]
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Integers = NDArray[np.int32]
LEVELS = 256
SAMPLE = 1000  # values that show about where the mean is
COMPONENT = ("high", "low", "size", "top", "left", "bottom", "right")
SUFFIX = {"uint8": "u8", "float32": "f32", "float64": "f64"}


class Moments(NamedTuple):
    """What is to be known of all values; sums are taken about a number near the mean, so that no digits are lost."""

    size: int
    low: float
    high: float
    near: float
    moved: float  # sum of v - near
    squares: float  # sum of squared distances from the mean

    def above(self, number: float) -> float:
        """Sum of v - number."""
        return self.moved + (self.near - number) * self.size


class Affine(NamedTuple):
    """The function (v - low) factor + added of a value."""

    low: float
    factor: float
    added: float = 0.0

    def __call__(self, values: Any) -> Any:
        return (values - np.float64(self.low)) * self.factor + self.added

    def plus(self, number: float) -> Affine:
        """The same with a number added to every value."""
        return self._replace(added=self.added + number)


ONE = Affine(0.0, 0.0, 1.0)  # of every value


def histogram(levels: Array) -> Counts:
    """Number of pixels of each of the 256 levels."""
    if not COMPILED:
        return np.bincount(levels.ravel(), minlength=LEVELS)
    found = np.empty(LEVELS, np.int64)
    run("histogram", levels, levels.size, found)
    return found


def level_sums(levels: Array, weights: Floats) -> Floats:
    """Sum of the weights over the pixels of each of the 256 levels."""
    check_sizes(levels, weights)
    if not COMPILED:
        return np.bincount(levels.ravel(), weights.ravel(), LEVELS).astype(np.float64)
    found = np.empty(LEVELS)
    run("level_sums", levels, weights, levels.size, found)
    return found


def moments(values: Array) -> Moments:
    """Extrema and sums."""
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
    return Moments(flat.size, low, high, near, moved, max(squares - moved * moved / flat.size, 0.0))


def covariance(values: Array, mean: float, others: Floats, other_mean: float) -> float:
    """Sum of (v - mean) (w - other_mean)."""
    check_sizes(values, others)
    if COMPILED:
        return float(run("covariance", values, mean, others, other_mean, values.size))
    return float(np.vdot(values - np.float64(mean), others - other_mean))


def shared(values: Array, p: Affine, others: Floats, q: Affine) -> float:
    """Sum of min(p(v), q(w))."""
    check_sizes(values, others)
    if COMPILED:
        return float(run("shared", values, *p, others, *q, values.size))
    return float(np.minimum(p(values), q(others)).sum())


def divergence(
    values: Array, p: Affine, weights: Floats, q: Affine, floor: float, signless: bool = False
) -> float:
    """Sum of (w + floor) ln(q(w) / p(v)), or ln |q / p| if `signless`, over the pixels where the weight is not 0."""
    check_sizes(values, weights)
    if COMPILED:
        return float(run("divergence", values, *p, weights, *q, floor, int(signless), values.size))
    weight = (weights + floor).ravel()
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(q(weights)).ravel() - np.log(np.abs(p(values)) if signless else p(values)).ravel()
    return float(weight[weight > 0] @ logs[weight > 0])


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
    """(height, width): sum over points k of rows[k, y] times table[starts[k] + x]; raises `IndexError` beyond it."""
    if len(starts) != len(rows) or (
        len(starts) and not 0 <= starts.min() <= starts.max() <= len(table) - width
    ):
        raise IndexError(f"{len(rows)} points must begin within {len(table) - width} places of the table")
    if not COMPILED:
        return rows.T @ sliding_window_view(table, width)[starts]
    points, height = rows.shape
    found = np.empty((height, width))
    if not run("deposit", rows, height, starts, points, table, len(table), width, found):
        raise MemoryError
    return found


def components(levels: Array, diagonal: bool) -> tuple[Integers, Integers]:
    """Rows of `COMPONENT` for components at every level, and for each level the row of the largest, -1 for none.

    In the compiled form only. Raises `MemoryError`.
    """
    rows = np.empty((levels.size, len(COMPONENT)), np.int32)
    largest = np.full(LEVELS, -1, np.int32)
    found = run("components", levels, *levels.shape, int(diagonal), rows, largest)
    if found < 0:
        raise MemoryError
    return rows[:found], largest


# ------------------------------------------------------------------ the compiled form

WHOLE, NUMBER = ctypes.c_int64, ctypes.c_double
COUNTS, FLOATS, INTEGERS = (ndpointer(k, flags="C_CONTIGUOUS") for k in (np.int64, np.float64, np.int32))
VALUES = {kind: ndpointer(kind, flags="C_CONTIGUOUS") for kind in SUFFIX}
SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {  # what a function gives, and takes after the values
    "histogram": (None, (WHOLE, COUNTS)),
    "level_sums": (None, (FLOATS, WHOLE, FLOATS)),
    "moments": (None, (WHOLE, NUMBER, FLOATS)),
    "covariance": (NUMBER, (NUMBER, FLOATS, NUMBER, WHOLE)),
    "shared": (NUMBER, (NUMBER, NUMBER, NUMBER, FLOATS, NUMBER, NUMBER, NUMBER, WHOLE)),
    "divergence": (
        NUMBER,
        (NUMBER, NUMBER, NUMBER, FLOATS, NUMBER, NUMBER, NUMBER, NUMBER, WHOLE, WHOLE),
    ),
    "reached": (WHOLE, (WHOLE, NUMBER, NUMBER, FLOATS, WHOLE, COUNTS)),
    "components": (WHOLE, (WHOLE, WHOLE, WHOLE, INTEGERS, INTEGERS)),
    "deposit": (WHOLE, (WHOLE, COUNTS, WHOLE, FLOATS, WHOLE, WHOLE, FLOATS)),
}


def passed(kind: Any) -> Any:
    """As what a kind of argument is passed: arrays as their addresses."""
    return kind if kind in (WHOLE, NUMBER) else ctypes.c_void_p


def load() -> ctypes.CDLL | None:
    """The compiled functions, None where nothing was compiled from just these sources."""
    try:
        found = ctypes.CDLL(str(library()))
    except OSError:
        return None
    for name, (gives, takes) in SIGNATURES.items():
        for suffix in SUFFIX.values():
            if hasattr(found, f"{name}_{suffix}"):
                function = getattr(found, f"{name}_{suffix}")
                function.restype, function.argtypes = gives, [ctypes.c_void_p, *map(passed, takes)]
    return found


LIBRARY = load()
COMPILED = LIBRARY is not None


def run(name: str, values: Array, *arguments: Any) -> Any:
    """Call a compiled function for the type of the values; raises `TypeError` for other arrays, or not in C order.

    Arrays are checked here and not by ctypes, which would make an `ArgumentError` of a Ctrl-C that comes meanwhile.
    """
    kinds = (VALUES[values.dtype.name], *SIGNATURES[name][1])
    given = [
        argument if passed(kind) is kind else kind.from_param(argument).data
        for kind, argument in zip(kinds, (values, *arguments), strict=True)
    ]
    return getattr(LIBRARY, f"{name}_{SUFFIX[values.dtype.name]}")(*given)


def check_sizes(values: Array, others: Array) -> None:
    """Raises `ValueError` unless there is a number beside every value."""
    if values.size != others.size:
        raise ValueError(f"two maps must have one size, got {values.shape} and {others.shape}")
