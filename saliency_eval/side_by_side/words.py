"""Numbers side by side and the causes of their differences, as a terminal and a page show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from saliency_eval.protocols import PROTOCOLS
from saliency_eval.run import Run, rounded
from saliency_eval.side_by_side import Difference, Row

ROUNDING = 1e-12  # what the order of a sum may move a mean by


def cell_of(row: Row, number: int) -> tuple[str, str]:
    """Mean and interval under one of the ways of scoring."""
    mean, reason = row.means[number], row.reasons[number]
    if mean is None:
        return "-", ""
    return ("n/a", reason) if reason else rounded(mean)


def lines_of(found: Iterable[Difference], first: str) -> list[list[str]]:
    """Rows of metric, cause, option, effect and protocols, those not against the `first` with their own.

    Protocols that share a change share a row.
    """
    shared: dict[tuple[str, ...], list[str]] = {}
    for one in found:
        key = one.metric, one.cause, in_words(one), effect(one.alone)
        own = one.protocol if one.than == first else f"{one.protocol} (from {one.than})"
        shared.setdefault(key, []).append(own)
    return [[*row, ", ".join(protocols)] for row, protocols in shared.items()]


def effect(alone: float | None) -> str:
    """What a cause does to a mean, to two digits.

    >>> effect(-0.0123), effect(2e-17), effect(None)
    ('-0.012', '0', 'unknown')
    """
    if alone is None:
        return "unknown"
    return "0" if abs(alone) < ROUNDING else f"{alone:+.2g}"


def in_words(one: Difference) -> str:
    """The change of an option, and the values of those that it brings to life."""
    (name, (old, new)), *rest = one.options.items()
    woken = [f"{full.rpartition('.')[2]} {value}" for full, (before, value) in rest if before is None]
    return f"{name}: {old or 'none'} -> {new or 'none'}" + (f" ({', '.join(woken)})" if woken else "")


def meanings(found: Iterable[Difference]) -> dict[str, str]:
    """What each option decides that a cause rests on."""
    return {next(iter(one.options)): f"{one.cause}: {one.sentence}" for one in found}


def unasked(runs: Sequence[Run]) -> list[str]:
    """Metrics that the protocols of runs know and score only when they are named; none where metrics were chosen."""
    scored = {key for run in runs for key in run.keys}
    known = [PROTOCOLS[run.setting.protocol] for run in runs if run.setting.protocol in PROTOCOLS]
    if not all(scored >= {text.partition("(")[0] for text in protocol.metrics} for protocol in known):
        return []
    further = dict.fromkeys(text.partition("(")[0] for protocol in known for text in protocol.further)
    return [key for key in further if key not in scored]
