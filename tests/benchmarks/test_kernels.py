"""Each kernel on maps in memory, beside plain code that is shown to compute the same before anything is timed."""

import inspect

import numpy as np
import pytest
from test_resize import dense_resize

from saliency_eval.core import Fields
from saliency_eval.maps import Map
from saliency_eval.resize import resize

from . import plain
from .measure import Pass

MAPS, COMPARED = 8, 2
SIZE = "1024x768"


@pytest.fixture
def compare(race, workload):
    """Compares a kernel with plain code, then times both; each takes one of the prepared arguments."""

    def compare(group, name, kernel, reference, arguments, *, tolerance=0.0, bar=np.inf):
        got = [np.asarray(kernel(argument)) for argument in arguments]
        for values, argument in zip(got[:COMPARED], arguments, strict=False):
            np.testing.assert_allclose(values, reference(argument), rtol=0, atol=tolerance)
        work = Pass(lambda: [kernel(argument) for argument in arguments], len(arguments))
        beside = Pass(lambda: [reference(argument) for argument in arguments[:COMPARED]], COMPARED)
        made = workload(SIZE)
        race(group, name, work, made.decoding(made.ids[:MAPS]), beside, bar=bar)

    return compare


# ------------------------------------------------------------------ metrics

METRICS = [("mit", text, f) for text, f in plain.MIT.items()]
METRICS += [("exact", text, f) for text, f in plain.EXACT.items()]


@pytest.mark.parametrize("kind", ["png", "npy"])
@pytest.mark.parametrize(("protocol", "text", "reference"), METRICS)
def test_metric(protocol, text, reference, kind, workload, compare):
    """From an array to the value, statistics of the map included; the truth is there."""
    made = workload(SIZE)
    (variant,) = made.variants(protocol, [text])
    arguments = [prepared(made, id, kind, variant, reference) for id in made.first[:MAPS]]

    def kernel(argument):
        image, stored, _ = argument
        return variant(image.child(saliency=Map(stored)))

    compare(
        "metrics",
        f"{protocol} {text}, {'8 bits' if kind == 'png' else 'float32'}",
        kernel,
        lambda argument: plain.applied(reference, argument[2]),
        arguments,
        tolerance=plain.TOLERANCE.get(variant.key, 1e-12),
    )


def prepared(made, id, kind, variant, reference):
    """An image, its stored map, and the fields as plain code takes them, with the truth of the package."""
    image, stored = made.truth[id], made.stored(kind, id)
    truth = [name for name in inspect.signature(reference).parameters if name != "saliency"]
    fields = {name: np.asarray(image.read(name, dict(variant.options))) for name in truth}
    return image, stored, {"saliency": stored.astype(float), **fields}


# ------------------------------------------------------------------ fields

FIELDS = {
    "density, border zero": ({"density.border": "zero"}, plain.density),
    "density, border reflect": ({"density.border": "reflect"}, plain.density_reflected),
    "density, border antonio": ({"density.border": "antonio"}, plain.density_antonio),
    "other_fixations, one size": ({"other_images.others": "all"}, plain.other_fixations),
    "other_fixations, three sizes": ({"other_images.others": "all"}, plain.other_fixations),
    "baseline": ({}, plain.baseline),
}
BARS = {"density": 0.6}


@pytest.mark.parametrize(("name", "how"), FIELDS.items(), ids=FIELDS)
def test_field(name, how, workload, compare):
    """What follows from the truth, made anew for each image; the pool may keep what all images share."""
    made, field, (chosen, reference) = workload(SIZE), name.split(",")[0], how
    shape, sigma = made.size.shape, made.size.sigma
    pool = made.pool_of_three_sizes if "three" in name else made.data.pool
    options = {"density.sigma": sigma, "baseline.sigma": sigma, **chosen}
    images = {id: (tuple(pool.shapes[n]), pool.points_of(n)) for n, id in enumerate(pool.ids)}

    def kernel(id):
        return Fields(id, shape=shape, fixations=made.gaze[id], pool=pool).read(field, options)

    def plainly(id):
        fields = {"fixations": made.gaze[id], "shape": shape, "sigma": sigma, "images": images, "own": id}
        return plain.applied(reference, fields)

    tolerance = 0.0 if field == "other_fixations" else 1e-6 * plainly(made.ids[0]).max()
    ids = made.ids[:MAPS]
    compare("fields", name, kernel, plainly, ids, tolerance=tolerance, bar=BARS.get(field, np.inf))


def test_histogram(workload, compare):
    made = workload(SIZE)
    arrays = [made.stored("png", id) for id in made.ids[:MAPS]]
    compare("fields", "histogram", lambda values: Map(values).histogram, plain.histogram, arrays)


# ------------------------------------------------------------------ resize


@pytest.mark.parametrize(
    ("rule", "scale", "reference"),
    [
        ("matlab", 1 / 8, dense_resize),
        ("matlab", 1 / 2, dense_resize),
        ("matlab", 2, dense_resize),
        ("zoom3", 1 / 2, plain.zoom3),
    ],
)
def test_resize(rule, scale, reference, workload, compare):
    """Maps of another size brought to that of their stimuli."""
    made = workload(SIZE)
    height, width = (int(n * scale) for n in made.size.shape)
    arrays = [resize(made.stored("png", id), (height, width), "pillow-u8") for id in made.ids[:MAPS]]
    compare(
        "resize",
        f"{rule}, from {width}x{height}",
        lambda values: resize(values, made.size.shape, rule),
        lambda values: reference(values.astype(float), made.size.shape),
        arrays,
        tolerance=255e-6,
    )
