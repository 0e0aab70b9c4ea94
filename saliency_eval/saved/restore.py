"""A run made from its files, every claim of the document compared with the scores."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from saliency_eval import metrics as _declared  # noqa: F401  (declares the metrics)
from saliency_eval.core import METRICS
from saliency_eval.datasets.card import MOST_TEXT
from saliency_eval.errors import CODES, Problem, Severity, shown
from saliency_eval.run import DataId, Kind, OnMissing, Run, Setting
from saliency_eval.saved.document import UPGRADE, Part, refuse
from saliency_eval.saved.scores import MOST_IMAGES, SCORES, Scores, read_scores
from saliency_eval.signatures import fields
from saliency_eval.stats import MOST_VALUE

T = TypeVar("T")
N = TypeVar("N", int, float)
ROUNDING = 1e-9  # means were summed in other ways once
NAME = re.compile(r"[a-z0-9_. ]{1,40}")  # of what is counted, or stands beside a metric


def restore(document: Part, scores: bytes) -> Run:
    """The run whose document and file of scores are given."""
    identity = data_id(document.part("data"))
    table = read_scores(scores, identity.n)
    run = assemble(document, identity, table)
    check_counts(document, run)
    for label in run.labels:
        check_signature(run, label)
        check_mean(document.part("metrics").part(label), run, label)
    return run


def assemble(document: Part, identity: DataId, table: Scores) -> Run:
    """The run as the files say it, of which nothing but the types is checked."""
    signatures = texts_by_label(document.part("signatures"), table.labels)
    unscored = document.texts("unscored")
    if not set(unscored) <= set(table.ids):
        refuse(f"unscored names an image that {SCORES} lacks")
    return Run(
        document.take("model", str),
        document.take("source", str),
        identity,
        setting(document.part("setting")),
        table.labels,
        tuple(line.partition("|")[0] for line in signatures.values()),
        signatures,
        table.ids,
        without_missing(document.part("metrics"), table),
        np.isin(np.array(table.ids, object), unscored),
        document.take("predictions_sha256", str),
        tuple(problem(Part(found, "problems.")) for found in objects(document, "problems")),
        draws(document.part("draws"), table.labels),
        beside(document, "counts", table.labels, int),
        beside(document, "facts", table.labels, float),
        document.take("complete", bool),
        drawn_errors(document.part("metrics"), table.labels),
        document.part("versions").take("saliency_eval", str),
    )


def data_id(part: Part) -> DataId:
    """The data set, whose names must agree with each other."""
    texts = [part.take(key, str) for key in ("id", "version", "tag", "sha256")]
    id, version, tag, sha256 = texts
    if not (tag.startswith(f"{id}@{version}") and tag.endswith(f"#{sha256[:8]}")):
        refuse(f"data.tag must name the id, version and hash beside it, got {shown(tag)}")
    n = part.take("n", int)
    if not 0 < n <= MOST_IMAGES:
        refuse(f"data.n must be 1 to {MOST_IMAGES} images, got {shown(n)}")
    return DataId(id, version, tag, sha256, n, *(said(part, key) for key in ("licence", "citation")))


def said(part: Part, key: str) -> str | None:
    """What a card says; None where it says nothing, as in documents that were written without cards."""
    text: str | None = part.take(key, str, type(None)) if key in part.values else None
    if text is not None and len(text) > MOST_TEXT:
        refuse(f"{part.path}{key} must have at most {MOST_TEXT} characters, got {len(text)}")
    return text


def setting(part: Part) -> Setting:
    """What was asked for."""
    kind: Kind = one_of(part, "kind", get_args(Kind))
    on_missing: OnMissing = one_of(part, "on_missing", get_args(OnMissing))
    later = {key: part.take(key, str) for key in ("frame", "classifier", "subset") if key in part.values}
    return Setting(part.take("protocol", str), kind, part.take("resize", str), on_missing, **later)


def one_of(part: Part, key: str, known: tuple[T, ...]) -> T:
    """A word that this version knows."""
    value: T = part.take(key, str)
    if value not in known:
        refuse(f"{part.path}{key} is '{shown(value)}', which this version does not know", UPGRADE)
    return value


def objects(document: Part, key: str) -> list[dict[str, object]]:
    """A list of objects."""
    found: list[dict[str, object]] = document.take(key, list)
    if any(type(one) is not dict for one in found):
        refuse(f"{key} must hold objects only")
    return found


def texts_by_label(part: Part, labels: tuple[str, ...]) -> dict[str, str]:
    """One text for each metric of the scores, in their order."""
    same_metrics(part, labels)
    return {label: part.take(label, str) for label in labels}


def same_metrics(part: Part, labels: tuple[str, ...]) -> None:
    """Refuses an object that is not about the metrics of the scores."""
    if odd := sorted(set(part.values) ^ set(labels)):
        refuse(f"{part.path[:-1]} and {SCORES} must have the same metrics, they differ in {shown(odd[0])}")


def without_missing(part: Part, table: Scores) -> NDArray[np.float64]:
    """The values; a metric whose mean was written as NaN, as old files do, has none."""
    same_metrics(part, table.labels)
    means = [part.part(label).take("mean", float, type(None)) for label in table.labels]
    gone = [mean is not None and math.isnan(mean) for mean in means]
    return np.where(gone, math.nan, table.values)


def problem(part: Part) -> Problem:
    """A finding as `Problem.to_dict` wrote it."""
    code = one_of(part, "code", tuple(CODES))
    severity: Severity = one_of(part, "severity", get_args(Severity))
    message, remedy = part.take("message", str), part.take("remedy", str)
    image, file = (part.take(key, str, type(None)) for key in ("image", "file"))
    override = None if severity == CODES[code].severity else severity
    return Problem(code, message, remedy, image, file, part.take("count", int), override)


def draws(part: Part, labels: tuple[str, ...]) -> Mapping[str, Mapping[str, list[str]]]:
    """The images that served as negatives, for some of the metrics."""
    if not set(part.values) <= set(labels):
        refuse(f"draws names a metric that {SCORES} lacks")
    by_label = {label: part.part(label) for label in labels if label in part.values}
    return {label: {id: drawn.texts(id) for id in drawn.values} for label, drawn in by_label.items()}


def beside(document: Part, key: str, labels: tuple[str, ...], kind: type[N]) -> Mapping[str, Mapping[str, N]]:
    """Numbers by name for some of the metrics; runs of older versions have none."""
    if key not in document.values:
        return {}
    part = document.part(key)
    if not set(part.values) <= set(labels):
        refuse(f"{key} names a metric that {SCORES} lacks")
    by_label = {label: part.part(label) for label in labels if label in part.values}
    return {label: numbers(own, kind) for label, own in by_label.items()}


def numbers(part: Part, kind: type[N]) -> dict[str, N]:
    """Numbers by name; refuses what no metric writes."""
    found: dict[str, N] = {name: part.take(name, kind) for name in part.values}
    for name, value in found.items():
        if not (NAME.fullmatch(name) and abs(value) <= MOST_VALUE):
            refuse(
                f"{shown(part.path[:-1])} must hold numbers by name, got '{shown(name)}' {shown(value, 20)}"
            )
    return found


def drawn_errors(part: Part, labels: tuple[str, ...]) -> dict[str, float]:
    """What draws do to the means of the metrics that draw."""
    by_label = {label: part.part(label) for label in labels}
    found = {k: p.take("drawn_error", float) for k, p in by_label.items() if "drawn_error" in p.values}
    if odd := [value for value in found.values() if not 0 <= value < math.inf]:
        refuse(f"drawn_error must be a number of at least 0, got {odd[0]}")
    return found


def check_counts(document: Part, run: Run) -> None:
    """Refuses a document that counts other images than the scores have."""
    claimed = document.take("n_images", int)
    if claimed != run.n_scored:
        refuse(f"n_images is {shown(claimed)}, {SCORES} has {run.n_scored}")
    if run.complete and len(run.ids) != run.data.n:
        refuse(f"claims to be complete, {SCORES} has {len(run.ids)} of {shown(run.data.n)} images")


def check_signature(run: Run, label: str) -> None:
    """Refuses a signature that belongs to another metric, data set or setting than the run."""
    key, found = run.signatures[label].partition("|")[0], fields(run.signatures[label])
    if key not in METRICS:
        refuse(f"metric '{shown(key)}' is not known to this version", UPGRADE)
    expected = {"data": run.data.tag, "kind": run.setting.kind, "protocol": run.setting.protocol}
    expected |= {"n": str(run.n_scored)} if run.complete else {}
    if missing := [f"{name}:{value}" for name, value in expected.items() if found.get(name) != value]:
        refuse(f"the signature of {shown(label)} must hold {shown(missing[0])}")
    if label != key and not label.startswith(f"{key}("):
        refuse(f"metric {shown(label)} has the signature of {key}")


def check_mean(part: Part, run: Run, label: str) -> None:
    """Refuses a mean that is not the mean of the scores, and a missing one where there is a mean."""
    for key in ("lo", "hi"):
        part.take(key, float, type(None))
    claimed, reason, n = part.take("mean", float, type(None)), run.reason(label), part.take("n", int)
    column = run.values[~run.unscored, run.labels.index(label)]
    mean = None if reason else math.fsum(column) / len(column)
    if n != len(column) or not same(claimed, mean):
        got = reason or f"mean {mean} of {len(column)} images"
        refuse(
            f"{shown(label)} is said to have mean {shown(claimed)} of {shown(n)} images, {SCORES} gives {got}"
        )


def same(claimed: float | None, mean: float | None) -> bool:
    """Are two means equal up to rounding, or both missing? One that is no finite number is missing."""
    if claimed is None or mean is None or not math.isfinite(claimed):
        return mean is None and (claimed is None or not math.isfinite(claimed))
    return math.isclose(claimed, mean, rel_tol=ROUNDING, abs_tol=ROUNDING)
