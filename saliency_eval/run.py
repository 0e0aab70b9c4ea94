"""A run: the scores of one model on one data set under one protocol, with signatures and provenance."""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval import __version__, formats, notebook
from saliency_eval import metrics as _declared  # noqa: F401  (declares the metrics, for runs of elsewhere)
from saliency_eval.core import METRICS
from saliency_eval.errors import Problem, fail, shown
from saliency_eval.predictions.base import Predictions
from saliency_eval.scored import Scored, drawn_errors, settled, summed
from saliency_eval.signatures import context, drawn_images, hash_of_predictions, labels, signature
from saliency_eval.stats import HEAVY_TAIL, Interval, mean_intervals, skewness
from saliency_eval.variant import Variant

if TYPE_CHECKING:
    import pandas as pd

    from saliency_eval.datasets.base import Dataset
    from saliency_eval.journal import Journal

OnMissing = Literal["error", "constant", "skip"]
Kind = Literal["map", "density", "log-density"]


class Setting(NamedTuple):
    """What was asked for."""

    protocol: str
    kind: Kind
    resize: str
    on_missing: OnMissing
    frame: str = "original"
    classifier: str = ""
    subset: str = "all"


class DataId(NamedTuple):
    """The data set that was scored on, with what its card says of its use; None where nothing is said."""

    id: str
    version: str
    tag: str
    sha256: str
    n: int
    licence: str | None = None
    citation: str | None = None

    @classmethod
    def of(cls, data: Dataset) -> DataId:
        """Those of a data set."""
        licence, citation = (text.strip() or None for text in (data.card.licence, data.card.citation))
        return cls(data.key, data.version, data.tag, data.sha256, len(data), licence, citation)


@dataclass(frozen=True, repr=False)
class Run:
    """Per-image values with everything they depend on.

    `values` (images, metrics) in the order of `ids` and `labels`; NaN where an image was not scored or a metric
    is not defined. `unscored` marks images that a metric does not count: without a fixation, or skipped.
    """

    model: str
    source: str  # the variant of a model that was run on the spot, else empty
    data: DataId
    setting: Setting
    labels: tuple[str, ...]
    keys: tuple[str, ...]
    signatures: Mapping[str, str]
    ids: tuple[str, ...]
    values: NDArray[np.float64]
    unscored: NDArray[np.bool_]
    predictions_sha256: str
    problems: tuple[Problem, ...] = ()
    draws: Mapping[str, Mapping[str, list[str]]] = field(
        default_factory=dict
    )  # negatives by metric and image
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # by metric: empty maps, ties ...
    facts: Mapping[str, Mapping[str, float]] = field(
        default_factory=dict
    )  # by metric: what it is to be read beside
    complete: bool = True
    drawn_errors: Mapping[str, float] = field(default_factory=dict)  # of the means of the metrics that draw
    version: str = __version__
    taken_up: int = 0  # images that an interrupted run had scored
    restored: bool = False  # it was complete already, and nothing was scored
    document: bytes = b""  # its run.json as it was read
    journal: Journal | None = None  # what was kept while it was scored, until it is saved

    @classmethod
    def of(
        cls,
        predictions: Predictions,
        data: Dataset,
        setting: Setting,
        variants: Sequence[Variant],
        results: Sequence[Scored],
        problems: Sequence[Problem],
        *,
        complete: bool,
    ) -> Run:
        """Collect the results of all images."""
        names = labels(variants)
        truth = [data[r.id] for r in results]
        values, facts = settled(variants, results, truth)
        unscored = np.array([not r.values or not data.counts(r.id) for r in results])
        before, after = context(data, setting, variants, results, int((~unscored).sum()))
        return cls(
            predictions.name,
            str(getattr(predictions, "variant", "")),
            DataId.of(data),
            setting,
            tuple(names),
            tuple(v.key for v in variants),
            {name: signature(v, before, after) for name, v in zip(names, variants, strict=True)},
            tuple(r.id for r in results),
            values,
            unscored,
            hash_of_predictions(results),
            tuple(problems),
            drawn_images(dict(zip(names, variants, strict=True)), data, [r.id for r in results]),
            summed(names, results),
            dict(zip(names, facts, strict=True)),
            complete,
            drawn_errors(variants, results, ~unscored),
        )

    @functools.cached_property
    def means(self) -> dict[str, Interval]:
        """Mean and 95 % interval of each metric over the images that it counts.

        Images are resampled in the order of their ids, so that a run read back has the same digits.
        """
        counted = sorted(np.flatnonzero(~self.unscored), key=lambda row: self.ids[row])
        found = mean_intervals(self.values[counted], self.data.id, self.data.sha256)
        return dict(zip(self.labels, found, strict=True))

    def reason(self, label: str) -> str | None:
        """Why a metric has no finite mean; None when it has one."""
        scores = self.values[~self.unscored, self.labels.index(label)]
        if not len(scores):
            return "no image was scored"
        if bad := int(np.isnan(scores).sum()):
            return f"undefined on {bad} of {len(scores)} images"
        if bad := int(np.isinf(scores).sum()):
            return f"infinite on {bad} of {len(scores)} images"
        return None

    def skew(self, label: str) -> float:
        """The skew of the scores of a metric over the images that it counts; NaN where it has none."""
        return float(skewness(self.values[~self.unscored, self.labels.index(label)]))

    @property
    def doubts(self) -> dict[str, list[str]]:
        """For each metric why it may not be believed on these images; most have no such reason."""
        found = {}
        for label, key in zip(self.labels, self.keys, strict=True):
            if (facts := self.facts.get(label)) and (why := METRICS[key].traits["doubts"](facts)):
                found[label] = why
        return found

    @property
    def notes(self) -> list[str]:
        """What each mean is to be read beside, and the metrics with so heavy a tail that no interval can be trusted."""
        skews = {label: self.skew(label) for label in self.labels}
        beside = {label: {**self.facts.get(label, {}), **self.counts.get(label, {})} for label in self.labels}
        said = [
            f"{label}: {', '.join(f'{name} {as_text(value)}' for name, value in own.items())}"
            for label, own in beside.items()
            if own
        ]
        return said + [
            f"{label}: the scores have a skew of {skew:.1f}, beyond {HEAVY_TAIL} an interval is too narrow"
            for label, skew in skews.items()
            if abs(skew) > HEAVY_TAIL
        ]

    @property
    def n_scored(self) -> int:
        """Number of images that count in the means."""
        return int((~self.unscored).sum())

    @property
    def digest(self) -> str:
        """Eight digits that name model, content and setting."""
        text = "\n".join([self.model, self.predictions_sha256, *self.signatures.values()])
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]

    def __repr__(self) -> str:
        return f"<{self.title}>"

    @property
    def title(self) -> str:
        """Model, data set, protocol and number of images."""
        scored = f"{self.n_scored}/{self.data.n} images"
        return f"{self.model} on {self.data.tag}, {self.setting.protocol}: {scored}"

    def _repr_html_(self) -> str:
        """What a notebook shows: means, intervals, and the signatures folded below; at most 50 kB."""
        rows = []
        for label, key in zip(self.labels, self.keys, strict=True):
            sign = formats.ARROWS[METRICS[key].traits["better"]]
            reason = self.reason(label)
            rows.append([f"{label} {sign}", *(("n/a", reason) if reason else rounded(self.means[label]))])
        header = ["metric", "mean", "95 % interval"]
        return notebook.table(self.title, header, rows, [*self.notes, *self.signatures.values()])

    @property
    def per_image(self) -> pd.DataFrame:
        """One row for each image, one column for each metric."""
        import pandas as pd

        return pd.DataFrame(self.values, index=pd.Index(self.ids, name="image"), columns=list(self.labels))

    def summary(self) -> pd.DataFrame:
        """Mean, interval, number of images and direction of each metric; for how, see `signatures`."""
        import pandas as pd

        rows = [
            {
                "metric": label,
                "mean": self.means[label].mean if self.reason(label) is None else math.nan,
                "low": self.means[label].low,
                "high": self.means[label].high,
                "n": self.means[label].n,
                "better": METRICS[key].traits["better"],
            }
            for label, key in zip(self.labels, self.keys, strict=True)
        ]
        return pd.DataFrame(rows).set_index("metric")

    def to_dict(self) -> dict[str, Any]:
        """Flat: `model`, `data`, `protocol`, `n`, then `<metric>`, `<metric>_low`, `<metric>_high`."""
        flat: dict[str, Any] = {
            "model": self.model,
            "data": self.data.tag,
            "protocol": self.setting.protocol,
            "n": self.n_scored,
        }
        for label, interval in self.means.items():
            finite = self.reason(label) is None
            flat[label] = interval.mean if finite else None
            flat[f"{label}_low"], flat[f"{label}_high"] = interval.low, interval.high
        return flat


def as_text(value: float) -> str:
    """A fact, or a count, to be read beside a mean.

    >>> as_text(0.113333), as_text(200000)
    ('0.1133', '200000')
    """
    return str(value) if isinstance(value, int) else f"{value:.4g}"


def check_runs(runs: Iterable[object]) -> None:
    """Raises `usage` for anything that is no run."""
    for one in runs:
        if not isinstance(one, Run):
            text = f"runs must be what se.score or se.load_run gives, got {shown(type(one).__name__)}"
            fail(
                "usage", text, "read a saved run with se.load_run(folder), several with se.load_runs(folder)"
            )


def rounded(interval: Interval) -> tuple[str, str]:
    """Mean and interval as text: the half-width to two significant digits, the mean to the same place.

    >>> rounded(Interval(0.73942, 0.73061, 0.74831, 700)), rounded(Interval(1.2e99, 1.1e99, 1.3e99, 2))
    (('0.7394', '[0.7306, 0.7483]'), ('1.20e+99', '[1.10e+99, 1.30e+99]'))
    """
    found = formats.rounded(interval.mean, interval.low, interval.high)
    return found.mean, found.interval
