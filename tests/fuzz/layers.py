"""Where a mutation goes: into the bytes as they are, or inside checksums and compression, which are made good.

A layer takes a file, a change of bytes and a generator, and gives the file with one of its parts changed. It
raises when the file has no such part.
"""

from __future__ import annotations

import gzip
import io
import random
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Sequence

Change = Callable[[bytes], bytes]
Layer = Callable[[bytes, Change, random.Random], bytes]
BLOCK = 512


def mutated(data: bytes, layers: Sequence[Layer], change: Change, rng: random.Random) -> bytes:
    """The file changed in one layer; in its plain bytes where the layer is not there."""
    try:
        return rng.choice([plain, *layers])(data, change, rng)
    except Exception:  # whatever a damaged file does to its layer
        return change(data)


def plain(data: bytes, change: Change, _: random.Random) -> bytes:
    return change(data)


def scrambled(data: bytes, rng: random.Random, words: Sequence[bytes] = ()) -> bytes:
    """A few bytes changed, inserted, removed or repeated, and words put in: the mutator where atheris is absent."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        at, end = (rng.randrange(len(out) + 1) for _ in range(2))
        match rng.randrange(6 if words else 5):
            case 0:
                out[at : at + 1] = bytes([rng.randrange(256)])
            case 1 if at < len(out):
                out[at] = (out[at] ^ (1 << rng.randrange(8))) & 255
            case 2:
                out[at : at + rng.choice((1, 2, 4, 8))] = rng.choice(EDGES)
            case 3:
                del out[at:end]
            case 4:
                out[at:at] = out[at : at + rng.randrange(64)]
            case 5:
                out[at : at + rng.randrange(4)] = rng.choice(words)
    return bytes(out)


EDGES = [struct.pack(code, value) for code in ("<I", ">I", "<H", ">H", "<Q", "B")
         for value in (0, 1, 127, 128, 255) if value]  # fmt: skip
EDGES += [b"\xff" * 4, b"\xff" * 8, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0" * 8]


# ------------------------------------------------------------------ PNG


def png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and body of every chunk."""
    found, at = [], 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        found.append((kind, data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def png_of(chunks: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A file of chunks with right lengths and checksums."""
    parts = (struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b)) for k, b in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def png_chunk(data: bytes, change: Change, rng: random.Random) -> bytes:
    """A chunk changed, removed, repeated or moved."""
    chunks = png_chunks(data)
    at, other = rng.randrange(len(chunks)), rng.randrange(len(chunks))
    kind, body = chunks[at]
    match rng.randrange(8):
        case 0:
            del chunks[at]
        case 1:
            chunks.insert(other, (kind, body))
        case 2:
            chunks[at] = (rng.choice(KINDS), body)
        case _:
            chunks[at] = (kind, change(body))
    return png_of(chunks)


KINDS = [
    b"IHDR",
    b"PLTE",
    b"IDAT",
    b"IEND",
    b"tRNS",
    b"acTL",
    b"fcTL",
    b"fdAT",
    b"eXIf",
    b"iCCP",
    b"zTXt",
    b"iTXt",
]
KINDS += [b"tEXt", b"gAMA", b"cHRM", b"pHYs", b"sRGB", b"cICP"]


def png_pixels(data: bytes, change: Change, _: random.Random) -> bytes:
    """The rows as they are before deflation changed."""
    chunks = png_chunks(data)
    rows = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
    first = next(i for i, (kind, _) in enumerate(chunks) if kind == b"IDAT")
    others = [(kind, body) for kind, body in chunks if kind != b"IDAT"]
    return png_of([*others[:first], (b"IDAT", zlib.compress(change(rows), 1)), *others[first:]])


# ------------------------------------------------------------------ archives


def zip_member(data: bytes, change: Change, rng: random.Random) -> bytes:
    """The name or the content of a member changed, all packed again."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(info, archive.read(info)) for info in archive.infolist()]
    at = rng.randrange(len(members))
    info, body = members[at]
    if rng.random() < 0.3:
        info.filename = change(info.filename.encode()).decode("latin-1") or "a"
        info.external_attr ^= rng.choice((0, 0, 0o120000 << 16, 0o10000 << 16))
    else:
        members[at] = info, change(body)
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore")  # a name twice
        for info, body in members:
            archive.writestr(info, body)
    return out.getvalue()


def tar_header(data: bytes, change: Change, rng: random.Random) -> bytes:
    """A header changed, with a right checksum."""
    at = rng.choice([i for i in range(0, len(data), BLOCK) if data[i + 257 : i + 262] == b"ustar"])
    block = bytearray(change(data[at : at + BLOCK])[:BLOCK].ljust(BLOCK, b"\0"))
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return data[:at] + bytes(block) + data[at + BLOCK :]


def gzipped(data: bytes, change: Change, rng: random.Random) -> bytes:
    """The tar file inside changed."""
    inner = mutated(gzip.decompress(data), [tar_header], change, rng)
    return gzip.compress(inner, 1, mtime=0)


# ------------------------------------------------------------------ arrays


def mat_deflated(data: bytes, change: Change, _: random.Random) -> bytes:
    """The matrix inside a deflated element changed."""
    kind, length = struct.unpack_from("<II", data, 128)
    if kind != 15:
        raise ValueError("not deflated")
    body = zlib.compress(change(zlib.decompress(data[136 : 136 + length])), 1)
    return data[:128] + struct.pack("<II", kind, len(body)) + body + data[136 + length :]
