"""Context-aware saliency against plain loops, and distances in closed form."""

import numpy as np
import pytest
from scipy import ndimage

torch = pytest.importorskip("torch", reason="models of images need torch")

from saliency_eval.models.nets import context  # noqa: E402


def picture(shape, seed=0):
    return np.random.default_rng(seed).random((*shape, 3))


def tensor(image):
    return torch.from_numpy(image.transpose(2, 0, 1)[None].copy())


def plain_patches(image, half, stride):
    """Patches and their places, one at a time."""
    padded = np.pad(image, ((half, half), (half, half), (0, 0)), mode="edge")
    longer, width = max(image.shape), 2 * half + 1
    return [(padded[r : r + width, c : c + width], np.array([r + 0.5, c + 0.5]) / longer)
            for r in range(0, image.shape[0], stride) for c in range(0, image.shape[1], stride)]  # fmt: skip


def plain_uniqueness(image, smaller, half, neighbours, stride):
    """One patch at a time, among the patches of some sizes of the image."""
    others = [one for size in smaller for one in plain_patches(size, half, half * stride)]
    result = []
    for patch, place in plain_patches(image, half, 1):
        differ = [np.linalg.norm(patch - p) / (1 + 3 * np.linalg.norm(place - w)) for p, w in others]
        result.append(1 - np.exp(-np.mean(sorted(differ)[:neighbours]) * 49 / (2 * half + 1) ** 2))
    return np.reshape(result, image.shape[:2])


@pytest.mark.parametrize(("stride", "neighbours"), [(1, 5), (2, 1000)])
def test_uniqueness_of_patches(monkeypatch, stride, neighbours):
    colours = tensor(picture((10, 14)))
    smaller = [context.at(colours, s)[0].permute(1, 2, 0).numpy() for s in (0.8, 0.4, 0.2)]
    assert [s.shape[:2] for s in smaller] == [(8, 11), (4, 6), (2, 3)]
    monkeypatch.setattr(context, "DISTANCES", 100)  # several blocks of rows
    found = context.uniqueness(colours, 0.8, 2, neighbours, stride)[0].numpy()
    expected = plain_uniqueness(smaller[0], smaller, 2, neighbours, stride)
    assert found == pytest.approx(expected, abs=1e-6)


def test_the_smallest_scale_is_compared_with_itself_alone():
    colours = tensor(picture((10, 14)))
    scaled = context.at(colours, 0.3)[0].permute(1, 2, 0).numpy()
    found = context.uniqueness(colours, 0.3, 1, 3, 1)[0].numpy()
    assert found == pytest.approx(plain_uniqueness(scaled, [scaled], 1, 3, 1), abs=1e-6)


def test_distance_to_the_nearest():
    chosen = np.random.default_rng(3).random((2, 9, 15)) < 0.04
    found = context.distance(torch.from_numpy(chosen)).numpy()
    assert found == pytest.approx(np.stack([ndimage.distance_transform_edt(~one) for one in chosen]))


def test_what_is_near_a_focus_is_drawn_with_it(monkeypatch):
    flat = torch.full((1, 4, 5), 0.5, dtype=torch.float64)
    flat[0, 0, 0] = 1.0
    monkeypatch.setattr(context, "uniqueness", lambda *_: flat)
    found = context.context_aware(torch.rand(1, 3, 4, 5), side=5, neighbours=1, stride=1)[0]
    assert (found[0, 0], found[3, 4]) == (1, 0)
    assert float(found[0, 3]) == pytest.approx(0.5 * (1 - 3 / 5))


def test_grey_has_no_colours(monkeypatch):
    seen = []
    monkeypatch.setattr(context, "uniqueness", lambda colours, *_: seen.append(colours) or colours[:, 0])
    image = np.repeat(picture((10, 14))[..., :1], 3, -1)
    context.context_aware(tensor(image).float(), side=14, neighbours=1, stride=1)
    assert seen[0].amax((2, 3)).tolist() == [[1, 0, 0]]


def test_odd_patch_stands_out():
    rows, columns = np.mgrid[:40, :60]
    image = np.repeat(np.where((rows // 4 + columns // 4) % 2, 0.3, 0.7)[..., None], 3, -1)
    image[16:24, 40:48] = (0.9, 0.1, 0.1)
    found = context.context_aware(tensor(image).float(), side=60, neighbours=16, stride=2)[0].numpy()
    assert np.unravel_index(found.argmax(), found.shape)[0] in range(14, 26)
    assert found[14:26, 38:50].mean() > 2 * found[:, :30].mean()
