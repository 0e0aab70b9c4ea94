"""What a metric is said to have seen adds up to its value, under every option."""

import inspect

import numpy as np
import pytest

from saliency_eval.core import METRICS, Stimulus
from saliency_eval.maps import Map
from saliency_eval.pool import Pool
from saliency_eval.protocols import PROTOCOLS as ALL_PROTOCOLS
from saliency_eval.protocols import names_of
from saliency_eval.report.curves import Curve
from saliency_eval.report.terms import FUNCTIONS, Terms, seen
from saliency_eval.variant import parse

PROTOCOLS = {name: ALL_PROTOCOLS[name] for name in names_of("fixations")}

SHAPE = (48, 64)
VARIANTS = [
    "auc", "auc(negatives=unfixated,duplicates=unique)",
    *(f"auc_judd(ties={t},negatives={n},duplicates={d})" for t in ("expected", "sequential", "grouped", "random")
      for n in ("unfixated", "all") for d in ("unique", "count")),
    "auc_judd(ties=random,law=normal,seed=3)",
    "auc_borji", "auc_borji(step=0.01,top=exclude,duplicates=count)", "auc_borji(splits=7)",
    "auc_borji(splits=3,draws=100)",
    "shuffled_auc", "shuffled_auc(estimator=exact)", "shuffled_auc(splits=5,others=all)",
    "shuffled_auc(estimator=exact,splits=5,other_duplicates=count)", "shuffled_auc(top=exclude,step=0.01)",
    "nss", "nss(ddof=0,duplicates=count)", "cc", "sim", "sim(normalise=sum)",
    "kld", "kld(eps=1e-3)", "kld(form=floor)", "kld(form=floor,floor=0.01)", "kld(form=exact)",
    "kld(negative=real)", "kld(negative=clip)", "kld(negative=keep)", "kld(negative=real,eps=1e-3)",
    "ig", "ig(normalise=sum)", "ig(eps=0,normalise=sum)", "ig(model=uniform,duplicates=count)",
    "emd(cell=16)", "emd(cell=16,unit=px)",
]  # fmt: skip


def image(kind, seed=0):
    """An image of a data set of three, with a map of some kind."""
    rng = np.random.default_rng(seed)
    points = [rng.integers((0, 0), SHAPE, (40, 2)) for _ in "abc"]
    points[0] = np.concatenate([points[0], points[0][:9]])  # some pixels twice
    pool = Pool.of([(name, SHAPE, p) for name, p in zip("abc", points, strict=True)])
    made = {
        "levels": rng.integers(0, 256, SHAPE).astype(np.uint8),
        "ties": rng.integers(0, 4, SHAPE).astype(np.uint8),
        "floats": rng.random(SHAPE) ** 3,
        "signed": rng.normal(0.3, 1, SHAPE),
        "constant": np.full(SHAPE, 3.0),
        "zero": np.zeros(SHAPE),
    }
    return Stimulus("a", shape=SHAPE, fixations=points[0], pool=pool, saliency=Map(made[kind]))


def bound(text):
    return parse(text).bound({"sigma": 4.0})


@pytest.mark.parametrize("kind", ["levels", "ties", "floats", "signed"])
@pytest.mark.parametrize("text", VARIANTS)
def test_the_terms_add_up_to_the_value(text, kind):
    fields, variant = image(kind), bound(text)
    found = seen(variant, fields)
    assert isinstance(found, Curve | Terms)
    assert found.total == pytest.approx(variant(fields), rel=1e-9, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_so_they_do_under_every_protocol(name):
    protocol = PROTOCOLS[name]
    for variant in protocol.variants([*protocol.metrics, *protocol.further]):
        chosen = variant.bound({"sigma": 4.0})
        fields = image("floats", 1)
        assert seen(chosen, fields).total == pytest.approx(chosen(fields), rel=1e-9)


@pytest.mark.parametrize("kind", ["constant", "zero"])
@pytest.mark.parametrize("constant", ["nan", "chance"])
@pytest.mark.parametrize("text", VARIANTS)
def test_a_constant_map_has_terms_that_add_up_or_none(text, constant, kind):
    variant = bound(text)
    if "constant" in dict(variant.options):
        variant = variant.with_options({"constant": constant})
    fields = image(kind)
    found = seen(variant, fields)
    if found is not None:
        assert found.total == pytest.approx(variant(fields), rel=1e-9, nan_ok=True)


def test_an_image_without_fixations_has_none():
    fields = image("floats").child(fixations=np.empty((0, 2), np.int64))
    assert [text for text in VARIANTS if seen(bound(text), fields) is not None] == []


@pytest.mark.parametrize("key", FUNCTIONS)
def test_what_is_shown_knows_every_option_of_the_metric(key):
    metric, shown = (list(inspect.signature(f).parameters) for f in (METRICS[key].function, FUNCTIONS[key]))
    assert metric == shown


def test_a_curve_rises_and_counts_its_ties():
    fields = image("ties")
    curve = seen(bound("auc_judd"), fields)
    fp, tp, thresholds = curve.points
    assert (np.diff(fp) >= 0).all()
    assert (np.diff(tp) > 0).all()
    assert (np.diff(thresholds) <= 0).all()
    assert 0.2 < curve.ties < 0.3  # four levels of equal share
    assert seen(bound("auc_judd"), image("signed")).ties == 0


def test_by_hand():
    """Fixated: 2 and 1 of 0 1 2 3; one negative above both, one below both."""
    four = Stimulus("a", shape=(2, 2), fixations=np.array([[0, 1], [1, 0]]), saliency=Map([[0, 1], [2, 3]]))
    fp, tp, thresholds = seen(bound("auc_judd"), four).points
    assert (fp.tolist(), tp.tolist(), thresholds.tolist()) == ([0.5, 0.5], [0.5, 1.0], [2, 1])
    assert seen(bound("nss(ddof=0)"), four).values == pytest.approx([-0.4472136, 0.4472136])
