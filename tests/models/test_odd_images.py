"""Images of odd sizes and kinds through every model: a finite map, or one sentence that says why there is none."""

import json
import re
import struct
import zlib
from types import MappingProxyType

import numpy as np
import pytest
from PIL import Image

import saliency_eval as se
from saliency_eval import models as _declared  # noqa: F401  (declares the models)
from saliency_eval.core import MODELS
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.models.writing import write_maps

pytest.importorskip("torch", reason="models of images need torch")
import torch

from saliency_eval.models.nets import covsal, primitives, sizes

OF_IMAGES = [key for key, declared in MODELS.items() if "batch" in declared.traits]
QUICK = {"side": 16, "distance": "log_euclidean"}
SHAPES = [(1, 1), (1, 9), (9, 1), (2, 2), (7, 9)]
RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (48, 64, 3), dtype=np.uint8)


def looked(key, image, given=MappingProxyType({})):
    declared = MODELS[key]
    options = declared.options | {name: value for name, value in given.items() if name in declared.options}
    [made] = declared.traits["batch"]([image], options)
    assert made.shape == image.shape[:2]
    assert np.isfinite(made).all()
    return made


@pytest.mark.parametrize("key", OF_IMAGES)
def test_every_size_and_grey_and_constant(key, monkeypatch):
    monkeypatch.setattr(covsal, "SIDE", 64)
    monkeypatch.setattr(covsal, "PATCHES", (8, 16))
    for shape in SHAPES:
        noise = RNG.integers(0, 256, (*shape, 3), dtype=np.uint8)
        looked(key, noise, QUICK)
        looked(key, np.repeat(noise[..., :1], 3, 2), QUICK)
        assert not looked(key, np.full_like(noise, 77), QUICK).any()


@pytest.mark.parametrize("mode", ["bicubic", "bilinear"])
def test_images_and_maps_of_one_column_are_resized_as_pillow_does_it(mode):
    for shape, size in (
        ((9, 3), (5, 1)),
        ((30, 2), (60, 1)),
        ((9, 1), (20, 1)),
        ((3, 9), (1, 5)),
        ((9, 3), (1, 1)),
    ):
        values = RNG.random(shape, np.float32)
        expected = Image.fromarray(values).resize(size[::-1], Image.Resampling[mode.upper()])
        made = sizes.resize(torch.from_numpy(values)[None, None], size, mode)[0, 0]
        np.testing.assert_allclose(made, expected, atol=5e-6)


@pytest.mark.parametrize("sigma", [1e-320, 1e-45, 1e-3])
def test_a_gaussian_of_no_width_leaves_a_map_as_it_is(sigma):
    maps = torch.from_numpy(RNG.random((1, 1, 5, 7), np.float32))
    assert torch.equal(primitives.blur(maps, sigma), maps)


def test_a_batch_is_its_images_where_they_differ_by_one_level():
    """All that a map of these rests on is near to what rounds off."""
    image = np.full((120, 160, 3), 254, np.uint8)
    image[40, 50] = 255
    for key in ("sun", "aws_like"):
        run, options = MODELS[key].traits["batch"], MODELS[key].options
        [alone], together = run([image], options), run([image[::-1], image, image], options)
        assert np.abs(together[1:] - alone).max() <= 1e-5 * np.ptp(alone)


@pytest.mark.slow
@pytest.mark.parametrize("key", OF_IMAGES)
def test_small_images_as_every_model_sees_them(key):
    for shape in SHAPES[::2]:
        looked(key, RNG.integers(0, 256, (*shape, 3), dtype=np.uint8))


@pytest.mark.slow
@pytest.mark.parametrize("key", ["image_signature", "dva"])
def test_an_image_of_48_million_pixels(key):
    """Others take more memory than a small machine may have."""
    image = np.zeros((6000, 8000, 3), np.uint8)
    image[2000:3000, 3000:5000] = 200, 30, 60
    made = looked(key, image)
    assert made[2000:3000, 3000:5000].mean() > 3 * made.mean()


@pytest.mark.parametrize(
    ("image", "got"),
    [
        (RGB / 255, "float64 of shape (48, 64, 3)"),
        (RGB.astype(np.int64), "int64 of shape (48, 64, 3)"),
        (RGB[..., 0], "uint8 of shape (48, 64)"),
        (np.dstack([RGB, RGB[..., 0]]), "uint8 of shape (48, 64, 4)"),
        (RGB.transpose(2, 0, 1), "uint8 of shape (3, 48, 64)"),
        (RGB[:0], "uint8 of shape (0, 64, 3)"),
        (RGB.tolist(), "list"),
        (Image.fromarray(RGB), "Image"),
    ],
)
def test_by_hand_an_image_is_8_bits_of_rgb_or_gets_a_sentence(image, got):
    for call in (MODELS["dva"].function, lambda image: MODELS["dva"].traits["batch"]([RGB, image], {})):
        with pytest.raises(SaliencyEvalError, match=re.escape(f"(height, width, 3), got {got}")) as caught:
            call(image)
        assert caught.value.code == "usage"
        assert "convert('RGB')" in caught.value.problems[0].remedy


# ------------------------------------------------------------------ kinds of files


def png_of_16_bits(colours):
    """Three channels of 16 bits, which Pillow does not write."""
    height, width, _ = colours.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in colours)
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    chunks = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def files(folder):
    """A file of each kind, by name, with the picture that it shows."""
    grey16 = np.linspace(0, 65535, 48 * 64).reshape(48, 64).astype(np.uint16)
    colours16 = RNG.integers(0, 65536, (48, 64, 3), dtype=np.uint16)
    fading = np.dstack([RGB, np.linspace(0, 255, 48 * 64).reshape(48, 64).astype(np.uint8)])
    Image.fromarray(RGB).convert("CMYK").save(folder / "cmyk.jpg", quality=100, subsampling=0)
    Image.fromarray(fading).save(folder / "rgba.png")
    Image.fromarray(RGB[..., 0]).save(folder / "grey.png")
    Image.fromarray(RGB[..., 0] > 127).save(folder / "bits.png")
    Image.fromarray(RGB // 64 * 64).quantize(64).save(folder / "palette.png")
    Image.fromarray(grey16).save(folder / "grey16.png")
    (folder / "rgb16.png").write_bytes(png_of_16_bits(colours16))
    Image.fromarray(RGB).save(folder / "whole.png")
    whole = (folder / "whole.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    return {"rgba": RGB, "grey": RGB[..., :1], "bits": 255 * (RGB[..., :1] > 127), "palette": RGB // 64 * 64,
            "grey16": grey16[..., None] >> 8, "rgb16": colours16 >> 8, "whole": RGB}  # fmt: skip


def test_every_kind_of_file_is_seen_as_it_looks(tmp_path):
    """Models see all of them as 8 bits of RGB, whatever model it is."""
    (tmp_path / "set" / "stimuli").mkdir(parents=True)
    shown = files(tmp_path / "set" / "stimuli")
    names = [*shown, "cmyk", "cut"]
    lines = ["image,row,column,observer", *(f"{name},1,2,0" for name in names)]
    (tmp_path / "set" / "fixations.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "set" / "dataset.toml").write_text('name = "set"\nversion = "1"\nsigma = 4.0\n')
    data = se.load_dataset(str(tmp_path / "set"))
    for name, picture in shown.items():
        np.testing.assert_array_equal(data[name]["image"], np.broadcast_to(picture, (48, 64, 3)))
    assert np.abs(data["cmyk"]["image"].astype(int) - RGB).mean() < 3
    found = write_maps("image_signature", data, tmp_path / "out")
    assert (found.made, [(p.code, p.image) for p in found.problems]) == (8, [("unreadable", "cut")])
    assert "cut.png is not a readable JPEG or PNG" in json.dumps([p.to_dict() for p in found.problems])
    assert all(np.isfinite(np.load(path)).all() for path in (tmp_path / "out").glob("*.npy"))
