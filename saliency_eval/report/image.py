"""The page of one image: what each metric saw of the maps of some models, and how that adds up to its value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from saliency_eval.core import METRICS, Stimulus
from saliency_eval.datasets.base import Dataset
from saliency_eval.errors import Problem, SaliencyEvalError, fail, shown
from saliency_eval.escape import without_surrogates
from saliency_eval.executors import one_thread
from saliency_eval.pages import render
from saliency_eval.predictions.base import Predictions
from saliency_eval.predictions.match import OR_CONSTANT
from saliency_eval.protocols import Protocol
from saliency_eval.protocols import protocol as protocol_of
from saliency_eval.report import cards, pictures
from saliency_eval.report.compared import Metric
from saliency_eval.report.looks import look
from saliency_eval.report.sections import Model, Section, section
from saliency_eval.report.templates import CSS, template
from saliency_eval.run import Kind, Run, Setting
from saliency_eval.scoring import KINDS, expect, kind_of, load, open_any, refuse_subject, usable
from saliency_eval.tasks import Scorer
from saliency_eval.variant import Variant


class Explained(NamedTuple):
    """An image under some metrics: the models, a section for each metric, and findings about maps and truth."""

    id: str
    data: str
    models: list[Model]
    sections: list[Section]
    problems: list[Problem]
    page: str


def explain(
    image: str,
    predictions: Sequence[Any],
    data: str | Dataset,
    metrics: str | Iterable[str] | None = None,
    *,
    protocol: str = "mit",
    kind: Kind | None = None,
    names: Sequence[str] | None = None,
    root: str | Path | None = None,
    **naming: Any,
) -> Explained:
    """What each metric saw of the maps of one image, with a page of it.

    `image` is an id of the data set, `predictions` sources as of `score`, `names` one for each; other options as of
    `score`. Raises SaliencyEvalError for an image or option that does not exist, for a map that scoring refuses, and
    for a data set of boxes: their metrics have no parts, and some are settled over all images.
    """
    expect(kind=(kind or "map", KINDS))
    found, chosen = load(data, root), protocol_of(protocol)
    if found.subject != "fixations":
        text = f"explain shows what metrics of fixations saw, {found.key} holds {found.subject}"
        fail("usage", text, "'saliency-eval report' shows images of saved runs with their boxes")
    refuse_subject(chosen, found, metrics)
    with one_thread():
        return explained(image, predictions, found, metrics, chosen, kind, names, naming)


def explained(
    image: str, predictions: Sequence[Any], found: Dataset, metrics: str | Iterable[str] | None, chosen: Protocol,
    kind: Kind | None, names: Sequence[str] | None, naming: Mapping[str, Any],
) -> Explained:  # fmt: skip
    """The same, once data set and protocol are known."""
    stimulus = found[image]
    variants, problems = usable(chosen.variants(metrics), found, None, named=metrics is not None)
    runs, models = list[Run](), list[Model]()
    resize = chosen.resize != "error"
    for number, source in enumerate(predictions):
        name = names[number] if names else None
        opened = open_any(source, found, name=name, kind=kind, resize=resize, **naming)
        setting = Setting(chosen.name, kind_of(opened, kind), chosen.resize, "error")
        run = scored(opened, found, stimulus, setting, variants)
        runs.append(run)
        models.append(model_of(run, opened, stimulus))
        problems += run.problems
    models = distinct(models)
    labels = runs[0].labels
    sections = [
        section(label, v, n, models, stimulus)
        for n, (label, v) in enumerate(zip(labels, variants, strict=True))
    ]
    page = without_surrogates(page_of(stimulus, found, models, sections))
    return Explained(image, found.tag, models, sections, problems, page)


def scored(
    predictions: Predictions, data: Dataset, stimulus: Stimulus, setting: Setting, variants: Sequence[Variant]
) -> Run:
    """The scores of one image; raises what is wrong with its map."""
    matched(predictions, data, stimulus.id)
    result = Scorer(predictions, data, tuple(variants), setting.resize, "error", {})(stimulus.id)
    if result.missing:
        text = f"{shown(predictions.name)} has no map of {shown(stimulus.id)}: its observers do not allow one"
        raise SaliencyEvalError([Problem("missing", text, "choose another image", stimulus.id)])
    if any(p.severity == "error" for p in result.problems):
        raise SaliencyEvalError(result.problems)
    return Run.of(predictions, data, setting, variants, [result], result.problems, complete=False)


def matched(predictions: Predictions, data: Dataset, image: str) -> None:
    """Raises what is wrong with the names of predictions where that leaves an image without a map."""
    named = [p for p in predictions.match(data) if p.severity == "error" and p.image == image]
    if predictions.has(image):
        return
    try:
        if named:
            raise SaliencyEvalError(named)
        predictions.fetch(image)  # raises `missing` and says where it was looked for
    except SaliencyEvalError as error:  # here is nothing that a constant map could stand for
        found = [replace(p, remedy=p.remedy.removesuffix(OR_CONSTANT)) for p in error.problems]
        raise SaliencyEvalError(found) from None


def model_of(run: Run, predictions: Predictions, stimulus: Stimulus) -> Model:
    """A model on the page."""
    seen = look(predictions, stimulus, run.setting.resize)
    assert seen is not None  # it was scored
    return Model(run.model, seen, tuple(run.values[0].tolist()), tuple(run.signatures.values()))


def distinct(models: Sequence[Model]) -> list[Model]:
    """Models of which no two have one name."""
    names = [model.name for model in models]
    return [
        model._replace(name=f"{model.name} ({n})") if names.count(model.name) > 1 else model
        for n, model in enumerate(models, start=1)
    ]


# ------------------------------------------------------------------ the page


def page_of(stimulus: Stimulus, data: Dataset, models: Sequence[Model], sections: Sequence[Section]) -> str:
    """The page of an image."""
    missing: list[str] = []
    try:
        photos = cards.stimulus(stimulus)
    except SaliencyEvalError as error:
        photos = []
        missing.append(f"The stimulus cannot be shown: {error.problems[0].message}")
    photos += [cards.saliency(stimulus, model.look, model.name) for model in models]
    metrics = [Metric(s.label, s.better, METRICS[s.key].traits["chance"], "") for s in sections]
    values = np.array([model.values for model in models])
    height, width = stimulus["shape"]
    return render(
        template("explain.html"),
        title=f"{stimulus.id} of {data.key}@{data.version}",
        style=CSS,
        photos=photos,
        missing=missing,
        metrics=metrics,
        rows=cards.rows(values, [model.name for model in models], [s.better for s in sections]),
        sections=sections,
        signatures=[
            (s.label, list(dict.fromkeys(m.signatures[n] for m in models))) for n, s in enumerate(sections)
        ],
        scales={scale: pictures.bar(scale) for scale in pictures.COLOURS},
        size=f"{width}x{height}",
        fixations=len(stimulus["fixations"]),
    )
