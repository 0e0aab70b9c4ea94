"""The embedded data set."""

from __future__ import annotations

import time

import numpy as np
from numpy.testing import assert_array_equal

from saliency_eval.datasets import load_dataset
from saliency_eval.datasets.demo import ARRAYS, GREY, scene
from saliency_eval.datasets.verify import check_dataset


def test_the_demo_is_what_its_card_says() -> None:
    data = load_dataset("demo")
    assert check_dataset(data).ok
    assert data.problems() == []
    assert "simulated" in data.card.summary
    assert data.defaults == {"sigma": 12}


def test_the_demo_is_the_same_everywhere() -> None:
    assert load_dataset("demo").tag == "demo@1#e346c8e0"


def test_everything_is_made_in_less_than_a_second() -> None:
    start = time.perf_counter()
    data = load_dataset("demo")
    images = [data[id]["image"] for id in data]
    assert len(data.pool.points) == 864
    assert time.perf_counter() - start < 1
    assert all(i.shape == (300, 400, 3) and i.dtype == np.uint8 for i in images)


def test_one_item_differs_from_all_others() -> None:
    data = load_dataset("demo")
    for number, array in enumerate(ARRAYS):
        picture = data[array.id]["image"].astype(int)
        windows = []
        for centre in scene(number).centres:
            row, column = centre.astype(int)
            windows.append(picture[row - 14 : row + 15, column - 14 : column + 15])
        shapes = {w.shape for w in windows}
        if len(shapes) > 1:
            windows = [w[:25, :25] for w in windows]
        differs = [(w != windows[1]).any() for w in windows]
        assert differs[0], array
        assert sum(differs) == 1, array


def test_observers_find_the_odd_item_more_often_than_any_other() -> None:
    data = load_dataset("demo")
    for number, array in enumerate(ARRAYS):
        points = data[array.id]["fixations"]
        centres = scene(number).centres
        nearest = np.argmin(((points[:, None] - centres) ** 2).sum(2), 1)
        counts = np.bincount(nearest, minlength=len(centres))
        assert counts[0] == counts.max()
        assert 0.3 < counts[0] / len(points) < 0.6


def test_every_observer_starts_near_the_centre() -> None:
    data = load_dataset("demo")
    for id in data:
        _, first = np.unique(data[id]["observers"], return_index=True)
        starts = data[id]["fixations"][first]
        assert np.hypot(*(starts - [150, 200]).T).max() < 80


def test_items_have_the_chosen_lightness_and_background() -> None:
    picture = load_dataset("demo")["colour-180"]["image"]
    assert_array_equal(picture[0, 0], [round(255 * GREY)] * 3)
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 3  # soft edges
