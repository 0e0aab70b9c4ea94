"""How a metric is declared: one decorator enters it everywhere and checks arrays given by hand."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from saliency_eval import check
from saliency_eval.classifiers import open_classifier
from saliency_eval.core import METRICS, Declared, Stimulus
from saliency_eval.errors import fail
from saliency_eval.fields.curves import Curve
from saliency_eval.maps import Map
from saliency_eval.options import bind, checked

NAN = float("nan")  # the value of a metric where it is not defined
BITS = 2.0**-52  # the `eps` of MATLAB, which the MIT code adds within logarithms
Constant = Literal["nan", "chance", "raise"]
Settle = Callable[[NDArray[np.float64], Sequence[Stimulus], Mapping[str, Any]], NDArray[np.float64]]
Facts = Callable[[NDArray[np.float64], Mapping[str, Any]], dict[str, float]]
F = TypeVar("F", bound=Callable[..., float | NDArray[np.float64]])
POINTS = ("fixations", "other_fixations")
CURVES = ("insertion_curve", "deletion_curve")
MAPS = ("density", "baseline")
BOXES = ("boxes", "predicted_boxes")
FUNCTIONS: dict[str, Callable[..., float]] = {}  # metrics by key, as they are called by hand


def metric(
    label: str,
    *,
    better: Literal["higher", "lower"],
    range: tuple[float, float],
    chance: float | None,
    source: str,
    invariant: Sequence[str] = (),
    same_size: bool = True,
    length: Callable[[Mapping[str, Any]], int | None] = lambda options: None,
    settle: Settle | None = None,
    facts: Facts = lambda matrix, options: {},
    doubts: Callable[[Mapping[str, float]], list[str]] = lambda facts: [],
    idle: Callable[[Mapping[str, Any]], Iterable[str]] = lambda options: (),
) -> Callable[[F], F]:
    """Declare a function as a metric under its own name.

    `label` is for tables; `better` the direction; `range` and `chance` its values; `source` the DOI or arXiv id;
    `invariant` the transforms that leave it unchanged, which the property tests try; `same_size` whether map and
    truth must have one size; `idle` names, from the options, those without effect. A metric over a data set gives a
    vector for one image, of the `length` that follows from the options (None: a number). Of the vectors (images, n)
    `settle` makes the values (images,), and `facts` what they are to be read beside, which the docstring explains by
    name; `doubts` tells why those say that the metric may not be believed.
    """

    def declare(function: F) -> F:
        declared = METRICS.declare(
            function.__name__,
            function,
            label=label,
            better=better,
            range=range,
            chance=chance,
            source=source,
            invariant=tuple(invariant),
            length=length,
            settle=settle,
            facts=facts,
            doubts=doubts,
            idle=idle,
        )

        @functools.wraps(function)
        def by_hand(*arrays: Any, **options: Any) -> float:
            given = checked(bind(function, options, *arrays), declared.types, declared.key)
            ready = prepared(given, same_size)
            fields = {"label": 0, **{name: one for name, one in ready.items() if name != "id"}}
            return alone(declared, function(**ready), Stimulus("", **fields), ready)

        FUNCTIONS[function.__name__] = by_hand
        return by_hand  # type: ignore[return-value]

    return declare


def alone(
    declared: Declared, value: float | NDArray[np.float64], image: Stimulus, options: Mapping[str, Any]
) -> float:
    """The value of a metric on one image; a vector is settled as if the data set had no other."""
    if np.ndim(value) and declared.traits["settle"]:
        row = np.asarray(value)[np.newaxis]
        value = declared.traits["settle"](row, [image], {**declared.options, **options})[0]
    return float(value)


def prepared(given: dict[str, Any], same_size: bool) -> dict[str, Any]:
    """Fields given by hand, checked: maps become `Map`, points pixels of the map, boxes arrays (k, 4), pairs curves."""
    if "classifier" in given:
        given["classifier"] = open_classifier(given["classifier"])
    for name in set(CURVES) & set(given):
        given[name] = Curve.of(given[name], name)
    if "saliency" not in given:  # what follows from it is given
        return given
    saliency = Map.of(given["saliency"])
    given["saliency"] = saliency
    for name in given:
        if name in POINTS:
            given[name] = check.points(given[name], saliency.shape, name)
        elif name in BOXES:
            given[name] = check.boxes(given[name], saliency.shape if name == "boxes" else None, name)
        elif name in MAPS:
            given[name] = Map.of(given[name], name)
            if same_size:
                check.same_shape(saliency.shape, given[name].shape, name)
            if given[name].low < 0:
                fail(
                    "dtype", f"{name} must not be negative, got {given[name].low:g}", "pass a density", exit=4
                )
    return given


def undefined(constant: Constant, chance: float, saliency: Map) -> float:
    """The value of a map of one value everywhere, which orders no pixel before another."""
    if constant == "raise":
        fail("constant", f"the map is {saliency.low:g} everywhere", "use constant=nan or constant=chance")
    return chance if constant == "chance" else NAN
