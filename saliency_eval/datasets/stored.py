"""Maps that a data set stores: densities, and binary pictures of fixations."""

from __future__ import annotations

import io
import math
import warnings
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from saliency_eval.datasets.files import damaged, image_shape, opened, read_file
from saliency_eval.errors import TRUTH, Problem, SaliencyEvalError, fail, shown
from saliency_eval.pool import Shape

Array = NDArray[Any]
MOST_BYTES = 512 * 2**20
HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_density(path: Path, id: str, shape: Shape) -> NDArray[np.float64]:
    """The stored density of an image: finite, not negative, of the size of its stimulus.

    Raises what `read_map` raises, and `wrong_size`, `non_finite`, `not_normalised`; all with exit 4, the image
    and the file.
    """
    try:
        if path.suffix.lower() != ".npy":  # a small file may stand for a picture of any size
            check_shape(image_shape(path), shape)
        values = read_map(path)
        check_density(values, shape)
    except SaliencyEvalError as error:
        raise SaliencyEvalError([named(problem, path, id) for problem in error.problems]) from None
    return values


def check_density(values: NDArray[np.float64], shape: Shape) -> None:
    """Raises `wrong_size`, `non_finite`, `not_normalised` (exit 4)."""
    check_shape(values.shape, shape)
    if bad := int((~np.isfinite(values)).sum()):
        refuse("non_finite", f"a density must be finite, got {bad} values that are not")
    if values.size and values.min() < 0:
        refuse("not_normalised", f"a density must not be negative, got values down to {values.min():.6g}")


def check_shape(found: tuple[int, ...], shape: Shape) -> None:
    """Raises `wrong_size` (exit 4)."""
    if found != shape:
        got, must = (f"{width}x{height}" for height, width in (found, shape))
        refuse("wrong_size", f"a density must have the size of its stimulus, {must}; got {got}")


def read_map(path: Path) -> NDArray[np.float64]:
    """A stored map (height, width) from a grey JPEG or PNG or an `.npy` array.

    Raises `colour`, `alpha`, `shape`, `dtype`, `unreadable`, `too_large`, `not_a_file` with exit 4.
    """
    values = read_array(path) if path.suffix.lower() == ".npy" else read_grey(path)
    if values.ndim != 2:
        refuse("shape", f"map {shown(path.name)} must be two-dimensional, got {values.shape}")
    with np.errstate(invalid="ignore"):  # NaN of a smaller type
        return values.astype(np.float64)


def read_array(path: Path) -> Array:
    """An `.npy` array of real numbers; what its header claims is compared with the file before it is believed."""
    data = read_file(path, MOST_BYTES)
    file = io.BytesIO(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Python, which parses the header, and of numpy
            shape, fortran, dtype = HEADERS[np.lib.format.read_magic(file)](file)
    except Exception as error:  # the parser of the header raises anything
        damaged(path, "array", error)
    if dtype.kind not in "biuf":
        refuse("dtype", f"map {shown(path.name)} must hold real numbers, got {dtype}")
    needed, present = math.prod(shape) * dtype.itemsize, len(data) - file.tell()
    if needed > present or min(shape, default=0) < 0:
        text = (
            f"map {shown(path.name)} is truncated: shape {shape} needs {needed} bytes, {present} are stored"
        )
        refuse("unreadable", text)
    flat = np.frombuffer(data, dtype, math.prod(shape), file.tell())
    return flat.reshape(shape, order="F" if fortran else "C")


def read_grey(path: Path) -> Array:
    """The grey values of a picture; of equal colour channels the first."""
    with opened(path) as image:
        if image.has_transparency_data and image.convert("RGBA").getchannel("A").getcolors(1) is None:
            refuse("alpha", f"map {shown(path.name)} must be opaque, its transparency varies")
        grey = {"P": "RGB", "PA": "RGB", "RGBA": "RGB", "CMYK": "RGB", "LA": "L"}.get(image.mode)
        values = np.asarray(image.convert(grey) if grey else image)
    if values.ndim == 3 and (values != values[..., :1]).any():
        refuse("colour", f"map {shown(path.name)} must be grey, its channels differ")
    return values[..., 0] if values.ndim == 3 else values


def named(problem: Problem, path: Path, id: str) -> Problem:
    """The finding with the image and the file, also in its sentence."""
    text = (
        problem.message if shown(path.name) in problem.message else f"{shown(path.name)}: {problem.message}"
    )
    return Problem(problem.code, f"image {shown(id)}: {text}", problem.remedy, id, path.name,
                   severity_override="error", exit_override=TRUTH)  # fmt: skip


def refuse(code: str, message: str) -> NoReturn:
    """Raise a finding about a stored map (exit 4)."""
    fail(code, message, "restore it, or save the raw density in the size of the stimulus", exit=TRUTH)
