"""Signatures: the one line that a number prints, the name of its column, and the hashes that stand in both."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from saliency_eval import __version__
from saliency_eval.options import show
from saliency_eval.variant import Variant

if TYPE_CHECKING:
    from saliency_eval.datasets.base import Dataset
    from saliency_eval.run import Setting
    from saliency_eval.scored import Scored


def labels(variants: Sequence[Variant]) -> list[str]:
    """Column names: the key, with the differing options where several variants share it."""
    keys = [v.key for v in variants]
    found = []
    for variant in variants:
        rivals = [dict(v.options) for v in variants if v.key == variant.key]
        differing = [(k, v) for k, v in variant.options if any(r[k] != v for r in rivals)]
        options = ",".join(f"{k}={show(v)}" for k, v in differing)
        found.append(f"{variant.key}({options})" if keys.count(variant.key) > 1 else variant.key)
    return found


def signature(variant: Variant, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """One line with everything that a number depends on; `variant.parse` reads the variant back."""
    key, *options = str(variant).split("|")
    context = [f"{k}:{v}" for k, v in before.items()]
    return "|".join([key, *context, *options, *(f"{k}:{v}" for k, v in after.items())])


def context(
    data: Dataset, setting: Setting, variants: Sequence[Variant], results: Sequence[Scored], scored: int
) -> tuple[dict[str, str], dict[str, str]]:
    """What every signature of a run says before and after the options of its metric."""
    missing, resized = sum(r.missing for r in results), sum(r.resized for r in results)
    from_file = any(("density.source", "file") in v.options for v in variants)
    before = {"protocol": setting.protocol, "data": data.tag, "kind": setting.kind}
    if setting.frame != "original":
        before["frame"] = setting.frame
    if setting.classifier:
        before["classifier"] = setting.classifier
    if setting.subset != "all":
        before["subset"] = setting.subset
    if from_file:
        before["densities"] = hash_of_densities(data, [r.id for r in results])
    if any(r.parted for r in results):
        before["observers"] = f"left-out#{hash_of_observers(data)}"
    after = {"resize": f"{setting.resize}({resized})" if resized else "none"}
    if missing:
        after["missing"] = f"{setting.on_missing}({missing})"
    return before, after | {"n": str(scored), "v": __version__}


def hash_of_densities(data: Dataset, ids: Sequence[str]) -> str:
    """Eight digits of the stored densities."""
    digest = hashlib.sha256()
    for id in ids:
        digest.update(np.ascontiguousarray(data[id]["stored_density"](), np.float64).tobytes())
    return digest.hexdigest()[:8]


def hash_of_observers(data: Dataset) -> str:
    """Eight digits of who fixated what."""
    return hashlib.sha256(b"".join(data[id]["observers"].tobytes() for id in data)).hexdigest()[:8]


def hash_of_predictions(results: Sequence[Scored]) -> str:
    """One hash of all predictions: of image ids and the hashes of their bytes."""
    digest = hashlib.sha256()
    for result in results:
        digest.update(f"{result.id}\0{result.prediction or 'missing'}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def drawn_images(
    variants: Mapping[str, Variant], data: Dataset, ids: Sequence[str]
) -> dict[str, dict[str, list[str]]]:
    """The images whose fixations served as negatives, by metric, where they were drawn."""
    drawn = {
        label: dict(variant.options)
        for label, variant in variants.items()
        if "other_images.seed" in dict(variant.options) and "other_images.seed" not in variant.idle
    }
    return {
        label: {id: [data[id]["pool"].ids[n] for n in data[id].read("other_images", options)] for id in ids}
        for label, options in drawn.items()
    }


def fields(line: str) -> dict[str, str]:
    """The fields of a signature by name, without its metric.

    >>> fields("nss|ddof:1|n:6")
    {'ddof': '1', 'n': '6'}
    """
    return {name: value for name, _, value in (field.partition(":") for field in line.split("|")[1:])}


def without(line: str, names: Container[str]) -> str:
    """A signature without some of its fields.

    >>> without("nss|ddof:1|n:6|v:0.1.0", ("v", "n"))
    'nss|ddof:1'
    """
    return "|".join(field for field in line.split("|") if field.partition(":")[0] not in names)


def short_signature(line: str) -> str:
    """Metric, protocol and data, and eight digits of the sha256 of the whole line."""
    key, given = line.partition("|")[0], fields(line)
    kept = [f"{name}:{given[name]}" for name in given if name in ("protocol", "data")]
    return "|".join([f"{key}#{hashlib.sha256(line.encode()).hexdigest()[:8]}", *kept])
