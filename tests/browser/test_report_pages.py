"""The report and the page of an image in a real browser: they open, ask for nothing, and work."""

from pathlib import Path

import numpy as np
import pytest

import saliency_eval as se
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
