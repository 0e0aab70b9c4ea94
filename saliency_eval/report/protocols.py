"""One set of maps under several protocols, as a section of a report: means side by side, and why they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from saliency_eval.errors import SaliencyEvalError, fail, shown, unknown
from saliency_eval.executors import Progress, Workers
from saliency_eval.formats import ARROWS
from saliency_eval.protocols import PROTOCOLS
from saliency_eval.report.material import Material
from saliency_eval.run import Run
from saliency_eval.scoring import score
from saliency_eval.side_by_side import compared, differences, names, probes, rows, together
from saliency_eval.side_by_side.words import cell_of, effect, lines_of, meanings
from saliency_eval.stats import Interval
from saliency_eval.store import folder_name
from saliency_eval.variant import Variant, parse


class Cell(NamedTuple):
    """A mean with its interval, and its difference from the first protocol that has the metric."""

    mean: str
    interval: str
    difference: str


class Beside(NamedTuple):
    """One set of maps: a row of cells for each metric, and for each cause of a difference a row of words."""

    model: str
    protocols: list[str]
    metrics: list[tuple[str, list[Cell]]]
    causes: list[tuple[str, list[list[str]]]]
    meanings: dict[str, str]
    from_first: bool  # is every difference one from the first protocol?
    measured: bool  # was scored what causes do alone?

    @property
    def unknown(self) -> bool:
        """Is there a cause of which it is not known what it does alone?"""
        return any(alone == effect(None) for _, lines in self.causes for _, _, alone, _ in lines)


class Lead(NamedTuple):
    """The runs of the protocol whose board a report shows, and all runs in the order of the protocols."""

    protocol: str
    runs: list[Run]
    all: list[Run]

    @property
    def protocols(self) -> list[str]:
        """All protocols, in their order."""
        return list(dict.fromkeys(run.setting.protocol for run in self.all))


def lead(runs: Sequence[Run], protocol: str | None) -> Lead:
    """The protocol that is named, else the first with a complete run. Raises `usage` for one that no run has."""
    of = sorted({run.data.id for run in runs})
    if len(of) > 1:
        text = f"a report is of one data set, the runs are of {', '.join(shown(one) for one in of)}"
        fail("usage", text, "name the runs of one of them")
    order = [*PROTOCOLS, *sorted({run.setting.protocol for run in runs} - set(PROTOCOLS))]
    ordered = sorted(runs, key=lambda run: (order.index(run.setting.protocol), run.digest))
    known = [run.setting.protocol for run in sorted(ordered, key=lambda run: not run.complete)]
    if not known:
        fail("incomplete", "a report needs a complete run, there is none", "score all images")
    if protocol is not None and protocol not in known:
        unknown("protocol of the runs", protocol, known)
    chosen = protocol or known[0]
    return Lead(chosen, [run for run in runs if run.setting.protocol == chosen], ordered)


def groups_of(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs of the same maps that were scored in several ways."""
    return [
        group
        for group in together(filter(readable, runs))
        if compared(group) or len({run.setting.protocol for run in group}) > 1
    ]


def readable(run: Run) -> bool:
    """Does this version know all metrics and options of a run?"""
    try:
        return all(parse(line) for line in run.signatures.values())
    except SaliencyEvalError:
        return False


def elsewhere(lead: Lead, told: Iterable[Run]) -> list[str]:
    """Sentences about the runs that are in no table of a report, where these `told` ones are."""
    known = set(map(id, told))
    return [
        f"The run of {shown(run.model)} under {run.setting.protocol} is not shown: the board is of {lead.protocol}, "
        f"and under {run.setting.protocol} it has no place and no run of the same maps beside it"
        for run in lead.all
        if id(run) not in known
    ]


def beside(
    runs: Sequence[Run], model: str, material: Material, workers: Workers, progress: Progress
) -> Beside:
    """The runs of one set of maps; what a cause does alone is scored, where the maps are at hand."""
    alone = measured(runs, material, workers, progress)
    found, titles = differences(runs, alone), names(runs)
    moved = {(one.metric, one.protocol): effect(one.difference) for one in found}
    metrics = [
        (
            f"{row.metric} {ARROWS[row.better]}",
            [Cell(*cell_of(row, n), difference(row.means, n, moved.get((row.metric, title))))
             for n, title in enumerate(titles)],
        )
        for row in rows(runs)
    ]  # fmt: skip
    causes = by_metric(lines_of(found, titles[0]))
    from_first = all(one.than == titles[0] for one in found)
    return Beside(model, titles, metrics, causes, meanings(found), from_first, bool(alone))


def by_metric(lines: Sequence[Sequence[str]]) -> list[tuple[str, list[list[str]]]]:
    """Rows by their first word, in their order."""
    return [
        (label, [list(rest) for _, *rest in some]) for label, some in groupby(lines, lambda line: line[0])
    ]


def difference(means: Sequence[Interval | None], number: int, moved: str | None) -> str:
    """How far a mean is from the first one: nothing where it is the first, or has no cause to differ."""
    has_first = any(mean is not None for mean in means[:number])
    if means[number] is None or not has_first:
        return ""
    return "same" if moved in (None, "0") else moved.replace("unknown", "")


def unseeing(found: Mapping[str, Sequence[Variant]]) -> dict[str, list[Variant]]:
    """Those variants, by protocol, that ask no classifier: a report has none."""
    kept = {name: [one for one in some if "classifier" not in one.needed] for name, some in found.items()}
    return {name: some for name, some in kept.items() if some}


def measured(runs: Sequence[Run], material: Material, workers: Workers, progress: Progress) -> list[Run]:
    """The runs of what differs in one cause alone; none where the maps are not at hand, or were not scored whole."""
    own = [material.predictions[name] for name in map(folder_name, runs) if name in material.predictions]
    if material.data is None or not own or any(len(run.ids) < run.data.n for run in runs):
        return []
    settings = {run.setting.protocol: run.setting for run in reversed(runs)}
    again = f"model:{runs[0].source}" if runs[0].source else own[0]  # in the frame of each protocol
    try:
        return [
            score(
                again, material.data, list(map(str, variants)), protocol=name, kind=settings[name].kind,
                on_missing=settings[name].on_missing,
                resize="error" if settings[name].resize == "error" else "protocol",
                workers=workers, progress=progress,
            )
            for name, variants in unseeing(probes(runs)).items()
        ]  # fmt: skip
    except SaliencyEvalError:  # the means are there, whatever became of the maps since
        return []
