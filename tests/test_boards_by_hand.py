"""A board of three models, four images and two metrics, every number of which was worked out without this package.

nss of the images i0 to i3; kld is 10 less nss, and less is better:

    a: 3 5 4 8    mean 20/4 = 5
    b: 2 3 2 5    mean 12/4 = 3
    c: 1 4 3 2    mean 10/4 = 2.5

There are 4^4 = 256 equally likely resamples and 2^4 = 16 choices of signs: both are enumerated here with whole numbers.
"""

import csv
import re
from itertools import product

import numpy as np
import pytest
from made_runs import SHA, made, signature

from saliency_eval import exports
from saliency_eval.boards import board_of
from saliency_eval.run import DataId

NSS = {"a": (3, 5, 4, 8), "b": (2, 3, 2, 5), "c": (1, 4, 3, 2)}


@pytest.fixture(scope="module")
def document():
    """The board as `leaderboard.json`."""
    data = DataId("toy", "1", f"toy@1#{SHA[:8]}", SHA, 4)
    lines = {key: signature(key, n=4) for key in ("nss", "kld")}
    runs = [
        made(name, values=np.column_stack([scores, 10 - np.array(scores)]), n=4, data=data, signatures=lines,
             ids=("i0", "i1", "i2", "i3"))
        for name, scores in reversed(NSS.items())
    ]  # fmt: skip
    return board_of(runs).document


def cell(document, row, metric):
    return document["rows"][row]["metrics"][metric]


def test_order_means_and_errors(document):
    assert [row["model"] for row in document["rows"]] == ["a", "b", "c"]
    assert [cell(document, k, "nss")["mean"] for k in range(3)] == [5, 3, 2.5]
    assert [cell(document, k, "kld")["mean"] for k in range(3)] == [5, 7, 7.5]
    # squares of deviations: a 4+0+1+9 = 14, b 1+0+1+4 = 6, c 2.25+2.25+.25+.25 = 5; se = sqrt(squares / (3 * 4))
    expected = [1.08012344973, 0.707106781187, 0.645497224368]
    for metric in ("nss", "kld"):
        assert [cell(document, k, metric)["se"] for k in range(3)] == expected
    # cubes: a -8+0-1+27 = 18, b -1+0-1+8 = 6, c 0; skew = (cubes / 4) / (squares / 4)^1.5
    expected = [0.687243193489, 0.816496580928, 0.0]
    assert [cell(document, k, "nss")["skew"] for k in range(3)] == expected
    assert [cell(document, k, "kld")["skew"] for k in range(3)] == [-0.687243193489, -0.816496580928, 0.0]


def test_pairs(document):
    """a-b is 1 2 2 3, a-c is 2 1 1 6, b-c is 1 -1 -1 3: of 16 sums of signs 2, 2 and 14 are as far from 0."""
    for metric, sign in (("nss", 1), ("kld", -1)):
        found = [pair for pair in document["pairs"] if pair["metric"] == metric]
        names = {row["run"]: row["model"] for row in document["rows"]}
        assert [names[p["a"]] + names[p["b"]] for p in found] == ["ab", "ac", "bc"]
        assert [p["diff"] for p in found] == [2 * sign, 2.5 * sign, 0.5 * sign]
        assert [p["p"] for p in found] == [0.125, 0.125, 0.875]
        assert [p["p_holm"] for p in found] == [0.375, 0.375, 0.875]
        # ranks of a-b 1, 2.5, 2.5, 4 and of a-c 3, 1.5, 1.5, 4: all positive, so 2 of 16; of b-c 2, -2, -2, 4: the
        # sum of the positive is 6, and all 16 sums, which are even, are as far from their mean of 5
        assert [p["p_wilcoxon"] for p in found] == [0.125, 0.125, 1]
        assert [(p["wins"], p["ties"], p["losses"]) for p in found] == [(4, 0, 0), (4, 0, 0), (2, 0, 2)]
    assert document["flips"] == {"b": 16, "correction": "holm", "reach": None, "seed": ["toy", SHA]}
    assert {tuple(cell(document, k, m)["groups"]) for k in range(3) for m in ("nss", "kld")} == {("a",)}


def enumerated():
    """Sums of all 256 resamples, which are four times their means: whole numbers, so that ties are ties."""
    return np.array(
        [[sum(scores[i] for i in drawn) for scores in NSS.values()] for drawn in product(range(4), repeat=4)]
    )


def test_ranks(document):
    """a is first in every resample, as a-b and a-c are positive on every image; c passes b in 48 of 256, more than a
    fortieth, and both are equal in 56.
    """
    sums = enumerated()
    assert (sums[:, 0] > sums[:, 1:].max(1)).all()
    assert [np.sum(sums[:, 1] < sums[:, 2]), np.sum(sums[:, 1] == sums[:, 2])] == [48, 56]
    for metric in ("nss", "kld"):
        ranks = [
            (cell(document, k, metric)["rank_lo"], cell(document, k, metric)["rank_hi"]) for k in range(3)
        ]
        assert ranks == [(1, 1), (2, 3), (2, 3)]
        assert [cell(document, k, metric)["p_first"] for k in range(3)] == [1, 0, 0]
    assert [row["rank"] for row in document["rows"]] == ["1", "2-3", "2-3"]
    assert document["correlations"] == [{"a": "nss", "b": "kld", "spearman": 1.0}]


def test_intervals_are_quantiles_of_all_resamples(document):
    """Their means lie on quarters, so that an end is a quarter too, the same for 10,000 draws as for all 256.

    Shares of resamples by BCa, from scipy's normal distribution: a 0.0498 and 0.9907, c 0.025 and 0.975; the quarters
    at which the enumerated means pass them are below. For b the lower one, 0.0570, is too near to a jump at 0.0625.
    """
    ends = {"a": (3.5, 7.25), "c": (1.5, 3.5)}
    shares = {"a": (0.0498, 0.9907), "c": (0.025, 0.975)}
    for k, name in ((0, "a"), (2, "c")):
        means = enumerated()[:, k] / 4
        for end, share in zip(ends[name], shares[name], strict=True):
            assert np.mean(means < end) < share < np.mean(means <= end)
        low, high = ends[name]
        assert (cell(document, k, "nss")["lo"], cell(document, k, "nss")["hi"]) == (low, high)
        assert (cell(document, k, "kld")["lo"], cell(document, k, "kld")["hi"]) == (10 - high, 10 - low)


def test_what_is_read(document):
    """Half of an interval to two digits, the mean to the same place; every format says the same."""
    read = [
        [("5.0", "1.9"), ("5.0", "1.9")],
        [("3.0", "1.1"), ("7.0", "1.1")],  # 2.25 to 4.5 in these draws, a quarter more than in all
        [("2.5", "1.0"), ("7.5", "1.0")],
    ]
    lines = [line for line in exports.to_markdown(document).splitlines() if re.match(r"\| +(1|2-3) \|", line)]
    assert [re.findall("[*]{2}([0-9.]+)[*]{2} \u00b1([0-9.]+) \u1d43", line) for line in lines] == read
    tex = [line for line in exports.to_latex(document).splitlines() if r"\mathbf" in line]
    assert [re.findall(r"\$\\mathbf\{([0-9.]+)\} \\pm ([0-9.]+)\^", line) for line in tex] == read
    table = list(csv.DictReader(exports.to_csv(document).splitlines()))
    assert [(row["rank_low"], row["rank_high"], row["model"]) for row in table] == [
        ("1", "1", "a"), ("2", "3", "b"), ("2", "3", "c")
    ]  # fmt: skip
    assert [(row["nss"], row["kld"], row["n"], row["of"]) for row in table] == [
        ("5.0", "5.0", "4", "4"), ("3.0", "7.0", "4", "4"), ("2.5", "7.5", "4", "4")
    ]  # fmt: skip
