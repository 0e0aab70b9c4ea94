"""Hand-made maps: what each threshold rule keeps, the boxes of components, frames."""

import numpy as np
import pytest

from saliency_eval import sums
from saliency_eval.maps import Map
from saliency_eval.metrics.boxes import quantised
from saliency_eval.regions import iou, map_to_boxes
from saliency_eval.regions.frames import Frame
from saliency_eval.regions.sweep import components, regions
from saliency_eval.regions.thresholds import reached

MAP = np.array([
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 5, 6, 0, 0, 0, 0, 0],
    [0, 4, 9, 0, 0, 0, 0, 2],
    [0, 0, 0, 8, 0, 0, 2, 2],
    [0, 0, 0, 0, 0, 0, 1, 0],
    [3, 0, 0, 0, 0, 0, 0, 0],
])  # fmt: skip

TABLE = [  # rule, alpha, kept, tight box, largest component of 8 and of 4 neighbours
    ("mean", 1, 10, (1, 0, 6, 8), (1, 1, 4, 4), (1, 1, 3, 3)),
    ("mean", 2, 9, (1, 0, 6, 8), (1, 1, 4, 4), (1, 1, 3, 3)),
    ("mean", 3, 6, (1, 0, 6, 4), (1, 1, 4, 4), (1, 1, 3, 3)),
    ("mean", 5, 4, (1, 1, 4, 4), (1, 1, 4, 4), (1, 1, 3, 3)),
    ("value", 0.5, 4, (1, 1, 4, 4), (1, 1, 4, 4), (1, 1, 3, 3)),
    ("value", 0.75, 2, (2, 2, 4, 4), (2, 2, 4, 4), (2, 2, 3, 3)),
    ("mean", 10, 1, (2, 2, 3, 3), (2, 2, 3, 3), (2, 2, 3, 3)),
    ("value", 1, 1, (2, 2, 3, 3), (2, 2, 3, 3), (2, 2, 3, 3)),
    ("energy", 0.25, 2, (2, 2, 4, 4), None, None),
    ("energy", 0.5, 3, (1, 2, 4, 4), None, None),
    ("energy", 0.8, 6, (1, 0, 6, 4), None, None),
    ("energy", 0.2, 1, (2, 2, 3, 3), None, None),
    ("area", 0.05, 2, (2, 2, 4, 4), None, None),
    ("area", 0.1, 5, (1, 1, 4, 4), None, None),
    ("area", 0.125, 6, (1, 0, 6, 4), None, None),
    ("area", 0.25, 48, (0, 0, 6, 8), None, None),
]


def kept(values, rule, alpha=1.0, **options):
    return int(reached(Map(values), rule, (alpha,), **options)[0].sum())


@pytest.mark.parametrize("values", [MAP, MAP.astype(np.uint8), MAP / 10, MAP.astype(np.float32)])
@pytest.mark.parametrize(("rule", "alpha", "number", "box", "eight", "four"), TABLE)
def test_what_the_rules_keep(values, rule, alpha, number, box, eight, four):
    assert kept(values, rule, alpha) == number
    assert map_to_boxes(values, rule=rule, alpha=alpha).tolist() == [[*box]]
    for connectivity, expected in ((8, eight), (4, four)):
        if expected:
            found = map_to_boxes(
                values, rule=rule, alpha=alpha, component="largest", connectivity=connectivity
            )
            assert found.tolist() == [[*expected]]


@pytest.mark.parametrize("factor", [1, 0.1, 0.7])
@pytest.mark.parametrize(
    ("values", "rule", "alpha", "number"),
    [
        ([0, 51, 153, 255], "value", 0.6, 2),
        ([0, 51, 153, 255], "value", 0.2, 3),
        ([1, 2, 3, 6], "value", 0.2, 3),
        ([0, 3, 7, 10], "value", 0.3, 3),
        ([0, 3, 7, 10], "value", 0.7, 2),
        ([0, 3, 7, 10], "mean", 0.6, 3),
        ([2, 4, 6, 8], "energy", 0.4, 1),
        ([2, 4, 6, 8], "energy", 0.9, 3),
    ],
)
def test_a_value_at_the_threshold_reaches_it_whatever_rounding_says(values, rule, alpha, number, factor):
    assert kept(np.array([values]) * factor, rule, alpha) == number
    assert kept(np.array([values]) * factor, rule, alpha, strict=True) == number - 1


def test_overlap_of_the_fixture():
    truth = [[1, 1, 4, 4]]
    for alpha, component, expected in ((1, "none", 0.225), (3, "none", 0.45), (1, "largest", 1.0)):
        assert iou(map_to_boxes(MAP, alpha=alpha, component=component), truth)[0, 0] == pytest.approx(
            expected
        )
    largest = map_to_boxes(MAP, component="largest")
    assert iou(largest, [[1, 1, 3, 3]])[0, 0] == pytest.approx(0.4444, abs=5e-5)
    assert iou(map_to_boxes(MAP, component="largest", connectivity=4), [[1, 1, 3, 3]])[0, 0] == 1
    assert iou([[2, 1, 7, 6]], [[1, 3, 6, 5]])[0, 0] == 8 / 27


@pytest.mark.parametrize(
    ("rule", "alpha", "flat"),
    [
        ("mean", 1, 12),
        ("mean", 0.5, 12),
        ("mean", 1.5, 0),
        ("value", 0.95, 12),
        ("energy", 0.5, 12),
        ("area", 0.1, 12),
    ],
)
@pytest.mark.parametrize("value", [3, 0.1, 1 / 3, 1e-300])
def test_one_value_everywhere_and_zeros(rule, alpha, flat, value):
    assert kept(np.full((3, 4), value), rule, alpha) == flat
    assert kept(np.zeros((3, 4)), rule, alpha) == 0
    assert map_to_boxes(np.zeros((3, 4)), rule=rule, alpha=alpha).tolist() == []
    assert map_to_boxes(np.zeros((3, 4)), rule=rule, alpha=alpha, empty="full").tolist() == [[0, 0, 3, 4]]


def test_a_fixed_threshold_needs_a_fixed_scale():
    assert kept([[0.5, 0.4999], [1, 0]], "fixed", 0.5) == 2
    assert kept([[0.5, 0.4999], [1, 0]], "fixed", 0.5, strict=True) == 1
    for rule in ("fixed", "quantile"):
        for wrong, got in ((MAP + 0.5, "0.5 to 9.5"), (MAP - 1.5, "-1.5 to 7.5"), (MAP * 256, "0 to 2304")):
            with pytest.raises(
                ValueError, match=rf"rule={rule} needs a map of values in \[0, 1\], got {got}; bring"
            ):
                map_to_boxes(wrong, rule=rule)


def test_levels_of_8_bits_are_read_as_shares_of_255():
    mask = np.array([[51, 102, 153, 255]], np.uint8)  # 0.2, 0.4, 0.6, 1
    assert kept(mask, "fixed", 0.6) == 2
    assert kept(mask, "fixed", 0.6, strict=True) == 1
    assert kept(mask.astype(float), "fixed", 0.6) == 2  # whole numbers, whatever their dtype
    assert kept(mask, "quantile", strict=True) == kept(mask / 255, "quantile", strict=True) == 2
    assert kept(mask // 51, "fixed", 0.01) == 2  # 1, 2, 3, 5: the share of 3 is 0.0118
    assert kept([[0, 1, 1, 0]], "fixed", 1) == 2  # zeros and ones are those of a mask


def test_quantile_of_casme_and_its_fork():
    mask = [[0.1, 0.2, 0.3, 0.4]]
    assert kept(mask, "quantile", strict=True) == 1  # the 3rd smallest value is the threshold
    assert kept(mask, "mean", strict=True) == 2
    assert (
        kept([[0.0, 0.0, 1.0, 1.0]], "quantile", strict=True) == 2
    )  # thresholds stay 1e-6 away from 0 and 1
    assert kept([[1.0, 1.0, 1.0, 1.0]], "quantile", strict=True) == 4


def test_signs():
    values = [[-8, 1], [2, 3]]
    assert kept(values, "mean", 1) == 2  # of the positive part: mean 1.5
    assert kept(values, "mean", 1, sign="keep") == 3  # mean -0.5
    assert kept(values, "mean", 1, sign="abs") == 1  # mean 3.5
    assert kept(values, "value", 0.75) == 3  # from -8 to 3: 0.25
    assert kept(values, "value", 0.75, sign="positive") == 1  # from 0 to 3: 2.25
    assert map_to_boxes([[-8, -1], [-2, -3]]).tolist() == []


# ------------------------------------------------------------------ defects of others


def fong(values, alpha):
    """Number of pixels that perturb_explanations keeps under energy: those before the one that crosses the bar."""
    ordered = np.sort(np.ravel(values))[::-1]
    return int(np.argmax(np.cumsum(ordered) >= alpha * np.sum(values)))


def test_energy_keeps_the_pixel_that_crosses_the_bar():
    assert [(fong(MAP, a), kept(MAP, "energy", a)) for a in (0.25, 0.5, 0.8, 0.2)] == [
        (1, 2),
        (2, 3),
        (5, 6),
        (0, 1),
    ]
    assert (fong([[4, 3], [2, 1]], 0.4), kept([[4, 3], [2, 1]], "energy", 0.4)) == (0, 1)
    assert map_to_boxes([[4, 3], [2, 1]], rule="energy", alpha=0.4).tolist() == [[0, 0, 1, 1]]


def test_the_box_of_an_empty_map_is_none_or_the_whole():
    """perturb_explanations falls back to [1, 1, height, width] as x and y: (0, 0, 200, 100) of 100 x 200."""
    zeros = np.zeros((100, 200))
    assert map_to_boxes(zeros, empty="full").tolist() == [[0, 0, 100, 200]]


def test_the_input_is_not_written_into():
    """perturb_explanations thresholds in place: a second alpha sees the zeros of the first."""
    values = MAP.astype(float)
    for rule in ("mean", "value", "energy", "area"):
        for sign in ("keep", "positive", "abs"):
            map_to_boxes(values, rule=rule, sign=sign, component="all")
    np.testing.assert_array_equal(values, MAP)
    values.setflags(write=False)
    assert map_to_boxes(values, component="largest").tolist() == [[1, 1, 4, 4]]


def test_a_box_ends_after_its_last_pixel():
    """wsolevaluation: (30, 10, 50, 20) inclusive, one pixel too many; the fork of casme: rows 10 to 18, none of one."""
    values = np.zeros((224, 224))
    values[10:20, 30:50] = 1
    assert map_to_boxes(values, component="largest").tolist() == [[10, 30, 20, 50]]
    one = np.zeros((5, 5))
    one[2, 3] = 1
    assert map_to_boxes(one, component="largest").tolist() == [[2, 3, 3, 4]]


def test_a_hole_has_no_box():
    """wsolevaluation v2 has (3, 3, 15, 15), the border of the hole, as well."""
    ring = np.zeros((18, 18))
    ring[2:16, 2:16] = 1
    ring[4:14, 4:14] = 0
    ring[7:11, 7:11] = 1
    assert map_to_boxes(ring, component="all").tolist() == [[2, 2, 16, 16], [7, 7, 11, 11]]


def test_the_largest_component_has_most_pixels():
    """wsolevaluation takes the block: the area of the polygon through the centres of a line is 0."""
    values = np.zeros((20, 20))
    values[2, 1:18] = 1
    values[10:14, 3:7] = 1
    assert map_to_boxes(values, component="largest").tolist() == [[2, 1, 3, 18]]


WSOL = {  # maps and thresholds of its evaluation_test.py; its boxes, inclusive (x0, y0, x1, y1), and ours
    "unimodal": (
        [[0, 0, 0, 0, 0], [0, 0.4, 0.4, 0.4, 0.6], [0, 0.4, 1, 0.8, 0.6], [0, 0.4, 0.4, 0.4, 0.6]],
        [(1, 1, 4, 3), (1, 1, 4, 3), (2, 1, 4, 3), (2, 2, 4, 3), (2, 2, 3, 3)],
        [(1, 1, 4, 5), (1, 1, 4, 5), (1, 2, 4, 5), (2, 2, 3, 4), (2, 2, 3, 3)],
    ),
    "multimodal": (
        [[0.4, 0, 0.2, 0.2, 0.2], [0.4, 0.4, 0, 0.4, 0], [0, 0, 0, 0.4, 0], [1, 0.6, 0.8, 0.2, 0.2]],
        [(0, 0, 4, 3), (0, 0, 2, 2), (0, 3, 3, 3), (2, 3, 3, 3), (0, 3, 1, 3)],
        [(0, 0, 4, 5), (1, 0, 4, 4), (3, 0, 4, 3), (3, 0, 4, 1), (3, 0, 4, 1)],
    ),
}


@pytest.mark.parametrize("name", WSOL)
def test_boxes_of_the_tests_of_wsolevaluation(name):
    """Theirs are a pixel too large but at the border; the 2nd and 4th multimodal ones are of another component too."""
    values, theirs, ours = WSOL[name]
    found = regions(quantised(Map(values)), 255, "largest", 8)
    assert [tuple(found.boxes[int(t * 255)]) for t in (0, 0.2, 0.4, 0.6, 0.8)] == ours
    for (x0, y0, x1, y1), (top, left, bottom, right) in zip(theirs, ours, strict=True):
        same = (y0, x0, min(y1, 3), min(x1, 4)) == (top, left, min(bottom, 3), min(right, 4))
        assert same or name == "multimodal"


def test_a_perfect_map_misses_where_boxes_end_a_pixel_late():
    """wsolevaluation reads the end of a box as its last pixel: n^2 / (n + 1)^2 of a map that is right."""
    expected = (0.25, 0.444, 0.563, 0.64, 0.694, 0.735)
    for n, theirs in zip(range(1, 7), expected, strict=True):
        values = np.zeros((20, 20))
        values[5 : 5 + n, 6 : 6 + n] = 1
        box = map_to_boxes(values, component="largest")
        assert iou(box + np.array([0, 0, 1, 1]), [[5, 6, 5 + n, 6 + n]])[0, 0] == pytest.approx(
            theirs, abs=5e-4
        )
        assert iou(box, [[5, 6, 5 + n, 6 + n]])[0, 0] == 1


# ------------------------------------------------------------------ both forms, one result


@pytest.mark.skipif(not sums.COMPILED, reason="nothing was compiled: there was no C compiler")
@pytest.mark.parametrize("connectivity", [4, 8])
def test_components_are_the_same_joined_and_labelled(monkeypatch, connectivity):
    rng = np.random.default_rng(1)
    for shape, top in (
        ((1, 1), 2),
        ((1, 30), 4),
        ((23, 1), 256),
        ((30, 40), 3),
        ((30, 40), 256),
        ((5, 7), 1),
    ):
        levels = rng.integers(0, top, shape).astype(np.uint8)
        monkeypatch.setattr(sums, "COMPILED", True)
        joined, largest = components(levels, connectivity)
        monkeypatch.setattr(sums, "COMPILED", False)
        labelled, largest_labelled = components(levels, connectivity)
        assert len(joined) <= levels.size
        for level in range(1, 256):
            own, others = (
                rows[(rows[:, 1] < level) & (level <= rows[:, 0]), 2:] for rows in (joined, labelled)
            )
            assert sorted(own.tolist()) == sorted(others.tolist())
            ends = [(-1 if n < 0 else rows[n, 2:].tolist()) for rows, n in
                    ((joined, largest[level]), (labelled, largest_labelled[level]))]  # fmt: skip
            assert ends[0] == ends[1]


# ------------------------------------------------------------------ frames


def test_a_frame_of_the_original_changes_nothing():
    boxes = np.array([[1, 2, 30, 40], [0, 0, 375, 500]])
    np.testing.assert_array_equal(Frame().boxes(boxes, (375, 500)), boxes)
    assert (str(Frame()), Frame().shape((375, 500))) == ("original", (375, 500))


def test_a_squashed_frame():
    frame = Frame("squash", 224)
    found = frame.boxes(np.array([[0, 0, 375, 500], [75, 125, 300, 250]]), (375, 500))
    np.testing.assert_allclose(found, [[0, 0, 224, 224], [44.8, 56, 179.2, 112]], rtol=1e-14)
    assert (str(frame), frame.shape((375, 500))) == ("squash224", (224, 224))


def test_a_cropped_frame():
    """The shorter side to 224, the longer to 298 of 298.67; columns 37 to 260 of it are the square."""
    frame = Frame("crop", 224)
    assert (frame.scaled((375, 500)), frame.corner((375, 500))) == ((224, 298), (0, 37))
    assert (frame.scaled((500, 375)), frame.corner((500, 375))) == ((298, 224), (37, 0))
    found = frame.boxes(np.array([[0, 0, 375, 500], [0, 0, 100, 50], [75, 250, 150, 500]]), (375, 500))
    np.testing.assert_allclose(
        found, [[0, 0, 224, 224], [0, 0, 59.73333333, 0], [44.8, 112, 89.6, 224]], rtol=1e-9
    )


def test_corners_of_wsolevaluation():
    """int(x0 w / W) of the first and of the last pixel, which belongs to the box."""
    frame, box = Frame("squash", 224, "wsol"), np.array([[108, 111, 194, 442]])
    assert str(frame) == "squash224-wsol"
    inclusive = [int(108 * 224 / 375), int(111 * 224 / 500), int(193 * 224 / 375), int(441 * 224 / 500)]
    assert inclusive == [64, 49, 115, 197]
    assert frame.boxes(box, (375, 500)).tolist() == [[64, 49, 116, 198]]
    assert frame.boxes(np.array([[0, 0, 375, 500]]), (375, 500)).tolist() == [[0, 0, 224, 224]]


def test_corners_of_casme():
    """int(ratio x - cut), towards 0, of the last pixel as the end, wherever that is."""
    frame = Frame("crop", 224, "casme")
    found = frame.boxes(np.array([[0, 0, 375, 500], [10, 62, 101, 70]]), (375, 500))
    ratio, cut = 224 / 375, (500 * 224 / 375 - 224) / 2
    expected = (
        [0, -cut, 374 * ratio, 499 * ratio - cut],
        [10 * ratio, 62 * ratio - cut, 100 * ratio, 69 * ratio - cut],
    )
    assert found.tolist() == [[int(n) for n in row] for row in expected]
    assert found.tolist() == [[0, -37, 223, 260], [5, 0, 59, 3]]


def test_what_lies_outside_the_crop_is_no_part_of_the_truth():
    """casme cuts the intersection at the border and not the area: the visible half found whole overlaps by a half."""
    box, shape = np.array([[0, 0, 101, 161]]), (224, 384)  # 80 of its 160 or 161 columns lie in the crop
    exact, casme = (Frame("crop", 224, corners).boxes(box, shape) for corners in ("exact", "casme"))
    assert (exact.tolist(), casme.tolist()) == ([[0, 0, 101, 81]], [[0, -80, 100, 80]])
    assert iou(exact, [[0, 0, 101, 81]])[0, 0] == 1
    assert iou(casme, [[0, 0, 100, 80]])[0, 0] == 0.5


@pytest.mark.parametrize("kind", ["squash", "crop"])
def test_a_map_of_the_frame_stays_and_one_of_the_image_goes_where_its_image_goes(kind):
    """A map of an image that is twice as wide as high: one pixel of it is marked, a quarter from the left."""
    frame, own = Frame(kind, 4), np.arange(16.0).reshape(4, 4)
    assert frame.map(own, (4, 8), "bilinear").tolist() == own.tolist()
    values = np.zeros((4, 8))
    values[1, 2] = 1
    found = frame.map(values, (4, 8), "bilinear")
    assert found.shape == (4, 4)
    if kind == "crop":  # columns 2 to 5 are seen
        assert np.argwhere(found).tolist() == [[1, 0]]
        assert frame.map(values, (8, 16), "bilinear").tolist() == found.tolist()
        tall = np.zeros((9, 6))
        tall[4, 3] = 1  # of nine rows, of which 1 to 6 are seen
        assert np.argwhere(Frame("crop", 6).map(tall, (90, 60), "bilinear")).tolist() == [[3, 3]]
    else:
        assert found[1].tolist() == [0, 0.5, 0, 0]


def test_a_share_above_one_is_refused_where_it_means_nothing():
    for rule in ("energy", "area"):
        assert kept(MAP, rule, 1) == (10 if rule == "energy" else 48)
        with pytest.raises(
            ValueError, match=f"alpha must be a share of 0 to 1 under rule={rule}, got 1.5; choose"
        ):
            map_to_boxes(MAP, rule=rule, alpha=1.5)
    assert map_to_boxes(MAP, rule="value", alpha=1.5).tolist() == []
