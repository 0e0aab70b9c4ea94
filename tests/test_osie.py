"""The whole line on real data: all 700 OSIE images."""

import numpy as np
import pytest

import saliency_eval as se
from saliency_eval.datasets.fixations import FixationDataset
from saliency_eval.models.writing import write_maps
from saliency_eval.store import scores_csv


@pytest.fixture(scope="module")
def osie(shared):
    return se.load_dataset("osie", shared / "data" / "OSIE")


@pytest.fixture(scope="module")
def centre_bias_maps(osie, tmp_path_factory):
    folder = tmp_path_factory.mktemp("osie") / "centre_bias"
    write_maps("centre_bias", osie, folder, workers=2)
    return folder


@pytest.mark.slow
def test_centre_bias(osie, centre_bias_maps):
    means = se.score(centre_bias_maps, osie, ["auc_judd", "shuffled_auc"], workers=2).means
    assert means["auc_judd"].n == 700
    assert 0.72 <= means["auc_judd"].mean <= 0.76
    assert abs(means["shuffled_auc"].mean - 0.50) <= 0.04


@pytest.mark.slow
def test_same_bytes_for_any_number_of_workers(osie, centre_bias_maps):
    runs = [se.score(centre_bias_maps, osie, limit=120, workers=w) for w in (1, 2, 4)]
    assert len({scores_csv(run) for run in runs}) == 1


@pytest.mark.slow
def test_baselines_on_every_seventh_image(osie):
    """Values measured independently of this code, with exact AUCs over all other images."""
    chosen = Part(osie, list(osie)[::7])
    assert len(chosen) == 100

    def means(model, *metrics):
        run = se.score(f"model:{model}", chosen, metrics, protocol="exact", workers=2)
        return {label: run.means[label].mean for label in run.labels}

    uniform = means("uniform", "auc_judd(ties=expected,duplicates=unique)", "nss")
    assert uniform["auc_judd"] == pytest.approx(0.5036, abs=5e-5)
    assert uniform["nss"] == 0
    centre = means(
        "centre_gaussian", "auc_judd(ties=expected,duplicates=unique)", "nss", "cc", "shuffled_auc"
    )
    assert centre["auc_judd"] == pytest.approx(0.7273, abs=5e-5)
    assert centre["nss"] == pytest.approx(0.800, abs=5e-4)
    assert centre["cc"] == pytest.approx(0.294, abs=5e-4)
    assert centre["shuffled_auc"] == pytest.approx(0.4895, abs=5e-5)
    ceiling = means("gold_standard", "auc", "nss", "shuffled_auc")
    assert ceiling["auc"] == pytest.approx(0.9310, abs=2e-4)
    assert ceiling["nss"] == pytest.approx(3.589, abs=5e-4)
    assert ceiling["shuffled_auc"] == pytest.approx(0.8901, abs=5e-5)


class Part(FixationDataset):
    """Some images of a data set, with the fixations of all as pool."""

    key = "osie"

    def __init__(self, whole, ids):
        self.whole, self.ids, self.settings, self.card = whole, ids, {}, whole.card

    def images(self):
        return {id: self.whole.paths[id] for id in self.ids}

    def gaze(self, id):
        return self.whole.gaze(id)

    def __getitem__(self, id):
        return self.whole[id]

    def problems(self):
        return []

    @property
    def pool(self):
        return self.whole.pool


def test_official_pixels(osie):
    points = osie.pool.points
    assert len(points) == 98_321
    assert points.mean(0) == pytest.approx((282.633069, 400.516411), abs=1e-6)
    counts = np.bincount(osie.pool.image)
    assert (len(counts), counts.min(), counts.max(), counts[0]) == (700, 111, 179, 141)
