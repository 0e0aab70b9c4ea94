"""Filters are learned again from the photographs that their files name: the same spaces, and the same maps."""

import dataclasses
import hashlib
import json
import re
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from saliency_eval.cli import app
from saliency_eval.cli.learning import learn
from saliency_eval.core import MODELS
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.models import bases, learning
from saliency_eval.models.learning import RECIPES, Recipe, angle

pytest.importorskip("skimage", reason="filters are learned from photographs inside scikit-image")
ALL = [recipe for recipes in RECIPES.values() for recipe in recipes]
BY_NAME = {recipe.name: recipe for recipe in ALL}
TINY = Recipe("tiny", 4, 500, 6, 1e-2, 50)


def principal(patches, count):
    """The first principal components."""
    centred = patches - patches.mean(0)
    return np.linalg.eigh((centred.T @ centred).astype(np.float64))[1][:, ::-1][:, :count].T


@pytest.mark.parametrize(("name", "shape"), [
    ("aim21", (25, 3, 21, 21)), ("aim11", (9, 3, 11, 11)), ("dva", (192, 3, 8, 8)), ("sun", (120, 3, 11, 11))
])  # fmt: skip
def test_the_files_of_the_package(name, shape):
    basis, recipe = bases.bundled(name), BY_NAME[name]
    assert basis.filters.shape == shape
    assert basis.filters.dtype == np.float32
    assert basis.provenance["recipe"] == dataclasses.asdict(recipe)
    assert basis.provenance["photographs"] == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in learning.files()
    }
    assert len(basis.sigma) == len(basis.theta) == (120 if name == "sun" else 0)


def test_the_files_are_small():
    assert sum(path.stat().st_size for path in bases.FOLDER.glob("*.npz")) < 1_000_000
    assert {path.stem for path in bases.FOLDER.glob("*.npz")} == set(BY_NAME)


def test_aim_keeps_the_space_of_most_variance():
    patches = learning.sampled(learning.photographs(), 11, 60_000)
    kept = {share: learning.components_of(patches, share) for share in (0.95, 0.99)}
    assert kept == {0.95: 9, 0.99: 68}
    assert angle(bases.bundled("aim11").filters, principal(patches, 9)) < 1e-3


def test_filters_of_sun_have_no_mean_and_statistics_like_those_of_nature():
    basis = bases.bundled("sun")
    patches = learning.prepared(learning.photographs(), BY_NAME["sun"])
    assert np.abs(patches.mean(1)).max() < 1e-5
    assert angle(basis.filters, principal(patches, 120)) < 1e-3
    assert np.abs(basis.filters.sum((1, 2, 3))).max() < 1e-4 * np.abs(basis.filters).sum((1, 2, 3)).min()
    assert ((basis.theta > 0.2) & (basis.theta < 2)).all()  # peaked and with long tails


@pytest.mark.parametrize(("kind", "first", "second", "sigma", "theta"), [
    ("Laplace", 3.0, 18.0, 3.0, 1.0),  # E|F| = b, E F^2 = 2 b^2
    ("normal", np.sqrt(2 / np.pi), 1.0, np.sqrt(2), 2.0),
    ("theta 1/2", 6.0, 120.0, 1.0, 0.5),  # Gamma(4) / Gamma(2), Gamma(6) / Gamma(2)
])  # fmt: skip
def test_generalised_gaussians_are_recognised(kind, first, second, sigma, theta):
    found = learning.generalised_gaussian(np.array([first]), np.array([second]))
    assert np.abs(np.ravel(found) - [sigma, theta]).max() < 1e-6


def test_statistics_are_those_of_half_size_photographs(monkeypatch):
    """A filter that gives twice as much has twice the scale and the same exponent."""
    torch = pytest.importorskip("torch")
    from saliency_eval.models.nets import sun

    photographs = learning.photographs()[:1]
    monkeypatch.setattr(learning, "photographs", lambda: photographs)
    filters = np.random.default_rng(0).normal(size=(1, 3, 11, 11)).astype(np.float32)
    made = learning.with_statistics(
        bases.Basis(np.concatenate([filters, 2 * filters]), *[np.zeros(0)] * 2, {})
    )
    assert made.sigma[1] == pytest.approx(2 * made.sigma[0], rel=1e-4)
    assert made.theta[1] == made.theta[0]
    assert np.abs(made.filters.sum((1, 2, 3))).max() < 1e-3
    small = sun.contrasts(torch.from_numpy(photographs[0]).permute(2, 0, 1)[None], 0.5)
    found = sun.responses(small, torch.from_numpy(made.filters[:1])).abs()
    expected = learning.generalised_gaussian(found.mean().numpy()[None], (found**2).mean().numpy()[None])
    assert (made.sigma[0], made.theta[0]) == pytest.approx(np.ravel(expected), rel=1e-4)


def test_patches_are_drawn_for_one_image_after_the_other():
    images = [np.random.default_rng(k).random((9, 12 + k, 3)).astype(np.float32) for k in range(2)]
    made = learning.sampled(images, 4, 5)
    rng = np.random.default_rng(0)
    for k, image in enumerate(images):
        rows, columns = rng.integers(0, 6, 3), rng.integers(0, 9 + k, 3)
        for at in range(3 - k):  # five of six are kept
            patch = image[rows[at] : rows[at] + 4, columns[at] : columns[at] + 4]
            assert (made[3 * k + at] == patch.transpose(2, 0, 1).ravel()).all()
    assert made.shape == (5, 48)


def test_the_same_recipe_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        learning.learned(TINY).save(tmp_path / f"{name}.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    back = bases.read_basis(tmp_path / "a.npz")
    assert back.filters.shape == (6, 3, 4, 4)
    assert back.provenance["seed"] == 0
    assert set(back.provenance["packages"]) == {"numpy", "scikit-image", "scikit-learn"}


@pytest.mark.parametrize("absent", [("no_such_package", "x.png"), ("skimage", "data/no_such.png")])
def test_photographs_that_are_absent(monkeypatch, absent):
    monkeypatch.setattr(learning, "PHOTOGRAPHS", (absent,))
    with pytest.raises(SaliencyEvalError, match="pip install scikit-image") as caught:
        learning.learned(TINY)
    assert (caught.value.code, caught.value.exit_code) == ("needs_extra", 5)


def test_torch_is_asked_for_before_anything_is_learned(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr(learning, "prepared", lambda *given: pytest.fail("patches were drawn"))
    with pytest.raises(SaliencyEvalError, match="learning sun needs torch, which is not installed") as caught:
        learn("sun", tmp_path, quiet=True)
    assert (caught.value.code, caught.value.exit_code) == ("needs_extra", 5)


def test_filters_without_statistics_are_learned_without_torch(monkeypatch):
    monkeypatch.setattr(learning, "library", lambda *given: pytest.fail(f"asked for {given}"))
    assert len(learning.learned(TINY).filters) == 6


@pytest.mark.parametrize(("turn", "expected"), [(0.0, 0.0), (0.3, 0.3)])
def test_angles_between_spaces(turn, expected):
    """Order, sign and scale of filters do not count."""
    one = np.eye(12, dtype=np.float32)[:2].reshape(2, 3, 2, 2)
    other = -2 * one[::-1]
    other[0] = other[0] * np.cos(turn) - 2 * np.sin(turn) * np.eye(12)[5].reshape(3, 2, 2)
    assert angle(one, other) == pytest.approx(expected, abs=1e-6)


def test_the_command_writes_files_and_compares_them(tmp_path, monkeypatch):
    """With filters of the package learned from more patches, then with the same ones learned again."""
    monkeypatch.setitem(learning.RECIPES, "aim", (dataclasses.replace(TINY, name="aim11", side=11, keep=9),))
    done = CliRunner().invoke(
        app, ["models", "learn", "aim", "--out", str(tmp_path / "new"), "--format", "json"]
    )
    [result] = json.loads(done.stdout)["results"]
    made = bases.read_basis(tmp_path / "new" / "aim11.npz")
    assert result["filters"] == len(made.filters) == 9
    assert result["iterations"] == made.provenance["iterations"]
    assert result["angle"] == pytest.approx(angle(made.filters, bases.bundled("aim11").filters), rel=1e-6)
    assert result["angle"] > 0.1
    monkeypatch.setattr(bases, "bundled", {"aim11": made}.get)
    text = CliRunner().invoke(app, ["models", "learn", "aim", "--out", str(tmp_path / "new"), "-q"]).stdout
    pattern = r"9 filters in .*aim11\.npz; their space is (\S+) rad from that of the package\n"
    assert float(re.fullmatch(pattern, text)[1]) < 1e-6


def test_the_command_offers_what_can_be_learned(tmp_path):
    with pytest.raises(SaliencyEvalError, match=r"unknown model with filters 'sum'\. Did you mean sun\?"):
        learn("sum", tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(SaliencyEvalError, match="choose another --out") as caught:
        learn("sun", tmp_path / "file")
    assert caught.value.exit_code == 5


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ALL, ids=lambda recipe: recipe.name)
def test_learning_again_gives_the_same_space_and_maps(recipe, monkeypatch):
    again, before = learning.learned(recipe), bases.bundled(recipe.name)
    assert angle(again.filters, before.filters) < 1e-3  # 0 for any 192 of dva, which span all: its maps tell
    assert again.provenance["recipe"] == before.provenance["recipe"]
    key = next(key for key, recipes in RECIPES.items() if recipe in recipes)
    options = {**MODELS[key].options, **({"patch": recipe.side} if key == "aim" else {})}
    image = (255 * learning.photographs()[0]).astype(np.uint8)
    [old] = MODELS[key].traits["batch"]([image], options)
    module = pytest.importorskip(f"saliency_eval.models.nets.{key}")
    monkeypatch.setattr(module, "bundled", lambda name: again)
    [new] = MODELS[key].traits["batch"]([image], options)
    assert np.corrcoef(old.ravel(), new.ravel())[0, 1] > 0.999
