"""One target for each reader of untrusted bytes: seeds, how they are mutated, and what reads the result."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import typer
from made_runs import made
from PIL import Image
from scipy.io import savemat

from saliency_eval import journal, load_run, metrics, models  # noqa: F401  (they declare what the texts name)
from saliency_eval.cli import app
from saliency_eval.cli.config import FILE, File
from saliency_eval.core import REGISTRIES
from saliency_eval.datasets import ADAPTERS, load_dataset, matlab, mit300, stored
from saliency_eval.datasets.base import Dataset
from saliency_eval.errors import CODES, Problem, SaliencyEvalError
from saliency_eval.options import split_list
from saliency_eval.predictions import PredictionArchive, Rules
from saliency_eval.predictions.decode import read_bytes
from saliency_eval.run import Run
from saliency_eval.scored import Scored
from saliency_eval.store import scores_csv, to_json
from saliency_eval.variant import parse

from .layers import Layer, gzipped, mat_deflated, png_chunk, png_pixels, tar_header, zip_member

SHAPE = HEIGHT, WIDTH = 8, 12
IDS = ("a", "b", "c")
MAP = np.random.default_rng(0).integers(0, 256, SHAPE, np.uint8)
FLOATS = np.random.default_rng(1).random(SHAPE)


class Target(NamedTuple):
    """What is fuzzed. With a `file` the bytes are written to that name first, beside other files."""

    read: Callable[[Any], object]  # of the bytes, or of the folder that holds the file
    seeds: list[bytes]
    layers: tuple[Layer, ...] = ()
    words: tuple[bytes, ...] = ()
    file: str | None = None
    beside: dict[str, bytes] = {}


# ------------------------------------------------------------------ what is read


def prediction(data: bytes, name: str) -> None:
    """One map; its values and notes are what they must be."""
    reading = read_bytes(data, name, "a", SHAPE, Rules(max_bytes=1 << 20, max_pixels=1 << 16))
    assert reading.values.ndim == 2
    assert reading.values.dtype.kind in "uif"
    assert np.isfinite(reading.values).all()
    assert all(note.code in CODES for note in reading.notes)


def archive(folder: Path, name: str) -> None:
    """Every member that belongs to an image."""
    predictions = PredictionArchive(folder / name, rules=Rules(max_bytes=1 << 20, max_pixels=1 << 16))
    assert all(problem.code in CODES for problem in predictions.match(IDS))
    for id in filter(predictions.has, predictions.order(IDS)):
        told(lambda id=id: predictions.fetch(id).read(SHAPE))


def own_folder(folder: Path) -> None:
    """All that scoring asks of a data set."""
    data = load_dataset(folder)
    assert isinstance(data, Dataset)
    told(data.problems)
    told(lambda: data.tag)
    for id in data:
        for name in ("fixations", "observers", "boxes", "stored_density"):
            told(partial(data[id].__getitem__, name))


def stored_map(folder: Path, name: str) -> None:
    values = stored.read_density(folder / name, "a", SHAPE)
    assert values.shape == SHAPE
    assert values.dtype == np.float64


def gaze(folder: Path) -> None:
    """What the adapters ask of a MATLAB file."""
    path = folder / "a.mat"
    told(partial(mit300.locations, path))
    value = matlab.only(path)
    for one in matlab.items(value):
        told(partial(matlab.member, one, path, "subjects", "fix_x"))


def options(data: bytes) -> None:
    """A metric or model as it is written on the command line."""
    for item in split_list(data.decode("utf-8", "surrogateescape")):
        for kind in ("metric", "model"):
            told(lambda item=item, kind=kind: parse(str(parse(item, kind)), kind))


def spec(folder: Path) -> None:
    text = (folder / "spec").read_bytes().decode("utf-8", "surrogateescape")
    load_dataset(text.lstrip("/~"), folder)


def saved_run(folder: Path) -> None:
    """A run and what a board asks of it."""
    run = load_run(folder)
    assert run.means.keys() == set(run.labels)
    assert run.n_scored <= run.data.n


def kept(data: bytes) -> None:
    """A line of a journal."""
    scored = journal.parse(data, "s")
    assert scored is None or journal.parse(journal.line_of(scored, "s"), "s") is not None


def settings(folder: Path) -> None:
    """A configuration file as every command reads it."""
    file = File(folder / FILE, FILE)
    file.settings(COMMANDS)
    if file.problems:
        raise SaliencyEvalError(file.problems)


def told(read: Callable[[], object]) -> None:
    """Go on after a refusal."""
    from .watch import refusal

    with refusal():
        read()


# ------------------------------------------------------------------ seeds


def saved(save: Callable[[Any], object]) -> bytes:
    """What is written to a file."""
    file = io.BytesIO()
    save(file)
    return file.getvalue()


def picture(values: Any = MAP, mode: str | None = None, format: str = "PNG", **kwargs: Any) -> bytes:
    image = Image.fromarray(values)
    return saved(lambda file: (image.convert(mode) if mode else image).save(file, format, **kwargs))


def npy(array: Any = FLOATS) -> bytes:
    return saved(lambda file: np.save(file, array))


def mat(deflate: bool = False, **arrays: Any) -> bytes:
    return saved(lambda file: savemat(file, arrays, do_compression=deflate))


def h5(fill: Callable[[h5py.File], object], **kwargs: Any) -> bytes:
    def save(file: Any) -> None:
        with h5py.File(file, "w", **kwargs) as handle:
            fill(handle)

    return saved(save)


def zipped(*names: str, body: bytes = b"") -> bytes:
    def save(file: Any) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as pack:
            for name in names:
                pack.writestr(name, body or picture())

    return saved(save)


def tarred(*names: str, format: int = tarfile.PAX_FORMAT) -> bytes:
    def save(file: Any) -> None:
        with tarfile.open(fileobj=file, mode="w", format=format) as pack:
            for name in names:
                info = tarfile.TarInfo(name)
                info.size = len(body := picture())
                pack.addfile(info, io.BytesIO(body))

    return saved(save)


def plain_map(file: h5py.File) -> None:
    file["map"] = FLOATS


def chunked_map(file: h5py.File) -> None:
    file.create_dataset("m", data=FLOATS, chunks=(4, 4), compression="gzip", shuffle=True, fletcher32=True)


def groups(file: h5py.File) -> None:
    file["map"], file["deep/er/map"], file["text"] = MAP, FLOATS, ["a", "b"]
    file["soft"], file.attrs["note"] = h5py.SoftLink("/map"), "text"


def matlab_map(file: h5py.File) -> None:
    file["map"], file["note"] = FLOATS.T, np.frombuffer("ab".encode("utf-16le"), "u2")
    for name, kind in (("map", "double"), ("note", "char")):
        file[name].attrs["MATLAB_class"] = np.bytes_(kind)


def mat73() -> bytes:
    data = h5(matlab_map, userblock_size=512)
    return b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\2IM" + data[128:]


APNG = picture(save_all=True, append_images=[Image.fromarray(MAP[::-1])])
PNG = [
    picture(),
    picture(MAP.astype("u2") * 257),
    picture(MAP > 99),
    *(picture(mode=mode) for mode in ("P", "LA", "RGB", "RGBA")),
    picture(mode="P", transparency=bytes(range(200))),
    APNG,
]
EXIF = Image.Exif()
EXIF[0x0112] = 1
JPEG = [
    picture(format="JPEG"),
    picture(mode="RGB", format="JPEG", progressive=True),
    picture(mode="CMYK", format="JPEG"),
    picture(format="JPEG", exif=EXIF),
]
NPY = [npy(), npy(MAP), npy(np.asfortranarray(FLOATS.astype(">f4"))), npy(MAP > 9), npy(FLOATS[None])]
NPZ = [
    saved(lambda file: np.savez(file, a=FLOATS)),
    saved(lambda file: np.savez_compressed(file, a=MAP, b=MAP)),
]
MAT = [mat(a=FLOATS), mat(a=MAP, deflate=True), mat(a=FLOATS * 1j, b="text"), mat(a={"b": MAP}, deflate=True)]
H5 = [
    h5(plain_map),
    h5(chunked_map),
    h5(groups),
    h5(chunked_map, libver="latest"),
    h5(groups, libver="latest"),
]
ZIP = [zipped("a.png", "b.png", "c.png"), zipped("x/a.png", "x/B.PNG"), zipped("a.npy", body=npy())]
TAR = [
    tarred("a.png", "b.png", "c.png"),
    tarred("x/a.png", "x/" + "b" * 120 + ".png"),
    tarred("y" * 120 + "/a.png", format=tarfile.GNU_FORMAT),
]
STIMULI = {f"stimuli/{id}.png": picture(mode="RGB") for id in IDS}
CSV = b"image,row,column,observer\na,1,2,x\na,7.5,11,y\nb,0,0,x\nc,,,\n"
XY = b"image,x,y\na,1,2\nb,11,7\n"
JSON = b'{"a": [[1, 2], [3.5, 4]], "b": [], "c": [[7, 11]]}'
BOXES = b"image,top,left,bottom,right,label\na,0,0,8,12,dog\nb,1,2,3,4,cat\n"
TOML = b'name = "toy"\nversion = "1"\nsigma = 4.0\n[fixations]\npoints = "x-y"\norigin = 1\n'
PEOPLE = [{"fix_x": FLOATS[0], "fix_y": FLOATS[1]}, {"fix_x": [], "fix_y": []}]
GAZE = {"fixations": np.array([{"img": "a.jpg", "subjects": np.array(PEOPLE, object)}, 0][:1], object)}
LOCATIONS = {"fixations": MAP > 200}
WORDS = (b"nan", b"inf", b"1e999", b"-1", b"[", b"{", b'"', b",", b"\n", b"\xef\xbb\xbf", b"_", b"9" * 5000)
CALLS = [b"nss(ddof=0),cc(sigma=19,border=zero)", b"nss|protocol:mit|ddof:0|n:700|v:0.1.0", b"kld(eps=2^-52)"]
SPECS = [
    b"salicon@2017(split=val)",
    b"demo",
    b"./toy(out_of_range=raise)",
    b"osie(first=drop,pixel_rule=official)",
]

RUN: Run = made()
RUN_JSON, SCORES = to_json(RUN), scores_csv(RUN)
LINE = journal.line_of(
    Scored("i01", (0.5, 1e-300), "t", "p", "i01.png", "png", (Problem("lossy", "text", count=2),), on_zero=3),
    "s",
)
COMMANDS = typer.main.get_command(app)
CONFIG = (
    b'[score]\ndata = "osie"\nmetrics = ["nss", "cc(sigma=19)"]\nworkers = 2\nstrict = true\nout = "results"\n'
    b'[data.check]\nroot = "/data"\n'
)

SIGNS = ("(", ")", "=", ",", "|", ":", "^", "@", "nan", "1e400", "dataset", "sigma", "ddof")
NAMES = tuple(name.encode() for name in (*SIGNS, *ADAPTERS, *REGISTRIES["metric"], *REGISTRIES["model"]))

TARGETS = {
    "png": Target(partial(prediction, name="a.png"), PNG, (png_chunk, png_pixels)),
    "jpeg": Target(partial(prediction, name="a.jpg"), JPEG),
    "npy": Target(partial(prediction, name="a.npy"), NPY, words=(b"|O", b"<f8", b"(8, 12)", b"True")),
    "npz": Target(partial(prediction, name="a.npz"), NPZ, (zip_member,)),
    "mat": Target(partial(prediction, name="a.mat"), MAT, (mat_deflated,)),
    "h5": Target(partial(prediction, name="a.h5"), H5),
    "mat73": Target(partial(prediction, name="a.mat"), [mat73(), h5(matlab_map)]),
    "bytes": Target(partial(prediction, name="a.dat"), [each[0] for each in (PNG, JPEG, NPY, NPZ, MAT, H5)]),
    "zip": Target(partial(archive, name="p.zip"), ZIP, (zip_member,), file="p.zip"),
    "tar": Target(partial(archive, name="p.tar"), TAR, (tar_header,), file="p.tar"),
    "targz": Target(
        partial(archive, name="p.tar.gz"),
        [gzip.compress(tar, 1, mtime=0) for tar in TAR],
        (gzipped,),
        file="p.tar.gz",
    ),
    "csv": Target(own_folder, [CSV, XY], words=WORDS, file="fixations.csv", beside=STIMULI),
    "json": Target(own_folder, [JSON], words=WORDS, file="fixations.json", beside=STIMULI),
    "boxes": Target(
        own_folder, [BOXES], words=WORDS, file="boxes.csv", beside=STIMULI | {"fixations.csv": CSV}
    ),
    "toml": Target(
        own_folder, [TOML], words=WORDS, file="dataset.toml", beside=STIMULI | {"fixations.csv": XY}
    ),
    "stored_npy": Target(partial(stored_map, name="a.npy"), NPY, file="a.npy"),
    "stored_png": Target(partial(stored_map, name="a.png"), PNG, (png_chunk, png_pixels), file="a.png"),
    "stored_jpeg": Target(partial(stored_map, name="a.jpg"), JPEG, file="a.jpg"),
    "gaze": Target(
        gaze, [mat(**GAZE), mat(deflate=True, **GAZE), mat(**LOCATIONS)], (mat_deflated,), file="a.mat"
    ),
    "run": Target(saved_run, [RUN_JSON], words=WORDS, file="run.json", beside={"scores.csv.gz": SCORES}),
    "scores": Target(saved_run, [SCORES], (gzipped,), file="scores.csv.gz", beside={"run.json": RUN_JSON}),
    "journal": Target(kept, [LINE], words=WORDS),
    "config": Target(settings, [CONFIG], words=WORDS, file=FILE),
    "options": Target(options, CALLS, words=NAMES),
    "spec": Target(spec, SPECS, words=NAMES, file="spec"),
}
