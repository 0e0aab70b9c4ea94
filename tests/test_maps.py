"""Maps: one result for equal numbers whatever their type, whatever their scale, offset and layout."""

import time

import numpy as np
import pytest

from saliency_eval import metrics
from saliency_eval.maps import Map, canonical

RNG = np.random.default_rng(11)
SHAPE = (37, 61)
POINTS = np.column_stack([RNG.integers(0, n, 30) for n in SHAPE])
OTHERS = np.column_stack([RNG.integers(0, n, 90) for n in SHAPE])
TRUTH = RNG.random(SHAPE) ** 3
CALLS = {
    "auc": (POINTS,), "auc_judd": (POINTS,), "auc_borji": (POINTS,), "shuffled_auc": (POINTS, OTHERS),
    "nss": (POINTS,), "ig": (POINTS, TRUTH), "cc": (TRUTH,), "sim": (TRUTH,), "kld": (TRUTH,),
}  # fmt: skip


def scores(values):
    return {name: getattr(metrics, name)(values, *truth) for name, truth in CALLS.items()}


NUMBERS = {
    "levels": (RNG.integers(0, 256, SHAPE), "uint8 int16 uint16 int32 int64 uint64 float32 float64 >f8 >i4"),
    "halves": (RNG.integers(0, 99, SHAPE) / 2, "float16 float32 float64 >f4 longdouble"),
    "above 255": (RNG.integers(0, 2000, SHAPE), "int16 uint16 int32 int64 float16 float32 float64"),
    "negative": (RNG.integers(-100, 100, SHAPE), "int8 int16 int64 float32 float64"),
    "two values": (RNG.integers(0, 2, SHAPE), "bool uint8 int64 float32 float64"),
}


@pytest.mark.parametrize("kind", sorted(NUMBERS))
def test_equal_numbers_give_equal_results(kind):
    numbers, types = NUMBERS[kind]
    expected = scores(numbers.astype(np.float64))
    for name in types.split():
        assert scores(numbers.astype(name)) == expected, name
    assert scores(np.asfortranarray(numbers)) == expected
    assert scores(np.repeat(numbers, 2, axis=1)[:, ::2]) == expected
    assert scores(np.where(numbers == 0, -0.0, numbers)) == expected


def test_nss_keeps_its_digits_beside_an_offset():
    values = RNG.integers(0, 2**20, SHAPE) / 2**20
    expected = metrics.nss(values, POINTS)
    for offset in (1e6, -1e6, 2.0**30):
        assert metrics.nss(values + offset, POINTS) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("scale", [2.0**-1000, 2.0**-500, 2.0**500, 2.0**1000])
def test_the_scale_of_a_map_costs_no_digits(scale):
    values = RNG.random(SHAPE)
    assert scores(values * scale) == pytest.approx(scores(values), rel=1e-12)


def test_a_tall_map_is_looked_at_as_fast_as_a_wide_one():
    wide = np.tile([1.0, 2.0], (1, 150_000))
    spent = []
    for values in (wide, wide.T):
        start = time.process_time()
        assert canonical(values).dtype == np.uint8
        spent.append(time.process_time() - start)
    assert spent[1] < 10 * spent[0] + 0.05


def test_levels_end_at_255():
    assert Map([[3, 255], [7, 250]]).is_levels
    for high in (255.5, 256, 257, 511, 65536):
        assert (Map([[3, high], [7, 250]]).is_levels, Map([[3, high], [7, 250]]).high) == (False, high)


def test_low_and_high_of_levels_and_floats():
    for values in (np.array([[3, 9], [7, 250]]), np.array([[3.5, 9], [7, 250.5]])):
        assert (Map(values).low, Map(values).high) == (values.min(), values.max())
