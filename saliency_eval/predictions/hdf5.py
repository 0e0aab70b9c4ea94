"""HDF5 files: nothing is read before links, virtual and external data are ruled out.

h5py follows an external link, external storage and a virtual dataset to other files without a word, and
a virtual dataset may end the process; asking for them is safe. So the order here matters.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from saliency_eval.errors import Problem, fail, shown
from saliency_eval.pool import Shape
from saliency_eval.predictions.arrays import pick
from saliency_eval.predictions.filters import check_filters
from saliency_eval.predictions.rules import Rules, size
from saliency_eval.predictions.values import (
    Array,
    Notes,
    as_map,
    check_claim,
    check_dtype,
    check_size,
    plane,
)

if TYPE_CHECKING:
    import h5py

SIGNATURE = b"\x89HDF\r\n\x1a\n"
TEXT = ("char", "cell", "struct", "function_handle")  # classes of MATLAB that are stored as numbers


def is_hdf5(data: bytes) -> bool:
    """Is the signature at one of the places where it may be?"""
    return any(data.startswith(SIGNATURE, at) for at in (0, 512, 1024, 2048))


def decode_h5(data: bytes, shape: Shape, rules: Rules, *, turned: bool = False) -> tuple[Array, Notes]:
    """The only numeric two-dimensional dataset at the root, or the one at the path `variable`."""
    import h5py

    with h5py.File(h5py.h5f.open_file_image(data), "r") as file:
        found = datasets(file, rules.variable)
        for name, dataset in found.items():
            if dataset.is_virtual or dataset.external:
                refuse_outside(name, "virtual or external data")
        dataset = choose(found, rules.variable)
        turned = turned or "MATLAB_class" in dataset.attrs
        check(dataset, len(data), shape, rules, turned)
        values, notes = as_map(dataset[()].T if turned else dataset[()])
    if turned:
        notes += (Problem("mat73", "a MATLAB v7.3 file: axes turned back"),)
    return values, notes


def datasets(file: h5py.File, variable: str | None) -> dict[str, h5py.Dataset]:
    """Datasets at the root, or the one at a path, reached through hard links only."""
    group: h5py.Group = file
    *folders, last = (variable or "").strip("/").split("/")
    for folder in folders:
        group = hard_link(group, folder)
        if group is None or group.id.__class__.__name__ != "GroupID":
            return {}
    found = {name: hard_link(group, name) for name in group}
    kept = {name: item for name, item in found.items() if is_dataset(item)}
    return kept if not last else {name: item for name, item in kept.items() if name == last}


def hard_link(group: h5py.Group, name: str) -> Any:
    """The object behind a hard link, None behind a soft one; raises `external_link`."""
    import h5py

    link = group.get(name, getlink=True)
    if isinstance(link, h5py.ExternalLink):
        refuse_outside(name, "a link to another file")
    return group[name] if isinstance(link, h5py.HardLink) else None
