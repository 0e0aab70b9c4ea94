"""The images of a report: where the models differ, and the best and the worst of each model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from saliency_eval.errors import SaliencyEvalError, shown
from saliency_eval.maps import Floats
from saliency_eval.report import cards, plots
from saliency_eval.report.cards import Card, Picture, number
from saliency_eval.report.compared import Compared
from saliency_eval.report.images import extremes, most_apart, spread, tie
from saliency_eval.report.looks import Look, look
from saliency_eval.store import folder_name

APART = 4  # images shown on which the models differ


class Part(NamedTuple):
    """Some images under a heading, and what must be said of their choice."""

    heading: str
    note: str
    cards: list[Card]


def apart_cards(compared: Compared, missing: dict[str, None]) -> Part:
    """The images on which the models differ most, with the maps of all."""
    values = compared.table.column(compared.primary.label)
    gaps = spread(values)
    everyone = range(min(len(compared.names), plots.MOST))
    rows = most_apart(values, APART)
    found = [
        card(compared, row, f"two models differ by {number(gaps[row])} on average", everyone, missing)
        for row in rows
    ]
    return Part("", tied(gaps, rows, "difference"), found)


def model_cards(compared: Compared, model: int, each: int, missing: dict[str, None]) -> list[Part]:
    """The best and the worst images of a model; of one to which all are alike, the first."""
    values = compared.table.column(compared.primary.label)[:, model]
    best, worst = extremes(values, compared.primary.better == "higher", each)

    def part(heading: str, rows: Sequence[int], note: str) -> Part:
        label = compared.primary.label
        titled = [(row, f"{label} {number(values[row])}") for row in rows]
        return Part(heading, note, [card(compared, row, title, [model], missing) for row, title in titled])

    scored = int(np.isfinite(values).sum())
    if scored > 1 and not worst:
        note = f"All {scored} images have the value {number(values[best[0]])}: none is better or worse than another."
        return [part("All alike", best, f"{note} {firsts(len(best))}" if len(best) < scored else note)]
    found = [part("Best", best, tied(values, best)), part("Worst", worst, tied(values, worst))]
    return [one for one in found if one.cards]


def tied(values: Floats, rows: Sequence[int], what: str = "value") -> str:
    """That the last of the chosen rows are some of many with one value; empty where they are all of them.

    >>> tied(np.array([0.0, 1.0, 0.0, 0.0, 2.0]), [0, 2])
    '3 of 5 images have the value 0.000. The first 2 of them are shown.'
    """
    found = tie(values, rows)
    if found is None:
        return ""
    scored = int(np.isfinite(values).sum())
    said = f"{found.images} of {scored} images have the {what} {number(values[rows[-1]])}."
    return f"{said} {firsts(found.shown, 'of them ')}"


def firsts(count: int, of: str = "") -> str:
    """That the first so many are shown."""
    return f"The first {of}is shown." if count == 1 else f"The first {count} {of}are shown."


def card(compared: Compared, row: int, title: str, models: Sequence[int], missing: dict[str, None]) -> Card:
    """One image with the maps of some models, and what all scored on it; a lost stimulus is told on the page."""
    id, data = compared.table.ids[row], compared.material.data
    values = cards.rows(compared.table.values[row], compared.names, [m.better for m in compared.metrics])
    own = compared.names[models[0]] if len(models) == 1 else ""
    made = Card(id, title, [], [], [], values, own)
    if data is None:
        return made
    try:
        made.pictures.extend(cards.stimulus(data[id]))
    except SaliencyEvalError as error:
        made.missing.append(f"The stimulus cannot be shown: {error.problems[0].message}")
    missing |= dict.fromkeys(made.missing)
    looks = looks_of(compared, id, models)
    made.pictures.extend(cards.saliency(data[id], one, compared.names[n]) for n, one in looks.items())
    made.plots.extend(roc(compared, id, looks))
    return made


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


def roc(compared: Compared, id: str, looks: Mapping[int, Look]) -> list[Picture]:
    """The ROC curves of some models in one plot; none where no AUC was scored, or nothing is left to draw."""
    chosen = compared.auc()
    if chosen is None:
        return []
    label, variant = chosen
    curves = [(compared.names[n], n, one.curves(variant)) for n, one in looks.items()]
    drawn = [one for one in curves if one[2]]
    if not drawn:
        return []
    areas = [f"{shown(name)} {number(sum(c.total for c in some) / len(some))}" for name, _, some in drawn]
    alt = f"ROC of {shown(label)} for {shown(id)}. Areas: {', '.join(areas)}"
    return [Picture(plots.roc(drawn), alt, f"ROC of {shown(label)}: fixations against negatives", "roc")]
