"""Several ways of scoring side by side: each difference has its cause, and nothing else is named."""

import itertools
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from made_runs import made, signature
from test_cli import answer, call

import saliency_eval as se
from saliency_eval import golden
from saliency_eval.causes import CONTEXT, OPTIONS
from saliency_eval.core import FIELDS, METRICS
from saliency_eval.protocols import PROTOCOLS as ALL_PROTOCOLS
from saliency_eval.protocols import names_of
from saliency_eval.side_by_side import (
    changes_between,
    changes_of_options,
    differences,
    names,
    probes,
    rows,
    together,
)
from saliency_eval.variant import CONTEXT as BESIDE
from saliency_eval.variant import parse, variant

PROTOCOLS = {name: ALL_PROTOCOLS[name] for name in names_of("fixations")}

PIXELS = 48 * 64


def scored(toy, metrics, protocol="mit", **options):
    """A run of the maps of the toy data set."""
    return se.score(toy / "maps", str(toy / "toy"), metrics, protocol=protocol, **options)


# ------------------------------------------------------------------ sentences


def test_every_option_of_every_metric_and_field_has_a_sentence():
    own = {option for key in METRICS for option in METRICS[key].options}
    below = {f"{name}.{option}" for name in FIELDS for option in FIELDS[name].options}
    assert set(OPTIONS) == own | below
    assert set(CONTEXT) == set(BESIDE) - {"protocol", "data", "v"}
    told = [*OPTIONS.values(), *CONTEXT.values()]
    assert len({cause.sentence for cause in told}) == len(told)
    assert all(cause.name and cause.sentence[-1] != "." for cause in told)


@pytest.mark.parametrize("key", METRICS)
def test_one_changed_option_is_one_cause_of_its_name(key):
    plain = variant(key).bound(golden.DATA_SET)
    for name, value in plain.options:
        for other in golden.alternatives_of(plain.kind_of(name), value):
            changed = plain.with_options({name: other})
            found = changes_of_options(plain, changed)
            assert [next(iter(change.options)) for change in found] == [name] * (changed != plain)
            assert [change.variant for change in found] == [changed] * len(found)


@pytest.mark.parametrize("key", METRICS)
def test_all_causes_together_are_the_whole_difference(key):
    variants = list(golden.variants_of(METRICS[key]))
    rng = np.random.default_rng(1)
    for start, end in rng.choice(len(variants), (60, 2)):
        start, end = variants[start], variants[end]
        changes = changes_of_options(start, end)
        given = {
            name: dict(end.options)[name]
            for change in changes
            for name, (_, value) in change.options.items()
            if value is not None
        }
        assert start.with_options(given) == end
        shown = list(itertools.chain.from_iterable(change.options for change in changes))
        assert len(shown) == len(set(shown))


# ------------------------------------------------------------------ causes of runs


def test_ties_alone_are_named_ties(toy):
    first, other = scored(toy, "auc_judd"), scored(toy, "auc_judd(ties=grouped)")
    assert probes([first, other]) == {}
    [found] = differences([first, other])
    assert (found.cause, found.options) == ("ties", {"ties": ("expected", "grouped")})
    moved = other.means["auc_judd"].mean - first.means["auc_judd"].mean
    assert moved != 0
    assert found.difference == found.alone == moved


def test_each_cause_alone_is_what_its_variant_scores(toy):
    first, other = scored(toy, "nss"), scored(toy, "nss(ddof=0,duplicates=count)")
    assert [one.alone for one in differences([first, other])] == [None, None]
    wanted = probes([first, other])
    assert list(map(str, wanted["mit"])) == [
        "nss|ddof:0|duplicates:unique|constant:chance",
        "nss|ddof:1|duplicates:count|constant:chance",
    ]
    measured = scored(toy, list(map(str, wanted["mit"])))
    ddof, duplicates = differences([first, other], [measured])
    assert (ddof.cause, duplicates.cause) == ("ddof", "duplicates")
    mean = first.means["nss"].mean
    assert ddof.alone == pytest.approx(mean * (math.sqrt(PIXELS / (PIXELS - 1)) - 1), rel=1e-9)
    assert duplicates.alone == pytest.approx(scored(toy, "nss(duplicates=count)").means["nss"].mean - mean)
    assert ddof.difference == duplicates.difference == other.means["nss"].mean - mean


def test_an_option_that_wakes_others_is_one_cause_with_them():
    [blur] = changes_of_options(
        parse("cc(border=antonio)"), parse("cc|density.border:reflect|density.sigma:19")
    )
    assert blur.options == {
        "density.border": ("antonio", "reflect"),
        "density.fc": ("8", None),
        "density.sigma": (None, "19"),
        "density.truncate": (None, "4"),
    }
    [grid] = changes_of_options(parse("shuffled_auc"), parse("shuffled_auc(estimator=exact)"))
    assert list(grid.options) == ["estimator", "constant", "step", "top"]


def test_equal_variants_have_no_cause_and_a_resized_map_one():
    same, resized = signature("nss"), signature("nss", resize="zoom3(2)", protocol="exact")
    assert changes_between(same, signature("nss", protocol="exact", data="toy@1#0f0f0f0f")) == []
    [change] = changes_between(same, resized)
    assert change.options == {"resize": ("none", "zoom3(2)")}
    [change] = changes_between(same, signature("nss", n=5))
    assert (CONTEXT[next(iter(change.options))].name, change.variant) == ("aggregation", None)


def test_all_protocols_are_measured_against_the_first_that_has_the_metric(toy):
    runs = [scored(toy, None, protocol) for protocol in PROTOCOLS]
    wanted = probes(runs)
    measured = [scored(toy, list(map(str, chosen)), protocol) for protocol, chosen in wanted.items()]
    found = differences(runs, measured)
    assert all(one.alone is not None for one in found)
    assert {one.than for one in found} == {"mit"}
    kld = {one.cause: one for one in found if (one.metric, one.protocol) == ("kld", "exact")}
    assert list(kld) == ["epsilon", "negative values", "blur", "duplicates"]
    assert kld["negative values"].alone == 0  # no map of the toy has negative values
    assert sum(one.alone for one in kld.values()) == pytest.approx(kld["blur"].difference, rel=0.2)


def test_a_metric_without_a_mean_has_causes_and_no_numbers():
    values = [[1.0, np.nan]] * 6
    lines = {"nss": signature("nss"), "kld": signature("kld", ddof="1").replace("|ddof:1", "|eps:0.5")}
    first = made("m", values=values, signatures=lines)
    other = made("m", signatures={**lines, "kld": lines["kld"].replace("eps:0.5", "eps:0")})
    [found] = differences([first, other])
    assert (found.cause, found.difference, found.alone) == ("epsilon", None, None)
    json.dumps(found.to_dict(), allow_nan=False)


def test_runs_of_one_set_of_predictions_stand_together():
    a, b, other = made("m"), made("m", labels=("kld", "cc")), made("m", seed=1)
    assert together([a, other, b]) == [[a, b]]
    found = rows([a, b])
    assert [(row.metric, row.better) for row in found] == [
        ("nss", "higher"),
        ("kld", "lower"),
        ("cc", "higher"),
    ]
    assert [row.means[0] is None for row in found] == [False, False, True]
    assert names([a, b]) == [f"mit-{a.digest}", f"mit-{b.digest}"]


def test_a_model_in_several_frames_is_one_model_and_other_maps_are_not():
    """The model that gives the true boxes gives other maps where a frame moves them."""
    squashed = made("m").setting._replace(frame="squash224", protocol="wsol-v1")
    spot = made("m", source="ground_truth_box", seed=1)
    moved = replace(spot, setting=squashed, predictions_sha256="1" * 64)
    assert together([spot, moved]) == [[spot, moved]]
    for others in (
        [made("m", seed=1), made("m", seed=2, setting=squashed)],  # read from two folders
        [spot, replace(moved, version="0.0.1")],
        [spot, replace(moved, source="ground_truth_box|fill:2")],
        [spot, replace(spot, predictions_sha256="2" * 64), moved],  # which of two is it?
    ):
        assert together(others) == []


# ------------------------------------------------------------------ the command


def test_protocols_are_columns_of_one_table(toy):
    done = call("score", "maps", "--data", "toy", "--protocol", "all", "--no-save", cwd=toy)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert done.stdout.count("maps on toy@1") == 1
    assert lines[0].startswith(f"maps on toy@1, protocol {', '.join(PROTOCOLS)}   6/6 images")
    assert lines[2].split() == ["metric", *PROTOCOLS]
    table = done.stdout.split("\n\n")[1].splitlines()
    means = {row[0]: row[2:] for row in map(str.split, table[1:]) if row[0][0] != "["}
    assert [word == "-" for word in means["auc"]] == [True, False, True, True, False]
    assert [word == "-" for word in means["auc_judd"]] == [False, False, False, True, False]
    told = [line.split() for line in lines if line.startswith("nss ")]
    assert [row[1] for row in told[1:]] == ["ddof", "duplicates"]
    assert sum(line.startswith("ddof ") for line in lines) == 1
    assert sum("|protocol:" in line for line in lines) == sum(len(p.metrics) for p in PROTOCOLS.values())
    assert [line.split(":")[0] for line in lines[-5:]] == list(PROTOCOLS)


@pytest.mark.parametrize(("width", "lines"), [("60", 2), ("200", 1)])
def test_cells_are_two_lines_where_columns_have_no_room(toy, monkeypatch, width, lines):
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setattr("saliency_eval.cli.beside.probes", pytest.fail)  # what is not shown is not measured
    done = call("score", "maps", "--data", "toy", "--metrics", "nss", "--protocol", "mit,exact,tuebingen",
                "--no-save", "-q", cwd=toy)  # fmt: skip
    table = done.stdout.split("\n\n")[1].splitlines()
    assert len(table) == 1 + lines
    assert table[1].count("[") == (0 if lines == 2 else 3)
    assert table[-1].count("[") == 3
    assert "ddof" not in done.stdout


def test_json_has_the_causes_beside_the_results(toy):
    line = "score maps --data toy --metrics nss,cc --protocol mit,exact --no-save --format json"
    document = answer(call(*line.split(), cwd=toy))
    assert [result["protocol"] for result in document["results"]] == ["mit", "exact"]
    mean = [result["metrics"]["nss"]["mean"] for result in document["results"]]
    found = [one for one in document["causes"] if one["metric"] == "nss"]
    assert [(one["model"], one["than"], one["protocol"]) for one in found] == [("maps", "mit", "exact")] * 2
    assert [(one["cause"], one["options"]) for one in found] == [
        ("ddof", {"ddof": ["1", "0"]}),
        ("duplicates", {"duplicates": ["unique", "count"]}),
    ]
    assert found[0]["difference"] == mean[1] - mean[0]
    assert found[0]["alone"] == pytest.approx(mean[0] * (math.sqrt(PIXELS / (PIXELS - 1)) - 1), rel=1e-9)
    one = answer(call("score", "maps", "--data", "toy", "--format", "json", "--no-save", cwd=toy))
    assert one["causes"] == []


def test_what_is_complete_already_is_not_scored_for_its_causes(toy):
    line = "score maps --data toy --metrics nss --protocol mit,exact"
    first, again = (call(*line.split(), cwd=toy) for _ in range(2))
    assert "unknown" not in first.stdout
    assert again.stdout.count("unknown") == 2
    assert "--no-resume" in again.stderr
    assert (
        len(list((toy / "results" / "toy").iterdir())) == 2
    )  # the variants scored for the causes are not kept


def test_maps_that_vanish_before_the_causes_are_scored_cost_no_score(toy, monkeypatch):
    from saliency_eval.cli import beside

    def vanish(runs):
        (toy / "maps" / "i01.png").unlink()
        return probes(runs)

    monkeypatch.setattr(beside, "probes", vanish)
    line = "score maps --data toy --metrics nss --protocol mit,exact"
    done = call(*line.split(), cwd=toy)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("unknown") == 2
