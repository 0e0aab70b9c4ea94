"""Names, options, roots, cards and copies of data sets."""

from __future__ import annotations

import importlib
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from saliency_eval.core import Lazy
from saliency_eval.datasets import ADAPTERS, adapter, data_folder, load_dataset, parse_spec
from saliency_eval.datasets.base import Dataset
from saliency_eval.datasets.card import Card
from saliency_eval.datasets.files import files_by_stem
from saliency_eval.datasets.fixations import FixationDataset
from saliency_eval.datasets.gaze import Gaze
from saliency_eval.datasets.pixels import matlab_round, placed
from saliency_eval.errors import SaliencyEvalError

FIXATIONS = ("osie", "mit1003", "mit300", "salicon", "pascal_s")
OFFICIAL = (*FIXATIONS, "imagenet", "tiny_imagenet", "cifar10")


@pytest.mark.parametrize("key", ADAPTERS)
def test_every_adapter_has_its_key_and_a_card(key: str) -> None:
    kind = adapter(key)
    card = Card.of(key)
    assert kind.key == card.key == key
    assert card.name
    assert card.summary
    assert card.pixel_rule
    assert card.licence
    assert card.layout
    assert kind.__doc__


@pytest.mark.parametrize("key", OFFICIAL)
def test_cards_of_official_sets_are_complete(key: str) -> None:
    card = Card.of(key)
    assert card.citation.strip().startswith("@")
    assert "year = {20" in card.citation
    assert card.files
    assert all(set(file) >= {"name", "url"} for file in card.files)
    assert card.expected


@pytest.mark.parametrize("key", FIXATIONS)
def test_cards_of_fixations_say_how_they_were_recorded(key: str) -> None:
    card = Card.of(key)
    assert card.observers
    assert card.seconds
    assert card.sigma
    assert card.blur


@pytest.mark.parametrize(
    ("key", "sigma"),
    [("osie", 24), ("mit1003", 23.99), ("mit300", 23.99), ("salicon", 19), ("pascal_s", 11.993)],
)
def test_blur_of_the_cards(key: str, sigma: float) -> None:
    assert Card.of(key).sigma == sigma


def test_an_unknown_key_of_a_card_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_text('name = "Odd"\nversoin = "1"\n')
    monkeypatch.setattr("saliency_eval.datasets.card.FOLDERS", (tmp_path,))
    with pytest.raises(ValueError, match="versoin"):
        Card.of("odd")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("osie", ("osie", {})), ("salicon@2017", ("salicon", {"@": "2017"})),
     (" salicon( edition = 2017 , split=val ) ", ("salicon", {"edition": "2017", "split": "val"})),
     ("osie()", ("osie", {}))],
)  # fmt: skip
def test_specifications(text: str, wanted: tuple[str, dict[str, str]]) -> None:
    assert parse_spec(text) == wanted


@pytest.mark.parametrize(
    ("spec", "word"),
    [("osi", "Did you mean osie?"), ("osie@9", "known: 1"), ("osie(", "not a data set"),
     ("osie(rule)", "no value"),
     ("osie(pixel_rul=official)", "Did you mean pixel_rule?"), ("osie(pixel_rule=offical)", "official?"),
     ("salicon@2016", "Did you mean 2017?"), ("salicon(format=json)", "mouse samples"), ("x" * 300, "...")],
)  # fmt: skip
def test_wrong_specifications(spec: str, word: str, tmp_path: Path) -> None:
    with pytest.raises(SaliencyEvalError) as error:
        load_dataset(spec, tmp_path)
    assert (error.value.code, error.value.exit_code) == ("usage", 2)
    assert word in str(error.value)


@pytest.mark.parametrize("key", OFFICIAL)
def test_a_missing_root(key: str, tmp_path: Path) -> None:
    with pytest.raises(SaliencyEvalError) as error:
        load_dataset(key, tmp_path / "nothing")
    assert (error.value.code, error.value.exit_code) == ("not_available", 4)
    assert "nothing" in str(error.value)
    assert f"data info {key}" in str(error.value)


@pytest.mark.parametrize("key", OFFICIAL)
def test_another_layout(key: str, tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"file{number}\x1b").touch()
    with pytest.raises(SaliencyEvalError) as error:
        load_dataset(key, tmp_path)
    assert (error.value.code, error.value.exit_code) == ("layout", 4)
    assert "looked for" in str(error.value)
    assert "file0\\x1b" in str(error.value)
    assert "and 2 more" in str(error.value)
    assert "\x1b" not in str(error.value)


def test_a_folder_that_is_not_there() -> None:
    with pytest.raises(SaliencyEvalError) as error:
        load_dataset("./nothing/here")
    assert (error.value.code, error.value.exit_code) == ("not_available", 4)


def test_where_data_lie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SALIENCY_EVAL_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    with pytest.raises(SaliencyEvalError, match="osie"):
        load_dataset("osie")
    monkeypatch.delenv("SALIENCY_EVAL_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert data_folder() == Path("/data/saliency-eval")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    assert data_folder() == Path("/home/me/.local/share/saliency-eval")


@pytest.mark.parametrize("name", ["osie", "OSIE"])
def test_root_may_be_the_set_or_the_folder_that_holds_it(layouts: Any, tmp_path: Path, name: str) -> None:
    out, manifest = layouts
    (tmp_path / name).symlink_to(out / manifest["osie"]["root"])
    assert load_dataset("osie", tmp_path).tag == load_dataset("osie", tmp_path / name).tag


def test_editions_and_options_in_the_tag(layouts: Any) -> None:
    out, manifest = layouts
    root = out / manifest["salicon"]["root"]
    specs = ("salicon", "salicon@2015", "salicon(edition=2015,split=train)", "salicon@2017(kind=mouse)")
    tags = [load_dataset(spec, root).tag.partition("#")[0] for spec in specs]
    assert tags == [
        "salicon@2017", "salicon@2015", "salicon@2015(split=train)", "salicon@2017(kind=mouse)",
    ]  # fmt: skip


def test_names_are_listed_without_heavy_imports() -> None:
    code = "import sys; from saliency_eval.datasets import ADAPTERS; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("key", ADAPTERS)
def test_heavy_modules_are_imported_where_they_are_used(key: str) -> None:
    module = ADAPTERS[key][0]
    heavy = "{'scipy', 'h5py', 'PIL', 'pooch'}"
    code = f"import sys, saliency_eval.datasets.{module}; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# ------------------------------------------------------------------ copies in other processes


class Small(FixationDataset):
    """Two images of 4 x 5 px without a file."""

    key = "demo"
    reads = 0

    def check_root(self) -> None:
        pass

    def images(self) -> dict[str, Path]:
        return {"b10": Path("b10"), "b2": Path("b2")}

    def shape_of(self, id: str) -> tuple[int, int]:
        return 4, 5

    def gaze(self, id: str) -> Gaze:
        Small.reads += 1
        points = np.array([[0.0, 0.0], [3.0, 4.0], [4.0, 0.0]])
        return placed(points, np.array([0, 1, 1]), (4, 5))


def test_one_image_is_read_without_the_others() -> None:
    before = Small.reads
    assert Small("")["b2"]["fixations"].tolist() == [[0, 0], [3, 4]]
    assert Small.reads == before + 1


def test_a_copy_carries_the_truth_along() -> None:
    data = Small("")
    whole = data.pool.sha256
    copy = pickle.loads(pickle.dumps(data))
    before = Small.reads
    assert copy.pool.sha256 == whole
    assert list(copy) == ["b2", "b10"]
    assert copy["b2"]["observers"].tolist() == [0, 1]
    assert copy["b2"]["dropped"] == 1
    assert Small.reads == before


def test_the_pool_of_a_copy_can_be_set() -> None:
    data = Small("")
    copy = pickle.loads(pickle.dumps(data))
    copy.pool = data.pool
    assert copy["b2"]["pool"] is data.pool


def test_fields_read_one_by_one_are_those_of_the_whole() -> None:
    alone, whole = Small(""), Small("")
    assert len(whole.pool.points) == 4
    for id in alone:
        for field in ("fixations", "observers", "dropped"):
            assert_array_equal(alone[id][field], whole[id][field])


def test_an_image_that_does_not_exist() -> None:
    assert "b3" not in Small("")
    with pytest.raises(SaliencyEvalError, match="b2"):
        Small("")["b3"]


def test_official_copies_pickle(layouts: Any) -> None:
    out, manifest = layouts
    for key in FIXATIONS:
        data = load_dataset(key, out / manifest[key]["root"])
        copy = pickle.loads(pickle.dumps(data))
        assert copy.tag == data.tag
        again = pickle.loads(pickle.dumps(copy))
        id = list(again)[-1]
        assert_array_equal(again[id]["fixations"], data[id]["fixations"])


# ------------------------------------------------------------------ pixels and files


def test_halves_are_rounded_up() -> None:
    assert matlab_round(np.array([0.5, 1.5, 2.5, 400.5, 2.49])).tolist() == [1, 2, 3, 401, 2]


def test_points_outside_are_dropped_clipped_or_refused() -> None:
    points = np.array([[0.0, -1.0], [4.0, 4.0], [np.nan, 0.0], [np.inf, 0.0], [3.0, 4.0]])
    who = np.arange(5)
    dropped = placed(points, who, (4, 5))
    assert (dropped.points.tolist(), dropped.observers.tolist(), dropped.dropped) == ([[3, 4]], [4], 4)
    clipped = placed(points[:2], who[:2], (4, 5), outside="clip")
    assert (clipped.points.tolist(), clipped.dropped) == ([[0, 0], [3, 4]], 0)
    assert placed(points[2:3], who[:1], (4, 5), outside="clip").dropped == 1
    with pytest.raises(SaliencyEvalError, match="4 of 5") as error:
        placed(points, who, (4, 5), outside="raise")
    assert error.value.exit_code == 4


def test_junk_is_no_stimulus(tmp_path: Path) -> None:
    for name in (".hidden.jpg", "__x.jpg", "Thumbs.db", "a.jpg", "b.txt", "c.JPEG"):
        (tmp_path / name).touch()
    (tmp_path / "folder.jpg").mkdir()
    assert list(files_by_stem(tmp_path, (".jpg", ".jpeg"))) == ["a", "c"]


def test_lazy_attributes() -> None:
    module = importlib.import_module("saliency_eval.datasets")
    assert module.Dataset is Dataset
    with pytest.raises(AttributeError, match="Nothing"):
        module.Nothing  # noqa: B018
    assert isinstance(Small("")["b2"].given["fixations"], Lazy)


# ------------------------------------------------------------------ paths and wrong types


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "own/stimuli").mkdir(parents=True)
    Image.new("L", (9, 8)).save(tmp_path / "own/stimuli/a.png")
    (tmp_path / "own/fixations.csv").write_text("image,row,column\na,1,2\na,99,2\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "own"


@pytest.mark.parametrize("spec", ["./own", "own"])
def test_a_path_with_options(own: Path, spec: str) -> None:
    assert load_dataset(spec).settings["out_of_range"] == "drop"
    assert load_dataset(f"{spec}(out_of_range=raise)").settings["out_of_range"] == "raise"
    assert load_dataset(f"{spec}(out_of_range=raise)", out_of_range="drop").settings == {
        "out_of_range": "drop"
    }
    with pytest.raises(SaliencyEvalError, match=r"Did you mean out_of_range\?"):
        load_dataset(f"{spec}(out_of_rang=raise)")
    own.rename("own(x=1)")
    assert load_dataset(f"{spec}(x=1)").settings["out_of_range"] == "drop"


@pytest.mark.parametrize("wrong", [None, 3, b"osie", ["osie"], object()])
def test_what_is_no_text_and_no_path(wrong: Any, own: Path) -> None:
    calls = [lambda: load_dataset(wrong), lambda: Dataset.from_folder(wrong)]
    if wrong is not None:
        calls.append(lambda: load_dataset("osie", wrong))
    for call in calls:
        with pytest.raises(SaliencyEvalError, match="must be a text or a path") as error:
            call()
        assert (error.value.code, error.value.exit_code) == ("usage", 2)
    data = Dataset.from_folder(own)
    assert wrong not in data
    with pytest.raises(SaliencyEvalError) as error:
        data[wrong]
    assert (error.value.code, error.value.exit_code) == ("usage", 2)


def test_a_path_that_is_no_folder(own: Path) -> None:
    Path("loop").symlink_to("loop")
    for spec, words in (
        ("./loop", "leads back to itself"),
        ("loop", "leads back to itself"),
        ("./own/fixations.csv", "is a file"),
        ("./none", "there is none at none"),
    ):
        with pytest.raises(SaliencyEvalError, match=words) as error:
            load_dataset(spec)
        assert error.value.exit_code == 4
    with pytest.raises(SaliencyEvalError, match="leads back to itself"):
        load_dataset("osie", "loop")


def test_a_set_is_read_from_where_it_was_loaded(own: Path, tmp_path: Path, monkeypatch) -> None:
    data = load_dataset("./own")
    monkeypatch.chdir(tmp_path.parent)
    assert [len(stimulus["fixations"]) for stimulus in data.values()] == [1]


def test_how_an_own_set_shows_itself(own: Path) -> None:
    assert repr(load_dataset("./own")) == f"<own@1: 1 images in {own.absolute()}>"
    assert "5 %" in Card.of("folder").pixel_rule
