"""Whatever the bytes are: a map or SaliencyEvalError, and nothing else."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saliency_eval.errors import CODES, SaliencyEvalError
from saliency_eval.predictions.decode import DECODERS, MAGIC, OTHERS, decode, read_bytes
from saliency_eval.predictions.match import Naming, is_junk, match
from saliency_eval.predictions.rules import Rules

from .cases import MAP, SHAPE, image, npy, npz, raw_png, rows_of
from .test_arrays import FLOATS, h5, mat

SEEDS = [
    image(MAP),
    image(MAP, format="JPEG"),
    npy(FLOATS),
    npz(a=MAP),
    mat(a=FLOATS),
    mat(a=FLOATS, do_compression=True),
    raw_png(rows_of(MAP // 128), colour=3, before=image(MAP, "P")[33:63]),
]
NAMES = st.sampled_from([f"a.{suffix}" for suffix in ("png", "jpg", "npy", "npz", "mat", "h5", "txt")])


def survives(data: bytes, name: str) -> None:
    try:
        reading = read_bytes(data, name, "a", SHAPE, Rules())
    except SaliencyEvalError as error:
        [problem] = error.problems
        assert problem.code in CODES
        assert problem.file == name
        assert problem.message.startswith(name)
        assert len(problem.message) <= 500
        assert not re.search(r"[\x00-\x1f\x7f-\x9f]", problem.message)
    else:
        assert reading.values.ndim == 2
        assert reading.values.dtype.kind in "uif"
        assert np.isfinite(reading.values).all()


@given(st.binary(max_size=400), st.sampled_from([b"", *MAGIC, *OTHERS, b"MATLAB"]), NAMES)
@settings(max_examples=300, deadline=None)
def test_any_bytes(data: bytes, magic: bytes, name: str) -> None:
    survives(magic + data, name)


@given(st.sampled_from(SEEDS), st.data(), NAMES)
@settings(max_examples=300, deadline=None)
def test_damaged_files(seed: bytes, draw: st.DataObject, name: str) -> None:
    data = bytearray(seed)
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, min(len(data), 400) - 1))
        data[at] = draw.draw(st.integers(0, 255))
    survives(
        bytes(data[: draw.draw(st.integers(0, len(data)))]) if draw.draw(st.booleans()) else bytes(data), name
    )


@pytest.mark.parametrize("cut", range(0, 2200, 40))
def test_cut_hdf5(cut: int) -> None:
    survives(h5(lambda f: f.__setitem__("map", FLOATS))[:cut], "a.h5")


def test_a_long_message_is_cut() -> None:
    survives(npz(**{str(n) * 70: MAP for n in range(9)}), "a.npz")


def test_a_failure_inside_a_decoder_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RecursionError("too deep\x1b[31m")

    monkeypatch.setitem(DECODERS, "png", broken)
    with pytest.raises(SaliencyEvalError, match=r"RecursionError: too deep\\x1b") as error:
        decode(image(MAP), "a.png", SHAPE, Rules())
    assert error.value.code == "unreadable"


@pytest.mark.slow
@given(st.lists(st.text(st.characters(exclude_characters="\0"), min_size=1).filter(lambda t: "//" not in t)),
       st.lists(st.text(min_size=1), min_size=1, unique=True))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_every_name_is_used_or_told(names: list[str], ids: list[str]) -> None:
    names = sorted({name.strip("/") or "a" for name in names})
    found = match([f"{name}.png" for name in names], ids, Naming(), "p")
    told = {
        code: sum(p.count for p in found.problems if p.code == code)
        for code in ("missing", "extra", "ambiguous")
    }
    assert len(found.files) + told["missing"] + told["ambiguous"] == len(ids)
    shown = [name for name in names if not is_junk(f"{name}.png")]
    assert len(set(found.files.values())) == len(found.files)
    if not told["ambiguous"]:
        assert len(found.files) + told["extra"] == len(shown)
