"""Rules that bring a prediction to the size of its stimulus. They name themselves in every signature."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saliency_eval import check
from saliency_eval.errors import fail, unknown
from saliency_eval.pool import Shape

Floats = NDArray[np.float64]
EXTREME = 100  # binary exponents beyond which sums of a few values leave the range of 32-bit floats


def resize(values: ArrayLike, shape: Shape, rule: str = "matlab") -> NDArray[Any]:
    """A map brought to another size.

    `values` (h, w) real; `shape` the size (height, width) wanted; `rule` one of `RULES`:

    * `matlab`: bicubic with antialiasing, borders mirrored (`imresize` of Octave; Keys 1981,
      doi:10.1109/TASSP.1981.1163711); `matlab-replicate`: border pixels repeated (MATLAB of 2014)
    * `bilinear`: between the centres of the four nearest pixels, border pixels repeated, no antialiasing
    * `pillow`, `pillow-bilinear`, `pillow-u8`: Pillow on 32-bit floats, bilinear, or 8-bit integers
    * `zoom1`, `zoom3`: corner-aligned spline of order 1 or 3 (`scipy.ndimage.zoom`)
    * `error`: sizes must agree

    The value at equal size is the map itself under every rule but `zoom3`, which only rounds it.
    Raises `SaliencyEvalError` for an unknown rule and, under `error`, `wrong_size`.

    >>> resize(np.array([[0.0, 1.0]]), (1, 4)).round(4).tolist()
    [[-0.0938, 0.2031, 0.7969, 1.0938]]
    """
    if rule not in RULES:
        unknown("resize rule", rule, RULES)
    array = check.real_map(values)
    if array.shape == tuple(shape) and rule != "zoom3":
        return array
    if array.min() == array.max() and rule != "error":
        return np.full(
            shape, array.flat[0]
        )  # weights that sum to one only up to rounding would add structure
    return RULES[rule](array, shape)


def matlab(array: NDArray[Any], shape: Shape, scale: float | None = None, border: str = "mirror") -> Floats:
    """Bicubic with antialiasing; `scale` samples by a factor instead of the ratio of the sizes."""
    rows = bicubic_weights(array.shape[0], shape[0], scale, border)
    columns = bicubic_weights(array.shape[1], shape[1], scale, border)
    return np.asarray((columns @ (rows @ array.astype(np.float64)).T).T)


@functools.lru_cache(maxsize=64)
def bicubic_weights(n_in: int, n_out: int, scale: float | None, border: str) -> Any:
    """Sparse (n_out, n_in) matrix: each output pixel as a weighted sum of input pixels along one axis."""
    from scipy.sparse import csr_array

    s = scale or n_out / n_in
    shrink = min(s, 1.0)
    width = 4 / shrink
    centre = (np.arange(n_out) + 0.5) / s - 0.5
    taps = np.floor(centre - width / 2).astype(int)[:, None] + np.arange(int(np.ceil(width)) + 2)
    weights = keys_cubic(shrink * (centre[:, None] - taps))
    weights /= weights.sum(1, keepdims=True)
    if border == "mirror":
        inside = np.minimum(taps % (2 * n_in), 2 * n_in - 1 - taps % (2 * n_in))
    else:
        inside = np.clip(taps, 0, n_in - 1)
    rows = np.broadcast_to(np.arange(n_out)[:, None], taps.shape)
    return csr_array((weights.ravel(), (rows.ravel(), inside.ravel())), shape=(n_out, n_in))


def keys_cubic(x: Floats) -> Floats:
    """The cubic convolution kernel with a = -1/2 (Keys 1981, doi:10.1109/TASSP.1981.1163711)."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))


def bilinear(array: NDArray[Any], shape: Shape) -> Floats:
    """Linear between the centres of pixels along both axes."""
    rows, columns = (linear_weights(n_in, n_out) for n_in, n_out in zip(array.shape, shape, strict=True))
    return np.asarray((columns @ (rows @ array.astype(np.float64)).T).T)


@functools.lru_cache(maxsize=64)
def linear_weights(n_in: int, n_out: int) -> Any:
    """Sparse (n_out, n_in) matrix: each output pixel between the two nearest input pixels along one axis."""
    from scipy.sparse import csr_array

    centre = np.clip((np.arange(n_out) + 0.5) * n_in / n_out - 0.5, 0, n_in - 1)
    first = np.minimum(centre.astype(np.int64), max(n_in - 2, 0))
    share = centre - first
    taps = np.minimum(np.stack([first, first + 1], 1), n_in - 1)
    rows = np.broadcast_to(np.arange(n_out)[:, None], taps.shape)
    weights = np.stack([1 - share, share], 1)
    return csr_array((weights.ravel(), (rows.ravel(), taps.ravel())), shape=(n_out, n_in))


def pillow(
    array: NDArray[Any], shape: Shape, method: str = "BICUBIC", dtype: Any = np.float32
) -> NDArray[Any]:
    """Pillow's resize on 32-bit floats or 8-bit integers."""
    from PIL import Image

    exponent = int(np.frexp(np.abs(array).max())[1])
    if dtype == np.float32 and abs(exponent) > EXTREME:
        small = np.ldexp(array.astype(np.float64), -exponent)
        return np.ldexp(pillow(small, shape, method).astype(np.float64), exponent)
    image = Image.fromarray(array.astype(dtype))
    return np.asarray(image.resize((shape[1], shape[0]), Image.Resampling[method]))


def zoom(array: NDArray[Any], shape: Shape, order: int, mode: str) -> Floats:
    """Corner-aligned spline interpolation."""
    from scipy import ndimage

    factors = [out / n for out, n in zip(shape, array.shape, strict=True)]
    return np.asarray(ndimage.zoom(array.astype(np.float64), factors, order=order, mode=mode))


def refuse(array: NDArray[Any], shape: Shape) -> Floats:
    """No resizing: another size is an error."""
    fail(
        "wrong_size",
        f"the map is {array.shape[1]}x{array.shape[0]}, the stimulus {shape[1]}x{shape[0]}, and resizing is off",
        "save maps of the stimulus size",
    )


RULES: dict[str, Callable[[NDArray[Any], Shape], NDArray[Any]]] = {
    "matlab": matlab,
    "matlab-replicate": functools.partial(matlab, border="replicate"),
    "bilinear": bilinear,
    "pillow": pillow,
    "pillow-bilinear": functools.partial(pillow, method="BILINEAR"),
    "pillow-u8": functools.partial(pillow, dtype=np.uint8),
    "zoom1": functools.partial(zoom, order=1, mode="nearest"),
    "zoom3": functools.partial(zoom, order=3, mode="constant"),
    "error": refuse,
}
