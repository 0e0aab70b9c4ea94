"""Pages before a browser sees them: policy, escaping, the same bytes for the same numbers."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import jinja2
import numpy as np
import pytest
from made_documents import document
from made_runs import MORE, NAMES, made

from saliency_eval import pages
from saliency_eval.boards import board_of
from saliency_eval.errors import shown
from saliency_eval.pages import board, plots
from saliency_eval.pages.page import HERE

ALL = {**NAMES, **MORE}
EMPTY = '{% extends "layout.html" %}{% block content %}{{ name }}{% endblock %}'
ATTRIBUTES = {
    "alt", "aria-label", "aria-labelledby", "aria-live", "aria-sort", "autocomplete", "checked", "class", "colspan",
    "content", "data-column", "data-columns", "data-filters", "data-first", "data-key", "data-of", "data-row",
    "data-shows", "data-sort", "data-value", "download", "height", "hidden", "href", "http-equiv", "charset", "id",
    "lang", "name", "placeholder", "rel", "role", "rowspan", "scope", "selected", "spellcheck", "src", "tabindex",
    "title", "type", "value", "width",
}  # fmt: skip


class Reader(HTMLParser):
    """Tags and attributes of a page, and the texts of the rows of each table."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.tables, self.inside = [], [], [], False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, [name for name, _ in attrs]))
        self.attributes += attrs
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.inside = True

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        if self.inside:
            self.tables[-1][-1][-1] += data


def full(name="m"):
    """A board with a name everywhere."""
    made = document(["good", name, "other"], ("auc_judd", "kld"))
    keys = (
        "model",
        "year",
        "metric",
        "value",
        "dataset_version",
        "split",
        "protocol",
        "source",
        "note",
        "url",
    )
    made["reported"] = [dict.fromkeys(keys, name) | {"here": name}]
    made["not_ranked"] = [dict.fromkeys(("model", "label", "run", "detail"), name) | {"reason": "incomplete"}]
    made["dataset"] |= dict.fromkeys(("id", "version"), name)
    made["dataset"] |= dict.fromkeys(("licence", "citation"), name or "none")
    made["metrics"]["kld"] |= dict.fromkeys(("label", "signature"), name)
    return made


def test_the_policy_comes_first_and_allows_the_style_and_script_of_the_page_only():
    text = pages.render(EMPTY, title="t", name="n", style="p { color: red }", script="all()")
    style, script = (re.search(f"<{tag}>(.*)</{tag}>", text, re.DOTALL)[1] for tag in ("style", "script"))
    allowed = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in (style, script)]
    assert text.split("<head>\n", 1)[1].startswith('<meta http-equiv="Content-Security-Policy" content="')
    assert Reader(text).attributes[2] == (
        "content",
        f"default-src 'none'; img-src data:; style-src 'sha256-{allowed[0]}'; script-src 'sha256-{allowed[1]}'; "
        "base-uri 'none'; form-action 'none'",
    )
    assert style.endswith("p { color: red }")
    assert script.endswith("all()")


def test_a_page_escapes_what_it_is_given_and_accepts_no_unknown_name():
    text = pages.render(EMPTY, title="<i>\x1b", name="<b>&\"'")
    assert "&lt;b&gt;&amp;&#34;&#39;" in text
    assert "<title>&lt;i&gt;\\x1b</title>" in text
    with pytest.raises(jinja2.UndefinedError, match="name"):
        pages.render(EMPTY, title="t")


def test_the_island_reads_back_and_holds_nothing_that_ends_it():
    data = {"b": "</script><!--", "a": ["\ud800", 0.1, None]}
    text = pages.render(EMPTY, title="t", name="n", island=data)
    assert pages.island(text) == data
    assert text.count("</script>") == 2
    assert '{"a":["\\ud800",0.1,null],"b":"\\u003c/script' in text
    with pytest.raises(ValueError, match="JSON"):
        pages.render(EMPTY, title="t", name="n", island={"a": float("nan")})
    with pytest.raises(ValueError, match="must hold a data island"):
        pages.island(pages.render(EMPTY, title="t", name="n"))


@pytest.mark.parametrize("own", ["pages/board.js", "report/report.js"])
def test_the_script_of_a_page_is_short_and_runs_no_text(own):
    script = "".join((HERE.parent / name).read_text(encoding="utf-8") for name in ("pages/page.js", own))
    assert len(script.splitlines()) <= 150
    for word in (
        "HTML",
        "insertAdjacent",
        "document.write",
        "eval",
        "Function(",
        "fetch",
        "import",
        "style.",
    ):
        assert word not in script


@pytest.fixture
def no_pictures(monkeypatch):
    """Pages without pictures, which take most of the time; no name reaches them as text."""
    for where, name in ((plots, "means"), (plots, "rank_intervals"), (plots, "scatter")):
        monkeypatch.setattr(where, name, lambda *_: "data:image/svg+xml;base64,")
    monkeypatch.setattr(board, "critical_differences", lambda _: "data:image/svg+xml;base64,")


@cache
def harmless():
    """The page of a board without a hostile name."""
    return Reader(pages.to_html(full()))


@pytest.mark.parametrize("name", ALL.values(), ids=ALL)
@pytest.mark.usefixtures("no_pictures")
def test_a_board_shows_every_name_as_text(name):
    page, plain = Reader(pages.to_html(full(name))), harmless()
    tags, wanted = ([tag for tag, _ in one.tags if tag != "a"] for one in (page, plain))
    assert tags == wanted
    assert {attribute for attribute, _ in page.attributes} <= ATTRIBUTES
    assert shown(name) in [row[1] for row in page.tables[0]]
    links = {value for attribute, value in page.attributes if attribute in ("href", "src")}
    links -= {value for attribute, value in plain.attributes if attribute in ("href", "src")}
    assert links <= {"https://evil.example/a"}


def test_a_board_is_the_same_bytes_whatever_wrote_its_document(tmp_path):
    import matplotlib

    made = full()
    text = pages.to_html(made)
    assert pages.to_html(json.loads(json.dumps(made, sort_keys=True))) == text
    with matplotlib.rc_context({"font.size": 30, "svg.fonttype": "none", "axes.grid": True}):
        assert pages.to_html(made) == text
    code = "import json, sys; from saliency_eval import pages; sys.stdout.write(pages.to_html(json.load(sys.stdin)))"
    env = {"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(sys.path), "TZ": "Asia/Tokyo", "PYTHONUTF8": "1",
           "MPLCONFIGDIR": str(tmp_path), "HOME": str(tmp_path)}  # fmt: skip
    (tmp_path / "matplotlibrc").write_text("font.family: serif\nlines.linewidth: 9\n")
    done = subprocess.run([sys.executable, "-c", code], input=json.dumps(made), env=env, capture_output=True,
                          encoding="utf-8", check=True)  # fmt: skip
    assert done.stdout == text


@pytest.mark.usefixtures("no_pictures")
def test_a_page_does_not_depend_on_the_version_that_made_its_document():
    text = pages.to_html(document())
    assert pages.to_html(document() | {"generator": {"name": "saliency-eval", "version": "9.9"}}) == text


def test_fifty_models_take_less_than_two_megabytes():
    metrics = ("auc_judd", "shuffled_auc", "nss", "cc", "sim", "kld", "ig", "emd")
    made = document([f"a model with a name {k}" for k in range(50)], metrics)
    text = pages.to_html(made)
    assert len(text.encode()) < 2e6
    assert len(Reader(text).tables[0]) == 52
    assert "The pairs of the other metrics are in" in text


def test_a_board_shows_means_intervals_letters_marks_and_counts():
    made = document(("a", "b", "c"), ("auc_judd", "kld"))
    low, high = ({"mean": m, "lo": m - 0.01, "hi": m + 0.01} for m in (0.5, 0.8))
    for row, cell, groups in zip(made["rows"], (high, high, low), ("a", "a", "b"), strict=True):
        row["metrics"]["auc_judd"] |= {**cell, "groups": [groups], "rank_lo": 1.5, "rank_hi": 2.0}
    for row, mean, groups in zip(made["rows"], (3.0, 1.0, 2.0), ("c", "a", "b"), strict=True):
        row["metrics"]["kld"] |= {"mean": mean, "lo": mean - 0.5, "hi": mean + 0.5, "groups": [groups]}
    made["rows"][2] |= {"rank": "2-3", "resize": "mit(2)", "missing": "constant(1)", "run": "../evil"}
    text = pages.to_html(made)
    rows = [[" ".join(cell.split()) for cell in row] for row in Reader(text).tables[0]]
    assert rows[0] == ["rank", "model", "auc_judd \u2191", "kld \u2193", "of ceiling", "images", "scores"]
    assert rows[1][1:4] == ["a", "0.800a\u00b10.010", "3.00c\u00b10.50"]
    marks = "2 maps resized, 1 map missing, scored as constant"
    assert rows[3] == ["2-3", f"c {marks}", "0.500b\u00b10.010", "2.00b\u00b10.50",
                       rows[3][4], f"300/300, {marks}", "../evil"]  # fmt: skip
    assert "<b>0.800</b><sup>a" in text
    assert text.count("<b>0.800</b>") == 2
    assert "<b>1.00</b><sup>a" in text
    assert "<u>2.00</u><sup>b" in text  # the second, outside of the group of the best
    assert "<u>0.500" not in text  # third
    assert 'title="ranks 1-2, first in' in text
    assert "AUC-Judd: higher is better, range 0 to 1, chance 0.5" in text
    assert 'href="scores/run-' in text
    assert "scores/../" not in text


@pytest.mark.usefixtures("no_pictures")
def test_attributes_hold_no_raw_marks_of_direction():
    made = json.loads(json.dumps(full("a\u202eb")).replace('"kld"', json.dumps("kld(\u202ex)")))
    page = Reader(pages.to_html(made))
    assert [pair for pair in page.attributes if "\u202e" in (pair[1] or "")] == []
    assert ("data-column", "kld(\\u202ex)") in page.attributes


@pytest.mark.usefixtures("no_pictures")
def test_every_table_has_a_caption():
    text = pages.to_html(full())
    assert text.count("<table") == text.count('<caption class="unseen">') > 5


@pytest.mark.usefixtures("no_pictures")
def test_a_skew_is_told_with_its_names_as_text():
    made = document(("<b>", "{0}", "c"))
    for row in made["rows"][:2]:
        row["metrics"]["nss"]["skew"] = -3.5
    text = pages.to_html(made)
    assert "skew beyond 3 for &lt;b&gt; (-3.5), {0} (-3.5): those intervals are too narrow." in text
    assert (
        '<p class="note">Models that share a letter cannot be told apart with this many images. <b>Bold'
        in text
    )


def test_observers_stand_below_and_sections_appear_only_with_something_in_them():
    made = document()
    text = pages.to_html(made)
    assert [row[1] for row in Reader(text).tables[0]][-1] == "observers (ceiling)"
    for heading in ("Not ranked", "Published elsewhere"):
        assert heading not in text
        assert heading in pages.to_html(full())
    for metric in made["metrics"].values():
        metric |= {"floor": None, "ceiling": None}
    for row in made["rows"]:
        for cell in row["metrics"].values():
            cell["norm"] = None
    text = pages.to_html(made)
    assert "observers (ceiling)" not in text
    assert ">of ceiling<" not in text


def test_published_values_are_linked_only_where_the_link_is_http():
    made = full()
    urls = ["https://doi.org/10.1167/14.1.28", "http://a.example/b", "javascript:alert(1)", "data:text/html,x", None,
            "https://a b", 'https://a"b', "//a.example", "HTTPS://a@b.example"]  # fmt: skip
    made["reported"] = [made["reported"][0] | {"url": url, "source": str(url)} for url in urls]
    links = [value for name, value in Reader(pages.to_html(made)).attributes if name == "href"]
    assert [link for link in links if "://" in link] == urls[:2]


@pytest.mark.parametrize(
    "runs",
    [
        [made("alone")],
        [made(m, values=np.full((6, 2), 0.5)) for m in "ab"],
        [made(m, seed=k, labels=("nss",), values=np.arange(6.0)[:, None] + k) for k, m in enumerate("abcd")],
    ],
    ids=["one model", "equal scores", "one metric"],
)
def test_boards_that_lack_something_have_a_page(runs):
    page = Reader(pages.to_html(board_of(runs).document))
    assert len(page.tables[0]) == 1 + len(runs)


def test_a_metric_without_any_mean_has_a_column_and_no_picture():
    made = document()
    for row in made["rows"]:
        lost = dict.fromkeys(row["metrics"]["auc_judd"]) | {
            "groups": [],
            "reason": "undefined on 300 of 300 images",
        }
        row |= {"rank": "-", "metrics": row["metrics"] | {"auc_judd": lost}}
    made["pairs"] = []
    text = pages.to_html(made)
    assert 'n/a<span class="interval">undefined on 300 of 300 images</span>' in text
    assert 'data-of="intervals" data-key="kld"' in text
    assert 'data-of="intervals" data-key="auc_judd"' not in text
    assert "The best mean" not in text


def test_what_stands_in_the_island():
    made = full()
    island = pages.island(pages.to_html(made))
    assert island == {key: value for key, value in made.items() if key not in ("pairs", "generator")}


def test_importing_pages_is_enough_to_find_their_files():
    assert {path.name for path in Path(HERE).glob("*.*") if path.suffix != ".py"} == {
        "board.html", "board.js", "board_plots.html", "board_rest.html", "board_table.html", "layout.html", "page.css",
        "page.js", "parts.html",
    }  # fmt: skip
