"""What computes: this package, its code as it lies here, and the libraries below it."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from saliency_eval import __version__


@functools.cache
def versions() -> dict[str, str]:
    """Everything but the input that a number may depend on, by name."""
    import numpy
    import PIL
    import scipy

    libraries = {module.__name__: str(module.__version__) for module in (numpy, PIL, scipy)}
    return {"saliency_eval": __version__, "code": code(), **libraries}


def code() -> str:
    """Sixteen digits of the hash of this package as it is installed: a checkout changes between two releases."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for path in sorted(
        path for ending in ("py", "c", "h", "compiled", "npz") for path in folder.rglob(f"*.{ending}")
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
