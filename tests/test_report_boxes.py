"""Pages of images with boxes: frames where there are dots elsewhere; what has no parts is not explained."""

import numpy as np
import pytest
from PIL import Image
from test_report import Page

import saliency_eval as se
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.report import explain, pictures, report_page
from saliency_eval.report.material import data_of


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
    page, missing = report_page(runs, str(folder))
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
