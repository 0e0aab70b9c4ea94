"""What is found about predictions, truth and metrics, and what only all images together tell."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from saliency_eval.datasets.base import Dataset
from saliency_eval.errors import REJECTED, Problem, SaliencyEvalError, Severity, shown
from saliency_eval.predictions import SetChecks
from saliency_eval.predictions.base import Predictions
from saliency_eval.run import OnMissing, Run
from saliency_eval.scored import Scored

MANY_ON_ZERO = 0.05  # share of fixations on zeros of their map, above which an epsilon decides about kld, ig
READ = (
    "read it beside what stands below the table (saliency-eval metrics {} explains it), and do not rank by it"
)


def found_while_reading(results: Sequence[Scored], data: Dataset) -> list[Problem]:
    """Findings of all maps, and those that only the whole set shows."""
    checks = SetChecks()
    for result in results:
        if result.prediction:
            checks.add(result.id, result.prediction, result.format)
    found = dict.fromkeys(worded(p, data) for result in results for p in result.problems)
    of_fixations = [*zeros(results, data), *rounded(results)] if data.subject == "fixations" else []
    return [*found, *checks.problems(), *resized(results, data), *of_fixations]


def worded(problem: Problem, data: Dataset) -> Problem:
    """A finding on a map, with the metrics that the data set can have."""
    if problem.code == "shifted" and data.subject == "boxes":
        return replace(problem, remedy="the option sign of a metric says how they count")
    return problem


def resized(results: Sequence[Scored], data: Dataset) -> list[Problem]:
    """The note on maps of another size than what is seen."""
    changed = [r.id for r in results if r.resized]
    if not changed:
        return []
    of = "the frame in which images are seen" if data.frame.kind != "original" else "their stimulus"
    text = f"{len(changed)} of {len(results)} maps resized to {of} (first: {shown(changed[0])})"
    return [Problem("resized", text, count=len(changed))]


def zeros(results: Sequence[Scored], data: Dataset) -> list[Problem]:
    """A warning when many fixations lie where their map says that nobody looks."""
    hit = [r.id for r in results if r.on_zero]
    lost = sum(r.on_zero for r in results)
    if not lost:
        return []
    total = sum(len(data[r.id]["fixations"]) for r in results if r.prediction)
    if lost <= MANY_ON_ZERO * total:
        return []
    text = (
        f"{lost} of {total} fixations lie where their map is 0, in {len(hit)} maps (first: {shown(hit[0])}): "
        "kld and ig depend on their epsilon there"
    )
    remedy = "add a small constant to the maps"
    if any(r.rounded for r in results):
        remedy += ", and save them as float32 .npy: 8 bits round small values to 0"
    return [Problem("zeros", text, remedy, count=lost)]


def rounded(results: Sequence[Scored]) -> list[Problem]:
    """The note on maps whose small values 8 bits cannot hold."""
    coarse = [r.id for r in results if r.rounded]
    if not coarse:
        return []
    text = (
        f"{len(coarse)} of {len(results)} maps have 8 bits and large areas of 0 (first: {shown(coarse[0])}): "
        "small values were rounded away, which moves kld and ig most"
    )
    return [Problem("rounded", text, "save what a model gives as float32 .npy", count=len(coarse))]


def missing(
    results: Sequence[Scored], on_missing: OnMissing, told: Collection[str | None] = ()
) -> list[Problem]:
    """What was done about images without a prediction, those left out of which more is told."""
    absent = [r.id for r in results if r.missing and r.id not in told]
    if not absent:
        return []
    done = {"error": "", "constant": ": scored as constant maps", "skip": ": not scored"}[on_missing]
    text = f"{len(absent)} of {len(results)} predictions are missing (first: {shown(absent[0])}){done}"
    severity: Severity = "error" if on_missing == "error" else "warning"
    remedy = 'add them, or on_missing="skip" or "constant" (--on-missing)' if on_missing == "error" else ""
    return [Problem("missing", text, remedy, count=len(absent), severity_override=severity)]


# ------------------------------------------------------------------ before, after, and what becomes of them


def problems_of_names(predictions: Predictions, data: Dataset, *, whole: bool) -> list[Problem]:
    """Findings before any map is opened: about the truth, and about names."""
    found = predictions.match(data)
    some = any(predictions.has(id) for id in data)
    ignored = ({"extra"} if data.is_part else set()) | (set() if whole or not some else {"missing"})
    names = [p for p in found if p.code not in ignored]
    return [*data.problems(), *names]


def problems_of_maps(
    predictions: Predictions, data: Dataset, scored: Sequence[Scored], on_missing: OnMissing,
    before: Sequence[Problem], *, here: bool,
) -> list[Problem]:  # fmt: skip
    """Findings after all maps were read: about each, about the set, and about changes meanwhile."""
    found = found_while_reading(scored, data)
    found += predictions.changed({s.id: s.prediction for s in scored if s.prediction}, here=here)
    refused = [p for p in before if p.severity == "error" and p.exit == REJECTED]
    told = {p.image for p in refused} | {predictions.owners.get(p.file or "") for p in refused}
    if any(p.code == "missing" for p in before) or (refused and not predictions.owners):
        return found
    return found + missing(scored, on_missing, told)


def doubtful(run: Run) -> list[Problem]:
    """The metrics that may not be believed on these images."""
    return [
        Problem("doubtful", f"{label}: {why}", READ.format(label.partition("(")[0]))
        for label, reasons in run.doubts.items()
        for why in reasons
    ]


def refuse(problems: Sequence[Problem], *, strict: bool) -> None:
    """Raise all problems when one of them is an error."""
    if strict:
        problems = [as_error(p) for p in problems]
    if any(p.severity == "error" for p in problems):
        raise SaliencyEvalError(problems)


def as_error(problem: Problem) -> Problem:
    """A warning made an error, as `strict` asks."""
    return replace(problem, severity_override="error") if problem.severity == "warning" else problem
