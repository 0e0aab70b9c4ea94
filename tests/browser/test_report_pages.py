"""The report and the page of an image in a real browser: they open, ask for nothing, and work."""

from pathlib import Path

import numpy as np
import pytest
from made_documents import document
from made_runs import made

import saliency_eval as se
from saliency_eval.pages import plots, to_html
from saliency_eval.report import explain, report_page

MODELS = ["model:centre_bias", "model:centre_gaussian(width=0.2)", "model:uniform"]
CONTRASTS = Path(__file__).with_name("contrast.js")


@pytest.fixture(scope="module")
def report():
    """A report on three models of the demonstration data."""
    names = ["<img src=x onerror=alert(1)>", "b", "c"]
    runs = [se.score(m, "demo", "auc_judd,nss,kld", name=n) for m, n in zip(MODELS, names, strict=True)]
    return report_page(runs, each=1)[0]


@pytest.fixture(scope="module")
def image():
    """The page of an image with all metrics."""
    return explain("colour-90", MODELS[:2], "demo", "all").page


@pytest.mark.parametrize("script", [True, False])
def test_the_report_opens_and_asks_for_nothing(browser, report, script):
    browser.open(report, script=script)
    assert [address for address in browser.requests() if not address.startswith("file:")] == []
    sizes = browser.each("main img", "[e.complete, e.naturalWidth, e.alt]") if script else []
    assert all(complete and width > 0 and alt for complete, width, alt in sizes)
    visible = len([e for e in browser.find("[data-of=model]") if e.is_displayed()])
    assert visible == (1 if script else 3)


def test_a_model_is_chosen_and_images_are_sorted(browser, report):
    browser.open(report)
    browser.find("select[data-shows=model]")[0].send_keys("c")
    assert browser.shown("[data-of=model] > h3") == ["c"]
    browser.find("summary")[0].click()
    heads = browser.find("#every th button.sort")
    heads[-1].click()
    gaps = [float(text) for text in browser.texts("#every tbody td:last-child")]
    assert gaps == sorted(gaps, reverse=True)
    browser.find("input[data-filters=every]")[0].send_keys("larger")
    assert browser.shown("#every tbody th") == [t for t in browser.texts("#every tbody th") if "larger" in t]


@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_and_can_be_read(browser, report, image, width, scheme):
    for html in (report, image):
        browser.open(html, width=width, scheme=scheme)
        assert browser.js("return document.documentElement.scrollWidth") <= width
        found = browser.js(CONTRASTS.read_text())
        assert {key: ratio for key, ratio in found.items() if ratio < 4.5} == {}


def test_the_page_of_an_image_opens(browser, image):
    browser.open(image)
    assert [address for address in browser.requests() if not address.startswith("file:")] == []
    sizes = np.array(browser.each("main img", "[e.naturalWidth, e.clientWidth]"))
    assert len(sizes) > 20
    assert (sizes > 0).all()
    coloured = "section:has(.sight .photo)"
    assert (
        len(browser.find(coloured)) == len(browser.find(f"{coloured} .scale")) > 5
    )  # each says what its colours are


@pytest.fixture(scope="module")
def protocols():
    """A report on two models of the demonstration data under two protocols."""
    runs = [se.score(m, "demo", "kld,nss", protocol=p) for m in MODELS[:2] for p in ("mit", "exact")]
    return report_page(runs, each=1)[0]


@pytest.mark.parametrize("script", [True, False])
def test_protocols_stand_side_by_side_of_the_chosen_model(browser, protocols, script):
    browser.open(protocols, script=script)
    assert [address for address in browser.requests() if not address.startswith("file:")] == []
    shown = [e.is_displayed() for e in browser.find("table.beside")]
    assert shown == ([True, False] if script else [True, True])
    heads = [e.text for e in browser.find("table.beside thead th") if e.is_displayed()]
    assert heads[:3] == ["metric", "mit", "exact"]
    if script:
        choose(browser, "select[data-shows=protocols]", "p2")
        assert [e.is_displayed() for e in browser.find("table.beside")] == [False, True]


def choose(browser, selector, value):
    """Take an option of a select, as a reader does."""
    browser.js(
        "const one = document.querySelector(arguments[0]); one.value = arguments[1];"
        "one.dispatchEvent(new Event('change'))",
        selector,
        value,
    )


def test_two_models_are_chosen_and_drawn_image_by_image(browser, report):
    browser.open(report)
    assert browser.each("#two > *", "e.tagName") == ["IMG"]
    choose(browser, "#second", "3")
    names = browser.texts("#second option")
    rows = browser.each("#every tbody tr", "[...e.cells].map((c) => c.textContent)")
    titles = browser.texts("#two svg circle title")
    assert titles == [f"{row[0]}: {row[1]}, {row[3]}" for row in rows]
    values = np.array(
        browser.each("#every tbody tr", "[e.cells[1], e.cells[3]].map((c) => Number(c.dataset.value))")
    )
    won, lost = (int((sign * (values[:, 0] - values[:, 1]) > 0).sum()) for sign in (1, -1))
    told = f"{names[0]} is better on {won} images, {names[2]} on {lost}, both are alike on {len(rows) - won - lost}."
    assert browser.texts("#wins") == [told]
    places = np.array(
        browser.each("#two svg circle", "['cx', 'cy'].map((name) => Number(e.getAttribute(name)))")
    )
    line = browser.each(
        "#two svg .tie", "['x1', 'y1', 'x2', 'y2'].map((name) => Number(e.getAttribute(name)))"
    )[0]
    above = (places[:, 0] - line[0]) / (line[2] - line[0]) < (places[:, 1] - line[1]) / (line[3] - line[1])
    assert above.tolist() == (values[:, 1] > values[:, 0]).tolist()
    choose(browser, "#second", "1")
    assert browser.texts("#wins")[0].endswith(f"both are alike on {len(rows)}.")


def test_the_drawn_pair_is_won_by_what_is_better(browser, protocols):
    """Less is better: drawn anew, the pair is told as the page told it before any script."""
    browser.open(protocols)
    [told] = browser.texts("#wins")
    choose(browser, "#second", "2")
    assert browser.texts("#wins") == [told]
    values = np.array(
        browser.each("#every tbody tr", "[e.cells[1], e.cells[2]].map((c) => Number(c.dataset.value))")
    )
    assert f" is better on {(values[:, 0] < values[:, 1]).sum()} images" in told


def test_the_first_two_models_are_there_without_the_script(browser, report):
    browser.open(report, script=False)
    [picture] = browser.find("#two img")
    assert picture.is_displayed()
    assert "is better on" in browser.find("#wins")[0].text
    assert not browser.find("#first")[0].is_displayed()


@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_protocols_and_the_drawn_pair_fit_and_can_be_read(browser, protocols, width, scheme):
    browser.open(protocols, width=width, scheme=scheme)
    choose(browser, "#first", "2")
    assert browser.js("return document.documentElement.scrollWidth") <= width
    assert {key: ratio for key, ratio in browser.js(CONTRASTS.read_text()).items() if ratio < 4.5} == {}


def test_every_section_and_table_has_a_name(browser, report, protocols, image):
    for html in (report, protocols, image):
        browser.open(html)
        unnamed = "!e.querySelector('caption') && !e.closest('[role=group][aria-label]')"
        assert not any(browser.each("main table", unnamed))
        named = "document.getElementById(e.getAttribute('aria-labelledby'))?.textContent ?? ''"
        assert all(browser.each("main section, header section", named))
        assert not any(browser.each("main [title]", "!e.closest('#table, #pairs')"))  # those of a board


CUT = """
return [...document.querySelectorAll("#intervals [data-of]:not([hidden]) .strips tbody th")].map((cell) => {
  const range = document.createRange();
  range.selectNodeContents(cell);
  const [text, room] = [range.getBoundingClientRect(), cell.getBoundingClientRect()];
  return [cell.textContent, text.right <= room.right && text.bottom <= room.bottom + 3];
});
"""  # a line is as high as its letters and no higher: what lies below it is empty


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize(
    "names",
    [
        ("ground_truth_box (baseline)", "deep", "centre_gaussian"),
        ("centre_gaussian(width=0.2) (baseline)", "b", "c"),
        ("a model of which much is to be told in its name, and of its options: 0.25, 9", "b", "c"),
    ],
    ids=["short", "long", "longer"],
)
def test_names_in_intervals_are_not_cut_off(browser, names, width):
    browser.open(to_html(document(names)), width=width)
    assert sorted(browser.js(CUT)) == sorted([name, True] for name in names)
    heights = browser.each("#intervals [data-of]:not([hidden]) .strips tbody tr:not(.axis)", "e.clientHeight")
    assert heights == [plots.ROW] * len(names)


def test_images_that_coincide_are_one_larger_dot(browser):
    first, second = (
        [1, 0, 0, 0, 0, 1],
        [0, 1, 1, 0, 1, 1],
    )  # by image: a is better on one, b on three, two are alike
    runs = [
        made(m, labels=("nss",), seed=n, values=np.transpose([v]))
        for n, (m, v) in enumerate((("a", first), ("b", second)))
    ]
    browser.open(report_page(runs, each=1)[0])
    told = browser.texts("#wins")  # b stands first
    assert told == ["b is better on 3 images, a on 1, both are alike on 2."]
    choose(browser, "#second", "2")
    assert browser.texts("#wins") == told
    dots = browser.each(
        "#two svg circle", "[e.textContent, ...['cx', 'cy', 'r'].map((key) => Number(e.getAttribute(key)))]"
    )
    radii = {text: r for text, *_, r in dots}
    assert radii == {
        "3 images: 1.000, 0.000": pytest.approx(2.5 * 3**0.5), "i5: 1.000, 1.000": 2.5,
        "i7: 0.000, 0.000": 2.5, "i10: 0.000, 1.000": 2.5,
    }  # fmt: skip
    assert all(x - r >= 62 and y + r <= 354 for _, x, y, r in dots)  # within the axes


BROKEN = """
const broken = (node) => [...node.textContent.matchAll(/\\S+/g)].filter(({ 0: word, index }) => {
  const range = document.createRange();
  range.setStart(node, index);
  range.setEnd(node, index + word.length);
  return new Set([...range.getClientRects()].map((one) => one.top)).size > 1;
}).map(([word]) => word);
return [...document.querySelectorAll("#board .name, .places .name, .pairs .name")]
  .filter((e) => e.checkVisibility()).flatMap((e) => broken(e.firstChild));
"""


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_name_is_broken_within_a_word(browser, width):
    names = ("ground_truth_box (baseline)", "image_signature", "centre_gaussian (baseline)")
    browser.open(to_html(document(names)), width=width)
    assert browser.js(BROKEN) == []


def test_one_plot_is_no_larger_than_others(browser):
    runs = [made(m, labels=("nss",), seed=n) for n, m in enumerate("ab")]
    browser.open(report_page(runs, each=1)[0], width=1280)
    [width] = browser.each("#distributions img", "e.clientWidth")
    assert width <= 38 * 16
    assert browser.texts("#board thead th")[-1] == "run"  # no file of scores lies beside a report
    assert browser.find(".scale") == []  # no map, no colours
