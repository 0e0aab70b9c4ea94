"""Models of others: weights from files that hold no code, and what installed packages offer."""

import json
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

import saliency_eval as se
from saliency_eval.cli import app
from saliency_eval.core import MODELS
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.models import own
from saliency_eval.models.folder import PROVENANCE
from saliency_eval.models.own import model_of
from saliency_eval.models.runner import ModelPredictions
from saliency_eval.models.writing import write_maps

torch = pytest.importorskip("torch", reason="models of images need torch")
NETS = '''
import torch

def net():
    """A network."""
    torch.manual_seed(0)
    return torch.nn.Conv2d(3, 1, 3)

def plain():
    return lambda images: images.mean(1)

def by_path(weights):
    scale = float(weights.read_text())
    return lambda images: scale * images.mean(1)
'''


@pytest.fixture
def nets(tmp_path):
    path = tmp_path / "nets.py"
    path.write_text(f"{NETS}# {tmp_path}\n")
    yield path
    for key in [key for key in MODELS if "#" in key]:
        del MODELS._entries[key]


@pytest.fixture
def data(toy):
    return se.load_dataset(str(toy / "toy"))


def saved(path, module=None, factor=1.0):
    """A state dict of the network in a file, its weights all of one size."""
    state = {name: torch.full_like(w, factor) for name, w in torch.nn.Conv2d(3, 1, 3).state_dict().items()}
    torch.save(state if module is None else module, path)
    return path


def safetensors(path, factor):
    """The same as safetensors, written by hand."""
    header, content = {}, b""
    for name, w in torch.nn.Conv2d(3, 1, 3).state_dict().items():
        raw = np.full(tuple(w.shape), factor, "<f4").tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(w.shape),
            "data_offsets": [len(content), len(content) + len(raw)],
        }
        content += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content)
    return path


def test_weights_are_loaded_into_the_network(data, nets, tmp_path):
    image = data["i01"]["image"].astype(float) / 255
    for path in (saved(tmp_path / "w.pt", factor=2.0), safetensors(tmp_path / "w.safetensors", 2.0)):
        model = model_of(f"{nets}:net(weights={path},output=map)")
        made = model(data["i01"])
        assert made[20, 30] == pytest.approx(
            2 * image[19:22, 29:32].sum() + 2, rel=0.1
        )  # enlarged by two pixels
    assert model_of(f"{nets}:net").key != model.key


def test_a_factory_that_has_a_parameter_for_weights_is_given_their_path(data, nets, tmp_path):
    (tmp_path / "scale.txt").write_text("3.5")
    model = model_of(f"{nets}:by_path(weights={tmp_path / 'scale.txt'})")
    assert model(data["i01"]) == pytest.approx(3.5 * data["i01"]["image"].mean(2) / 255, abs=1e-5)
    (tmp_path / "scale.txt").write_text("3.6")
    assert model_of(f"{nets}:by_path(weights={tmp_path / 'scale.txt'})").key != model.key
    with pytest.raises(
        SaliencyEvalError, match=r"by_path must be given weights, .* add --weights FILE"
    ) as error:
        model_of(f"{nets}:by_path")
    assert error.value.code == "usage"


def test_weights_stand_in_key_and_provenance(data, nets, tmp_path):
    path = saved(tmp_path / "w.pt")
    found = write_maps(f"{nets}:net", data, tmp_path / "out", weights=path)
    assert (found.made, found.problems) == (6, [])
    made_by = json.loads((tmp_path / "out" / PROVENANCE).read_text())
    assert list(made_by["weights"]) == ["w.pt"]
    assert len(made_by["weights"]["w.pt"]) == 64
    with pytest.raises(SaliencyEvalError, match="made with another model"):
        write_maps(f"{nets}:net", data, tmp_path / "out", weights=saved(tmp_path / "w.pt", factor=2.0))


def test_weights_go_along_to_other_processes_and_folders(data, nets, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    saved("w.pt", factor=2.0)
    predictions = ModelPredictions.of("nets.py:net(weights=w.pt)", data)
    unpacked, arguments = predictions.__reduce__()
    del MODELS._entries[predictions.variant.key]
    monkeypatch.chdir("/")
    there = unpacked(*arguments)
    assert there.variant.key == predictions.variant.key
    assert there.fetch("i01").read((48, 64)).values.max() > 5


class Harmful:
    def __reduce__(self):
        return sys.exit, ("ran",)


@pytest.mark.parametrize(
    ("make", "factory", "code", "words"),
    [
        (lambda path: saved(path, {"weight": torch.zeros(3)}), "net", "model", "must fit"),
        (lambda path: saved(path, Harmful()), "net", "unreadable", "cannot be read"),
        (lambda path: path.write_bytes(b"abc"), "net", "unreadable", "cannot be read"),
        (lambda path: saved(path, torch.zeros(3)), "net", "unreadable", "must be a state dict"),
        (lambda path: None, "net", "not_available", "there is no"),
        (saved, "plain", "usage", "weights need a network of torch"),
        (lambda path: path.write_text("x"), "by_path", "model", "raised ValueError"),
    ],
)
def test_bad_weights_get_a_sentence(nets, tmp_path, make, factory, code, words):
    make(tmp_path / "w.pt")
    with pytest.raises(SaliencyEvalError, match=words) as error:
        model_of(f"{nets}:{factory}(weights={tmp_path / 'w.pt'})")
    assert error.value.code == code
    assert len(error.value.problems) == 1


def call(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_the_command_line_takes_weights(toy, nets, tmp_path):
    path = saved(tmp_path / "w.pt", factor=2.0)
    done = call("run", f"{nets}:net", "--data", toy / "toy", "--out", tmp_path / "out", "--weights", path)
    assert done.exit_code == 0, done.output
    command = (
        "score",
        f"model:{nets}:net",
        "--data",
        toy / "toy",
        "--no-save",
        "--metrics",
        "nss",
        "--format",
        "json",
    )
    with_them, without = (call(*command, *more) for more in (("--weights", path), ()))
    [one], [other] = (json.loads(done.stdout)["results"] for done in (with_them, without))
    assert one["model"] != other["model"]
    written = json.loads(call("score", tmp_path / "out", *command[2:]).stdout)["results"][0]
    assert written["metrics"]["nss"]["mean"] == pytest.approx(one["metrics"]["nss"]["mean"], abs=1e-5)
    done = call("run", "uniform", "--data", toy / "toy", "--out", tmp_path / "out", "--weights", path)
    assert "weights belong to a model of others, 'uniform' is none" in str(done.exception)
    done = call("score", tmp_path / "out", *command[2:], "--weights", path)
    assert done.exception.code == "usage"


# ------------------------------------------------------------------ packages


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a package that offers models."""
    site, info = tmp_path / "site", tmp_path / "site" / "bright-1.2.dist-info"
    info.mkdir(parents=True)
    (site / "bright_models.py").write_text(NETS)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bright\nVersion: 1.2\n")
    points = "bright = bright_models:plain\nbroken = bright_models:absent\nlost = no_such_module:x\n"
    (info / "entry_points.txt").write_text(f"[saliency_eval.models]\n{points}uniform = bright_models:net\n")
    monkeypatch.syspath_prepend(site)
    own.offered.cache_clear()
    yield info
    own.offered.cache_clear()
    sys.modules.pop("bright_models", None)
    for key in [key for key in MODELS if "#" in key]:
        del MODELS._entries[key]


def test_an_installed_package_offers_a_model(data, package, tmp_path):
    model = model_of("bright(prior=add)")
    assert model.call.startswith("bright#")
    assert model.call.endswith("(prior=add)")
    assert model_of("uniform").key == "uniform"  # what is declared stays
    assert write_maps("bright", data, tmp_path / "out").made == 6
    listed = call("models").output
    assert "offered by bright 1.2" in listed
    assert "bright_models" not in listed
    described = call("models", "info", "bright")
    assert described.exit_code == 0, described.output
    assert "The model that bright of bright 1.2 makes." in described.output
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: bright\nVersion: 1.3\n")
    own.offered.cache_clear()
    assert model_of("bright").key != model.key


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("broken", "model", "broken of bright 1.2 raised AttributeError"),
        ("lost", "needs_extra", "lost of bright 1.2 needs no_such_module"),
    ],
)
def test_a_package_that_fails_to_load_gets_a_sentence(package, name, code, words):
    with pytest.raises(SaliencyEvalError, match=words) as error:
        model_of(name)
    assert error.value.code == code
    assert call("models").exit_code == 0
