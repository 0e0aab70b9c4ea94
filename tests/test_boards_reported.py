"""Values of the literature are read strictly, and shown beside a board, never on it."""

from dataclasses import replace
from pathlib import Path

import pytest
from made_runs import made

import saliency_eval as se
from saliency_eval import exports
from saliency_eval.boards import board_of, read_reported
from saliency_eval.boards.reported import Reported, link

ROOT = Path(__file__).resolve().parent.parent
HEADER = ",".join(Reported._fields)
GOOD = {
    "model": "GSGNet", "year": "unknown", "metric": "kld", "value": ".190", "dataset_version": "2017",
    "split": "test", "protocol": "unknown", "source": "oraclefina/GSGNet README", "note": "+0.5 before rounding",
}  # fmt: skip


def line(**cells):
    return ",".join(f'"{cell}"' for cell in {**GOOD, **cells}.values())


def read(tmp_path, *lines, header=HEADER, encoding="utf-8"):
    path = tmp_path / "toy" / "reported.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes("\n".join([header, *lines, ""]).encode(encoding))
    return read_reported(path)


def refused(tmp_path, *lines, **options):
    with pytest.raises(se.SaliencyEvalError) as raised:
        read(tmp_path, *lines, **options)
    assert (raised.value.code, raised.value.exit_code) == ("unreadable", 4)
    return [problem.message for problem in raised.value.problems]


def test_rows_are_sorted_by_year_and_name_and_kept_as_printed(tmp_path):
    rows = read(tmp_path, line(), line(model="B", year="2015", value="2.260"), line(model="A", year="2015"))
    assert [(row.year, row.model) for row in rows] == [("2015", "A"), ("2015", "B"), ("unknown", "GSGNet")]
    assert [row.value for row in rows] == [".190", "2.260", ".190"]


def test_windows_files_are_read_alike(tmp_path):
    want = read(tmp_path, line(), line(model="B"))
    assert (
        read(tmp_path, line() + "\r", line(model="B") + "\r", header=HEADER + "\r", encoding="utf-8-sig")
        == want
    )


@pytest.mark.parametrize(
    ("cells", "words"),
    {
        "source": ({"source": " "}, "line 2: source must not be empty"),
        "memory": ({"source": "from memory"}, "source must be one that can be found, got 'from memory'"),
        "model": ({"model": ""}, "model must not be empty"),
        "version": ({"dataset_version": ""}, "dataset_version must not be empty"),
        "split": ({"split": ""}, "split must not be empty"),
        "protocol": ({"protocol": ""}, "protocol must not be empty"),
        "year": ({"year": "15"}, "year must be four digits or unknown, got '15'"),
        "two values": ({"value": "1.9/2.0"}, "value must be a number as printed, got '1.9/2.0'"),
        "nan": ({"value": "nan"}, "value must be a number"),
        "digits": ({"value": "\u0661"}, "value must be a number"),
        "metric": ({"metric": "kl"}, "metric 'kl' is not one of this package"),
        "other": ({"metric": "other: "}, "metric 'other: ' is not one"),
    }.values(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_rows_that_break_a_rule(tmp_path, cells, words):
    [message] = refused(tmp_path, line(**cells))
    assert message.startswith("toy/reported.csv: line 2: ")
    assert words in message


def test_all_that_is_wrong_is_said_at_once(tmp_path):
    found = refused(tmp_path, line(source=""), "a,b", line(value="x", year="x"))
    assert [message.split(": ")[1] for message in found] == ["line 2", "line 3", "line 4", "line 4"]


def test_a_value_stands_once(tmp_path):
    [message] = refused(tmp_path, line(), line(metric="nss"), line(value="0.2"))
    assert "line 4: model, metric and source are those of line 2" in message
    assert len(read(tmp_path, line(), line(metric="other:KL of the paper"))) == 2


def test_files_that_are_no_table(tmp_path):
    assert "must begin with the line model,year" in refused(tmp_path, line(), header="model,value")[0]
    assert "cannot be read" in refused(tmp_path, line(model="caf\u00e9"), encoding="latin-1")[0]
    assert "cannot be read" in refused(tmp_path, '"open')[0]
    (tmp_path / "toy" / "reported.csv").write_bytes(b"")
    with pytest.raises(se.SaliencyEvalError, match="must begin with"):
        read_reported(tmp_path / "toy" / "reported.csv")
    with pytest.raises(se.SaliencyEvalError, match="cannot be read"):
        read_reported(tmp_path / "toy")


@pytest.mark.parametrize(
    ("source", "address"),
    [
        (
            "https://doi.org/10.1016/S0042-6989(99)00163-7, table 1",
            "https://doi.org/10.1016/S0042-6989(99)00163-7",
        ),
        ("arXiv:1610.01563v2, table 3", "https://arxiv.org/abs/1610.01563v2"),
        ("matthias-k/pysaliency at abc1234, x.py", "https://github.com/matthias-k/pysaliency"),
        ("matthias-k/pysaliency@0123abcd line 5", "https://github.com/matthias-k/pysaliency/tree/0123abcd"),
        ("samyak0210/saliency #23", "https://github.com/samyak0210/saliency/issues/23"),
        ("doi:10.1000/a\u202eb", "https://doi.org/10.1000/a%E2%80%AEb"),
        ("I remember", None),
    ],
)
def test_sources_are_linked(source, address):
    assert link(source) == address


def test_a_model_that_was_run_here_is_named(tmp_path):
    rows = read(tmp_path, line(model="M"), line(model="other"))
    found = replace(board_of([made("m")]), reported=rows).document
    assert [row["here"] for row in found["reported"]] == ["m", None]
    assert [row["model"] for row in found["rows"]] == ["m"]
    text = exports.to_markdown(found).split("## Published elsewhere")[1]
    assert text.count("also run here") == 1
    for make in (exports.to_csv, exports.to_latex):
        assert "GSGNet" not in make(found)
        assert make(found) == make(found | {"reported": []})


def test_a_file_in_the_folder_of_the_board_is_part_of_it(tmp_path):
    read(tmp_path, line())
    before = (tmp_path / "toy" / "reported.csv").read_bytes()
    folder = se.save_board(board_of([made()]), tmp_path)
    assert "oraclefina" in (folder / "README.md").read_text("utf-8")
    assert (folder / "reported.csv").read_bytes() == before


def test_values_of_this_repository_follow_the_rules():
    for path in sorted((ROOT / "leaderboards").rglob("reported.csv")):
        assert read_reported(path)


def test_long_cells_are_refused_before_they_are_searched(tmp_path):
    with pytest.raises(se.SaliencyEvalError, match="cells must have at most 1000 characters"):
        read(tmp_path, line(source="a." * 60_000 + "!"))
