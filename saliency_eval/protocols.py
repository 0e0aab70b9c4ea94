"""Protocols: named lists of metric variants with the resize rule, the blur and the averaging of one benchmark.

They are data. `shared` options go to every metric that has them; `metrics` are scored by default, `further`
ones when they are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from saliency_eval import metrics as _declared  # noqa: F401  (declares the metrics)
from saliency_eval.core import METRICS, Declared, inputs
from saliency_eval.errors import fail, nearest, unknown
from saliency_eval.options import split_list
from saliency_eval.regions.frames import ORIGINAL, Frame
from saliency_eval.variant import Variant, parse, read_call, variant

Subject = Literal["fixations", "boxes"]  # the kind of truth that is scored


@dataclass(frozen=True)
class Protocol:
    """One benchmark's way of scoring."""

    name: str
    summary: str
    resize: str
    metrics: tuple[str, ...]
    further: tuple[str, ...] = ()
    shared: Mapping[str, Any] = field(default_factory=dict)
    frame: Frame = ORIGINAL
    subject: Subject = "fixations"

    def variants(self, names: str | Iterable[str] | None = None) -> list[Variant]:
        """The metric variants of the protocol, or those named; a name may set options: `nss(ddof=0)`."""
        own = {text.partition("(")[0]: parse(text) for text in (*self.metrics, *self.further)}
        if isinstance(names, str):
            names = split_list(names)
        wanted = (
            [t.partition("(")[0] for t in self.metrics] if names is None else self.expand(map(str, names))
        )
        if not wanted:
            fail("usage", "at least one metric must be named", nearest("", METRICS))
        found = []
        for text in wanted:
            key, options = read_call(text)
            base = (own.get(key) or variant(key)).with_known(self.shared)
            found.append(base.with_options(options).refuse_idle(options))
        return list(dict.fromkeys(found))

    def expand(self, names: Iterable[str]) -> list[str]:
        """Metric names with the named sets replaced by their members; `all` are those of the protocol's subject."""
        every = [key for key, declared in METRICS.items() if subject_of(declared) == self.subject]
        return [key for name in names for key in (every if name == "all" else SETS.get(name, (name,)))]


def subject_of(metric: Declared) -> Subject:
    """The kind of truth of the images that a metric is for: one that asks a classifier is for images with a label."""
    needed = frozenset().union(*(inputs(name) for name in metric.fields))
    return "boxes" if needed & {"boxes", "classifier"} else "fixations"


SETS = {
    "core": ("auc_judd", "shuffled_auc", "nss", "cc", "sim", "kld"),
    "fixation": ("auc_judd", "shuffled_auc", "nss", "cc", "sim", "kld", "auc_borji"),
    "density": ("auc_judd", "shuffled_auc", "nss", "cc", "sim", "kld", "auc_borji", "emd"),
}


MIT_DENSITY = {"density.border": "antonio", "density.fc": 8, "density.duplicates": "unique"}
TUEBINGEN_DENSITY = {"density.border": "reflect", "density.duplicates": "count"}
CHANCE = {"constant": "chance"}

PROTOCOLS = {
    p.name: p
    for p in (
        Protocol(
            "mit",
            "the MIT saliency benchmark, random splits and jitter replaced by their expectation",
            "matlab",
            (
                "auc_judd(ties=expected)",
                "auc_borji(splits=expected,step=0.1)",
                "shuffled_auc(estimator=grid,others=10,other_duplicates=unique)",
                "nss(ddof=1)",
                "cc",
                "sim(normalise=minmax)",
                "kld(form=inside,negative=real)",
            ),
            ("ig(normalise=minmax)", "emd(cell=32)"),
            MIT_DENSITY | CHANCE,
        ),
        Protocol(
            "tuebingen",
            "the MIT/Tuebingen benchmark: exact AUCs, every fixation counted",
            "error",
            (
                "auc(negatives=all,duplicates=count)",
                "auc_judd(ties=grouped,duplicates=unique)",
                "shuffled_auc(estimator=exact,others=all,other_duplicates=count,duplicates=count)",
                "nss(ddof=0,duplicates=count)",
                "cc",
                "sim(normalise=sum)",
                "kld(form=inside,eps=2.2204e-16,negative=shift)",
            ),
            ("ig(normalise=sum,eps=0,duplicates=count)",),
            TUEBINGEN_DENSITY | CHANCE,
        ),
        Protocol(
            "salicon2017",
            "the SALICON challenge of 2017, ranked by sAUC, IG, NSS and CC; the server's code was not run",
            "matlab",
            (
                "shuffled_auc(estimator=grid,others=all,other_duplicates=unique)",
                "nss(ddof=1)",
                "cc",
                "auc_judd(ties=expected)",
                "auc_borji(splits=expected)",
                "sim(normalise=minmax)",
                "kld(form=inside,negative=real)",
            ),
            ("ig(normalise=minmax,mix=0.01)",),
            {"density.border": "reflect", "density.sigma": 19, "baseline.sigma": 19} | CHANCE,
        ),
        Protocol(
            "salicon2015",
            "the salicon-evaluation package: AUC on a grid of 100 thresholds, spline resize",
            "zoom3",
            (
                "auc_borji(step=0.01,top=exclude,duplicates=count)",
                "shuffled_auc(step=0.01,top=exclude,others=all,other_duplicates=unique_per_image,"
                "exclude_own=true,duplicates=count)",
                "nss(ddof=0,duplicates=count)",
                "cc",
            ),
            (),
            {"density.border": "reflect", "density.sigma": 19, "density.normalise": "minmax"} | CHANCE,
        ),
        Protocol(
            "exact",
            "every quantity without grid, epsilon or bias",
            "matlab",
            (
                "auc(negatives=all,duplicates=count)",
                "auc_judd(ties=grouped,duplicates=count)",
                "shuffled_auc(estimator=exact,others=all,other_duplicates=count,duplicates=count)",
                "nss(ddof=0,duplicates=count)",
                "cc",
                "sim(normalise=sum)",
                "kld(form=floor,floor=1e-20)",
            ),
            ("ig(normalise=sum,eps=1e-20,duplicates=count)", "emd(cell=32)"),
            {"density.border": "zero", "density.duplicates": "count"} | CHANCE,
        ),
        Protocol(
            "fong2017",
            "weakly supervised localisation by one tight box; the factor of the mean is the best for the data set",
            "bilinear",
            ("localisation_error(rule=mean,alpha=oracle,empty=full)",),
            ("pointing_game(tolerance=0,average=micro)",),
            subject="boxes",
        ),
        Protocol(
            "casme",
            "largest component of a mask in the central square of 224 px; more than half must overlap",
            "bilinear",
            (
                "localisation_error(rule=quantile,component=largest,connectivity=4,strict=true,strict_iou=true)",
            ),
            ("saliency_metric",),
            frame=Frame("crop", 224, "casme"),
            subject="boxes",
        ),
        Protocol(
            "wsol-v1",
            "MaxBoxAcc: largest component at the threshold that is best for the data set",
            "pillow",
            ("max_box_acc(version=v1)",),
            frame=Frame("squash", 224, "wsol"),
            subject="boxes",
        ),
        Protocol(
            "wsol-v2",
            "MaxBoxAccV2: any component, mean over overlaps of .3, .5 and .7, each at its best threshold",
            "pillow",
            ("max_box_acc(version=v2)",),
            frame=Frame("squash", 224, "wsol"),
            subject="boxes",
        ),
        Protocol(
            "dabkowski2017",
            "log area minus log probability of the crop, and localisation; above the mean, largest component",
            "bilinear",
            ("saliency_metric", "localisation_error(rule=mean,alpha=1)"),
            subject="boxes",
        ),
        Protocol(
            "torchray-pointing",
            "pointing game with a tolerance of 15 px, mean over classes",
            "bilinear",
            ("pointing_game(tolerance=15,ties=first,average=macro)",),
            ("energy_pointing",),
            subject="boxes",
        ),
        Protocol(
            "rise",
            "insertion and deletion of pixels in the order of the map, in the squashed image of 224 px",
            "bilinear",
            ("insertion_auc(step=1792,label=pred)", "deletion_auc(step=1792,label=pred)"),
            ("ssr_area(step=1792,label=pred)", "sdr_area(step=1792,label=pred)"),
            frame=Frame("squash", 224),
            subject="boxes",
        ),
    )
}


def subject_under(name: str) -> Subject:
    """The kind of truth of a protocol by name; fixations for one that this version does not know."""
    return PROTOCOLS[name].subject if name in PROTOCOLS else "fixations"


def names_of(subject: Subject) -> list[str]:
    """The protocols that score one kind of truth."""
    return [p.name for p in PROTOCOLS.values() if p.subject == subject]


def protocol(name: str) -> Protocol:
    """A protocol by name.

    >>> [v.key for v in protocol("mit").variants()][:3]
    ['auc_judd', 'auc_borji', 'shuffled_auc']
    """
    if name not in PROTOCOLS:
        unknown("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]
