"""The page of some runs: board, distributions, metric against metric, and the images that are worth a look."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from saliency_eval.boards import Board, boards_of
from saliency_eval.core import METRICS
from saliency_eval.datasets.base import Dataset
from saliency_eval.errors import Problem, SaliencyEvalError, fail, shown
from saliency_eval.exports.table import table as board_table
from saliency_eval.pages import render
from saliency_eval.report import cards, pictures, plots
from saliency_eval.report.cards import Card, Picture, number
from saliency_eval.report.images import Table, extremes, most_apart, spread
from saliency_eval.report.looks import Look, look
from saliency_eval.report.material import Material, Sources, gather
from saliency_eval.report.templates import CSS, template
from saliency_eval.run import Run
from saliency_eval.stats import rank_correlation
from saliency_eval.store import folder_name
from saliency_eval.variant import Variant, parse

EACH, APART = 3, 4  # images shown of each model, and of those on which the models differ
ROC = ("auc_judd", "auc", "shuffled_auc", "auc_borji")  # whose curve is drawn, the first that was scored
ARROWS = {"higher": "\u2191", "lower": "\u2193"}


class Metric(NamedTuple):
    """A column, its direction, the value of a map that knows nothing, and its signature."""

    label: str
    better: str
    chance: float | None
    signature: str

    @property
    def head(self) -> str:
        """The label with its arrow."""
        return f"{self.label} {ARROWS[self.better]}"


class Compared(NamedTuple):
    """The ranked runs of a report with everything that its parts read."""

    board: Board
    names: tuple[str, ...]
    metrics: tuple[Metric, ...]
    table: Table
    material: Material

    @property
    def primary(self) -> Metric:
        """The metric that ranks."""
        return next(m for m in self.metrics if m.label == self.board.primary)

    def variant(self) -> tuple[str, Variant] | None:
        """The AUC whose curve is drawn, with its options."""
        keys = [m.signature.partition("|")[0] for m in self.metrics]
        found = next((key for key in ROC if key in keys), None)
        if found is None:
            return None
        metric = self.metrics[keys.index(found)]
        return metric.label, parse(metric.signature)


def report_page(
    runs: Sequence[Run],
    data: str | Dataset | None = None,
    predictions: Sources = (),
    *,
    root: str | Path | None = None,
    primary: str | None = None,
    each: int = EACH,
    skipped: Sequence[Problem] = (),
    **naming: Any,
) -> tuple[str, tuple[str, ...]]:
    """The page of runs of one data set, and what is missing on it.

    `data` and `root` as for scoring, default the data set of the runs; `predictions` by model, or one for each run;
    `naming`: `prefix`, `suffix`, `pattern`, `variable`. Raises SaliencyEvalError for runs of several data sets, and for
    data or predictions that are not those that were scored.
    """
    board = one_board(runs, skipped, primary)
    ranked = [run for run in runs if any(run is one for one in board.runs)]
    compared = compare(board, gather(ranked, data, predictions, root, **naming))
    missing = list(compared.material.missing)
    apart = apart_cards(compared, missing)
    models = [(name, *model_cards(compared, row, each, missing)) for row, name in enumerate(compared.names)]
    page = render(
        template("report.html"),
        title=f"Report: {board.data.id}@{board.data.version}",
        style=CSS,
        compared=compared,
        board=board_table(board),
        plots=distributions(compared),
        correlations=correlations(compared),
        scatter=scatter(compared),
        apart=apart,
        models=models,
        images=every_image(compared),
        missing=list(dict.fromkeys(missing)),
        scale=pictures.bar("values"),
        roc=compared.variant(),
        n=len(compared.table.ids),
    )
    return page, tuple(dict.fromkeys(missing))


def one_board(runs: Sequence[Run], skipped: Sequence[Problem], primary: str | None) -> Board:
    """The board of runs of one data set. Raises `usage` for several, `incomplete` where none can be ranked."""
    found = boards_of(runs, skipped, primary).boards
    if len(ids := sorted({run.data.id for run in runs})) > 1:
        text = f"a report is of one data set, the runs are of {', '.join(shown(id) for id in ids)}"
        fail("usage", text, "name the runs of one of them")
    if not found:
        fail("incomplete", "a report needs a complete run, there is none", "score all images")
    return found[0]


def compare(board: Board, material: Material) -> Compared:
    """The runs of a board side by side."""
    metrics = tuple(
        Metric(label, board.better(label), METRICS[key].traits["chance"], board.runs[0].signatures[label])
        for label, key in zip(board.runs[0].labels, board.runs[0].keys, strict=True)
    )
    names = tuple(row.model for row in board_table(board).rows)
    return Compared(board, names, metrics, Table.of(board.runs, board.labels), material)


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
        address = plots.distribution(values, compared.names, metric.head, metric.chance)
        found.append(Picture(address, alt, f"{shown(metric.label)}, {metric.better} is better", "plot"))
    return found


def means_of(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[float]:
    """Means of (images, models) over the images that are scored."""
    columns = [column[~np.isnan(column)] for column in values.T]
    return [float(column.mean()) if len(column) else float("nan") for column in columns]


def correlations(compared: Compared) -> list[tuple[str, list[str]]]:
    """Spearman's rank correlation over images of each pair of metrics, averaged over models; `+` means they agree."""
    metrics, values = compared.metrics, compared.table.values
    signs = np.array([1.0 if m.better == "higher" else -1.0 for m in metrics])
    found = []
    for row, metric in enumerate(metrics):
        pairs = [pair(values[:, :, row] * signs[row], values[:, :, c] * signs[c]) for c in range(row)]
        found.append((metric.head, [f"{r:+.2f}" if np.isfinite(r) else "n/a" for r in pairs]))
    return found


def pair(x: np.ndarray[Any, np.dtype[np.float64]], y: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    """The mean over models of the rank correlation of two metrics, (images, models), where there is one."""
    found = []
    for one, other in zip(x.T, y.T, strict=True):
        good = np.isfinite(one) & np.isfinite(other)
        found.append(rank_correlation(one[good], other[good]))
    defined = [r for r in found if np.isfinite(r)]
    return float(np.mean(defined)) if defined else float("nan")


def scatter(compared: Compared) -> Picture | None:
    """Every metric against every other, of the first models; None of one metric."""
    labels = [m.label for m in compared.metrics]
    if len(labels) < 2:
        return None
    few = compared.names[: plots.MOST]
    whose = "all models" if few == compared.names else f"the first {len(few)} models"
    address = plots.against(compared.table.values[:, : plots.MOST], few, labels)
    alt = f"Scatter plots of every metric against every other, a point for each image, of {whose}"
    return Picture(address, alt, f"A point for each image, of {whose}.", "plot")


def every_image(compared: Compared) -> list[tuple[str, list[tuple[str, float]], tuple[str, float]]]:
    """Each image with its primary value under each model, and how far they are apart."""
    values = compared.table.column(compared.primary.label)
    return [
        (id, [(number(v), float(v)) for v in row], (number(gap), float(gap)))
        for id, row, gap in zip(compared.table.ids, values, spread(values), strict=True)
    ]


# ------------------------------------------------------------------ images


def apart_cards(compared: Compared, missing: list[str]) -> list[Card]:
    """The images on which the models differ most, with the maps of all."""
    values = compared.table.column(compared.primary.label)
    gaps = spread(values)
    everyone = range(min(len(compared.names), plots.MOST))
    return [
        card(compared, row, f"{compared.primary.label} differs by {number(gaps[row])}", everyone, missing)
        for row in most_apart(values, APART)
    ]


def model_cards(
    compared: Compared, model: int, each: int, missing: list[str]
) -> tuple[list[Card], list[Card]]:
    """The best and the worst images of a model."""
    values = compared.table.column(compared.primary.label)[:, model]
    chosen = extremes(values, compared.primary.better == "higher", each)
    best, worst = (
        [
            card(compared, row, f"{compared.primary.label} {number(values[row])}", [model], missing)
            for row in rows
        ]
        for rows in chosen
    )
    return best, worst


def card(compared: Compared, row: int, title: str, models: Sequence[int], missing: list[str]) -> Card:
    """One image with the maps of some models, and what all scored on it."""
    id = compared.table.ids[row]
    values = cards.rows(compared.table.values[row], compared.names, [m.better for m in compared.metrics])
    found, absent = list[Picture](), list[str]()
    if compared.material.data is not None:
        try:
            found += cards.stimulus(compared.material.data[id])
        except SaliencyEvalError as error:
            absent.append(f"The stimulus is missing: {error.problems[0].message}")
        found += maps(compared, id, models)
    missing += absent
    own = compared.names[models[0]] if len(models) == 1 else ""
    return Card(id, title, found, absent, values, own)


def maps(compared: Compared, id: str, models: Sequence[int]) -> list[Picture]:
    """The maps of some models for an image, and their ROC curves in one plot."""
    looks = looks_of(compared, id, models)
    data = compared.material.data
    found = [cards.saliency(data[id], one, compared.names[n]) for n, one in looks.items()] if data else []
    chosen = compared.variant()
    if chosen is None or not looks:
        return found
    label, variant = chosen
    curves = [(compared.names[n], n, one.curves(variant)) for n, one in looks.items()]
    drawn = [one for one in curves if one[2]]
    if drawn:
        areas = ", ".join(
            f"{shown(name)} {number(sum(c.total for c in found) / len(found))}" for name, _, found in drawn
        )
        alt = f"ROC curves of {shown(label)} for {shown(id)}. Areas: {areas}"
        found.append(Picture(plots.roc(drawn), alt, f"ROC of {shown(label)}: fixations against negatives", "plot"))
    return found


def looks_of(compared: Compared, id: str, models: Sequence[int]) -> dict[int, Look]:
    """The maps of some models for an image, as far as there are predictions."""
    data, found = compared.material.data, dict[int, Look]()
    for n in models:
        run = compared.board.runs[n]
        predictions = compared.material.predictions.get(folder_name(run))
        if predictions is not None and data is not None:
            one = look(predictions, data[id], run.setting.resize)
            found |= {} if one is None else {n: one}
    return found
