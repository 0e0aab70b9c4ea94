"""Under which Gaussians of all others fixations are likeliest: against plain loops, and another program on OSIE."""

import json
import math

import numpy as np
import pytest
from typer.testing import CliRunner

import saliency_eval as se
from saliency_eval.cli import app
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.models.bandwidth import bandwidth

MEASURED = {  # bits per fixation on all of OSIE, by a prototype written apart from this package
    8: (None, 1.993, 2.261, 2.401, 2.463, 2.531, 2.546),
    12: (1.464, 2.526, 2.662, 2.730, 2.754, 2.767, 2.722),
    16: (2.215, 2.688, 2.767, 2.801, 2.810, 2.798, 2.726),
    24: (2.522, 2.659, 2.691, 2.698, 2.692, 2.659, 2.565),
    40: (2.255, 2.276, 2.282, 2.273, 2.259, 2.217, 2.114),
}


def plain(data, sigma, mix):
    """One fixation after the other."""
    found = []
    for image in data.values():
        height, width = image["shape"]
        seen = list(zip(image["fixations"].tolist(), image["observers"].tolist(), strict=True))
        for (row, column), own in seen:
            others = [(r - row) ** 2 + (c - column) ** 2 for (r, c), who in seen if who != own]
            mass = sum(math.exp(-apart / (2 * sigma**2)) for apart in others) / (2 * math.pi * sigma**2)
            found.append(math.log2(height * width * (1 - mix) * mass / len(others) + mix))
    return sum(found) / len(found)


def test_bits_are_the_formula():
    data = se.load_dataset("demo")
    found = bandwidth(data, [9, 30], [0, 0.05])
    expected = [[plain(data, sigma, mix) for mix in (0, 0.05)] for sigma in (9, 30)]
    np.testing.assert_allclose(found.bits, expected, rtol=1e-12)
    assert found.best == "gold_standard(sigma=9,mix=0.05)"
    assert found.summary().loc[9.0, 0.05] == found.bits[0, 1]


def test_a_fixation_far_from_all_others_has_a_likelihood_still():
    assert -1e6 < bandwidth(se.load_dataset("demo"), [0.2], [0.0]).bits[0, 0] < -1000


def test_osie_is_as_measured(shared):
    found = bandwidth(se.load_dataset("osie", shared / "data" / "OSIE"))
    table = found.summary()
    for sigma, row in MEASURED.items():
        for mix, bits in zip(found.mixes, row, strict=True):
            assert bits is None or table.loc[sigma, mix] == pytest.approx(bits, abs=1.1e-3)
    assert (found.best, found.fixations, found.at_edge) == ("gold_standard(sigma=16,mix=0.05)", 98321, False)


def test_what_lies_at_the_edge():
    data = se.load_dataset("demo")
    assert bandwidth(data).at_edge  # 0.2 is the last mix
    assert not bandwidth(data, [4, 6, 7], [0.2]).at_edge  # one mix alone
    assert bandwidth(data, [4, 6], [0.2]).at_edge


@pytest.mark.parametrize(("sigmas", "mixes"), [([0], [0.1]), ([math.nan], [0.1]), ([3], [-0.1]), ([3], [2])])
def test_numbers_that_are_no_bandwidth(sigmas, mixes):
    with pytest.raises(SaliencyEvalError, match="cannot be"):
        bandwidth(se.load_dataset("demo"), sigmas, mixes)


def test_one_observer_has_no_ceiling(toy):
    path = toy / "toy" / "fixations.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0], *(f"{line[:-1]}0" for line in lines[1:])]), encoding="utf-8")
    with pytest.raises(SaliencyEvalError, match=r"needs images with two observers, toy@1#\w+ has none"):
        bandwidth(se.load_dataset(str(toy / "toy")))


def test_a_set_without_a_sigma_is_given_some(toy):
    (toy / "toy" / "dataset.toml").unlink()
    with pytest.raises(SaliencyEvalError, match="must be tried at some sigmas"):
        bandwidth(se.load_dataset(str(toy / "toy")))
    assert bandwidth(se.load_dataset(str(toy / "toy")), [9]).fixations == 120


def test_the_command():
    done = CliRunner().invoke(app, ["models", "bandwidth", "--data", "demo", "--sigma", "6", "--mix", "0.2"])
    assert done.stdout.splitlines()[1:] == [
        "6      2.793",
        "gold_standard(sigma=6,mix=0.2), of 864 fixations",
    ]
    done = CliRunner().invoke(app, ["models", "bandwidth", "--data", "demo", "--format", "json"])
    [found] = json.loads(done.stdout)["results"]
    assert (found["best"], found["mixes"][-1]) == ("gold_standard(sigma=6,mix=0.2)", 0.2)
    assert np.shape(found["bits"]) == (len(found["sigmas"]), len(found["mixes"]))
