"""The page of a board in a real browser: it works, asks for nothing, and shows names as names."""

import io
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from made_documents import document
from made_runs import MORE, NAMES
from PIL import Image

from saliency_eval.errors import shown
from saliency_eval.pages import to_html

ActionChains = pytest.importorskip("selenium.webdriver", reason="no selenium").ActionChains
Keys = pytest.importorskip("selenium.webdriver", reason="no selenium").Keys
MODELS = ("deep", "signature x centre", "Image signature", "spectral residual", "centre bias", "uniform")
CONTRASTS = Path(__file__).with_name("contrast.js")
METRIC = "kld(\"'<b>]{{ 7 * 7 }}\\\u202e)"
HOSTILE = [*NAMES.values(), *MORE.values()]


def board(names=MODELS, metrics=("auc_judd", "nss", "kld"), **more):
    """The document of a board with all sections; one mean is missing."""
    made = document(names, metrics)
    lost = made["rows"][0]["metrics"][metrics[1]]
    lost |= dict.fromkeys(("mean", "lo", "hi", "rank_lo", "rank_hi", "norm"))
    lost |= {"groups": [], "reason": "undefined on 3 of 300 images"}
    keys = ("model", "label", "run", "detail")
    made["not_ranked"] = [{"reason": "incomplete", **dict.fromkeys(keys, name)} for name in names[:3]]
    made["reported"] = [
        {"model": n, "year": "2015", "metric": "nss", "value": "1.9", "dataset_version": n, "split": n,
         "protocol": n, "source": n, "note": n, "url": n, "here": n}
        for n in names
    ]  # fmt: skip
    return made | more


@pytest.fixture(scope="module")
def page():
    """The page of a small board."""
    return to_html(board())


@pytest.fixture(scope="module")
def hostile():
    """A page on which everything that has a name is hostile."""
    made = board(HOSTILE, ("auc_judd", "kld"))
    made["dataset"] |= dict(zip(("id", "version", "citation", "licence"), HOSTILE, strict=False))
    made["metrics"]["auc_judd"]["signature"] = "".join(HOSTILE[:5])
    return to_html(json.loads(json.dumps(made).replace('"kld"', json.dumps(METRIC))))


def order(browser):
    """The names of the board in the order in which they stand."""
    return browser.texts("#board tbody .name")


def act(browser):
    """Actions of pointer and keys."""
    return ActionChains(browser.driver, duration=0)


def test_it_opens_from_disk_and_asks_for_nothing(browser, page):
    browser.open(page)
    assert browser.each("img", "e.complete && e.naturalWidth > 0") == [True] * 8
    for button in browser.find("button.sort, button.model"):
        browser.js("arguments[0].click()", button)
    [address] = browser.requests()
    assert address.startswith("file://")


def sorted_by(made, column, descending):
    """Names as a column orders them: missing last, ties as they stood."""
    values = [column(row) for row in made["rows"]]
    known = [k for k, value in enumerate(values) if value is not None]
    found = sorted(known, key=lambda k: values[k], reverse=descending)
    return [made["rows"][k]["label"] for k in [*found, *(k for k, v in enumerate(values) if v is None)]]


def mean(key):
    return lambda row: row["metrics"][key]["mean"]


COLUMNS = {  # by position: what it sorts by, and whether the first press has the greatest on top
    1: (lambda row: row["label"].lower(), False),
    2: (mean("auc_judd"), True),
    3: (mean("nss"), True),
    4: (mean("kld"), False),
    5: (lambda row: row["metrics"]["auc_judd"]["norm"], True),
    7: (lambda row: row["run"], False),
    0: (lambda row: row["rank"], False),
}


def aria(browser):
    """The columns that say that they are sorted."""
    states = browser.each("#board thead th", "e.ariaSort")
    return {k: state for k, state in enumerate(states) if state}


def test_every_column_sorts_both_ways(browser, page):
    browser.open(page)
    made = board()
    buttons = browser.find("#board button.sort")
    assert len(buttons) == 8
    assert (order(browser), aria(browser)) == (list(MODELS), {0: "ascending"})
    for column, (value, descending) in COLUMNS.items():
        for turned in (descending, not descending):
            buttons[column].click()
            assert order(browser) == sorted_by(made, value, turned), (column, turned)
            assert aria(browser) == {column: "descending" if turned else "ascending"}


def test_columns_sort_by_keyboard_and_what_is_missing_goes_last(browser, page):
    browser.open(page)
    button = browser.find("#board button.sort")[3]
    assert order(browser)[0] == "deep"  # has no nss
    for key, turned in ((Keys.ENTER, True), (Keys.SPACE, False)):
        button.send_keys(key)
        assert order(browser) == sorted_by(board(), mean("nss"), turned)
        assert order(browser)[-1] == "deep"
        assert aria(browser) == {3: "descending" if turned else "ascending"}


def test_the_filter_keeps_the_rows_that_hold_all_words(browser, page):
    browser.open(page)
    [field] = browser.find("input[type=search]")
    field.send_keys("SIGNATURE")
    assert browser.shown("#board tbody .name") == ["signature x centre", "Image signature"]
    field.send_keys(" image")
    assert browser.shown("#board tbody .name") == ["Image signature"]
    field.clear()
    field.send_keys("300")  # images, not a name
    assert browser.shown("#board tbody .name") == []
    field.clear()
    field.send_keys(" ")
    assert browser.shown("#board tbody .name") == list(MODELS)


def test_columns_and_sections_of_metrics_can_be_chosen(browser, page):
    browser.open(page)
    [box] = browser.find("input[data-column=nss]")
    box.send_keys(Keys.SPACE)
    assert browser.shown("#board [data-column=nss]") == []
    assert len(browser.shown("#board [data-column=kld]")) == len(MODELS) + 2
    box.click()
    assert len(browser.shown("#board [data-column=nss]")) == len(MODELS) + 2
    for part in ("intervals", "pairs"):
        assert browser.shown(f"#{part} h3") == ["auc_judd"]
        browser.find(f"#{part} select")[0].send_keys("kld")
        assert browser.shown(f"#{part} h3") == ["kld"]


@pytest.mark.parametrize("width", [360, 1200])
def test_pictures_stand_beside_their_rows(browser, hostile, width):
    browser.open(hostile, width=width)
    strip, top = "#intervals [data-of]:not([hidden]) .strips", "getBoundingClientRect().top"
    below = f"[...e.closest('.strips').querySelectorAll('tbody th')].map(row => row.{top} - e.{top})"  # at one time
    heights = browser.each(f"{strip} img", "e.getBoundingClientRect().height")
    for rows, height in zip(browser.each(f"{strip} img", below), heights, strict=True):
        assert np.allclose(rows, 26 * np.arange(len(HOSTILE)), atol=0.5)
        assert height == pytest.approx(rows[-1] + 26 + 36, abs=0.5)


def tied(browser):
    """Names that are lit."""
    return browser.texts("#board tr.tied .name")


def test_models_that_share_a_letter_light_up(browser):
    made = board()
    groups = {"auc_judd": ["a", "ab", "b", "c", "c", "d"], "nss": ["a", "b", "", "b", "c", "c"]}
    for key, letters in groups.items():
        for row, own in zip(made["rows"], letters, strict=True):
            row["metrics"][key]["groups"] = list(own)
    browser.open(to_html(made))
    rows, buttons = browser.find("#board tbody tr"), browser.find("button.model")
    assert tied(browser) == []
    act(browser).move_to_element(buttons[1]).perform()
    assert tied(browser) == list(MODELS[:3])
    assert "cannot be told apart from deep, Image signature" in browser.texts("#tied")[0]
    act(browser).move_to_element(rows[1].find_elements("css selector", "td")[2]).perform()  # another metric
    assert tied(browser) == [MODELS[1], MODELS[3]]
    act(browser).move_to_element(browser.find("h1")[0]).perform()
    assert tied(browser) == []
    browser.js("arguments[0].focus()", buttons[3])
    assert tied(browser) == list(MODELS[3:5])
    buttons[5].send_keys(Keys.ENTER)  # pressed: it stays
    browser.js("document.activeElement.blur()")
    assert tied(browser) == [MODELS[5]]
    assert "shares its letter with no other" in browser.texts("#tied")[0]
    buttons[5].send_keys(Keys.ENTER)
    browser.js("document.activeElement.blur()")
    assert (tied(browser), browser.texts("#tied")) == ([], [""])


def test_two_metrics_of_choice_are_drawn_against_each_other(browser, page):
    browser.open(page)
    assert len(browser.find("#scatter img")) == 1
    browser.find("#up")[0].send_keys("kld")
    assert browser.texts("#scatter circle title") == list(MODELS)
    browser.find("#across")[0].send_keys("nss")
    drawn = [m for m in MODELS if m != "deep"]  # has no mean
    assert browser.texts("#scatter circle title") == drawn
    assert browser.js("return document.querySelector('#scatter svg').ariaLabel") == "kld against nss"
    places = browser.each("#scatter circle", "[e.cx.baseVal.value, e.cy.baseVal.value]")
    rows = [row["metrics"] for row in board()["rows"] if row["label"] in drawn]
    x, y = np.transpose(places)
    assert list(np.argsort(x)) == list(np.argsort([row["nss"]["mean"] for row in rows]))
    assert list(np.argsort(-y)) == list(np.argsort([row["kld"]["mean"] for row in rows]))
    assert 0 < x.min() < x.max() < 560
    assert 0 < y.min() < y.max() < 400


def test_hostile_names_are_shown_and_do_nothing(browser, hostile):
    browser.open(hostile)
    names = [shown(name) for name in HOSTILE]
    assert order(browser) == names
    assert Counter(browser.texts("#reported tbody .name")) == Counter(names * 2)
    assert sorted(browser.texts("#intervals [data-of]:not([hidden]) .name")) == sorted(names)
    assert browser.js("return document.title") == f"Leaderboard {names[0]}@{names[1]}, protocol mit"
    assert len(browser.find("script")) == 2
    links = browser.each("#reported a", "e.getAttribute('href')")
    assert links == ["https://evil.example/a"]  # the one name that is an address, and nothing else
    for button in browser.find("button.sort"):
        button.click()
    browser.find("#up")[0].send_keys("auc_judd")
    assert browser.texts("#scatter circle title") == names
    browser.find("[data-columns=board] input")[1].click()
    assert browser.shown("#board thead [data-column]") == ["auc_judd \u2191"]
    browser.find("#intervals select")[0].send_keys("kld")
    assert browser.shown("#intervals h3") == [shown(METRIC)]


@pytest.mark.parametrize(
    ("what", "breach"),
    [
        ("<script>document.title = 'acted'</script>", "script-src-elem"),
        ("<img src=data:, onerror=\"document.title = 'acted'\">", "script-src-attr"),
        ("<p style='color: red'>x</p>", "style-src-attr"),
        ("<style>h1 { display: none }</style>", "style-src-elem"),
        ("<img src='https://evil.example/x.png'>", "img-src"),
        ("<iframe src='https://evil.example/'></iframe>", "frame-src"),
    ],
)
def test_the_policy_stops_what_the_escaping_would_miss(browser, page, what, breach):
    browser.open(page.replace("<main>", f"<main>{what}"))
    assert browser.js("return window.violations") == [breach]
    assert browser.js("return document.title") == "Leaderboard toy@1, protocol mit"
    assert not [address for address in browser.requests() if "evil" in address]
    browser.faults()
    browser.js("window.violations = []")


def test_it_is_readable_and_sorted_without_javascript(browser, page):
    browser.open(page, script=False)
    assert order(browser) == list(MODELS)
    assert browser.shown(".controls, button") == []
    assert browser.shown("#intervals h3") == ["auc_judd", "nss", "kld"]
    assert len(browser.shown("#board [data-column]")) == 3 * (len(MODELS) + 2)
    browser.js("window.violations = []")


@pytest.mark.parametrize("width", [360, 1200])
def test_the_page_does_not_scroll_sideways(browser, page, hostile, width):
    for html in (page, hostile):
        browser.open(html, width=width)
        assert browser.js("return document.documentElement.scrollWidth") <= width
        assert browser.js("return document.body.scrollWidth") <= width
        boxes = browser.each(".box", "[e.tabIndex, e.ariaLabel]")
        assert all(index == 0 and label for index, label in boxes)


def luminance(colours):
    """Relative luminance of sRGB, with the 0.05 of the contrast."""
    parts = np.asarray(colours, float)[..., :3] / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722] + 0.05


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_schemes(browser, page, scheme):
    browser.open(page, scheme=scheme)
    browser.find("button.model")[0].send_keys(Keys.ENTER)
    browser.find("#up")[0].send_keys("kld")
    found = browser.js(CONTRASTS.read_text())
    assert len(found) > 20
    assert {key: ratio for key, ratio in found.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_plots_can_be_read_in_both_schemes(browser, page, scheme):
    browser.open(page, scheme=scheme)
    for picture in browser.find("#intervals [data-of]:not([hidden]) img, #differences img, #scatter img"):
        pixels = luminance(np.asarray(Image.open(io.BytesIO(picture.screenshot_as_png)).convert("RGB")))
        ground = np.median(pixels)
        farthest = max(pixels.max() / ground, ground / pixels.min())
        assert farthest > 7
        assert (ground > 0.9) == (scheme == "light")


def test_controls_are_not_printed(browser, page):
    browser.open(page, media="print", scheme="dark")
    assert browser.shown(".controls, nav") == []
    assert browser.js("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.js("return getComputedStyle(document.querySelector('img.plot')).filter") == "none"


def test_focus_can_be_seen_and_goes_everywhere(browser, page):
    browser.open(page)
    look = """const e = document.activeElement, s = getComputedStyle(e);
        return [e.className || e.tagName.toLowerCase(), s.outlineStyle, parseFloat(s.outlineWidth)]"""
    seen = set()
    for _ in range(100):
        act(browser).send_keys(Keys.TAB).perform()
        name, outline, width = browser.js(look)
        if name == "body":
            break  # past the last
        seen.add(name)
        assert outline != "none"
        assert width >= 2
    assert {"a", "input", "sort", "model", "select", "box wide"} <= seen
