"""What `leaderboard.json` says: closed forms of every number, and what may not change it."""

import json
import re
import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from made_runs import SHA, boards_but, made, signature

import saliency_eval as se
from saliency_eval import exports, stats
from saliency_eval.boards import board_of, build, document, tested
from saliency_eval.boards.describe import digits
from saliency_eval.pages import sections
from saliency_eval.run import DataId
from saliency_eval.store import folder_name, save

OBSERVERS = "observers:left-out#12345678|"


def scores(*columns, labels=("nss", "kld"), n=None):
    """Runs named a, b, ... with these scores in every metric."""
    n = n or len(columns[0])
    data = DataId("toy", "1", f"toy@1#{SHA[:8]}", SHA, n)
    lines = {key: signature(key, n=n) for key in labels}
    return [
        made(chr(97 + k), values=np.column_stack([column] * len(labels)), n=n, data=data, signatures=lines,
             labels=labels, ids=tuple(f"i{i:04}" for i in range(n)))
        for k, column in enumerate(columns)
    ]  # fmt: skip


def ceiling_of(run, values, source="gold_standard|sigma:4", **fields):
    lines = {label: line.replace("kind:", f"{OBSERVERS}kind:") for label, line in run.signatures.items()}
    return replace(run, model="gold_standard", source=source, values=values, signatures=lines, **fields)


def spread(mean, n=300, seed=0):
    return np.random.default_rng(seed).normal(mean, 0.1, n)


def rows(runs, primary=None):
    return {row["model"]: row for row in board_of(runs, primary).document["rows"]}


# ------------------------------------------------------------------ numbers


def test_a_row_says_what_its_scores_give():
    x = np.array([1.0, 2.0, 4.0, 9.0])
    cell = rows(scores(x))["a"]["metrics"]["nss"]
    assert cell["mean"] == 4.0
    assert cell["se"] == float(f"{np.std(x, ddof=1) / 2:.12g}")
    assert cell["skew"] == float(f"{np.mean((x - 4) ** 3) / np.mean((x - 4) ** 2) ** 1.5:.12g}")
    assert (cell["rank_lo"], cell["rank_hi"], cell["p_first"], cell["groups"]) == (1, 1, 1, ["a"])
    assert (cell["norm"], cell["reason"]) == (None, None)


def test_intervals_are_those_of_the_run():
    run, other = made("a", seed=1), made("b", seed=2)
    for row in board_of([run, other]).document["rows"]:
        means = (run if row["model"] == "a" else other).means
        for label, cell in row["metrics"].items():
            found = means[label]
            assert [cell[k] for k in ("mean", "lo", "hi")] == [
                digits(found.mean),
                digits(found.low),
                digits(found.high),
            ]


def test_adding_a_model_or_metric_changes_no_interval_of_another():
    base = spread(0.7)
    few = rows(scores(base, base + spread(0, seed=1)))
    many = rows(scores(base, base + spread(0, seed=1), spread(0.4, seed=2), spread(0.9, seed=3)))
    wide = rows(scores(base, base + spread(0, seed=1), labels=("nss", "kld", "cc")))
    for name in "ab":
        for key in ("mean", "lo", "hi", "se", "skew"):
            for label in ("nss", "kld"):
                values = {found[name]["metrics"][label][key] for found in (few, many, wide)}
                assert len(values) == 1, (name, label, key)


def test_pairs_are_those_of_the_statistics_in_the_order_of_rows():
    runs = scores(spread(0.70), spread(0.72, seed=1), spread(0.60, seed=2))
    found = board_of(runs).document
    order = [row["run"] for row in found["rows"]]
    assert [row["model"] for row in found["rows"]] == ["b", "a", "c"]
    own = [pair for pair in found["pairs"] if pair["metric"] == "nss"]
    assert [(p["a"], p["b"]) for p in own] == [
        (order[0], order[1]),
        (order[0], order[2]),
        (order[1], order[2]),
    ]
    columns = np.column_stack([runs[k].values[:, 0] for k in (1, 0, 2)])
    seed = ("toy", SHA)
    [first, *_] = stats.pairs(columns, stats.resample_means(columns, *seed), True, *seed)
    expected = [first.difference, first.low, first.high, first.p, first.p_holm, first.p_wilcoxon]
    assert [own[0][k] for k in ("diff", "lo", "hi", "p", "p_holm", "p_wilcoxon")] == [
        float(f"{v:.12g}") for v in expected
    ]
    assert (own[0]["wins"], own[0]["ties"], own[0]["losses"]) == (first.wins, first.ties, first.losses)


def test_letters_hold_for_all_pairs_together():
    """The least p of six images is 2/64: enough for one pair, not for each of three."""
    x = np.arange(6.0)
    assert [row["metrics"]["nss"]["groups"] for row in board_of(scores(x, x + 1)).document["rows"]] == [
        ["a"],
        ["b"],
    ]
    found = board_of(scores(x, x + 1, x + 2)).document
    assert {pair["p"] for pair in found["pairs"]} == {0.03125}
    assert {tuple(row["metrics"]["nss"]["groups"]) for row in found["rows"]} == {("a",)}


def test_metrics_may_have_another_order_in_another_run():
    values = np.column_stack([np.full(6, 2.0), np.full(6, 1.0)])
    found = rows([made("a", values=values), made("b", values=values[:, ::-1], labels=("kld", "nss"))])
    for name in "ab":
        assert [found[name]["metrics"][label]["mean"] for label in ("nss", "kld")] == [2.0, 1.0]


def test_for_errors_the_lowest_is_the_best():
    base = spread(1.0)
    found = board_of(scores(base, base + 0.2, base + 0.4), "kld").document
    assert [row["model"] for row in found["rows"]] == ["a", "b", "c"]
    assert [row["rank"] for row in found["rows"]] == ["1", "2", "3"]
    assert [row["metrics"]["kld"]["groups"] for row in found["rows"]] == [["a"], ["b"], ["c"]]
    assert [row["metrics"]["nss"]["groups"] for row in found["rows"]] == [["c"], ["b"], ["a"]]
    [pair] = [p for p in found["pairs"] if p["metric"] == "kld"][:1]
    assert (pair["diff"] < 0, pair["wins"], pair["losses"]) == (True, 300, 0)


def test_negative_means_have_a_best():
    base = -spread(1.0)
    found = rows(scores(base, base - 0.5))
    assert [found[m]["rank"] for m in "ab"] == ["1", "2"]
    assert re.search(r"\| a +\| \*\*-", exports.to_markdown(board_of(scores(base, base - 0.5)).document))


def test_one_image_tells_nothing_apart():
    found = rows(scores(np.array([1.0]), np.array([2.0])))
    for name, mean in (("a", 1.0), ("b", 2.0)):
        cell = found[name]["metrics"]["nss"]
        assert [cell[k] for k in ("mean", "lo", "hi", "se", "rank_lo", "p_first")] == [mean, *[None] * 5]
        assert (cell["reason"], cell["groups"]) == ("one image has no interval", ["a"])
        assert found[name]["rank"] == "-"


def test_equal_models_share_everything():
    x = spread(0.7)
    found = board_of(scores(x, x)).document
    assert [row["rank"] for row in found["rows"]] == ["1-2", "1-2"]
    for pair in found["pairs"]:
        assert [pair[k] for k in ("diff", "lo", "hi", "p", "p_holm", "p_wilcoxon")] == [0, 0, 0, 1, 1, 1]
        assert (pair["wins"], pair["ties"], pair["losses"]) == (0, 300, 0)
    assert {tuple(row["metrics"]["nss"]["groups"]) for row in found["rows"]} == {("a",)}
    assert [row["metrics"]["nss"]["p_first"] for row in found["rows"]] == [0.5, 0.5]


def test_constant_scores_have_no_spread():
    cell = rows(scores(np.full(6, 0.25)))["a"]["metrics"]["nss"]
    assert [cell[k] for k in ("mean", "lo", "hi", "se", "skew")] == [0.25, 0.25, 0.25, 0, None]


def test_a_missing_value_is_no_mean_and_no_rank():
    runs = scores(spread(0.7), spread(0.6, seed=1), spread(0.5, seed=2))
    gone = runs[1].values.copy()
    gone[3, 0] = np.nan
    found = board_of([runs[0], replace(runs[1], values=gone), runs[2]]).document
    assert [(row["model"], row["rank"]) for row in found["rows"]] == [("a", "1"), ("c", "2"), ("b", "-")]
    cell = found["rows"][2]["metrics"]["nss"]
    assert (cell["mean"], cell["reason"], cell["groups"]) == (None, "undefined on 1 of 300 images", [])
    assert found["rows"][2]["metrics"]["kld"]["mean"] is not None
    assert len([p for p in found["pairs"] if p["metric"] == "nss"]) == 1
    assert len([p for p in found["pairs"] if p["metric"] == "kld"]) == 3


def test_a_metric_without_a_mean_in_any_run():
    runs = [replace(r, values=r.values * [np.nan, 1]) for r in scores(spread(0.7), spread(0.6, seed=1))]
    found = board_of(runs).document
    assert [row["rank"] for row in found["rows"]] == ["-", "-"]
    assert [row["metrics"]["nss"]["mean"] for row in found["rows"]] == [None, None]
    assert all(row["metrics"]["kld"]["mean"] is not None for row in found["rows"])


def test_no_image_counts():
    lines = {key: signature(key, n=0) for key in ("nss", "kld")}
    found = rows([made(m, unscored=np.ones(6, bool), signatures=lines) for m in "ab"])
    assert found["a"]["rank"] == "-"
    assert found["a"]["metrics"]["nss"]["reason"] == "no image was scored"


@pytest.mark.parametrize("scale", [1e100, 1e-300, 5e-324])
def test_huge_and_tiny_scores_stay_numbers(scale):
    x = np.array([1.0, 2.0, 3.0, 5.0, 8.0, 13.0]) * scale
    found = board_of(scores(x, x[::-1].copy(), x * 0)).document
    assert exports.to_html(found)
    for make in (exports.to_json, exports.to_markdown, exports.to_csv, exports.to_latex):
        assert not re.search(r"\b(nan|inf)\b", make(found), re.IGNORECASE)
    cell = found["rows"][0]["metrics"]["nss"]
    assert cell["lo"] <= cell["mean"] <= cell["hi"]


def test_many_models_need_more_flips():
    """At 10,000 flips the least p after Holm would be 528/10001 > 0.05."""
    base = spread(0.5, n=40)
    runs = scores(base + 0.3, *(base + spread(0, n=40, seed=k) for k in range(1, 33)), labels=("nss",))
    found = board_of(runs).document
    assert found["flips"]["b"] == 200 * 528
    assert [row["model"] for row in found["rows"] if "a" in row["metrics"]["nss"]["groups"]] == ["a"]


def test_large_boards_are_tested_by_max_t_and_say_so(monkeypatch):
    """What more than 100 models do, with five of more than three; 200 of pairs has room for 4."""
    base = spread(0.5, n=40)
    runs = scores(base + 0.3, *(base + spread(0.04 * (k == 1), n=40, seed=k) for k in range(1, 5)))
    few = board_of(runs).document
    assert (few["flips"]["correction"], few["flips"]["reach"], len(few["pairs"])) == ("holm", None, 20)
    monkeypatch.setattr(tested, "MOST_HOLM", 3)
    monkeypatch.setattr(tested, "LISTED", 4)
    monkeypatch.setattr(sections, "MODELS", 3)
    found = board_of(runs).document
    assert found["flips"] == {"b": 10_000, "seed": ["toy", SHA], "correction": "max_t", "reach": 1}
    order = [row["run"] for row in found["rows"]]
    own = [pair for pair in found["pairs"] if pair["metric"] == "nss"]
    assert [(pair["a"], pair["b"]) for pair in own] == list(pairwise(order))
    columns = np.column_stack(
        [runs[[folder_name(run) for run in runs].index(run)].values[:, 0] for run in order]
    )
    assert [pair["p_max_t"] for pair in own] == [
        digits(stats.max_t(columns, "toy", SHA)[k, k + 1]) for k in range(4)
    ]
    assert not any("p_holm" in pair for pair in own)
    assert own[1]["p"] < 0.05 < own[1]["p_max_t"]  # alone it would be told apart
    assert [row["metrics"]["nss"]["groups"] for row in found["rows"]] == [["a"], *[["b"]] * 4]
    for row, other in zip(found["rows"], few["rows"], strict=True):
        assert row == other  # nothing but tests follows from the number of models
    text = exports.to_markdown(found)
    assert (
        "max T (Westfall and Young) over all pairs of a metric, as on all boards of more than 100 models"
        in text
    )
    assert "Pairs are listed where models stand at most 1 places apart; all of them are tested." in text
    page = exports.to_html(found)
    assert ("Of more than 100 models a page shows" in page, 'id="pairs"' in page, 'id="differences"' in page) == (
        True, False, False
    )  # fmt: skip
    assert [one in page for one in ('data-of="intervals" data-key="nss"', 'data-of="intervals" data-key="kld"')] == [
        True, False
    ]  # fmt: skip


def test_correlations_of_metrics_count_their_directions():
    base = spread(1.0)
    assert board_of(scores(base, base + 1)).document["correlations"] == []
    [one] = board_of(scores(base, base + 1, base + 2)).document["correlations"]
    assert one == {"a": "nss", "b": "kld", "spearman": -1.0}


# ------------------------------------------------------------------ floor and ceiling


def with_ends(shift=0.0):
    base = spread(1.0)
    model, floor = scores(base, base - 0.5)
    floor = replace(floor, model="centre_bias", source="centre_bias|sigma:4")
    return model, floor, ceiling_of(model, np.column_stack([base + 1.5 + shift, base - 1.0 + shift]))


def test_the_share_of_the_ceiling_follows_from_means():
    [board], problems = boards_but(with_ends())
    found = board.document
    assert problems == []
    ends = found["metrics"]["nss"]
    assert ends["ceiling"]["mean"] - ends["floor"]["mean"] == pytest.approx(2.0)
    assert set(ends["ceiling"]) == {"mean", "lo", "hi"}
    assert [row["metrics"]["nss"]["norm"] for row in found["rows"]] == [pytest.approx(0.25), 0.0]
    # floor 0.5 and ceiling 0 of an error, of which the model has 1
    assert [row["metrics"]["kld"]["norm"] for row in found["rows"]] == [pytest.approx(-1.0), 0.0]
    [aside] = found["not_ranked"]
    assert (aside["reason"], aside["model"]) == ("ceiling", "gold_standard")
    assert aside["metrics"]["nss"] == ends["ceiling"]
    text = exports.to_markdown(found)
    assert "| 25 %" in text
    assert "centre\\_bias (baseline)" in text
    assert "## Ceiling" in text


def test_no_share_without_both_ends_or_with_ends_the_wrong_way_round():
    model, floor, ceiling = with_ends()
    other = ceiling_of(model, ceiling.values, "one_human")
    low = ceiling_of(model, model.values - 5)
    for runs in ([model, floor], [model, ceiling], [model, floor, other], [model, floor, low]):
        [board], _ = boards_but(runs)
        assert {row["metrics"]["nss"]["norm"] for row in board.document["rows"]} == {None}
        assert "of ceiling" not in exports.to_markdown(board.document)


def test_a_ceiling_of_another_signature_is_none():
    model, floor, ceiling = with_ends()
    lines = {label: line.replace("ddof:1", "ddof:0") for label, line in ceiling.signatures.items()}
    [board], [problem] = boards_but([model, floor, replace(ceiling, signatures=lines)])
    assert problem.code == "mixed_signature"
    assert board.document["metrics"]["nss"]["ceiling"] is None
    [row] = board.document["not_ranked"]
    assert row["metrics"]["nss"]["mean"] == pytest.approx(ceiling.values[:, 0].mean(), rel=1e-11)
    assert ", not none: nss 2.496 \u00b10.011; kld " in exports.to_markdown(board.document).replace("\\", "")


def test_a_ceiling_is_never_the_board():
    model, _, ceiling = with_ends()
    second = replace(ceiling, model="gold_standard(sigma=2)", source="gold_standard|sigma:2")
    [board], _ = boards_but([model, ceiling, second])
    assert [run.model for run in board.runs] == ["a"]
    assert board.ceilings[0].model == "gold_standard"


# ------------------------------------------------------------------ draws


def test_what_draws_do_to_a_mean_is_shown_where_it_matters():
    """Standard errors of 0.01 and of 0.0001 beside intervals of about 0.011 on each side."""
    noisy, calm = scores(spread(0.7), spread(0.4, seed=1))
    noisy, calm = (replace(run, drawn_errors={"nss": e}) for run, e in ((noisy, 0.01), (calm, 0.0001)))
    found = board_of([noisy, calm]).document
    drawn = [row["metrics"]["nss"]["drawn"] for row in found["rows"]]
    assert drawn == [0.0195996398454, 0.000195996398454]
    assert [row["metrics"]["kld"]["drawn"] for row in found["rows"]] == [None, None]
    text = exports.to_markdown(found)
    assert re.search(r"\*\*0\.[67]\d+\*\* \u00b10\.01\d \(draws \u00b10\.020\) \u1d43", text)
    assert text.count("(draws") == 1
    assert "Draws: half of the 95 % interval that random draws alone give to a mean" in text
    assert r"(draws $\pm$ 0.020)" in exports.to_latex(found)
    assert "draws \u00b10.020</span>" in exports.to_html(found)
    assert "Draws: half" not in exports.to_markdown(board_of(scores(spread(0.7), spread(0.4))).document)


def test_the_error_of_draws_is_that_of_two_seeds(toy):
    """Of draws v and w (v - w)^2 / 2 is the variance of one; the mean of six images has a 36th of their sum."""
    data, maps = se.load_dataset(str(toy / "toy")), str(toy / "maps")
    drawing = ["auc_borji(splits=4,seed={})", "shuffled_auc(estimator=exact,others=all,splits=2,seed={})"]
    first, second = (se.score(maps, data, ["nss", *(text.format(k) for text in drawing)]) for k in (0, 1))
    squares = (first.values - second.values)[:, 1:] ** 2 / 2
    expected = dict(zip(("auc_borji", "shuffled_auc"), np.sqrt(squares.sum(0)) / 6, strict=True))
    assert first.drawn_errors == pytest.approx(expected, rel=1e-12)
    assert all(0.001 < error < 0.1 for error in expected.values())
    assert se.load_run(save(first, toy / "results")).drawn_errors == first.drawn_errors
    exact = se.score(maps, data, ["auc_borji", "nss"])
    assert exact.drawn_errors == {}
    assert b"drawn_error" not in (save(exact, toy / "results") / "run.json").read_bytes()


# ------------------------------------------------------------------ what may not change it


def test_order_of_runs_images_and_metrics_changes_no_byte():
    runs = scores(spread(0.7), spread(0.71, seed=1), spread(0.6, seed=2))
    turned = [
        replace(run, ids=run.ids[::-1], values=run.values[::-1].copy(), unscored=run.unscored[::-1])
        for run in runs[::-1]
    ]
    first, second = (exports.to_json(board_of(found).document) for found in (runs, turned))
    without = [json.loads(text) for text in (first, second)]
    for found in without:
        for row in found["rows"]:
            del row["run_sha256"]  # the run's own file keeps the order of its images
    assert without[0] == without[1]
    assert exports.to_json(board_of(runs[::-1]).document) == first


def test_json_is_strict_and_has_twelve_digits():
    text = exports.to_json(board_of([made(), made("b", seed=1)]).document)
    found = json.loads(text, parse_constant=lambda word: pytest.fail(word))
    assert text == json.dumps(found, indent=1, sort_keys=True) + "\n"
    assert digits({"a": [1 / 3, float("inf"), 2, "x"]}) == {"a": [0.333333333333, None, 2, "x"]}


def test_names_that_stand_twice_are_told_apart():
    found = board_of([made("m", seed=1), made("m", seed=2), made("k")]).document
    assert {row["label"] for row in found["rows"] if row["model"] == "m"} == {
        f"m ({made('m', seed=k).digest})" for k in (1, 2)
    }
    assert [row["label"] for row in found["rows"] if row["model"] == "k"] == ["k"]


def carded(model, licence, citation, **fields):
    """A run that knows the card of its data set."""
    run = made(model, **fields)
    return replace(run, data=run.data._replace(licence=licence, citation=citation))


def test_the_card_is_that_of_the_runs():
    """A folder of one's own may be called like a known data set; runs of older versions say nothing."""
    found = board_of([made(id="osie")]).document["dataset"]
    assert (found["licence"], found["citation"]) == (None, None)
    runs = [made(), carded("b", "CC0", None, seed=1), carded("c", None, "@misc{toy,\n}", seed=2)]
    for order in (runs, runs[::-1]):
        document = board_of(order).document
        assert (document["dataset"]["licence"], document["dataset"]["citation"]) == ("CC0", "@misc{toy,\n}")
        text = exports.to_markdown(document)
        assert "\n- licence: CC0\n" in text
        assert "\n\n```\n@misc{toy,\n}\n```\n" in text
    worse, better = (carded(m, m, m, values=np.full((6, 2), v)) for m, v in (("worse", 1.0), ("x", 2.0)))
    assert board_of([worse, better]).document["dataset"]["licence"] == "x"


@pytest.mark.slow
def test_the_pairs_of_many_models_are_those_of_the_primary_metric():
    base = spread(0.5, n=12)
    found = board_of(scores(*(base + spread(0, n=12, seed=k) for k in range(46)))).document
    assert {pair["metric"] for pair in found["pairs"]} == {"nss"}
    assert len(found["pairs"]) == 46 * 45 / 2
    assert all(row["metrics"]["kld"]["groups"] for row in found["rows"])


# ------------------------------------------------------------------ Python


def test_a_board_is_a_table_in_python():
    runs = [made("a", seed=1), made("b", seed=2)]
    table = se.leaderboard(runs)
    assert sorted(table["nss"]) == sorted(digits(run.means["nss"].mean) for run in runs)
    assert list(table.columns[:6]) == ["rank", "nss", "nss_low", "nss_high", "nss_norm", "nss_groups"]
    assert str(table["nss_norm"].dtype) == "float64"
    assert table["nss_norm"].isna().all()
    assert document(board_of(runs))["rows"][0]["run"] in {folder_name(run) for run in runs}


def test_a_notebook_shows_a_board_as_text_of_at_most_50_kb():
    small = board_of([made("<script>alert(1)</script>"), made("b", seed=1)])
    assert "<script>" not in small._repr_html_()
    assert "&lt;script&gt;" in small._repr_html_()
    lines = {key: signature(key, data="x" * 2000) for key in ("nss", "kld")}
    large = board_of([made("x" * 70 + str(k), seed=k, signatures=lines) for k in range(3)])
    large.document["rows"] *= 400
    assert 25_000 < len(large._repr_html_().encode()) <= 50_000


@pytest.mark.slow
def test_fifty_models_and_a_thousand_images(tmp_path):
    base = spread(0.7, n=1003)
    runs = scores(*(base + spread(0, n=1003, seed=k) + k / 500 for k in range(50)), labels=("nss",))
    for run in runs:
        save(run, tmp_path / "results")
    start = time.process_time()
    folder = se.save_board(build(tmp_path / "results").boards[0], tmp_path)
    assert time.process_time() - start < 15
    assert (folder / "leaderboard.json").stat().st_size < 2_000_000
