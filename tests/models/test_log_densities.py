"""Models that give logarithms of densities: written, read and signed as such, without anybody being told."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import saliency_eval as se
from saliency_eval.cli import app
from saliency_eval.core import MODELS
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.models.folder import PROVENANCE
from saliency_eval.models.own import model_of
from saliency_eval.models.runner import ModelPredictions
from saliency_eval.models.writing import write_maps

torch = pytest.importorskip("torch", reason="models of images need torch")

from saliency_eval.models.nets.primitives import blur, finished  # noqa: E402

LOGS = """
import torch

def logs():
    return lambda images: torch.log_softmax(images.mean(1).flatten(1), 1).reshape(-1, *images.shape[2:]) {offset}

logs.kind = "log-density"

def odd():
    return lambda images: images.mean(1)

odd.kind = "probabilities"
"""
METRICS = ["ig", "kld", "nss"]


@pytest.fixture
def data(toy):
    return se.load_dataset(str(toy / "toy"))


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(f"{LOGS.format(offset='')}# {tmp_path}\n")
    yield path
    for key in [key for key in MODELS if "#" in key]:
        del MODELS._entries[key]


def kinds(run):
    return {line.split("|kind:")[1].split("|")[0] for line in run.signatures.values()}


def test_shares_of_a_log_density_sum_to_one():
    maps = torch.rand(2, 300, 400)
    maps[1] = 3
    found = finished(maps, (300, 400), output="log_density")
    assert torch.logsumexp(found.flatten(1), 1).abs().max() < 1e-5
    shares = maps[0] - maps[0].min()
    assert (found[0].exp() - shares / shares.sum()).abs().max() < 1e-6
    assert found[1].unique() == pytest.approx(-np.log(120_000))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_least_share_does_not_depend_on_what_a_model_computes_in(dtype):
    maps = torch.zeros(1, 30, 40, dtype=dtype)
    maps[0, 3, 4] = 1
    least = float(finished(maps, (30, 40), output="log_density").min())
    assert least == pytest.approx(np.log(2.0**-23 / (1 + 1200 * 2.0**-23)), abs=1e-6)


def test_logs_stay_logs():
    density = torch.rand(1, 30, 40) ** 4
    logs = torch.log(density) - 7
    found = finished(logs, (30, 40), logs=True)
    assert (found - torch.log(density / density.sum())).abs().max() < 1e-5
    smooth = finished(logs, (30, 40), logs=True, smooth=0.05)
    expected = blur(density[:, None], 2.0)
    assert (smooth.exp() - expected / expected.sum()).abs().max() < 1e-5
    larger = finished(logs, (60, 80), logs=True)
    assert torch.logsumexp(larger.flatten(), 0).abs() < 1e-5
    assert finished(logs, (30, 40), logs=True, output="minmax").amax() == 1


@pytest.mark.parametrize("text", ["image_signature(output=log_density)", "{own}:logs"])
def test_maps_are_scored_as_log_densities_wherever_they_are_from(data, own, tmp_path, text):
    text = text.format(own=own)
    found = write_maps(text, data, tmp_path / "out", 2)
    assert (found.made, found.problems) == (6, [])
    assert json.loads((tmp_path / "out" / PROVENANCE).read_text())["kind"] == "log-density"
    stored = np.load(tmp_path / "out" / "i01.npy")
    assert stored.max() < 0
    assert np.exp(stored.astype(float)).sum() == pytest.approx(1, abs=1e-4)
    here, there = (se.score(source, data, METRICS) for source in (f"model:{text}", tmp_path / "out"))
    assert kinds(here) == kinds(there) == {"log-density"}
    np.testing.assert_allclose(here.values, there.values, rtol=1e-4)
    densities = {id: np.exp(np.load(tmp_path / "out" / f"{id}.npy").astype(float)) for id in data}
    expected = se.score(densities, data, METRICS, kind="density").values
    np.testing.assert_allclose(there.values, expected, rtol=1e-6)
    workers = se.score(f"model:{text}", data, METRICS, workers=2) if "own" not in text else here
    np.testing.assert_array_equal(workers.values, here.values)


def test_what_is_asked_for_is_what_is_read(data, own, tmp_path):
    write_maps("image_signature(output=log_density)", data, tmp_path / "out")
    for source in (tmp_path / "out", "model:image_signature(output=log_density)"):
        run = se.score(source, data, ["nss"], kind="map")
        assert kinds(run) == {"map"}
        logs = {id: np.load(tmp_path / "out" / f"{id}.npy") for id in data}
        np.testing.assert_allclose(run.values, se.score(logs, data, ["nss"]).values, rtol=1e-4)
    baseline = se.score("model:uniform", data, ["nss"], kind="log-density")
    assert kinds(baseline) == {"log-density"}  # beside a log density, in one column
    assert kinds(se.score("model:uniform", data, ["nss"])) == {"map"}


@pytest.mark.parametrize("text", ["image_signature(output=log_density)", "{own}:logs"])
def test_8_bits_hold_the_density_and_are_a_map(data, own, tmp_path, text):
    write_maps(text.format(own=own), data, tmp_path / "npy")
    write_maps(text.format(own=own), data, tmp_path / "png", kind="png")
    assert "kind" not in json.loads((tmp_path / "png" / PROVENANCE).read_text())
    assert kinds(se.score(tmp_path / "png", data, ["nss"])) == {"map"}
    density = np.exp(np.load(tmp_path / "npy" / "i01.npy").astype(float))
    share = (density - density.min()) / (density.max() - density.min())
    levels = np.asarray(Image.open(tmp_path / "png" / "i01.png"))
    np.testing.assert_array_equal(levels, np.floor(255 * share + 0.5))


def test_the_command_line_says_that_8_bits_hold_densities(toy, tmp_path):
    command = ("--data", str(toy / "toy"), "--files", "png", "--out")
    said = {
        text: CliRunner().invoke(app, ["run", text, *command, str(tmp_path / text)]).output
        for text in ("image_signature(output=log_density)", "image_signature")
    }
    assert ["hold densities" in one for one in said.values()] == [True, False]


def test_a_constant_image_has_a_uniform_density():
    declared = MODELS["image_signature"]
    made = declared.traits["batch"]([np.full((20, 30, 3), 9, np.uint8)], {"output": "log_density"})
    assert made == pytest.approx(-np.log(600))


def test_other_processes_and_check_know_the_kind(data, own, toy, tmp_path):
    predictions = ModelPredictions.of(f"{own}:logs", data)
    assert predictions.kind == "log-density"
    unpacked, arguments = predictions.__reduce__()
    assert unpacked(*arguments).fetch("i01").read((48, 64)).values.sum() == pytest.approx(1)
    write_maps(f"{own}:logs", data, tmp_path / "out")
    for command in ("check", "score"):
        done = CliRunner().invoke(app, [command, str(tmp_path / "out"), "--data", str(toy / "toy")])
        assert done.exit_code == 0, done.output
    assert "kind:log-density" in done.output
    page = tmp_path / "page.html"
    words = [
        "--pred",
        str(tmp_path / "out"),
        "--data",
        str(toy / "toy"),
        "--out",
        str(page),
        "--metrics",
        "nss",
    ]
    assert "kind:log-density" in CliRunner().invoke(app, ["explain", "i01", *words]).output


def test_a_kind_that_there_is_not_gets_a_sentence(data, own):
    with pytest.raises(SaliencyEvalError, match="must be map or log-density, got probabilities"):
        model_of(f"{own}:odd")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"kind": ["map"]}', '{"kind": "maps"}', '{"kind": null}'])
def test_what_a_folder_says_may_be_anything(data, tmp_path, text):
    write_maps("uniform", data, tmp_path / "out")
    (tmp_path / "out" / PROVENANCE).write_text(text)
    assert kinds(se.score(tmp_path / "out", data, ["nss(constant=chance)"])) == {"map"}
