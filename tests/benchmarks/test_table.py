"""The table itself: what is printed, and when a bar fails."""

from .conftest import ROWS as ENTERED
from .table import LEGEND, Row, lines

ROWS = [
    Row("resize", "slower than it should be", 2.4, "D", 2.31, 2.555, plain=24.0, bar=2.0),
    Row("reading", "fast", 0.12345, "D", bar=1.3, note="said beside it"),
    Row("resize", "no bar", 123.4, "s"),
]


def test_lines_by_group_in_columns():
    assert list(lines(ROWS)) == [
        "reading                              range         plain          bar",
        "  fast                      0.123 D                               1.3  met (said beside it)",
        "resize                               range         plain          bar",
        "  slower than it should be  2.40 D   2.31 .. 2.56  24.0 (10.0 x)  2    missed",
        "  no bar                    123 s",
        LEGEND,
    ]


def test_a_bar_fails_when_it_is_missed_by_more_than_a_quarter():
    figures = (1.0, 1.01, 1.25, 1.26)
    assert [Row("reading", "", figure, bar=1.0).fails for figure in figures] == [False, False, False, True]
    assert not Row("reading", "", 9.0, bar=1.0, held=False).fails
    assert [Row("reading", "", figure, bar=1.0).verdict for figure in figures] == ["met", *["missed"] * 3]


def test_seconds_are_not_kept_to_be_compared_with_other_machines(enter, benchmark, request):
    enter(*ROWS)
    del request.config.stash[ENTERED][-len(ROWS) :]
    assert benchmark.extra_info == {"slower than it should be": 2.4, "fast": 0.12345}
