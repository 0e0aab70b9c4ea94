"""Filters of AIM, DVA and SUN learned by independent component analysis, from photographs inside two packages.

The photographs come with scikit-image and scikit-learn, so that anybody can learn the same filters offline.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saliency_eval.classifiers.foreign import EXTRA, library
from saliency_eval.errors import ENVIRONMENT, fail
from saliency_eval.executors import one_thread
from saliency_eval.models.bases import Basis

Pixels = NDArray[np.float32]  # (height, width, 3), RGB in [0, 1]
Patches = NDArray[np.float32]  # (n, 3 p p): channel, row, column
SEED = 0
PHOTOGRAPHS = (
    ("skimage", "data/astronaut.png"),
    ("skimage", "data/coffee.png"),
    ("skimage", "data/chelsea.png"),
    ("skimage", "data/rocket.jpg"),
    ("skimage", "data/motorcycle_left.png"),
    ("sklearn", "datasets/images/china.jpg"),
    ("sklearn", "datasets/images/flower.jpg"),
)
SHAPES = np.arange(200, 4001) / 1000  # exponents of a generalised Gaussian that are tried


@dataclass(frozen=True)
class Recipe:
    """How the filters of a basis are learned; `keep` is how many, or the share of variance that they keep."""

    name: str
    side: int
    patches: int
    keep: int | float
    tolerance: float
    iterations: int
    contrast: bool = (
        False  # patches of unit variance and mean zero, filters with statistics of their responses
    )


RECIPES = {
    "aim": (Recipe("aim21", 21, 60_000, 0.95, 1e-3, 300), Recipe("aim11", 11, 60_000, 0.95, 1e-3, 300)),
    "dva": (Recipe("dva", 8, 40_000, 192, 2e-3, 120),),
    "sun": (Recipe("sun", 11, 40_000, 120, 2e-3, 200, contrast=True),),
}


def learned(recipe: Recipe) -> Basis:
    """The basis that a recipe gives. Raises `needs_extra` (exit 5) without scikit-image; for SUN without torch."""
    from sklearn.decomposition import FastICA
    from sklearn.exceptions import ConvergenceWarning

    if recipe.contrast:  # before the minutes that the rest takes
        library("torch", f"learning {recipe.name}", EXTRA)
    patches = prepared(photographs(), recipe)
    count = recipe.keep if isinstance(recipe.keep, int) else components_of(patches, recipe.keep)
    analysis = FastICA(count, whiten="unit-variance", fun="logcosh", random_state=SEED, tol=recipe.tolerance,
                       max_iter=recipe.iterations)  # fmt: skip
    with one_thread(), warnings.catch_warnings():  # what has not converged depends on the order of every sum
        warnings.simplefilter("ignore", ConvergenceWarning)  # how far it came stands in the provenance
        analysis.fit(patches)
    filters = analysis.components_.astype(np.float32).reshape(count, 3, recipe.side, recipe.side)
    none = np.zeros(0, np.float32)
    basis = Basis(filters, none, none, provenance(recipe, analysis.n_iter_))
    return with_statistics(basis) if recipe.contrast else basis


def photographs() -> list[Pixels]:
    """The photographs that filters are learned from. Raises `needs_extra` (exit 5) without scikit-image."""
    from PIL import Image

    return [np.asarray(Image.open(p).convert("RGB"), np.float32) / np.float32(255) for p in files()]


def files() -> list[Path]:
    """Where the photographs are. Raises `needs_extra` (exit 5) without scikit-image."""
    try:
        found = [Path(str(importlib.resources.files(package))) / path for package, path in PHOTOGRAPHS]
    except ImportError:
        found = [Path()]
    if not all(path.is_file() for path in found):
        fail("needs_extra", "filters are learned from the photographs inside scikit-image, which is absent",
             "pip install scikit-image", exit=ENVIRONMENT)  # fmt: skip
    return found


def prepared(images: Iterable[Pixels], recipe: Recipe) -> Patches:
    """Patches as the recipe wants them."""
    patches = sampled(list(images), recipe.side, recipe.patches)
    if not recipe.contrast:
        return patches
    patches /= patches.std()
    patches -= patches.mean(1, keepdims=True)
    return patches


def sampled(images: list[Pixels], side: int, count: int) -> Patches:
    """Patches at random places, as many from each image."""
    rng, each, found = np.random.default_rng(SEED), count // len(images) + 1, []
    for image in images:
        rows, columns = (rng.integers(0, length - side + 1, each) for length in image.shape[:2])
        windows = np.lib.stride_tricks.sliding_window_view(image, (side, side), (0, 1))
        found.append(windows[rows, columns].reshape(each, -1))
    return np.concatenate(found)[:count]


def components_of(patches: Patches, share: float) -> int:
    """The fewest principal components that keep a share of the variance."""
    centred = patches - patches.mean(0)
    variances = np.linalg.eigvalsh((centred.T @ centred).astype(np.float64))[::-1]
    return int(np.searchsorted(variances.cumsum(), share * variances.sum()) + 1)


def with_statistics(basis: Basis) -> Basis:
    """Filters that sum to zero, with generalised Gaussians fitted to what they give on half-size photographs."""
    import torch

    from saliency_eval.models.nets.sun import contrasts, responses

    filters = basis.filters - basis.filters.mean((1, 2, 3), keepdims=True)
    first, second, seen = np.zeros(len(filters)), np.zeros(len(filters)), 0
    with torch.inference_mode():
        for image in photographs():
            small = contrasts(torch.from_numpy(image).permute(2, 0, 1)[None], 0.5)
            found = responses(small, torch.from_numpy(filters))[0].flatten(1).numpy()
            first, second, seen = (
                first + np.abs(found).sum(1),
                second + (found**2).sum(1),
                seen + found.shape[1],
            )
    sigma, theta = generalised_gaussian(first / seen, second / seen)
    return basis._replace(filters=filters, sigma=sigma, theta=theta)


def generalised_gaussian(first: NDArray[Any], second: NDArray[Any]) -> tuple[Pixels, Pixels]:
    """Scale and exponent of exp(-(|F| / sigma)^theta) from E|F| and E F^2."""
    from scipy.special import gamma

    ratios = gamma(1 / SHAPES) * gamma(3 / SHAPES) / gamma(2 / SHAPES) ** 2
    theta = SHAPES[np.abs(ratios - (second / first**2)[:, None]).argmin(1)]
    sigma = np.sqrt(second * gamma(1 / theta) / gamma(3 / theta))
    return sigma.astype(np.float32), theta.astype(np.float32)


def provenance(recipe: Recipe, iterations: int) -> dict[str, Any]:
    """From what a basis was learned, and how."""
    packages = ("numpy", "scikit-image", "scikit-learn")
    return {
        "recipe": dict(vars(recipe)),
        "seed": SEED,
        "iterations": int(iterations),
        "packages": {name: version(name) for name in packages},
        "photographs": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files()},
    }


def angle(one: Patches, other: Patches) -> float:
    """The largest angle between the spaces that two sets of filters (k, 3, p, p) span, in radians.

    Components are found up to their sign and order, and may turn within their space.
    """
    from scipy.linalg import subspace_angles

    return float(subspace_angles(*(f.reshape(len(f), -1).T.astype(np.float64) for f in (one, other))).max())
