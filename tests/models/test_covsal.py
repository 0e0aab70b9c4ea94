"""CovSal against plain loops and generalised eigenvalues of another library."""

import functools

import numpy as np
import pytest
from scipy import linalg, ndimage

torch = pytest.importorskip("torch", reason="models of images need torch")

from saliency_eval.models.nets import covsal  # noqa: E402


def matrices(rows, columns, seed=0):
    """Covariances of random features, (1, rows, columns, 7, 7)."""
    points = np.random.default_rng(seed).normal(size=(1, rows, columns, 7, 12))
    return torch.from_numpy(points @ points.swapaxes(-1, -2) / 11 + 1e-3 * np.eye(7))


@functools.cache
def log(data):
    return linalg.logm(np.frombuffer(data).reshape(7, 7)).real


PLAIN = {
    "exact": lambda a, b: np.sqrt((np.log(linalg.eigvalsh(b, a)) ** 2).sum()),
    "log_euclidean": lambda a, b: np.linalg.norm(log(a.tobytes()) - log(b.tobytes())),
}


def plain_rarity(found, patch, rho, centre):
    """One patch at a time."""
    rows, columns = found.shape[:2]
    result = np.empty((rows, columns))
    for r in range(rows):
        for c in range(columns):
            others = [(i, j) for i in range(rows) for j in range(columns)
                      if max(abs(i - r), abs(j - c)) <= 3 and (i, j) != (r, c)]  # fmt: skip
            differ = [rho(found[r, c], found[o]) / (1 + patch * np.hypot(o[0] - r, o[1] - c)) for o in others]
            result[r, c] = np.mean(sorted(differ)[: max(1, len(others) // 10)])
            if centre:
                middle = np.array([rows, columns]) / 2
                away = (np.array([r, c]) + 0.5 - middle) / middle
                result[r, c] *= 1 - np.linalg.norm(away) / np.sqrt(2)
    return result


@pytest.mark.parametrize("distance", ["exact", "log_euclidean"])
@pytest.mark.parametrize(("shape", "centre"), [((4, 4), False), ((5, 9), True)])
def test_rarity_of_patches(monkeypatch, distance, shape, centre):
    monkeypatch.setattr(covsal, "SOLVED", 7)  # several parts
    found = matrices(*shape)
    expected = plain_rarity(found[0].numpy(), 16, PLAIN[distance], centre)
    assert covsal.rarity(found, 16, distance, centre)[0, 0].numpy() == pytest.approx(expected, rel=1e-9)


def test_features_and_their_covariances():
    image = np.random.default_rng(1).random((32, 48, 3))
    seen = covsal.features(torch.from_numpy(image.transpose(2, 0, 1)[None].copy()))[0].numpy()
    grey = 255 * image.mean(-1)
    assert seen[3] == pytest.approx(np.abs(ndimage.correlate1d(grey, [-1, 0, 1], 1, mode="nearest")))
    assert seen[4] == pytest.approx(np.abs(ndimage.correlate1d(grey, [-1, 0, 1], 0, mode="nearest")))
    assert (seen[5:, 3, 7] == (3, 7)).all()
    found = covsal.covariances(torch.from_numpy(seen)[None], 16)
    assert found.shape == (1, 2, 3, 7, 7)
    expected = np.cov(seen[:, 16:, 32:].reshape(7, -1)) + 1e-3 * np.eye(7)
    assert found[0, 1, 2].numpy() == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_centre_factor():
    found = covsal.nearness(1, 2, torch.zeros(1, dtype=torch.float64))
    assert found.tolist() == [pytest.approx([1 - 0.25 / 0.5**0.5] * 2)]


def test_texture_that_turns_stands_out(monkeypatch):
    monkeypatch.setattr(covsal, "SIDE", 128)
    monkeypatch.setattr(covsal, "PATCHES", (8, 16))
    rows, columns = np.mgrid[:128, :128]
    image = np.where((columns // 4) % 2, 0.2, 0.8)
    inside = (np.abs(rows - 64) < 6) & (np.abs(columns - 64) < 6)
    image[inside] = np.where((rows // 4) % 2, 0.2, 0.8)[inside]
    images = torch.from_numpy(np.repeat(image[None, None], 3, 1)).float()
    found = covsal.covsal(images, distance="log_euclidean", centre=False)[0].numpy()
    assert (found.min(), found.max()) == (0, 1)
    assert found[inside].mean() > 5 * found[~inside].mean()
