"""The command line on data sets of boxes: all protocols at once, models that need other truth, interruptions."""

import functools
import json
import signal

import numpy as np
import pytest
from PIL import Image
from test_cli import answer, call

from saliency_eval import scoring
from saliency_eval.predictions import Rules
from saliency_eval.protocols import names_of

CLASSIFIER = """
import numpy as np

def half():
    print("loading")
    return lambda batch: np.full((len(batch), 2), 0.5)
"""


@pytest.fixture
def boxes(tmp_path):
    """Four images of two classes with a box each, maps in [0, 1] and beyond, and a classifier."""
    rng = np.random.default_rng(3)
    for folder in ("set/stimuli", "unit", "wide"):
        (tmp_path / folder).mkdir(parents=True)
    rows = ["image,top,left,bottom,right,label"]
    for n in range(4):
        values = rng.random((40, 60))
        Image.fromarray((values * 255).astype(np.uint8)).convert("RGB").save(
            tmp_path / f"set/stimuli/i{n}.png"
        )
        np.save(tmp_path / f"unit/i{n}.npy", values)
        np.save(tmp_path / f"wide/i{n}.npy", values * 1000)
        rows.append(f"i{n},{2 + n},5,{20 + n},40,{'cat' if n % 2 else 'dog'}")
    (tmp_path / "set/boxes.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "net.py").write_text(CLASSIFIER)
    return tmp_path


ALL = names_of("boxes")


@pytest.mark.parametrize(
    ("maps", "more", "left"),
    [
        ("unit", [], {"rise": "undefined_metric"}),
        ("wide", [], {"casme": "dtype", "rise": "undefined_metric"}),
        ("wide", ["--classifier", "net.py:half"], {"casme": "dtype"}),
        ("unit", ["--classifier", "net.py:half"], {}),
    ],
)
def test_all_protocols_but_those_that_cannot_score_these_maps(boxes, maps, more, left):
    line = ["score", maps, "--data", "set", "--protocol", "all", "--format", "json", *more]
    document = answer(call(*line, cwd=boxes))
    assert document["exit_code"] == 0
    assert [result["protocol"] for result in document["results"]] == [
        name for name in ALL if name not in left
    ]
    told = {p["message"].split()[1]: p for p in document["problems"] if "is left out: " in p["message"]}
    assert {name: p["code"] for name, p in told.items()} == left
    assert all(p["severity"] == "warning" and p["remedy"] for p in told.values())
    assert len(list((boxes / "results/set").iterdir())) == len(ALL) - len(left)


def test_what_is_left_out_is_said_once_for_each_set_of_maps(boxes):
    done = call("score", "unit", "wide", "--data", "set", "--protocol", "all", "--no-save", cwd=boxes)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if "is left out" in line]
    assert len(lines) == 2
    assert (
        "protocol rise is left out: insertion_auc, deletion_auc need a classifier, and none is named"
        in lines[0] + lines[1]
    )
    [casme] = [line for line in lines if "casme" in line]
    assert casme.startswith("warning[dtype]: protocol casme is left out: wide: image i0: rule=quantile needs")
    assert ", and 3 more; bring the maps to" in casme
    tables = [
        line.split()[1:]
        for line in done.stdout.splitlines()
        if line.startswith("metric ") and "fong2017" in line
    ]
    assert [len(table) for table in tables] == [6, 5]
    assert "casme" not in tables[1]


@pytest.mark.parametrize("more", [["--protocol", "casme,wsol-v1"], ["--protocol", "all", "--strict"]])
def test_protocols_that_were_named_and_strict_runs_leave_nothing_out(boxes, more):
    done = call("score", "wide", "--data", "set", *more, cwd=boxes)
    assert done.returncode in (3, 4)
    assert "error[dtype]: " in done.stderr
    assert not (boxes / "results").exists()


def test_maps_that_no_protocol_scores_are_an_error(boxes):
    (boxes / "unit/i2.npy").unlink()
    done = call("score", "unit", "--data", "set", "--protocol", "all", cwd=boxes)
    assert done.returncode == 4  # of the truth comes first: rise has no classifier
    assert "error[missing]: 1 of 4 predictions are missing" in done.stderr
    assert not (boxes / "results").exists()


@pytest.mark.parametrize(
    "command", [["score", "model:{}", "--no-save", "--protocol", "wsol-v1"], ["run", "{}", "--out", "o"]]
)
@pytest.mark.parametrize("model", ["gold_standard", "one_human", "centre_bias"])
def test_models_of_other_truth_say_so(boxes, command, model):
    done = call(*(word.format(model) for word in command), "--data", "set", cwd=boxes)
    assert done.returncode == 4
    assert f"error[undefined_metric]: model {model} needs fixations" in done.stderr
    assert "the data set has none" in done.stderr
    assert "sigma" not in done.stderr


def test_models_of_boxes_say_so_where_there_are_none(tmp_path):
    done = call("score", "model:ground_truth_box", "--data", "demo", "--no-save", cwd=tmp_path)
    assert done.returncode == 4
    assert (
        "error[undefined_metric]: model ground_truth_box needs boxes, and the data set has none"
        in done.stderr
    )


def test_models_that_were_complete_before_an_interruption_are_saved(boxes, monkeypatch):
    scored, seen = scoring.score, []

    def interrupted(source, *more, **options):
        seen.append(source)
        if source == "model:random":
            signal.raise_signal(signal.SIGINT)
        return scored(source, *more, **options)

    monkeypatch.setattr(scoring, "score", interrupted)
    line = ["score", "model:max_box", "unit", "model:random", "--data", "set", "--protocol", "wsol-v1"]
    done = call(*line, cwd=boxes)
    assert done.returncode == 130
    assert seen == ["model:max_box", "unit", "model:random"]
    names = sorted(path.name.rpartition("-")[0] for path in (boxes / "results/set").iterdir())
    assert names == ["max_box", "unit"]
    monkeypatch.undo()
    again = call(*line, cwd=boxes)
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("already complete: ") == 2


def test_memory_that_ends_is_no_fault_of_the_package(boxes, monkeypatch):
    def full(*more, **options):
        raise MemoryError("Unable to allocate 9. GiB")

    monkeypatch.setattr(scoring, "score", full)
    done = call("score", "unit", "--data", "set", "--protocol", "wsol-v1", "--no-save", cwd=boxes)
    assert done.returncode == 5
    assert done.stderr.startswith(
        "error[io]: the memory ended: Unable to allocate 9. GiB; give it more memory"
    )


def test_what_a_classifier_prints_is_no_part_of_the_answer(boxes):
    line = [
        "score",
        "unit",
        "--data",
        "set",
        "--protocol",
        "rise",
        "--classifier",
        "net.py:half",
        "--no-save",
    ]
    done = call(*line, "--format", "json", cwd=boxes)
    assert answer(done)["exit_code"] == 0
    assert "loading" in done.stderr


def test_a_model_of_images_is_scored_in_a_frame_of_another_aspect(boxes):
    done = call("score", "model:edge", "--data", "set", "--protocol", "wsol-v1", "--no-save", cwd=boxes)
    assert done.returncode == 0, done.stderr
    call("run", "edge", "--data", "set", "--out", "edge", cwd=boxes)
    again = call("score", "edge", "--data", "set", "--protocol", "wsol-v1", "--no-save", cwd=boxes)
    [one, other] = [
        [line for line in d.stdout.splitlines() if line.startswith("max_box_acc ")] for d in (done, again)
    ]
    assert one == other


def test_a_map_that_is_too_large_is_not_made_first(boxes, monkeypatch):
    monkeypatch.setattr("saliency_eval.models.runner.Rules", functools.partial(Rules, max_pixels=1000))
    monkeypatch.setattr("scipy.ndimage.gaussian_gradient_magnitude", pytest.fail)
    done = call("score", "model:edge", "--data", "set", "--protocol", "wsol-v1", "--no-save", cwd=boxes)
    assert done.returncode == 3
    assert "error[too_large]: i0: a map may have 1000 pixels, got 60x40" in done.stderr


def test_maps_are_resized_to_a_frame_where_images_are(boxes):
    for protocol, words in (
        ("wsol-v1", "the frame in which images are seen"),
        ("dabkowski2017", "their stimulus"),
    ):
        (boxes / protocol).mkdir()
        for path in (boxes / "unit").iterdir():
            np.save(boxes / protocol / path.name, np.load(path)[::2, ::2])
        line = (
            protocol,
            "--data",
            "set",
            "--protocol",
            protocol,
            "--metrics",
            "localisation_error",
            "--no-save",
        )
        assert f"maps resized to {words}" in call("score", *line, cwd=boxes).stderr


def test_levels_that_were_resized_are_read_as_shares_of_255(boxes):
    for folder, divisor in (("levels", 1), ("shares", 255)):
        (boxes / folder).mkdir()
        for path in (boxes / "unit").iterdir():
            values = np.round(np.load(path) * 255).astype(np.uint8)
            np.save(boxes / folder / path.name, values if divisor == 1 else values / divisor)
    means = []
    for folder in ("levels", "shares"):
        line = [
            "score",
            folder,
            "--data",
            "set",
            "--protocol",
            "casme",
            "--no-save",
            "--bare",
            "localisation_error",
        ]
        done = call(*line, cwd=boxes)
        assert done.returncode == 0, done.stderr
        means.append(done.stdout)
    assert means[0] == means[1]


def test_facts_that_nothing_tells_are_left_out_of_the_run(boxes):
    rows = (boxes / "set/boxes.csv").read_text().splitlines()
    without = [",".join([row.split(",")[0], "", "", "", "", row.split(",")[5]]) for row in rows[1:]]
    (boxes / "set/boxes.csv").write_text("\n".join([rows[0], *without]) + "\n")
    line = ["score", "unit", "--data", "set", "--protocol", "dabkowski2017", "--classifier", "net.py:half"]
    done = call(*line, cwd=boxes)
    assert done.returncode == 0, done.stderr
    [folder] = (boxes / "results/set").iterdir()
    facts = json.loads((folder / "run.json").read_text())["facts"]["saliency_metric"]
    assert "whole" in facts
    assert "ground_truth" not in facts
    assert "already complete" in call(*line, cwd=boxes).stdout
