"""Scoring images with boxes from end to end: each protocol on maps whose values are worked out by hand."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter
from scipy.signal import convolve2d
from typer.testing import CliRunner

import saliency_eval as se
from saliency_eval.classifiers import Classifier
from saliency_eval.cli import app
from saliency_eval.core import METRICS
from saliency_eval.counting import COUNTED
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.models.boxes import ground_truth_box
from saliency_eval.variant import parse

PACKAGE = Path(se.__file__).parent


def folder(root, images, rows):
    """An own data set: images by name, and rows of name, box and label."""
    (root / "stimuli").mkdir(parents=True)
    for name, pixels in images.items():
        Image.fromarray(pixels).save(root / "stimuli" / f"{name}.png")
    lines = [",".join(map(str, row)) for row in rows]
    (root / "boxes.csv").write_text("\n".join(["image,top,left,bottom,right,label", *lines]) + "\n")
    return str(root)


def grey(height, width, value=128):
    return np.full((height, width, 3), value, np.uint8)


def filled(shape, *parts):
    """A map of zeros with boxes (top, left, bottom, right) of some value, the later above the earlier."""
    values = np.zeros(shape)
    for top, left, bottom, right, value in parts:
        values[top:bottom, left:right] = value
    return values


def values_of(run, label):
    return run.per_image[label].to_dict()


# ------------------------------------------------------------------ localisation


def test_fong2017(tmp_path):
    """All share the alpha that is best: 1, at which only f misses."""
    boxes = {"a": (2, 2, 6, 6), "b": (0, 0, 5, 5), "c": (0, 0, 10, 10), "d": (0, 0, 10, 5), "e": (0, 0, 10, 6),
             "f": (0, 0, 2, 2)}  # fmt: skip
    maps = {
        "a": 1 + filled((10, 10), (2, 2, 6, 6, 3)),  # mean 1.48: the box from alpha 1 to 2.5, else the whole
        "b": 3 + filled((10, 10), (0, 0, 5, 5, 6)),  # mean 4.5: the box from alpha 1 to 2, where 9 = 2 x 4.5
        "c": 1 + filled((10, 10), (0, 0, 10, 7, 4)),  # 70 of 100 pixels, or, where nothing is kept, the whole
        "d": np.zeros((10, 10)),  # the whole, of which the box is exactly a half
        "e": filled((10, 10), (0, 0, 10, 6, 2), (0, 0, 2, 2, 5)),  # mean 1.32: up to alpha 1.5
        "f": filled((10, 10), (0, 0, 10, 2, 4), (0, 0, 2, 2, 10)),  # mean 1.04: from alpha 4 on
    }
    data = folder(tmp_path / "d", {n: grey(10, 10) for n in boxes}, [(n, *b, "x") for n, b in boxes.items()])
    run = se.score(maps, data, protocol="fong2017")
    assert values_of(run, "localisation_error") == {"a": 0, "b": 0, "c": 0, "d": 0, "e": 0, "f": 1}
    assert run.facts == {"localisation_error": {"alpha": 1.0}}
    assert run.counts == {"localisation_error": {"empty": 1}}
    assert run.notes[0] == "localisation_error: alpha 1, empty 1"
    assert "|alpha:oracle|" in run.signatures["localisation_error"]
    pointing = se.score(maps, data, "pointing_game", protocol="fong2017")  # on the box, no tolerance
    assert values_of(pointing, "pointing_game") == {"a": 1, "b": 1, "c": 1, "d": 0.5, "e": 1, "f": 1}


def test_casme(tmp_path):
    """224 x 448 px, of which columns 112 to 335 are seen; the truth ends at its last pixel: (0, 0, 100, 100)."""
    maps = {
        "corner": filled((224, 224), (0, 0, 100, 100, 1), (100, 100, 160, 160, 1)),  # corners do not connect
        "half": filled((224, 224), (0, 0, 100, 50, 1)),  # exactly a half is no hit
        "hit": filled((224, 224), (0, 0, 100, 100, 1)),
        "whole": filled((224, 448), (0, 112, 100, 212, 1)),  # of the image's aspect: cropped as the image is
    }
    data = folder(
        tmp_path / "d", {n: grey(224, 448) for n in maps}, [(n, 0, 112, 101, 213, "x") for n in maps]
    )
    run = se.score(maps, data, protocol="casme")
    assert values_of(run, "localisation_error") == {"corner": 0, "half": 1, "hit": 0, "whole": 0}
    assert "|frame:crop224-casme|" in run.signatures["localisation_error"]
    assert "|resize:bilinear(1)|" in run.signatures["localisation_error"]


@pytest.mark.parametrize(
    ("protocol", "values", "mean"),
    [("wsol-v1", [1, 0, 1, 1], 0.75), ("wsol-v2", [1, 0, 1, 2 / 3], 2 / 3)],
)
def test_wsol(tmp_path, protocol, values, mean):
    """Rows 25 to 74 of 100 and columns 50 to 149 of 200 become rows 56 to 165 and columns 56 to 166 of 224."""
    box = (56, 56, 166, 167)
    maps = {
        "1": filled((224, 224), (*box, 1)),  # at every level
        "2": filled(
            (224, 224), (0, 0, 224, 224, 0.5), (223, 223, 224, 224, 0), (*box, 1)
        ),  # from level 127 on
        "3": filled((224, 224), (*box, 0.3), (180, 180, 220, 220, 1)),  # below level 76
        "4": filled((224, 224), (56, 56, 166, 123, 1)),  # 67 of 111 columns: an overlap of 0.60
    }
    data = folder(
        tmp_path / "d", {n: grey(100, 200) for n in maps}, [(n, 25, 50, 75, 150, "x") for n in maps]
    )
    run = se.score(maps, data, protocol=protocol)
    assert list(values_of(run, "max_box_acc").values()) == pytest.approx(values, abs=1e-15)
    assert run.means["max_box_acc"].mean == pytest.approx(mean, abs=1e-15)
    assert set(run.facts["max_box_acc"].values()) == {0.0}
    assert "|frame:squash224-wsol|" in run.signatures["max_box_acc"]


def test_torchray_pointing(tmp_path):
    """Half of class a, all of class b: 15 px away is a miss, and of equal values the first counts."""
    boxes = {"a1": (9, 12, 20, 20, "a"), "a2": (30, 30, 40, 40, "a"), "b1": (9, 11, 20, 20, "b")}
    maps = {
        "a1": filled((60, 80), (0, 0, 1, 1, 1)),
        "a2": filled((60, 80), (35, 35, 36, 36, 1)),
        "b1": filled((60, 80), (0, 0, 1, 1, 1), (59, 79, 60, 80, 1)),
    }
    data = folder(tmp_path / "d", {n: grey(60, 80) for n in boxes}, [(n, *b) for n, b in boxes.items()])
    run = se.score(maps, data, protocol="torchray-pointing")
    assert run.means["pointing_game"].mean == pytest.approx((1 / 2 + 1) / 2, abs=1e-15)
    assert run.counts == {"pointing_game": {"ties": 1}}
    micro = se.score(maps, data, "pointing_game(average=micro)", protocol="torchray-pointing")
    assert values_of(micro, "pointing_game") == {"a1": 0, "a2": 1, "b1": 1}


# ------------------------------------------------------------------ with a classifier


def mean_intensity(batch):
    """Class a is as likely as the image is bright."""
    mean = batch.mean((1, 2, 3), dtype=np.float64)
    return np.stack([mean, 1 - mean], 1)


BLACK = Classifier(mean_intensity, "mean", ("a", "b"), mean=(0.0, 0.0, 0.0))


@pytest.fixture
def bright(tmp_path):
    """A white box of 8 px of 64 in a grey of 0.2, of class a; and that grey alone, of class b."""
    image = grey(8, 8, 51)
    image[2:4, 1:5] = 255
    rows = [("bright", 2, 1, 4, 5, "a"), ("dark", 0, 0, 8, 8, "b")]
    return folder(tmp_path / "bright", {"bright": image, "dark": grey(8, 8, 51)}, rows)


MAPS = {"bright": filled((8, 8), (2, 1, 4, 5, 1)), "dark": np.zeros((8, 8))}


def test_dabkowski2017(bright):
    run = se.score(MAPS, bright, protocol="dabkowski2017", classifier=BLACK)
    own = {"bright": math.log(8 / 64) - math.log(1), "dark": -math.log(0.8)}
    assert values_of(run, "saliency_metric") == pytest.approx(own, abs=1e-7)
    assert values_of(run, "localisation_error") == {"bright": 0, "dark": 1}
    facts = run.facts["saliency_metric"]
    assert facts["whole"] == pytest.approx(-(math.log((8 + 56 * 0.2) / 64) + math.log(0.8)) / 2, abs=1e-7)
    assert facts["ground_truth"] == pytest.approx(sum(own.values()) / 2, abs=1e-7)
    assert facts["mean_log_area"] == pytest.approx(math.log(8 / 64) / 2, abs=1e-12)
    assert facts["mean_log_prob"] == pytest.approx(math.log(0.8) / 2, abs=1e-7)
    assert (facts["top1"], facts["crop_accuracy"], facts["guess"]) == (0.5, 1.0, 0.5)
    assert run.counts["saliency_metric"]["empty"] == 1
    line = run.signatures["saliency_metric"]
    assert "|classifier:mean|" in line
    assert parse(line).key == "saliency_metric"


def test_images_that_the_classifier_knows(bright):
    """The whole of the first image is more likely of class b."""
    run = se.score(MAPS, bright, protocol="dabkowski2017", classifier=BLACK, subset="correct")
    assert run.ids == ("dark",)
    assert "|subset:correct|" in run.signatures["saliency_metric"]
    never = Classifier(lambda batch: np.tile([1.0, 0.0], (len(batch), 1)), "never", ("b", "a"))
    with pytest.raises(SaliencyEvalError, match="the classifier never knows none of the 1 images") as error:
        se.score(
            {"bright": MAPS["bright"]},
            part(bright),
            protocol="dabkowski2017",
            classifier=never,
            subset="correct",
        )
    assert (error.value.code, error.value.exit_code) == ("undefined_metric", 4)
    with pytest.raises(
        SaliencyEvalError, match="subset=correct asks a classifier about labels; name one with"
    ):
        se.score(MAPS, bright, protocol="fong2017", subset="correct")


def part(data):
    return se.load_dataset(data).part(["bright"])


def test_rise(tmp_path):
    """28 steps of 8 rows. Three quarters are white, and predicted as a; the map marks the black quarter."""
    image = grey(224, 224, 255)
    image[:, 168:] = 0
    data = folder(tmp_path / "d", {"i": image}, [("i", 0, 0, 224, 224, "b")])
    run = se.score({"i": filled((224, 224), (0, 168, 224, 224, 1))}, data, protocol="rise", classifier=BLACK)
    assert values_of(run, "deletion_auc")["i"] == pytest.approx(0.75 * 0.25 + 0.75 * 0.75 / 2, abs=1e-7)
    white = image[..., 0] / 255
    point = np.zeros((11, 11))
    point[5, 5] = 1
    blurred = convolve2d(white, gaussian_filter(point, 5), mode="same")  # in black, the mean colour
    order = [*np.ndindex(224, 224)]
    order.sort(key=lambda pixel: pixel[1] < 168)  # stable: the black ones first, row by row
    rows, columns = np.array(order).T
    gained = np.cumsum((white - blurred)[rows, columns])[1791::1792]
    scores = (blurred.sum() + np.concatenate([[0], gained])) / 224**2
    expected = (scores.sum() - scores[0] / 2 - scores[-1] / 2) / 28  # as RISE has it
    assert values_of(run, "insertion_auc")["i"] == pytest.approx(expected, abs=1e-6)
    assert run.counts["deletion_auc"] == {"evaluations": 28, "ties": 1}


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (
            {"classifier": Classifier(mean_intensity, "c", ("a", "x"))},
            "undefined_metric",
            "the class b must be known",
        ),
        (
            {"classifier": Classifier(lambda b: np.ones((len(b), 3)) / 3, "c")},
            "classifier",
            "must know 2 classes",
        ),
        ({"classifier": lambda batch: batch[:, 0]}, "classifier", "must answer 5 images with"),
        ({}, "undefined_metric", "saliency_metric needs a classifier, and none is named"),
    ],
)
def test_classifiers_that_do_not_fit(bright, given, code, words):
    with pytest.raises(SaliencyEvalError, match=words) as error:
        se.score(MAPS, bright, "saliency_metric", protocol="dabkowski2017", **given)
    assert (error.value.code, error.value.exit_code) == (code, 4)


FACTORY = """
import numpy as np

def seen():
    def function(batch):
        mean = batch.mean((1, 2, 3), dtype=np.float64)
        return np.stack([mean, 1 - mean], 1)
    return function
"""


def test_the_command_says_what_a_mean_is_to_be_read_beside(bright, tmp_path):
    (tmp_path / "own.py").write_text(FACTORY)
    maps = tmp_path / "maps"
    maps.mkdir()
    for name, values in MAPS.items():
        levels = values.astype(np.uint8)
        levels[7, 6:] = 2, 3  # neither a mask nor constant: 8 bits, most of them 0
        Image.fromarray(levels).save(maps / f"{name}.png")
    command = ["score", str(maps), "--data", bright, "--protocol", "dabkowski2017", "--no-save", "--profile",
               "--classifier", f"{tmp_path / 'own.py'}:seen"]  # fmt: skip
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert re.search(r"^saliency_metric: mean_log_area -\S+, .* evaluations \d+", done.output, re.MULTILINE)
    assert re.search(r"^classifier +\d", done.output, re.MULTILINE), (
        "the time that it takes is told of its own"
    )
    assert "kld" not in done.output, "which is no metric of boxes"


# ------------------------------------------------------------------ findings


def test_notes_on_maps_speak_of_metrics_that_there_are(bright):
    maps = {"bright": MAPS["bright"] - 3, "dark": (np.arange(64).reshape(8, 8) > 60) * np.uint8([3, 4] * 4)}
    for found in (
        se.score(maps, bright, protocol="fong2017").problems,
        se.check_predictions(maps, bright, protocol="fong2017"),
    ):
        [note] = [p for p in found if p.severity == "note"]
        assert note.code == "shifted"
        assert str(note).endswith(
            "negative values down to -3; the option sign of a metric says how they count"
        )


def test_a_map_that_is_turned_is_refused_whatever_sizes_are_taken(tmp_path):
    data = folder(tmp_path / "d", {"i": grey(40, 60)}, [("i", 0, 0, 10, 10, "x")])
    assert se.score({"i": np.eye(30, 50)}, data, protocol="fong2017").n_scored == 1
    with pytest.raises(SaliencyEvalError, match=r"got 40x60 \(transposed\?\)") as error:
        se.score({"i": np.eye(60, 40)}, data, protocol="fong2017")
    assert (error.value.code, error.value.exit_code) == ("wrong_size", 3)


# ------------------------------------------------------------------ models that give boxes


def test_a_box_beside_the_frame_marks_nothing():
    made = ground_truth_box(np.array([[0, -80, 100, -5], [2, 1, 3, 99]]), (4, 8))
    assert made.saliency.tolist() == filled((4, 8), (2, 1, 3, 8, 1)).tolist()
    assert made.predicted_boxes.tolist() == [[0, -80, 100, -5], [2, 1, 3, 99]]


@pytest.mark.slow
def test_boxes_on_tiny_imagenet_score_what_its_annotations_say(shared):
    data = se.load_dataset("tiny_imagenet", shared / "data" / "TinyImageNet_val")
    sides = data.truth.boxes / 64.0
    shares = (sides[:, 2:] - sides[:, :2]).prod(axis=1)
    low, high = (1 - 0.5**0.5) / 2, (1 + 0.5**0.5) / 2
    both = np.maximum(np.minimum(sides[:, 2:], high) - np.maximum(sides[:, :2], low), 0).prod(axis=1)
    expected = {
        "ground_truth_box": 0.0,
        "max_box": np.mean(shares < 0.5),
        "center_box": np.mean(both / (shares + 0.5 - both) < 0.5 - 1e-9),
    }
    for model, error in expected.items():
        run = se.score(f"model:{model}", data, "localisation_error", protocol="dabkowski2017")
        assert run.means["localisation_error"].mean == pytest.approx(error, abs=1e-12), model


# ------------------------------------------------------------------ what stands below a table is explained


def variants_with_facts():
    """Each metric over a data set, so that every fact is there."""
    for text in (
        "localisation_error(alpha=oracle)",
        "max_box_acc",
        "max_box_acc(version=v2)",
        "saliency_metric",
    ):
        yield parse(text)


def test_every_fact_is_named_in_the_docstring_of_its_metric():
    named = {chosen.key for chosen in variants_with_facts()}
    plain = METRICS["nss"].traits["facts"]
    assert named == {key for key, one in METRICS.items() if one.traits["facts"] is not plain}
    for chosen in variants_with_facts():
        facts = chosen.declared.traits["facts"](np.zeros((2, chosen.length)), dict(chosen.options))
        assert facts
        for name in facts:
            assert f"`{name}`" in chosen.declared.function.__doc__, (chosen.key, name)


def test_everything_that_is_counted_is_explained():
    text = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    counted = set(re.findall(r"(?<![.\w])count\(\"(\w+)\"", text))
    assert counted == set(COUNTED)
    listed = CliRunner().invoke(app, ["metrics"]).output
    assert all(f"{name} " in listed and what in listed for name, what in COUNTED.items())
