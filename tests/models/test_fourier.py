"""Models that look at an image through a transform: against plain code, against OpenCV, in closed form."""

import numpy as np
import pytest
import scipy.fft
import scipy.ndimage as ndi

from saliency_eval import models as _declared  # noqa: F401  (declares the models)
from saliency_eval.core import MODELS

torch = pytest.importorskip("torch", reason="models of images need torch")
from saliency_eval.models.nets.primitives import lab  # noqa: E402
from saliency_eval.models.nets.signature import cosines, image_signature  # noqa: E402
from saliency_eval.models.nets.sizes import STRONG, at_width, resize  # noqa: E402
from saliency_eval.models.nets.spectral import GREY, spectral_residual  # noqa: E402


def pictures(count, height, width, seed=0):
    """Photographs are smooth: blurred noise with an edge."""
    rng = np.random.default_rng(seed)
    noise = ndi.gaussian_filter(rng.random((count, height, width, 3)), (0, 3, 3, 0))
    noise[:, height // 3 : height // 2, width // 4 : width // 2] += 0.2
    low, high = noise.min(), noise.max()
    return (255 * (noise - low) / (high - low)).round().astype(np.uint8)


def seen(images):
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255


def enlarged(values, size):
    """Bilinear between the four nearest values, one axis after the other."""
    for axis, wanted in enumerate(size):
        have = values.shape[axis]
        at = np.clip((np.arange(wanted) + 0.5) * have / wanted - 0.5, 0, have - 1)
        low = np.floor(at).astype(int)
        share = (at - low).reshape((-1, 1) if axis == 0 else (1, -1))
        above = np.minimum(low + 1, have - 1)
        values = (1 - share) * values.take(low, axis) + share * values.take(above, axis)
    return values


def as_opencv(image):
    """The steps of OpenCV's spectral residual, in plain numpy."""
    grey = (image.astype(int) @ [299, 587, 114] + 500) // 1000
    spectrum = np.fft.fft2(np.floor(enlarged(grey, (64, 64)) + 0.5))
    amplitude = np.log(np.abs(spectrum))
    residual = amplitude - ndi.uniform_filter(amplitude, 3, mode="mirror")
    found = np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum))))
    weights = np.exp(-(np.arange(-2, 3) ** 2) / (2 * 8**2))
    for axis in (0, 1):
        found = ndi.correlate1d(found, weights / weights.sum(), axis, mode="mirror")
    return enlarged(found**2 / (found**2).max(), image.shape[:2])


def test_opencv_is_the_formula():
    images = pictures(3, 90, 140)
    maps = spectral_residual(seen(images), flavour="opencv", channels="rgb").numpy()
    expected = [as_opencv(image) for image in images]
    assert np.abs(maps - expected).max() < 1e-5


def test_opencv_is_that_of_opencv():
    cv2 = pytest.importorskip("cv2", reason="opencv-contrib-python-headless is absent")
    if not hasattr(cv2, "saliency"):
        pytest.skip("this OpenCV has no module saliency: install opencv-contrib-python-headless")
    images = pictures(8, 300, 400)
    maps = spectral_residual(seen(images), flavour="opencv", channels="rgb").numpy()
    for image, made in zip(images, maps, strict=True):
        oracle = cv2.saliency.StaticSaliencySpectralResidual_create()
        _, theirs = oracle.computeSaliency(np.ascontiguousarray(image[:, :, ::-1]))
        assert np.abs(made - theirs).max() < 0.02
        assert np.corrcoef(made.ravel(), theirs.ravel())[0, 1] > 0.9999


@pytest.mark.parametrize("channels", ["rgb", "grey"])
@pytest.mark.parametrize("flavour", ["paper", "pft"])
def test_paper_and_phase_alone_are_the_formula(flavour, channels):
    images = pictures(2, 48, 64)  # at the width of the model: nothing is resized
    maps = spectral_residual(seen(images), flavour=flavour, channels=channels).numpy()
    for image, made in zip(images / 255, maps, strict=True):
        planes = np.moveaxis(image, 2, 0) if channels == "rgb" else [image @ [0.299, 0.587, 0.114]]
        energy = np.mean([residual_energy(plane, flavour) for plane in planes], 0)
        expected = ndi.gaussian_filter(energy, 2.5, mode="nearest", radius=4)
        assert np.abs(made - expected).max() < 1e-5 * expected.max()


def residual_energy(plane, flavour):
    """What the phase gives back, in plain numpy."""
    spectrum = np.fft.fft2(plane.astype(np.float32).astype(np.float64))
    amplitude = np.log(np.abs(spectrum) + 1e-8)
    residual = amplitude - ndi.uniform_filter(amplitude, 3, mode="nearest") if flavour == "paper" else 0
    return np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2


@pytest.mark.parametrize("flavour", ["paper", "pft"])
def test_one_bright_pixel_stays_alone(flavour):
    """Its amplitude is flat: there is no residual, and the phase alone gives the pixel back."""
    images = torch.zeros(1, 3, 48, 64)
    images[0, :, 20, 30] = 1
    [made] = spectral_residual(images, flavour=flavour, channels="rgb").numpy()
    weights = np.exp(-(np.arange(-4, 5) ** 2) / (2 * 2.5**2))
    window = np.outer(weights, weights) / weights.sum() ** 2
    assert np.abs(made[16:25, 26:35] - window).max() < 1e-6
    made[16:25, 26:35] = 0
    assert np.abs(made).max() < 1e-6


def test_a_spot_as_bright_as_its_surround_is_seen_in_colour():
    images = torch.full((1, 3, 48, 64), 0.5)
    images[0, :, 20, 28] += torch.tensor([0.1, 0, -0.1 * 0.299 / 0.114])
    [made] = spectral_residual(images, flavour="paper", channels="rgb")
    assert divmod(int(made.argmax()), 64) == (20, 28)


def test_colours_of_one_grey_are_nothing_to_opencv():
    images = np.full((1, 70, 64, 3), 128, np.uint8)
    images[0, 20:30, 20:30] = 100, 142, 130  # 128.07
    assert not spectral_residual(seen(images), flavour="opencv", channels="rgb").any()
    images[0, 20:30, 20:30, 1] += 1
    assert spectral_residual(seen(images), flavour="opencv", channels="rgb").max() > 0.9


def test_colour_is_idle_where_opencv_sees_grey():
    declared = MODELS["spectral_residual"]
    assert declared.idle(declared.options) == {"channels", "weight"}
    assert declared.idle({**declared.options, "flavour": "paper", "prior": "add"}) == set()


@pytest.mark.parametrize(
    ("shape", "expected"), [((60, 80), 48), ((80, 60), 85), ((1, 900), 1), ((900, 2), 512)]
)
def test_images_are_brought_to_a_width(shape, expected):
    """In proportion, unless that would take an image too high for a matrix of cosines."""
    made = at_width(torch.rand(1, 3, *shape), 64)
    assert made.shape == (1, 3, expected, 64)
    assert made.min() >= 0
    assert made.max() <= 1


@pytest.mark.parametrize(
    ("size", "small"), [((700, 980), (48, 64)), ((40, 900), (1, 7)), ((1000, 5), (20, 10))]
)
def test_images_that_shrink_a_lot_are_resized_like_others(size, small):
    """A GPU has no room for it in the way of torch."""
    assert max(n / m for n, m in zip(size, small, strict=True)) > STRONG
    images = torch.rand(2, 3, *size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = torch.nn.functional.interpolate(images, small, mode="bicubic", antialias=True)
    torch.testing.assert_close(resize(images, small), expected, rtol=0, atol=1e-13)
    torch.testing.assert_close(resize(images.float(), small), expected.float(), rtol=0, atol=1e-5)


def test_cosines_are_the_orthonormal_transform():
    matrix = cosines(7, torch.zeros((), dtype=torch.float64)).numpy()
    assert np.abs(matrix - scipy.fft.dct(np.eye(7), axis=0, norm="ortho")).max() < 1e-12


def test_image_signature_is_the_formula():
    images = pictures(2, 40, 64)
    maps = image_signature(seen(images)).numpy()
    for planes, made in zip(lab(seen(images)).double().numpy(), maps, strict=True):
        backs = [scipy.fft.idctn(np.sign(scipy.fft.dctn(p, norm="ortho")), norm="ortho") ** 2 for p in planes]
        energy = ndi.gaussian_filter(np.mean(backs, 0), 0.045 * 64, mode="nearest", radius=12)
        assert np.abs(made - (energy - energy.min()) / np.ptp(energy)).max() < 2e-3


def test_image_signature_of_a_grey_image_is_that_of_its_lightness():
    """The colours of a grey image are rounding alone, whose signs would be two thirds of the map."""
    images = pictures(1, 40, 64)
    images[:] = images[..., :1]
    [lightness] = lab(seen(images))[:, 0].double().numpy()
    back = scipy.fft.idctn(np.sign(scipy.fft.dctn(lightness, norm="ortho")), norm="ortho") ** 2
    energy = ndi.gaussian_filter(back, 0.045 * 64, mode="nearest", radius=12)
    made = image_signature(seen(images)).numpy()[0]
    assert np.abs(made - (energy - energy.min()) / np.ptp(energy)).max() < 2e-3


@pytest.mark.parametrize(("rgb", "expected"), [
    ((1, 0, 0), (53.2408, 80.0925, 67.2032)),
    ((0, 1, 0), (87.7347, -86.1827, 83.1793)),
    ((0, 0, 1), (32.2970, 79.1875, -107.8602)),
    ((1, 1, 1), (100, 0, 0)),
    ((0, 0, 0), (0, 0, 0)),
])  # fmt: skip
def test_lab_of_the_corners_of_the_cube(rgb, expected):
    made = lab(torch.tensor(rgb, dtype=torch.float64).reshape(1, 3, 1, 1)).flatten().numpy()
    assert np.abs(made - expected).max() < 0.02


@pytest.mark.slow
def test_opencv_on_photographs(shared):
    """Ten images of OSIE: what is left comes from rounding, in the resizing and the 32 bits of OpenCV."""
    from saliency_eval.datasets import load_dataset

    cv2 = pytest.importorskip("cv2", reason="opencv-contrib-python-headless is absent")
    if not hasattr(cv2, "saliency"):
        pytest.skip("this OpenCV has no module saliency: install opencv-contrib-python-headless")
    osie = load_dataset("osie", shared / "data" / "OSIE")
    for id in list(osie)[::70]:
        image = osie[id]["image"]
        [made] = MODELS["spectral_residual"].traits["batch"](
            [image], dict(MODELS["spectral_residual"].options)
        )
        oracle = cv2.saliency.StaticSaliencySpectralResidual_create()
        _, theirs = oracle.computeSaliency(np.ascontiguousarray(image[:, :, ::-1]))
        assert np.abs(made - theirs).max() <= 2e-3
        assert np.corrcoef(made.ravel(), theirs.ravel())[0, 1] >= 0.99999


def test_grey_of_opencv_to_the_last_level():
    """Its weights are whole shares of 32768, which differ from the decimal ones at one pixel of a thousand."""
    cv2 = pytest.importorskip("cv2", reason="opencv-contrib-python-headless is absent")
    image = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    weights = torch.tensor(GREY, dtype=torch.float64)
    made = torch.floor(torch.from_numpy(image).double() @ weights / 2**15 + 0.5)
    assert np.array_equal(made.numpy(), cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))


def test_a_signature_ends_between_0_and_1():
    """Bicubic enlarging goes beyond the ends of the small map."""
    made = image_signature(seen(pictures(3, 150, 200)))
    assert made.shape == (3, 150, 200)
    assert made.amin((1, 2)).tolist() == [0, 0, 0]
    assert made.amax((1, 2)).tolist() == [1, 1, 1]
