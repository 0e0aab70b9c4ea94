"""Boolean map saliency against connected components labelled one threshold at a time, and closed forms."""

import numpy as np
import pytest
from scipy import ndimage

torch = pytest.importorskip("torch", reason="models of images need torch")

from saliency_eval.core import MODELS  # noqa: E402
from saliency_eval.models.nets import bms  # noqa: E402
from saliency_eval.models.nets.sizes import area  # noqa: E402

SQUARE = np.ones((3, 3))


def photograph(shape, seed=0):
    """Smooth random colours with a few flat regions, like a picture."""
    rng = np.random.default_rng(seed)
    image = ndimage.gaussian_filter(rng.normal(size=(*shape, 3)), (3, 3, 0))
    image = np.clip(128 + 600 * image, 0, 255)
    image[10:20, 15:30] = 255 * rng.random(3)
    return image.astype(np.uint8)


def tensor(*images):
    return torch.from_numpy(np.stack(images).transpose(0, 3, 1, 2).copy()).float() / 255


def enclosed(mask):
    """The components of a mask that do not touch its border."""
    labels, _ = ndimage.label(mask, SQUARE)
    edge = np.unique(np.r_[labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return mask & ~np.isin(labels, edge)


def plain(channels, step, sigma):
    """The paper's algorithm, one Boolean map at a time."""
    total = np.zeros(channels.shape[1:])
    for channel in channels:
        for threshold in np.arange(channel.min(), channel.max(), step):
            for mask in (channel > threshold, channel <= threshold):
                wide = ndimage.binary_dilation(enclosed(mask), SQUARE, 3)
                total += wide / max(1, np.sqrt(wide.sum()))
    total = (total - total.min()) / np.ptp(total)
    return ndimage.gaussian_filter(ndimage.grey_dilation(total, (9, 9)), sigma, truncate=2, mode="nearest")


@pytest.mark.parametrize("step", [8, 30])
def test_one_reconstruction_gives_the_components_of_every_threshold(step):
    image = tensor(photograph((60, 80)))
    found = bms.bms(image, side=64, step=step, sigma=4.0)[0].numpy()
    assert np.ptp(found) > 0.1
    assert found == pytest.approx(plain(bms.colours(image, 64)[0].numpy(), step, 4.0), abs=1e-12)


def test_ways_lead_over_corners_and_around():
    spiral = np.array([[0, 0, 0, 0, 0, 0],
                       [0, 5, 5, 5, 0, 0],
                       [0, 5, 0, 0, 5, 0],
                       [0, 5, 0, 3, 0, 7],
                       [0, 0, 5, 0, 0, 0],
                       [0, 0, 0, 0, 0, 0]], np.uint8)  # fmt: skip
    reached = bms.from_border(torch.from_numpy(spiral)[None, None])[0, 0].numpy()
    assert reached[spiral == 5].tolist() == [5] * 7
    assert (reached[3, 3], reached[3, 5]) == (3, 7)
    spiral[3, 5] = 1
    assert bms.from_border(torch.from_numpy(spiral)[None, None]).amax() == 1


def test_way_longer_than_the_image():
    maze = np.zeros((41, 41), np.uint8)
    maze[1:-1:2, 1:-1] = 9
    maze[2:-2:4, -2] = maze[4:-2:4, 1] = 9
    assert bms.from_border(torch.from_numpy(maze)[None, None]).amax() == 0
    maze[0, 1] = 9
    assert (bms.from_border(torch.from_numpy(maze)[None, None])[0, 0].numpy() == maze).all()


def test_colours_are_whitened_whole_numbers():
    image = tensor(photograph((64, 64)))
    found = bms.colours(image, 64)[0]
    assert found.unique().tolist() == found.unique().round().tolist()
    assert 0 <= found.min() < 2 < 250 < found.max() <= 255
    centred = found.flatten(1) - found.flatten(1).mean(1, keepdim=True)
    correlations = torch.corrcoef(centred) - torch.eye(3)
    assert correlations.abs().max() < 0.15  # medians and the ridge leave a little


def test_grey_has_one_channel():
    image = np.repeat(photograph((60, 80))[..., :1], 3, -1)
    spans = bms.colours(tensor(image), 64)[0].flatten(1).amax(1)
    assert sorted((spans > 0).tolist()) == [False, False, True]


def test_sizes():
    assert bms.colours(tensor(photograph((60, 90))), 30).shape == (1, 3, 20, 30)
    assert bms.colours(tensor(photograph((60, 90))), 180).shape == (1, 3, 120, 180)


def test_disc_that_is_surrounded_stands_out_and_a_stripe_does_not():
    image = np.full((96, 128, 3), 90, np.uint8)
    rows, columns = np.mgrid[:96, :128]
    image[(rows - 40) ** 2 + (columns - 80) ** 2 < 100] = (200, 60, 60)
    image[:, 20:30] = (60, 60, 200)
    found = MODELS["bms"].function(image, side=128)
    assert found[40, 80] == found.max() > 0.9
    assert found[40, 25] < 0.05


@pytest.mark.parametrize("size", [(267, 400), (213, 320), (427, 640), (1, 1)])
def test_areas_are_means_with_fractions_of_pixels(size):
    """As OpenCV's INTER_AREA: not the mean of all pixels that an area touches."""
    cv2 = pytest.importorskip("cv2", reason="opencv-contrib-python-headless is absent")
    image = photograph((427, 640)).astype(np.float32)
    made = area(torch.from_numpy(image.transpose(2, 0, 1).copy())[None].double(), size)[0].numpy()
    expected = cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA).reshape(*size, 3)
    assert np.abs(made.transpose(1, 2, 0) - expected).max() < 1e-3
