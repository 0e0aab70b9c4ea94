"""Several sets of predictions under several protocols: their problems are reported together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, TypeVar

from saliency_eval.errors import ENVIRONMENT, REJECTED, Problem, SaliencyEvalError, shown

if TYPE_CHECKING:
    from saliency_eval.checking import Checked, FileStatus

T = TypeVar("T")
OF_PROTOCOL = {
    "undefined_metric",
    "dtype",
    "wrong_size",
}  # what one protocol may refuse and another one score


def each(
    sources: Sequence[str],
    protocols: Sequence[str],
    work: Callable[[int, str], T],
    undo: Callable[[T], object],
    *,
    stopped: Callable[[list[T]], object] = lambda done: None,
    lenient: bool = False,
) -> tuple[list[T], list[Problem]]:
    """The work done for every source and protocol, and the protocols that were left out.

    Whatever is refused is raised together at the end, all undone; but where one is `lenient`, a protocol that cannot
    score what others can is left out. What was done before an interruption is told to `stopped`.
    """
    done: list[T] = []
    refused: list[Problem] = []
    left: list[Problem] = []
    for number in range(len(sources)):
        own: list[T] = []
        lost: dict[str, list[Problem]] = {}
        for name in protocols:
            try:
                own.append(work(number, name))
            except SaliencyEvalError as error:
                lost[name] = naming(error.problems, sources, number)
            except KeyboardInterrupt:
                if not refused and (lenient or not lost):
                    stopped([*done, *own])
                raise
        done += own
        if lenient and own and all(map(is_of_protocol, lost.values())):
            left += [left_out(name, problems) for name, problems in lost.items()]
        else:
            refused += [problem for problems in lost.values() for problem in problems]
    if refused:
        for one in reversed(done):
            undo(one)
        raise SaliencyEvalError(dict.fromkeys(refused))
    return done, list(dict.fromkeys(left))


def is_of_protocol(problems: Iterable[Problem]) -> bool:
    """Are all errors among the findings such that another protocol may not make?"""
    return all(p.code in OF_PROTOCOL for p in problems if p.severity == "error")


def left_out(protocol: str, problems: Iterable[Problem]) -> Problem:
    """The warning that a protocol is left out, and why."""
    first, *more = (p for p in problems if p.severity == "error")
    text = f"protocol {protocol} is left out: {first.message}" + (f", and {len(more)} more" if more else "")
    return replace(first, message=text, severity_override="warning", exit_override=None)


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
