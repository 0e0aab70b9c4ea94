"""Runs as a board keeps them: `<run>.json` and `<run>.csv.gz` side by side in one folder."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from saliency_eval.errors import Problem, SaliencyEvalError, shown
from saliency_eval.predictions.folder import entries
from saliency_eval.run import Run
from saliency_eval.saved import load_pair
from saliency_eval.saved.document import AGAIN, content
from saliency_eval.saved.scores import MOST_STORED, pieces
from saliency_eval.store import folder_name, scores_text

PAIR = re.compile(r"(?P<run>[a-z0-9._-]+-[0-9a-f]{8})(\.json|\.csv\.gz)")
BUILD = "build the board again from the results"


def names_of(folder: Path) -> tuple[list[str], list[str]]:
    """The runs that files of a folder belong to, and the names of all other files but those with a dot in front."""
    names = sorted(entry.name for entry in entries(folder) if not entry.name.startswith("."))
    found = {name: PAIR.fullmatch(name) for name in names}
    runs = dict.fromkeys(match["run"] for match in found.values() if match)
    return list(runs), [name for name, match in found.items() if not match]


def load_flat(folder: Path) -> tuple[list[Run], list[Problem]]:
    """The runs of a folder, and what is wrong with it; raises as `entries` where it cannot be listed."""
    names, others = names_of(folder)
    runs, problems = [], [wrong(folder, name, "is no file of a run", "remove it") for name in others]
    for name in names:
        try:
            run = load_pair(folder, f"{name}.json", f"{name}.csv.gz", folder.name)
        except SaliencyEvalError as error:
            problems += [replace(p, remedy=BUILD if p.remedy == AGAIN else p.remedy) for p in error.problems]
            continue
        if folder_name(run) != name:
            problems.append(wrong(folder, f"{name}.json", f"is the run {folder_name(run)}", BUILD))
            continue
        if inflated(folder, name) != scores_text(run):
            text = "has other digits than this package writes"
            problems.append(wrong(folder, f"{name}.csv.gz", text, BUILD))
        runs.append(run)
    return runs, problems


def inflated(folder: Path, name: str) -> bytes:
    """The text of the scores of a run."""
    return b"".join(pieces(content(folder, f"{name}.csv.gz", MOST_STORED)))


def wrong(folder: Path, name: str, text: str, remedy: str) -> Problem:
    """What is wrong with a file."""
    own = f"{folder.name}/{shown(name)}"
    return Problem("skipped_result", f"{own}: {text}", remedy, file=own)
