"""HDF5 files: nothing is read before links, virtual and external data are ruled out.

h5py follows an external link, external storage and a virtual dataset to other files without a word, and
a virtual dataset may end the process; asking for them is safe. So the order here matters. Files of
strangers come here by way of `isolated`: damaged ones may still end the process.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NoReturn

from saliency_eval.disk import size
from saliency_eval.errors import Problem, fail, shown
from saliency_eval.pool import Shape
from saliency_eval.predictions.arrays import pick
from saliency_eval.predictions.inflate import check_growth
from saliency_eval.predictions.rules import DEFLATE, Rules
from saliency_eval.predictions.values import (
    Array,
    Notes,
    as_map,
    check_claim,
    check_dtype,
    check_size,
    is_plane,
    plane,
)

if TYPE_CHECKING:
    import h5py

SIGNATURE = b"\x89HDF\r\n\x1a\n"
GZIP, SHUFFLE, FLETCHER32, LZF = 1, 2, 3, 32000
COMPRESSORS = {GZIP, LZF}
NOT_NUMBERS = (b"char", b"cell", b"struct", b"function_handle")  # classes that MATLAB stores as integers


def is_hdf5(data: bytes) -> bool:
    """Is the signature at one of the places where it may be?"""
    return any(data.startswith(SIGNATURE, at) for at in (0, 512, 1024, 2048))


def decode_h5(
    data: bytes | bytearray, shape: Shape, rules: Rules, *, matlab: bool = False
) -> tuple[Array, Notes]:
    """The only numeric two-dimensional dataset at the root, or the one at the path `variable`."""
    import h5py

    with h5py.File(h5py.h5f.open_file_image(data), "r") as file:
        found = datasets(file, rules.variable)
        for name, dataset in found.items():
            if dataset.is_virtual or dataset.external:
                refuse_outside(name, "virtual or external data")
        dataset = choose(found, rules.variable)
        turned = matlab or "MATLAB_class" in dataset.attrs
        check(dataset, len(data), shape, rules, turned)
        values, notes = as_map(dataset[()].T if turned else dataset[()])
    if turned:
        notes += (Problem("mat73", "a MATLAB v7.3 file: axes turned back"),)
    return values, notes


def datasets(file: h5py.File, variable: str | None) -> dict[str, h5py.Dataset]:
    """Datasets at the root, or the one at a path, reached through hard links only."""
    import h5py

    found = {name: behind(file, name) for name in file}
    if variable is not None:
        item: Any = file
        for part in variable.strip("/").split("/"):
            item = behind(item, part) if isinstance(item, h5py.Group) else None
        found = {variable: item}
    return {name: item for name, item in found.items() if isinstance(item, h5py.Dataset)}


def behind(group: h5py.Group, name: str) -> Any:
    """What a hard link leads to, None for any other; raises `external_link`."""
    import h5py

    link = group.get(name, getlink=True)
    if isinstance(link, h5py.ExternalLink):
        refuse_outside(name, "a link to another file")
    return group[name] if isinstance(link, h5py.HardLink) else None


def refuse_outside(name: str, what: str) -> NoReturn:
    """Raises `external_link`."""
    fail(
        "external_link",
        f"an HDF5 file must hold its data itself, '{shown(name)}' is {what}",
        "copy the data into the file",
    )


def choose(found: dict[str, h5py.Dataset], variable: str | None) -> h5py.Dataset:
    """The dataset that is asked for, or the only map, or the only one; raises `ambiguous`."""
    maps = {n: d for n, d in found.items() if d.dtype.kind in "biuf" and is_plane(d.shape or ())}
    return found[pick(list(maps or found), variable)]


# ------------------------------------------------------------------ before it is read


def check(dataset: h5py.Dataset, present: int, shape: Shape, rules: Rules, turned: bool) -> None:
    """All that the header tells of a dataset: type, shape, claim, limits, size."""
    kind = dataset.attrs.get("MATLAB_class", b"") if turned else b""
    if bytes(kind) in NOT_NUMBERS:
        fail("dtype", f"a map must hold numbers, got the class {shown(kind)}", "save a full numeric matrix")
    check_dtype(dataset.dtype)
    found = plane(dataset.shape or ())
    check_storage(dataset, present, rules)
    check_size(found[::-1] if turned else found, shape, rules)


def check_storage(dataset: h5py.Dataset, present: int, rules: Rules) -> None:
    """Raises `unreadable` for data beyond the end of the file, `too_large` for what would be allocated."""
    at = dataset.id.get_offset()  # of contiguous data; None for chunks, and for a fill value only
    needed = math.prod(dataset.shape) * dataset.dtype.itemsize
    check_claim(dataset.shape, dataset.dtype.itemsize, needed if at is None else present - at, rules)
    if dataset.chunks is None:
        return
    chunk = math.prod(dataset.chunks) * dataset.dtype.itemsize
    if chunk > rules.max_bytes:
        fail(
            "too_large",
            f"a chunk may take {size(rules.max_bytes)}, chunks {dataset.chunks} take {size(chunk)}",
            "save it in smaller chunks, or raise max_bytes= of open_predictions",
        )
    check_filters(dataset, rules)


def check_filters(dataset: h5py.Dataset, rules: Rules) -> None:
    """Allow the filters whose output can be bounded, and bound it: HDF5 itself inflates without a limit."""
    plan = dataset.id.get_create_plist()
    filters = [plan.get_filter(i)[0] for i in range(plan.get_nfilters())]
    unknown = set(filters) - COMPRESSORS - {SHUFFLE, FLETCHER32}
    if unknown or sum(code in COMPRESSORS for code in filters) > 1:
        fail(
            "format_not_allowed",
            f"HDF5 data must be stored plain or by gzip, got the filters {filters}",
            "save it with compression='gzip'",
        )
    if GZIP not in filters:
        return
    stored: list[Any] = []
    dataset.id.chunk_iter(stored.append)
    for info in stored:
        if info.size * DEFLATE > rules.max_bytes:  # a smaller one cannot grow above the limit
            check_growth(dataset.id.read_direct_chunk(info.chunk_offset)[1], rules)
