"""Every format shows every name and is moved by none."""

import csv
import hashlib
import io
import json
import re
from base64 import b64encode
from html.parser import HTMLParser

import numpy as np
import pytest
from made_runs import MORE, NAMES, SHA, made
from markdown_it import MarkdownIt

import saliency_eval as se
from saliency_eval import exports
from saliency_eval.boards import Apart, board_of
from saliency_eval.cli.leaderboard import show_board
from saliency_eval.errors import shown
from saliency_eval.escape import LATEX, markdown, without_surrogates
from saliency_eval.run import DataId
from saliency_eval.store import RESERVED, folder_name, slug

ALL = {**NAMES, **MORE}
every_name = pytest.mark.parametrize("name", ALL.values(), ids=ALL)
TAGS = {"html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "div", "table", "thead", "tbody",
        "tr", "th", "td", "span", "code", "bdi", "ul", "li"}  # fmt: skip


class Reader(HTMLParser):
    """Tags and attributes of a page, and its texts between two tags."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.rows, self.inside = [], [], [], False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1] += data


def hostile(name):
    """A board with the name as a model, as one that stands apart, as a version, and in the label of a metric."""
    label, data = f"kld({name})", DataId("toy", name, "toy", SHA, 6)
    good, bad = (made(m, seed=k, labels=("nss", label), data=data) for k, m in enumerate(["good", name]))
    apart = [Apart(name, name, "skipped_result", name)]
    return board_of([good, bad], label, apart), bad


def squeezed(text):
    """As Markdown shows a cell: without the blanks around it."""
    return text.strip(" ")


@every_name
def test_html_holds_the_name_as_text(name):
    board, _ = hostile(name)
    plain, _ = hostile("plain")
    page, other = Reader(exports.to_html(board)), Reader(exports.to_html(plain))
    assert page.tags == other.tags
    assert page.attributes == other.attributes
    assert set(page.tags) <= TAGS
    assert shown(name) in [row[1] for row in page.rows if len(row) > 4]
    assert page.rows[-1] == [shown(name), shown(name), "skipped_result", shown(name, 500)]


@every_name
def test_markdown_holds_the_name_as_text(name):
    board, _ = hostile(name)
    text = exports.to_markdown(board)
    plain = exports.to_markdown(hostile("plain")[0])
    assert text.count("\n") == plain.count("\n")
    cells = [len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in text.splitlines() if line[:1] == "|"]
    assert cells == [len(board.labels) + 5] * 4 + [5] * 3
    for flavour in ("gfm-like", "commonmark"):
        parser = MarkdownIt(flavour, {"linkify": False}).enable("table")
        page, other = (Reader(parser.render(t)) for t in (text, plain))
        assert page.tags == other.tags
        assert page.attributes == other.attributes
        assert squeezed(shown(name)) in [row[1] for row in page.rows if len(row) > 4]
        assert page.rows[-1][0] == squeezed(shown(name, 500))


def test_markdown_makes_no_link_of_an_address():
    for name in ("www.evil.example", "WWW.evil.example", "https://evil.example/a", "mailto:a@b.example"):
        assert not re.search(r"www\.|s://|mailto:", markdown(name), re.IGNORECASE)


@every_name
def test_csv_reads_back_as_the_name(name):
    board, run = hostile(name)
    text = exports.to_csv(board).encode("utf-8").decode("utf-8")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert {len(row) for row in rows} == {5 + 3 * len(board.labels)}
    assert {row[2]: row[1] for row in rows}[folder_name(run)] == without_surrogates(name)
    if not re.search("[\ud800-\udfff]", name):
        assert name in [row[1] for row in rows]
    if "\n" not in name:
        assert text.count("\n") == 3


@every_name
def test_a_spreadsheet_computes_no_name(name):
    rows = csv.reader(io.StringIO(exports.to_csv(hostile(name)[0], excel_safe=True), newline=""), strict=True)
    found = [row[1] for row in rows]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in found)
    assert {without_surrogates(name), "'" + name} & set(found)


def test_numbers_stay_numbers_for_a_spreadsheet():
    board = board_of([made("-m", values=np.full((6, 2), -0.5))])
    [_, row] = csv.reader(exports.to_csv(board, excel_safe=True).splitlines())
    assert row[1:2] + row[3:] == ["'-m", "6", "6", *["-0.5"] * 6]


def latex_text(text):
    """What a LaTeX text shows; anything that is not one of our own commands fails."""
    back = {command: char for char, command in LATEX.items()}
    known = "|".join(map(re.escape, sorted(back, key=len, reverse=True)))
    shown_text, at = "", 0
    while at < len(text):
        match = re.compile(known).match(text, at)
        assert match or text[at] not in "\\{}$&#^_~%", text[at:]
        shown_text += back[match[0]] if match else text[at]
        at += len(match[0]) if match else 1
    return shown_text


@every_name
def test_latex_holds_the_name_as_text(name):
    board, _ = hostile(name)
    lines = exports.to_latex(board).splitlines()
    assert len(lines) == len(exports.to_latex(hostile("plain")[0]).splitlines())
    rows = [re.split(r"(?<!\\) & ", line.removesuffix(r" \\")) for line in lines if line[:2] in ("1 ", "2 ")]
    assert [len(row) for row in rows] == [len(board.labels) + 3] * 2
    assert shown(name) in [latex_text(row[1]) for row in rows]
    header = lines[3].removesuffix(r" $\downarrow$ & images \\").removeprefix(r" & model & nss $\uparrow$ & ")
    assert latex_text(header) == shown(f"kld({name})")
    assert not re.search(r"(?<!-\{\})--|``|''|!`|\?`", "".join(row[1] for row in rows))


@every_name
def test_json_keeps_the_name(name):
    text = exports.to_json(hostile(name)[0])
    assert text.isascii()
    document = json.loads(text, parse_constant=lambda word: pytest.fail(word))
    assert name in [row["model"] for row in document["rows"]]
    assert document["not_ranked"][0]["model"] == name
    assert text == json.dumps(document, indent=1, sort_keys=True) + "\n"


@every_name
def test_the_terminal_shows_no_control_character(name, capsys):
    show_board(hostile(name)[0])
    out = capsys.readouterr().out
    assert shown(name) in out
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", out
    )


def test_file_names_are_slugs_and_every_folder_is_another():
    for names in ([slug(name) for name in ALL.values()], [exports.folder_for(name) for name in ALL.values()]):
        for name in names:
            assert re.fullmatch(r"[a-z0-9._-]{1,60}", name)
            assert name.split(".")[0] not in RESERVED
            assert not name.startswith((".", "-"))
            assert not name.endswith(".")
    runs = {folder_name(made(name)).casefold() for name in ALL.values()}
    assert len(runs) == len(ALL)
    assert len({exports.folder_for(name) for name in ALL.values()}) == len(ALL)
    taken = exports.folder_for("My set")
    assert exports.folder_for(taken) != taken
    assert slug("a" * 58 + "-.b").endswith("a")
    assert slug("CON.v2") != "con.v2"  # reserved with any extension


def test_long_names_that_differ_at_the_end_are_told_apart():
    board = board_of([made("x" * 4999 + end) for end in "yz"])
    assert len({row["model"] for row in json.loads(exports.to_json(board))["rows"]}) == 2
    assert len({line.split(",")[1] for line in exports.to_csv(board).splitlines()}) == 3
    for text in (exports.to_markdown(board), exports.to_html(board)):
        assert len(set(re.findall("x{40,}-[0-9a-f]{8}", text))) == 2


def test_names_in_signatures_are_text_too():
    name = "`<b>|x`\n"
    run = made(labels=("nss",), signatures={"nss": f"nss|data:{name}|n:6"})
    board = board_of([run])
    assert "\n- `` `" not in exports.to_markdown(board)
    assert "<b>" not in Reader(exports.to_html(board)).tags
    page = Reader(MarkdownIt("commonmark").enable("table").render(exports.to_markdown(board)))
    assert "b" not in page.tags
    assert len(exports.to_latex(board).splitlines()) == 9


def test_na_and_marks_are_shown():
    values = np.column_stack([[np.nan] * 6, np.ones(6)])
    marked = {key: f"{key}|data:x|resize:mit(2)|missing:constant(1)|n:6|v:0.1.0" for key in ("nss", "kld")}
    board = board_of([made("gone", values=values, signatures=marked), made("m", signatures=marked)])
    for text in (
        exports.to_markdown(board),
        exports.to_csv(board),
        exports.to_latex(board),
        exports.to_html(board),
    ):
        assert "n/a" in text
    for text in (exports.to_markdown(board), exports.to_html(board), exports.to_latex(board)):
        assert "6/6, resize mit(2), missing constant(1)" in text
    [_, row] = json.loads(exports.to_json(board))["rows"]
    assert (row["rank"], row["missing"], row["resize"]) == (None, "constant(1)", "mit(2)")
    assert row["metrics"]["nss"] == {
        "mean": None, "lo": None, "hi": None, "n": 6, "reason": "undefined on 6 of 6 images"
    }  # fmt: skip


def test_json_says_what_a_number_is():
    document = json.loads(exports.to_json(board_of([made()])))
    assert document["schema"] == 1
    assert document["metrics"]["nss"]["better"] == "higher"
    assert document["metrics"]["nss"]["range"] == [None, None]
    assert document["metrics"]["kld"]["better"] == "lower"
    mean = document["rows"][0]["metrics"]["nss"]["mean"]
    assert mean == float(f"{made().means['nss'].mean:.12g}")


def test_the_policy_is_the_first_element_and_allows_this_style_only():
    text = exports.to_html(board_of([made()]))
    head = text.split("<head>\n", 1)[1]
    style = re.search("<style>(.*)</style>", text, re.DOTALL)[1]
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert head.startswith('<meta http-equiv="Content-Security-Policy"')
    assert ("content", policy) in Reader(head).attributes[:2]
    assert {name for name, _ in Reader(text).attributes} <= {
        "http-equiv", "content", "charset", "name", "lang", "class", "role", "aria-label", "tabindex", "scope", "title"
    }  # fmt: skip
    assert "<script" not in text
    assert "prefers-color-scheme: dark" in style


def contrast(one, other):
    """WCAG contrast of two colours."""

    def light(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return np.dot(linear, [0.2126, 0.7152, 0.0722]) + 0.05

    return max(light(one) / light(other), light(other) / light(one))


def test_text_is_readable_in_both_schemes():
    style = exports.to_html(board_of([made()])).split("<style>")[1]
    schemes = re.findall(r"--ink: (#\w{6}); --paper: (#\w{6}); --faint: (#\w{6})", style)
    assert len(schemes) == 2
    for ink, paper, faint in schemes:
        assert min(contrast(ink, paper), contrast(faint, paper)) > 4.5


def test_files_are_replaced_whole_and_equal_whatever_the_order(tmp_path):
    runs = [made(m, seed=k) for k, m in enumerate("abc")]
    folder = se.save_board(board_of(runs), tmp_path)
    assert folder == tmp_path / "toy"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(before) == set(exports.FILES)
    assert all(b"\r" not in data and data.endswith(b"\n") for data in before.values())
    exports.save_board(board_of(runs[::-1]), tmp_path)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    (folder / "reported.csv").write_text("kept")
    (folder / "table.csv").unlink()
    (folder / "table.csv").symlink_to(folder / "reported.csv")
    exports.save_board(board_of(runs), tmp_path)
    assert (folder / "reported.csv").read_text() == "kept"
    assert (folder / "table.csv").read_bytes() == before["table.csv"]
    (folder / "index.html").unlink()
    (folder / "index.html").mkdir()
    with pytest.raises(se.SaliencyEvalError, match=r"io.*the board could not be written") as raised:
        exports.save_board(board_of(runs), tmp_path)
    assert raised.value.exit_code == 5
    assert not [p for p in folder.iterdir() if p.name.startswith(".")]
    assert (folder / "reported.csv").read_text() == "kept"
