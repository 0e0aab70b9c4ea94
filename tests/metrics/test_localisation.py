"""Localisation and pointing: perfect, turned and empty maps, ties, distances, what is settled over a data set."""

import numpy as np
import pytest
from scipy.ndimage import find_objects, gaussian_filter, label

from saliency_eval import metrics
from saliency_eval.core import METRICS, Fields
from saliency_eval.counting import counting
from saliency_eval.maps import Map
from saliency_eval.metrics.boxes import levels_of, quantised
from saliency_eval.regions import iou

SHAPES = ((100, 200), (200, 100), (7, 9))
vectors = metrics.max_box_acc.__wrapped__
errors = metrics.localisation_error.__wrapped__


def perfect(shape, box):
    values = np.zeros(shape)
    top, left, bottom, right = box
    values[top:bottom, left:right] = 1
    return values


def boxes_in(shape):
    """At each border and corner, of one pixel, the whole, inside."""
    height, width = shape
    for top, bottom in ((0, 3), (2, 5), (height - 2, height), (0, height)):
        for left, right in ((0, 2), (3, 6), (width - 3, width), (0, width)):
            yield top, left, bottom, right
    yield 0, 0, 1, 1
    yield height - 1, 2, height, 3


# ------------------------------------------------------------------ perfect and empty maps


@pytest.mark.parametrize("shape", SHAPES)
def test_a_perfect_map(shape):
    for box in boxes_in(shape):
        values = perfect(shape, box)
        rules = [("mean", 1), ("value", 0.05), ("value", 1), ("energy", 0.3), ("area", 0), ("fixed", 0.5)]
        for rule, alpha in rules:
            found = {"rule": rule, "alpha": alpha, "iou": 1}
            assert metrics.localisation_error(values, [box], **found) == 0, (box, rule)
            assert metrics.localisation_error(values, [box], component="all", **found) == 0, (box, rule)
        whole = box == (0, 0, *shape)
        for version in ("v1", "v2"):
            assert metrics.max_box_acc(values, [box], version=version) == (not whole)  # one value everywhere
        for ties in ("expected", "first", "any"):
            assert metrics.pointing_game(values, [box], tolerance=0, ties=ties) == 1
        assert metrics.energy_pointing(values, [box]) == 1


def test_a_perfect_map_turned():
    box = (40, 50, 60, 70)
    values = 1 - perfect((100, 200), box)
    assert metrics.energy_pointing(values, [box]) == 0
    assert metrics.pointing_game(values, [box], ties="first") == 0
    near = sum(
        max(40 - r, 0, r - 59) ** 2 + max(50 - c, 0, c - 69) ** 2 < 225 for r, c in np.ndindex(100, 200)
    )
    assert metrics.pointing_game(values, [box]) == pytest.approx((near - 400) / (20000 - 400), abs=1e-15)
    assert metrics.pointing_game(values, [box], ties="any", tolerance=0) == 0


@pytest.mark.parametrize("value", [0, 0.1, 7])
def test_one_value_everywhere(value):
    values, box = np.full((20, 30), value), (2, 3, 12, 18)
    assert metrics.energy_pointing(values, [box]) == 150 / 600
    near = sum(max(2 - r, 0, r - 11) ** 2 + max(3 - c, 0, c - 17) ** 2 < 9 for r, c in np.ndindex(20, 30))
    assert metrics.pointing_game(values, [box], tolerance=3) == pytest.approx(near / 600, abs=1e-15)
    assert metrics.localisation_error(values, [(0, 0, 20, 30)]) == (value == 0)
    assert metrics.localisation_error(values, [(0, 0, 20, 30)], empty="full") == 0


def counted(metric, *arrays, **options):
    with counting() as found:
        metric(*arrays, **options)
    return dict(found)


def test_what_is_counted():
    zeros, hill, none = np.zeros((4, 5)), np.arange(20).reshape(4, 5), np.empty((0, 4))
    box = [[0, 0, 2, 2]]
    for metric in (metrics.localisation_error, metrics.max_box_acc):
        assert counted(metric, zeros, box) == {"empty": 1}
        assert counted(metric, hill, box) == {}
        assert counted(metric, hill, none) == {"undefined": 1}
        assert counted(metric, zeros, box, [[0, 0, 1, 1]]) == {}
        assert np.isnan(metric(hill, none))
    assert counted(metrics.localisation_error, hill, box, alpha=3) == {"empty": 1}  # 3 mean is 28.5
    assert counted(metrics.localisation_error, hill, box, alpha="oracle") == {}
    assert counted(metrics.pointing_game, hill, box) == {}
    assert counted(metrics.pointing_game, zeros, box) == {"ties": 1}
    assert counted(metrics.pointing_game, hill, none) == {"undefined": 1}
    assert counted(metrics.energy_pointing, zeros, box) == {"empty": 1}
    assert counted(metrics.energy_pointing, hill, none) == {"undefined": 1}


def test_an_empty_truth_is_undefined():
    """Quantus counts a hit on an empty segmentation, and its weighted localisation is inf for small batches."""
    hill, none = np.arange(20).reshape(4, 5), np.empty((0, 4))
    for ties in ("expected", "first", "any"):
        assert np.isnan(metrics.pointing_game(hill, none, ties=ties))
    assert np.isnan(metrics.energy_pointing(hill, none))
    for values in (hill, np.zeros((4, 5)), -hill):
        assert 0 <= metrics.energy_pointing(values, [[0, 0, 1, 1]]) <= 1


# ------------------------------------------------------------------ boxes


def test_either_of_two_boxes_is_hit_and_not_the_box_around_both():
    truth = [(0, 0, 4, 4), (20, 20, 24, 24)]
    first, second = (perfect((30, 30), box) for box in truth)
    assert metrics.localisation_error(first, truth) == metrics.localisation_error(second, truth) == 0
    assert metrics.localisation_error(first + second, truth) == 1
    assert metrics.localisation_error(first + second, truth, component="all") == 0
    assert metrics.localisation_error(first + second, truth, component="largest") == 0


def test_overlap_of_exactly_a_half():
    whole, half = [(0, 0, 10, 20)], [[0.0, 0.0, 10.0, 10.0]]
    low, high = (1 - 0.5**0.5) / 2, (1 + 0.5**0.5) / 2
    for boxes in (half, [[10 * low, 20 * low, 10 * high, 20 * high]]):
        assert metrics.localisation_error(np.zeros((10, 20)), whole, boxes) == 0
        assert metrics.localisation_error(np.zeros((10, 20)), whole, boxes, strict_iou=True) == 1
    assert metrics.localisation_error(np.zeros((10, 20)), whole, [[0, 0, 10, 9.99]]) == 1


def test_boxes_of_a_model_take_the_place_of_those_of_its_map():
    values, box = perfect((10, 10), (0, 0, 2, 2)), [(5, 5, 9, 9)]
    assert metrics.localisation_error(values, box, box) == 0
    assert metrics.max_box_acc(values, box, box) == metrics.max_box_acc(values, box, box, version="v2") == 1
    assert metrics.localisation_error(values, box, np.empty((0, 4))) == 1
    three_fifths = [(5, 5, 9, 7.4)]
    assert metrics.max_box_acc(values, box, three_fifths, version="v2") == pytest.approx(2 / 3, abs=1e-15)


@pytest.mark.parametrize(
    ("boxes", "code", "says"),
    [
        ([1, 2, 3, 4], "shape", r"\(k, 4\) of top, left, bottom, right, got int64 of shape \(4,\); one row"),
        ([["a", "b", "c", "d"]], "shape", "got <U1"),
        ([[0, 0, np.nan, 2]], "non_finite", "1 NaN"),
        (
            [[0, 0, 1, 2], [0, 0, 3, 5]],
            "unreadable",
            r"got 1 of 2 .* first \(0, 0, 3, 5\) at row 1; .* y1 \+ 1",
        ),
        ([[-1, 0, 1, 2]], "unreadable", "0 <= top < bottom <= 3 and 0 <= left < right <= 4"),
        ([[1, 1, 1, 2]], "unreadable", r"first \(1, 1, 1, 2\)"),
        ([[0, 0, 4, 3]], "swapped_axes", r"first \(0, 0, 4, 3\) at row 0; \(x0, y0, x1, y1\)"),
    ],
)
def test_boxes_that_do_not_fit(boxes, code, says):
    for key in ("localisation_error", "max_box_acc", "pointing_game", "energy_pointing"):
        with pytest.raises(ValueError, match=says) as caught:
            getattr(metrics, key)(np.ones((3, 4)), boxes)
        assert (caught.value.code, caught.value.exit_code) == (code, 3 if code == "non_finite" else 4)
    with pytest.raises(ValueError, match="predicted_boxes must be"):
        metrics.max_box_acc(np.ones((3, 4)), [[0, 0, 1, 1]], [[0, 0, np.inf, 1]])


# ------------------------------------------------------------------ over a data set


def settled(key, matrix, labels=(), **options):
    declared = METRICS[key]
    truth = [Fields(str(n), label=label) for n, label in enumerate(labels)]
    return declared.traits["settle"](np.array(matrix, float), truth, {**declared.options, **options})


def test_alpha_is_chosen_once_for_all_images():
    matrix = np.ones((4, 21))
    matrix[0, 3] = matrix[1, 3] = matrix[2, 5] = matrix[3, 7] = 0
    matrix[0, 9] = matrix[1, 9] = 0
    assert settled("localisation_error", matrix, alpha="oracle").tolist() == [
        0,
        0,
        1,
        1,
    ]  # each has an alpha of its own
    assert METRICS["localisation_error"].traits["facts"](matrix, {"rule": "mean"}) == {"alpha": 1.5}
    assert METRICS["localisation_error"].traits["facts"](matrix[:, :20], {"rule": "area"}) == {"alpha": 0.15}
    matrix[3] = np.nan
    np.testing.assert_array_equal(settled("localisation_error", matrix, alpha="oracle"), [0, 0, 1, np.nan])


def test_the_errors_at_each_alpha_are_those_of_each_alone():
    row, column = np.mgrid[:12, :15]
    values = np.exp(-((row - 5) ** 2) / 9 - (column - 7) ** 2 / 12)
    values[0, 14], box = 0.2, np.array([[3.0, 5.0, 8.0, 10.0]])
    for rule, grid in (
        ("mean", np.arange(21) / 2),
        ("value", np.arange(20) / 20),
        ("energy", np.arange(20) / 20),
    ):
        for component in ("none", "largest", "all"):
            options = {"rule": rule, "component": component, "iou": 0.5}
            each = [metrics.localisation_error(values, box, alpha=a, **options) for a in grid.tolist()]
            assert errors(Map(values), box, alpha="oracle", **options).tolist() == each
            assert 0 < sum(each) < len(each)
            assert metrics.localisation_error(values, box, alpha="oracle", **options) == min(each) == 0


def test_levels_are_chosen_once_for_all_images():
    cube = np.zeros((3, 3, 255))
    cube[0, 0, 10] = cube[1, 0, 10] = cube[2, 0, 20] = 1
    cube[2, 1, 7] = 1
    matrix = cube.reshape(3, -1)
    np.testing.assert_allclose(settled("max_box_acc", matrix), [1 / 3, 1 / 3, 1 / 3])
    assert levels_of(matrix, {"version": "v2"}) == {"level at 0.3": 10, "level at 0.5": 7, "level at 0.7": 0}
    assert levels_of(cube[:, 0], {"version": "v1"}) == {"level at 0.5": 10}


def test_pointing_is_averaged_by_class():
    values = settled("pointing_game", [[1], [0], [0], [np.nan], [1]], labels=[7, 7, 7, 7, 2])
    # means of the classes 1/3 and 1, hence 2/3 together; four images with a value, three of them of class 7:
    # 2/3 + (1 - 2/3) 4/6, 2/3 + (0 - 2/3) 4/6, 2/3 + (1 - 2/3) 4/2
    np.testing.assert_allclose(values, [8 / 9, 2 / 9, 2 / 9, np.nan, 4 / 3], rtol=1e-14)
    assert np.nanmean(values) == pytest.approx((1 / 3 + 1) / 2)


def test_where_classes_are_alike_images_keep_their_values():
    labels = [3, 3, 3, 3, 8, 8, 8, 8]
    for v in (0.0, 1.0):
        assert (
            settled("pointing_game", np.full((8, 1), v), labels=[5, 5, 5, 0, 0, 1, 9, 9]).tolist() == [v] * 8
        )
    same = np.array([1, 0, 0, 1, 0, 1, 1, 0.0])
    assert settled("pointing_game", same[:, np.newaxis], labels=labels).tolist() == same.tolist()
    assert np.isnan(settled("pointing_game", [[np.nan], [np.nan]], labels=[1, 2])).all()


def test_images_of_classes_of_their_own_spread_as_they_are():
    values = np.array([1, 0, 0, 1, 1.0])
    found = settled("pointing_game", values[:, np.newaxis], labels=[4, 3, 2, 1, 0])
    np.testing.assert_allclose(found, values, atol=1e-15)


def test_the_spread_of_values_is_no_less_than_that_over_draws_of_images():
    rng = np.random.default_rng(4)
    labels = np.repeat([0, 1], [400, 40])
    hits = (rng.random(440) < np.where(labels == 0, 0.9, 0.3)).astype(float)
    values = settled("pointing_game", hits[:, np.newaxis], labels=labels.tolist())
    draws = [np.r_[rng.integers(0, 400, 400), rng.integers(400, 440, 40)] for _ in range(2000)]
    macro = [(hits[d[:400]].mean() + hits[d[400:]].mean()) / 2 for d in draws]
    assert np.std(macro) < values.std() / np.sqrt(440) < 2 * np.std(macro)


def test_pointing_over_images_needs_no_class():
    hill = np.arange(20).reshape(4, 5)
    assert isinstance(
        metrics.pointing_game.__wrapped__(Map(hill), np.array([[0, 0, 1, 1.0]]), average="micro"), float
    )


# ------------------------------------------------------------------ max_box_acc


def plain_curve(levels, boxes, thresholds, version, connectivity=8):
    """Hits at {q > level} for every level, each labelled anew."""
    limits, hits = ((0.5,) if version == "v1" else (0.3, 0.5, 0.7)), []
    for k in thresholds:
        numbers, _ = label(levels > k, np.ones((3, 3)) if connectivity == 8 else None)
        found = [[r.start, c.start, r.stop, c.stop] for r, c in find_objects(numbers)]
        if version == "v1" and found:
            found = [found[np.bincount(numbers.ravel())[1:].argmax()]]
        best = iou(np.reshape(found, (-1, 4)), boxes).max(initial=0)
        hits.append([float(best >= limit) for limit in limits])
    return np.array(hits).T.ravel()


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_curves_are_those_of_labelling_at_every_level(version):
    rng = np.random.default_rng(2)
    for n in range(50):
        values = gaussian_filter(rng.random((24, 31)), (n % 5) * 1.5)
        boxes = np.array([[4.0, 5.0, 15.0, 20.0], [10.0, 20.0, 20.0, 30.0]])[: 1 + n % 2]
        levels = quantised(Map(values))
        expected = plain_curve(levels, boxes, range(255), version)
        found = vectors(Map(values), boxes, version=version)
        np.testing.assert_array_equal(found, expected)
        for turned, moved in (
            (values[::-1], boxes * [-1, 1, -1, 1] + [24, 0, 24, 0]),
            (values[:, ::-1], boxes * [1, -1, 1, -1] + [0, 31, 0, 31]),
        ):
            moved = np.concatenate(
                [np.minimum(moved[:, :2], moved[:, 2:]), np.maximum(moved[:, :2], moved[:, 2:])], 1
            )
            if version == "v2" or n % 5:  # components of one size may change places
                np.testing.assert_array_equal(vectors(Map(turned), moved, version=version), expected)
        if version == "v2" or n % 5:
            np.testing.assert_array_equal(
                vectors(Map(values.T), boxes[:, [1, 0, 3, 2]], version=version), expected
            )


def test_a_thousand_thresholds_are_255_levels():
    rng = np.random.default_rng(3)
    values, boxes = gaussian_filter(rng.random((24, 31)), 3), np.array([[4.0, 5.0, 15.0, 20.0]])
    levels = quantised(Map(values))
    assert levels.max() == 255
    thresholds = [int(t * 255) for t in np.arange(0, 1, 0.001)]
    assert sorted(set(thresholds)) == list(range(255))
    curve = vectors(Map(values), boxes, version="v1")
    np.testing.assert_array_equal(plain_curve(levels, boxes, thresholds, "v1"), curve[thresholds])


def test_levels_are_whole_shares_of_255():
    assert quantised(Map([[0, 1, 128, 255]])).tolist() == [[0, 1, 128, 255]]
    assert quantised(Map(np.arange(256.0).reshape(1, -1) / 255)).tolist() == [list(range(256))]
    assert quantised(Map([[3, 4, 5]])).tolist() == [[0, 127, 255]]
    assert quantised(Map(np.array([[0.3, 0.4, 0.5]]))).tolist() == [[0, 127, 255]]
    assert quantised(Map([[0.1, 0.1]])).tolist() == [[0, 0]]


def test_the_best_level_is_no_worse_than_any_alpha_of_the_value_rule():
    rng = np.random.default_rng(4)
    for _ in range(20):
        levels = quantised(Map(gaussian_filter(rng.random((24, 31)), 2)))
        box = [[4, 5, 15, 20]]
        alone = [metrics.localisation_error(levels, box, rule="value", alpha=a, component="largest")
                 for a in np.arange(1, 21) / 20]  # fmt: skip
        assert metrics.max_box_acc(levels, box) >= 1 - min(alone)


# ------------------------------------------------------------------ pointing


def test_the_distance_of_pointing():
    values = perfect((40, 40), (0, 0, 1, 1))
    assert metrics.pointing_game(values, [(9, 12, 10, 13)], tolerance=15) == 0
    assert metrics.pointing_game(values, [(9, 11, 10, 12)], tolerance=15) == 1
    assert metrics.pointing_game(values, [(0, 0, 1, 1)], tolerance=0) == 1  # TorchRay: a miss
    assert metrics.pointing_game(values, [(0, 1, 1, 2)], tolerance=0) == 0
    assert metrics.pointing_game(values, [(30, 30, 31, 31), (9, 11, 40, 40)]) == 1
    for turns in range(4):
        one, two = np.rot90(values, turns), np.rot90(perfect((40, 40), (9, 12, 11, 17)), turns)
        rows, columns = np.nonzero(two)
        box = (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
        assert (metrics.pointing_game(one, [box]), metrics.pointing_game(one, [box], tolerance=15.01)) == (
            0,
            1,
        )


def test_ties_of_pointing():
    values, box = np.array([[9, 0, 0, 9, 9, 9]]), [(0, 3, 1, 6)]  # the first lies beside it, the last on it
    values_of = {
        t: metrics.pointing_game(values, box, tolerance=0, ties=t) for t in ("expected", "first", "any")
    }
    assert values_of == {"expected": 0.75, "first": 0, "any": 1}
    assert metrics.pointing_game([[-9, 1, 2]], [(0, 0, 1, 1)], tolerance=0) == 0
    assert metrics.pointing_game([[-9, 1, 2]], [(0, 0, 1, 1)], tolerance=0, sign="abs") == 1


def test_energy_counts_each_pixel_once():
    values = np.array([[4, 2], [1, 1]])
    assert metrics.energy_pointing(values, [(0, 0, 1, 1), (0, 0, 1, 2), (0, 0, 2, 1)]) == 7 / 8
    assert metrics.energy_pointing([[-3, 1], [1, 0]], [(0, 0, 1, 2)]) == 0.5
    assert metrics.energy_pointing([[-3, 1], [1, 0]], [(0, 0, 1, 2)], sign="abs") == 0.8


def test_pixels_of_boxes_with_fractions_are_those_whose_centre_is_inside():
    values = np.arange(16.0).reshape(4, 4)
    near = [[0.4, 0.6, 1.6, 2.4]]  # rows 0 and 1, column 1
    assert metrics.energy_pointing(values, near) == 6 / 120
    assert np.isnan(metrics.energy_pointing(values, [[0.6, 0.6, 1.4, 2.4]]))
    halves = [[0.5, 1.5, 1.5, 3.5]]  # a centre on the first side is inside, one on the last is not
    assert metrics.energy_pointing(values, halves) == (1 + 2) / 120


# ------------------------------------------------------------------ whatever the numbers are kept in


@pytest.mark.parametrize("key", ["localisation_error", "max_box_acc", "pointing_game", "energy_pointing"])
def test_dtype_scale_and_shift(key):
    rng = np.random.default_rng(5)
    metric, box = getattr(metrics, key), [[1, 2, 6, 7]]
    for n in range(30):
        values = rng.integers(0, 200, (8, 9)).astype(np.uint8) >> (n % 5)
        expected = metric(values, box)
        for same in (
            values.astype(np.float32),
            values.astype(float),
            np.asfortranarray(values),
            values.tolist(),
        ):
            assert metric(same, box) == expected
        for factor in (0.1, 3.7, 1e-30, 1e30):
            assert metric(values * factor, box) == pytest.approx(expected, abs=1e-14)
    for rule in ("value", "area"):
        values = rng.integers(0, 50, (8, 9))
        options = {"rule": rule, "alpha": 0.4, "iou": 0.3}
        alone = metrics.localisation_error(values, box, **options)
        assert metrics.localisation_error(values * 0.7 + 11.3, box, **options) == alone
