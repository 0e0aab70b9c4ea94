"""What a map must be: real, two-dimensional, of a fitting size, finite; and what is worth a word."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saliency_eval.disk import size
from saliency_eval.errors import Problem, fail
from saliency_eval.pool import Shape
from saliency_eval.predictions.rules import SMALLER, SMALLEST_SIDE, Rules

Array = NDArray[Any]
Notes = tuple[Problem, ...]


# ------------------------------------------------------------------ from the header


def check_dtype(dtype: np.dtype[Any]) -> None:
    """Bool, integer or float; raises `dtype`."""
    if dtype.kind not in "biuf":
        fail("dtype", f"a map must hold real numbers, got {dtype}", "save one real number for each pixel")


def is_plane(shape: tuple[int, ...]) -> bool:
    """Are there two axes, or three with one of length 1?"""
    return len(shape) == 2 or (len(shape) == 3 and 1 in shape)


def plane(shape: tuple[int, ...]) -> Shape:
    """Height and width after one axis of length 1 is left out of three; raises `shape`."""
    kept = list(shape)
    if len(kept) == 3 and is_plane(shape):
        kept.remove(1)
    if len(kept) != 2 or min(kept) < 1:
        fail(
            "shape",
            f"a map must have two axes, height and width, got shape {shape}",
            "save one map for each image",
        )
    return kept[0], kept[1]


def check_claim(shape: tuple[int, ...], itemsize: int, present: int, rules: Rules, ratio: int = 1) -> int:
    """Bytes of an array whose header claims `shape`, with `present` bytes stored of `ratio` at most.

    Raises `unreadable` for a claim that cannot be true, `too_large` for one above a limit.
    """
    needed = math.prod(shape) * itemsize
    if needed > present * ratio:
        fail(
            "unreadable",
            f"truncated: shape {shape} needs {needed} bytes, {present} are stored",
            "write the file again",
        )
    if needed > rules.max_bytes:
        fail(
            "too_large",
            f"an array may take {size(rules.max_bytes)}, shape {shape} takes {size(needed)}",
            SMALLER,
        )
    return needed


def check_size(found: Shape, stimulus: Shape, rules: Rules) -> None:
    """The size of the stimulus, or its aspect to within a pixel; of `any_size` all but its own, turned.

    Raises `too_large`, `wrong_size`.
    """
    (height, width), (tall, wide) = found, stimulus
    if height * width > rules.max_pixels:
        fail(
            "too_large",
            f"a map may have {rules.max_pixels} pixels, got {width}x{height}",
            "save it smaller, or raise max_pixels= of open_predictions",
        )
    same_aspect = abs(height * wide - width * tall) <= max(tall, wide) and min(found) >= SMALLEST_SIDE
    turned = found == (wide, tall)
    if found == stimulus or (rules.resize and (same_aspect or (rules.any_size and not turned))):
        return
    must = f"{wide}x{tall}" + (", or its aspect" if rules.resize else " (--resize error)")
    asked = " (transposed?)" if turned else ""
    fail(
        "wrong_size",
        f"a map must have the size of its stimulus, {must}; got {width}x{height}{asked}",
        "save the map in the size of the stimulus",
    )


# ------------------------------------------------------------------ in memory


def as_map(array: Array) -> tuple[Array, Notes]:
    """The array as (height, width), C order, native bytes, at most 8 bytes a value; bool becomes uint8."""
    height, width = plane(array.shape)
    native = array.dtype.newbyteorder("=")
    if native.itemsize > 8:
        native = np.dtype(np.float64)
    with np.errstate(over="ignore"):  # what overflows here is refused as inf
        values = np.ascontiguousarray(array.reshape(height, width), native)
    notes = [] if array.ndim == 2 else [Problem("squeezed", f"squeezed from shape {array.shape}")]
    return (ones(values) if native.kind == "b" else values), tuple(notes)


def ones(truths: Array) -> Array:
    """Bool as uint8 0 and 1, whatever bytes a file or a decoder stores for true."""
    return np.not_equal(truths.view(np.uint8), 0).view(np.uint8)


def check_values(values: Array, rules: Rules) -> tuple[Array, Notes]:
    """The map to score, float64 exp(values) for a log-density, with warnings and notes on its values.

    Raises `non_finite` and `not_normalised`.
    """
    low, high = values.min(), values.max()  # NaN would be carried to both
    if not (math.isfinite(low) and math.isfinite(high)):
        check_finite(values, rules)
    if rules.kind == "map":
        return values, remarks(values, low, high)
    values = check_density(values, low) if rules.kind == "density" else exponential(values)
    return values, remarks(values, values.min(), values.max())


def check_finite(values: Array, rules: Rules) -> None:
    """Raises `non_finite` with counts and the first position; -inf passes in a log-density."""
    log = rules.kind == "log-density"
    bad = np.isnan(values) | np.isposinf(values) if log else ~np.isfinite(values)
    if not bad.any():
        return
    counts = {"NaN": np.isnan(values), "inf": np.isposinf(values), "-inf": np.isneginf(values)}
    found = [f"{n} {name}" for name, where in counts.items() if (n := int(where.sum()))]
    row, column = np.unravel_index(int(bad.argmax()), bad.shape)
    logs = not log and found[0].endswith("-inf")
    fail(
        "non_finite",
        f"a map must be finite, got {', '.join(found)}, first at ({row}, {column})",
        "--kind log-density if these are logarithms" if logs else "save a finite number for each pixel",
    )


def check_density(values: Array, low: float) -> Array:
    """The density itself; raises `not_normalised` when a value is negative or the sum is not one."""
    with np.errstate(over="ignore"):
        total = float(values.sum(dtype=np.float64))
    if low < 0 or not abs(total - 1) <= 1e-3:
        got = f"{total:.6g}" + (f" with negative values down to {low:.6g}" if low < 0 else "")
        fail(
            "not_normalised",
            f"a density must be non-negative and sum to 1 within 0.001, its sum is {got}",
            "divide it by its sum, or leave out --kind density",
        )
    return values


def exponential(values: Array) -> Array:
    """exp(values), float64; raises `not_normalised` when the log-sum-exp is not zero."""
    logs = values.astype(np.float64)
    high = float(logs.max())
    total = high if math.isinf(high) else high + math.log(float(np.exp(logs - high).sum()))
    if not abs(total) <= 1e-3:
        fail(
            "not_normalised",
            f"a log-density must have log-sum-exp 0 within 0.001, got {total:.6g}",
            "subtract its log-sum-exp, or leave out --kind log-density",
        )
    return np.asarray(np.exp(logs))


def remarks(values: Array, low: Any, high: Any) -> Notes:
    """`constant`, `few_levels` and `shifted`, from the extrema and as few looks at the map as possible."""
    notes = []
    if low == high:
        text = f"the map is constant ({low} everywhere): it scores at chance level"
        notes.append(Problem("constant", text, "see whether the model or the export failed on this image"))
    elif only_two(values[len(values) // 2], low, high) and only_two(values, low, high):
        text = f"the map has 2 levels only ({low} and {high}): most metrics see a mask"
        notes.append(Problem("few_levels", text, "save the values before the threshold"))
    if low < 0:
        text = f"negative values down to {low:.6g}"
        notes.append(Problem("shifted", text, "sim, kld and ig treat them as their options say"))
    return tuple(notes)


def only_two(values: Array, low: Any, high: Any) -> bool:
    """Is every value one of the two?"""
    return bool(((values == low) | (values == high)).all())
