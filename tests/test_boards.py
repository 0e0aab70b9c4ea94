"""Which runs stand on a board, in which order, and why the others do not."""

import re
import shlex
import sys

import numpy as np
import pytest
from made_runs import SHA, boards_but, made, signature

import saliency_eval as se
from saliency_eval import exports
from saliency_eval.boards import board_of, boards_of, build
from saliency_eval.boards.again import command
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
    assert problem.message == "the board toy has no row of the centre bias"
    assert problem.remedy.startswith(
        "score as the others: saliency-eval score model:centre_bias --data toy --prot"
    )
    found = board_of([made("a"), made("b", source="centre_bias|sigma:4")]).document
    assert "There is no row of the uniform map: nothing here shows" in exports.to_markdown(found)
    _, problems = boards_of([made("uniform"), made("b", source="centre_bias|sigma:4")])
    assert problems == []
    assert "There is no row" not in exports.to_markdown(
        board_of([made("uniform"), made("centre_bias")]).document
    )


def test_the_remedy_of_a_missing_baseline_makes_it_stand_on_the_board(toy):
    names = ["nss(ddof=1)", "auc_judd", "cc(sigma=3)", "shuffled_auc"]
    data = str(toy / "toy")
    runs = [se.score(toy / "maps", data, names, protocol="exact", seed=3, kind="map")]
    _, [problem] = boards_of(runs)
    assert problem.message == "the board toy.exact has no row of the uniform map and the centre bias"
    line = shlex.split(problem.remedy.partition("saliency-eval ")[2])
    assert line[:6] == ["score", "model:uniform", "model:centre_bias", "--data", "toy", "--protocol"]
    assert line[6:] == ["exact", "--metrics", "nss(ddof=1),auc_judd,cc(density.sigma=3),shuffled_auc"]
    runs += [se.score(model, data, line[-1], protocol=line[6]) for model in line[1:3]]
    [board], problems = boards_of(runs)
    assert (len(board.runs), problems) == (3, [])


def test_other_settings_stand_in_the_remedy_too():
    own = DataId("salicon", "2017", "salicon@2017(split=val)#0f0f0f0f", SHA, 6)
    setting = Setting("mit", "log-density", "mit", "error", classifier="net#1", subset="correct")
    line = command(["x"], made(data=own, setting=setting, labels=("own metric",)))
    assert line == (
        "saliency-eval score x --data 'salicon@2017(split=val)' --protocol mit --metrics 'own metric' "
        "--kind log-density --subset correct --classifier ..."
    )


def test_the_remedy_names_the_metrics_where_nothing_else_differs():
    few, other = made("few", labels=("nss",)), other_signature("other")
    boards, problems = boards_but([made("a"), made("b", seed=1), few, other])
    assert len(boards[0].runs) == 2
    assert [p.remedy for p in problems] == [
        "score it with --metrics 'nss(constant=nan),kld'",
        "score it with the options of the others",
    ]
    both = made("both", labels=("nss",), signatures={"nss": signature("nss", ddof="0")})
    _, [problem] = boards_but([made("a"), made("b", seed=1), both])
    assert problem.remedy == "score it with the options of the others"  # not its metrics alone


def test_a_leaderboard_ranks_what_it_can_and_tells_of_the_others(toy, caplog):
    data = str(toy / "toy")
    runs = [se.score(f"model:{m}", data, ["nss"]) for m in ("uniform", "centre_bias", "gold_standard")]
    runs.append(se.score(toy / "maps", data, ["nss", "cc"]))
    table = se.leaderboard(runs)
    assert sorted(table.index) == ["centre_bias", "uniform"]
    assert [record.name for record in caplog.records] == ["saliency_eval"]
    assert re.search(
        r"maps \(maps-.*metrics \(cc in one of them only\); score it with --metrics nss$", caplog.text
    )


def test_a_leaderboard_is_of_one_board():
    other = made("b", setting=Setting("exact", "map", "mit", "error"))
    for runs, code, words in (
        ([made("a"), other], "mixed_signature", "the runs are of 2: toy under exact, toy under mit"),
        ([made("a"), made("b", id="other")], "mixed_signature", "other under mit, toy under mit"),
        ([made("a", complete=False)], "incomplete", "no board was made"),
        ([], "missing", "a board needs runs, there are none"),
        (([], []), "usage", "runs must be what se.score or se.load_run gives, got list"),
    ):
        with pytest.raises(se.SaliencyEvalError, match=words) as raised:
            se.leaderboard(runs)
        assert raised.value.code == code


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
