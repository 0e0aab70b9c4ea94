"""Gaussian blur of fixations, by the kernels along rows and columns of each: a Gaussian is their product."""

from __future__ import annotations

import functools
from typing import Literal, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from saliency_eval import sums
from saliency_eval.errors import fail
from saliency_eval.pool import Points, Shape

Floats = NDArray[np.float64]
Border = Literal["zero", "reflect", "antonio"]
Width = float | Literal["dataset"]  # px; that of the data set is filled in before it is used
NOTHING = 2.0**-53  # share of its peak below which an endless kernel is cut
REACH = 8.6  # sigmas from its peak to there
AT_ONCE = 1 << 23  # numbers that the kernels down the rows of some points may take


def blur(
    points: Points,
    shape: Shape,
    border: Border,
    sigma: Width,
    truncate: float = 4.0,
    fc: float = 8.0,
) -> Floats:
    """Sum of one Gaussian per point, (height, width)."""
    axes = tables(shape, border, sigma, truncate, fc)
    step = max(1, AT_ONCE // shape[0])
    parts = (points[start : start + step] for start in range(0, max(1, len(points)), step))
    return functools.reduce(np.add, (deposited(part, *axes) for part in parts))


def deposited(points: Points, rows: Table, columns: Table) -> Floats:
    """Sum of the Gaussians around points that are few enough to be held with their kernels."""
    starts = columns.starts(points[:, 1])
    down = np.tile(rows.around(points[:, 0]), (len(starts), 1))
    return sums.deposit(down, starts.ravel(), columns.values, columns.n)


def blur_counts(counts: Floats, sigma: Width) -> Floats:
    """Counts (height, width) blurred, with nothing beyond the border: each axis by a Toeplitz matrix."""
    rows, columns = tables(counts.shape, "zero", sigma)
    down, across = (table.around(np.arange(table.n)) for table in (rows, columns))
    return np.asarray(down.T @ counts @ across)


# ------------------------------------------------------------------ along one axis


class Table(NamedTuple):
    """A kernel along an axis of n pixels, at all offsets from -2n to 2n."""

    n: int
    values: Floats
    reflect: bool = False

    def starts(self, centres: NDArray[np.int64]) -> NDArray[np.int64]:
        """(copies, points): where in the values the axis begins; under `reflect` what comes back is a copy."""
        here = 2 * self.n - centres
        return np.array([here, 2 * self.n + 1 + centres] if self.reflect else [here])

    def around(self, centres: NDArray[np.int64]) -> Floats:
        """(points, n): the kernel around each centre."""
        windows = sliding_window_view(self.values, self.n)
        return functools.reduce(np.add, (windows[starts] for starts in self.starts(centres)))

    def at(self, centres: NDArray[np.int64], pixels: NDArray[np.int64]) -> Floats:
        """(points, pixels): the kernel around each centre at some pixels, the same for all or (points, pixels)."""
        return np.asarray(self.values[self.starts(centres)[..., None] + pixels].sum(0))

    def sums(self, centres: NDArray[np.int64]) -> Floats:
        """(points,): the sum of the kernel around each centre over the axis."""
        upto = np.append(0.0, np.cumsum(self.values))
        starts = self.starts(centres)
        return np.asarray((upto[starts + self.n] - upto[starts]).sum(0))

    def greatest(self, centres: NDArray[np.int64], side: int) -> Floats:
        """(points, parts): the kernel around each centre where it is greatest in each part of so many px."""
        starts = np.arange(0, self.n, side)
        return self.at(centres, np.clip(centres[:, None], starts, np.minimum(starts + side, self.n) - 1))


class Gaussians(NamedTuple):
    """Those around some points (n, 2), known by their kernels along the two axes."""

    points: Points
    rows: Table
    columns: Table

    @property
    def total(self) -> float:
        """Their sum over all pixels."""
        return float(self.rows.sums(self.points[:, 0]) @ self.columns.sums(self.points[:, 1]))

    def at(self, points: Points) -> Floats:
        """Their sum at pixels (m, 2); over a row of its own for each, so that it is the same in any company."""
        down = self.rows.at(self.points[:, 0], points[:, 0])
        across = self.columns.at(self.points[:, 1], points[:, 1])
        return np.asarray(np.ascontiguousarray((down * across).T).sum(1))

    def within(self, rows: slice, columns: slice) -> Floats:
        """Their sum in a part of the image."""
        down = self.rows.at(self.points[:, 0], np.arange(self.rows.n)[rows])
        return np.asarray(down.T @ self.columns.at(self.points[:, 1], np.arange(self.columns.n)[columns]))

    def greatest(self, side: int) -> Floats:
        """A bound on their sum in each tile of so many px."""
        down = self.rows.greatest(self.points[:, 0], side)
        return np.asarray(down.T @ self.columns.greatest(self.points[:, 1], side))


def tables(
    shape: Shape, border: Border, sigma: Width, truncate: float = 4.0, fc: float = 8.0
) -> tuple[Table, Table]:
    """The kernels along rows and columns of an image: `sigma` and `truncate`, or under `antonio` by `fc`."""
    if border == "antonio":
        period = 2 ** int(np.ceil(np.log2(max(shape))))
        return periodic_table(shape[0], period, fc), periodic_table(shape[1], period, fc)
    if isinstance(sigma, str):
        fail("usage", "a blur needs sigma, its width in pixels", "pass sigma=24.0, for example")
    reflect = border == "reflect"
    return cut_table(shape[0], sigma, truncate, reflect), cut_table(shape[1], sigma, truncate, reflect)


@functools.lru_cache(maxsize=64)
def cut_table(n: int, sigma: float, truncate: float, reflect: bool) -> Table:
    """A Gaussian cut at `truncate` sigmas, summing to one; under `reflect` folded to the period 2n."""
    radius = int(truncate * sigma + 0.5)
    offsets = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * (offsets / sigma) ** 2) if sigma > 0 else (offsets == 0).astype(float)
    kernel /= kernel.sum()
    here = np.arange(-2 * n, 2 * n + 1)
    if reflect:
        folded = np.bincount(offsets % (2 * n), kernel, 2 * n).astype(np.float64)
        return Table(n, folded[here % (2 * n)], reflect)
    return Table(n, np.where(abs(here) <= radius, kernel[np.clip(here + radius, 0, 2 * radius)], 0.0))


@functools.lru_cache(maxsize=64)
def periodic_table(n: int, period: int, fc: float) -> Table:
    """The Gaussian of `antonioGaussian`, periodic; what would not change the last digit of its peak is zero."""
    sigma = period * np.sqrt(2 * np.log(2)) / (2 * np.pi * fc)
    offset = np.arange(-2 * n, 2 * n + 1)
    most = 1 + int(REACH * sigma / period)  # periods to a copy that reaches into the axis
    copies = sum(np.exp(-0.5 * ((offset + k * period) / sigma) ** 2) for k in range(-most, most + 1))
    values = np.asarray(copies / (sigma * np.sqrt(2 * np.pi)))
    return Table(n, np.where(values < NOTHING * values.max(), 0.0, values))
