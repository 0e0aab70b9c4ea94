"""Is a board what its scores give? It is built again from `scores/` and `reported.csv`, and compared."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from saliency_eval import __version__
from saliency_eval.boards import Apart, Board
from saliency_eval.boards.build import one_board
from saliency_eval.boards.reported import REPORTED
from saliency_eval.datasets.files import no_folder
from saliency_eval.disk import read
from saliency_eval.errors import GATE, USAGE, Problem, SaliencyEvalError, fail, shown
from saliency_eval.exports.csv import to_csv
from saliency_eval.exports.differences import close, first_place, page, text_difference
from saliency_eval.exports.files import FILES, SCORES, with_reported
from saliency_eval.exports.json import to_json
from saliency_eval.predictions.folder import entries, is_folder
from saliency_eval.saved.flat import load_flat, names_of

JSON = "leaderboard.json"
MOST = 256 << 20
BUILD = "build the board again from the results"
Document = dict[str, Any]


class Verified(NamedTuple):
    """A board that was looked at: every difference, whether numbers differ as platforms do, and what version it names
    if not this one: the style and script of its page cannot be compared then.
    """

    name: str
    differences: list[Problem]
    platform: bool = False
    version: str | None = None


def verify(folder: str | os.PathLike[str]) -> list[Verified]:
    """What differs in the folder of one board, or in those of several; raises `usage` (exit 2) without one.

    Where nothing but values of others lie, no board has been built yet.
    """
    top = Path(folder)
    if not top.is_dir():
        fail("usage", f"a board must be a folder: {no_folder(top)}", "name the folder of one or of several boards",
             exit=USAGE)  # fmt: skip
    if is_board(top):
        return [verify_one(top)]
    folders = [e.name for e in entries(top) if is_folder(e) and not e.name.startswith(".")]
    inside = [name for name in folders if [e.name for e in entries(top / name)] != [REPORTED]]
    if not inside:
        fail("usage", f"there is no board in {shown(top, 500)}", "build one: saliency-eval leaderboard build",
             exit=USAGE)  # fmt: skip
    return [verify_one(top / name) for name in sorted(inside, key=os.fsencode)]


def is_board(folder: Path) -> bool:
    """Does it hold a board, or what is left of one? The board of a data set may be called as the folder of scores."""
    inner = folder / SCORES
    return os.path.lexists(folder / JSON) or (os.path.lexists(inner) and not is_board(inner))


def verify_one(folder: Path) -> Verified:
    """What differs in the folder of a board."""
    where = Path(os.path.abspath(folder)).name
    texts, found = stored(folder)
    document = parsed(texts.get(JSON, ""))
    board, problems = rebuilt(folder, document)
    found += [*problems, *gone(folder / SCORES, document)]
    if board is None:
        found.append(Problem("missing", f"{SCORES}: no complete run is there", BUILD))
        return Verified(where, [told(where, one) for one in found])
    platform, version = False, version_of(document)
    if document and JSON in texts:
        fresh = board.document | {
            "generator": board.document["generator"] | {"version": version or __version__}
        }
        platform = (
            to_json(fresh) != texts[JSON] and to_json(document) == texts[JSON] and close(document, fresh)
        )
        found += differences(texts, document if platform else fresh, document)
    elif JSON in texts:
        found.append(differs(JSON, "is no strict JSON object"))
    other = version if version != __version__ else None
    return Verified(where, [told(where, one) for one in found], platform, other)


def told(where: str, problem: Problem) -> Problem:
    """A finding as a difference of a board, named by its folder."""
    text = f"{shown(where)}/{problem.message}"
    file = f"{where}/{problem.file}" if problem.file else where
    return Problem("differs", text, problem.remedy, file=file, exit_override=GATE)


def differs(name: str, text: str, remedy: str = BUILD) -> Problem:
    """A finding about a file of the board."""
    return Problem("differs", f"{name}: {text}", remedy, file=name)


# ------------------------------------------------------------------ what is there


def stored(folder: Path) -> tuple[dict[str, str], list[Problem]]:
    """The texts of the files of a board by name, and what is missing, broken or does not belong there."""
    texts, found = {}, []
    for name in FILES:
        try:
            texts[name] = read(folder / name, MOST, follow=False).decode("utf-8")
        except FileNotFoundError:
            found.append(differs(name, "is missing"))
        except (OSError, ValueError) as error:
            why = error.problems[0].message if isinstance(error, SaliencyEvalError) else shown(error, 200)
            found.append(differs(name, f"cannot be read: {why}"))
    known = {*FILES, SCORES, REPORTED}
    names = sorted(e.name for e in entries(folder) if e.name not in known and not e.name.startswith("."))
    return texts, found + [differs(shown(name), "is no file of a board", "remove it") for name in names]


def parsed(text: str) -> Document | None:
    """The document that a text holds; none where it is no strict JSON object."""
    try:
        found = json.loads(text, parse_constant=refuse, parse_float=finite)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def refuse(word: str) -> NoReturn:
    """Raises ValueError: strict JSON has no NaN."""
    raise ValueError(word)


def finite(text: str) -> float:
    """The number; raises ValueError for one that is too large for a float."""
    value = float(text)
    return value if math.isfinite(value) else refuse(text)


# ------------------------------------------------------------------ what it should be


def rebuilt(folder: Path, document: Document | None) -> tuple[Board | None, list[Problem]]:
    """The board that scores and values of the literature give, and what is wrong with their files."""
    if (folder / SCORES).is_symlink():
        return None, [differs(SCORES, "must be a folder, got a link", f"remove it, then {BUILD}")]
    try:
        runs, problems = load_flat(folder / SCORES)
    except SaliencyEvalError as error:
        return None, [differs(SCORES, error.problems[0].message)]
    if len({(run.data.id, run.setting.protocol) for run in runs}) > 1:
        problems.append(
            differs(SCORES, "must hold runs on one data set under one protocol", "remove the others")
        )
        return None, problems
    if not runs:
        return None, problems
    given = document or {}
    primary = given.get("primary") if given.get("primary") in runs[0].labels else None
    board, _ = one_board(runs, primary=primary)
    if board is None:
        return None, problems
    board = replace(board, apart=(*board.apart, *not_read(given)))
    try:
        return with_reported(board, folder), problems
    except SaliencyEvalError as error:
        return board, problems + [differs(REPORTED, one.message, one.remedy) for one in error.problems]


def not_read(document: Document) -> Iterator[Apart]:
    """Files of results that could not be read when the board was built: no score is left to tell of them."""
    rows = document.get("not_ranked")
    for one in rows if isinstance(rows, list) else ():
        if isinstance(one, dict) and one.get("reason") == "skipped_result":
            run, detail = (str(one.get(key, "")) for key in ("run", "detail"))
            yield Apart("", run, "skipped_result", detail)


def gone(scores: Path, document: Document | None) -> Iterator[Problem]:
    """The runs that the document names and whose scores are not there."""
    there = set(names_of(scores)[0]) if scores.is_dir() and not scores.is_symlink() else set()
    for part in ("rows", "not_ranked"):
        rows = (document or {}).get(part)
        for one in rows if isinstance(rows, list) else ():
            run = one.get("run") if isinstance(one, dict) and "scores_sha256" in one else None
            if isinstance(run, str) and run not in there:
                name = f"{SCORES}/{shown(run)}"
                yield differs(
                    name, f"the run of {shown(one.get('model'))} is gone", f"put it back, or {BUILD}"
                )


def version_of(document: Document | None) -> str | None:
    """The version that a document says it was made by; none where it is none that could be."""
    generator = (document or {}).get("generator")
    version = generator.get("version") if isinstance(generator, dict) else None
    known = isinstance(version, str) and re.fullmatch(
        r"[0-9]{1,4}(\.[0-9]{1,4}){1,3}[a-z0-9.+]{0,20}", version
    )
    return version if known else None


def differences(texts: Mapping[str, str], document: Document, given: Document) -> Iterator[Problem]:
    """Where the files are not what follows from a document."""
    same_version = document["generator"]["version"] == __version__
    for name, make in FILES.items():
        want, got = make(document), texts.get(name)
        if got is None or got == want or (name == "table.csv" and got == to_csv(document, excel_safe=True)):
            continue
        place = first_place(given, document) if name == JSON else None
        if name == "index.html":
            want, got = (page(text, same_version=same_version) for text in (want, got))
        if want != got:
            yield differs(name, place or text_difference(want, got))
