"""Saved runs read back. They may come from strangers: nothing is believed that the scores contradict."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from saliency_eval.datasets.files import no_folder, path_of
from saliency_eval.errors import REJECTED, USAGE, Problem, SaliencyEvalError, fail, shown
from saliency_eval.predictions.folder import entries, is_folder
from saliency_eval.run import Run
from saliency_eval.saved.document import DOCUMENT, MOST, content, parse
from saliency_eval.saved.restore import restore
from saliency_eval.saved.scores import MOST_STORED, SCORES
from saliency_eval.store import folder_name

LEFT_OVER = (".tmp", ".old")


def load(folder: str | os.PathLike[str]) -> Run:
    """The run that `save` wrote to a folder, equal to the last bit.

    Raises `skipped_result` (exit 3) for anything else: no other exception comes out, whatever the files hold.
    """
    path = path_of(folder, "the folder of a run")
    return load_pair(path, DOCUMENT, SCORES, where(path))


def load_pair(folder: Path, document: str, scores: str, place: str) -> Run:
    """The run in two files of a folder, whatever they are called; `place` says where it is. Raises as `load`."""
    try:
        data = content(folder, document, MOST)
        return replace(restore(parse(data), content(folder, scores, MOST_STORED)), document=data)
    except SaliencyEvalError as error:
        [problem] = error.problems
        told = problem.file or ""
        own = {DOCUMENT: document, SCORES: scores}.get(told, told)
        text = f"{shown(place, 200)}/{shown(own)}{problem.message.removeprefix(told)}"
        fail("skipped_result", text, problem.remedy, file=f"{place}/{own}", exit=REJECTED)


def load_runs(results: str | os.PathLike[str]) -> tuple[list[Run], list[Problem]]:
    """All runs below `results/<data set>/<run>/`, and a `skipped_result` warning for each that is not used.

    The folder of one data set or of one run does as well. Raises `usage` (exit 2) where there is no folder, `io`
    (exit 5) for one that cannot be listed.
    """
    top = path_of(results, "the folder of results")
    if not top.is_dir():
        fail("usage", f"results must be a folder: {no_folder(top)}", "score first, or name it", exit=USAGE)
    runs: dict[tuple[str, str], Run] = {}
    problems = []
    for folder in run_folders(top):
        try:
            run = load(folder)
        except SaliencyEvalError as error:
            problems += [Problem(p.code, p.message, p.remedy, file=p.file) for p in error.problems]
            continue
        if runs.setdefault((run.data.id, folder_name(run)), run) is not run:
            problems.append(twice(folder, run))
    return list(runs.values()), problems


def twice(folder: Path, run: Run) -> Problem:
    """The finding about a run that lies in two folders."""
    own = f"{where(folder)}/{DOCUMENT}"
    text = f"{shown(own, 300)} is the run {folder_name(run)} once more"
    return Problem("skipped_result", text, "remove one of the two folders", file=own)


def where(folder: Path) -> str:
    """Data set and run as their folders are named: enough to find it, and no path of this machine."""
    return "/".join(Path(os.path.abspath(folder)).parts[-2:])


def run_folders(top: Path) -> list[Path]:
    """The folder itself if it holds a run, else the runs one or two floors below, in the order of their names."""
    if is_run(top):
        return [top]
    found = []
    for child in folders(top):
        try:
            found += [child] if is_run(child) else [inner for inner in folders(child) if is_run(inner)]
        except SaliencyEvalError:
            found.append(child)  # reading it says why it cannot be listed
    return found


def is_run(folder: Path) -> bool:
    """Does it hold a file of a finished run?"""
    return any(os.path.lexists(folder / name) for name in (DOCUMENT, SCORES))


def folders(path: Path) -> list[Path]:
    """Folders in a folder; links, names with a dot in front and what an ended program left are passed over."""
    found = [e.name for e in entries(path) if is_folder(e) and not e.is_symlink()]
    return [
        path / name
        for name in sorted(found, key=os.fsencode)
        if not name.startswith(".") and not name.endswith(LEFT_OVER)
    ]
