"""The bandwidth of the gold standard: under which Gaussians of all others an observer's fixations are likeliest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

import numpy as np

from saliency_eval.errors import TRUTH, fail, shown
from saliency_eval.executors import Progress
from saliency_eval.maps import Floats
from saliency_eval.options import Range, Share, convert, show

if TYPE_CHECKING:
    import pandas as pd

    from saliency_eval.core import Stimulus
    from saliency_eval.datasets import Dataset

Wide = Annotated[float, Range(0.1, 5000)]  # px
SIGMAS = (1 / 3, 1 / 2, 7 / 12, 2 / 3, 5 / 6, 1, 7 / 6, 5 / 3)  # of the sigma of the data set
MIXES = (0.0, 0.001, 0.01, 0.03, 0.05, 0.1, 0.2)


class Bandwidth(NamedTuple):
    """Mean bits per fixation over a uniform map, (sigmas, mixes), of `fixations` fixations."""

    sigmas: tuple[float, ...]
    mixes: tuple[float, ...]
    bits: Floats
    fixations: int

    @property
    def likeliest(self) -> tuple[float, float]:
        """The sigma and the mix under which fixations are likeliest."""
        sigma, mix = np.unravel_index(np.argmax(self.bits), self.bits.shape)
        return self.sigmas[sigma], self.mixes[mix]

    @property
    def best(self) -> str:
        """The gold standard with them."""
        sigma, mix = self.likeliest
        return f"gold_standard(sigma={show(sigma)},mix={show(mix)})"

    @property
    def at_edge(self) -> bool:
        """Is one of them the first or last of several, so that others may be better?"""
        sigma, mix = self.likeliest
        ends = min(self.sigmas), max(self.sigmas)
        return (ends[0] < ends[1] and sigma in ends) or mix == max(self.mixes) > min(self.mixes)

    def summary(self) -> pd.DataFrame:
        """One row for each sigma, one column for each mix."""
        import pandas as pd

        rows = pd.Index(self.sigmas, name="sigma")
        return pd.DataFrame(self.bits, rows, pd.Index(self.mixes, name="mix"))


def bandwidth(
    data: Dataset,
    sigmas: Sequence[float] = (),
    mixes: Sequence[float] = MIXES,
    progress: Progress = lambda count: None,
) -> Bandwidth:
    """How likely each observer's fixations are under Gaussians at those of all others, for each sigma and mix.

    Mean over all fixations of log2(H W p), p = (1 - mix) mean_j exp(-d_j^2 / (2 sigma^2)) / (2 pi sigma^2) + mix / (H
    W), with d_j the distances to the fixations of all other observers, in the plane, beyond the border too. `sigmas` in
    px, without them from a third to five thirds of that of the data set. Images with one observer do not count.
    `progress` is told of each image.

    Raises `undefined_metric` where no image has two observers, `usage` where no sigma is known.
    Source: Kuemmerer, Wallis, Bethge 2015, doi:10.1073/pnas.1510393112.

    >>> import saliency_eval as se
    >>> found = bandwidth(se.load_dataset("demo"))
    >>> found.best, round(float(found.bits.max()), 4)
    ('gold_standard(sigma=6,mix=0.2)', 2.7926)
    """
    if lacking := data.lacks({"fixations", "observers"}):
        fail("undefined_metric", f"a bandwidth needs {lacking}", "name another data set", exit=TRUTH)
    sigmas = tuple(convert(sigma, Wide, "sigma") for sigma in sigmas) or of_data(data)
    mixes = tuple(convert(mix, Share, "mix") for mix in mixes)
    parts = []
    for image in data.values():
        if len(np.unique(image["observers"])) > 1:
            parts.append(bits(image, sigmas, mixes))
        progress(1)
    if not parts:
        text = f"a bandwidth needs images with two observers, {shown(data.tag)} has none"
        fail("undefined_metric", text, "name the observer of each fixation", exit=TRUTH)
    found = np.concatenate(parts, axis=-1)
    return Bandwidth(sigmas, mixes, found.mean(-1), found.shape[-1])


def of_data(data: Dataset) -> tuple[float, ...]:
    """Sigmas around that of a data set."""
    if data.card.sigma is None:
        fail("usage", f"a bandwidth must be tried at some sigmas, {shown(data.tag)} has none of its own",
             "give sigmas in px (--sigma), or set sigma in its dataset.toml")  # fmt: skip
    return tuple(share * data.card.sigma for share in SIGMAS)


def bits(image: Stimulus, sigmas: Sequence[float], mixes: Sequence[float]) -> Floats:
    """Of each fixation of an image, (sigmas, mixes, fixations)."""
    points, observers = image["fixations"].astype(float), image["observers"]
    apart = ((points[:, None] - points) ** 2).sum(-1)
    apart[observers[:, None] == observers] = np.inf
    logs = np.array([log_density(apart, sigma) for sigma in sigmas])[:, None] + np.log(
        math.prod(image["shape"])
    )
    shares = np.asarray(mixes)[:, None]
    with np.errstate(divide="ignore"):  # all or nothing of it is a uniform map
        return np.asarray(np.logaddexp(np.log1p(-shares) + logs, np.log(shares)) / np.log(2))


def log_density(apart: Floats, sigma: float) -> Floats:
    """Of a pixel at each fixation, under the mean of Gaussians at squared distances, infinite ones left out."""
    exponents = -apart / (2 * sigma**2)
    nearest = exponents.max(1)  # else all would be too far for a number above 0
    sums = np.exp(exponents - nearest[:, None]).sum(1) / np.isfinite(apart).sum(1)
    return np.asarray(nearest + np.log(sums / (2 * np.pi * sigma**2)))
