"""Every sentence that a wrong array can cause."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saliency_eval.errors import fail
from saliency_eval.pool import Points, Shape


def real_map(values: ArrayLike, what: str = "saliency") -> NDArray[Any]:
    """A non-empty, two-dimensional array of real, finite numbers.

    An axis of length one is removed, and of equal channels the first is taken.
    """
    array = as_array(values, what)
    if array.dtype.hasobject:
        fail(
            "dtype",
            f"{what} must be an array of numbers, got Python objects",
            "convert it: a.astype('float32')",
        )
    if array.dtype.kind not in "buif":
        fail("dtype", f"{what} must hold real numbers, got {array.dtype}", "save the real-valued map")
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    if array.ndim == 3 and 1 in (array.shape[0], array.shape[-1]):
        array = array[0] if array.shape[0] == 1 else array[..., 0]
    elif array.ndim == 3 and array.shape[-1] == 3 and (array == array[..., :1]).all():
        array = array[..., 0]
    if array.ndim != 2 or not array.size:
        fail(
            "shape", f"{what} must be a map of shape (height, width), got {array.shape}", "pass one 2-D array"
        )
    finite(array, what)
    return array


def as_array(values: ArrayLike, what: str) -> NDArray[Any]:
    """Anything that numpy takes for an array, but no masked one: its masked values would count."""
    if isinstance(values, np.ma.MaskedArray):
        fail("dtype", f"{what} must have no masked values, got a masked array", "fill them: a.filled(0)")
    try:
        return np.asarray(values)
    except Exception as error:  # whatever the conversion of a foreign array raises
        fail("dtype", f"{what} must be an array, got {type(values).__name__} ({error})", "pass a numpy array")


def finite(array: NDArray[Any], what: str) -> None:
    """No NaN and no infinity; the message counts them and names the first."""
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return
    counts = {"NaN": np.isnan(array), "inf": np.isposinf(array), "-inf": np.isneginf(array)}
    found = ", ".join(f"{n} {name}" for name, mask in counts.items() if (n := int(mask.sum())))
    row, column = np.argwhere(~np.isfinite(array))[0]
    only_low = not (counts["NaN"].any() or counts["inf"].any())
    remedy = (
        "a log density is read with --kind log-density" if only_low else "replace or remove them in the model"
    )
    fail("non_finite", f"{what} must be finite, got {found}, first at ({row}, {column})", remedy)


def points(values: ArrayLike, shape: Shape, what: str = "fixations") -> Points:
    """Integer pixels (n, 2) of row, column inside an image of the given shape."""
    array = as_array(values, what)
    if array.size == 0:
        return np.empty((0, 2), np.int64)
    if array.ndim != 2 or array.shape[1] != 2:
        fail("shape", f"{what} must be points (n, 2) of row, column, got shape {array.shape}", exit=4)
    if array.dtype.kind == "f":
        finite(array, what)
    if array.dtype.kind not in "iu" and not (array.dtype.kind == "f" and (array == np.floor(array)).all()):
        fail(
            "dtype",
            f"{what} must be whole pixels, got {array.dtype}",
            "floor them: np.floor(p).astype(int)",
            exit=4,
        )
    whole = array.astype(np.int64)
    outside = ((whole < 0) | (whole >= np.array(shape))).any(1)
    if outside.any():
        row, column = whole[outside][0]
        swapped = not ((whole[:, ::-1] < 0) | (whole[:, ::-1] >= np.array(shape))).any()
        fail(
            "swapped_axes" if swapped else "dropped_fixations",
            f"{what} must lie inside 0..{shape[0] - 1}, 0..{shape[1] - 1} (row, column), "
            f"got {int(outside.sum())} outside, first ({row}, {column})",
            "exchange the columns" if swapped else "subtract 1 if they are 1-based, or drop them",
            exit=4,
        )
    return whole


def boxes(values: ArrayLike, shape: Shape | None, what: str = "boxes") -> NDArray[np.float64]:
    """Half-open boxes (k, 4) of top, left, bottom, right; with a shape, not empty and inside an image of it."""
    array = as_array(values, what)
    if array.size == 0:
        return np.empty((0, 4))
    if array.ndim != 2 or array.shape[1] != 4 or array.dtype.kind not in "iuf":
        fail(
            "shape",
            f"{what} must be numbers (k, 4) of top, left, bottom, right, got {array.dtype} of shape {array.shape}",
            "one row for each box",
            exit=4,
        )
    finite(array, what)
    if shape is not None:
        inside(array, shape, what)
    return array.astype(np.float64)


def inside(boxes: NDArray[Any], shape: Shape, what: str) -> None:
    """Boxes that hold something, all of it in the image; the message counts the others and names the first."""
    bad = (boxes[:, :2] < 0) | (boxes[:, :2] >= boxes[:, 2:]) | (boxes[:, 2:] > np.array(shape))
    if not bad.any():
        return
    row = int(np.flatnonzero(bad.any(1))[0])
    turned = not ((boxes < 0) | (boxes > np.array([shape[1], shape[0]] * 2))).any()
    fail(
        "swapped_axes" if turned and (boxes[:, 2:] > boxes[:, :2]).all() else "unreadable",
        f"{what} must be half-open with 0 <= top < bottom <= {shape[0]} and 0 <= left < right <= {shape[1]}, "
        f"got {int(bad.any(1).sum())} of {len(boxes)} that are not, first {tuple(boxes[row].tolist())} at row {row}",
        "(x0, y0, x1, y1) of first and last pixel, 0-based, becomes (y0, x0, y1 + 1, x1 + 1)",
        exit=4,
    )


def same_shape(first: Shape, second: Shape, what: str) -> None:
    """Prediction and truth must have one size."""
    if first != second:
        fail(
            "wrong_size",
            f"saliency and {what} must have one size, got {first[1]}x{first[0]} and {second[1]}x{second[0]}",
            "resize the prediction: saliency_eval.resize.resize(saliency, shape)",
        )
