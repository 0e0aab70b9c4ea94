"""The report on runs: what it shows is what was scored, of the maps that were scored, whatever the names are."""

import base64
import io
import os
import re
import stat
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from made_runs import MORE, NAMES, made
from PIL import Image
from test_cli import answer, call

import saliency_eval as se
from saliency_eval.datasets.fixations import FixationDataset
from saliency_eval.datasets.gaze import Gaze
from saliency_eval.errors import SaliencyEvalError, shown
from saliency_eval.report import cards, gallery, pictures, plots, report_page
from saliency_eval.report import versus as versus_module
from saliency_eval.report.agreement import DRAWN, agreement, averaged, cloud, correlations
from saliency_eval.report.compared import compare
from saliency_eval.report.gallery import looks_of
from saliency_eval.report.images import Table, extremes, most_apart, spread
from saliency_eval.report.material import assigned, gather
from saliency_eval.report.runs import one_board
from saliency_eval.report.versus import versus, wins
from saliency_eval.stats import rank_correlation
from saliency_eval.store import folder_name, save

METRICS = "auc_judd,kld"
EVERY = {**NAMES, **MORE}


class Page(HTMLParser):
    """Tags, attributes, pictures with their alt texts, and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.pictures, self.alts, self.text, self.places = [], [], [], [], set()
        self.titles = []  # of the fourth level
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        found = dict(attrs)
        self.places |= {(tag, name) for name, _ in attrs}
        if tag == "img":
            self.pictures.append(found["src"])
            self.alts.append(found["alt"])

    def handle_data(self, data):
        self.text.append(data)
        if self.tags[-1:] == ["h4"]:
            self.titles.append(data)

    def says(self, text):
        return text in " ".join("".join(self.text).split())


def decoded(address):
    """The pixels of a picture on a page."""
    return np.asarray(
        Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGB")
    ).astype(int)


@pytest.fixture
def scored(toy):
    """Two folders of maps, a model run on the spot, and their runs on one data set."""
    data = se.load_dataset(toy / "toy")
    rng = np.random.default_rng(3)
    (toy / "other").mkdir()
    for id in data:
        Image.fromarray(rng.integers(0, 255, (48, 64), dtype=np.uint8)).save(toy / "other" / f"{id}.png")
    sources = [str(toy / "maps"), str(toy / "other"), "model:centre_bias"]
    runs = [se.score(source, data, METRICS) for source in sources]
    for run in runs:
        save(run, toy / "results")
    return toy, data, runs


def report(*arguments, cwd):
    return call("report", "results", "--out", "page.html", *arguments, cwd=cwd)


# ------------------------------------------------------------------ which images


def test_best_and_worst_do_not_overlap_and_follow_the_direction():
    values = np.array([3.0, 1.0, 2.0, np.nan, 2.0, np.inf])
    assert extremes(values, True, 2) == ([0, 2], [1, 4])
    assert extremes(values, False, 2) == ([1, 2], [0, 4])
    assert extremes(values, True, 1) == ([0], [1])
    assert extremes(np.array([5.0]), True, 3) == ([0], [])
    assert extremes(np.full(3, np.nan), True, 3) == ([], [])


def test_of_two_values_none_is_both_best_and_worst():
    values = np.array([0.0, 1.0, 0.0, np.nan, 0.0, 0.0])
    assert extremes(values, True, 2) == ([1], [0, 2])
    assert extremes(values, False, 2) == ([0, 2], [1])
    assert extremes(np.zeros(5), True, 2) == ([0, 1], [])


def test_ties_are_counted_and_told():
    values = np.array([0.0, 1.0, 0.0, np.nan, 0.0, 0.5])
    assert (
        gallery.tied(values, [0, 2]) == "3 of 5 images have the value 0.000. The first 2 of them are shown."
    )
    assert (
        gallery.tied(values, [1, 5, 0]) == "3 of 5 images have the value 0.000. The first of them is shown."
    )
    assert gallery.tied(values, [0, 2, 4]) == gallery.tied(values, [1, 5]) == gallery.tied(values, []) == ""


def test_of_a_model_to_which_all_images_are_alike_none_is_the_best(no_pictures):
    runs = [made("a", labels=("nss",), seed=1, values=np.ones((6, 1))), made("b", labels=("nss",), seed=2)]
    page = Page(report_page(runs, each=2)[0])
    told = "All 6 images have the value 1.000: none is better or worse than another. The first 2 are shown."
    assert page.says(told)
    assert (page.titles.count("Best"), page.titles.count("Worst"), page.titles.count("All alike")) == (
        1,
        1,
        1,
    )


def test_equal_differences_are_told(no_pictures):
    runs = [made(m, labels=("nss",), seed=n, values=np.full((6, 1), float(n))) for n, m in enumerate("ab")]
    assert Page(report_page(runs)[0]).says(
        "6 of 6 images have the difference 1.000. The first 4 of them are shown."
    )


def test_models_differ_by_the_mean_over_pairs():
    values = np.random.default_rng(0).normal(size=(9, 5))
    pairs = [abs(values[:, a] - values[:, b]) for a in range(5) for b in range(a)]
    assert spread(values) == pytest.approx(np.mean(pairs, axis=0))
    assert most_apart(values, 9) == np.argsort(-np.mean(pairs, axis=0)).tolist()
    assert most_apart(values[:, :1], 3) == []
    assert most_apart(np.zeros((4, 3)), 3) == []


def test_values_stand_by_the_name_of_their_image():
    one = made("one", seed=1)
    other = made("two", values=one.values[::-1], ids=one.ids[::-1])
    table = Table.of([one, other], one.labels)
    assert table.ids == ("i5", "i6", "i7", "i8", "i9", "i10")
    assert (table.values[:, 0] == table.values[:, 1]).all()
    assert table.values[5, 0].tolist() == one.values[0].tolist()


def test_a_correlation_is_positive_where_two_metrics_prefer_the_same_images():
    x = np.arange(6.0)
    run = made("m", labels=("nss", "cc", "kld"), values=np.column_stack([x, x**3, -x]))
    compared = compare(one_board([run], (), None), ["m"], gather([run]))
    assert [cells for _, cells in agreement(compared)] == [[], ["+1.00"], ["+1.00", "+1.00"]]


def test_what_differs_by_rounding_alone_has_no_order():
    found = correlations(np.array([[1.0, 1e-16], [2.0, -3e-16], [3.0, 2e-16]]))
    assert np.isnan(found[0, 1])
    assert found[0, 0] == 1


def test_correlations_are_those_of_each_pair_over_what_both_have():
    values = np.random.default_rng(0).normal(size=(40, 5)).round(1)
    values[3, 1], values[:, 4] = np.nan, 2.0
    found = correlations(values)
    for x in range(5):
        for y in range(5):
            good = np.isfinite(values[:, [x, y]]).all(1)
            assert found[x, y] == pytest.approx(rank_correlation(*values[good][:, [x, y]].T), nan_ok=True)
    assert np.isnan(found[4]).all()
    assert averaged([found, np.full((5, 5), np.nan)]) == pytest.approx(found, nan_ok=True)


def test_of_many_metrics_the_first_few_are_plotted_against_each_other(monkeypatch):
    names = ["nss"] + [f"kld(eps={n})" for n in range(9)]
    run = made("m", labels=names, values=np.random.default_rng(0).random((6, 10)))
    compared = compare(one_board([run], (), None), ["m"], gather([run]))
    monkeypatch.setattr(plots, "against", lambda values, names, labels: f"{values.shape} {len(labels)}")
    assert cloud(compared).address == f"(6, 1, {DRAWN}) {DRAWN}"
    assert "each of the first 8 metrics" in cloud(compared).alt
    assert [len(cells) for _, cells in agreement(compared)] == list(range(10))


def test_of_two_models_each_image_is_won_by_the_better_one():
    values = np.array([[1.0, 2.0], [3.0, 2.0], [3.0, 1.0], [1.0, 1.0]])
    assert wins(values, True, "a", "b") == "a is better on 2 images, b on 1, both are alike on 1."
    assert wins(values, False, "a", "b") == "a is better on 1 images, b on 2, both are alike on 1."


def test_a_dot_lies_below_the_line_of_its_model():
    values = np.array([[1.0, 5.0], [np.nan, 6.0], [3.0, 7.0]])
    with plots.drawing(4, 4) as figure:
        axes = figure.subplots()
        plots.dots(axes, values)
        [(x, y)] = [made.get_offsets().T for made in axes.collections]
    assert x.tolist() == [1.0, 5.0, 6.0, 3.0, 7.0]
    assert np.round(y + 0.22).tolist() == [0, -1, -1, 0, -1]


def test_the_first_two_models_are_shown_without_the_images_that_one_lacks():
    one, other = (
        made(name, labels=("kld",), values=[[v]] * 5 + [[np.inf]]) for name, v in (("a", 1.0), ("b", 2.0))
    )
    compared = compare(one_board([one, other], (), None), ["a", "b"], gather([one, other]))
    assert versus(compared).caption == "a is better on 5 images, b on 0, both are alike on 0."
    assert "b against a" in versus(compared).alt
    assert versus(compare(one_board([one], (), None), ["a"], gather([one]))) is None
    assert versus(compared._replace(table=compared.table._replace(values=np.full((6, 2, 1), np.nan)))) is None


def test_images_that_coincide_are_one_dot_as_large_as_they_are_many():
    assert versus_module.areas(np.array([1, 1, 1])).tolist() == [plots.size_for(3)] * 3
    few = versus_module.areas(np.array([1, 3]))
    assert few[1] == 3 * few[0]
    many = versus_module.areas(np.array([3, 400, 800]))
    assert many.tolist() == [6, 800, versus_module.LARGEST]


def test_a_few_values_have_a_bar_each_and_no_curve_between_them():
    with plots.drawing(4, 4) as figure:
        axes = figure.subplots()
        plots.shape(axes, np.array([0.0, 1.0, 1.0, 1.0]), 0, "red")
        assert [(bar.get_center()[0], round(bar.get_height(), 6)) for bar in axes.patches] == [
            (0, 0.15),
            (1, 0.45),
        ]
        assert not axes.collections
        plots.shape(axes, np.zeros(4), 0, "red")
        assert len(axes.patches) == 2
        plots.shape(axes, np.arange(9.0), 0, "red")
        assert (len(axes.patches), len(axes.collections)) == (2, 1)


# ------------------------------------------------------------------ pictures


def test_a_map_is_shown_from_its_least_value_to_its_greatest():
    values = np.array([[2.0, 4.0], [3.0, 2.0]])
    colours = pictures.table("inferno")
    small = np.asarray(pictures.heat(values))
    assert small.shape == (pictures.SIDE, pictures.SIDE, 3)
    corner = small[0, 0], small[0, -1], small[-1, 0], small[-1, -1]
    assert [c.tolist() for c in corner] == [colours[n].tolist() for n in (0, 255, 128, 0)]
    lightness = colours.astype(float) @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(lightness) > -0.6).all()
    assert lightness[-1] > 240 > 5 > lightness[0]


@pytest.mark.parametrize("scale", ["values", "ranks"])
def test_a_map_of_one_value_is_grey_and_said_to_be_constant(scale):
    """It is neither the least nor the greatest of anything."""
    [colour] = {
        tuple(pixel) for row in np.asarray(pictures.heat(np.full((2, 3), 0.1), scale)) for pixel in row
    }
    assert max(colour) == min(colour) == 0x8C
    assert not (pictures.table("inferno") == 0x8C).all(1).any()
    assert cards.span(np.full((2, 3), 0.1)) == "constant, 0.1 everywhere"


def test_by_rank_each_colour_has_as_many_pixels():
    values = np.exp(np.arange(64.0)).reshape(8, 8)
    assert pictures.by_rank(values)[2].ravel() == pytest.approx((np.arange(64) + 0.5) / 64)
    assert pictures.by_rank(np.array([[1.0, 1.0], [2.0, 2.0]]))[2].tolist() == [[0.25, 0.25], [0.75, 0.75]]


def test_zero_is_white_and_signs_are_red_and_blue():
    small = np.asarray(pictures.heat(np.array([[0.0, 1.0], [-1.0, 0.0]]), "signed")).astype(int)
    assert small[0, 0].min() > 240
    assert small[0, -1, 0] > small[0, -1, 2] + 50
    assert small[-1, 0, 2] > small[-1, 0, 0] + 50
    assert np.asarray(pictures.heat(np.full((2, 2), 1e-15), "signed")).min() > 240
    assert pictures.heat(np.array([[np.inf, 1.0], [-np.inf, np.nan]]), "signed").size == (300, 300)


def test_a_fixation_is_drawn_where_it_is():
    plain = pictures.stimulus(np.full((30, 60, 3), 128, np.uint8))
    dots = pictures.dotted(plain, np.array([[20, 45]]), (30, 60))
    rows, columns = np.nonzero((np.asarray(dots) != 128).any(2))
    assert (rows.mean(), columns.mean()) == pytest.approx((20.5 * 5 - 0.5, 45.5 * 5 - 0.5), abs=0.3)
    inks = np.asarray(dots).reshape(-1, 3).tolist()
    assert [0x35, 0xE8, 0xFF] in inks
    assert min(map(sum, inks)) < 100  # the outline


# ------------------------------------------------------------------ the page


def test_the_page_shows_what_was_scored(scored):
    toy, data, runs = scored
    text, missing = report_page(runs, data, [str(toy / "maps"), str(toy / "other")], each=2)
    assert missing == ()
    page = Page(text)
    for run in runs:
        assert sum(f"Map of {run.model} for" in alt for alt in page.alts) == 8
        for value in run.values.ravel():
            assert page.says(f"{value:.3f}")
    best = max(range(6), key=lambda n: runs[0].values[n, 0])
    assert page.says(f"{runs[0].ids[best]} auc_judd {runs[0].values[best, 0]:.3f}")
    assert all(page.alts)
    assert all(src.startswith("data:image/") for src in page.pictures)
    assert {name for _, name in page.places} & {"style", "onclick", "onload"} == set()
    jpegs = [decoded(src) for src in page.pictures if src.startswith("data:image/jpeg")]
    assert {one.shape for one in jpegs} == {(225, 300, 3)}


def test_the_area_under_a_drawn_curve_is_the_value_of_the_run(scored):
    toy, data, runs = scored
    board = one_board(runs, (), None)
    compared = compare(
        board, [r.model for r in board.runs], gather(runs, data, [str(toy / "maps"), str(toy / "other")])
    )
    label, variant = compared.auc()
    for id in data:
        for n, look in looks_of(compared, id, range(3)).items():
            [curve] = look.curves(variant)
            run = board.runs[n]
            assert curve.total == pytest.approx(
                run.values[run.ids.index(id), run.labels.index(label)], rel=1e-12
            )


@pytest.mark.slow
def test_equal_input_in_any_order_gives_equal_bytes(scored):
    toy, data, runs = scored
    named = {"maps": str(toy / "maps"), "other": str(toy / "other")}
    first, _ = report_page(runs, data, named, each=1)
    again, _ = report_page(runs[::-1], str(toy / "toy"), dict(reversed(named.items())), each=1)
    assert first == again


def named(names, ids, label):
    """A page of runs without pictures."""
    runs = [made(name, seed=n, ids=tuple(ids), labels=("nss", label)) for n, name in enumerate(names)]
    return report_page(runs, each=1)[0]


@pytest.mark.slow
def test_names_stay_text():
    names = list(EVERY.values())
    ids = ["<script>", "\x1b[31m", "abc\u202egnp", '"a"', "a\udc80b", "&lt;"]
    text = named(names, ids, "kld(a=<b>&\udc80)")
    text.encode("utf-8")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    page, plain = (
        Page(text),
        Page(named(["a", "b", "c"], [f"i{n}" for n in range(6)], "kld(a=b)")),
    )
    assert set(page.tags) == set(plain.tags)
    assert page.places == plain.places
    for name in names + ids:
        assert page.says(" ".join(shown(name).split()))


def test_without_data_and_predictions_the_page_says_what_is_missing(scored):
    _, data, runs = scored
    text, [why] = report_page(runs, each=1)  # toy is no data set by name
    assert "There are no stimuli, fixations and maps" in why
    assert Page(text).says("What is missing here")
    assert not any(src.startswith("data:image/jpeg") for src in Page(text).pictures)
    text, [why] = report_page(runs[:1] + runs[2:], data, each=1)
    assert "There are no maps of maps" in why
    assert sum("Map of centre_bias" in alt for alt in Page(text).alts) == 6
    assert not any("Map of maps" in alt for alt in Page(text).alts)


def test_a_lost_stimulus_costs_its_picture_only(scored):
    toy, _, runs = scored
    data = se.load_dataset(toy / "toy")
    assert len(data.pool.ids) == 6  # read before the file is lost
    (toy / "toy" / "stimuli" / "i03.png").write_bytes(b"broken")
    text, missing = report_page(runs[2:], data)
    assert [m for m in missing if "i03.png is not a readable" in m]
    assert any("Map of centre_bias for i03" in alt for alt in Page(text).alts)


def test_other_predictions_and_other_data_are_refused(scored):
    toy, data, runs = scored
    with pytest.raises(SaliencyEvalError, match="must be those that maps was scored with") as refused:
        report_page(runs, data, {"maps": str(toy / "other")})
    assert (refused.value.code, refused.value.exit_code) == ("checksum", 3)
    (toy / "toy" / "fixations.csv").write_text(
        "image,row,column\n" + "".join(f"{i},1,1\n" for i in data), "utf-8"
    )
    with pytest.raises(SaliencyEvalError, match="must be the one that was scored") as refused:
        report_page(runs, str(toy / "toy"))
    assert (refused.value.code, refused.value.exit_code) == ("checksum", 4)


def test_a_model_that_another_version_scored_has_no_maps(scored):
    _, data, runs = scored
    for changed in ({"predictions_sha256": "0" * 64}, {"source": "no_such_model"}):
        material = gather([replace(runs[2], **changed)], data)
        assert material.predictions == {}
        assert "run again, it does not give what was scored" in material.missing[0]


def test_a_model_of_the_user_is_to_be_named_with_its_file(scored):
    _, data, runs = scored
    own = replace(runs[2], source="grey#c8885ea5|smooth:1|output:map")
    for fields, named in (
        ({"model": "grey#c8885ea5", "source": "grey#c8885ea5"}, "'grey#c8885ea5=model:FILE.py:grey'"),
        ({"model": "grey#c8885ea5(smooth=1)"}, "'grey#c8885ea5(smooth=1)=model:FILE.py:grey(smooth=1)'"),
        ({"model": "mine"}, "'mine=model:FILE.py:grey(smooth=1,output=map)'"),
    ):
        [said] = gather([replace(own, **fields)], data).missing
        assert said.endswith(f"a model of your own is named with its file: --pred {named}.")


def test_an_own_data_set_is_to_be_named_by_its_folder(scored):
    toy, _, runs = scored
    for root, named in ((toy / "toy", f" {toy / 'toy'}"), (toy, f" {toy / 'toy'}"), (None, "")):
        [said] = gather(runs, root=root).missing
        assert said.endswith(f"unknown data set 'toy'. Name the data set with --data{named}.")


def test_predictions_of_a_run_that_stands_apart_are_refused_with_the_reason(scored):
    toy, data, _ = scored
    for name, metrics in (("few", "nss"), ("gold", METRICS)):
        save(se.score("model:gold_standard", data, metrics, name=name), toy / "results")
    for name, why in (
        ("few", "has another signature than the others: metrics (auc_judd, "),
        ("gold", "is what observers reach: each observer under the map of all others; leave out"),
    ):
        done = report("--data", "toy", "--pred", f"{name}=maps", cwd=toy)
        assert done.returncode == 2
        assert f"{name} stands apart: it {why}" in done.stderr


def test_predictions_go_to_runs_by_name_by_folder_and_by_order():
    one, two, spot = made("a", seed=1), made("b", seed=2), made("c", seed=3, source="centre_bias|sigma:4")
    runs = [one, spot, two]
    names = [folder_name(run) for run in (one, two, spot)]
    assert assigned(runs, ["x", "y"]) == dict(zip(names, "xy", strict=False))
    assert assigned(runs, ["b=x", "y=z"[:1]]) == {names[1]: "x", names[0]: "y"}
    assert assigned(runs, [f"{names[0]}=x=y"]) == {names[0]: "x=y"}
    assert assigned(runs, {"c": "z"}) == {names[2]: "z"}
    grey = made("grey(smooth=1)", source="grey#1f0c3a52|smooth:1")
    assert assigned([one, grey], ["grey(smooth=1)=x=y", "z"]) == {folder_name(grey): "x=y", names[0]: "z"}
    longer = made("a=x", seed=9)
    assert assigned([one, longer], ["a=x=y", "z"]) == {folder_name(longer): "y", names[0]: "z"}
    for wrong, words in [
        (["x"], "2 runs need predictions"),
        (["d=x"], "unknown model"),
        (["a=x", "a=y"], "twice"),
    ]:
        with pytest.raises(SaliencyEvalError, match=words) as refused:
            assigned(runs, wrong)
        assert refused.value.exit_code == 2
    with pytest.raises(SaliencyEvalError, match="several runs"):
        assigned([made("a", seed=1), made("a", seed=2)], ["a=x"])


def test_runs_of_two_data_sets_make_no_report():
    with pytest.raises(SaliencyEvalError, match="is of one data set, the runs are of other, toy") as refused:
        report_page([made("a"), made("b", id="other")])
    assert refused.value.exit_code == 2
    with pytest.raises(SaliencyEvalError, match="needs a complete run"):
        report_page([made("a", n=5, complete=False)])


# ------------------------------------------------------------------ the command


def test_the_command_writes_the_page(scored):
    toy, _, _ = scored
    done = report("--data", "toy", "--pred", "maps=maps", "--pred", "other", "--each", "1", cwd=toy)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"saved page\.html   [0-9.]+ MB\n", done.stdout)
    page = (toy / "page.html").read_text("utf-8")
    assert page.count("Map of other") == 6
    document = answer(report("--format", "json", "--pred", "maps=maps", "--each", "1", cwd=toy))
    assert (document["page"], document["bytes"]) == ("page.html", (toy / "page.html").stat().st_size)
    assert "no stimuli" in document["missing"][0]


def test_the_command_refuses_what_it_must(scored):
    toy, _, _ = scored
    done = report("--data", "toy", "--pred", "maps=other", "--pred", "other=other", cwd=toy)
    assert done.returncode == 3
    assert done.stderr.startswith(
        "error[checksum]: the predictions in other must be those that maps was scored with"
    )
    assert not (toy / "page.html").exists()
    assert call("report", "nowhere", "--out", "p.html", cwd=toy).returncode == 2
    done = call("report", "results", "--out", "no/such/page.html", "--each", "1", cwd=toy)
    assert (done.returncode, done.stderr.startswith("error[io]")) == (5, True)


# ------------------------------------------------------------------ size


class Many(FixationDataset):
    """700 smooth images with fixations, made on the spot."""

    key, has_files = "demo", False

    def __init__(self):
        super().__init__("")

    def check_root(self):
        pass

    def images(self):
        return {f"{n:04}": None for n in range(700)}

    def shape_of(self, id):
        return 60, 80

    def extra_fields(self, id):
        return {"path": None}

    def image_of(self, id):
        noise = np.random.default_rng(int(id)).integers(0, 256, (15, 20, 3), dtype=np.uint8)
        return np.asarray(Image.fromarray(noise).resize((80, 60), Image.Resampling.BICUBIC))

    def gaze(self, id):
        points = np.random.default_rng(int(id)).integers((0, 0), (60, 80), (120, 2))
        return Gaze(points, np.zeros(120, np.int64), 0)


@pytest.mark.slow
def test_ten_models_on_700_images_make_a_page_below_8_mb():
    data = Many()
    models = [f"model:centre_gaussian(width={w / 20})" for w in range(1, 11)]
    runs = [se.score(model, data, "auc_judd,shuffled_auc,nss,cc,sim,kld,ig") for model in models]
    page, missing = report_page(runs, data)
    assert missing == ()
    assert page.count("Map of") == 10 * 6 + 4 * 10
    assert len(page.encode()) < 8e6


@pytest.mark.parametrize("out", ["", ".", "pipe"])
def test_a_page_is_not_put_in_the_place_of_what_is_no_file(tmp_path, out):
    os.mkfifo(tmp_path / "pipe")
    folder = save(made(), tmp_path)
    done = call("report", folder, "--out", out, cwd=tmp_path)
    assert done.returncode == 2
    assert "error[usage]: --out must be a file, got" in done.stderr
    assert stat.S_ISFIFO(os.stat(tmp_path / "pipe").st_mode)


def test_scores_that_are_nearly_nothing_have_a_distribution(tmp_path):
    tiny = [
        made(m, values=np.column_stack([np.arange(6) * 5e-324 * k, np.arange(6.0)]))
        for m, k in (("a", 1), ("b", 3))
    ]
    assert "svg" in report_page(tiny)[0]
