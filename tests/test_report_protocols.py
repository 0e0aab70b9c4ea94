"""The same maps under several protocols on one page: the numbers of `score --protocol all`, causes and words."""

import re
from dataclasses import replace

import numpy as np
import pytest
from made_runs import made, signature
from test_cli import answer, call
from test_report import Page

import saliency_eval as se
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.protocols import names_of
from saliency_eval.report import plots, report_page, versus
from saliency_eval.report.places import places
from saliency_eval.report.protocols import groups_of, lead
from saliency_eval.report.runs import one_board
from saliency_eval.run import rounded
from saliency_eval.saved import load_runs
from saliency_eval.side_by_side import Difference
from saliency_eval.side_by_side.words import effect, lines_of, unasked

TWO = "mit,exact"


@pytest.fixture
def no_pictures(no_pictures, monkeypatch):
    """Those of reports cost time as well."""
    for where, name in ((plots, "distribution"), (plots, "against"), (plots, "roc"), (versus, "drawn")):
        monkeypatch.setattr(where, name, lambda *_: "data:image/svg+xml;base64,")


def under(run, protocol, **fields):
    """A made run as if scored under another protocol."""
    lines = {
        label: line.replace("protocol:mit", f"protocol:{protocol}") for label, line in run.signatures.items()
    }
    return replace(run, setting=run.setting._replace(protocol=protocol), **{"signatures": lines, **fields})


def nss(name, seed, values=None):
    """A made run of one metric."""
    return made(name, seed=seed, labels=("nss",), values=values)


def scored(toy, protocols, *more):
    """What `score` says of the maps of the toy data set, whose runs it saves."""
    line = (
        "score",
        "maps",
        "--data",
        "toy",
        "--protocol",
        protocols,
        "--workers",
        "1",
        "--format",
        "json",
        *more,
    )
    return answer(call(*line, cwd=toy))


def page_of(toy, *more):
    """The page that the command makes of them."""
    done = call("report", "results", "--out", "page.html", "--each", "1", "--workers", "1", *more, cwd=toy)
    assert done.returncode == 0, done.stderr
    return (toy / "page.html").read_text("utf-8")


def cells(page, table):
    """The texts of the cells of each row of the first table of a class; a cell is a list of its lines."""
    start = page.index(f'<table class="{table}">')
    rows = re.findall(r"<tr>(.*?)</tr>", page[start : page.index("</table>", start)], re.DOTALL)
    found = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]
    return [[re.split("<[^>]*>+", cell.replace("</span>", "")) for cell in row] for row in found]


# ------------------------------------------------------------------ numbers


def test_the_numbers_are_those_of_score_under_all_protocols(toy, no_pictures):
    told = scored(toy, "all")
    page = page_of(toy, "--data", "toy", "--pred", "maps")
    head, *rows = cells(page, "beside")
    assert [cell[0] for cell in head] == ["metric", *names_of("fixations")]
    runs = {run.setting.protocol: run for run in load_runs(toy / "results")[0]}
    moved = {(one["metric"], one["protocol"]): one["difference"] for one in told["causes"]}
    for [label], *means in rows:
        key = label.split()[0]
        for protocol, lines in zip(names_of("fixations"), means, strict=True):
            mean = next(r for r in told["results"] if r["protocol"] == protocol)["metrics"].get(key)
            assert (lines == ["-"]) == (mean is None)
            if mean:
                assert lines[:2] == list(rounded(runs[protocol].means[key]))
                assert lines[0] == f"{mean['mean']:.{len(lines[0].partition('.')[2])}f}"
            if (key, protocol) in moved:
                told_here = effect(moved[key, protocol])
                assert lines[2] == ("same" if told_here == "0" else told_here)
    lines = [[cell[0] for cell in row][-4:] for row in cells(page, "causes")[1:]]
    unique = {(one["cause"], next(iter(one["options"])), effect(one["alone"])) for one in told["causes"]}
    assert {(cause, option.split(":")[0], alone) for cause, option, alone, _ in lines} == unique
    assert "unknown" not in {alone for *_, alone, _ in lines}
    for one in told["causes"]:
        assert Page(page).says(f"{one['cause']}: {one['sentence']}")


def test_without_the_maps_a_cause_alone_is_unknown(toy, no_pictures):
    scored(toy, TWO, "--metrics", "nss,cc")
    page = page_of(toy, "--data", "toy")
    assert {row[-2][0] for row in cells(page, "causes")[1:]} == {"unknown"}
    assert Page(page).says("unknown where the maps are not at hand: name them with --pred")


def test_one_cause_needs_no_maps(toy, no_pictures):
    told = scored(toy, "tuebingen,exact", "--metrics", "cc")
    [one] = told["causes"]
    page = page_of(toy)
    assert cells(page, "causes")[1][-2] == [effect(one["difference"])]
    assert "name them with --pred</p>" not in page


# ------------------------------------------------------------------ which runs stand where


def test_the_board_is_of_the_first_protocol_or_of_the_one_that_is_named(no_pictures):
    first = nss("a", 1)
    runs = [under(first, "exact"), first, under(nss("b", 2), "exact")]
    page, missing = report_page(runs, each=1)
    assert "under protocol <strong>mit</strong>" in page
    assert not any("is not shown" in text for text in missing)  # its place is
    assert [(row[0][1], row[1][0], row[2][0]) for row in cells(page, "places")[1:]] == [
        ("a", "1", "1-2"), ("b", "-", "1-2")
    ]  # fmt: skip
    page, missing = report_page(runs, protocol="exact", each=1)
    assert "2 models on 6 images" in page
    assert "There are also runs under mit" in page
    assert not any("is not shown" in text for text in missing)
    with pytest.raises(SaliencyEvalError, match="unknown protocol of the runs 'tuebingen'") as refused:
        report_page(runs, protocol="tuebingen")
    assert refused.value.exit_code == 2


def test_protocols_have_one_order_and_the_first_is_complete():
    complete, part = made("a", seed=1), made("a", n=5, complete=False, seed=1)
    found = lead([under(complete, "other"), under(complete, "exact"), part], None)
    assert (found.protocol, found.protocols) == ("exact", ["mit", "exact", "other"])
    assert [run.setting.protocol for run in found.runs] == ["exact"]


def test_only_runs_that_can_be_compared_stand_side_by_side():
    a, b = made("a", labels=("nss",)), made("a", labels=("kld",))
    assert groups_of([a, b]) == []
    [group] = groups_of([a, under(a, "exact"), made("a", labels=("nss",), seed=1)])
    assert [run.setting.protocol for run in group] == ["mit", "exact"]
    [group] = groups_of([a, under(made("a", labels=("cc",), signatures={"cc": "cc|protocol:mit"}), "exact")])
    assert len(group) == 2
    assert groups_of([a, under(b, "exact")]) == []  # kld has no ddof: written by another version


def test_models_stand_in_the_order_of_the_board_then_those_that_are_not_on_it(no_pictures):
    ranked = [nss(f"m{k}", k, np.full((6, 1), float(k))) for k in range(5)]
    off = under(nss("off", 9), "tuebingen")
    runs = [off, under(off, "exact"), *ranked, *(under(run, "exact") for run in ranked)]
    page, _ = report_page(runs, each=1)
    section = page[page.index('<section id="protocols"') : page.index('<section id="intervals"')]
    names = re.findall(r'<h4><bdi class="name">(.*?)</bdi>', section)
    assert names == ["m4", "m3", "m2", "m1", "m0", "off"]
    assert section.count("No number differs.") == 6


def test_two_models_of_one_name_are_told_apart(no_pictures):
    runs = [nss("a", seed) for seed in (1, 2)]
    page, _ = report_page([*runs, *(under(run, "exact") for run in runs)], each=1)
    board = page[page.index('<table id="board"') : page.index('<section id="protocols"')]
    section = page[page.index('<section id="protocols"') : page.index('<section id="intervals"')]
    names = re.findall(r'<th scope="row"><bdi class="name">(.*?)</bdi>', board)
    assert len(set(names)) == 2
    assert re.findall(r'<h4><bdi class="name">(.*?)</bdi>', section) == names


def test_each_protocol_gives_its_own_places(no_pictures):
    ones, twos = np.ones((6, 2)), np.full((6, 2), 2.0)
    lines = {"nss": signature("nss"), "kld": signature("kld").replace("ddof:1", "eps:0.5")}
    a, b = (made(m, seed=n, values=v, signatures=lines) for m, n, v in (("a", 1, ones), ("b", 2, twos)))
    lower = {"values": ones[:, :1], "labels": ("kld",), "keys": ("kld",)}
    runs = [a, b, under(a, "exact", values=2 * twos), under(b, "exact"), under(b, "other", **lower)]
    runs[-1] = replace(runs[-1], signatures={"kld": runs[-1].signatures["kld"]})
    leading = lead(runs, None)
    found = places(leading, one_board(leading.runs, (), None), ["b", "a"])
    assert found.heads == [("mit", "nss \u2191"), ("exact", "nss \u2191"), ("other", "kld \u2193")]
    ranks = {model: [cell.rank for cell in cells] for model, cells in found.rows}
    assert ranks == {"b": ["1", "2", "1"], "a": ["2", "1", "-"]}
    assert found.rows[1][1][1].mean == "4.0000"
    page, _ = report_page(runs, each=1)
    assert [row[1:] for row in cells(page, "places")[1:]] == [
        [[cell.rank, cell.mean] if cell.mean else [cell.rank] for cell in row] for _, row in found.rows
    ]
    assert places(lead(runs[:2], None), one_board(runs[:2], (), None), ["b", "a"]) is None


def test_other_data_is_still_refused():
    with pytest.raises(SaliencyEvalError, match="is of one data set"):
        report_page([made("a"), made("b", id="other")])


def test_no_runs_make_no_page():
    with pytest.raises(SaliencyEvalError, match="needs a complete run, there is none"):
        report_page([])


def test_what_is_told_of_causes_is_so(no_pictures):
    """Not from which protocol where that differs by metric; not that maps are lost where a cause was not scored."""
    lines = {"nss": signature("nss"), "kld": signature("kld").replace("ddof:1", "eps:0.5")}
    first = made("a", labels=("nss",), signatures={"nss": lines["nss"]})
    other, last = (
        made(
            "a",
            labels=("kld",),
            signatures={"kld": signature("kld", protocol=p).replace("ddof:1", f"eps:{eps}")},
        )
        for p, eps in (("tuebingen", "0.5"), ("exact", "0.25"))
    )
    runs = [first, under(other, "tuebingen"), under(last, "exact")]
    page, _ = report_page(runs, each=1)
    assert "<h5>Why they differ</h5>" in page
    assert "exact (from tuebingen)" in page
    page, _ = report_page(
        [first, under(replace(first), "exact", signatures={"nss": signature("nss", ddof="0")})]
    )
    assert "<h5>Why they differ from mit</h5>" in page
    assert '<span class="moved">same</span>' in page


# ------------------------------------------------------------------ words


def cause(than, protocol):
    return Difference(
        "auc", than, protocol, 1.0, "duplicates", {"duplicates": ("unique", "count")}, "...", 1.0
    )


def test_a_difference_from_another_protocol_than_the_first_says_from_which():
    found = [cause("mit", "exact"), cause("tuebingen", "exact")]
    assert lines_of(found, "mit") == [
        ["auc", "duplicates", "duplicates: unique -> count", "+1", "exact, exact (from tuebingen)"]
    ]


def test_what_a_protocol_scores_only_when_it_is_named_is_said(toy):
    run = se.score(toy / "maps", str(toy / "toy"))
    assert unasked([run]) == ["ig", "emd"]
    assert unasked([run, se.score(toy / "maps", str(toy / "toy"), "ig")]) == ["emd"]
    assert unasked([se.score(toy / "maps", str(toy / "toy"), "nss")]) == []
    assert unasked([under(made("m"), "other")]) == []
    done = call("score", "maps", "--data", "toy", "--protocol", TWO, "--no-save", cwd=toy)
    assert done.stderr.splitlines()[-1] == "not scored unless named with --metrics: ig, emd"


def test_names_of_protocols_and_models_are_text(no_pictures):
    run = nss("<b>&\x1b", 1)
    other = under(run, "<i>", signatures={"nss": signature("nss", protocol="<i>", ddof="0")})
    page, _ = report_page([run, other], each=1)
    assert "<b>&" not in page
    assert "<i>" not in page
    assert "ddof: 1 \u2192 0" in page
