"""The saliency metric of real images and a real network: what boxes score that know nothing or everything."""

import csv
import math
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import saliency_eval as se
from saliency_eval.classifiers import Classifier, load_classifier
from saliency_eval.classifiers.together import together
from saliency_eval.maps import Map
from saliency_eval.metrics.classifier import RANDOM, TRUTH, WHOLE, doubts, means

PLAIN = Path(__file__).with_name("plain_squeezenet.py")
vector = se.metrics.saliency_metric.__wrapped__
CENTER = np.array([[9, 9, 55, 55.0]])


@pytest.fixture(scope="module")
def squeezenet(shared):
    return load_classifier(f"{PLAIN}:squeezenet1_0")


@pytest.fixture(scope="module")
def images(shared):
    data = se.load_dataset("tiny_imagenet", shared / "data" / "TinyImageNet_val" / "tiny-imagenet-200")
    return [data[id] for id in sorted(data, key=lambda id: int(id.partition("_")[2]))]


def scored(images, classifier, boxes=CENTER):
    """The vectors of images, which meet at the classifier."""
    by_id = {image.id: image for image in images}

    def task_with(seen):
        def task(id):
            image = by_id[id]
            saliency, truth = Map(np.ones((64, 64))), image["boxes"].astype(float)
            return vector(image["image"], saliency, seen, seen.column(image), truth, boxes, id)

        return task

    return np.array(list(together(task_with, list(by_id), classifier)))


def test_the_plain_network_answers_as_recorded(shared, squeezenet):
    with open(shared / "classifiers" / "expected_100.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))[::25]
    for row in rows:
        image = Image.open(shared / "data" / "ImageNet_samples" / row["image"]).convert("RGB")
        scale = 227 * 8 / 7 / min(image.size)
        width, height = (max(227, round(side * scale)) for side in image.size)
        left, top = (width - 227) // 2, (height - 227) // 2
        image = image.resize((width, height), Image.Resampling.BILINEAR)
        pixels = np.asarray(image.crop((left, top, left + 227, top + 227)), np.float32) / 255
        [p] = squeezenet(pixels[np.newaxis])
        assert p.argmax() == int(row["squeezenet1_0_top1"])
        assert p[int(row["class"])] == pytest.approx(float(row["squeezenet1_0_p"]), abs=6e-5)


def test_nine_tenths_of_the_time_are_spent_in_the_classifier(images, squeezenet):
    inside = []

    def timed(batch):
        start = time.process_time()
        found = squeezenet.function(batch)
        inside.append(time.process_time() - start)
        return found

    seen = Classifier(
        timed, kind="logits", input_size=(227, 227), class_names=[(n,) for n in squeezenet.class_names]
    )
    scored(images[:2], seen)  # what is imported is imported
    inside.clear()
    start = time.process_time()
    scored(images[:8], seen)
    assert sum(inside) >= 0.9 * (time.process_time() - start)


def test_images_that_meet_score_as_alone(images, squeezenet):
    few = images[:3]
    met = scored(few, squeezenet)
    alone = np.concatenate([scored([image], squeezenet) for image in few])
    assert met == pytest.approx(alone, abs=1e-4)
    assert (scored(few, squeezenet) == met).all()


@pytest.mark.slow
def test_orientation_on_300_images_of_tiny_imagenet(images, squeezenet):
    """Measured before with other code; a network that knows one image in nine is no judge, and the facts say so."""
    first = images[:300]
    matrix = scored(first, squeezenet)
    facts = means(matrix, {})
    assert facts["top1"] == pytest.approx(0.113, abs=5e-4)
    assert facts["whole"] == pytest.approx(6.258, abs=1e-3)
    assert matrix[:, 0].mean() == pytest.approx(6.544, abs=1e-3)
    assert (facts["mean_log_area"], facts["mean_log_prob"]) == pytest.approx((-0.660, -7.204), abs=1e-3)
    assert facts["crop_accuracy"] == pytest.approx(0.057, abs=5e-4)
    assert facts["ground_truth"] == pytest.approx(6.039, abs=1e-3)
    spread = matrix[:, RANDOM].std(ddof=1) / math.sqrt(300)
    assert facts["random"] == pytest.approx(5.734, abs=2 * spread)  # of other noise
    assert (matrix[:, WHOLE] > 0).all()
    assert matrix[:, TRUTH].mean() < facts["whole"]
    assert [text.partition(" score")[0] for text in doubts(facts)] == ["boxes around noise"]
