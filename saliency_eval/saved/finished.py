"""Is it done already? A saved run of the same predictions, scored in the same way by the same versions."""

from __future__ import annotations

import contextlib
import glob
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from saliency_eval import __version__
from saliency_eval.datasets.base import Dataset
from saliency_eval.errors import Problem, SaliencyEvalError
from saliency_eval.predictions.base import Predictions
from saliency_eval.run import DataId, Run, Setting
from saliency_eval.saved import load
from saliency_eval.saved.document import DOCUMENT
from saliency_eval.scored import Scored
from saliency_eval.signatures import fields, hash_of_densities, hash_of_predictions, labels
from saliency_eval.store import holds, slug, to_json
from saliency_eval.variant import Variant, parse

# what may be found before a map is read
BEFORE = {"extra", "nested", "case", "totals", "undefined_metric", "dropped_fixations", "empty_fixations"}


def finished(
    results: Path, predictions: Predictions, data: Dataset, setting: Setting, variants: Sequence[Variant],
    problems: Sequence[Problem],
) -> Run | None:  # fmt: skip
    """The saved run that scoring would give again, bit by bit; None when there is none.

    Names, settings and the `problems` so far are compared first: the predictions are read only when everything
    else is equal.
    """
    for folder in sorted((results / data.key).glob(f"{glob.escape(slug(predictions.name))}-*")):
        with contextlib.suppress(SaliencyEvalError):  # strangers may have written it
            run = load(folder)
            named = (run.model, run.version, run.data) == (predictions.name, __version__, DataId.of(data))
            alike = named and run.setting == setting and same_findings(run, problems)
            written_now = alike and holds(folder, {DOCUMENT: to_json(replace(run, document=b""))})
            if written_now and same_metrics(run, data, variants) and same_maps(run, predictions, data):
                return replace(run, restored=True)
    return None


def same_findings(run: Run, problems: Sequence[Problem]) -> bool:
    """Was the same found before the maps were read?"""
    then, now = ([p.to_dict() for p in found if p.code in BEFORE] for found in (run.problems, problems))
    return then == now


def same_metrics(run: Run, data: Dataset, variants: Sequence[Variant]) -> bool:
    """Were these metrics scored, against the same stored densities if any?"""
    lines = dict(zip(labels(variants), variants, strict=True))
    if list(run.signatures) != list(lines) or any(parse(run.signatures[k]) != v for k, v in lines.items()):
        return False
    stored = {fields(line).get("densities") for line in run.signatures.values()} - {None}
    return not stored or stored == {hash_of_densities(data, list(data))}


def same_maps(run: Run, predictions: Predictions, data: Dataset) -> bool:
    """Have the predictions the content that was scored?"""
    found = {}
    for id in predictions.order(list(data)):
        found[id] = predictions.fetch(id).sha256 if predictions.has(id) else ""
    return hash_of_predictions([Scored(id, prediction=found[id]) for id in data]) == run.predictions_sha256
