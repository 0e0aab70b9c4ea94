"""Reading maps with all checks, beside reading them with the library alone, and checking a folder of them."""

import numpy as np
import pytest

from saliency_eval.checking import check_predictions

from .measure import Pass


@pytest.mark.parametrize("kind", ["png", "npy", "jpg"])
def test_reading(kind, workload, race):
    made = workload("1024x768")
    predictions = made.predictions(kind)

    def read():
        return [predictions.fetch(id).read(made.size.shape).values for id in made.first]

    def plain():
        return [made.stored(kind, id) for id in made.first]

    for values, expected in zip(read(), plain(), strict=True):
        np.testing.assert_array_equal(values, expected)
    maps = len(made.first)
    race("reading", f"read {kind}", Pass(read, maps), made.decoding(made.first), Pass(plain, maps))


@pytest.mark.parametrize("size", ["1024x768", "640x480"])
def test_checking(size, workload, race):
    """A whole folder for a data set that has been read; the rounds are few since the maps are many."""
    made = workload(size)

    def check():
        assert list(check_predictions(made.folder / "png", made.data)) == []

    work, decoding = Pass(check, len(made.ids)), made.decoding(made.ids[:100])
    race("reading", f"check, {size} png", work, decoding, bar=1.3, rounds=3)
