"""Which runs stand on a board, in which order, and why the others do not."""

import sys

import numpy as np
import pytest
from made_runs import SHA, boards_but, made, signature

import saliency_eval as se
from saliency_eval import exports
from saliency_eval.boards import board_of, boards_of, build
from saliency_eval.errors import Problem
from saliency_eval.run import DataId, Setting
from saliency_eval.store import save


def flat(value, *labels):
    """Six images of one value for each metric."""
    return np.full((6, max(1, len(labels))), value)


def other_signature(model, *, ddof="0", **fields):
    lines = {key: signature(key, ddof=ddof) for key in ("nss", "kld")}
    return made(model, signatures=lines, **fields)


def test_the_best_comes_first_in_the_direction_of_the_metric():
    runs = [made(m, values=np.column_stack([flat(v), flat(v)])) for m, v in (("a", 2), ("b", 3), ("c", 1))]
    assert [run.model for run in board_of(runs).runs] == ["b", "a", "c"]
    assert [run.model for run in board_of(runs, "kld").runs] == ["c", "a", "b"]
    assert board_of(runs, "kld").primary == "kld"


def test_what_has_no_mean_comes_last_and_has_no_rank():
    gone = made("a", values=np.column_stack([[np.nan] * 6, flat(0)]))
    infinite = made("b", values=np.column_stack([[np.inf] * 6, flat(0)]))
    board = board_of([gone, infinite, made("c")])
    assert [run.model for run in board.runs] == ["c", "a", "b"]
    assert [row["rank"] for row in board.document["rows"]] == ["1", "-", "-"]
    assert [run.model for run in board_of([gone, made("c")], "kld").runs] == ["a", "c"]


def test_ties_go_by_name_whatever_the_order():
    runs = [made(m, values=np.column_stack([flat(1), flat(1)])) for m in "cab"]
    for order in (runs, runs[::-1]):
        assert [run.model for run in board_of(order).runs] == ["a", "b", "c"]
        assert list(se.leaderboard(order).index) == ["a", "b", "c"]


def test_incomplete_runs_stand_apart():
    part = made("part", n=5, complete=False)
    boards, [problem] = boards_but([made("whole"), part])
    assert [run.model for run in boards[0].runs] == ["whole"]
    [apart] = boards[0].apart
    assert (apart.model, apart.reason, apart.detail) == ("part", "incomplete", "5/6")
    assert (problem.code, problem.severity) == ("incomplete", "warning")
    assert "5/6" in problem.message


def test_a_board_without_baselines_is_told_of():
    _, [problem] = boards_of([made("a"), made("uniform")])
    assert (problem.code, problem.severity) == ("no_baseline", "warning")
    assert "the board of toy has no row of the centre bias" in problem.message
    assert problem.remedy.endswith("score model:centre_bias")
    found = board_of([made("a"), made("b", source="centre_bias|sigma:4")]).document
    assert "There is no row of the uniform map: nothing here shows" in exports.to_markdown(found)
    _, problems = boards_of([made("uniform"), made("b", source="centre_bias|sigma:4")])
    assert problems == []
    assert "There is no row" not in exports.to_markdown(
        board_of([made("uniform"), made("centre_bias")]).document
    )


def test_a_board_ranks_a_thousand_models_at_most(monkeypatch):
    monkeypatch.setattr(sys.modules["saliency_eval.boards.build"], "MOST_MODELS", 2)
    with pytest.raises(
        se.SaliencyEvalError, match="at most 2 models, got 3 on toy; build boards of fewer"
    ) as raised:
        board_of([made(m) for m in "abc"])
    assert raised.value.code == "too_many"


def test_the_largest_group_is_the_board():
    few, many = made("few"), [other_signature("x"), other_signature("y")]
    boards, [problem] = boards_but([few, *many])
    assert {run.model for run in boards[0].runs} == {"x", "y"}
    assert boards[0].apart[0].detail == "ddof 1, not 0"
    assert problem.message.startswith("few (few-")
    assert "it has another signature than the others: ddof 1, not 0" in problem.message


def test_of_equal_groups_the_first_by_text_is_the_board():
    runs = [made("z"), other_signature("a")]
    for order in (runs, runs[::-1]):
        [board], _ = boards_but(order)
        assert [run.model for run in board.runs] == ["a"]  # ddof:0 comes before ddof:1


def test_resizing_missing_maps_and_the_version_part_nobody():
    lines = {key: signature(key, resize="mit(6)").replace("v:0.1.0", "v:9") for key in ("nss", "kld")}
    [board], problems = boards_but([made("a"), made("b", signatures=lines)])
    assert (len(board.runs), problems) == (2, [])


def test_other_metrics_and_other_content_part_runs():
    [board], [problem] = boards_but([made("a"), made("b"), made("c", labels=("nss",))])
    assert len(board.runs) == 2
    assert board.apart[0].detail == "metrics (kld in one of them only)"
    forged = made("c", data=DataId("toy", "1", f"toy@1#{SHA[:8]}", SHA[:8] + "aa" * 28, 6))
    [board], [problem] = boards_but([made("a"), made("b"), forged])
    assert board.apart[0].detail == "data sha256"
    assert problem.code == "mixed_signature"


def test_each_data_set_has_a_board():
    boards, problems = boards_but([made("a"), made("b", id="other"), made("c", id="third", complete=False)])
    assert [board.data.id for board in boards] == ["other", "toy"]
    assert [p.code for p in problems] == ["incomplete"]


def test_skipped_files_stand_beside_the_board_of_their_folder():
    skipped = [Problem("skipped_result", "toy/x/run.json: cut", file="toy/x/run.json")]
    boards, problems = boards_but([made("a"), made("b", id="other")], skipped)
    assert problems == skipped
    assert [[one.run for one in board.apart] for board in boards] == [[], ["toy/x/run.json"]]


def test_each_protocol_has_a_board():
    runs = [made(m) for m in "ab"] + [in_protocol("a", "tuebingen"), in_protocol("c", "exact")]
    boards, [problem] = boards_but(runs)
    assert [(b.protocol, [run.model for run in b.runs]) for b in boards] == [
        ("exact", ["c"]), ("mit", ["a", "b"]), ("tuebingen", ["a"])
    ]  # fmt: skip
    assert all(board.apart == () for board in boards)
    assert (problem.code, problem.severity) == ("mixed_signature", "warning")
    assert "the runs on toy follow 3 protocols (exact, mit, tuebingen)" in problem.message


def in_protocol(model, protocol):
    lines = {key: signature(key, protocol=protocol) for key in ("nss", "kld")}
    return made(model, signatures=lines, setting=Setting(protocol, "map", "mit", "error"))


def test_what_has_no_mean_is_said():
    gone = made("a", values=np.column_stack([[1.0] * 5 + [np.nan], flat(0)]))
    [board], [problem] = boards_but([gone, made("b")])
    assert [run.model for run in board.runs] == ["b", "a"]
    assert problem.code == "incomplete"
    assert "nss is undefined on 1 of 6 images" in problem.message


def test_runs_that_count_other_images_are_not_paired():
    """Their signatures have the same n; the images are not the same ones."""
    one, other = (np.arange(6) == k for k in (0, 5))
    lines = {key: signature(key, n=5) for key in ("nss", "kld")}
    runs = [made(m, unscored=gone, signatures=lines) for m, gone in (("a", one), ("b", one), ("c", other))]
    [board], [problem] = boards_but(runs)
    assert [run.model for run in board.runs] == ["a", "b"]
    assert board.apart[0].detail == "other images count"
    assert problem.code == "mixed_signature"
    with pytest.raises(se.SaliencyEvalError, match="c and a were scored differently: other images count"):
        board_of(runs)


def test_a_run_stands_once():
    with pytest.raises(se.SaliencyEvalError, match=r"every run once, a-.* was given 2 times") as raised:
        board_of([made("a"), made("b"), made("a")])
    assert raised.value.exit_code == 2


def test_the_default_metric_does_not_depend_on_the_order_of_runs():
    swapped = made("b", labels=("kld", "nss"), values=np.random.default_rng(1).normal(1, 1, (6, 2)))
    for order in ([made("a"), swapped], [swapped, made("a")]):
        assert board_of(order).primary == "nss"


def test_a_board_needs_runs():
    with pytest.raises(se.SaliencyEvalError, match="there are none") as raised:
        boards_but([])
    assert (raised.value.code, raised.value.exit_code) == ("missing", 3)


def test_incomplete_runs_alone_make_no_board():
    boards, problems = boards_but([made(complete=False)])
    assert (boards, [p.code for p in problems]) == ([], ["incomplete"])


def test_names_that_nobody_has_are_mistakes_of_use(tmp_path):
    save(made(), tmp_path)
    for options, words in (({"primary": "ns"}, "Did you mean nss"), ({"data": "toys"}, "Did you mean toy")):
        with pytest.raises(se.SaliencyEvalError, match=words) as raised:
            build(tmp_path, **options)
        assert raised.value.exit_code == 2


def test_one_data_set_of_several(tmp_path):
    for id in ("toy", "other"):
        save(made(id=id), tmp_path)
    for name in ("other", "other@1"):
        assert [board.data.id for board in se.build_boards(tmp_path, data=name).boards] == ["other"]
