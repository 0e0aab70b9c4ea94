"""NumPy, MATLAB and HDF5 files: what is read bit by bit, and what is refused."""

import io
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from saliency_eval.errors import SaliencyEvalError
from saliency_eval.predictions.decode import decode
from saliency_eval.predictions.rules import Rules

from .cases import MAP, SHAPE, Case, Cases, assert_case, image, npy, npz

FLOATS = np.random.default_rng(5).random(SHAPE)
DENSITY = FLOATS / FLOATS.sum()
DENSITY_HOLE = DENSITY.copy()
DENSITY_HOLE[2, 2] = 0
with np.errstate(divide="ignore"):
    LOGS = np.log(DENSITY_HOLE)
    LOGS -= np.log(DENSITY_HOLE.sum())


def mat(**options: Any) -> bytes:
    file = io.BytesIO()
    arrays = {k: options.pop(k) for k in list(options) if k != "do_compression"}
    savemat(file, arrays, **options)
    return file.getvalue()


def h5(fill: Callable[[h5py.File], object], **options: Any) -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w", **options) as handle:
        fill(handle)
    return file.getvalue()


def mat73(fill: Callable[[h5py.File], object]) -> bytes:
    data = h5(fill, userblock_size=512)
    return b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\2IM" + data[128:]


def header(text: str, version: tuple[int, int] = (1, 0)) -> bytes:
    length = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + length + text.encode()


def spoiled(position: tuple[int, int], value: float) -> np.ndarray:
    array = FLOATS.copy()
    array[position] = value
    return array


class Trap:
    """Leaves a marker when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("unpickled-marker"),)


def torch_like() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Trap()))
    return file.getvalue()


def npy_in_zip(data: bytes, *names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *_, **__: None)  # a name twice
        for name in names:
            archive.writestr(name, data)
    return file.getvalue()


def mat_element(kind: int, body: bytes) -> bytes:
    return struct.pack("<II", kind, len(body)) + body + bytes(0 if kind == 15 else -len(body) % 8)


def mat_raw(stored: bytes, *, deflated: bool = False) -> bytes:
    """A double matrix of 48x64 whose numbers are stored as bytes, as MATLAB does when it can."""
    head = mat_element(6, struct.pack("<II", 6, 0)) + mat_element(5, struct.pack("<ii", *SHAPE))
    matrix = mat_element(14, head + struct.pack("<HH4s", 1, 1, b"a") + mat_element(2, stored))
    start = b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM"
    return start + (mat_element(15, zlib.compress(matrix)) if deflated else matrix)


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout(SHAPE, "f8")
    layout[:] = h5py.VirtualSource("/elsewhere.h5", "map", SHAPE)
    file.create_virtual_dataset("map", layout)


def deflate_bomb(file: h5py.File) -> None:
    dataset = file.create_dataset("map", SHAPE, "u1", chunks=SHAPE, compression="gzip")
    dataset.id.write_direct_chunk((0, 0), zlib.compress(bytes(100 << 20)))


def text_of_matlab(file: h5py.File) -> None:
    file["map"] = MAP.T.astype("u2")
    file["map"].attrs["MATLAB_class"] = np.bytes_("char")


def with_group(file: h5py.File) -> None:
    file["deep/map"] = FLOATS
    file["link"] = h5py.SoftLink("/deep/map")


cases = Cases()
file = cases.file

# -- values
file("npy_nan", npy(spoiled((3, 3), np.nan)), "non_finite", "i01.npy", "1 NaN", "(3, 3)")
file("npy_inf", npy(spoiled((0, 63), np.inf)), "non_finite", "i01.npy", "1 inf", "(0, 63)")
file("npy_neginf_logdensity", npy(LOGS), "non_finite", "i01.npy", "1 -inf", "--kind log-density", "(2, 2)")
file("npy_float16", npy(FLOATS.astype("f2")), None, "i01.npy", same=FLOATS.astype("f2"))
file("npy_negative", npy(FLOATS - 5), "shifted", "i01.npy", "negative", "kld", same=FLOATS - 5)
file("npy_1e308", npy(FLOATS * 1e308), None, "i01.npy", same=FLOATS * 1e308)
file("npy_constant", npy(np.full(SHAPE, 0.5)), "constant", "i01.npy", "0.5")
file("npy_longdouble", npy(FLOATS.astype("longdouble")), None, "i01.npy", same=FLOATS)
file("npy_longdouble_overflow", npy(np.full(SHAPE, np.longdouble("1e400"))), "non_finite", "3072 inf")

# -- numpy
file("npy_float64", npy(FLOATS), None, "i01.npy", same=FLOATS)
file("npy_pickle_exec", npy(np.array([[Trap()]]), allow_pickle=True), "pickle", "i01.npy", "object")
file(
    "npy_huge_shape",
    header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000)}\n") + bytes(64),
    "unreadable",
    "i01.npy",
    "truncated",
)
file("npy_cut", npy(FLOATS)[:-1], "unreadable", "i01.npy", "truncated")
file("npy_large", npy(np.zeros((4096, 2049))), "too_large", "i01.npy", "64 MiB")
file("npy_complex", npy(FLOATS.astype(complex)), "dtype", "i01.npy", "complex")
file("npy_string", npy(FLOATS.astype("S3")), "dtype", "i01.npy")
file("npy_structured", npy(np.zeros(SHAPE, [("a", "f4"), ("b", "f4")])), "dtype", "i01.npy")
file("npy_dates", npy(np.zeros(SHAPE, "M8[s]")), "dtype", "i01.npy")
file("npy_rgb", npy(np.stack([FLOATS] * 3, -1)), "shape", "i01.npy", "(48, 64, 3)")
file("npy_leading_1", npy(FLOATS[None].astype("f4")), "squeezed", "i01.npy", same=FLOATS.astype("f4"))
file("npy_trailing_1", npy(FLOATS[..., None]), "squeezed", "i01.npy", same=FLOATS)
file("npy_two_ones", npy(FLOATS[None, None]), "shape", "(1, 1, 48, 64)")
file("npy_flat", npy(FLOATS.ravel()), "shape", "(3072,)")
file("npy_scalar", npy(np.float64(1)), "shape", "()")
file("npy_empty", npy(np.zeros((0, 64))), "shape", "i01.npy", "(0, 64)")
file(
    "npy_negative_shape",
    header("{'descr': '<f8', 'fortran_order': False, 'shape': (-48, -64)}\n") + bytes(24576),
    "shape",
    "(-48, -64)",
)
file("npy_big_endian", npy(FLOATS.astype(">f8")), None, "i01.npy", same=FLOATS)
file("npy_fortran", npy(np.asfortranarray(FLOATS)), None, "i01.npy", same=FLOATS)
file("npy_bool", npy(MAP > 99), "few_levels", "i01.npy", same=(MAP > 99).astype("u1"))
file("npy_odd_bool", npy(MAP > 99)[:128] + npy(MAP > 99)[128:].replace(b"\1", b"\7"), "few_levels", "i01.npy",
     same=(MAP > 99).astype("u1"))  # fmt: skip
file("npy_int64", npy(MAP.astype("i8") - 9), "shifted", "-9", same=MAP.astype("i8") - 9)
file(
    "npy_long_header",
    header("{'descr': '<f8', 'fortran_order': False, 'shape': (48, 64)}" + " " * 20000, (2, 0))
    + bytes(24576),
    "unreadable",
    "i01.npy",
)
file(
    "npy_version_3",
    header("{'descr': '<f8', 'fortran_order': False, 'shape': (48, 64)}\n", (3, 0)) + bytes(24576),
    "unreadable",
    "3.0",
)
file("npz_one", npz(a=FLOATS), None, "i01.npz", same=FLOATS)
file("npz_bomb", npz(a=np.zeros((20000, 20000), "u1")), "too_large", "i01.npz")
file("npz_two_arrays", npz(a=FLOATS, b=FLOATS), "ambiguous", "i01.npz", "a", "b", "--variable")
file("npz_chosen", npz(a=FLOATS, b=FLOATS[::-1]), None, "i01.npz", same=FLOATS, variable="a")
file("npz_not_there", npz(a=FLOATS), "unreadable", "i01.npz", "'z'", "a", variable="z")
file("npz_object", npz(a=np.array([[None]])), "pickle", "i01.npz")
file("npz_twice", npy_in_zip(npy(FLOATS), "a.npy", "a.npy"), "ambiguous", "i01.npz", "a, a")
file("npz_twice_chosen", npy_in_zip(npy(FLOATS), "a.npy", "a.npy"), "ambiguous", "i01.npz", variable="a")
file(
    "npz_lies",
    npz(a=MAP).replace(struct.pack("<I", 128 + MAP.size), struct.pack("<I", 2**31)),
    "unreadable",
    "i01.npz",
)
file(
    "npz_bad_crc",
    npy_in_zip(npy(MAP), "a.npy").replace(MAP[9].tobytes(), MAP[8].tobytes()),
    "unreadable",
    "CRC",
)
file("zip_of_text", npy_in_zip(b"hello", "readme.txt"), "format_not_allowed", "i01.npz")
file("torch_named_npz", torch_like(), "format_not_allowed", "i01.npz")
file("pt_pickle_exec", torch_like(), "format_not_allowed", "i01.pt")
file("pickle_named_npy", pickle.dumps(Trap()), "format_not_allowed", "i01.npy", "pickle")
file("pickle_by_name", npy(FLOATS), "format_not_allowed", "i01.pkl")

# -- MATLAB
file("mat_v5_ok", mat(saliencyMap=FLOATS), None, "i01.mat", same=FLOATS)
file("mat_v5_compressed", mat(saliencyMap=FLOATS, do_compression=True), None, "i01.mat", same=FLOATS)
file("mat_v5_logical", mat(m=MAP > 99), "few_levels", "i01.mat", same=(MAP > 99).astype("u1"))
file("mat_v5_with_text", mat(saliencyMap=FLOATS, note="made today"), None, "i01.mat", same=FLOATS)
file("mat_two_vars", mat(a=FLOATS, b=FLOATS), "ambiguous", "i01.mat", "a", "b")
file("mat_chosen", mat(a=FLOATS, b=FLOATS[::-1]), None, "i01.mat", same=FLOATS, variable="a")
file("mat_cell", mat(a=np.array([["x", "yz"]], object)), "dtype", "i01.mat", "cell")
file("mat_struct", mat(a={"b": FLOATS}), "dtype", "i01.mat", "struct")
file("mat_complex", mat(a=FLOATS * 1j), "dtype", "i01.mat", "complex")
file("mat_rgb", mat(a=np.stack([FLOATS] * 3, -1)), "shape", "i01.mat", "(48, 64, 3)")
file("mat_cut", mat(a=FLOATS)[:-9], "unreadable", "i01.mat", "truncated")
file("mat_double_as_bytes", mat_raw(MAP.T.tobytes()), None, "i01.mat", same=MAP.astype("f8"))
file("mat_too_few_numbers", mat_raw(bytes(99)), "unreadable", "i01.mat", "3072 bytes")
file("mat_one_number_less", mat_raw(bytes(3071)), "unreadable", "i01.mat", "3071 of 3072")
file("mat_flood", mat() + mat_element(9, b"") * 10_001, "unreadable", "i01.mat", "10000 elements")
file("mat_inner_bomb", mat_raw(bytes(70 << 20), deflated=True), "too_large", "i01.mat", "inflate")
file("mat_bomb", mat(a=np.zeros((9000, 9000), "u1"), do_compression=True), "too_large", "i01.mat")
file("mat73", mat73(lambda f: f.__setitem__("map", FLOATS.T)), "mat73", "i01.mat", "v7.3", same=FLOATS)
file(
    "mat73_plain_hdf5", h5(lambda f: f.__setitem__("map", FLOATS.T)), "mat73", "i01.mat", "v7.3", same=FLOATS
)
file("mat73_text", mat73(text_of_matlab), "dtype", "i01.mat", "char")

# -- HDF5
file("h5_ok", h5(lambda f: f.__setitem__("map", FLOATS)), None, "i01.h5", same=FLOATS)
file(
    "hdf5_gzip",
    h5(lambda f: f.create_dataset("m", data=FLOATS, compression="gzip", shuffle=True, fletcher32=True)),
    None,
    "i01.hdf5",
    same=FLOATS,
)
file(
    "h5_big_endian",
    h5(lambda f: f.create_dataset("m", data=FLOATS, dtype=">f8")),
    None,
    "i01.h5",
    same=FLOATS,
)
file("h5_two", h5(lambda f: f.update(a=FLOATS, b=FLOATS)), "ambiguous", "i01.h5", "a", "b")
file("h5_map_and_scalar", h5(lambda f: f.update(a=FLOATS, n=3)), None, "i01.h5", same=FLOATS)
file("h5_in_group", h5(with_group), "unreadable", "i01.h5")
file("h5_in_group_chosen", h5(with_group), None, "i01.h5", same=FLOATS, variable="deep/map")
file("h5_soft_link_chosen", h5(with_group), "unreadable", "i01.h5", variable="link")
file("h5_text", h5(lambda f: f.__setitem__("a", "hello")), "dtype", "i01.h5")
file("h5_vector", h5(lambda f: f.__setitem__("a", FLOATS.ravel())), "shape", "(3072,)")
file("h5_null", h5(lambda f: f.__setitem__("a", h5py.Empty("f8"))), "shape", "i01.h5")
file("h5_external_link", h5(lambda f: f.__setitem__("map", h5py.ExternalLink("/etc/x.h5", "map"))),
     "external_link", "i01.h5", "map")  # fmt: skip
file("h5_external_beside", h5(lambda f: f.update(a=FLOATS, b=h5py.ExternalLink("x.h5", "m"))),
     "external_link", "i01.h5", "b", variable="a")  # fmt: skip
file(
    "h5_external_storage",
    h5(lambda f: f.create_dataset("m", SHAPE, "f8", external=[("/etc/passwd", 0, 24576)])),
    "external_link",
    "i01.h5",
)
file("h5_virtual", h5(virtual), "external_link", "i01.h5", "virtual")
file(
    "h5_fill_bomb",
    h5(lambda f: f.create_dataset("m", (200000, 200000), "u1", chunks=(100, 100), fillvalue=7)),
    "too_large",
    "i01.h5",
)
file(
    "h5_chunk_bomb",
    h5(lambda f: f.create_dataset("m", SHAPE, "u1", chunks=(20000, 20000), maxshape=(None, None))),
    "too_large",
    "i01.h5",
    "chunk",
)
file("h5_deflate_bomb", h5(deflate_bomb), "too_large", "i01.h5", "inflate")
file(
    "h5_odd_filter",
    h5(lambda f: f.create_dataset("m", data=MAP, scaleoffset=0)),
    "format_not_allowed",
    "filters",
)
file("h5_cut", h5(lambda f: f.__setitem__("map", FLOATS))[:-100], "unreadable", "i01.h5")
file("h5_named_npy", h5(lambda f: f.__setitem__("map", FLOATS)), "misnamed", "i01.npy", "H5", same=FLOATS)

# -- densities
file("density", npy(DENSITY), None, "i01.npy", same=DENSITY)


@cases.parametrize()
def test_case(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert_case(case, tmp_path / "p")
    assert not (tmp_path / "unpickled-marker").exists()


@pytest.mark.parametrize(
    ("array", "kind", "code"),
    [
        (DENSITY, "density", None),
        (DENSITY * 1.0009, "density", None),
        (DENSITY * 1.0011, "density", "not_normalised"),
        (FLOATS, "density", "not_normalised"),
        (np.full(SHAPE, 1e308), "density", "not_normalised"),
        (LOGS, "log-density", None),
        (LOGS + 0.0009, "log-density", None),
        (LOGS + 0.0011, "log-density", "not_normalised"),
        (np.full(SHAPE, -np.inf), "log-density", "not_normalised"),
        (spoiled((0, 0), np.nan), "log-density", "non_finite"),
        (spoiled((0, 0), np.inf), "log-density", "non_finite"),
        (LOGS, "density", "non_finite"),
        (np.where(MAP > 0, 2, -1) * DENSITY, "density", "not_normalised"),
    ],
)
def test_densities(array: np.ndarray, kind: Any, code: str | None) -> None:
    from saliency_eval.predictions.decode import read_bytes

    if code:
        with pytest.raises(SaliencyEvalError) as error:
            read_bytes(npy(array), "a.npy", "a", SHAPE, Rules(kind))
        assert error.value.code == code
    else:
        values = read_bytes(npy(array), "a.npy", "a", SHAPE, Rules(kind)).values
        np.testing.assert_array_equal(values, np.exp(array) if kind == "log-density" else array)


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8", ">f8"])
@pytest.mark.parametrize("deflated", [False, True])
def test_matlab_types(dtype: str, deflated: bool) -> None:
    array = (MAP // 2).astype(dtype)
    values = decode(mat(a=array, do_compression=deflated), "a.mat", SHAPE, Rules()).values
    np.testing.assert_array_equal(values, array)
    assert values.dtype == array.dtype.newbyteorder("=")


def test_a_negative_density_is_refused_though_it_sums_to_one() -> None:
    from saliency_eval.predictions.decode import read_bytes

    array = DENSITY.copy()
    array[0, 0], array[0, 1] = -0.5, array[0, 1] + array[0, 0] + 0.5
    with pytest.raises(SaliencyEvalError, match=r"negative values down to -0\.5"):
        read_bytes(npy(array), "a.npy", "a", SHAPE, Rules("density"))


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (npy, "a.npy"),
        (lambda a: npz(a=a), "a.npz"),
        (lambda a: mat(a=a), "a.mat"),
        (lambda a: h5(lambda f: f.__setitem__("a", a)), "a.h5"),
        (image, "a.png"),
    ],
)
def test_a_map_above_the_limit_on_pixels(make: Callable[[Any], bytes], name: str) -> None:
    rules = Rules(max_pixels=MAP.size - 1)
    with pytest.raises(SaliencyEvalError) as error:
        decode(make(MAP), name, SHAPE, rules)
    assert error.value.code == "too_large"
    assert (decode(make(MAP), name, SHAPE, Rules(max_pixels=MAP.size)).values == MAP).all()
