"""Every format shows every name and is moved by none."""

import csv
import functools
import io
import json
import re
from copy import deepcopy
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from made_runs import MORE, NAMES, SHA, made, signature
from markdown_it import MarkdownIt

import saliency_eval as se
from saliency_eval import exports
from saliency_eval.boards import Apart, Reported, board_of
from saliency_eval.boards.board import folder_for
from saliency_eval.cli.leaderboard import show_board
from saliency_eval.errors import shown
from saliency_eval.escape import LATEX, markdown, without_surrogates
from saliency_eval.run import DataId
from saliency_eval.store import RESERVED, folder_name, slug

ALL = {**NAMES, **MORE}
every_name = pytest.mark.parametrize("name", ALL.values(), ids=ALL)
DOI = "doi:10.1167/14.1.28, table 2"
pytestmark = pytest.mark.usefixtures("no_pictures")


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


def label_of(name):
    """A label that can be written to the file of scores."""
    return f"kld({without_surrogates(name)})"


def hostile(name):
    """A document with the name as a model, as one that stands apart, as a version, in the label of a metric, on the
    card of the data set, and in the values of the literature.
    """
    said = " ".join(["as", *name.splitlines()])  # a citation may have several lines
    label, data = label_of(name), DataId("toy", name, "toy", SHA, 6, f"as {name}", said)
    good, bad = (made(m, seed=k, labels=("nss", label), data=data) for k, m in enumerate(["good", name]))
    apart = [Apart(name, name, "skipped_result", name)]
    reported = (Reported(name, name, name, name, name, name, name, DOI, name),)
    return replace(board_of([good, bad], label, apart), reported=reported).document, bad


def squeezed(text):
    """As Markdown shows a cell: without the blanks around it."""
    return text.strip(" ")


@every_name
def test_markdown_holds_the_name_as_text(name):
    document, _ = hostile(name)
    text = exports.to_markdown(document)
    plain = exports.to_markdown(hostile("plain")[0])
    assert text.count("\n") == plain.count("\n")
    cells = [len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in text.splitlines() if line[:1] == "|"]
    assert cells == [2 + 5] * 4 + [4] * 3 + [10] * 3
    for flavour in ("gfm-like", "commonmark"):
        parser = MarkdownIt(flavour, {"linkify": False}).enable("table")
        page, other = (Reader(parser.render(t)) for t in (text, plain))
        assert page.tags == other.tags
        assert [pair for pair in page.attributes if pair[0] != "href"] == [
            pair for pair in other.attributes if pair[0] != "href"
        ]
        assert {url for key, url in page.attributes if key == "href"} <= {
            "https://doi.org/10.1167/14.1.28", *(f"scores/{row['run']}.csv.gz" for row in document["rows"])
        }  # fmt: skip
        assert squeezed(shown(name)) in [row[1] for row in page.rows if len(row) > 4]
        assert [squeezed(shown(name)), squeezed(shown(name, 500))] == page.rows[4][:2]
        note = "; ".join(filter(None, [shown(name, 500), "also run here"]))
        assert [squeezed(shown(name))] * 7 + [DOI, squeezed(note)] == page.rows[-1]


def test_markdown_makes_no_link_of_an_address():
    for name in ("www.evil.example", "WWW.evil.example", "https://evil.example/a", "mailto:a@b.example"):
        assert not re.search(r"www\.|s://|mailto:", markdown(name), re.IGNORECASE)


@every_name
def test_csv_reads_back_as_the_name(name):
    document, run = hostile(name)
    text = exports.to_csv(document).encode("utf-8").decode("utf-8")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert {len(row) for row in rows} == {6 + 5 * 2}
    assert {row[3]: row[2] for row in rows}[folder_name(run)] == without_surrogates(name)
    if not re.search("[\ud800-\udfff]", name):
        assert name in [row[2] for row in rows]
    if "\n" not in name:
        assert text.count("\n") == 3


@every_name
def test_a_spreadsheet_computes_no_name(name):
    rows = csv.reader(io.StringIO(exports.to_csv(hostile(name)[0], excel_safe=True), newline=""), strict=True)
    found = [row[2] for row in rows]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in found)
    assert {without_surrogates(name), "'" + name} & set(found)


def test_numbers_stay_numbers_for_a_spreadsheet():
    document = board_of([made("-m", values=np.full((6, 2), -0.5))]).document
    [_, row] = csv.reader(exports.to_csv(document, excel_safe=True).splitlines())
    assert row[:3] + row[4:] == ["1", "1", "'-m", "6", "6", *["-0.5", "-0.5", "-0.5", "n/a", "a"] * 2]


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
    document, _ = hostile(name)
    lines = exports.to_latex(document).splitlines()
    assert len(lines) == len(exports.to_latex(hostile("plain")[0]).splitlines())
    rows = [re.split(r"(?<!\\) & ", line.removesuffix(r" \\")) for line in lines[5:7]]
    assert [len(row) for row in rows] == [2 + 3] * 2
    assert shown(name) in [latex_text(row[1]) for row in rows]
    header = (
        lines[3].removesuffix(r" $\downarrow$ & images \\").removeprefix(r"rank & model & nss $\uparrow$ & ")
    )
    assert latex_text(header) == shown(label_of(name))
    assert not re.search(r"(?<!-\{\})--|``|''|!`|\?`", "".join(row[1] for row in rows))


def cells_of(line):
    """The cells of a row of LaTeX; braces and formulas must close within each of them."""
    plain = re.sub(r"\\[&%$#_{}]", "", line.removesuffix(r" \\"))
    cells = plain.split(" & ")
    for cell in cells:
        assert cell.count("$") % 2 == 0, line
        depths = np.cumsum([{"{": 1, "}": -1}.get(sign, 0) for sign in cell] or [0])
        assert depths.min(initial=0) == depths[-1] == 0, line
        assert not re.search(r"[&#]|(?<![$^_}a-z0-9.]) \^", cell), line
    return cells


@every_name
def test_latex_is_a_table_of_equal_rows(name):
    lines = exports.to_latex(hostile(name)[0]).splitlines()
    table = [line for line in lines if not line.startswith("%")]
    [columns] = re.fullmatch(r"\\begin\{tabular\}\{(r?l+)\}", table[0]).groups()
    assert (table[1], table[3], table[-2], table[-1]) == (
        r"\toprule", r"\midrule", r"\bottomrule", r"\end{tabular}"
    )  # fmt: skip
    rows = [table[2], *table[4:-2]]
    assert all(row.endswith(r" \\") and row.count(r"\\") == 1 for row in rows)
    assert {len(cells_of(row)) for row in rows} == {len(columns)}
    assert all("\n" not in line and "\r" not in line for line in lines)


def test_a_share_below_zero_has_a_minus_in_latex():
    document = deepcopy(graded(0.8, 0.5))
    for row, norm in zip(document["rows"], (0.25, -1.2), strict=True):
        row["metrics"]["nss"]["norm"] = norm
    rows = exports.to_latex(document).splitlines()[5:7]
    assert [cells_of(row)[-2] for row in rows] == ["25 ", "$-$120 "]  # percent signs are taken out


def test_large_numbers_have_an_exponent():
    values = np.column_stack([np.linspace(1e99, 2e99, 6), np.ones(6)])
    document = board_of([made(values=values), made("b", seed=1)]).document
    assert re.search(r"\*\*1\.5\d*e\+99\*\* \u00b1[1-9]\.\d+e\+98", exports.to_markdown(document))
    assert re.search(r"1\.5\d* \\times 10\^\{99\}\} \\pm", exports.to_latex(document))
    for make in (exports.to_markdown, exports.to_latex):
        assert not re.search(r"(?<![0-9a-f])\d{20}", make(document)), make
    assert not re.search(
        r">[^<]*\d{20}[^<]*<", re.sub(r"<script.*", "", exports.to_html(document), flags=re.DOTALL)
    )


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
    label, data = label_of(name), DataId("toy", name, "toy", SHA, 6)
    runs = [made(m, seed=k, labels=("nss", label), data=data) for k, m in enumerate(["good", name])]
    show_board(board_of(runs, label, [Apart(name, name, "skipped_result", name)]))
    out = capsys.readouterr().out
    assert shown(name) in out
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", out
    )


def test_file_names_are_slugs_and_every_folder_is_another():
    for names in ([slug(name) for name in ALL.values()], [folder_for(name) for name in ALL.values()]):
        for name in names:
            assert re.fullmatch(r"[a-z0-9._-]{1,60}", name)
            assert name.split(".")[0] not in RESERVED
            assert not name.startswith((".", "-"))
            assert not name.endswith(".")
    runs = {folder_name(made(name)).casefold() for name in ALL.values()}
    assert len(runs) == len(ALL)
    assert len({folder_for(name) for name in ALL.values()}) == len(ALL)
    taken = folder_for("My set")
    assert folder_for(taken) != taken
    assert slug("a" * 58 + "-.b").endswith("a")
    assert slug("CON.v2") != "con.v2"  # reserved with any extension


def test_long_names_that_differ_at_the_end_are_told_apart():
    document = board_of([made("x" * 4999 + end) for end in "yz"]).document
    assert len({row["model"] for row in json.loads(exports.to_json(document))["rows"]}) == 2
    assert len({line.split(",")[2] for line in exports.to_csv(document).splitlines()}) == 3
    for text in (exports.to_markdown(document), exports.to_html(document)):
        assert len(set(re.findall("x{40,}-[0-9a-f]{8}", text))) == 2


def test_names_in_signatures_are_text_too():
    name = "`<b>|x`\n"
    run = made(labels=("nss",), signatures={"nss": f"nss|data:{name}|n:6"})
    document = board_of([run]).document
    assert "\n- `` `" not in exports.to_markdown(document)
    assert "<b>" not in Reader(exports.to_html(document)).tags
    page = Reader(MarkdownIt("commonmark").enable("table").render(exports.to_markdown(document)))
    assert "b" not in page.tags
    assert len(exports.to_latex(document).splitlines()) == 14


def test_na_and_marks_are_shown():
    values = np.column_stack([[np.nan] * 6, np.ones(6)])
    marked = {key: f"{key}|data:x|resize:mit(2)|missing:constant(1)|n:6|v:0.1.0" for key in ("nss", "kld")}
    document = board_of(
        [made("gone", values=values, signatures=marked), made("m", signatures=marked)]
    ).document
    texts = [make(document) for make in (exports.to_markdown, exports.to_latex, exports.to_html)]
    for text in (*texts, exports.to_csv(document)):
        assert "n/a" in text
    for text in texts:
        assert "6/6, 2 maps resized, 1 map missing, scored as constant" in text
    [_, row] = json.loads(exports.to_json(document))["rows"]
    assert (row["rank"], row["missing"], row["resize"]) == ("-", "constant(1)", "mit(2)")
    cell = row["metrics"]["nss"]
    assert (cell["mean"], cell["groups"], cell["reason"]) == (None, [], "undefined on 6 of 6 images")


@functools.cache
def graded(*means, skewed=False):
    """A board of models whose scores lie together, or far apart, in the order of their names."""
    noise = np.random.default_rng(0).normal(0, 0.01, (300, len(means)))
    if skewed:
        noise[0] += 30
    columns = noise + np.array(means)
    data = DataId("toy", "1", f"toy@1#{SHA[:8]}", SHA, 300)
    lines = {key: signature(key, n=300) for key in ("nss", "kld")}
    return board_of(
        [
            made(f"m{k}", values=np.column_stack([c, -c]), n=300, data=data, signatures=lines)
            for k, c in enumerate(columns.T)
        ]
    ).document


def test_the_best_group_is_bold_and_a_second_outside_of_it_underlined():
    document = graded(0.8, 0.8001, 0.5, 0.2)
    lines = [
        line.split("|")[1:5] for line in exports.to_markdown(document).splitlines() if line.startswith("| ")
    ][2:6]
    assert [line[0].strip() for line in lines] == ["1-2", "1-2", "3", "4"]
    assert ["**" in line[2] for line in lines] == [True, True, False, False]
    assert "<u>" not in "".join(line[2] for line in lines)  # the second shares the group of the best
    document = graded(0.8, 0.5, 0.5001)
    text, tex = exports.to_markdown(document), exports.to_latex(document)
    assert re.search("<u>0.50[0-9]{2}</u> \u00b10.00[0-9]{2} \u1d47 ", text)
    assert (text.count("<u>"), tex.count(r"\underline")) == (2, 2)
    assert re.search(r"\$\\underline\{0\.50\d*\} \\pm 0\.00\d+\^\{\\mathrm\{b\}\}\$", tex)
    assert "2--3 & m" in tex


def test_half_widths_have_two_digits_and_means_the_same_place():
    text = exports.to_markdown(graded(0.8, 0.5))
    assert re.search(r"\*\*0\.(79|80)\d{2}\*\* \u00b10\.00[1-9]\d \u1d43", text)
    wide = board_of([made("w", values=np.column_stack([[0, 1000, 0, 0, 0, 1000], np.ones(6)]))]).document
    assert re.search(r"\*\*333\*\* \u00b1\d{3} ", exports.to_markdown(wide))


def test_a_heavy_tail_is_said():
    assert "skew beyond 3" not in exports.to_markdown(graded(0.8, 0.5))
    text = exports.to_markdown(graded(0.8, 0.5, skewed=True))
    assert re.search(
        r"Scores of nss have a skew beyond 3 for m0 \(\d+\.\d\), m1 \(\d+\.\d\): those intervals are", text
    )


def test_what_stands_below_the_table():
    text = exports.to_markdown(graded(0.8, 0.5))
    for words in (
        "Models that share a letter cannot be told apart with this many images.",
        "BCa, 10000 bootstrap resamples",
        "(10000 flips), Holm over all pairs of a metric, alpha 0.05",
        "seeded by id and hash of the data set",
        f"- sha256: {SHA}",
        "`nss|protocol:mit|data:toy@1#0f0f0f0f|kind:map|ddof:1|n:300`",
    ):
        assert words in text


def test_a_spreadsheet_takes_no_rank_for_a_day():
    [_, *rows] = csv.reader(exports.to_csv(graded(0.8, 0.8001, 0.5)).splitlines())
    assert [row[:2] for row in rows] == [["1", "2"], ["1", "2"], ["3", "3"]]


def test_json_says_what_a_number_is():
    document = json.loads(exports.to_json(board_of([made()]).document))
    assert document["schema"] == 1
    assert document["metrics"]["nss"]["better"] == "higher"
    assert document["metrics"]["nss"]["range"] == [None, None]
    assert document["metrics"]["kld"]["better"] == "lower"
    mean = document["rows"][0]["metrics"]["nss"]["mean"]
    assert mean == float(f"{made().means['nss'].mean:.12g}")


def contents(folder):
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_are_replaced_whole_and_equal_whatever_the_order(tmp_path):
    runs = [made(m, seed=k) for k, m in enumerate("abc")]
    folder = se.save_board(board_of(runs), tmp_path)
    assert folder == tmp_path / "toy"
    before = contents(folder)
    scores = {f"scores/{folder_name(run)}{end}" for run in runs for end in (".json", ".csv.gz")}
    assert set(before) == set(exports.FILES) | scores
    assert all(b"\r" not in before[name] and before[name].endswith(b"\n") for name in exports.FILES)
    exports.save_board(board_of(runs[::-1]), tmp_path)
    assert contents(folder) == before
    (folder / "notes.txt").write_text("kept")
    (folder / "table.csv").unlink()
    (folder / "table.csv").symlink_to(folder / "notes.txt")
    exports.save_board(board_of(runs), tmp_path)
    assert (folder / "notes.txt").read_text() == "kept"
    assert (folder / "table.csv").read_bytes() == before["table.csv"]
    (folder / "index.html").unlink()
    (folder / "index.html").mkdir()
    with pytest.raises(se.SaliencyEvalError, match=r"io.*the board could not be written") as raised:
        exports.save_board(board_of(runs), tmp_path)
    assert raised.value.exit_code == 5
    assert not [p for p in folder.iterdir() if p.name.startswith(".")]
    assert (folder / "notes.txt").read_text() == "kept"
