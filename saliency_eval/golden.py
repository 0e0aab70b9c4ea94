"""Recorded numbers: every metric, in every option value, on small inputs made from integers.

They say that a number is the same from version to version and from machine to machine. `golden.json` holds
them with the versions of the libraries that made them; a changed value is a heading of its own in CHANGELOG.md.
"""

from __future__ import annotations

import itertools
import json
import math
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from saliency_eval import metrics as _declared  # noqa: F401  (declares the metrics)
from saliency_eval.classifiers import Classifier
from saliency_eval.classifiers.contract import Batch
from saliency_eval.core import METRICS, Declared, Fields
from saliency_eval.errors import SaliencyEvalError, fail
from saliency_eval.maps import Floats, Map
from saliency_eval.metrics.declare import alone
from saliency_eval.options import alternatives
from saliency_eval.pool import Pool
from saliency_eval.recorded import Difference, Number, compare, number
from saliency_eval.variant import Variant, defaults, variant
from saliency_eval.versions import versions

FILE = Path(__file__).with_name("golden.json")
ABSENT = "absent"
SHAPE = (36, 48)
IMAGES = 5
DATA_SET = {"sigma": 3.0}

# metric(saliency, truth ...) whose value is known by hand: call, expected
CLOSED_FORMS: list[tuple[str, dict[str, Any], str, float]] = [
    ("auc", {"negatives": "unfixated"}, "peak", 1.0),
    ("auc", {}, "flat", 0.5),
    ("auc_judd", {}, "flat", 0.5 + 1 / (2 * 2)),
    ("auc_borji", {"constant": "chance"}, "flat", 0.5),
    ("nss", {"ddof": 0}, "peak", math.sqrt(36 * 48 - 1)),
    ("nss", {"constant": "chance"}, "flat", 0.0),
    ("kld", {"form": "exact", "density.sigma": 0.0}, "flat", math.log(36 * 48)),
    ("cc", {"density.sigma": 0.0}, "peak", 1.0),
    ("sim", {"density.sigma": 0.0}, "peak", 1.0),
    ("localisation_error", {}, "peak", 0.0),
    ("localisation_error", {"iou": 0.0005}, "flat", 0.0),
    ("max_box_acc", {"version": "v2"}, "peak", 1.0),
    ("pointing_game", {"tolerance": 0.0}, "flat", 1 / (36 * 48)),
    ("energy_pointing", {}, "flat", 1 / (36 * 48)),
    ("saliency_metric", {}, "peak", math.log(0.05) + math.log(3)),
    ("saliency_metric", {}, "flat", math.log(3)),
    ("insertion_auc", {"substrate": "blur", "blur": "gaussian", "sigma": 0.1}, "peak", 1 / 3),
    ("deletion_auc", {"step": 36 * 48}, "flat", (1 / 3 + 1 / (1 + math.exp(4) + math.exp(8))) / 2),
    ("ssr_area", {"step": 1728}, "flat", 1.0),
    ("sdr_area", {"step": 864}, "flat", 0.5),
]


def pool() -> Pool:
    """Fixations of five images, spread by integer arithmetic; the last image has another size."""
    images = []
    for image in range(IMAGES):
        shape = SHAPE if image < IMAGES - 1 else (24, 60)
        steps = np.arange(14)
        points = np.column_stack(
            [(7 + 11 * steps + 5 * image) % shape[0], (3 + 17 * steps * (image + 1)) % shape[1]]
        )
        images.append((f"image{image}", shape, np.vstack([points, points[:2]])))  # two pixels fixated twice
    return Pool.of(images)


def cases() -> dict[str, Fields]:
    """The inputs by name: 8-bit, real-valued, negative, tied, with zeros, constant."""
    row, column = np.mgrid[: SHAPE[0], : SHAPE[1]]
    hill = 900 - (row - 15) ** 2 - (column - 20) ** 2 // 2
    maps = {
        "levels": ((hill - hill.min()) * 255 // (hill.max() - hill.min())).astype(np.uint8),
        "real": (hill - hill.min() + 1) / 7 + (row * 31 + column * 17) % 13 / 64,
        "negative": hill / 16 - 40.25,
        "ties": (hill > 600) * 20 + (hill > 800) * 235,
        "zeros": np.maximum(hill - 500, 0) / 8,
        "constant": np.full(SHAPE, 3.5),
        "zero": np.zeros(SHAPE),
    }
    shared = pool()
    fixations = shared.points_of(0)
    boxes = np.array([[6.0, 10.0, 24.0, 31.0], [20.0, 30.0, 36.0, 48.0]])
    # of the image's three classes, its own is not the likeliest
    red, blue = 160 + (row * 5 + column * 3) % 64, row * column % 256
    picture = np.stack([red, maps["levels"], blue], axis=2).astype(np.uint8)
    truth = Fields("image0", shape=SHAPE, fixations=fixations, pool=shared, boxes=boxes, **seen(picture))
    return {name: truth.child(saliency=Map(values)) for name, values in maps.items()}


def seen(picture: NDArray[np.uint8]) -> dict[str, Any]:
    """An image of class 1, and a classifier whose classes are the colours: it takes images of any size."""

    def colours(batch: Batch) -> Floats:
        return np.asarray(8 * batch.mean(axis=(1, 2), dtype=np.float64))

    classifier = Classifier(colours, "colours", kind="logits", mean=(1.0, 0.0, 0.5))
    return {"image": picture, "classifier": classifier, "label": 1, "target": 1}


def variants_of(declared: Declared) -> Iterator[Variant]:
    """The default variant, those with one option at another value, and those that this brings to life."""
    plain = variant(declared.key).bound(DATA_SET)
    found = dict.fromkeys([plain, *changed_once(plain)])
    for other in list(found):
        woken = plain.idle - other.idle
        found |= dict.fromkeys(v for v in changed_once(other) if v != other and differs(v, other, woken))
    yield from (v for v in found if not needs_file(v))


def changed_once(start: Variant) -> Iterator[Variant]:
    """The variants with one option at another value."""
    for name in defaults(start.declared):
        for value in alternatives_of(start.kind_of(name), dict(start.options)[name]):
            yield start.with_options({name: value})


def differs(one: Variant, other: Variant, names: Iterable[str]) -> bool:
    """Do two variants differ in one of the named options?"""
    first, second = dict(one.options), dict(other.options)
    return any(first[name] != second[name] for name in names)


def alternatives_of(kind: Any, default: Any) -> list[Any]:
    """Other values of an option: all words, and another number."""
    found: list[Any] = []
    for accepted in alternatives(kind):
        base = typing.get_args(accepted)[0] if typing.get_origin(accepted) is Annotated else accepted
        if typing.get_origin(base) is Literal:
            found += [v for v in typing.get_args(base) if v not in (default, "dataset", "raise")]
        elif base is bool:
            found.append(not default)
        else:
            found.append(another(base, default))
    return found


def another(kind: type, default: Any) -> Any:
    """A second number, in the range of any option."""
    if kind is int:
        return 3
    return 0.25 if not isinstance(default, float | int) or default < 1 else default / 2


def needs_file(changed: Variant) -> bool:
    """Does it read a density file, which these inputs lack?"""
    return dict(changed.options).get("density.source") == "file"


def compute() -> dict[str, dict[str, Any]]:
    """Every number by case, then by signature, in the form of `safe`."""
    chosen = list(itertools.chain.from_iterable(variants_of(METRICS[key]) for key in METRICS))
    return {name: {str(v): safe(v, fields) for v in chosen} for name, fields in cases().items()}


def safe(chosen: Variant, fields: Fields) -> Number:
    """The value, None for NaN, text for infinities and refusals; `ABSENT` where an optional package is missing."""
    try:
        return number(alone(chosen.declared, chosen(fields), fields, dict(chosen.options)))
    except SaliencyEvalError as error:
        return ABSENT if error.code == "needs_extra" else f"error[{error.code}]"


def absent(computed: dict[str, Any]) -> set[str]:
    """Metrics that cannot be computed here, since an optional package is missing."""
    return {line.split("|")[0] for case in computed.values() for line, got in case.items() if got == ABSENT}


def without(values: dict[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """The numbers of all metrics but some."""
    left_out = set(keys)
    return {
        case: {line: value for line, value in numbers.items() if line.split("|")[0] not in left_out}
        for case, numbers in values.items()
    }


def recorded() -> dict[str, Any]:
    """The recorded numbers with the versions that made them."""
    return dict(json.loads(FILE.read_text(encoding="utf-8")))


def record() -> None:
    """Write the numbers of this machine; a changed one belongs into CHANGELOG.md under Numbers."""
    if not (FILE.parent.parent / "pyproject.toml").is_file():
        fail("usage", f"{FILE.parent} is no checkout", "record from an editable install: pip install -e .")
    values = compute()
    old = recorded()["values"] if FILE.is_file() else {}
    if lost := absent(values):
        fail("needs_extra", f"{', '.join(lost)} cannot be computed", "pip install 'saliency-eval[test]'")
    with_these = {name: version for name, version in versions().items() if name in ("numpy", "scipy", "PIL")}
    document = {"schema": 1, "versions": with_these, "values": values}
    changes = compare(old, values)
    FILE.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{FILE}: {sum(map(len, values.values()))} numbers, {len(changes)} of them new, changed or gone")


def closed_forms() -> list[Difference]:
    """Values known by hand that came out otherwise."""
    point = np.array([[20, 30]])
    peak = np.zeros(SHAPE)
    peak[20, 30] = 1
    box = np.array([[20.0, 30.0, 21.0, 31.0]])
    grey = seen(np.full((*SHAPE, 3), 128, np.uint8))
    truth = Fields("image0", shape=SHAPE, fixations=point, pool=pool(), boxes=box, **grey)
    maps = {"peak": truth.child(saliency=Map(peak)), "flat": truth.child(saliency=Map(np.ones(SHAPE)))}
    found = []
    for key, options, name, expected in CLOSED_FORMS:
        chosen = variant(key, **options)
        got = alone(chosen.declared, chosen(maps[name]), maps[name], options)
        if not math.isclose(got, expected, rel_tol=1e-12, abs_tol=1e-12):
            found.append(Difference(f"closed form, {name}", str(chosen), expected, got))
    return found


if __name__ == "__main__":
    record()
