"""Scoring: predictions and a data set go in, the per-image values of every metric come out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

from saliency_eval.classified import classifier_of, correct_part, results_of
from saliency_eval.classifiers import Classifier
from saliency_eval.datasets import load_dataset
from saliency_eval.datasets.base import Dataset
from saliency_eval.errors import (
    ENVIRONMENT,
    Problem,
    SaliencyEvalError,
    fail,
    nearest,
    shown,
    unknown,
)
from saliency_eval.executors import LOCAL, Place, Progress, Workers, place
from saliency_eval.findings import doubtful, problems_of_maps, problems_of_names, refuse
from saliency_eval.journal import Journal, fitting, setting_of
from saliency_eval.predictions import open_predictions
from saliency_eval.predictions.base import Predictions
from saliency_eval.protocols import Protocol, names_of
from saliency_eval.protocols import protocol as protocol_of
from saliency_eval.run import Kind, OnMissing, Run, Setting
from saliency_eval.saved.finished import finished
from saliency_eval.scored import Scored
from saliency_eval.store import scratch_folder
from saliency_eval.tasks import Reader, Scorer
from saliency_eval.variant import Variant

Source = str | Path | Mapping[str, Any] | Callable[..., Any] | Predictions
Resize = Literal["protocol", "error"]
NAMING = {"prefix", "suffix", "pattern", "variable", "max_pixels", "max_bytes"}
Subset = Literal["all", "correct"]
RESIZE, ON_MISSING, KINDS = get_args(Resize), get_args(OnMissing), get_args(Kind)
SUBSETS = get_args(Subset)


def score(
    predictions: Source,
    data: str | Dataset,
    metrics: str | Iterable[str] | None = None,
    *,
    protocol: str = "mit",
    root: str | Path | None = None,
    kind: Kind | None = None,
    on_missing: OnMissing = "error",
    resize: Resize = "protocol",
    seed: int | None = None,
    workers: Workers = 1,
    executor: str = LOCAL,
    classifier: Classifier | Callable[..., Any] | str | None = None,
    subset: Subset = "all",
    limit: int | None = None,
    name: str | None = None,
    strict: bool = False,
    results: str | Path | None = None,
    resume: bool = True,
    progress: Progress = lambda count: None,
    **naming: Any,
) -> Run:
    """Score predictions against a data set: a `Run` with the values of every image and metric.

    `predictions`: a folder or archive of maps, a mapping of image id to array, a callable of an image id, or
    `model:NAME`. `data`: a data set or its name, with `root` where it lies. `metrics`: names or variants such
    as `nss(ddof=0)`; default those of the `protocol`. `kind`: what the values are, by
    default what the predictions say of themselves, else maps. `on_missing`: an image
    without prediction is an `error`, scored as a `constant` map, or `skip`ped. `seed` for metrics that draw, in
    place of that of their variant. `workers` processes, `auto` for as many as there are cores, or the workers of a
    Dask cluster whose scheduler `executor` names, `dask://HOST:PORT`; no value depends on where it is computed.
    `classifier` for the metrics that ask one: text such as `timm:NAME` or `path/to/file.py:factory`, or anything that
    takes batches; `subset="correct"` scores the images that it knows. `limit`: the first images only. `strict`:
    warnings are errors. `results`: the folder that `save_run` is going to save the run in; what was scored before an
    interruption is kept there, and taken up again unless `resume` is false. `naming`: `prefix`, `suffix`, `pattern`,
    `variable` of files.

    Raises `SaliencyEvalError` with every problem found when anything is refused; then nothing is scored.

    >>> run = score("model:uniform", "demo", "auc,nss(constant=chance)", limit=3)
    >>> run.values.tolist()
    [[0.5, 0.0], [0.5, 0.0], [0.5, 0.0]]
    """
    expect(resize=(resize, RESIZE), on_missing=(on_missing, ON_MISSING),
           kind=(kind or "map", KINDS), subset=(subset, SUBSETS))  # fmt: skip
    check_options(naming, limit)
    where = place(workers, executor)
    chosen, data = under(protocol, data, root, metrics)
    seer = classifier_of(classifier, data)
    data = correct_part(data, seer) if subset == "correct" else data
    limit = limit if limit is not None and limit < len(data) else None
    rule = "error" if resize == "error" else chosen.resize
    predictions = open_any(predictions, data, name=name, kind=kind, resize=rule != "error", **naming)
    variants, problems = usable(chosen.variants(metrics), data, seed, seer, named=metrics is not None)
    problems += [] if seer is None else seer.problems
    whole = limit is None and on_missing == "error"
    problems += problems_of_names(predictions, data, whole=whole)
    asked = seer.name if seer else ""
    setting = Setting(
        chosen.name, kind_of(predictions, kind), rule, on_missing, str(chosen.frame), asked, subset
    )
    journal = journal_of(results, predictions, data, setting, variants, naming, resume=resume)
    doomed = any(p.severity == "error" for p in problems)
    with closing_journal(journal):
        if journal and resume and limit is None and not doomed:
            done = finished(Path(results or ""), predictions, data, setting, variants, problems)
            if done is not None:
                refuse(done.problems, strict=strict)
                return replace(done, journal=journal)
        known = fitting(journal.read(data), variants) if journal and not doomed else {}
        task = Scorer(predictions, data, tuple(variants), rule, on_missing, known, seer)
        worked = Reader(predictions, data) if doomed else task
        scored = in_order(worked, list(data)[:limit], where, kept(journal, known, progress))
        problems += problems_of_maps(
            predictions, data, scored, on_missing, problems, here=not where.scheduler
        )
        problems += task.elsewhere(scored) if where.scheduler else []
        refuse(problems, strict=strict)
    complete = limit is None and not (on_missing == "skip" and any(r.missing for r in scored))
    run = Run.of(predictions, data, setting, variants, scored, problems, complete=complete)
    refuse(said := [*run.problems, *doubtful(run)], strict=strict)
    taken_up = sum(known.get(one.id) == one for one in scored)
    return replace(run, problems=tuple(said), journal=journal, taken_up=taken_up)


def check_options(naming: Mapping[str, Any], limit: object) -> None:
    """Raises `usage` for an option that does not exist, and for a limit that is no number of images."""
    for option in set(naming) - NAMING:
        unknown("option of score", option, NAMING)
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        fail("usage", f"limit must be a whole number of at least 1, got {shown(limit)}")


def under(
    protocol: str, data: str | Dataset, root: str | Path | None, metrics: object = None
) -> tuple[Protocol, Dataset]:
    """A protocol by name, and the data set in its frame. Raises as both do, and `usage` where they do not fit."""
    found, chosen = load(data, root), protocol_of(protocol)
    refuse_subject(chosen, found, metrics)
    return chosen, found.framed(chosen.frame)


def refuse_subject(protocol: Protocol, data: Dataset, metrics: object) -> None:
    """Raises `usage` where a protocol is asked for its own metrics of another kind of truth than there is."""
    if metrics is None and protocol.subject != data.subject:
        text = f"protocol {protocol.name} scores {protocol.subject}, {data.key} holds {data.subject}"
        fail("usage", text, f"choose {', '.join(names_of(data.subject))}")


def expect(**given: tuple[str, tuple[str, ...]]) -> None:
    """Raise `usage` for an argument that is none of the known words."""
    for name, (value, known) in given.items():
        if value not in known:
            fail("usage", f"{name} cannot be '{shown(value)}'", nearest(value, known))


def in_order(
    task: Reader, ids: Sequence[str], where: Place, done: Callable[[Scored], object]
) -> list[Scored]:
    """The results in the order of the ids, read in the order that costs least; each is told when it is there."""
    number = {id: n for n, id in enumerate(ids)}
    known = task.data.shapes  # images of one size share what is made of all
    sized = sorted(ids, key=lambda id: known.get(id, (0, 0)))
    found = []
    order = task.predictions.order(sized)
    with closing(results_of(task, order, where)) as results:
        for scored in results:
            done(scored)
            found.append(scored)
    return sorted(found, key=lambda scored: number[scored.id])


@contextmanager
def closing_journal(journal: Journal | None) -> Iterator[None]:
    """Let go of a journal in the end; what was refused is not taken up again, what was interrupted is."""
    try:
        yield
    except SaliencyEvalError as error:
        if journal and error.exit_code != ENVIRONMENT:  # what was scored is right, whatever ended the scoring
            journal.discard()
        raise
    finally:
        if journal:
            journal.close()


def kept(
    journal: Journal | None, known: Mapping[str, Scored], progress: Progress
) -> Callable[[Scored], None]:
    """What is done with each image that is finished: new values go to the journal."""

    def keep(scored: Scored) -> None:
        if journal and scored.truth and known.get(scored.id) != scored:
            journal.add(scored)
        progress(1)

    return keep


def journal_of(
    results: str | Path | None, predictions: Predictions, data: Dataset, setting: Setting,
    variants: Sequence[Variant], naming: Mapping[str, Any], *, resume: bool,
) -> Journal | None:  # fmt: skip
    """The journal of this way of scoring, empty unless it is resumed; None without a folder to keep it in."""
    if results is None:
        return None
    rules = getattr(predictions, "rules", None)
    text = setting_of(data.tag, data.sha256, setting, rules, sorted(naming.items()), *variants)
    journal = Journal(scratch_folder(Path(results), data.key, predictions.name, text), text)
    if not resume:
        journal.discard()
    return journal


def load(data: str | Dataset, root: str | Path | None) -> Dataset:
    """The data set itself, or the one of that name."""
    return data if isinstance(data, Dataset) else load_dataset(data, root)


def open_any(source: Any, data: Dataset, **options: Any) -> Predictions:
    """Predictions from whatever names or holds them."""
    if isinstance(source, Predictions):
        return source
    if isinstance(source, str) and source.startswith("model:"):
        from saliency_eval.models.runner import ModelPredictions

        return ModelPredictions.of(
            source.removeprefix("model:"), data, options.get("name"), options.get("kind")
        )
    return open_predictions(source, any_size=data.any_size, **options)


def kind_of(predictions: Predictions, asked: Kind | None) -> Kind:
    """What the values of predictions are: as they were opened, else as it was asked."""
    kind: Kind = getattr(predictions, "kind", asked or "map")
    return kind


def usable(
    variants: Iterable[Variant],
    data: Dataset,
    seed: int | None,
    classifier: Classifier | None = None,
    *,
    named: bool,
) -> tuple[list[Variant], list[Problem]]:
    """The variants that the data set can define, bound to it; the others as problems, errors if named."""
    kept, problems, without = [], list[Problem](), dict[str, list[str]]()
    for variant in variants:
        seeds = {k: seed for k, _ in variant.options if k.split(".")[-1] == "seed" and seed is not None}
        if lacking := what_is_lacking(variant, data, classifier):
            without.setdefault(lacking, []).append(variant.key)
            continue
        try:
            kept.append(variant.with_options(seeds).bound(data.defaults))
        except SaliencyEvalError as error:
            problems += error.problems
    problems += [undefined(keys, lacking, named) for lacking, keys in without.items()]
    if not kept:
        raise SaliencyEvalError([replace(p, severity_override="error") for p in problems])
    return kept, problems


def undefined(keys: Sequence[str], lacking: str, named: bool) -> Problem:
    """What metrics lack; an error if they were named."""
    one = len(keys) == 1
    text = f"{', '.join(keys)} {'needs' if one else 'need'} {lacking}"
    remedy = f"leave {'it' if one else 'them'} out, or give what {'it needs' if one else 'they need'}"
    return Problem("undefined_metric", text, remedy, severity_override="error" if named else None)


def what_is_lacking(variant: Variant, data: Dataset, classifier: Classifier | None) -> str:
    """What would be needed to define a metric; empty when all is there."""
    if lacking := data.lacks(variant.needed):
        return lacking
    asks = "classifier" in variant.needed
    return "a classifier, and none is named (score has --classifier)" if asks and not classifier else ""
