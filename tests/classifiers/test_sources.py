"""Classifiers by name: factories in files, class names, and everything that can be wrong with them."""

import json
import os
import sys

import numpy as np
import pytest

from saliency_eval.classifiers import load_classifier, weights
from saliency_eval.classifiers.load import read_names
from saliency_eval.classifiers.networks import colour_of, size_of
from saliency_eval.errors import SaliencyEvalError

FILE = """
import os
import sys
import numpy as np
from dataclasses import dataclass
from beside_it import HALF
from saliency_eval.classifiers import Classifier

@dataclass
class Half:
    classes: int = 2
    def __call__(self, batch):
        return np.full((len(batch), self.classes), HALF)

def function():
    return Half()

function.input_size = 32, 48
function.mean = 0.5, 0.25, 0.125

def ready():
    return Classifier(Half(), "its|own")

def nameless():
    return Classifier(Half(), class_names=["a", "b"])

def raises():
    raise ValueError("no such\\nweights")

def leaves():
    raise SystemExit(3)

def lacks():
    import not_a_module_at_all

def nothing():
    return None

def ends():
    raise GeneratorExit("for good")

def moves():
    os.chdir("/")
    sys.path.clear()
    return Half()

class Half2(Half):
    def class_names(self):
        raise ValueError("no names")

def unnamed():
    return Half2()

constant = 3

def class_names():
    return [("n1", "one"), ("n2", "two")]
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "beside_it.py").write_text("HALF = 0.5\n")
    path = tmp_path / "nets.py"
    path.write_text(FILE)
    yield path
    sys.modules.pop("beside_it", None)


BATCH = np.zeros((3, 32, 48, 3), np.float32)


def test_a_factory_of_a_function(file):
    path = list(sys.path)
    found = load_classifier(f"{file}:function")
    assert found(BATCH).tolist() == [[0.5, 0.5]] * 3
    assert (found.input_size, found.mean, found.kind) == ((32, 48), (0.5, 0.25, 0.125), "probabilities")
    assert found.class_names == ("n1", "n2")
    assert sys.path == path
    assert found.name.startswith("function#")
    assert len(found.name) == len("function#") + 8


def test_the_name_changes_with_the_file_and_what_it_imports_beside_it(file):
    before = load_classifier(f"{file}:function").name
    assert load_classifier(f"{file}:function").name == before
    file.with_name("beside_it.py").write_text("HALF = 0.25\n")
    other = load_classifier(f"{file}:function").name
    file.write_text(FILE + "\n# changed\n")
    assert len({before, other, load_classifier(f"{file}:function").name}) == 3


def test_a_factory_of_a_classifier_keeps_what_it_says(file):
    assert load_classifier(f"{file}:ready").name == "its_own"
    assert load_classifier(f"{file}:nameless").name.startswith("nameless#")
    assert load_classifier(f"{file}:nameless").class_names == ("a", "b")


def test_class_names_of_a_file_come_first(file, tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("n7\tseven\nn8\teight\n\n", encoding="utf-8")
    found = load_classifier(f"{file}:nameless", class_names=names)
    assert found.columns == {"n7": 0, "seven": 0, "n8": 1, "eight": 1}
    names.write_text("a class of blanks\nother", encoding="utf-8")
    assert load_classifier(f"{file}:nameless", class_names=names).columns == {
        "a class of blanks": 0,
        "other": 1,
    }


def refused(spec, **options):
    with pytest.raises(SaliencyEvalError) as error:
        load_classifier(spec, **options)
    assert "\n" not in str(error.value)
    return error.value.code, error.value.exit_code, str(error.value)


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        (
            "raises",
            "classifier",
            r"nets.py:raises raised ValueError: no such\nweights (nets.py, line 28); correct it",
        ),
        ("leaves", "classifier", "nets.py:leaves raised SystemExit: 3"),
        (
            "lacks",
            "needs_extra",
            "needs not_a_module_at_all, which is not installed; pip install not_a_module",
        ),
        ("nothing", "classifier", "must make a classifier, a network or a function of batches, got NoneType"),
        ("functoin", "classifier", "must have a factory 'functoin'. Did you mean function?"),
        ("constant", "classifier", "must have a factory 'constant'"),
        ("ends", "classifier", "nets.py:ends raised GeneratorExit: for good"),
        ("unnamed", "classifier", "nets.py:unnamed raised ValueError: no names"),
    ],
)
def test_factories_that_make_none(file, name, code, words):
    found = refused(f"{file}:{name}")
    assert found[0] == code
    assert words in found[2]


def test_a_factory_that_goes_elsewhere_takes_nobody_along(file, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    here = os.getcwd()
    assert load_classifier(f"{file}:moves")(BATCH).tolist() == [[0.5, 0.5]] * 3
    assert os.getcwd() == here


def test_files_that_are_none(file, tmp_path):
    assert refused(f"{tmp_path}/absent.py:f")[:2] == ("not_available", 4)
    file.write_text("def broken(:")
    assert "raised SyntaxError" in refused(f"{file}:function")[2]


@pytest.mark.parametrize(
    "spec", ["resnet50", "nets.py", "nets.py:", ":f", "", "timm:", "keras:x", "onnx:net.onnx"]
)
def test_texts_of_no_form(spec):
    code, exit, text = refused(spec)
    assert (code, exit) == ("usage", 2)
    assert "must be timm:NAME, torchvision:NAME, or path/to/file.py:factory" in text


def test_weights_of_a_function_and_devices_that_are_none(file, tmp_path):
    code, _, text = refused(f"{file}:function", weights=tmp_path / "w.safetensors")
    assert code == "usage"
    assert "weights need a network of torch" in text
    assert refused(f"{file}:function", device="gpu")[0] == "usage"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"a\n\nb\n", "unreadable"), (b"", "unreadable"), (b"\xff\xfe", "unreadable"), (None, "not_available")],
)
def test_class_names_that_cannot_be_read(file, tmp_path, content, code):
    names = tmp_path / "names.txt"
    if content is not None:
        names.write_bytes(content)
    assert refused(f"{file}:function", class_names=names)[:2] == (code, 4)


@pytest.mark.parametrize("spec", ["timm:resnet18", "torchvision:resnet18"])
def test_no_torch(spec, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    code, exit, text = refused(spec)
    assert (code, exit) == ("needs_extra", 5)
    assert text.endswith("needs torch, which is not installed; pip install 'saliency-eval[torch]'")


def test_libraries_that_are_absent_or_do_not_work(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch", type(sys)("torch"))
    monkeypatch.setitem(sys.modules, "timm", None)
    assert refused("timm:x")[0] == "needs_extra"
    package = tmp_path / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text('raise RuntimeError("operator torchvision::nms does not exist")')
    monkeypatch.syspath_prepend(tmp_path)
    for name in [one for one in sys.modules if one.partition(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)
    code, _, text = refused("torchvision:resnet18")
    assert code == "needs_extra"
    assert "needs a working torchvision, and it cannot be imported: operator torchvision::nms" in text


@pytest.mark.parametrize("names", [b"\xef\xbb\xbfa\nb\n", b"a\r\nb\r\n"])
def test_files_of_names_as_other_systems_write_them(tmp_path, names):
    (tmp_path / "names.txt").write_bytes(names)
    assert read_names(tmp_path / "names.txt") == [("a",), ("b",)]


def test_a_pipe_of_names_or_weights_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for reader in (read_names, weights.read):
        with pytest.raises(SaliencyEvalError, match=r"a pipe \(FIFO\)"):
            reader(tmp_path / "pipe")


@pytest.mark.parametrize("value", ["abc", float("nan"), 10**6, 0, (), {}])
def test_sizes_of_inputs_that_are_none(value):
    with pytest.raises(SaliencyEvalError, match="input_size must be a side"):
        size_of(value)


@pytest.mark.parametrize("last", [[], [9, 0]])  # one that turns back would hide what the others need
def test_tensors_that_share_their_bytes_do_not_fill_the_memory(tmp_path, last, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch, "frombuffer", pytest.fail)
    places = {"a": [0, 9], "b": [0, 9]} | ({"c": last} if last else {})
    header = json.dumps(
        {n: {"dtype": "U8", "shape": [9], "data_offsets": p} for n, p in places.items()}
    ).encode()
    path = tmp_path / "net.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(9))
    with pytest.raises(SaliencyEvalError, match="c lies outside" if last else "need more bytes than it has"):
        weights.read(path)


@pytest.mark.parametrize("value", [(float("nan"),) * 3, (0.5, 0.5, float("inf")), (1, 2), "abc", None])
def test_colours_that_are_none(value):
    with pytest.raises(SaliencyEvalError, match="mean and std must be three numbers"):
        colour_of(value)
