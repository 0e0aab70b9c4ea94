"""One set of predictions scored in several ways: numbers side by side, and the cause of each difference.

All follows from the signatures of the runs. What one cause alone does to a mean is known where it is the only one,
and where the variant that differs in it alone was scored as well: `probes` names these variants.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from saliency_eval.causes import CONTEXT, OPTIONS
from saliency_eval.core import METRICS
from saliency_eval.options import show
from saliency_eval.run import Run
from saliency_eval.signatures import fields
from saliency_eval.stats import Interval
from saliency_eval.variant import Variant, parse

Origin = tuple[str, ...]  # of predictions: data, model, and what else tells them apart
Changes = Mapping[str, tuple[str | None, str | None]]  # values by option; None where it has no effect


class Row(NamedTuple):
    """One metric under each way of scoring; None where a way lacks it."""

    metric: str
    better: str
    means: tuple[Interval | None, ...]
    reasons: tuple[str | None, ...]  # why there is no mean


class Difference(NamedTuple):
    """One cause of the difference of two means: `protocol` less `than`; `alone` is what it does by itself, if known."""

    metric: str
    than: str
    protocol: str
    difference: float | None
    cause: str
    options: Changes
    sentence: str
    alone: float | None

    def to_dict(self) -> dict[str, Any]:
        """As strict JSON."""
        return self._asdict() | {"options": {name: list(values) for name, values in self.options.items()}}


class Change(NamedTuple):
    """Options that change together, the first of which rules the others, and the variant that differs in them alone."""

    options: Changes
    variant: Variant | None


def together(runs: Iterable[Run]) -> list[list[Run]]:
    """Runs of the same predictions on the same data, in the order given; those that stand alone left out."""
    runs, found = list(runs), dict[Origin, list[Run]]()
    for run, origin in zip(runs, origins(runs), strict=True):
        found.setdefault(origin, []).append(run)
    return [group for group in found.values() if len(group) > 1]


def origins(runs: Sequence[Run]) -> list[Origin]:
    """What each run scored: equal for the same predictions, and for one model that was run in several frames.

    Such a model is known by its name, options and version: one that looks at boxes gives other maps where a frame moves
    them. Where it gave several within one frame, only equal ones are the same.
    """
    hashes: dict[Any, set[str]] = {}
    for run in runs:
        hashes.setdefault((*made_by(run), run.setting.frame), set()).add(run.predictions_sha256)
    several = {key[:-1] for key, found in hashes.items() if len(found) > 1}
    return [
        (*made_by(run), "" if run.source and made_by(run) not in several else run.predictions_sha256)
        for run in runs
    ]


def made_by(run: Run) -> Origin:
    """Data and model; the version only of a model that was run on the spot."""
    return run.data.sha256, run.model, run.source, run.version if run.source else ""


def names(runs: Sequence[Run]) -> list[str]:
    """The protocol of each run, with digits where two runs share it."""
    count = Counter(run.setting.protocol for run in runs)
    return [
        f"{run.setting.protocol}-{run.digest}" if count[run.setting.protocol] > 1 else run.setting.protocol
        for run in runs
    ]


def rows(runs: Sequence[Run]) -> list[Row]:
    """A row for each metric of any of the runs, with a mean for each run."""
    keys = {label: key for run in runs for label, key in zip(run.labels, run.keys, strict=True)}
    return [
        Row(
            label,
            str(METRICS[key].traits["better"]),
            tuple(run.means.get(label) for run in runs),
            tuple(run.reason(label) if label in run.labels else None for run in runs),
        )
        for label, key in keys.items()
    ]


def differences(runs: Sequence[Run], measured: Iterable[Run] = ()) -> list[Difference]:
    """The causes of all differences from the first run that has the metric; `measured` are runs of `probes`."""
    known: dict[tuple[str, Variant | None], float | None] = {
        (run.setting.protocol, parse(run.signatures[label])): mean(run, label)
        for run in measured
        for label in run.labels
    }
    title = dict(zip(map(id, runs), names(runs), strict=True))
    found = []
    for label, first, other in compared(runs):
        changes = changes_between(first.signatures[label], other.signatures[label])
        start, end = mean(first, label), mean(other, label)
        for change in changes:
            reached = end if len(changes) == 1 else known.get((first.setting.protocol, change.variant))
            cause = (OPTIONS | CONTEXT)[next(iter(change.options))]
            found.append(
                Difference(label, title[id(first)], title[id(other)], minus(end, start),
                           cause.name, change.options, cause.sentence, minus(reached, start))
            )  # fmt: skip
    return found


def probes(runs: Sequence[Run]) -> dict[str, list[Variant]]:
    """By protocol, the variants that differ from its own in one cause alone and are in none of the runs."""
    found: dict[str, dict[Variant, None]] = {}
    for label, first, other in compared(runs):
        changes = changes_between(first.signatures[label], other.signatures[label])
        if len(changes) > 1:
            wanted = found.setdefault(first.setting.protocol, {})
            wanted |= dict.fromkeys(change.variant for change in changes if change.variant)
    return {protocol: list(variants) for protocol, variants in found.items() if variants}


def compared(runs: Sequence[Run]) -> list[tuple[str, Run, Run]]:
    """For each metric the first run that has it, and each later one."""
    labels = dict.fromkeys(label for run in runs for label in run.labels)
    having = {label: [run for run in runs if label in run.labels] for label in labels}
    return [(label, own[0], other) for label, own in having.items() for other in own[1:]]


def mean(run: Run, label: str) -> float | None:
    """The mean of a metric; None where it has none."""
    return run.means[label].mean if run.reason(label) is None else None


def minus(end: float | None, start: float | None) -> float | None:
    """A difference; None where a side is unknown."""
    return None if end is None or start is None or not math.isfinite(end - start) else end - start


# ------------------------------------------------------------------ what two signatures differ in


def changes_between(line: str, other: str) -> list[Change]:
    """What differs between two signatures of one metric: options, then what stands beside them."""
    own, theirs = map(fields, (line, other))
    context = [
        Change({name: (own.get(name), theirs.get(name))}, None)
        for name in CONTEXT
        if own.get(name) != theirs.get(name)
    ]
    return changes_of_options(parse(line), parse(other)) + context


def changes_of_options(start: Variant, end: Variant) -> list[Change]:
    """Options of other values, each with those that have an effect under one of its two values only."""
    own, theirs = live(start), live(end)
    roots = [name for name in own if name in theirs and own[name] != theirs[name]]
    follows = {name: ruler(name, start, end, roots) for name in sorted(set(own) ^ set(theirs))}
    found = []
    for root in roots:
        changed = [root, *(name for name, by in follows.items() if by == root)]
        given = {name: theirs[name] for name in changed if name in theirs}
        shown = {name: (text_of(own, name), text_of(theirs, name)) for name in changed}
        found.append(Change(shown, start.with_options(given)))
    return found


def ruler(name: str, start: Variant, end: Variant, roots: Sequence[str]) -> str:
    """The changed option that wakes another one, or puts it to sleep."""
    values = dict(end.options)
    near = [root for root in roots if root.rpartition(".")[0] == name.rpartition(".")[0]]
    woken = [
        root
        for root in near
        if (name in start.idle) != (name in start.with_options({root: values[root]}).idle)
    ]
    return (woken or near or roots)[0]


def live(variant: Variant) -> dict[str, Any]:
    """The options that have an effect."""
    return {name: value for name, value in variant.options if name not in variant.idle}


def text_of(options: Mapping[str, Any], name: str) -> str | None:
    """A value as a signature writes it; None where the option has no effect."""
    return show(options[name]) if name in options else None
