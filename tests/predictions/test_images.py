"""PNG and JPEG: what is read bit by bit, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saliency_eval.errors import SaliencyEvalError
from saliency_eval.predictions.decode import decode
from saliency_eval.predictions.rules import Rules

from .cases import HEIGHT, MAP, SHAPE, WIDTH, Case, Cases, assert_case, chunk, image, raw_png, rows_of

SIXTEEN = np.random.default_rng(9).integers(0, 65536, SHAPE).astype(np.uint16)
GREY = Image.fromarray(MAP)
SMOOTH = np.add.outer(np.arange(HEIGHT), np.arange(WIDTH)).astype(
    np.uint8
)  # survives JPEG with equal channels
JET = np.stack([MAP, 255 - MAP, MAP // 2], -1)
OPAQUE = Image.fromarray(np.full(SHAPE, 255, np.uint8))
FLAT = Image.fromarray(np.full(SHAPE, 77, np.uint8))
HALF = Image.fromarray(np.repeat([[0, 255]], WIDTH // 2, 1).astype(np.uint8).repeat(HEIGHT, 0))
ROWS = rows_of(MAP)
ROW = WIDTH + 1
BLACK_END = MAP.copy()
BLACK_END[-1] = 0
ONE_END = MAP.copy()
ONE_END[-1] = 1
NIBBLES = np.random.default_rng(3).integers(0, 16, SHAPE).astype(np.uint8)
PAIRS = np.random.default_rng(3).integers(0, 4, SHAPE).astype(np.uint8)
BITS = np.random.default_rng(3).integers(0, 2, SHAPE).astype(np.uint8)
GREYS = bytes(np.repeat(np.arange(256, dtype=np.uint8), 3))
TURNED_GREYS = bytes(np.repeat(np.arange(255, -1, -1, dtype=np.uint8), 3))
IEND = chunk(b"IEND", b"")


def adam7(values: np.ndarray) -> bytes:
    passes = [
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    ]
    return b"".join(rows_of(np.ascontiguousarray(values[r::dr, c::dc])) for r, c, dr, dc in passes)


def packed(values: np.ndarray, depth: int) -> bytes:
    bits = np.unpackbits(values[..., None], axis=2)[..., 8 - depth :].reshape(HEIGHT, -1)
    return rows_of(np.packbits(bits, axis=1))


def palette(colours: bytes, transparency: bytes | None = None) -> bytes:
    return chunk(b"PLTE", colours) + (b"" if transparency is None else chunk(b"tRNS", transparency))


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def frames(count: int) -> bytes:
    pictures = [Image.fromarray(np.roll(MAP, n)) for n in range(count)]
    return image(pictures[0], save_all=True, append_images=pictures[1:])


def jpeg(values: np.ndarray | Image.Image, **options: object) -> bytes:
    return image(values, format="JPEG", **options)


GOOD_PNG, GOOD_JPEG = image(MAP), jpeg(MAP, quality=95)
cases = Cases()
file = cases.file

# -- damage
file("png_bomb_144MP", image(np.zeros((12000, 12000), np.uint8)), "too_large", "i01.png", "12000")
file("png_header_lies", raw_png(ROWS[: 24 * ROW]), "unreadable", "i01.png", "truncated")
file("one_row_short", raw_png(ROWS[: 47 * ROW]), "unreadable", "i01.png", "truncated")
file("last_row_cut", raw_png(ROWS[:-1]), "unreadable", "i01.png", "truncated")
file(
    "interlaced_pass_missing",
    raw_png(adam7(MAP)[: -10 * ROW], interlaced=1),
    "unreadable",
    "i01.png",
    "truncated",
)
file("png_truncated", GOOD_PNG[: len(GOOD_PNG) // 2], "unreadable", "i01.png", "truncated")
file("no_iend", raw_png(ROWS, end=b""), "unreadable", "i01.png", "IEND")
file(
    "wrong_crc",
    GOOD_PNG[:60] + bytes([GOOD_PNG[60] ^ 1]) + GOOD_PNG[61:],
    "unreadable",
    "i01.png",
    "checksum",
)
file("idat_interrupted", raw_png(ROWS, parts=2, between=chunk(b"tEXt", b"a\0b")), "unreadable", "IDAT")
file("two_headers", raw_png(ROWS, before=GOOD_PNG[8:33]), "unreadable", "two")
file("no_pixels", raw_png(b"")[:33] + IEND, "unreadable", "IDAT")
file("jpeg_truncated", GOOD_JPEG[: len(GOOD_JPEG) * 6 // 10], "unreadable", "i01.jpg", "truncated")
file("zero_bytes", b"", "unreadable", "i01.png", "empty")
file("html_as_png", b"<!DOCTYPE html><html><body>404</body></html>", "unreadable", "i01.png", "HTML")
file("text", b"0.1,0.2\n0.3,0.4\n", "unreadable", "i01.png", "text")
file("unknown", b"\x00\x11\x22\x33" * 9, "unreadable", "i01.png", "00 11 22 33")

file("chunk_flood", raw_png(ROWS, before=chunk(b"tEXt", b"") * 100_000), "unreadable", "100000 chunks")
file("chunk_of_no_known_kind", raw_png(ROWS, before=chunk(b"ABCD", b"")), "unreadable", "ABCD")
file("palette_behind", raw_png(ROWS, colour=3, end=palette(GREYS) + IEND), "unreadable", "before its pixels")
file("odd_interlace", raw_png(ROWS, interlaced=2), "unreadable", "methods")
file("odd_depth", raw_png(ROWS, depth=16, colour=3, before=palette(GREYS)), "unreadable", "16 bits deep")
file(
    "segment_flood",
    GOOD_JPEG[:2] + b"\xff\xe5\0\2" * 301 + GOOD_JPEG[2:],
    "unreadable",
    "i01.jpg",
    "300 segments",
)
file("fill_flood", GOOD_JPEG[:2] + b"\xff" * 2000 + GOOD_JPEG[2:], "unreadable", "i01.jpg", "1024 fill bytes")
file("scan_flood", GOOD_JPEG[:-2] + GOOD_JPEG[GOOD_JPEG.index(b"\xff\xda") : -2] * 64 + GOOD_JPEG[-2:],
     "unreadable", "i01.jpg", "64 scans")  # fmt: skip
file("many_segments", GOOD_JPEG[:2] + b"\xff\xff\xe5\0\2" * 255 + GOOD_JPEG[2:], "lossy", "JPEG")

# -- other formats
file("jpeg_named_png", GOOD_JPEG, "misnamed", "i01.png", "JPEG")
file("png_named_jpeg", GOOD_PNG, "misnamed", "i01.jpg", "PNG", same=MAP)
file("eps_named_png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "format_not_allowed", "i01.png")
for name in ("TIFF", "GIF", "BMP", "WEBP", "PDF"):
    file(f"{name}_named_png", image(MAP, format=name), "format_not_allowed", "i01.png")

# -- kinds of PNG
file("png16", image(SIXTEEN), None, same=SIXTEEN)
file(
    "palette_reversed",
    raw_png(rows_of(255 - MAP), colour=3, before=palette(TURNED_GREYS)),
    "palette",
    same=MAP,
)
file(
    "palette_opaque", raw_png(ROWS, colour=3, before=palette(GREYS, b"\x80" * 256)), "opaque_alpha", same=MAP
)
file("palette_alpha", raw_png(ROWS, colour=3, before=palette(GREYS, b"\x80" * 128)), "alpha", "i01.png")
file("palette_colour", raw_png(ROWS, colour=3, before=palette(bytes(range(256)) * 3)), "colour", "i01.png")
file("palette_unused_colour", raw_png(rows_of(MAP // 2), colour=3, before=palette(GREYS[:384] + b"\1\2\3")),
     "palette", same=MAP // 2)  # fmt: skip
file("palette_short", raw_png(ROWS, colour=3, before=palette(GREYS[:30])), "unreadable", "255", "10 colours")
file("palette_rows_missing", raw_png(rows_of(255 - MAP[:24]), colour=3, before=palette(TURNED_GREYS)),
     "unreadable", "truncated")  # fmt: skip
file("grey_alpha", image(Image.merge("LA", [GREY, HALF])), "alpha", "i01.png", "alpha")
file("grey_one_alpha", image(Image.merge("LA", [GREY, FLAT])), "opaque_alpha", "77", same=MAP)
file("rgba_opaque", image(Image.merge("RGBA", [GREY, GREY, GREY, OPAQUE])), "opaque_alpha", same=MAP)
file("rgba_half", image(Image.merge("RGBA", [GREY, GREY, GREY, HALF])), "alpha", "i01.png")
file("rgb_equal", image(MAP, "RGB"), None, same=MAP)
file("rgb_one_off", image(np.stack([MAP, MAP, MAP ^ 1], -1)), "colour", "up to 1")
file("jet_heatmap", image(JET), "colour", "i01.png", "colour")
file("jet_rgba", image(Image.fromarray(JET).convert("RGBA")), "colour", "i01.png")
file("trns_grey", image(GREY, transparency=3), "alpha", "tRNS")
file("trns_rgb", image(GREY, "RGB", transparency=(3, 3, 3)), "alpha", "tRNS")
file("apng_3_frames", frames(3), "multi_frame", "i01.png", "3 frames")
file("1bit", raw_png(packed(BITS, 1), depth=1), "few_levels", "i01.png", "2 ", same=BITS)
file("2bit", raw_png(packed(PAIRS, 2), depth=2), None, same=PAIRS)
file("4bit", raw_png(packed(NIBBLES, 4), depth=4), None, same=NIBBLES)
file(
    "4bit_palette",
    raw_png(packed(NIBBLES, 4), depth=4, colour=3, before=palette(GREYS[:48])),
    "palette",
    same=NIBBLES,
)
file(
    "rgb16",
    raw_png(rows_of(np.stack([SIXTEEN.byteswap()] * 3, -1)), depth=16, colour=2),
    "lossy",
    "16 bits",
    same=(SIXTEEN >> 8).astype(np.uint8),
)
file("adam7", raw_png(adam7(MAP), interlaced=1), None, same=MAP)
file("adam7_black_end", raw_png(adam7(BLACK_END), interlaced=1), None, same=BLACK_END)
file("last_row_black", image(BLACK_END), None, same=BLACK_END)
file("last_row_one", image(ONE_END), None, same=ONE_END)
file("gamma_is_ignored", raw_png(ROWS, before=chunk(b"gAMA", (100000).to_bytes(4, "big"))), None, same=MAP)
file("many_idat", raw_png(ROWS, parts=40), None, same=MAP)
file("bytes_after_end", GOOD_PNG + b"trailing", None, same=MAP)
file("exif_in_png", image(GREY, exif=turned(3)), "orientation", "EXIF")

# -- JPEG
file("lossy_jpeg", jpeg(SMOOTH, quality=10), "lossy", "JPEG", "lossy")
file("jpeg_rgb", jpeg(Image.fromarray(SMOOTH).convert("RGB")), "lossy", "1 of 6")
file("jpeg_jet", jpeg(JET), "colour", "i01.png")
file("jpeg_cmyk", jpeg(GREY.convert("CMYK")), "colour", "CMYK")
file("exif_damaged", jpeg(MAP, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"), "unreadable", "i01.jpg", "Corrupt EXIF")
file("exif_rotated", jpeg(MAP.T.copy(), exif=turned(6)), "orientation", "i01.jpg", "EXIF")
file(
    "mpo_2_frames", image(GREY, format="MPO", save_all=True, append_images=[FLAT]), "multi_frame", "2 frames"
)

# -- values and sizes
file("constant_zero", image(np.zeros(SHAPE, np.uint8)), "constant", "i01.png", "constant")
file("two_levels", image((MAP > 99).astype(np.uint8) * 200), "few_levels", "0 and 200")
file("half_size", image(MAP[:24, :32].copy()), None, same=MAP[:24, :32].copy())
file("transposed", image(MAP.T.copy()), "wrong_size", "i01.png", "48x64", "64x48", "transposed")
file("too_small", image(MAP[:6, :8].copy()), "wrong_size", "8x6")
file("other_aspect", image(MAP[:24].copy()), "wrong_size", "64x24")
file("resize_error", image(MAP[:24, :32].copy()), "wrong_size", "--resize error", resize=False)


@cases.parametrize()
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path / "p")


@pytest.mark.parametrize(("size", "fits"), [
    ((24, 32), True), ((24, 33), True), ((25, 32), True), ((8, 11), True), ((8, 9), False),
    ((24, 34), False), ((26, 32), False), ((96, 128), True), ((96, 129), True), ((96, 132), False),
])  # fmt: skip
def test_same_aspect_is_within_a_pixel(size: tuple[int, int], fits: bool) -> None:
    height, width = size
    data = image(np.arange(height * width, dtype=np.uint32).reshape(size).astype(np.uint8))
    by_rule = abs(height - width * 48 / 64) <= 1 or abs(width - height * 64 / 48) <= 1
    assert by_rule == fits
    if fits:
        assert decode(data, "a.png", SHAPE, Rules()).values.shape == size
    else:
        with pytest.raises(SaliencyEvalError, match="wrong_size"):
            decode(data, "a.png", SHAPE, Rules())


def test_the_limit_on_pixels_can_be_raised_and_lowered() -> None:
    large = image(np.zeros((9500, 9500), np.uint8))  # above the warning limit of Pillow
    assert decode(large, "a.png", (9500, 9500), Rules(max_pixels=10**8)).values.shape == (9500, 9500)
    with pytest.raises(SaliencyEvalError, match="too_large"):
        decode(GOOD_PNG, "a.png", SHAPE, Rules(max_pixels=HEIGHT * WIDTH - 1))


def test_a_missing_last_pass_is_found_though_the_last_row_is_there() -> None:
    odd = np.ascontiguousarray(MAP[:47])  # its last row belongs to an earlier pass
    stream = adam7(odd)
    assert (
        decode(raw_png(stream, size=odd.shape, interlaced=1), "a.png", odd.shape, Rules()).values == odd
    ).all()
    with pytest.raises(SaliencyEvalError, match="truncated"):
        decode(raw_png(stream[: -3 * ROW], size=odd.shape, interlaced=1), "a.png", odd.shape, Rules())


def test_a_black_last_row_is_not_inflated_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof of completeness by the last row must hold for the usual map, or reading is slow."""
    monkeypatch.setattr("saliency_eval.predictions.images.inflated", lambda *_: pytest.fail("inflated twice"))
    for values in (MAP, BLACK_END):
        assert (decode(image(values), "a.png", SHAPE, Rules()).values == values).all()


def test_missing_rows_are_found_when_the_decoder_takes_its_own_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("saliency_eval.predictions.images.prepare", lambda _: (None, None))
    for count in (24, 47):
        with pytest.raises(SaliencyEvalError, match="truncated"):
            decode(raw_png(ROWS[: count * ROW]), "a.png", SHAPE, Rules())
    assert (decode(GOOD_PNG, "a.png", SHAPE, Rules()).values == MAP).all()


@pytest.mark.parametrize(("colour", "depth", "channels"), [
    (0, 1, 1), (0, 2, 1), (0, 4, 1), (0, 8, 1), (0, 16, 1), (2, 8, 3), (2, 16, 3), (3, 8, 1), (4, 8, 2),
    (4, 16, 2), (6, 8, 4), (6, 16, 4),
])  # fmt: skip
@pytest.mark.parametrize("value", [0, 1, 255])
@pytest.mark.parametrize("rows", [0, 1, 24, 47, 47.5])
def test_missing_rows_are_found_in_every_kind_of_png(
    colour: int, depth: int, channels: int, value: int, rows: float
) -> None:
    row = b"\0" + bytes([value]) * (WIDTH * channels * depth // 8)
    before = palette(GREYS) if colour == 3 else b""
    data = raw_png((row * HEIGHT)[: int(rows * len(row))], colour=colour, depth=depth, before=before)
    with pytest.raises(SaliencyEvalError) as error:
        decode(data, "a.png", SHAPE, Rules())
    assert error.value.code == "unreadable"
    decode(raw_png(row * HEIGHT, colour=colour, depth=depth, before=before), "a.png", SHAPE, Rules())
