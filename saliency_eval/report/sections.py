"""What each metric saw of one image, as a section of a page: pictures, plots and tables whose numbers add up to the
value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from saliency_eval.core import METRICS, Stimulus
from saliency_eval.errors import shown
from saliency_eval.formats import ARROWS
from saliency_eval.report import pictures, plots
from saliency_eval.report.cards import Picture, number, span
from saliency_eval.report.curves import Curve
from saliency_eval.report.looks import Look
from saliency_eval.report.tables import UNITS, Rows, digits, table_of, thresholds
from saliency_eval.report.terms import Seen, Terms, seen
from saliency_eval.variant import Variant

WORDS = {
    "auc": "An AUC sees only the order of the pixels, so the maps are shown by rank. The curve begins at the highest "
    "threshold; its area is the value.",
    "nss": "The map with mean 0 and standard deviation 1, and its value at each fixated pixel. Their mean is NSS.",
    "ig": "The bits that a map gives each fixated pixel over the baseline. Their mean is the information gain.",
    "cc": "The product of the z-scores of map and density at each pixel, divided by the number of pixels. Red pixels "
    "add to CC, blue ones take away.",
    "sim": "The smaller of the two shares at each pixel, map and density each summing to one. Their sum is SIM.",
    "kld": "What each pixel costs, in nats: red where the map is below the density, blue where it is above. The sum is "
    "the divergence.",
    "emd": "Mass times distance that has to leave each cell of the grid. The sum is the distance.",
}  # fmt: skip


class Model(NamedTuple):
    """A model on the page: its name, what it made of the image, its value of each metric, and signatures."""

    name: str
    look: Look
    values: tuple[float, ...]
    signatures: tuple[str, ...]


class Part(NamedTuple):
    """What one model's map was to one metric; `total` is what is shown, summed up."""

    model: str
    value: float
    seen: Seen
    total: float | None
    sentence: str


class Section(NamedTuple):
    """A metric on the page."""

    label: str
    key: str
    words: str
    scale: str  # of its pictures
    parts: list[Part]
    pictures: list[Picture]
    plots: list[Picture]
    tables: list[Rows]

    @property
    def better(self) -> str:
        """The direction."""
        return str(METRICS[self.key].traits["better"])

    @property
    def name(self) -> str:
        """The label in the literature."""
        return str(METRICS[self.key].traits["label"])

    @property
    def head(self) -> str:
        """The label with its arrow."""
        return f"{self.label} {ARROWS[self.better]}"


def section(label: str, variant: Variant, column: int, models: Sequence[Model], image: Stimulus) -> Section:
    """What a metric saw of the maps of some models."""
    parts = [part_of(variant, model, column) for model in models]
    curves = [(p.model, n, [p.seen]) for n, p in enumerate(parts) if isinstance(p.seen, Curve)]
    terms = [(p.model, n, p.seen) for n, p in enumerate(parts) if isinstance(p.seen, Terms)]
    found, drawn = list[Picture](), list[Picture]()
    if curves:
        found = [by_rank(models[n], image) for _, n, _ in curves]
        drawn = [roc(label, image, curves)]
    for name, n, one in terms:
        found.append(map_of(variant.key, name, one, models[n].look.views[0]))
    if terms and terms[0][2].at is not None:
        drawn = [strip(variant.key, image, terms)]
    if variant.key == "ig" and terms:
        found.insert(0, baseline(models[0].look.views[0], variant))
    tables = [thresholds(name, curve) for name, _, [curve] in curves]
    tables += [table_of(variant, name, one, models[n].look.views[0]) for name, n, one in terms]
    words = WORDS["auc"] if curves else WORDS.get(variant.key, "") if terms else ""
    scale = "ranks" if curves else scale_of(variant.key)
    return Section(label, variant.key, words, scale, parts, found, drawn, tables)


def scale_of(key: str) -> pictures.Scale:
    """The colours of what a metric saw: those with a sign where a term may be below zero."""
    return "values" if key in ("sim", "emd") else "signed"


def part_of(variant: Variant, model: Model, column: int) -> Part:
    """What one model's map was to a metric; of a model with several views, the first is shown."""
    value, views = model.values[column], model.look.views
    found = seen(variant, views[0])
    total = None if found is None else found.total
    return Part(
        model.name,
        value,
        found,
        total,
        sentence(variant.key, found, value, [float(variant(v)) for v in views]),
    )


def sentence(key: str, found: Seen, value: float, views: Sequence[float]) -> str:
    """How what is shown adds up to the value."""
    if found is None:
        text = "nothing adds up to it: it is set by a rule, or the metric does not show what it saw"
    elif isinstance(found, Curve):
        text = f"the area under {len(found.points.fp) + 2} points; of the pairs of a fixation and a negative "
        text += f"{100 * found.ties:.3g} % are ties"
    else:
        what = "fixated pixels" if found.at is not None else "cells" if key == "emd" else "pixels"
        text = f"the {found.rule} over {found.values.size:,} {what}"
    if len(views) == 1:
        return f"{digits(value)}: {text}"
    mean = f"{digits(value)}: the mean over {len(views)} observers, each under a map of the others"
    return f"{mean}; shown is the first, {digits(views[0])}: {text}"


# ------------------------------------------------------------------ pictures and plots


def by_rank(model: Model, image: Stimulus) -> Picture:
    """The map of a model by rank, as an AUC sees it."""
    view = model.look.views[0]
    small = pictures.heat(view["saliency"].values, "ranks", image["shape"])
    dots = pictures.dotted(small, view["fixations"], image["shape"])
    how = "constant" if np.ptp(view["saliency"].values) == 0 else "by rank"
    alt = f"Map of {shown(model.name)} for {shown(image.id)}, {how}, with {len(view['fixations'])} fixations"
    return Picture(pictures.jpeg(dots), alt, f"{shown(model.name)}, {how}")


def map_of(key: str, name: str, terms: Terms, view: Stimulus) -> Picture:
    """The map that a metric sees: the terms themselves, or what lies around them."""
    values = terms.values if terms.other is None or key == "emd" else terms.other
    small = pictures.heat(values, scale_of(key), view["shape"])
    if terms.at is not None:
        small = pictures.dotted(small, terms.at, view["shape"], pictures.ON_SIGNED)
    what = {"nss": "z-scores", "ig": "bits over the baseline", "cc": "products", "sim": "smaller shares",
            "kld": "nats", "emd": "mass times distance"}[key]  # fmt: skip
    alt = f"{what.capitalize()} of {shown(name)} for {shown(view.id)}, {span(values)}"
    return Picture(pictures.jpeg(small), alt, f"{shown(name)}: {what}, {span(values)}")


def baseline(view: Stimulus, variant: Variant) -> Picture:
    """The baseline of information gain."""
    values = view.read("baseline", dict(variant.options)).values
    address = pictures.jpeg(pictures.heat(values, "values", view["shape"]))
    return Picture(address, f"The baseline map for {shown(view.id)}", "the baseline, by value")


def roc(label: str, image: Stimulus, curves: Sequence[tuple[str, int, Sequence[Curve]]]) -> Picture:
    """The curves of all models."""
    areas = ", ".join(f"{shown(name)} {number(found[0].total)}" for name, _, found in curves)
    alt = f"ROC curves of {shown(label)} for {shown(image.id)}. Areas: {areas}"
    return Picture(
        plots.roc(curves, words=True), alt, "share of fixations against share of negatives", "plot"
    )


def strip(key: str, image: Stimulus, terms: Sequence[tuple[str, int, Terms]]) -> Picture:
    """The numbers at the fixations of all models."""
    means = ", ".join(f"{shown(name)} {number(one.total)}" for name, _, one in terms)
    alt = f"{UNITS[key]} at each fixated pixel of {shown(image.id)}. Means: {means}"
    address = plots.strips([(name, one.values.tolist()) for name, _, one in terms], UNITS[key])
    return Picture(address, alt, f"{UNITS[key]} at each fixated pixel; the line is the mean", "plot")
