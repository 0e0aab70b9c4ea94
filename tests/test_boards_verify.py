"""A board is what its scores give: whatever is edited, lost or added in its folder is found and named."""

import gzip
import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_runs import NAMES, made, signature
from markupsafe import escape

import saliency_eval as se
from saliency_eval import exports
from saliency_eval.boards import Reported, boards_of
from saliency_eval.errors import Problem
from saliency_eval.exports.differences import PICTURE
from saliency_eval.exports.verify import verify
from saliency_eval.pages.page import policy
from saliency_eval.store import folder_name, scores_text

DOI = "doi:10.1167/14.1.28, table 2"

pytestmark = pytest.mark.usefixtures("no_pictures")


def runs():
    """Two that are ranked, and one of each kind that is not."""
    first = made("m0", seed=0)
    lines = {
        key: signature(key).replace("kind:", "observers:left-out#12345678|kind:") for key in first.labels
    }
    ceiling = made("gold_standard", seed=5, source="gold_standard|sigma:4", signatures=lines)
    other = made("other", seed=6, signatures={key: signature(key, ddof="0") for key in first.labels})
    return [first, made("m1", seed=1), made("part", n=5, complete=False), other, ceiling]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of a board, made once."""
    skipped = [Problem("skipped_result", "toy/x/run.json: cut", file="toy/x/run.json")]
    [board], _ = boards_of(runs(), skipped)
    reported = (Reported("them", "2015", "nss", "2.26", "unknown", "test", "unknown", DOI, ""),)
    return se.save_board(replace(board, reported=reported), tmp_path_factory.mktemp("boards"))


@pytest.fixture
def folder(built, tmp_path):
    return shutil.copytree(built, tmp_path / "toy")


def messages(folder):
    [one] = verify(folder)
    assert one.name == "toy"
    assert {(p.code, p.severity, p.exit) for p in one.differences} <= {("differs", "error", 1)}
    assert all(p.message.startswith("toy/") for p in one.differences)
    return [problem.message for problem in one.differences]


def names():
    own = [folder_name(run) for run in runs()]
    return [
        *exports.FILES,
        "reported.csv",
        *(f"scores/{n}{end}" for n in own for end in (".json", ".csv.gz")),
    ]


def test_a_board_is_what_its_scores_give(built):
    assert {str(p.relative_to(built)) for p in built.rglob("*") if p.is_file()} == set(names())
    assert messages(built) == []
    assert [one.name for one in verify(built.parent)] == ["toy"]
    found = json.loads((built / "leaderboard.json").read_text())
    assert [row["reason"] for row in found["not_ranked"]] == [
        "ceiling", "mixed_signature", "incomplete", "skipped_result"
    ]  # fmt: skip


def turned(text, at):
    """The text with another digit in a place."""
    return text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :]


@pytest.mark.parametrize("name", names())
def test_one_digit_of_any_file(folder, name):
    path = folder / name
    packed = name.endswith(".gz")
    text = (gzip.decompress(path.read_bytes()) if packed else path.read_bytes()).decode()
    looks = [match.span() for match in PICTURE.finditer(text)] if name == "index.html" else []
    found = (match.start() for match in re.finditer("[0-9]", text))
    digits = [at for at in found if not any(start <= at < end for start, end in looks)]
    rng = np.random.default_rng(list(name.encode()))
    for at in {digits[-1], *map(int, rng.choice(digits, 3))}:
        data = turned(text, at).encode()
        path.write_bytes(gzip.compress(data, mtime=0) if packed else data)
        assert messages(folder), text[at - 40 : at + 5]


def of_another_version(document):
    """The document as an older package would have signed it."""
    old = json.loads(document)
    old["generator"]["version"] = "0.0.1"
    return exports.to_json(old)


def test_a_page_that_shows_something_else(folder):
    path, own = folder / "index.html", (folder / "index.html").read_text("utf-8")
    document = (folder / "leaderboard.json").read_text("utf-8")
    old = of_another_version(document)
    planted = [
        own.replace("</body>", "<script>document.body.textContent = 1</script></body>"),
        own.replace("<main>", "<main><style>tbody { display: none }</style>"),
        own.replace("</style>", "tbody { display: none }</style>"),
        own.replace("default-src 'none'", "default-src *"),
        own.replace("default-src &#39;none&#39;", "default-src *"),
    ]
    assert [text != own for text in planted].count(True) == 4
    for text in {*planted} - {own}:
        path.write_text(text, "utf-8")
        for json_of_a_version in (document, old):
            (folder / "leaderboard.json").write_text(json_of_a_version, "utf-8")
            assert any("index.html" in m for m in messages(folder)), text[:300]


def test_another_version_has_another_look(folder):
    path, json_path = folder / "index.html", folder / "leaderboard.json"
    own = path.read_text("utf-8")
    style = re.search("<style>(.*?)</style>", own, re.DOTALL)[1]
    script = re.search("<script>(.*?)</script>", own, re.DOTALL)[1]
    other = own.replace(style, "p {}").replace(escape(policy(style, script)), escape(policy("p {}", script)))
    path.write_text(other, "utf-8")
    assert any("index.html" in m for m in messages(folder))
    json_path.write_text(of_another_version(json_path.read_text("utf-8")), "utf-8")
    assert messages(folder) == []


@pytest.mark.parametrize("name", names())
def test_files_that_are_gone(folder, name):
    (folder / name).unlink()
    found = messages(folder)
    if name in exports.FILES:
        assert found == [f"toy/{name}: is missing"]
    else:
        assert found


def test_files_that_do_not_belong_there(folder):
    for name in ("notes.txt", "scores/notes.txt", ".hidden", "scores/.hidden"):
        (folder / name).write_text("x")
    assert messages(folder) == [
        "toy/notes.txt: is no file of a board", "toy/scores/notes.txt: is no file of a run"
    ]  # fmt: skip


def test_the_first_place_is_named(folder):
    path = folder / "leaderboard.json"
    found = json.loads(path.read_text())
    found["rows"][1]["metrics"]["nss"]["mean"] += 0.5
    path.write_text(exports.to_json(found))
    want = found["rows"][1]["metrics"]["nss"]["mean"] - 0.5
    assert any(
        m.startswith(f"toy/leaderboard.json: rows[1].metrics.nss.mean must be {want:.6f}"[:60])
        for m in messages(folder)
    )
    path.write_text(exports.to_json(found).replace(" ", "  "))
    assert any("leaderboard.json: " in m for m in messages(folder))


def places(value, path=()):
    """Every place in a document."""
    if path and path[-1] != "version":
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*path, key))


@pytest.mark.slow
def test_any_change_of_the_document_is_found(folder):
    text = (folder / "leaderboard.json").read_text()
    every = list(places(json.loads(text)))
    for at in np.random.default_rng(0).choice(len(every), 40, replace=False):
        found = json.loads(text)
        inner = found
        for key in every[at][:-1]:
            inner = inner[key]
        inner[every[at][-1]] = [{"a": "\ud800\x1b"}]
        (folder / "leaderboard.json").write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
        assert any(m.startswith("toy/leaderboard.json: ") for m in messages(folder)), every[at]


def test_broken_documents_are_named(folder):
    for text in ("", "[]", "{", '{"schema": NaN}', "[" * 100_000):
        (folder / "leaderboard.json").write_text(text)
        assert any("leaderboard.json: is no strict JSON object" in m for m in messages(folder))
    (folder / "leaderboard.json").write_bytes(b"\xff")
    assert any("leaderboard.json: cannot be read" in m for m in messages(folder))
    for text in (
        '{"primary": [1], "not_ranked": 5, "generator": 3}',
        '{"not_ranked": [{"reason": "skipped_result"}]}',
    ):
        (folder / "leaderboard.json").write_text(text)
        assert messages(folder)


def test_scores_that_contradict_their_document_are_not_believed(folder):
    name = folder_name(runs()[0])
    path = folder / "scores" / f"{name}.csv.gz"
    text = scores_text(runs()[1])
    path.write_bytes(gzip.compress(text, mtime=0))
    found = messages(folder)
    assert any(m.startswith(f"toy/scores/{name}.json: nss is said to have mean") for m in found)
    assert any("leaderboard.json: " in m for m in found)


def test_runs_under_the_name_of_another_are_found(folder):
    own = [folder / "scores" / f"{folder_name(run)}" for run in runs()[:2]]
    for end in (".json", ".csv.gz"):
        shutil.copy(f"{own[0]}{end}", f"{own[1]}{end}")
    assert any(f"is the run {own[0].name}" in m for m in messages(folder))


def test_links_are_not_followed(folder, tmp_path):
    secret = tmp_path / "secret"
    shutil.move(folder / "README.md", secret)
    (folder / "README.md").symlink_to(secret)
    assert any("README.md: cannot be read" in m for m in messages(folder))


def test_no_scores_at_all(folder):
    shutil.rmtree(folder / "scores")
    assert any("toy/scores: " in m for m in messages(folder))


def test_numbers_of_another_platform_are_accepted_and_said(folder):
    path = folder / "leaderboard.json"
    found = json.loads(path.read_text())
    found["rows"][0]["metrics"]["nss"]["hi"] *= 1 + 1e-10
    path.write_text(exports.to_json(found))
    [one] = verify(folder)
    assert one.platform
    # the other files are of the numbers before
    assert [p.file for p in one.differences] == ["toy/README.md", "toy/table.csv", "toy/index.html"]
    for name, make in exports.FILES.items():
        (folder / name).write_text(make(found), encoding="utf-8")
    [one] = verify(folder)
    assert (one.platform, one.differences) == (True, [])
    found["rows"][0]["metrics"]["nss"]["hi"] *= 1 + 1e-8
    for name, make in exports.FILES.items():
        (folder / name).write_text(make(found), encoding="utf-8")
    [one] = verify(folder)
    assert not one.platform
    assert any("rows[0].metrics.nss.hi must be" in p.message for p in one.differences)


def test_another_version_gives_the_same_board(folder):
    found = json.loads((folder / "leaderboard.json").read_text())
    found["generator"]["version"] = "9.9"
    for name, make in exports.FILES.items():
        (folder / name).write_text(make(found), encoding="utf-8")
    assert messages(folder) == []


@pytest.mark.slow
def test_hostile_names_and_another_primary_metric(tmp_path):
    [board], _ = boards_of([made(name, seed=k) for k, name in enumerate(NAMES.values())], primary="kld")
    for safe in (False, True):
        folder = se.save_board(board, tmp_path, excel_safe=safe)
        assert messages(folder) == []


def test_rebuilding_removes_the_scores_of_runs_that_are_gone_and_nothing_else(tmp_path):
    [board], _ = boards_of([made(m, seed=k) for k, m in enumerate("abc")])
    folder = se.save_board(board, tmp_path)
    kept = ["notes.txt", "scores/notes.txt", "scores/x.json", "scores/.hidden-12345678.json", "reported.old"]
    for name in kept:
        (folder / name).write_text("kept")
    [board], _ = boards_of([made("a"), made("d", seed=9)])
    se.save_board(board, tmp_path)
    assert all((folder / name).read_text() == "kept" for name in kept)
    left = sorted(p.name for p in (folder / "scores").iterdir() if p.read_bytes() != b"kept")
    assert left == sorted(f"{folder_name(run)}{end}" for run in board.runs for end in (".json", ".csv.gz"))


def test_scores_are_not_written_through_a_link(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a-12345678.json").write_text("kept")
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "scores").symlink_to(tmp_path / "elsewhere")
    [board], _ = boards_of([made("a")])
    with pytest.raises(se.SaliencyEvalError, match="got a link"):
        se.save_board(board, tmp_path)
    assert (tmp_path / "elsewhere" / "a-12345678.json").read_text() == "kept"


def test_a_run_keeps_its_document(tmp_path):
    """Its versions are those that it was scored with, not those of the machine that builds the board."""
    from saliency_eval.store import save

    path = save(made("a"), tmp_path / "results") / "run.json"
    path.write_text(re.sub('"numpy": "[^"]*"', '"numpy": "0.0.1"', path.read_text()))
    folder = se.save_board(se.build_boards(tmp_path / "results").boards[0], tmp_path / "boards")
    [kept] = (folder / "scores").glob("*.json")
    assert kept.read_bytes() == path.read_bytes()
    assert '"numpy": "0.0.1"' in kept.read_text()
    assert messages(folder) == []


def test_boards_of_this_repository():
    found = verify(Path(__file__).resolve().parent.parent / "leaderboards")
    assert {"osie", "mit1003-sample"} <= {one.name for one in found}
    assert [problem.message for one in found for problem in one.differences] == []


def test_values_of_others_alone_are_no_board_yet(tmp_path):
    (tmp_path / "salicon").mkdir()
    (tmp_path / "salicon" / "reported.csv").touch()
    with pytest.raises(se.SaliencyEvalError, match="there is no board"):
        verify(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_links_of_strangers_are_not_followed(folder, tmp_path):
    (tmp_path / "secret.txt").write_text("SECRET")
    (folder / "reported.csv").unlink()
    (folder / "reported.csv").symlink_to(tmp_path / "secret.txt")
    found = messages(folder)
    assert any("reported.csv" in m for m in found)
    assert "SECRET" not in "".join(found)
    shutil.move(folder / "scores", tmp_path / "moved")
    (folder / "scores").symlink_to(tmp_path / "moved")
    assert "toy/scores: must be a folder, got a link" in messages(folder)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "toy").symlink_to(tmp_path / "moved")
    with pytest.raises(se.SaliencyEvalError, match="got a link"):
        se.save_board(boards_of([made()]).boards[0], tmp_path / "out")


def test_a_data_set_may_be_called_scores(tmp_path):
    for id in ("scores", "toy"):
        se.save_board(boards_of([made(id=id)])[0][0], tmp_path)
    assert [(one.name, one.differences) for one in verify(tmp_path)] == [("scores", []), ("toy", [])]
    (tmp_path / "scores" / "leaderboard.json").unlink()
    assert [(one.name, len(one.differences)) for one in verify(tmp_path)] == [("scores", 1), ("toy", 0)]


def test_a_run_that_is_gone_is_named(folder):
    name = folder_name(runs()[0])
    for end in (".json", ".csv.gz"):
        (folder / "scores" / f"{name}{end}").unlink()
    [one] = verify(folder)
    [first] = [p for p in one.differences if p.message.startswith("toy/scores/")]
    assert first.message == f"toy/scores/{name}: the run of m0 is gone"
    assert first.remedy == "put it back, or build the board again from the results"


@pytest.mark.skipif(os.name == "nt", reason="needs pipes")
def test_remedies_help(folder):
    name = folder_name(runs()[0])
    (folder / "scores" / f"{name}.json").unlink()
    os.mkfifo(folder / "scores" / f"{name}.json")
    (folder / "notes.txt").touch()
    (folder / "reported.csv").write_text("model\n")
    [one] = verify(folder)
    remedies = {p.file: p.remedy for p in one.differences}
    assert remedies[f"toy/scores/{name}.json"] == "build the board again from the results"
    assert remedies["toy/notes.txt"] == "remove it"
    assert remedies["toy/reported.csv"] == "write that header"
    assert not any("score it again" in p.remedy for p in one.differences)


@pytest.mark.parametrize("version", [None, 3, "", "x", "0.1.0 <script>", "1" * 500, ["0.1.0"]])
def test_what_is_no_version_is_a_difference(folder, version):
    path = folder / "leaderboard.json"
    found = json.loads(path.read_text())
    found["generator"]["version"] = version
    path.write_text(exports.to_json(found))
    assert any("leaderboard.json: generator.version must be " in m for m in messages(folder))


def test_another_version_is_told_of(folder):
    own = (folder / "leaderboard.json").read_text("utf-8")
    assert [one.version for one in verify(folder)] == [None]
    (folder / "leaderboard.json").write_text(of_another_version(own), "utf-8")
    assert [(one.version, one.differences) for one in verify(folder)] == [("0.0.1", [])]


def test_numbers_beyond_floats_are_no_strict_json(folder):
    path = folder / "leaderboard.json"
    path.write_text(re.sub('"alpha": [0-9.]+', '"alpha": 1e999', path.read_text("utf-8")), "utf-8")
    assert any("is no strict JSON object" in m for m in messages(folder))
