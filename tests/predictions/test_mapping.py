"""Arrays and functions as predictions, under the same checks as files."""

import numpy as np
import pytest

from saliency_eval.errors import SaliencyEvalError
from saliency_eval.predictions import MappingPredictions, open_predictions

from .cases import GOOD, IDS, MAP, SHAPE, findings


def test_good_mapping() -> None:
    found = findings(GOOD, name="ours")
    assert not found.problems
    for id, values in GOOD.items():
        np.testing.assert_array_equal(found.readings[id].values, values)
    predictions = open_predictions(GOOD)
    assert len({predictions.fetch(id).sha256 for id in IDS}) == len(IDS)


def test_function() -> None:
    predictions = open_predictions(GOOD.__getitem__, name="ours")
    assert predictions.match(IDS) == []
    assert predictions.has("i01")
    np.testing.assert_array_equal(predictions.fetch("i01").read(SHAPE).values, MAP)


def test_an_exception_of_the_function_is_passed_on() -> None:
    def model(id: str) -> None:
        raise ZeroDivisionError(id)

    predictions = open_predictions(model)
    assert predictions.name == "model"
    with pytest.raises(ZeroDivisionError):
        predictions.fetch("i01").read(SHAPE)


def test_names() -> None:
    found = findings({**{k: v for k, v in GOOD.items() if k != "i03"}, "zz": MAP, 7: MAP})
    assert found.errors == {"missing"}
    assert "1 of 6" in found.text("missing")
    assert "i03" in found.text("missing")
    assert "2 extra" in found.text("extra")


def test_names_with_an_extension() -> None:
    [problem, _] = open_predictions({f"{id}.png": MAP for id in IDS}).match(IDS)
    assert problem.remedy == "names have no extension: i01, not i01.png"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (np.full(SHAPE, np.nan), "non_finite"),
        (MAP.T, "wrong_size"),
        (MAP.astype(complex), "dtype"),
        (MAP.astype(object), "dtype"),
        (np.ma.masked_array(MAP, MAP > 9), "dtype"),
        (np.stack([MAP] * 3), "shape"),
        ("text", "dtype"),
        (None, "dtype"),
        (np.zeros((0, 0)), "shape"),
        ([[1, 2], [3]], "unreadable"),
    ],
)
def test_refused(value: object, code: str) -> None:
    with pytest.raises(SaliencyEvalError, match=r"^error.*: i01: ") as error:
        MappingPredictions({"i01": value}).fetch("i01").read(SHAPE)
    assert error.value.code == code
    assert error.value.problems[0].image == "i01"


def test_something_else_is_no_source() -> None:
    with pytest.raises(SaliencyEvalError, match="int"):
        open_predictions(7)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["function", "mapping"])
def test_an_exception_keeps_its_type_and_names_the_image(kind: str) -> None:
    class Failing(dict[str, object]):
        def __getitem__(self, id: str) -> object:
            raise ZeroDivisionError("no")

    source = Failing(i01=1) if kind == "mapping" else Failing().__getitem__
    with pytest.raises(ZeroDivisionError, match=r"^no\b") as error:
        open_predictions(source).fetch("i01").read(SHAPE)
    assert error.value.__notes__ == ["while predicting image i01"]


def test_remedies_are_those_of_python_too() -> None:
    found = findings({f"{id}_pred": values for id, values in GOOD.items()})
    assert 'on_missing="constant"' in found.text("missing")
    assert "--suffix" not in found.text("missing")
    with pytest.raises(SaliencyEvalError, match='on_missing="constant"'):
        open_predictions({}).fetch("i01").read(SHAPE)


def test_order_is_kept() -> None:
    assert open_predictions(GOOD).order(IDS[::-1]) == IDS[::-1]
