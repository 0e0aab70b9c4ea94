"""Filters that some models rest on, learned by `saliency-eval models learn`; each file says from what, and how.

The photographs are those inside scikit-image (astronaut and rocket: public domain, NASA and SpaceX; coffee and chelsea:
CC0; motorcycle: Middlebury stereo 2014) and scikit-learn (china and flower: CC BY 2.0, named in its
`datasets/images/README.txt`). No photograph is part of this package.
"""

from __future__ import annotations

import functools
import io
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval import disk

FOLDER = Path(__file__).parent


class Basis(NamedTuple):
    """Filters (k, 3, p, p) for RGB; for SUN scale and shape of the distribution of each filter's responses, (k,)."""

    filters: NDArray[np.float32]
    sigma: NDArray[np.float32]
    theta: NDArray[np.float32]
    provenance: dict[str, Any]

    def save(self, path: Path) -> None:
        """Write the basis; the same basis gives the same bytes. Raises OSError."""
        about, file = np.array(json.dumps(self.provenance, sort_keys=True)), io.BytesIO()
        np.savez(file, filters=self.filters, sigma=self.sigma, theta=self.theta, provenance=about)
        disk.replace(path, file.getvalue())


def read_basis(path: Path) -> Basis:
    """The basis in a file."""
    with np.load(path) as file:
        about = json.loads(str(file["provenance"]))
        return Basis(file["filters"], file["sigma"], file["theta"], about)


@functools.cache
def bundled(name: str) -> Basis:
    """The basis of the package with a name: aim21, aim11, dva, sun."""
    return read_basis(FOLDER / f"{name}.npz")
