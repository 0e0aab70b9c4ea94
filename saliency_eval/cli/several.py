"""Several sets of predictions under several protocols: their problems are reported together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, TypeVar

from saliency_eval.errors import ENVIRONMENT, REJECTED, Problem, SaliencyEvalError, shown

if TYPE_CHECKING:
    from saliency_eval.checking import Checked, FileStatus

T = TypeVar("T")


def each(
    sources: Sequence[str],
    protocols: Sequence[str],
    work: Callable[[int, str], T],
    undo: Callable[[T], object],
) -> list[T]:
    """The work done for every source and protocol; whatever is refused is raised together at the end, all undone."""
    done: list[T] = []
    refused: list[Problem] = []
    for number, name in pairs(sources, protocols):
        try:
            done.append(work(number, name))
        except SaliencyEvalError as error:
            refused += naming(error.problems, sources, number)
    if refused:
        for one in reversed(done):
            undo(one)
        raise SaliencyEvalError(dict.fromkeys(refused))
    return done


def pairs(sources: Sequence[str], protocols: Sequence[str]) -> list[tuple[int, str]]:
    """Every source, by number, with every protocol."""
    return [(number, name) for number in range(len(sources)) for name in protocols]


def findings(
    sources: Sequence[str], protocols: Sequence[str], work: Callable[[int, str], Checked]
) -> tuple[list[dict[str, object]], list[Problem]]:
    """What the work finds for every source and protocol, each finding once: for each file, and in all."""
    files: dict[tuple[int, FileStatus], None] = {}
    found: list[Problem] = []
    for number, name in pairs(sources, protocols):
        try:
            checked = work(number, name)
        except SaliencyEvalError as error:
            found += naming(error.problems, sources, number)
        else:
            files |= dict.fromkeys((number, file) for file in checked.files)
            found += naming(checked.problems, sources, number)
    rows = [{"predictions": shown(sources[n], 500), **as_row(file)} for n, file in files]
    return rows, list(dict.fromkeys(found))


def as_row(file: FileStatus) -> dict[str, object]:
    """A file as JSON shows it: names are safe to print."""
    return {key: value and shown(value, 500) for key, value in asdict(file).items()}


def naming(problems: Iterable[Problem], sources: Sequence[str], number: int) -> list[Problem]:
    """Findings that say which of several sources they are about; those about the truth hold for all."""
    if len(sources) == 1:
        return list(problems)
    own = shown(sources[number])
    return [
        replace(p, message=f"{own}: {p.message}") if p.exit in (REJECTED, ENVIRONMENT) else p
        for p in problems
    ]
