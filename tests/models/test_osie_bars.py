"""Itti-Koch, GBVS and the AWS-like model on real images: what was measured on every 14th of OSIE."""

import pytest
from test_osie import Part

import saliency_eval as se

pytest.importorskip("torch", reason="models of images need torch")

MEASURED = {  # AUC-Judd, sAUC, NSS of prototypes written apart from this code, on 50, 50 and 25 images
    "itti_koch": (0.7901, 0.6893, 1.175),
    "gbvs": (0.8013, 0.6502, 1.258),
    "aws_like": (0.8024, 0.7791, 1.471),
}


@pytest.mark.slow
@pytest.mark.parametrize("model", MEASURED)
def test_scores(shared, model):
    osie = se.load_dataset("osie", shared / "data" / "OSIE")
    part = Part(osie, list(osie)[:: 28 if model == "aws_like" else 14])
    means = se.score(f"model:{model}", part, ["auc_judd", "shuffled_auc", "nss"], workers=1).means
    found = [means[name].mean for name in ("auc_judd", "shuffled_auc", "nss")]
    assert found == pytest.approx(MEASURED[model], abs=0.01)
