"""Pictures of a board: what is drawn where, and that it stands beside its row."""

import base64
import re
import warnings
from xml.etree import ElementTree

import numpy as np
import pytest
from made_documents import document

from saliency_eval.formats import rounded_of
from saliency_eval.pages import data_uri, differences, plots, sections
from saliency_eval.pages.page import source

SVG, LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"


def tree(address):
    """The picture of an address."""
    assert address.startswith("data:image/svg+xml;base64,")
    return ElementTree.fromstring(base64.b64decode(address.partition(",")[2]))


def markers(address, count):
    """Places of the dots, in points."""
    for group in tree(address).iter(f"{SVG}g"):
        used = [
            u for child in group for u in ([child] if child.tag == f"{SVG}use" else []) if "x" in u.attrib
        ]
        if len(used) == count:
            return np.array([[float(u.get("x")), float(u.get("y"))] for u in used])
    raise AssertionError(f"no {count} markers")


def test_means_stand_at_their_place_and_beside_their_row():
    made = document([f"m{k}" for k in range(7)])
    x, y = markers(plots.means(made, "kld"), 7).T
    assert np.allclose(y, 0.75 * (26 * np.arange(7) + 13), atol=1e-3)  # 3/4 point in a pixel
    means = np.sort([row["metrics"]["kld"]["mean"] for row in made["rows"]])
    assert np.allclose(np.diff(x) / np.diff(means), (x[-1] - x[0]) / (means[-1] - means[0]), rtol=1e-3)
    x, y = markers(plots.rank_intervals(made, "kld"), 7).T
    assert np.allclose(np.diff(x), x[1] - x[0])
    assert np.allclose(y, 0.75 * (26 * np.arange(7) + 13), atol=1e-3)
    assert tree(plots.means(made, "kld")).get("height") == f"{0.75 * (26 * 7 + 36):g}pt"
    assert plots.rank_intervals(made) == plots.rank_intervals(made, "auc_judd")


def test_a_rank_that_two_models_share_is_drawn_as_the_range_that_is_written(monkeypatch):
    made, drawn = document(("a", "b", "c"), ("auc_judd",)), []
    monkeypatch.setattr(plots, "draw", lambda axes, spans, dots: drawn.extend(spans))
    for row, ends in zip(made["rows"], ((1.0, 1.0), (2.5, 2.5), (2.5, 2.5)), strict=True):
        row["metrics"]["auc_judd"] |= dict(zip(("rank_lo", "rank_hi"), ends, strict=True))
    plots.rank_intervals(made)
    assert drawn == [(0, 1, 1), (1, 2, 3), (2, 2, 3)]


def test_rows_of_the_style_are_as_high_as_those_of_the_pictures():
    style = source("page.css")
    assert f".strips tbody > tr > * {{ height: {plots.ROW}px;" in style
    assert f".strips tbody tr.axis > * {{ height: {plots.AXIS}px; }}" in style
    assert f"width={plots.WIDTH}" in source("board_plots.html")


def test_floor_and_ceiling_are_drawn_when_they_are_near():
    made = document()
    means = [row["metrics"]["auc_judd"]["mean"] for row in made["rows"]]
    room = max(means) - min(means)
    for ceiling, near in ((max(means) + 0.9 * room, True), (max(means) + 1.1 * room, False)):
        made["metrics"]["auc_judd"] |= {"floor": None, "ceiling": {"mean": ceiling, "lo": None, "hi": None}}
        assert plots.in_view(made, "auc_judd") == ({"ceiling"} if near else set())
        assert ("dashed" in sections.limits_note(made, "auc_judd")) == near


def test_a_bar_joins_models_that_share_a_letter():
    made = document(("a", "b", "c", "d"), ("auc_judd",))
    for row, groups in zip(made["rows"], ("a", "ab", "b", "c"), strict=True):
        row["metrics"]["auc_judd"]["groups"] = list(groups)
    assert differences.groups_of(made["rows"], "auc_judd") == [(0, 1), (1, 2)]
    assert differences.packed([(0.0, 3.0), (5.0, 9.0), (8.0, 12.0), (13.0, 14.0)], 2.5) == [
        [(0.0, 3.0), (8.0, 12.0)], [(5.0, 9.0), (13.0, 14.0)],
    ]  # fmt: skip
    assert differences.critical_differences(document(("a",))) is None
    best, worst = (
        made["rows"][0]["metrics"]["auc_judd"]["mean"],
        made["rows"][3]["metrics"]["auc_judd"]["mean"],
    )
    place = differences.scale(made, made["rows"], 200)
    assert place(best) < place((best + worst) / 2) < place(worst)


def test_names_and_numbers_of_the_diagram_have_room_on_their_side(monkeypatch):
    """Means are those of the table; the longest name ends at the border."""
    made, texts = document(("a", "W" * 30, "c"), ("auc_judd",)), []
    monkeypatch.setattr(
        "matplotlib.axes.Axes.text", lambda self, x, y, text, **how: texts.append((x, text, how["ha"]))
    )
    differences.critical_differences(made)
    means = [row["metrics"]["auc_judd"] for row in made["rows"]]
    for value in means:
        assert rounded_of(value).mean in [text for _, text, _ in texts]
    starts = [
        (x - plots.breadth(text), x) if side == "right" else (x, x + plots.breadth(text))
        for x, text, side in texts
        if side != "center"
    ]
    assert 0 < min(start for start, _ in starts) < 10
    assert max(end for _, end in starts) < differences.WIDTH
    for first, second in zip(starts[::3], starts[1::3], strict=True):
        assert first[0] > second[1] or first[1] < second[0]  # mean and place do not touch


@pytest.mark.parametrize(
    "name",
    [
        "$\\frac{$",
        "$",
        "\u9855\u8457\u6027",
        "\U0001f600",
        "\ud800",
        "a\nb",
        "\x1b[0m",
        "<script>",
        " ",
        "",
    ],
)
def test_any_name_can_be_drawn(name):
    made = document(("good", name, "other"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture = tree(differences.critical_differences(made))
    assert len(list(picture.iter(f"{SVG}use"))) > 10
    assert len(plots.name({"label": "x" * 5000})) == 24


def test_signs_that_the_font_lacks_are_drawn_as_squares():
    assert plots.name({"label": "caf\u00e9 \u9855"}) == "caf\u00e9 \u25a1"


def test_pictures_name_no_date_and_no_version():
    with plots.style():
        figure = plots.figure(96, 48)
        figure.subplots().plot([1, 2])
        text = plots.svg(figure).decode()
    assert not re.search(r"<metadata>|\d{4}-\d\d-\d\d|Matplotlib v", text)
    assert 'width="72pt" height="36pt"' in text
    assert data_uri(b"a", "png") == "data:image/png;base64,YQ=="


def test_pairs_are_seen_from_the_better_model_whichever_way_they_were_tested():
    made = document(("a", "b", "c"), ("auc_judd",))
    runs = [row["run"] for row in made["rows"]]
    pair = {"metric": "auc_judd", "p": 0.01, "p_wilcoxon": 0.0123, "ties": 2}
    one = {"a": runs[1], "b": runs[0], "diff": -0.25, "lo": -0.35, "hi": -0.2, "wins": 90, "losses": 208}
    other = {"a": runs[0], "b": runs[2], "diff": 0.5, "lo": 0.4, "hi": 0.6, "wins": 200, "losses": 98}
    made["pairs"] = [pair | one | {"p_holm": 0.03}, pair | other | {"p_holm": 0.05}]
    [matrix] = sections.matrices(made)
    first, second = matrix.rows[0]
    assert first == ("+0.250", "[0.200, 0.350]", "0.03", "0.01", "0.012", "208/2/90", True)
    own = second.difference, second.p, second.counts, second.apart
    assert own == ("+0.50", "0.05", "200/2/98", False)  # alpha itself is not below alpha
    assert matrix.rows[1:] == [[None], []]


def test_correlations_fill_a_square():
    made = document(("a", "b"), ("auc_judd", "kld", "nss"))
    made["correlations"] = [{"a": "kld", "b": "auc_judd", "spearman": -0.123}]
    table = sections.correlations(made)
    assert table == [["", "-0.12", "n/a"], ["-0.12", "", "n/a"], ["n/a", "n/a", ""]]
    assert sections.correlations(made | {"correlations": []}) is None


def test_the_lead_names_who_cannot_be_told_from_the_best():
    made = document(("a", "b", "c"))
    for row, groups in zip(made["rows"], ("a", "ab", "b"), strict=True):
        row["metrics"]["auc_judd"]["groups"] = list(groups)
    best, value, others = sections.leaders(made)
    assert (best, others) == ("a", ["b"])
    assert re.fullmatch(r"0\.\d+ \[0\.\d+, 0\.\d+\]", value)
