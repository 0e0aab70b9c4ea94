"""Scoring: predictions and a data set go in, the per-image values of every metric come out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from saliency_eval.core import inputs
from saliency_eval.datasets import load_dataset
from saliency_eval.datasets.base import Dataset
from saliency_eval.errors import ENVIRONMENT, Problem, SaliencyEvalError, Severity, fail, nearest, shown
from saliency_eval.executors import Progress, run_tasks
from saliency_eval.maps import Map, canonical
from saliency_eval.predictions import SetChecks, open_predictions
from saliency_eval.predictions.base import Predictions, Reading
from saliency_eval.protocols import protocol as protocol_of
from saliency_eval.resize import resize as resized
from saliency_eval.run import Kind, OnMissing, Run, Scored, Setting
from saliency_eval.variant import Variant

Source = str | Path | Mapping[str, Any] | Callable[..., Any] | Predictions
Resize = Literal["protocol", "error"]
RESIZE, ON_MISSING, KINDS = get_args(Resize), get_args(OnMissing), get_args(Kind)


@dataclass(frozen=True)
class Reader:
    """Reads the map of an image without scoring it: a refused set gets no numbers, but all its problems."""

    predictions: Predictions
    data: Dataset

    def __call__(self, id: str) -> Scored:
        if not self.predictions.has(id):
            return Scored(id, missing=True)
        try:
            return self.seen(id, self.predictions.read(id, self.data[id]["shape"]))
        except SaliencyEvalError as error:
            return Scored(id, problems=tuple(at_image(p, id) for p in error.problems))

    def seen(self, id: str, reading: Reading) -> Scored:
        """What is kept of a reading: everything but its maps. A model without a view of the image has none."""
        if reading.views == () and len(self.data[id]["fixations"]):
            return Scored(id, missing=True)
        resized = reading.values.shape != self.data[id]["shape"]
        light = reading._replace(values=np.empty((0, 0)), views=None)
        return Scored(id, (), light, reading.notes, resized=resized, parted=reading.views is not None)


@dataclass(frozen=True)
class Task(Reader):
    """Reads the map of an image and scores it: everything that a worker needs."""

    variants: tuple[Variant, ...]
    resize: str
    on_missing: OnMissing

    def __call__(self, id: str) -> Scored:
        found = super().__call__(id)
        if found.missing and self.on_missing == "constant":
            return found._replace(values=self.values(id, [(np.zeros(self.data[id]["shape"]), None)]))
        return found

    def seen(self, id: str, reading: Reading) -> Scored:
        found = super().seen(id, reading)
        views = ((reading.values, None),) if reading.views is None else reading.views
        return found if found.missing else found._replace(values=self.values(id, views))

    def values(self, id: str, views: Sequence[tuple[Any, Any]]) -> tuple[float, ...]:
        """Each metric of one image; of several views, such as observers left out in turn, the mean."""
        stimulus, rows = self.data[id], []
        for values, fixations in views:
            saliency = Map(resized(canonical(values), stimulus["shape"], self.resize))
            own = {"saliency": saliency} | ({} if fixations is None else {"fixations": fixations})
            fields = stimulus.child(**own)
            rows.append([float(variant(fields)) for variant in self.variants])
        return tuple(math.fsum(column) / len(rows) for column in zip(*rows, strict=True))


def at_image(problem: Problem, id: str) -> Problem:
    """The problem with the image that it was found at."""
    if problem.image is not None or problem.exit == ENVIRONMENT:
        return problem
    return replace(problem, message=f"image {shown(id)}: {problem.message}", image=id)


def score(
    predictions: Source,
    data: str | Dataset,
    metrics: str | Iterable[str] | None = None,
    *,
    protocol: str = "mit",
    root: str | Path | None = None,
    kind: Kind = "map",
    on_missing: OnMissing = "error",
    resize: Resize = "protocol",
    seed: int | None = None,
    workers: int = 1,
    limit: int | None = None,
    name: str | None = None,
    strict: bool = False,
    progress: Progress | None = None,
    **naming: Any,
) -> Run:
    """Score predictions against a data set.

    `predictions`: a folder or archive of maps, a mapping of image id to array, a callable of an image id, or
    `model:NAME`. `data`: a data set or its name, with `root` where it lies. `metrics`: names or variants such
    as `nss(ddof=0)`; default those of the `protocol`. `kind`: what the values are. `on_missing`: an image
    without prediction is an `error`, scored as a `constant` map, or `skip`ped. `seed` for metrics that draw, in
    place of that of their variant. `workers` processes; their number changes no value. `limit`: the first images
    only. `strict`: warnings are errors. `naming`: `prefix`, `suffix`, `pattern`, `variable` of files.

    Raises `SaliencyEvalError` with every problem found when anything is refused; then nothing is scored.
    """
    expect(resize=(resize, RESIZE), on_missing=(on_missing, ON_MISSING), kind=(kind, KINDS))
    for what, number in (("limit", 1 if limit is None else limit), ("workers", workers)):
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            fail("usage", f"{what} must be a whole number of at least 1, got {shown(number)}")
    data, chosen = load(data, root), protocol_of(protocol)
    rule = "error" if resize == "error" else chosen.resize
    predictions = open_any(predictions, data, name=name, kind=kind, resize=rule != "error", **naming)
    variants, problems = usable(chosen.variants(metrics), data, seed, named=metrics is not None)
    whole = limit is None and on_missing == "error"
    problems += problems_of_names(predictions, data, whole=whole)
    task = Task(predictions, data, tuple(variants), rule, on_missing)
    doomed = any(p.severity == "error" for p in problems)
    results = in_order(Reader(predictions, data) if doomed else task, list(data)[:limit], workers, progress)
    problems += found_while_reading(results)
    problems += predictions.changed({r.id: r.reading.sha256 for r in results if r.reading})
    if not any(p.code == "missing" for p in problems):
        problems += notes_on_missing(results, on_missing)
    refuse(problems, strict=strict)
    setting = Setting(chosen.name, kind, rule, on_missing)
    complete = limit is None and not (on_missing == "skip" and any(r.missing for r in results))
    return Run.of(predictions, data, setting, variants, results, problems, complete=complete)


def check_predictions(
    predictions: Source,
    data: str | Dataset,
    *,
    protocol: str = "mit",
    root: str | Path | None = None,
    kind: Kind = "map",
    resize: Resize = "protocol",
    workers: int = 1,
    strict: bool = False,
    progress: Progress | None = None,
    **naming: Any,
) -> list[Problem]:
    """Everything that `score` would refuse or note about predictions and truth; nothing is raised for it.

    Options as for `score`.
    """
    expect(resize=(resize, RESIZE), kind=(kind, KINDS))
    data, rule = load(data, root), protocol_of(protocol).resize
    allowed = resize != "error" and rule != "error"
    predictions = open_any(predictions, data, kind=kind, resize=allowed, **naming)
    _, problems = usable(protocol_of(protocol).variants(), data, None, named=False)
    problems += problems_of_names(predictions, data, whole=True)
    results = in_order(Reader(predictions, data), list(data), workers, progress)
    problems += found_while_reading(results)
    if not any(p.code == "missing" for p in problems):
        problems += notes_on_missing(results, "error")
    return [as_error(p) for p in problems] if strict else problems


def expect(**given: tuple[str, tuple[str, ...]]) -> None:
    """Raise `usage` for an argument that is none of the known words."""
    for name, (value, known) in given.items():
        if value not in known:
            fail("usage", f"{name} cannot be '{shown(value)}'", nearest(value, known))


def in_order(task: Reader, ids: Sequence[str], workers: int, progress: Progress | None) -> list[Scored]:
    """The results in the order of the ids, read in the order that costs least."""
    results = run_tasks(task, task.predictions.order(ids), workers, progress)
    place = {id: number for number, id in enumerate(ids)}
    return sorted(results, key=lambda r: place[r.id])


def load(data: str | Dataset, root: str | Path | None) -> Dataset:
    """The data set itself, or the one of that name."""
    return data if isinstance(data, Dataset) else load_dataset(data, root)


def problems_of_names(predictions: Predictions, data: Dataset, *, whole: bool) -> list[Problem]:
    """Findings before any map is opened: about the truth, and about names."""
    found = predictions.match(data)
    some = any(predictions.has(id) for id in data)
    names = [p for p in found if whole or not some or p.code != "missing"]
    return [*data.problems(), *names]


def refuse(problems: Sequence[Problem], *, strict: bool) -> None:
    """Raise all problems when one of them is an error."""
    if strict:
        problems = [as_error(p) for p in problems]
    if any(p.severity == "error" for p in problems):
        raise SaliencyEvalError(problems)


def as_error(problem: Problem) -> Problem:
    """A warning made an error, as `strict` asks."""
    return replace(problem, severity_override="error") if problem.severity == "warning" else problem


def open_any(source: Any, data: Dataset, **options: Any) -> Predictions:
    """Predictions from whatever names or holds them."""
    if isinstance(source, Predictions):
        return source
    if isinstance(source, str) and source.startswith("model:"):
        from saliency_eval.models.runner import ModelPredictions

        return ModelPredictions.of(source.removeprefix("model:"), data, name=options.get("name"))
    return open_predictions(source, **options)


def usable(
    variants: Iterable[Variant], data: Dataset, seed: int | None, *, named: bool
) -> tuple[list[Variant], list[Problem]]:
    """The variants that the data set can define, bound to it; the others as problems, errors if named."""
    kept, problems = [], []
    for variant in variants:
        seeds = {k: seed for k, _ in variant.options if k.split(".")[-1] == "seed" and seed is not None}
        lacking = what_is_lacking(variant, data)
        if lacking:
            problems.append(Problem("undefined_metric", f"{variant.key} needs {lacking}",
                                    "leave it out, or use a data set that has them",
                                    severity_override="error" if named else None))  # fmt: skip
        else:
            kept.append(variant.with_options(seeds).bound(data.defaults))
    if not kept:
        raise SaliencyEvalError([replace(p, severity_override="error") for p in problems])
    return kept, problems


def what_is_lacking(variant: Variant, data: Dataset) -> str:
    """What the data set would need to define a metric; empty when it does."""
    reached = set().union(*(inputs(name) for name in variant.declared.fields))
    if "fixations" in reached and not len(data.pool.points):
        return "fixations, and the data set has none"
    if "pool" in reached and len(set(data.pool.image.tolist())) < 2:
        return "fixations of other images, and the data set has none"
    return ""


def found_while_reading(results: Sequence[Scored]) -> list[Problem]:
    """Findings of all maps, and those that only the whole set shows."""
    checks = SetChecks()
    for result in results:
        if result.reading is not None:
            checks.add(result.id, result.reading)
    found = dict.fromkeys(p for result in results for p in result.problems)
    problems = [*found, *checks.problems()]
    if changed := [r.id for r in results if r.resized]:
        text = f"{len(changed)} of {len(results)} maps resized to their stimulus (first: {shown(changed[0])})"
        problems.append(Problem("resized", text, count=len(changed)))
    return problems


def notes_on_missing(results: Sequence[Scored], on_missing: OnMissing) -> list[Problem]:
    """What was done about images without a prediction."""
    missing = [r.id for r in results if r.missing]
    if not missing:
        return []
    done = {"error": "", "constant": ": scored as constant maps", "skip": ": not scored"}[on_missing]
    text = f"{len(missing)} of {len(results)} predictions are missing (first: {shown(missing[0])}){done}"
    severity: Severity = "error" if on_missing == "error" else "warning"
    remedy = "add them, or on_missing='skip' or 'constant'" if on_missing == "error" else ""
    return [Problem("missing", text, remedy, count=len(missing), severity_override=severity)]
