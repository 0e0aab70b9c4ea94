"""Declared functions, fields, variants and their signatures."""

import pickle

import numpy as np
import pytest

from saliency_eval import SaliencyEvalError, golden
from saliency_eval.core import METRICS, Fields, Lazy, generator
from saliency_eval.maps import Map
from saliency_eval.pool import Pool
from saliency_eval.protocols import PROTOCOLS
from saliency_eval.variant import parse, variant


def scene():
    points = np.array([[1, 2], [3, 4]])
    pool = Pool.of([("a", (8, 9), points), ("b", (8, 9), points[::-1] + 1), ("c", (4, 9), points[:1])])
    return Fields("a", shape=(8, 9), fixations=points, pool=pool)


@pytest.mark.parametrize("key", sorted(METRICS))
def test_every_variant_parses_back(key):
    for v in golden.variants_of(METRICS[key]):
        assert parse(str(v)) == v
        line = str(v).replace(key, f"{key}|protocol:mit|data:osie@1#0123abcd|kind:map", 1)
        assert parse(f"{line}|resize:matlab(3)|n:700|v:0.1.0") == v


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_protocol_variants_parse_back(name):
    for v in PROTOCOLS[name].variants():
        bound = v.bound({"sigma": 24.0})
        assert parse(str(bound)) == bound


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("auc_jud", "Did you mean auc_judd?"),
        ("nss(dof=0)", "Did you mean ddof?"),
        ("nss(ddof=2)", "it takes 1 or 0"),
        ("cc(sigma=wide)", "a number of 0 to 5000, or dataset"),
        ("shuffled_auc(others=ten)", "a whole number of 1 to 1000000, or all"),
        ("nss(ddof)", "option=value"),
        ("nss(ddof=0,ddof=1)", "stands twice"),
        ("nss(n=3)", "unknown option of nss 'n'"),
        ("auc_borji(step=0)", "a number of 0.0001 to 1"),
        ("auc_borji(splits=-1)", "a whole number of 1 to 10000"),
        ("emd(cell=0)", "a whole number of 1 to 4096"),
        ("kld(eps=-1)", "a number of 0 to 1"),
        ("cc(sigma=nan)", "a number of 0 to 5000"),
        ("nss(ddof=0", "not a metric"),
    ],
)
def test_what_does_not_exist_is_answered_with_what_does(text, words):
    with pytest.raises(SaliencyEvalError, match="usage") as caught:
        parse(text)
    assert words in str(caught.value)
    assert caught.value.exit_code == 2


def test_plain_option_names_reach_derived_fields():
    assert str(parse("cc(sigma=19,border=reflect)")) == str(
        parse("cc(density.sigma=19,density.border=reflect)")
    )
    assert dict(parse("sim(normalise=sum)").options)["density.normalise"] == "none"


def test_options_without_effect_are_not_shown_and_do_not_tell_variants_apart():
    assert "seed" not in str(parse("auc_borji(seed=5)"))
    assert parse("auc_borji(seed=5)") == parse("auc_borji")
    assert "seed:5" in str(parse("auc_borji(splits=10,seed=5)"))
    assert "sigma" not in str(parse("cc(border=antonio,sigma=3)"))


def test_truth_is_derived_once_and_shared_but_not_beyond_its_inputs():
    truth = scene()
    options = {"density.sigma": 2.0}
    first, second = (truth.child(saliency=Map(np.eye(8, 9))) for _ in range(2))
    assert first.read("density", options) is second.read("density", options)
    other = truth.child(saliency=Map(np.eye(8, 9)), fixations=np.array([[5, 5]]))
    assert not np.array_equal(other.read("density", options).values, first.read("density", options).values)
    assert other.read("other_images", {}) is first.read("other_images", {})


def test_lazy_fields_load_when_first_read():
    loads = []
    fields = Fields("a", shape=Lazy(lambda: loads.append(1) or (3, 4)))
    assert loads == []
    assert fields["shape"] == fields["shape"] == (3, 4)
    assert loads == [1]


def test_random_numbers_depend_on_variant_and_image_alone():
    truth = scene()
    chosen = variant("auc_borji", splits=3)
    saliency = Map(np.arange(72.0).reshape(8, 9))
    values = [chosen(truth.child(saliency=saliency)) for _ in range(2)]
    assert values[0] == values[1]
    other = Fields("b", shape=(8, 9), fixations=truth["fixations"])
    draws = {chosen(f.child(saliency=saliency)) for f in (truth, other)}
    assert len(draws) == 2
    assert variant("auc_borji", splits=3, seed=1)(truth.child(saliency=saliency)) not in draws
    assert generator("a", 1).integers(1 << 30) == generator("a", 1).integers(1 << 30)


def test_a_missing_field_names_image_and_field():
    with pytest.raises(SaliencyEvalError, match="'a' has no field 'boxes'") as caught:
        Fields("a")["boxes"]
    assert caught.value.code == "undefined_metric"


def test_variants_and_metrics_travel_to_workers():
    import saliency_eval as se

    assert pickle.loads(pickle.dumps(parse("nss(ddof=0)"))) == parse("nss(ddof=0)")
    assert pickle.loads(pickle.dumps(se.metrics.nss)) is se.metrics.nss


def test_a_seed_is_made_of_any_text():
    assert generator("a\udcff").integers(2**63) != generator("a\ud800").integers(2**63)
