"""What a notebook shows of a run: numbers, and names that stay text."""

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from made_runs import MORE, NAMES, made, signature

from saliency_eval import notebook

TAGS = {"table", "caption", "thead", "tbody", "tr", "th", "td", "p", "details", "summary", "br"}


class Read(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text = set(), [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.parametrize("name", [*NAMES, *MORE])
def test_a_hostile_name_is_text(name):
    name = {**NAMES, **MORE}[name]
    page = made(name, labels=("nss", f"kld({name[:60]})"), keys=("nss", "kld"))._repr_html_()
    page.encode("utf-8")
    assert len(page.encode()) < 50_000
    found = Read(page)
    assert found.tags <= TAGS
    assert found.attributes == []
    assert not any(ord(c) < 32 or ord(c) == 0x202E for c in page)


def test_a_run_shows_means_intervals_and_signatures():
    run = made("m", values=[[1.0, 2.0], [1.0, np.nan]] * 3)
    found = Read(run._repr_html_())
    assert found.text[:4] == ["m on toy@1#0f0f0f0f, mit: 6/6 images", "metric", "mean", "95 % interval"]
    assert found.text[4:7] == ["nss \u2191", "1.0000", "[1.0000, 1.0000]"]
    assert found.text[7:10] == ["kld \u2193", "n/a", "undefined on 3 of 6 images"]
    assert found.text[11:] == list(run.signatures.values())


def test_heavy_tails_are_told():
    values = np.column_stack([np.r_[9.0, np.zeros(19)], np.arange(20.0)])
    ids = tuple(map(str, range(20)))
    run = made(values=values, n=20, ids=ids, signatures={k: signature(k, n=20) for k in ("nss", "kld")})
    assert run.skew("nss") == pytest.approx(18 / 19**0.5)  # of one that is not equal to n - 1 others
    assert run.notes == ["nss: the scores have a skew of 4.1, beyond 3 an interval is too narrow"]
    assert Read(run._repr_html_()).text[-3:] == [*run.notes, *run.signatures.values()]
    hidden = np.arange(20) == 0
    assert replace(run, unscored=hidden).notes == []


@pytest.mark.parametrize(("rows", "lines"), [(10, 0), (3000, 5), (10, 3000), (3000, 3000)])
def test_a_long_table_is_cut_and_says_so(rows, lines):
    page = notebook.table("x" * 5000, ["a", "b"], [["<" * 80, n] for n in range(rows)], ["&" * 30] * lines)
    assert len(page.encode()) <= notebook.MOST
    kept = page.count("<tr>") - 1
    assert (f"<p>{rows - kept} more rows" in page) == (kept < rows)
    told = page.count("<br>&amp;")
    assert (f"<br>{lines - told} more lines" in page) == (told < lines)


def test_the_dictionary_of_a_run_is_flat():
    assert made("m").to_dict().keys() == {
        *("model", "data", "protocol", "n"),
        *(f"{key}{end}" for key in ("nss", "kld") for end in ("", "_low", "_high")),
    }
    assert all(isinstance(v, str | int | float | None) for v in made("m").to_dict().values())
