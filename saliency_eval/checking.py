"""Checking: everything that scoring would refuse or warn about, for each file and for the set, without scoring."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saliency_eval.datasets.base import Dataset
from saliency_eval.errors import TRUTH, Problem
from saliency_eval.executors import LOCAL, Progress, Workers, place
from saliency_eval.findings import as_error, problems_of_maps, problems_of_names
from saliency_eval.predictions.base import Predictions
from saliency_eval.run import Kind
from saliency_eval.scored import Scored
from saliency_eval.scoring import (
    KINDS,
    RESIZE,
    Resize,
    Source,
    expect,
    in_order,
    open_any,
    under,
    usable,
)
from saliency_eval.tasks import Reader

WORST = ("error", "warning", "note")


@dataclass(frozen=True)
class FileStatus:
    """What becomes of one file, or of an image without one: `ok`, or the code of the worst finding."""

    name: str | None
    image: str | None
    status: str
    severity: str | None
    message: str


@dataclass(frozen=True)
class Checked:
    """What was found: for each file, and all findings, those on the whole set and on the truth included.

    It iterates over the findings.
    """

    files: tuple[FileStatus, ...]
    problems: tuple[Problem, ...]

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.problems)

    def __len__(self) -> int:
        return len(self.problems)


def check_predictions(
    predictions: Source,
    data: str | Dataset,
    *,
    protocol: str = "mit",
    root: str | Path | None = None,
    kind: Kind | None = None,
    resize: Resize = "protocol",
    workers: Workers = 1,
    executor: str = LOCAL,
    strict: bool = False,
    progress: Progress = lambda count: None,
    **naming: Any,
) -> Checked:
    """Everything that `score` would refuse or note about predictions and truth; nothing is raised for it.

    Options as for `score`. Raises `SaliencyEvalError` for options, and for a data set that cannot be read.
    """
    expect(resize=(resize, RESIZE), kind=(kind or "map", KINDS))
    where = place(workers, executor)
    chosen, data = under(protocol, data, root)
    allowed = resize != "error" and chosen.resize != "error"
    predictions = open_any(predictions, data, kind=kind, resize=allowed, **naming)
    problems: list[Problem] = []
    if own := [v for v in chosen.variants() if "classifier" not in v.needed]:  # no classifier is asked here
        _, problems = usable(own, data, None, named=False)
    problems += problems_of_names(predictions, data, whole=True)
    scored = in_order(Reader(predictions, data), list(data), where, lambda _: progress(1))
    problems += problems_of_maps(predictions, data, scored, "error", problems, here=not where.scheduler)
    if strict:
        problems = [as_error(p) for p in problems]
    return Checked(statuses(predictions, scored, problems), tuple(problems))


def statuses(
    predictions: Predictions, scored: Sequence[Scored], problems: Sequence[Problem]
) -> tuple[FileStatus, ...]:
    """A line for each file in the order of names, then one for each image without a file."""
    by_file, by_image = grouped(problems, "file"), grouped(problems, "image")
    found = [
        status(name, id, [*by_file.get(name, []), *(by_image.get(id, []) if id else [])])
        for name, id in sorted(predictions.owners.items())
    ]
    owned = set(predictions.owners.values())
    absent = Problem("missing", "there is no prediction for this image")
    return tuple(found + [status(None, s.id, [absent]) for s in scored if s.id not in owned])


def grouped(problems: Iterable[Problem], what: str) -> Mapping[str | None, list[Problem]]:
    """Findings on predictions by the file, or by the image, that they name."""
    found: dict[str | None, list[Problem]] = {}
    for problem in problems:
        if problem.exit != TRUTH:
            found.setdefault(getattr(problem, what), []).append(problem)
    return found


def status(name: str | None, image: str | None, problems: Sequence[Problem]) -> FileStatus:
    """The worst of the findings on a file; notes do not change that it is ok."""
    worst = min(problems, key=lambda p: WORST.index(p.severity), default=None)
    if image is None and (worst is None or worst.code == "extra"):
        worst = Problem("extra", "the file belongs to no image and is not read", "remove or rename")
    if worst is None:
        return FileStatus(name, image, "ok", None, "")
    bad = worst.severity != "note"
    return FileStatus(name, image, worst.code if bad else "ok", worst.severity, worst.sentence)
