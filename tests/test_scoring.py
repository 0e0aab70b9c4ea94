"""Scoring from end to end: folders in, runs out, the same bytes whatever the order of work."""

import gzip
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import saliency_eval as se
from saliency_eval.errors import fail
from saliency_eval.models.writing import write_maps
from saliency_eval.store import save
from saliency_eval.variant import parse


@pytest.fixture
def data(toy):
    return se.load_dataset(str(toy / "toy"))


def test_values_are_those_of_the_kernels_by_hand(toy, data):
    run = se.score(toy / "maps", data, ["nss", "auc_judd"])
    for id in data:
        saliency = np.asarray(Image.open(toy / "maps" / f"{id}.png"))
        fixations = data[id]["fixations"]
        assert run.per_image.loc[id, "nss"] == se.metrics.nss(saliency, fixations)
        assert run.per_image.loc[id, "auc_judd"] == se.metrics.auc_judd(saliency, fixations)
    assert run.means["nss"].mean == pytest.approx(run.per_image["nss"].mean(), rel=1e-14)


def test_signatures_name_everything_and_parse_back(toy, data):
    run = se.score(toy / "maps", data, name="ours")
    assert list(run.signatures) == ["auc_judd", "auc_borji", "shuffled_auc", "nss", "cc", "sim", "kld"]
    for label, line in run.signatures.items():
        assert str(parse(line)).split("|")[0] == label
        fields = dict(f.split(":", 1) for f in line.split("|")[1:])
        assert fields["protocol"] == "mit"
        assert fields["data"].endswith(f"#{data.pool.sha256[:8]}")
        assert (fields["kind"], fields["resize"], fields["n"]) == ("map", "none", "6")
        assert fields["v"] == se.__version__


def test_bytes_do_not_depend_on_workers_or_order(toy, data):
    def written(folder, workers):
        run = se.score(folder, data, workers=workers, name="m")
        return (save(run, toy / f"results{workers}{folder.name}") / "scores.csv.gz").read_bytes()

    first = written(toy / "maps", 1)
    assert written(toy / "maps", 2) == first
    other = toy / "other"
    other.mkdir()
    for path in sorted((toy / "maps").iterdir(), reverse=True):  # another order in the directory
        shutil.copy(path, other)
    assert written(other, 4) == first


def test_images_of_one_size_are_read_together_and_told_of_in_their_order(toy):
    for id in ("i02", "i04"):
        Image.new("RGB", (70, 50)).save(toy / "toy" / "stimuli" / f"{id}.png")
    data, read = se.load_dataset(str(toy / "toy")), []

    def predict(id):
        read.append(id)
        return np.random.default_rng(len(id)).random(data[id]["shape"])

    run = se.score(predict, data, ["nss"])
    rest = [id for id in data if id not in ("i02", "i04")]
    assert read == [*rest, "i02", "i04"] != list(data)
    assert run.per_image.index.tolist() == list(data)


def test_the_run_folder_is_whole_strict_and_without_times(toy, data):
    run = se.score(toy / "maps", data, name="My Model")
    folder = save(run, toy / "results", "a log")
    assert folder.name == f"my-model-{run.digest}"
    assert sorted(p.name for p in folder.iterdir()) == ["log.txt", "run.json", "scores.csv.gz"]
    document = json.loads((folder / "run.json").read_text(), parse_constant=lambda name: pytest.fail(name))
    assert document["metrics"]["nss"]["n"] == document["n_images"] == 6
    assert document["draws"]["shuffled_auc"]["i01"] == [
        "café",
        "i02",
        "i03",
        "i04",
        "i05",
    ]  # ten asked for, five exist
    table = pd.read_csv(folder / "scores.csv.gz", dtype={"image": str})
    assert list(table["image"]) == sorted(data)
    assert np.array_equal(table["nss"], run.per_image.loc[table["image"], "nss"])
    again = save(se.score(toy / "maps", data, name="My Model"), toy / "results", "another log")
    assert again == folder
    assert [p for p in folder.parent.iterdir() if p.name.startswith(".")] == []


def test_gzip_holds_no_time(toy, data):
    run = se.score(toy / "maps", data)
    raw = (save(run, toy / "r") / "scores.csv.gz").read_bytes()
    assert raw[4:8] == b"\0\0\0\0"
    assert gzip.decompress(raw).startswith(b"image,auc_judd,")


def test_drawn_images_are_recorded_and_seeded(toy, data):
    names = ["shuffled_auc(others=2)"]
    run = se.score(toy / "maps", data, names)
    drawn = run.draws["shuffled_auc"]
    assert {len(others) for others in drawn.values()} == {2}
    assert all(id not in others for id, others in drawn.items())
    assert "other_images.seed:0" in run.signatures["shuffled_auc"]
    assert run.draws == se.score(toy / "maps", data, names).draws
    assert run.draws != se.score(toy / "maps", data, names, seed=1).draws


def test_another_content_or_setting_is_another_run(toy, data):
    digests = {
        se.score(toy / "maps", data, ["nss"]).digest,
        se.score(toy / "maps", data, ["nss(ddof=0)"]).digest,
        se.score(toy / "maps", data, ["nss"], protocol="exact").digest,
        se.score({id: np.eye(48, 64) for id in data}, data, ["nss"]).digest,
    }
    assert len(digests) == 4


def test_variants_are_taken_as_they_are(toy, data):
    run = se.score(toy / "maps", data, [se.parse("nss(ddof=0)")])
    assert "|ddof:0|" in run.signatures["nss"]


def test_mappings_and_functions_are_predictions(toy, data):
    arrays = {id: np.asarray(Image.open(toy / "maps" / f"{id}.png")) for id in data}
    from_folder = se.score(toy / "maps", data, ["nss"]).values
    assert np.array_equal(se.score(arrays, data, ["nss"]).values, from_folder)
    assert np.array_equal(se.score(arrays.__getitem__, data, ["nss"]).values, from_folder)


def test_a_missing_map_is_an_error_unless_stated(toy, data):
    (toy / "maps" / "i03.png").unlink()
    with pytest.raises(se.SaliencyEvalError, match="1 of 6") as caught:
        se.score(toy / "maps", data, ["nss"])
    assert (caught.value.code, caught.value.exit_code) == ("missing", 3)
    constant = se.score(toy / "maps", data, ["nss"], on_missing="constant")
    assert constant.per_image.loc["i03", "nss"] == 0
    assert "missing:constant(1)" in constant.signatures["nss"]
    skipped = se.score(toy / "maps", data, ["nss"], on_missing="skip")
    assert "missing:skip(1)|n:5" in skipped.signatures["nss"]
    assert skipped.means["nss"].n == 5


def test_all_problems_come_at_once_and_nothing_is_scored(toy, data):
    (toy / "maps" / "i01.png").unlink()
    (toy / "maps" / "i02.png").write_bytes(b"")
    np.save(toy / "maps" / "i03.npy", np.full((48, 64), np.nan))
    (toy / "maps" / "i03.png").unlink()
    with pytest.raises(se.SaliencyEvalError) as caught:
        se.score(toy / "maps", data)
    assert {p.code for p in caught.value.problems if p.severity == "error"} == {
        "missing",
        "unreadable",
        "non_finite",
    }
    found = se.check_predictions(toy / "maps", data)
    assert {p.code for p in found if p.severity == "error"} == {"missing", "unreadable", "non_finite"}


def test_what_is_wrong_with_the_environment_is_said_once(data):
    with pytest.raises(se.SaliencyEvalError) as caught:
        se.score(lambda id: fail("io", "the disk is gone"), data, ["nss"])
    assert [p.message for p in caught.value.problems] == ["the disk is gone"]


def test_resized_maps_are_counted_and_signed(toy, data):
    small = np.asarray(Image.open(toy / "maps" / "i01.png"))[:24, :32]
    Image.fromarray(small).save(toy / "maps" / "i01.png")
    run = se.score(toy / "maps", data, ["nss"])
    assert "resize:matlab(1)" in run.signatures["nss"]
    by_hand = se.metrics.nss(se.resize.resize(small, (48, 64)), data["i01"]["fixations"])
    assert run.per_image.loc["i01", "nss"] == by_hand
    with pytest.raises(se.SaliencyEvalError, match="wrong_size"):
        se.score(toy / "maps", data, ["nss"], resize="error")


def test_constant_maps_score_at_chance_and_are_counted(toy, data):
    Image.fromarray(np.full((48, 64), 9, np.uint8)).save(toy / "maps" / "i01.png")
    run = se.score(toy / "maps", data)
    row = run.per_image.loc["i01"]
    assert (row["nss"], row["cc"], row["auc_borji"], row["shuffled_auc"]) == (0, 0, 0.5, 0.5)
    assert [p.code for p in run.problems] == ["constant"]


def test_a_summary_is_read_whole_in_a_narrow_terminal(data):
    run = se.score("model:centre_bias", data)
    with pd.option_context("display.width", 80, "display.max_columns", 0):
        header, *rows = str(run.summary()).splitlines()
    assert header.split() == ["mean", "low", "high", "n", "better"]
    assert max(map(len, (header, *rows))) < 80
    assert len(rows) == 1 + len(run.labels)


def test_an_undefined_mean_is_never_printed_as_a_full_one(toy, data):
    maps = {id: np.arange(48 * 64.0).reshape(48, 64) for id in data}
    maps["i01"] = np.zeros((48, 64))
    run = se.score(maps, data, ["nss(constant=nan)", "sim"])
    assert run.reason("nss") == "undefined on 1 of 6 images"
    assert run.to_dict()["nss"] is None
    assert np.isnan(run.summary().loc["nss", "mean"])
    assert run.reason("sim") is None


def test_images_without_fixations_are_not_counted(toy):
    path = toy / "toy" / "fixations.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(x for x in lines if not x.startswith("i02")) + "\n", encoding="utf-8")
    run = se.score(toy / "maps", se.load_dataset(str(toy / "toy")), ["nss", "cc"])
    assert run.means["nss"].n == run.means["cc"].n == 5
    assert [p.code for p in run.problems] == ["empty_fixations"]


def test_metrics_that_the_data_cannot_define(toy):
    one = toy / "one"
    shutil.copytree(toy / "toy", one)
    for path in (one / "stimuli").iterdir():
        if path.stem != "i01":
            path.unlink()
    lines = (one / "fixations.csv").read_text(encoding="utf-8").splitlines()
    kept = [lines[0], *(x for x in lines if x.startswith("i01"))]
    (one / "fixations.csv").write_text("\n".join(kept) + "\n", encoding="utf-8")
    data = se.load_dataset(str(one))
    maps = {"i01": np.asarray(Image.open(toy / "maps" / "i01.png"))}
    run = se.score(maps, data)
    assert "shuffled_auc" not in run.labels
    assert [p.code for p in run.problems] == ["undefined_metric"]
    with pytest.raises(se.SaliencyEvalError, match="shuffled_auc needs fixations of other images"):
        se.score(maps, data, ["shuffled_auc"])


def test_observers_left_out_are_scored_under_the_others(toy, data):
    run = se.score("model:gold_standard(sigma=4)", data, ["nss"])
    assert run.model == "gold_standard(sigma=4)"
    image = data["i01"]
    values = []
    for who in range(4):
        own = image["observers"] == who
        others = se.fields.density(image["fixations"][~own], (48, 64), sigma=4.0, duplicates="count")
        values.append(se.metrics.nss(others, image["fixations"][own]))
    assert run.per_image.loc["i01", "nss"] == pytest.approx(np.mean(values), rel=1e-12)


def test_models_score_the_same_from_a_folder_as_on_the_spot(toy, data):
    for model in ("uniform", "centre_gaussian(width=0.3)", "centre_bias"):
        write_maps(model, data, toy / "made" / model)
        from_folder = se.score(toy / "made" / model, data, ["nss", "auc"]).values
        assert se.score(f"model:{model}", data, ["nss", "auc"]).values == pytest.approx(from_folder, abs=1e-4)


def test_several_variants_of_one_metric_keep_apart(toy, data):
    run = se.score(toy / "maps", data, ["nss", "nss(ddof=0)"])
    assert run.labels == ("nss(ddof=1)", "nss(ddof=0)")
    assert (run.values[:, 1] > run.values[:, 0]).any()


def test_strict_makes_warnings_errors(toy, data):
    (toy / "maps" / "zz99.png").write_bytes((toy / "maps" / "i01.png").read_bytes())
    assert [p.code for p in se.score(toy / "maps", data, ["nss"]).problems] == ["extra"]
    with pytest.raises(se.SaliencyEvalError, match="extra"):
        se.score(toy / "maps", data, ["nss"], strict=True)


def test_memory_does_not_grow_with_the_images():
    import tracemalloc

    demo = se.load_dataset("demo")
    assert len(demo) == 8
    random = np.random.default_rng(0)

    def peak(images):
        tracemalloc.start()
        se.score(lambda id: random.random(demo[id]["shape"]), demo, ["nss", "cc"], limit=images)
        high = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return high

    peak(2)  # what is kept for all images
    assert peak(8) < 1.1 * peak(2)


def test_a_map_that_changes_while_it_is_scored_is_noticed(toy, data):
    def disturb(_):
        changed = np.asarray(Image.open(toy / "maps" / "i01.png"))[::-1]
        Image.fromarray(changed).save(toy / "maps" / "i01.png")

    with pytest.raises(se.SaliencyEvalError, match=r"i01\.png") as caught:
        se.score(toy / "maps", data, ["nss"], progress=disturb)
    assert caught.value.code == "changed"


def test_a_seed_in_the_variant_is_kept_unless_another_is_asked_for(toy, data):
    def line(**options):
        return se.score(toy / "maps", data, ["auc_borji(splits=5,seed=7)"], **options).signatures["auc_borji"]

    assert "seed:7" in line()
    assert f"seed:{2**53 + 1}|" in line(seed=2**53 + 1)
    assert "seed:3" in line(seed=3)


def test_an_option_without_effect_is_refused(toy, data):
    for text in ("cc(sigma=19)", "auc_judd(law=normal)", "kld(floor=0.5)", "shuffled_auc(seed=3,others=all)"):
        with pytest.raises(se.SaliencyEvalError, match="has no effect"):
            se.score(toy / "maps", data, [text])
    wide = se.score(toy / "maps", data, "cc(border=zero,sigma=9)").means["cc"].mean
    assert wide != se.score(toy / "maps", data, "cc(border=zero,sigma=2)").means["cc"].mean


def test_constant_float_maps_stay_constant_when_resized(toy, data):
    maps = {id: np.asarray(Image.open(toy / "maps" / f"{id}.png")) for id in data}
    run = se.score({**maps, "i01": np.full((24, 32), 3.7)}, data)
    assert run.per_image.loc["i01", ["nss", "cc", "auc_borji"]].tolist() == [0, 0, 0.5]


def test_huge_values_survive_the_resize(toy, data):
    maps = {id: np.asarray(Image.open(toy / "maps" / f"{id}.png")) for id in data}
    small = maps["i01"][:24, :32] + 0.5
    plain = se.score({**maps, "i01": small}, data).values
    huge = small / small.max() * np.finfo(float).max
    assert se.score({**maps, "i01": huge}, data).values == pytest.approx(plain, rel=1e-9)


@pytest.mark.parametrize("protocol", ["mit", "tuebingen", "salicon2017", "salicon2015", "exact"])
def test_an_image_without_fixations_is_left_out_under_every_protocol(toy, protocol):
    path = toy / "toy" / "fixations.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(x for x in lines if not x.startswith("i02")) + "\n", encoding="utf-8")
    run = se.score(toy / "maps", se.load_dataset(str(toy / "toy")), protocol=protocol)
    assert {interval.n for interval in run.means.values()} == {5}


def test_incomplete_runs_are_not_ranked(toy, data):
    full = se.score(toy / "maps", data, ["nss"], name="full")
    part = se.score(toy / "maps", data, ["nss"], name="part", limit=2)
    (toy / "maps" / "i03.png").unlink()
    skipped = se.score(toy / "maps", data, ["nss"], on_missing="skip")
    for run in (part, skipped):
        assert not run.complete
        assert list(se.leaderboard([run, full]).index) == ["full"]
    others = [
        se.score({id: np.eye(48, 64) for id in data}, data, ["nss(ddof=0)"], name=name) for name in "ab"
    ]
    assert set(se.leaderboard([full, *others]).index) == {"a", "b"}


def test_models_are_told_apart_by_their_options(data):
    runs = [se.score(f"model:centre_gaussian(width={w})", data, ["nss"]) for w in (0.1, 0.4)]
    assert [run.model for run in runs] == ["centre_gaussian(width=0.1)", "centre_gaussian(width=0.4)"]
    table = se.leaderboard(runs)
    assert sorted(table["nss"]) == pytest.approx(sorted(run.means["nss"].mean for run in runs), rel=1e-11)
    assert runs[0].source == "centre_gaussian|width:0.1"


def test_what_a_model_gives_is_checked_like_a_file(data):
    assert {p.code for p in se.score("model:uniform", data, ["nss"]).problems} == {"constant"}


def test_a_model_without_a_map_for_an_image_is_missing_one(data, toy):
    for model in ("one_human(observer=99,sigma=4)", "one_human(observer=99)"):
        with pytest.raises(se.SaliencyEvalError, match=r"6 of 6 predictions are missing|needs sigma"):
            se.score(f"model:{model}", data, ["nss"])
    lines = (toy / "toy" / "fixations.csv").read_text(encoding="utf-8").splitlines()
    kept = [x[:-1] + "0" if x.startswith("i02") else x for x in lines]  # one observer alone saw i02
    (toy / "toy" / "fixations.csv").write_text("\n".join(kept) + "\n", encoding="utf-8")
    part = se.load_dataset(str(toy / "toy"))
    with pytest.raises(se.SaliencyEvalError, match="1 of 6 predictions are missing"):
        se.score("model:gold_standard(sigma=4)", part, ["nss"])
    assert not se.score("model:gold_standard(sigma=4)", part, ["nss"], on_missing="skip").complete
    written = write_maps("gold_standard(sigma=4)", part, toy / "gold")
    assert (written.made, [(p.code, p.image) for p in written.problems]) == (5, [("missing", "i02")])
    assert "no map for image i02" in written.problems[0].message


def test_scores_in_parts_say_so(data):
    run = se.score("model:gold_standard(sigma=4)", data, ["nss"])
    assert "|observers:left-out#" in run.signatures["nss"]
    assert parse(run.signatures["nss"]) == parse("nss(constant=chance)")


@pytest.mark.parametrize(
    "wrong",
    [
        {"resize": "foo"},
        {"on_missing": "skipp"},
        {"kind": "maps"},
        {"limit": 0},
        {"limit": 2.0},
        {"limit": True},
        {"workers": 0},
        {"workers": "2"},
        {"metrics": []},
        {"metrics": "nss(dof=0)"},
        {"metrics": "cc(border=zero,sigma=1,density.sigma=2)"},
    ],
    ids=str,
)
def test_wrong_arguments_are_usage_errors(toy, data, wrong):
    with pytest.raises(se.SaliencyEvalError, match="usage"):
        se.score(toy / "maps", data, **wrong)


def test_nothing_to_score_is_an_error(toy, data):
    empty = toy / "empty"
    empty.mkdir()
    for on_missing in ("error", "skip", "constant"):
        with pytest.raises(se.SaliencyEvalError, match="missing"):
            se.score(empty, data, on_missing=on_missing)


def test_metrics_by_hand_refuse_what_they_cannot_use():
    saliency, fixations = np.arange(12.0).reshape(3, 4), np.array([[1, 2]])
    nss = se.metrics.nss
    for wrong, code in [
        (lambda: nss(np.ma.masked_less(saliency, 3), fixations), "dtype"),
        (lambda: nss(saliency, [[1.5, 2.0]]), "dtype"),
        (lambda: nss(saliency, [[1, -2]]), "dropped_fixations"),
        (lambda: nss(saliency, [[1, 2, 3]]), "shape"),
        (lambda: nss(saliency, [[np.nan, 1.0]]), "non_finite"),
        (lambda: nss(saliency, [[1, 2], [3]]), "dtype"),
        (lambda: nss(saliency, fixations, dof=0), "usage"),
        (lambda: nss(saliency), "usage"),
        (lambda: nss(saliency + 1j, fixations), "dtype"),
        (lambda: nss(np.dstack([saliency, saliency + 1, saliency]), fixations), "shape"),
        (lambda: se.fields.density(fixations, (3, 4), sigma=1.0, border="foo"), "usage"),
        (lambda: se.metrics.cc(saliency, -saliency), "dtype"),
        (lambda: se.metrics.cc(saliency, saliency.T), "wrong_size"),
        (lambda: se.metrics.ig(saliency, fixations, saliency[:, :3]), "wrong_size"),
    ]:
        with pytest.raises(se.SaliencyEvalError) as caught:
            wrong()
        assert caught.value.code == code
    assert nss(np.dstack([saliency] * 3), fixations) == nss(saliency, fixations)
