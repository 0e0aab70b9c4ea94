"""Several sets of predictions under several protocols: their problems are reported together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from saliency_eval.errors import ENVIRONMENT, REJECTED, Problem, SaliencyEvalError, shown

T = TypeVar("T")


def each(sources: Sequence[str], protocols: Sequence[str], work: Callable[[int, str], T]) -> list[T]:
    """The work done for every source and protocol; whatever is refused is raised together at the end."""
    done: list[T] = []
    refused: list[Problem] = []
    for number, name in pairs(sources, protocols):
        try:
            done.append(work(number, name))
        except SaliencyEvalError as error:
            refused += naming(error.problems, sources, number)
    if refused:
        raise SaliencyEvalError(dict.fromkeys(refused))
    return done


def pairs(sources: Sequence[str], protocols: Sequence[str]) -> list[tuple[int, str]]:
    """Every source, by number, with every protocol."""
    return [(number, name) for number in range(len(sources)) for name in protocols]


def findings(
    sources: Sequence[str], protocols: Sequence[str], work: Callable[[int, str], list[Problem]]
) -> list[Problem]:
    """What the work finds for every source and protocol, each finding once."""
    found: list[Problem] = []
    for number, name in pairs(sources, protocols):
        try:
            problems = work(number, name)
        except SaliencyEvalError as error:
            problems = error.problems
        found += naming(problems, sources, number)
    return list(dict.fromkeys(found))


def naming(problems: Iterable[Problem], sources: Sequence[str], number: int) -> list[Problem]:
    """Findings that say which of several sources they are about; those about the truth hold for all."""
    if len(sources) == 1:
        return list(problems)
    own = shown(sources[number])
    return [
        replace(p, message=f"{own}: {p.message}") if p.exit in (REJECTED, ENVIRONMENT) else p
        for p in problems
    ]
