"""Downloads from a server that tells the truth, lies, stops early, or never stops."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import io
import stat
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from saliency_eval.datasets.card import Card
from saliency_eval.datasets.fetch import fetch, fetchable
from saliency_eval.datasets.unpack import unpack
from saliency_eval.errors import SaliencyEvalError

BODY = bytes(range(256)) * 64
SHA256 = hashlib.sha256(BODY).hexdigest()


class Server(http.server.BaseHTTPRequestHandler):
    """`/right`, `/wrong`, `/cut`, `/long` (no length announced), `/zip`."""

    archive = b""

    def do_GET(self) -> None:
        name = self.path.strip("/")
        if name == "absent":
            self.send_error(404)
            return
        body = {"wrong": BODY[::-1], "cut": BODY[:1000], "long": BODY * 40, "zip": self.archive}.get(
            name, BODY
        )
        self.send_response(200)
        if name != "long":
            self.send_header("Content-Length", str(len(BODY) if name == "cut" else len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


def card(*files: dict[str, Any]) -> Card:
    return Card("toy", "Toy", "1", "none", "", "nowhere", files=files)


def entry(url: str, **others: Any) -> dict[str, Any]:
    return {"name": "data/file.bin", "url": url, "sha256": SHA256, **others}


def left(root: Path) -> list[Path]:
    """Every file below a root."""
    return [p for p in root.rglob("*") if p.is_file()]


def assert_refused(code: str, status: int, root: Path, *args: Any, word: str = "", **options: Any) -> None:
    with pytest.raises(SaliencyEvalError) as error:
        fetch(*args, root, **options)
    assert (error.value.code, error.value.exit_code) == (code, status), str(error.value)
    assert word in str(error.value)
    assert not root.exists() or left(root) == []


def test_a_good_file_is_stored_once(server: str, tmp_path: Path) -> None:
    seen: list[int] = []
    files = card(entry(f"{server}/right", bytes=len(BODY)))
    done = fetch(files, tmp_path, lambda _, count: seen.append(count))
    assert done.done == ("data/file.bin",)
    assert (tmp_path / "data/file.bin").read_bytes() == BODY
    assert seen[-1] == len(BODY)
    assert [p.name for p in tmp_path.iterdir()] == ["data"]
    assert fetch(files, tmp_path).present == ("data/file.bin",)


def test_an_altered_copy_is_fetched_again(server: str, tmp_path: Path) -> None:
    files = card(entry(f"{server}/right"))
    fetch(files, tmp_path)
    (tmp_path / "data/file.bin").write_bytes(b"altered")
    assert fetch(files, tmp_path).done == ("data/file.bin",)
    assert (tmp_path / "data/file.bin").read_bytes() == BODY


def test_a_failed_download_leaves_the_old_file(server: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/file.bin").write_bytes(b"old")
    with pytest.raises(SaliencyEvalError):
        fetch(card(entry(f"{server}/wrong")), tmp_path)
    assert [p.read_bytes() for p in left(tmp_path)] == [b"old"]


@pytest.mark.parametrize("kind", ["sha256", "md5"])
def test_another_content(server: str, tmp_path: Path, kind: str) -> None:
    file = {"name": "f", "url": f"{server}/wrong", kind: hashlib.new(kind, BODY).hexdigest()}
    assert_refused("checksum", 4, tmp_path / "root", card(file), word=f"{kind}:")


def test_a_body_cut_short(server: str, tmp_path: Path) -> None:
    assert_refused(
        "checksum", 4, tmp_path, card(entry(f"{server}/cut")), word=f"was cut: 1000 of {len(BODY)}"
    )


def test_a_body_above_the_size_on_the_card(server: str, tmp_path: Path) -> None:
    files = card(entry(f"{server}/long", bytes=len(BODY)))
    assert_refused("checksum", 4, tmp_path, files, word=f"at most {len(BODY)} bytes")


def test_a_body_above_the_limit_stops_at_once(server: str, tmp_path: Path) -> None:
    seen: list[int] = []
    with pytest.raises(SaliencyEvalError, match="at most 1000 bytes"):
        fetch(card(entry(f"{server}/long")), tmp_path, lambda _, count: seen.append(count), most=1000)
    assert sum(seen) == 0


def test_a_server_that_is_not_there(server: str, tmp_path: Path) -> None:
    assert_refused("io", 5, tmp_path, card(entry("http://127.0.0.1:9/x")), word="by hand")
    assert_refused("io", 5, tmp_path, card(entry(f"{server}/absent")), word="Not Found")


def test_a_root_that_cannot_be_written(server: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SaliencyEvalError) as error:
        fetch(card(entry(f"{server}/right")), tmp_path / "file")
    assert (error.value.code, error.value.exit_code) == ("io", 5)


def test_nothing_without_a_hash_is_fetched(tmp_path: Path) -> None:
    file = {"name": "maps.zip", "url": "http://127.0.0.1:9/maps.zip"}
    assert_refused("not_available", 4, tmp_path, card(file), word="maps.zip")
    assert not fetchable(file)
    assert not fetchable({**file, "md5": "00", "by_hand": True})


def test_files_for_the_hand_are_named(server: str, tmp_path: Path) -> None:
    other = {"name": "maps.zip", "url": "http://example.org/maps.zip"}
    (text,) = fetch(card(entry(f"{server}/right"), other), tmp_path).by_hand
    assert "maps.zip" in text
    assert "http://example.org/maps.zip" in text
    assert str(tmp_path) in text


# ------------------------------------------------------------------ archives


def zipped(*members: tuple[str, bytes], mode: int = 0) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, content)
    return out.getvalue()


def test_an_archive_is_fetched_and_unpacked(server: str, tmp_path: Path) -> None:
    Server.archive = zipped(
        ("A/1.txt", b"one"), ("A/.DS_Store", b""), ("__MACOSX/A/._1.txt", b""), ("B/2.txt", b"two")
    )
    digest = hashlib.md5(Server.archive).hexdigest()
    file = {"name": "a.zip", "url": f"{server}/zip", "md5": digest, "unpack": ["A/"]}
    assert fetch(card(file), tmp_path).done == ("a.zip",)
    assert {p.relative_to(tmp_path).as_posix(): p.read_bytes() for p in left(tmp_path)} == {"A/1.txt": b"one"}
    assert fetch(card(file), tmp_path).present == ("a.zip",)


def assert_not_unpacked(content: bytes, code: str, tmp_path: Path, **options: Any) -> None:
    (tmp_path / "in").mkdir()
    root = tmp_path / "root"
    root.mkdir()
    archive = tmp_path / "in/a.zip"
    archive.write_bytes(content)
    with pytest.raises(SaliencyEvalError) as error:
        unpack(archive, root, ("A/",), **options)
    assert (error.value.code, error.value.exit_code) == (code, 4)
    assert list(root.iterdir()) == []
    assert left(tmp_path) == [archive]


@pytest.mark.parametrize("name", ["../evil", "A/../../evil", "/evil", "A\\..\\evil", "C:/evil", "..\\evil"])
def test_names_that_lead_out(name: str, tmp_path: Path) -> None:
    assert_not_unpacked(zipped(("A/1", b"one"), (name, b"evil")), "path_traversal", tmp_path)


def test_links(tmp_path: Path) -> None:
    assert_not_unpacked(zipped(("A/1", b"/etc"), mode=stat.S_IFLNK | 0o777), "symlink", tmp_path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice(tmp_path: Path) -> None:
    assert_not_unpacked(zipped(("A/1", b"one"), ("A/1", b"two")), "ambiguous", tmp_path)


def test_more_bytes_than_the_limit(tmp_path: Path) -> None:
    assert_not_unpacked(zipped(("A/1", bytes(1000)), ("A/2", bytes(1000))), "too_large", tmp_path, most=1500)


def test_a_damaged_archive(tmp_path: Path) -> None:
    whole = bytearray(zipped(("A/1", BODY)))
    whole[40] ^= 0xFF
    assert_not_unpacked(bytes(whole), "unreadable", tmp_path)


def test_an_archive_that_is_none(tmp_path: Path) -> None:
    assert_not_unpacked(b"<html>", "unreadable", tmp_path)


def test_an_archive_of_another_layout(tmp_path: Path) -> None:
    assert_not_unpacked(zipped(("B/1", b"one")), "layout", tmp_path)


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(("A/1", b"new")))
    (tmp_path / "A").mkdir()
    (tmp_path / "A/1").write_bytes(b"mine")
    unpack(tmp_path / "a.zip", tmp_path, ("A/",))
    assert (tmp_path / "A/1").read_bytes() == b"mine"
