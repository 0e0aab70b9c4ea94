"""Runs against each other: numbers by hand, directions, what is refused, and hostile names."""

import csv
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from made_runs import MORE, NAMES, SHA, made, signature
from markdown_it import MarkdownIt
from test_notebook import TAGS, Read

import saliency_eval as se
from saliency_eval import stats
from saliency_eval.comparison import text
from saliency_eval.errors import SaliencyEvalError, shown
from saliency_eval.run import DataId

A = np.array([[0.9], [0.5], [0.7], [0.4], [0.8], [0.6]])  # of i10, i9 ... i5; by name i10 comes first
B = np.array([[0.5], [0.6], [0.7], [0.2], [0.7], [0.3]])  # differences 0.4, -0.1, 0, 0.2, 0.1, 0.3


def two(label="nss", **options):
    runs = [made(name, values=v, labels=(label,)) for name, v in (("a", A), ("b", B))]
    return se.compare(*runs, **options)


def test_by_hand():
    found = two()
    [pair] = found.pairs
    assert [mean.mean for mean in found.means] == pytest.approx([0.65, 0.5])
    assert pair.difference == pytest.approx(0.15)
    assert (pair.wins, pair.ties, pair.losses) == (4, 1, 1)
    # at least 0.9 of 1.1 away: turn none or one of the two 0.1, the 0 as it likes; on both sides
    assert pair.p == pair.p_holm == 12 / 64
    assert found.flips == 64
    assert "all 64 sign flips" in found.method
    assert found.winner(pair) is None
    first, second = found.deciding(pair)
    assert [image.id for image in first] == ["i10", "i5", "i7", "i6"]
    assert [image.difference for image in first] == pytest.approx([0.4, 0.3, 0.2, 0.1])
    assert [image.id for image in second] == ["i9"]
    assert [image.difference for image in second] == pytest.approx([-0.1])


def test_lower_is_better():
    found = two("kld", alpha=0.25)
    [pair] = found.pairs
    assert pair.difference == pytest.approx(0.15)
    assert (pair.wins, pair.ties, pair.losses) == (1, 1, 4)
    assert found.winner(pair) == "b"
    first, second = found.deciding(pair)
    assert [image.id for image in first] == ["i9"]
    assert [image.id for image in second] == ["i10", "i5", "i7", "i6"]
    assert "kld \u2193" in found.title
    assert two("nss", alpha=0.25).winner(pair) == "a"
    assert "| b ahead of a" not in found.to_markdown()
    assert "- b ahead of a: i10 (+0.4)" in found.to_markdown()


def test_alpha_is_exclusive_and_worst_counts():
    assert two(alpha=12 / 64).to_frame()["better"][0] is None
    assert two(alpha=13 / 64).to_frame()["better"][0] == "a"
    found = two(worst=1)
    assert [len(images) for images in found.deciding(found.pairs[0])] == [1, 1]
    assert two(worst=0).deciding(found.pairs[0]) == ([], [])
    assert "ahead of" not in two(worst=0).to_markdown()


def test_numbers_are_those_of_the_runs():
    """Means and intervals equal those that the runs show; differences share their resamples."""
    runs = [made(f"m{k}", seed=k) for k in range(3)]
    found = se.compare(*runs, metric="kld")
    assert list(found.means) == [run.means["kld"] for run in runs]
    scores = np.column_stack([run.values[np.argsort(run.ids), 1] for run in runs])
    means = stats.resample_means(scores, "toy", SHA)
    assert (found.scores == scores).all()
    assert found.pairs[2][3:5] == pytest.approx(stats.percentile(means[:, 1] - means[:, 2]))
    assert [(pair.a, pair.b) for pair in found.pairs] == [(0, 1), (0, 2), (1, 2)]
    alone = se.compare(runs[0], runs[2], metric="kld").pairs[0]
    assert alone[2:6] == found.pairs[1][2:6]
    assert alone.p_holm <= found.pairs[1].p_holm
    assert found.bootstrap == 10_000
    assert se.compare(*runs, bootstrap=100).pairs[0].low != se.compare(*runs).pairs[0].low


def test_the_order_of_images_in_a_run_does_not_matter():
    a, b = made("a"), made("b", seed=1)
    turned = replace(b, ids=b.ids[::-1], values=b.values[::-1])
    assert se.compare(a, turned).pairs == se.compare(a, b).pairs


def test_models_with_equal_scores():
    one, same = made("a"), made("a", predictions_sha256="ab" * 32)
    found = se.compare(one, same, made("b"))
    assert found.pairs[0][2:] == (0, 0, 0, 1, 1, 1, 0, 6, 0)
    assert found.models[:2] == (f"a ({one.digest})", f"a ({same.digest})")
    assert "0.0000" in found.to_markdown()


def test_a_run_is_not_compared_with_itself():
    """Whatever else was scored beside the metric."""
    more = made("a", labels=("nss", "kld", "cc"))
    for runs in ((made("a"), made("a")), (made("a"), made("b", seed=1), more)):
        with pytest.raises(
            SaliencyEvalError, match="different runs, that of a was given 2 times; name each run once"
        ):
            se.compare(*runs, metric="nss")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"bootstrap": 99}, "bootstrap must be a whole number of 100 to 1000000, got 99"),
        ({"bootstrap": 1e4}, "bootstrap must be a whole number of 100 to 1000000, got 10000.0"),
        ({"bootstrap": 1_000_001}, "got 1000001"),
        ({"flips": 0}, "flips must be a whole number of 1 to 100000000, got 0"),
        ({"flips": True}, "got True"),
        ({"worst": -1}, "worst must be a whole number of at least 0, got -1"),
        ({"alpha": 1.1}, "alpha must be a number of 0 to 1, got 1.1"),
        ({"alpha": float("nan")}, "alpha must be a number of 0 to 1, got nan"),
        ({"alpha": "0.05"}, "alpha must be a number"),
    ],
)
def test_numbers_beyond_their_limits(options, words):
    with pytest.raises(SaliencyEvalError, match=words) as error:
        two(**options)
    assert error.value.exit_code == 2
    two(bootstrap=np.int64(100), flips=1, worst=0, alpha=1)


def test_heavy_tails_are_told():
    """Of the scores of a model, and of the differences of a pair, whose tail may be the heavier one."""
    rng = np.random.default_rng(0)
    plain, tail = rng.normal(size=(2, 40, 1))
    tail[3] += 40
    data = DataId("toy", "1", f"toy@1#{SHA[:8]}", SHA, 40)

    def run(name, values, seed):
        ids, lines = tuple(map(str, range(40))), {"nss": signature("nss", n=40)}
        return made(
            name, values=values, labels=("nss",), n=40, ids=ids, data=data, signatures=lines, seed=seed
        )

    found = se.compare(run("a|b", plain, 0), run("tail", tail, 1), run("c", -plain, 2))
    skew = stats.skewness(tail[:, 0])
    assert list(found.tails) == [("tail",), ("a|b", "tail"), ("tail", "c")]
    assert found.tails["tail",] == pytest.approx(skew)
    [note] = text.notes(found)
    assert note.startswith(
        f"Heavy tails, so that intervals are too narrow: tail (skew {skew:.1f}); a|b and tail"
    )
    assert "too narrow: tail" in found.to_markdown()
    assert "a\\|b and tail" in found.to_markdown()
    assert "too narrow" in found._repr_html_()
    assert text.notes(se.compare(run("a", plain, 0), run("c", -plain, 2))) == []


def test_tests_that_can_find_nothing_are_told():
    [few] = text.notes(two(flips=10))
    assert few == "No pair can be told apart with so few flips: p after Holm is 0.091 at least."
    assert text.notes(two(flips=20)) == text.notes(two()) == []
    data = DataId("toy", "1", f"toy@1#{SHA[:8]}", SHA, 4)
    four = [made(m, n=4, seed=k, data=data) for k, m in enumerate("abc")]
    assert text.notes(se.compare(*four[:2])) == [few.replace("flips", "images").replace("0.091", "0.12")]
    assert "is 0.38 at least" in text.notes(se.compare(*four))[0]


def test_numbers_of_any_size_stay_short():
    one, other = (made(m, values=v * 1e99, labels=("nss",)) for m, v in (("a", A), ("b", B)))
    found = se.compare(one, other)
    assert re.search(r"\| a     \| 6\.5e\+98 \| \[5\.\de\+98, [78]\.\de\+98\] \|", found.to_markdown())
    assert "+1.5e+98" in found.to_markdown()
    assert max(map(len, found.to_markdown().splitlines())) < 300


def test_one_image_has_no_interval():
    data = DataId("toy", "1", f"toy@1#{SHA[:8]}", SHA, 1)
    found = se.compare(made("a", n=1, data=data), made("b", n=1, seed=1, data=data))
    assert found.means[0][1:3] == (None, None)
    flat = found.to_dict()
    assert (flat["low_1_2"], flat["high_1_2"], flat["p_1_2"]) == (None, None, 1.0)
    assert "nan" not in found.to_markdown()
    assert text.notes(found)[0] == "One image has no interval."
    assert ",,1.0," in found.to_csv()


@pytest.mark.parametrize(
    ("other", "code", "words"),
    [
        (made("b", complete=False), "incomplete", "only complete runs are compared, b has 6 images of 6"),
        (made("b", id="other"), "mixed_signature", "data other@1#0f0f0f0f, not toy@1#0f0f0f0f;"),
        (made("b", signatures={"nss": signature("nss", ddof="0")}), "mixed_signature", "ddof 0, not 1;"),
        (made("b", labels=("kld",)), "usage", "unknown metric of b 'nss'"),
        (made("b", data=DataId("toy", "1", "t", "aa" * 32, 6)), "mixed_signature", "data sha256;"),
        (made("b", ids=tuple("abcdef")), "mixed_signature", "other images count;"),
        (made("b", values=np.full((6, 2), np.nan)), "undefined_metric", "undefined on 6 of 6 images"),
        (made("b", values=np.full((6, 2), -np.inf)), "undefined_metric", "infinite on 6 of 6 images"),
    ],
)
def test_what_may_not_be_compared_is_refused(other, code, words):
    for runs in ((made("a"), other), (other, made("a"))):
        with pytest.raises(SaliencyEvalError) as error:
            se.compare(*runs, metric="nss")
        assert error.value.code == code
    with pytest.raises(SaliencyEvalError, match=words):
        se.compare(made("a"), other, metric="nss")


def test_observers_are_no_rivals():
    """What they reach is a ceiling; of two signatures the one field that differs is told."""
    line = signature("nss").replace("|kind", "|observers:left-out#12345678|kind")
    top = made("top", labels=("nss",), signatures={"nss": line})
    with pytest.raises(SaliencyEvalError) as error:
        se.compare(made("a"), top, metric="nss")
    [problem] = error.value.problems
    assert problem.message == "top and a were scored differently: observers left-out#12345678, not none"
    assert "a ceiling, which 'saliency-eval leaderboard build' shows" in problem.remedy


def test_one_run_is_no_comparison():
    with pytest.raises(SaliencyEvalError, match="at least two runs, got 1"):
        se.compare(made("a"))


def test_versions_and_other_metrics_may_differ():
    one = made("a", labels=("nss",))
    other = made("b", labels=("kld", "nss"))
    later = {label: line.replace("v:0.1.0", "v:0.2.0") for label, line in other.signatures.items()}
    found = se.compare(one, replace(other, signatures=later))
    assert found.metric == "nss"
    assert [line[-8:] for line in found.signatures] == ["|v:0.1.0", "|v:0.2.0"]


def test_dictionary_is_flat_and_strict():
    flat = se.compare(made("a"), made("b", seed=1), made("c", seed=2)).to_dict()
    assert all(isinstance(value, str | int | float | None) for value in flat.values())
    json.dumps(flat, allow_nan=False)
    assert (flat["model_3"], flat["metric"], flat["direction"]) == ("c", "nss", "higher")
    assert {"difference_1_2", "p_holm_1_3", "wins_2_3", "better_2_3"} <= set(flat)


def test_frame_and_csv_hold_the_same():
    found = se.compare(made("a"), made("b", seed=1), made("c", seed=2))
    frame = found.to_frame()
    assert list(frame["second"]) == ["b", "c", "c"]
    assert (frame["mean_first"] - frame["mean_second"]).to_numpy() == pytest.approx(frame["difference"])
    rows = list(csv.DictReader(io.StringIO(found.to_csv()), strict=True))
    assert [float(row["p_holm"]) for row in rows] == list(frame["p_holm"])
    assert list(rows[0]) == list(frame.columns)


@pytest.mark.parametrize("name", [*NAMES, *MORE])
def test_a_hostile_name_is_text_everywhere(name):
    name = {**NAMES, **MORE}[name]
    found = se.compare(made(name), made("b", seed=1), alpha=1)
    page = Read(found._repr_html_())
    assert page.tags <= TAGS
    assert page.attributes == []
    assert any(shown(name) == text for text in page.text) or not shown(name)
    assert not any(ord(c) < 32 or ord(c) == 0x202E for c in repr(found))
    parser = MarkdownIt("gfm-like", {"linkify": False})
    html, plain = (
        Read(parser.render(c.to_markdown())) for c in (found, se.compare(made("a"), made("b", seed=1)))
    )
    assert (html.tags, html.attributes) == (plain.tags, plain.attributes)
    [row] = csv.DictReader(io.StringIO(found.to_csv(), newline=""), strict=True)
    assert row["first"].encode("utf-8", "backslashreplace") == name.encode("utf-8", "backslashreplace")
    found.to_csv().encode()
    json.dumps(found.to_dict())


def test_many_models_fit_into_a_notebook():
    runs = [made("&" * 80 + str(k), seed=k) for k in range(30)]
    page = se.compare(*runs, bootstrap=100)._repr_html_()
    assert len(page.encode()) < 50_000
    assert "more rows have no room here" in page
