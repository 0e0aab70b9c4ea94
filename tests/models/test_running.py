"""Maps of models of images written in batches: the same as one by one, continued, and none at the cost of others."""

import json
import os
import pickle
import re
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import saliency_eval as se
from saliency_eval import disk
from saliency_eval.cli import app
from saliency_eval.core import MODELS
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.models.batched import FINISH
from saliency_eval.models.batches import Batches, ahead, gathered
from saliency_eval.models.batches import Image as Read
from saliency_eval.models.folder import MADE, PROVENANCE
from saliency_eval.models.own import model_of
from saliency_eval.models.runner import ModelPredictions
from saliency_eval.models.writing import constants, write_maps

pytest.importorskip("torch", reason="models of images need torch")
OWN = '''
import json, pathlib, torch

def note(images):
    with pathlib.Path(__file__).with_suffix(".seen").open("a") as log:
        print(json.dumps(images.shape), file=log)

def mean():
    """Brightness."""
    def predict(images):
        note(images)
        return images.mean(1)
    return predict

def forgetful():
    def predict(images):
        note(images)
        if len(images) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return images.mean(1)
    return predict

def not_white(images):
    if (images > 0.999).flatten(1).all(1).any():
        raise RuntimeError("too white")

def afraid_of_white():
    def predict(images):
        not_white(images)
        return images.mean(1)
    return predict

def leaving():
    def predict(images):
        raise SystemExit(3)
    return predict

def without_numbers():
    return lambda images: images.mean(1) + float("nan")

def never():
    def predict(images):
        raise MemoryError
    return predict

def network():
    torch.manual_seed(int(pathlib.Path(__file__).with_suffix(".seed").read_text()))
    return torch.nn.Sequential(torch.nn.Conv2d(3, 1, 3), torch.nn.Dropout(0.5))

def precision():
    def predict(images):
        from torch.backends import cuda, cudnn
        found = [cuda.matmul.allow_tf32, cudnn.allow_tf32]
        new = (cuda.matmul, cudnn.conv, cudnn.rnn) if hasattr(cudnn, "conv") else ()
        found += [place.fp32_precision == "tf32" for place in new]
        pathlib.Path(__file__).with_suffix(".seen").write_text(json.dumps([found]))
        return images.mean(1)
    return predict

def of_another():
    import helper
    from parts import more
    def predict(images):
        return helper.scale(images) + more.offset
    return predict

class Silent(Exception):
    def __str__(self): return self.text

def silent_at_white():
    def predict(images):
        if (images > 0.999).flatten(1).all(1).any():
            raise Silent()
        return images.mean(1)
    return predict

def silent(): raise Silent()
def complex_values(): return lambda images: 1j * images.mean(1)
def pairs(): return lambda images: (images.mean(1), images)
def flat(): return lambda images: images.mean((2, 3))
def nothing(): return 3
def broken(): return 1 / 0
'''  # fmt: skip


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(f"{OWN}# {tmp_path}\n")  # another file for each test
    path.with_suffix(".seed").write_text("0")
    yield path
    for key in [key for key in MODELS if "#" in key]:
        del MODELS._entries[key]


def seen(path):
    """What the functions of a file were shown, since this was asked last."""
    log = path.with_suffix(".seen")
    found = [tuple(json.loads(line)) for line in log.read_text().splitlines()]
    log.unlink()
    return found


@pytest.fixture
def data(toy):
    """The toy data set, two of its six images of another size."""
    for name in ("i02", "i04"):
        picture = Image.open(toy / "toy" / "stimuli" / f"{name}.png").resize((80, 50))
        picture.save(toy / "toy" / "stimuli" / f"{name}.png")
    return se.load_dataset(str(toy / "toy"))


def written(folder):
    return {path.stem: np.load(path) for path in sorted(folder.glob("*.npy"))}


def test_the_map_of_an_image_that_was_replaced_is_made_again(data, tmp_path):
    write_maps("spectral_residual", data, tmp_path / "out", limit=3)
    stale, touched = data.paths["i01"], data.paths["i02"]
    Image.new("RGB", (64, 48), "red").save(stale)
    os.utime(stale, ns=(0, 0))  # as a copy of an old file
    os.utime(touched)
    found = write_maps("spectral_residual", data, tmp_path / "out", limit=3)
    assert (found.made, found.kept) == (1, 2)
    assert not np.load(tmp_path / "out" / "i01.npy").any()


@pytest.mark.parametrize("model", ["spectral_residual", "centre_bias"])
def test_a_map_that_is_not_what_was_written_is_made_again(data, tmp_path, model):
    write_maps(model, data, tmp_path)
    whole = {path: path.read_bytes() for path in tmp_path.glob("*.npy")}
    torn, empty, one, other, _, lost = sorted(whole)
    torn.write_bytes(whole[torn][:5000])
    empty.write_bytes(b"")
    one.write_bytes(whole[other])
    other.write_bytes(whole[one])
    lost.unlink()
    with (tmp_path / MADE).open("ab") as made:
        made.write(b'[[[\n3\n{"a": 1}\n["i01", 3, [4]]\n["caf\xff", "')
    found = write_maps(model, data, tmp_path)
    assert (found.made, found.kept, found.problems) == (5, 1, [])
    assert found.notes == ["removed 4 maps not what was written of the images as they are now"]
    assert {path: path.read_bytes() for path in tmp_path.glob("*.npy")} == whole
    found = write_maps(model, data, tmp_path)
    assert (found.made, found.notes) == (0, [])
    assert len((tmp_path / MADE).read_bytes().splitlines()) == 6


@pytest.mark.parametrize("model", ["spectral_residual", "centre_gaussian"])
def test_an_image_that_is_replaced_meanwhile_is_found_out(data, tmp_path, model):
    def replaced(count):
        Image.new("RGB", (64, 48), "red").save(data.paths["i05"])

    write_maps(model, data, tmp_path, progress=replaced)
    assert write_maps(model, data, tmp_path).made == 1


@pytest.mark.parametrize("model", ["spectral_residual", "uniform"])
def test_a_broken_image_costs_no_other_and_leaves_no_old_map(data, tmp_path, model):
    write_maps(model, data, tmp_path)
    data.paths["i03"].write_bytes(b"")
    found = write_maps(model, se.load_dataset(str(data.root)), tmp_path)
    assert (found.made, found.kept, [problem.image for problem in found.problems]) == (0, 5, ["i03"])
    assert set(written(tmp_path)) == set(data) - {"i03"}


@pytest.mark.parametrize("linked", ["stimuli", "images"])
def test_images_behind_links_are_spared(data, tmp_path, linked):
    stimuli, real = data.root / "stimuli", tmp_path / "real"
    shutil.move(stimuli, real)
    if linked == "stimuli":
        stimuli.symlink_to(real)
    else:
        stimuli.mkdir()
        for path in real.iterdir():
            (stimuli / path.name).symlink_to(path)
    before = sorted(real.iterdir())
    with pytest.raises(SaliencyEvalError, match="folder of their own"):
        write_maps("uniform", se.load_dataset(str(data.root)), real, resume=False, kind="png")
    assert sorted(real.iterdir()) == before


def test_files_of_others_are_not_removed(data, tmp_path):
    shutil.copytree(data.root / "stimuli", tmp_path / "other")
    for resume in (True, False):
        with pytest.raises(SaliencyEvalError, match="holds 6 maps of these images, and nothing that says"):
            write_maps("uniform", data, tmp_path / "other", resume=resume)
    assert len(list((tmp_path / "other").iterdir())) == 6


def test_a_link_is_no_map(data, tmp_path):
    write_maps("uniform", data, tmp_path / "out")
    shutil.move(tmp_path / "out" / "i01.npy", tmp_path / "moved.npy")
    (tmp_path / "out" / "i01.npy").symlink_to(tmp_path / "moved.npy")
    assert write_maps("uniform", data, tmp_path / "out").made == 1
    assert not (tmp_path / "out" / "i01.npy").is_symlink()


def test_names_may_be_as_long_as_a_system_allows(data, tmp_path):
    long = data.root / "stimuli" / f"{'x' * 251}.png"
    Image.new("RGB", (6, 4)).save(long)
    found = write_maps("uniform", se.load_dataset(str(data.root)), tmp_path)
    assert (found.made, found.problems) == (7, [])


def test_what_is_in_the_way_is_named(data, tmp_path):
    write_maps("uniform", data, tmp_path, limit=1)
    (tmp_path / "i02.npy").mkdir()
    with pytest.raises(SaliencyEvalError, match=r"maps cannot be written to .*i02\.npy: "):
        write_maps("uniform", data, tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
@pytest.mark.parametrize("name", [MADE, "i01.npy"])
def test_nothing_is_waited_for(data, tmp_path, name):
    write_maps("uniform", data, tmp_path)
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    found = write_maps("uniform", data, tmp_path)
    assert found.made == (6 if name == MADE else 1)
    assert write_maps("uniform", data, tmp_path).kept == 6


def test_data_without_files_are_told_by_their_hash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    demo = se.load_dataset("demo")
    write_maps("spectral_residual", demo, tmp_path / "out")
    (tmp_path / demo.paths[next(iter(demo))]).touch()  # their paths are names only
    found = write_maps("spectral_residual", demo, tmp_path / "out")
    assert (found.made, found.kept) == (0, len(demo))
    assert json.loads((tmp_path / "out" / PROVENANCE).read_text())["data"] == demo.tag
    (tmp_path / demo.paths[next(iter(demo))]).unlink()
    assert write_maps("uniform", demo, tmp_path).made == len(demo)  # where their names would lie


def test_a_model_of_images_goes_on_when_images_come_and_fixations_change(data, tmp_path):
    for model in ("image_signature", "centre_bias"):
        write_maps(model, data, tmp_path / model)
    fixations = data.root / "fixations.csv"
    fixations.write_text(fixations.read_text() + "i01,3,3,0\n")
    Image.new("RGB", (64, 48), "red").save(data.root / "stimuli" / "new.png")
    now = se.load_dataset(str(data.root))
    found = write_maps("image_signature", now, tmp_path / "image_signature")
    assert (found.made, found.kept) == (1, 6)
    assert now.tag != data.tag
    with pytest.raises(SaliencyEvalError, match="made with other data: toy@1#"):
        write_maps("centre_bias", now, tmp_path / "centre_bias")


def test_what_is_made_anew_costs_no_map_beyond_the_limit_unless_of_something_else(data, tmp_path):
    write_maps("image_signature", data, tmp_path)
    (tmp_path / "i01.npy").write_bytes(b"")
    found = write_maps("image_signature", data, tmp_path, resume=False, limit=2)
    assert (found.made, found.kept, found.notes) == (2, 0, [])
    assert len(written(tmp_path)) == 6
    foreign = tmp_path / "i01.png"  # nothing says that it is a map
    foreign.touch()
    (tmp_path / "i01.npy").unlink()
    for resume in (True, False):
        write_maps("image_signature", data, tmp_path, resume=resume)
        assert foreign.exists()
    found = write_maps("uniform", data, tmp_path, resume=False, limit=2)
    assert found.notes == ["removed 4 maps of something else, beyond the first 2 images"]
    assert len(written(tmp_path)) == 2


def test_what_was_not_written_to_its_end_is_removed(data, tmp_path):
    left, foreign = (tmp_path / f".{disk.mark(Path(name))}.123.tmp" for name in ("i01.npy", "mine.npy"))
    for path in (left, foreign):
        path.write_bytes(b"x")
        os.utime(path, ns=(0, 0))
    beside = tmp_path / f".{disk.mark(Path('i02.npy'))}.124.tmp"
    beside.write_bytes(b"of another run, at this time")
    (tmp_path / "...tmp").touch()
    write_maps("uniform", data, tmp_path)
    assert set(tmp_path.glob(".*.tmp")) == {beside, foreign, tmp_path / "...tmp"}


def test_a_model_cannot_end_the_program(data, own, tmp_path):
    found = write_maps(f"{own}:leaving", data, tmp_path / "out")
    assert {p.code for p in found.problems} == {"model"}
    assert "SystemExit: 3 (own.py, line " in found.problems[0].message
    with pytest.raises(SaliencyEvalError, match="SystemExit: 3") as error:
        se.score(f"model:{own}:leaving", data, ["nss"])
    assert error.value.code == "model"


def test_a_map_in_python_is_checked_like_any_other(own):
    with pytest.raises(SaliencyEvalError) as error:
        se.saliency_map(f"{own}:without_numbers", np.arange(60, dtype=np.uint8).reshape(4, 5, 3))
    assert error.value.code == "non_finite"


@pytest.mark.parametrize("batch", ["auto", 1, 3])
def test_maps_in_batches_are_those_of_single_images(data, tmp_path, batch):
    found = write_maps("image_signature(smooth=0.02)", data, tmp_path / "out", 2, batch=batch)
    assert (found.made, found.kept, found.problems, found.notes) == (6, 0, [], [])
    maps, alone = written(tmp_path / "out"), model_of("image_signature(smooth=0.02)")
    assert set(maps) == set(data)
    for id, values in maps.items():
        assert values.dtype == np.float32
        np.testing.assert_allclose(values, alone(data[id]), atol=1e-5)


def test_images_of_one_size_are_shown_together(data, own, tmp_path):
    write_maps(f"{own}:mean", data, tmp_path / "all")
    assert sorted(seen(own)) == [(2, 3, 50, 80), (4, 3, 48, 64)]
    write_maps(f"{own}:mean", data, tmp_path / "three", batch=3)
    assert sorted(seen(own)) == [(1, 3, 48, 64), (2, 3, 50, 80), (3, 3, 48, 64)]


def test_few_large_and_many_small_images_are_shown_together(own):
    model = Batches(model_of("image_signature"), "cpu")
    assert [model.together(shape) for shape in ((8000, 6000), (600, 800), (512, 512), (8, 8))] == [
        1,
        34,
        64,
        256,
    ]
    assert Batches(model_of(f"{own}:mean"), "cuda").together((600, 800)) == 2**35 // (1064 * 480_000)
    assert Batches(model_of("image_signature"), "cpu", 5).together((8000, 6000)) == 5
    endless = Batches(model_of("image_signature"), "cpu", 10**30)
    assert list(gathered([Read("a", (2, 2), None, [])], endless.together))


def test_fewer_are_shown_when_memory_is_short_and_that_is_said_once(data, own, tmp_path):
    found = write_maps(f"{own}:forgetful", data, tmp_path / "out")
    assert (found.made, found.problems) == (6, [])
    assert [shape[0] for shape in seen(own)] == [4, 2, 2, 1, 1]  # of the larger ones two would be too many
    [note] = found.notes
    assert note == "memory is short for 4 images of 64x48 at once; --batch 2 is less"
    assert written(tmp_path / "out")["i01"] == pytest.approx(data["i01"]["image"].mean(2) / 255, abs=1e-6)


def test_batches_shrink_until_they_fit_and_the_last_is_told(data, own, tmp_path):
    found = write_maps(f"{own}:never", data, tmp_path / "out")
    assert found.notes == ["memory is short for 2 images of 64x48 at once; --batch 1 is less"]


def test_an_image_that_no_memory_suffices_for_says_so(data, own, tmp_path):
    found = write_maps(f"{own}:never", data, tmp_path / "out")
    assert {(p.code, p.image) for p in found.problems} == {("too_large", id) for id in data}
    assert "64x48 pixels need more memory than there is" in found.problems[0].message


def test_an_image_that_cannot_be_done_does_not_cost_the_others(toy, own, tmp_path):
    stimuli = toy / "toy" / "stimuli"
    Image.new("RGB", (64, 48), "white").save(stimuli / "i03.png")
    good = (stimuli / "i05.png").read_bytes()
    (stimuli / "i05.png").write_bytes(good[: len(good) // 2])
    data = se.load_dataset(str(toy / "toy"))
    found = write_maps(f"{own}:afraid_of_white", data, tmp_path / "out", 2)
    assert {p.image: p.code for p in found.problems} == {"i03": "model", "i05": "unreadable"}
    [white] = [p.message for p in found.problems if p.code == "model"]
    line = own.read_text().splitlines().index('        raise RuntimeError("too white")') + 1
    assert white.endswith(f"image i03 of 64x48: RuntimeError: too white (own.py, line {line})")
    assert {p.remedy for p in found.problems if p.code == "model"} == {"correct the model"}
    with pytest.raises(SaliencyEvalError) as error:
        se.score(f"model:{own}:afraid_of_white", se.load_dataset(str(toy / "toy")), ["nss"])
    assert white in [p.message for p in error.value.problems]
    assert set(written(tmp_path / "out")) == {"i01", "i02", "i04", "caf\u00e9"}
    (stimuli / "i05.png").write_bytes(good)
    again = write_maps(f"{own}:afraid_of_white", se.load_dataset(str(toy / "toy")), tmp_path / "out")
    assert (again.made, again.kept, len(again.problems)) == (1, 4, 1)


@pytest.mark.parametrize("model", ["image_signature", "centre_gaussian"])
def test_what_was_interrupted_is_continued(data, tmp_path, model):
    write_maps(model, data, tmp_path / "whole")

    def stop(count, done=[]):  # noqa: B006  (counts)
        done.append(count)
        if sum(done) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_maps(model, data, tmp_path / "out", 1, stop)
    there = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.npy")}
    assert 3 <= len(there) < 6
    found = write_maps(model, data, tmp_path / "out")
    assert (found.made, found.kept) == (6 - len(there), len(there))
    assert {path: path.stat().st_mtime_ns for path in there} == there
    for path in (tmp_path / "whole").iterdir():
        assert path.read_bytes() == (tmp_path / "out" / path.name).read_bytes()


def test_maps_of_something_else_are_not_written_over(data, tmp_path):
    write_maps("image_signature", data, tmp_path)
    before = written(tmp_path)
    for other, words in (
        ("image_signature(smooth=0.1)", "made with another model"),
        ("uniform", "is not uniform"),
    ):
        with pytest.raises(SaliencyEvalError, match=f"holds 6 maps of these images, .*{words}"):
            write_maps(other, data, tmp_path)
    with pytest.raises(SaliencyEvalError, match="made with other --files: npy is not png"):
        write_maps("image_signature", data, tmp_path, kind="png")
    np.testing.assert_equal(written(tmp_path), before)
    made_by = json.loads((tmp_path / PROVENANCE).read_text())
    (tmp_path / PROVENANCE).write_text(json.dumps(made_by | {"more": None}))
    with pytest.raises(SaliencyEvalError, match="made with another more: None is not nothing"):
        write_maps("image_signature", data, tmp_path)
    (tmp_path / PROVENANCE).write_text("[[[")
    with pytest.raises(SaliencyEvalError, match="nothing that says what made them"):
        write_maps("image_signature", data, tmp_path)
    assert write_maps("uniform", data, tmp_path, resume=False).made == 6
    assert written(tmp_path)["i01"].min() == 1


def test_files_say_what_made_them(data, own, tmp_path, monkeypatch):
    write_maps("image_signature(smooth=0.1)", data, tmp_path / "a")
    made = json.loads((tmp_path / "a" / PROVENANCE).read_text())
    assert made["model"] == "image_signature|smooth:0.1|prior:none|output:map"
    assert made["options"] == {"smooth": 0.1, "prior": "none", "weight": 0.5, "output": "map"}
    assert made["data"] == "toy@1"
    assert set(made["versions"]) >= {"saliency_eval", "code", "numpy"}
    assert made["device"].startswith("cpu")
    assert made["torch"][0].isdigit()
    monkeypatch.setattr("saliency_eval.models.writing.CONSTANTS", tmp_path)
    (tmp_path / "aim21.npz").write_bytes(b"abc")
    (tmp_path / "image_signature.npz").write_bytes(b"other")
    with pytest.raises(SaliencyEvalError, match="made with other constants"):
        write_maps("image_signature(smooth=0.1)", data, tmp_path / "a")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert constants("aim") == {"aim21.npz": digest}
    assert constants("dva") == {}


def test_png_of_8_bits(data, own, tmp_path):
    write_maps(f"{own}:mean", data, tmp_path / "npy")
    write_maps(f"{own}:mean", data, tmp_path / "png", kind="png")
    for id, values in written(tmp_path / "npy").items():
        share = (values.astype(float) - values.min()) / (values.max() - values.min())
        levels = np.asarray(Image.open(tmp_path / "png" / f"{id}.png"))
        np.testing.assert_array_equal(levels, np.floor(255 * share + 0.5))
    write_maps("uniform", data, tmp_path / "flat", kind="png")
    assert np.asarray(Image.open(tmp_path / "flat" / "i01.png")).max() == 0


def test_a_model_of_the_user_is_told_by_its_file_and_weights(data, own):
    first, network = model_of(f"{own}:mean(prior=add)"), model_of(f"{own}:network")
    assert re.fullmatch(r"mean#[0-9a-f]{8}\(prior=add\)", first.call)
    assert MODELS[first.key].summary == "Brightness."
    assert np.array_equal(network(data["i01"]), network(data["i01"]))  # no dropout
    own.with_suffix(".seed").write_text("1")
    assert model_of(f"{own}:network").key != network.key
    assert model_of(f"{own}:mean").key == first.key
    own.write_text(own.read_text() + "#")
    assert model_of(f"{own}:mean").key != first.key


def test_a_model_of_the_user_is_scored_in_other_processes(data, own):
    predictions = ModelPredictions.of(f"{own}:mean", data)
    message = pickle.dumps(predictions)
    del MODELS._entries[predictions.variant.key]
    there = pickle.loads(message)
    assert there.name == predictions.name
    np.testing.assert_allclose(
        there.fetch("i01").read((48, 64)).values, data["i01"]["image"].mean(2) / 255, atol=1e-6
    )


@pytest.mark.parametrize(
    ("factory", "code", "words"),
    [
        ("nothing", "model", "must make a function of images or a network, got int"),
        ("broken", "model", r"raised ZeroDivisionError: division by zero \(own.py, line \d+\)"),
        ("silent", "model", "raised Silent: a Silent that has no text"),
        ("men", "model", "Did you mean mean"),
        ("mean(sharp=3)", "usage", "unknown option of mean#.* Known: output, prior, smooth, weight, weights"),
    ],
)
def test_a_file_without_a_model_gets_a_sentence(own, factory, code, words):
    with pytest.raises(SaliencyEvalError, match=words) as error:
        model_of(f"{own}:{factory}")
    assert error.value.code == code


@pytest.mark.parametrize("before", [False, True])
def test_a_gpu_would_not_round_and_what_was_set_stays_set(data, own, before):
    """TF32 is a state of the whole process, which others may want."""
    from torch.backends import cuda, cudnn

    kept = cuda.matmul.allow_tf32, cudnn.allow_tf32
    try:
        cuda.matmul.allow_tf32 = cudnn.allow_tf32 = before
        model_of(f"{own}:precision")(data["i01"])
        assert (cuda.matmul.allow_tf32, cudnn.allow_tf32) == (before, before)
    finally:
        cuda.matmul.allow_tf32, cudnn.allow_tf32 = kept
    [found] = json.loads(own.with_suffix(".seen").read_text())
    assert not any(found)


def test_an_error_without_a_text_is_one_like_others(toy, own, tmp_path):
    Image.new("RGB", (64, 48), "white").save(toy / "toy" / "stimuli" / "i03.png")
    found = write_maps(f"{own}:silent_at_white", se.load_dataset(str(toy / "toy")), tmp_path / "out")
    assert (found.made, [p.image for p in found.problems]) == (5, ["i03"])
    assert "Silent: a Silent that has no text (own.py, line " in found.problems[0].message


@pytest.mark.parametrize(
    ("factory", "words"),
    [
        ("complex_values", "must give real maps, got torch.complex64"),
        ("pairs", "must give maps as one tensor, got tuple"),
    ],
)
def test_what_is_no_map_is_wrong_for_every_image_and_ends_the_run(data, own, tmp_path, factory, words):
    with pytest.raises(SaliencyEvalError, match=words) as error:
        write_maps(f"{own}:{factory}", data, tmp_path / "out")
    assert (len(error.value.problems), error.value.code) == (1, "model")


@pytest.mark.parametrize("resume", [True, False])
def test_maps_never_take_the_place_of_images_or_densities(toy, tmp_path, resume):
    folder = toy / "toy" / "stimuli"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    data = se.load_dataset(str(toy / "toy"))
    shutil.copytree(folder, toy / "toy" / "maps")
    for name, words in (
        ("stimuli", r"in a folder of their own, .*stimuli holds images"),
        ("maps", r"holds 6 maps of these images, and nothing that says what made them; .* or remove them"),
    ):
        with pytest.raises(SaliencyEvalError, match=words) as error:
            write_maps("uniform", data, toy / "toy" / name, resume=resume)
        assert error.value.code == "usage"
        assert {path.name: path.read_bytes() for path in (toy / "toy" / name).iterdir()} == before
    for _ in range(2):  # elsewhere in it maps may be, and be written over
        assert write_maps("uniform", data, toy / "toy" / "predicted", resume=resume).problems == []


def test_maps_of_a_wrong_shape_are_wrong_for_every_image_and_end_the_run(data, own, tmp_path):
    words = r"must give maps \(batch, height, width\) of \d images, got \(\d, 3\); correct it"
    with pytest.raises(SaliencyEvalError, match=words) as error:
        write_maps(f"{own}:flat", data, tmp_path / "out")
    assert (len(error.value.problems), error.value.code) == (1, "model")


def test_a_file_without_the_name_of_a_factory_gets_those_that_it_seems_to_have(own, tmp_path):
    for text in (own, f"{own}:", f"{own}(smooth=0.1)"):
        with pytest.raises(
            SaliencyEvalError, match=f"write {own}:note or {own}:mean or {own}:forgetful"
        ) as error:
            model_of(str(text))
        assert error.value.code == "usage"
    with pytest.raises(SaliencyEvalError, match=r"write no/such\.py:FACTORY"):
        model_of("no/such.py")


def test_modules_beside_the_file_are_part_of_the_model(data, own):
    """Of its name, and of what is run: a module that is edited is loaded again."""
    (own.parent / "helper.py").write_text(
        "from deeper import factor\nscale = lambda images: factor * images.mean(1)"
    )
    (own.parent / "deeper.py").write_text("factor = 2")
    (own.parent / "parts").mkdir()
    (own.parent / "parts" / "__init__.py").write_text("")
    (own.parent / "parts" / "more.py").write_text("from . import last\noffset = last.offset")
    (own.parent / "parts" / "last.py").write_text("offset = 1")
    (own.parent / "stranger.py").write_text("")
    model = model_of(f"{own}:of_another")
    assert model(data["i01"]) == pytest.approx(1 + 2 * data["i01"]["image"].mean(2) / 255, abs=1e-5)
    (own.parent / "stranger.py").write_text("changed = 1")
    assert model_of(f"{own}:of_another").key == model.key
    keys = [model.key]
    for name in ("helper.py", "deeper.py", "parts/__init__.py", "parts/more.py", "parts/last.py"):
        with (own.parent / name).open("a") as file:
            file.write("\n")
        keys.append(model_of(f"{own}:of_another").key)
    assert len(set(keys)) == len(keys)
    with (own.parent / "deeper.py").open("a") as file:
        file.write("factor = 3")
    again = model_of(f"{own}:of_another")
    assert again(data["i01"]) == pytest.approx(1 + 3 * data["i01"]["image"].mean(2) / 255, abs=1e-5)


def test_weights_that_are_drawn_anew_are_hinted_at(data, own, tmp_path):
    write_maps(f"{own}:network", data, tmp_path / "out")
    own.with_suffix(".seed").write_text("1")
    with pytest.raises(
        SaliencyEvalError, match=r"made with another model: network#.*; weights that are drawn anew"
    ):
        write_maps(f"{own}:network", data, tmp_path / "out")
    for other in (f"{own}:mean", "uniform", f"{own}:network(smooth=0.1)"):
        own.with_suffix(".seed").write_text("0")
        with pytest.raises(SaliencyEvalError, match="made with another model") as error:
            write_maps(other, data, tmp_path / "out")
        assert "drawn anew" not in str(error.value)


def test_torch_is_asked_for_before_anything_is_written(data, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(SaliencyEvalError, match="image_signature needs torch") as error:
        write_maps("image_signature", data, tmp_path / "out")
    assert error.value.code == "needs_extra"
    assert not (tmp_path / "out").exists()


def test_results_come_in_order_and_few_are_made_ahead():
    started, go = [], threading.Event()

    def slow(one):
        started.append(one)
        if one == 0:
            go.wait(5)
        return one

    found = ahead(slow, iter(range(100)), 3, lambda one: 4)
    threading.Timer(0.05, go.set).start()
    assert next(found) == 0
    assert len(started) <= 5
    assert list(found) == list(range(1, 100))


def call(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_the_command_line_runs_a_model_of_the_user(data, toy, own, tmp_path):
    command = (
        "run",
        f"{own}:afraid_of_white",
        "--data",
        toy / "toy",
        "--out",
        tmp_path / "out",
        "--files",
        "png",
    )
    done = call(*command, "--batch", 2, "--device", "cpu")
    assert done.exit_code == 0, done.output
    assert "6 maps of afraid_of_white#" in done.output
    assert "256 levels cost kld and ig" in done.output
    assert "6 of them from before" in call(*command).output
    Image.new("RGB", (64, 48), "white").save(toy / "toy" / "stimuli" / "i01.png")
    done = call(*command, "--no-resume", "--format", "json")
    answer = json.loads(done.stdout)
    assert (done.exit_code, answer["exit_code"]) == (4, 4)
    assert answer["results"][0]["maps"] == 5
    assert [(p["code"], p["image"]) for p in answer["problems"]] == [("model", "i01")]


def test_the_first_images_only_and_then_the_rest(toy, tmp_path):
    command = ("run", "centre_gaussian", "--data", toy / "toy", "--out", tmp_path / "out")
    tried = call(*command, "--limit", 1)
    assert tried.output.startswith(
        "note: the first 1 of 6 images; without --limit, the rest is made\n1 map of "
    )
    assert len(written(tmp_path / "out")) == 1
    assert "6 maps of" in (done := call(*command)).output
    assert "1 of them from before" in done.output
    assert "note" not in call(*command, "--limit", 6).output


def test_the_map_of_one_image_in_python(data, own):
    image = data["i01"]["image"]
    made = se.saliency_map(f"{own}:mean(output=minmax)", image)
    bright = image.mean(2) - image.mean(2).min()
    np.testing.assert_allclose(made, bright / bright.max(), atol=1e-6)
    assert se.saliency_map("center_box(area=0.25)", image).sum() == 48 * 64 / 4
    for model, given, code in (
        ("centre_bias", image, "undefined_metric"),
        ("image_signature", image / 255, "usage"),
        ("no_model", image, "usage"),
    ):
        with pytest.raises(SaliencyEvalError) as error:
            se.saliency_map(model, given)
        assert error.value.code == code


def test_maps_of_images_without_fixations(toy, tmp_path):
    (toy / "toy" / "fixations.csv").unlink(missing_ok=True)
    (toy / "toy" / "fixations.json").unlink(missing_ok=True)
    for model in ("image_signature", "uniform", "centre_gaussian"):
        done = call("run", model, "--data", toy / "toy", "--out", tmp_path / model)
        assert done.output.startswith("6 maps of"), done.output
    for command in (("run", "centre_bias", "--out", tmp_path / "cb"), ("score", tmp_path / "uniform", "--no-save"),
                    ("check", tmp_path / "uniform")):  # fmt: skip
        done = call(*command, "--data", toy / "toy")
        said = f"{done.exception} {done.output}"
        assert "toy holds neither fixations.csv nor fixations.json" in said


def test_models_are_listed_and_described():
    listed = call("models", "list")
    assert listed.output == call("models").output
    assert "image_signature" in listed.output
    described = call("models", "info", "image_signature")
    assert described.output == call("models", "image_signature").output
    assert "source  doi:10.1109/TPAMI.2011.146" in described.output
    meanings = {name: option.meaning for name, option in FINISH.items()}
    for name in ("smooth", "prior", "weight", "output"):
        assert re.search(rf"^{name} .*  {meanings[name]}$", described.output, re.M)
    assert re.search(r"^patch +21 +21 or 11$", call("models", "aim").output, re.M)
    assert "means" not in call("models", "centre_gaussian").output
    [found] = json.loads(call("models", "image_signature", "--format", "json").output)["results"]
    assert (found["reads"], found["needs"]) == (["image"], "saliency-eval[torch]")
    costs = {model: call("models", model).output for model in ("covsal", "spectral_residual", "centre_bias")}
    assert re.search(r"^ *cost +230 times spectral_residual$", costs.pop("covsal"), re.M)
    assert not any(re.search("^ *cost ", text, re.M) for text in costs.values())
    assert re.search(r"^ *cost +2 times spectral_residual$", described.output, re.M)
    every = json.loads(call("models", "--format", "json").output)["results"]
    assert [model["key"] for model in every] == list(MODELS)
