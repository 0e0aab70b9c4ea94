"""The page of some runs: their board, distributions, metric against metric, and the images that are worth a look."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saliency_eval.boards import Board, boards_of
from saliency_eval.datasets.base import Dataset
from saliency_eval.errors import Problem, fail, shown
from saliency_eval.escape import without_surrogates
from saliency_eval.executors import Progress, Workers, one_thread
from saliency_eval.maps import Floats
from saliency_eval.pages import render
from saliency_eval.pages.board import view
from saliency_eval.report import pictures, plots
from saliency_eval.report.agreement import agreement, cloud
from saliency_eval.report.cards import Picture, number
from saliency_eval.report.compared import Compared, compare
from saliency_eval.report.gallery import apart_cards, model_cards
from saliency_eval.report.images import spread
from saliency_eval.report.material import Sources, gather
from saliency_eval.report.places import Places, places
from saliency_eval.report.protocols import Beside, Lead, beside, elsewhere, groups_of, lead
from saliency_eval.report.templates import CSS, JS, template
from saliency_eval.report.versus import versus
from saliency_eval.run import Run

EACH, IN_ALL = 3, 36  # best images of each model, and of all: with many models each has fewer


def report_page(
    runs: Sequence[Run],
    data: str | Dataset | None = None,
    predictions: Sources = (),
    *,
    root: str | Path | None = None,
    primary: str | None = None,
    protocol: str | None = None,
    each: int | None = None,
    skipped: Sequence[Problem] = (),
    workers: Workers = 1,
    progress: Progress = lambda count: None,
    **naming: Any,
) -> tuple[str, tuple[str, ...]]:
    """The page of runs of one data set, and what is missing on it.

    `data` and `root` as for scoring, default the data set of the runs; `predictions` by model, or one for each run;
    `protocol`: that of board and images, default the first; the same maps under others stand side by side, where
    `workers` score what each cause of a difference does alone; `each`: best and worst images of each model; `naming`:
    `prefix`, `suffix`, `pattern`, `variable`. Raises SaliencyEvalError for runs of several data sets, and for data or
    predictions that are not those that were scored.
    """
    leading = lead(runs, protocol)
    board = one_board(leading.runs, skipped, primary)
    groups = groups_of(leading.all)
    names = [row["label"] for row in board.document["rows"]]
    ranks = places(leading, board, names)
    told = [*board.scored, *(ranks.runs if ranks else ()), *(run for group in groups for run in group)]
    with one_thread():
        sources = with_maps(leading.runs, board, groups)
        compared = compare(board, names, gather(sources, data, predictions, root, board.apart, **naming))
        missing = dict.fromkeys([*compared.material.missing, *elsewhere(leading, told)])
        several = all_beside(compared, groups, workers, progress)
        most = each or max(1, min(EACH, IN_ALL // len(names)))
        page = page_of(compared, leading, several, ranks, most, missing)
    return without_surrogates(page), tuple(missing)


def with_maps(runs: Sequence[Run], board: Board, groups: Sequence[Sequence[Run]]) -> list[Run]:
    """A run for each set of maps on the page: those of the board in the order given, then the others' first."""
    ranked = [run for run in runs if any(run is one for one in board.runs)]
    return ranked + [group[0] for group in groups if not any(run is one for run in group for one in ranked)]


def all_beside(
    compared: Compared, groups: Sequence[Sequence[Run]], workers: Workers, progress: Progress
) -> list[Beside]:
    """The sets of maps that were scored in several ways, those of the board first and in its order."""
    place = {id(run): number for number, run in enumerate(compared.board.runs)}
    found = [
        (min(place.get(id(run), len(place)) for run in group), group[0].model, group) for group in groups
    ]
    return [
        beside(group, compared.names[at] if at < len(place) else model, compared.material, workers, progress)
        for at, model, group in sorted(found, key=lambda one: one[:2])
    ]


def page_of(
    compared: Compared, leading: Lead, several: Sequence[Beside], ranks: Places | None, each: int,
    missing: dict[str, None],
) -> str:  # fmt: skip
    """The page; what is missing of its images is added to the sentences about that, each once."""
    board, names = compared.board, compared.names
    differing = apart_cards(compared, missing)
    models = [(name, model_cards(compared, n, each, missing)) for n, name in enumerate(names)]
    return render(
        template("report.html"),
        title=f"Report on {board.data.id}@{board.data.version}",
        style=CSS,
        script=JS,
        compared=compared,
        document=board.document,
        lead=leading,
        several=several,
        places=ranks,
        meanings=sorted(set().union(*(one.meanings.items() for one in several))),
        versus=versus(compared),
        **board_view(board.document),
        plots=distributions(compared),
        agreement=agreement(compared),
        cloud=cloud(compared),
        differing=differing,
        models=models,
        images=every_image(compared),
        missing=list(missing),
        scale=pictures.bar("values"),
    )


def board_view(content: dict[str, Any]) -> dict[str, Any]:
    """The sections of the board; it has no files beside it, and metrics are compared by image instead."""
    found = view(content)
    lines = [line._replace(scores="") for line in found["lines"]]
    return found | {"lines": lines, "scatter": None, "files_beside": False}


def one_board(runs: Sequence[Run], skipped: Sequence[Problem], primary: str | None) -> Board:
    """The board of runs of one protocol. Raises `incomplete` without a complete run."""
    found = boards_of(runs, skipped, primary).boards
    if not found:
        fail("incomplete", "a report needs a complete run, there is none", "score all images")
    return found[0]


# ------------------------------------------------------------------ numbers and plots


def distributions(compared: Compared) -> list[Picture]:
    """A plot for each metric."""
    found = []
    for metric in compared.metrics:
        values = compared.table.column(metric.label)
        means = ", ".join(
            f"{shown(n)} {number(m)}" for n, m in zip(compared.names, means_of(values), strict=True)
        )
        alt = f"Distribution of {shown(metric.label)} over the images for each model. Means: {means}"
        address = plots.distribution(values, compared.names, metric.chance)
        found.append(Picture(address, alt, f"{shown(metric.head)}  {metric.better} is better", "plot"))
    return found


def means_of(values: Floats) -> list[float]:
    """Means of (images, models) over the images that are scored."""
    columns = [column[~np.isnan(column)] for column in values.T]
    return [float(column.mean()) if len(column) else float("nan") for column in columns]


def every_image(compared: Compared) -> list[tuple[str, list[tuple[str, float]], tuple[str, float]]]:
    """Each image with its primary value under each model, and how much two of them differ."""
    values = compared.table.column(compared.primary.label)
    return [
        (id, [(number(v), float(v)) for v in row], (number(gap), float(gap)))
        for id, row, gap in zip(compared.table.ids, values, spread(values), strict=True)
    ]
