"""Pages of images with boxes: frames where there are dots elsewhere; what has no parts is not explained."""

import re

import numpy as np
import pytest
from PIL import Image
from test_report import Page

import saliency_eval as se
from saliency_eval.boards import boards_of
from saliency_eval.boards.notes import notes
from saliency_eval.core import METRICS
from saliency_eval.errors import Problem, SaliencyEvalError
from saliency_eval.report import explain, pictures, plots, report_page, versus
from saliency_eval.report.material import data_of, gather
from saliency_eval.report.protocols import measured, unseeing
from saliency_eval.variant import parse


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four images of two classes, wider than high, the last with two boxes."""
    root = tmp_path_factory.mktemp("boxes")
    (root / "stimuli").mkdir()
    rows = ["image,top,left,bottom,right,label"]
    for n in range(4):
        Image.new("RGB", (60, 40), (60 * n, 90, 120)).save(root / "stimuli" / f"i{n}.png")
        rows.append(f"i{n},{2 + n},5,{20 + n},40,{'cat' if n % 2 else 'dog'}")
    (root / "boxes.csv").write_text("\n".join([*rows, "i3,30,50,39,60,cat"]) + "\n")
    return root


@pytest.mark.parametrize("protocol", ["fong2017", "wsol-v2", "torchray-pointing", "casme"])
def test_a_report_shows_the_boxes(folder, protocol):
    runs = [se.score(f"model:{name}", str(folder), protocol=protocol) for name in ("center_box", "random")]
    page, missing = report_page(runs, str(folder), each=4)
    assert not missing
    alts = Page(page).alts
    assert any(alt.startswith("Map of random for ") and alt.endswith("with its 1 box") for alt in alts)
    assert any(alt == "Stimulus i3 with its 2 boxes as frames" for alt in alts)


def test_images_are_shown_in_the_frame_that_was_scored(folder):
    run = se.score("model:center_box", str(folder), protocol="wsol-v1")
    image = data_of(run, str(folder), None)["i0"]
    assert image["shape"] == image["image"].shape[:2] == (224, 224)
    assert image["boxes"].max() > 60


def test_a_box_is_drawn_where_it_is():
    white = Image.new("RGB", (300, 200), "white")
    found = np.asarray(
        pictures.framed(white, np.array([[2.0, 5.0, 20.0, 40.0]]), (40, 60))
    )  # five times larger
    changed = np.argwhere((found != 255).any(axis=2))
    assert changed.min(axis=0).tolist() == [10, 25]
    assert changed.max(axis=0).tolist() == [99, 199]
    cyan = np.argwhere((found == (0x35, 0xE8, 0xFF)).all(axis=2))
    assert (cyan.min(axis=0).tolist(), cyan.max(axis=0).tolist()) == ([11, 26], [98, 198])
    assert (found[20:90, 40:180] == 255).all()
    pictures.framed(white, np.array([[0.0, 0.0, 1.0, 1.0], [39, 59, 40, 60]]), (40, 60))  # of one pixel
    assert (np.asarray(white) == 255).all()


def test_metrics_of_boxes_are_not_explained(folder):
    with pytest.raises(
        SaliencyEvalError, match=r"explain shows what metrics of fixations saw, .* holds boxes"
    ) as e:
        explain("i0", ["model:center_box"], str(folder), protocol="fong2017")
    assert (e.value.code, e.value.exit_code) == ("usage", 2)
    with pytest.raises(SaliencyEvalError, match="localisation_error needs boxes, and the data set has none"):
        explain("colour-90", ["model:uniform"], "demo", "localisation_error")


@pytest.fixture
def no_pictures(no_pictures, monkeypatch):
    """Those of reports cost time as well."""
    for where, name in ((plots, "distribution"), (plots, "against"), (versus, "drawn")):
        monkeypatch.setattr(where, name, lambda *_: "data:image/svg+xml;base64,")


def under(folder, protocols, *models):
    """Runs of models under several protocols."""
    return [se.score(f"model:{m}", str(folder), protocol=p) for m in models for p in protocols]


def section(page, start, end):
    """The text of a part of a page."""
    return page[page.index(f'<section id="{start}"') : page.index(f'<section id="{end}"')]


def test_a_model_in_several_frames_is_shown_once(folder, no_pictures):
    """The true boxes lie elsewhere in another frame, and so does what this model marks."""
    several = ("fong2017", "dabkowski2017", "wsol-v1", "wsol-v2", "casme")
    page, missing = report_page(under(folder, several, "ground_truth_box", "random"), str(folder), each=1)
    assert missing == ()
    part = section(page, "protocols", "intervals")
    places = part[: part.index("</table>")]
    assert re.findall('<bdi class="name">(.*?)</bdi>', places) == ["ground_truth_box", "random"]
    assert "<td>-</td>" not in places
    assert re.findall('<h4><bdi class="name">(.*?)</bdi>', part) == ["ground_truth_box", "random"]
    assert "<td>frame</td>" in part


def test_a_model_that_was_run_in_another_frame_alone_has_its_maps(folder, no_pictures):
    runs = under(folder, ["fong2017"], "random") + under(folder, ["wsol-v1", "wsol-v2"], "ground_truth_box")
    page, missing = report_page(runs, str(folder), each=1)
    assert missing == ()
    assert re.findall('<h4><bdi class="name">(.*?)</bdi>', section(page, "protocols", "intervals")) == [
        "ground_truth_box"
    ]


def test_what_a_cause_does_alone_is_scored_in_the_frame_of_its_protocol(folder):
    """Though the board, and with it the maps at hand, is of another frame."""
    own, other = under(folder, ["fong2017", "casme"], "random")
    found = measured([own, other], gather([other], str(folder)), 1, lambda count: None)
    [run] = found
    assert run.setting.frame == "original"
    assert "localisation_error(rule=quantile" in " ".join(run.labels)
    again = se.score(
        "model:random", str(folder), [str(parse(run.signatures[n])) for n in run.labels], protocol="fong2017"
    )
    assert run.values.tolist() == again.values.tolist()


def test_what_asks_a_classifier_is_not_scored_for_a_report():
    seeing, plain = parse("saliency_metric"), parse("localisation_error")
    assert unseeing({"casme": [seeing, plain], "rise": [seeing]}) == {"casme": [plain]}


def test_a_board_of_boxes_says_which_baselines_it_lacks(folder):
    [board] = boards_of(under(folder, ["fong2017"], "center_box", "random")).boards
    said = [note.text for note in notes(board.document) if "no row" in note.text]
    assert said == [
        "There is no row of the whole image: nothing here shows what is reached without a look at the image.",
        "There is no row of the true boxes: nothing here shows what they reach.",
    ]


SEVERAL = ("fong2017", "wsol-v1", "torchray-pointing")


@pytest.mark.parametrize("data", ["there", "lost"])
def test_a_page_of_boxes_speaks_of_boxes_and_of_its_own_metrics(folder, no_pictures, data, monkeypatch):
    runs = under(folder, SEVERAL, "center_box", "random")
    if data == "lost":
        monkeypatch.setattr("saliency_eval.report.material.load_dataset", lost)
    text = "".join(Page(report_page(runs, str(folder) if data == "there" else None)[0]).text)
    assert not re.search("fixation|observer", text, re.IGNORECASE)
    own = {label for run in runs for label in run.labels}
    assert [key for key in METRICS if re.search(rf"\b{key}\b", text)] == [
        key for key in METRICS if key in own
    ]
    assert "dotted line" not in text


def lost(*_):
    raise SaliencyEvalError([Problem("not_available", "the data set is lost", "find it")])
