"""Networks of torch as classifiers: preparation, batches, names, weights, and what is left as it was."""

import csv
import json
import struct
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from saliency_eval.classifiers import load_classifier, open_classifier
from saliency_eval.classifiers.networks import is_short_of_memory
from saliency_eval.errors import SaliencyEvalError

torch = pytest.importorskip("torch")

FILE = """
import torch
from torch import nn

class Ready(nn.Module):
    def __init__(self):
        super().__init__()
        self.input_size = 6
        self.register_buffer("mean", torch.tensor([0.5, 0.25, 0.125]).view(3, 1, 1))
        self.register_buffer("std", torch.tensor([0.5, 0.5, 0.25]).view(3, 1, 1))
        self.head = nn.Linear(3, 4)
        with torch.no_grad():
            self.head.weight.copy_(torch.arange(12.0).view(4, 3) / 8)
            self.head.bias.zero_()

    def forward(self, images):
        return self.head(((images - self.mean) / self.std).mean((2, 3)))

class Bare(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop, self.head = nn.Dropout(0.5), nn.Linear(3, 4)
        with torch.no_grad():
            self.head.weight.copy_(torch.arange(12.0).view(4, 3) / 8)
            self.head.bias.zero_()

    def forward(self, images):
        return self.drop(self.head(images.mean((2, 3))))

def ready():
    return Ready()

def bare():
    return Bare()

def said():
    return Bare()

said.input_size, said.mean, said.std = 6, (0.5, 0.25, 0.125), (0.5, 0.5, 0.25)

def as_timm():
    net = Bare()
    net.pretrained_cfg = {"input_size": (3, 6, 6), "mean": (0.5, 0.25, 0.125), "std": (0.5, 0.5, 0.25)}
    return net

def fixed():
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 5 * 5, 4))

class Strict(Bare):
    def forward(self, images):
        assert images.shape[2] == 7, "other sides"

def strict():
    return Strict()
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "nets.py"
    path.write_text(FILE)
    return path


BATCH = np.random.default_rng(3).random((5, 6, 6, 3)).astype(np.float32)
HEAD = np.arange(12.0).reshape(4, 3) / 8


def expected(batch, mean=(0.5, 0.25, 0.125), std=(0.5, 0.5, 0.25)):
    logits = ((batch.astype(np.float64) - mean) / std).mean((1, 2)) @ HEAD.T
    return logits - np.log(np.exp(logits).sum(1, keepdims=True))


@pytest.mark.parametrize("factory", ["ready", "said", "as_timm"])
def test_preparation_inside_by_the_factory_or_by_timm(file, factory):
    found = load_classifier(f"{file}:{factory}", device="cpu")
    assert (found.input_size, found.mean, found.kind) == ((6, 6), (0.5, 0.25, 0.125), "logits")
    assert found.problems == ()
    assert found.log_probabilities(BATCH) == pytest.approx(expected(BATCH), abs=1e-5)


def test_preparation_that_is_assumed(file):
    found = load_classifier(f"{file}:bare", device="cpu")
    assert found.input_size == (224, 224)
    assert found.log_probabilities(BATCH) == pytest.approx(
        expected(BATCH, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)), abs=1e-5
    )
    [problem] = found.problems
    assert (problem.code, problem.severity) == ("assumed", "warning")
    assert (
        "input_size = 224, mean = (0.485, 0.456, 0.406), std = (0.229, 0.224, 0.225) is assumed"
        in problem.message
    )


@pytest.mark.parametrize("name", ["fixed", "strict"])
def test_a_network_that_cannot_take_its_size(file, name):
    with pytest.raises(SaliencyEvalError, match="must take RGB images of 224x224") as error:
        load_classifier(f"{file}:{name}", device="cpu")
    assert error.value.code == "classifier"
    assert "\n" not in str(error.value)


def test_a_network_of_the_caller_is_left_as_it_was(file):
    sys.path.insert(0, str(file.parent))
    try:
        import nets
    finally:
        sys.path.remove(str(file.parent))
        sys.modules.pop("nets", None)
    net = nets.Bare().train()
    net.input_size, net.mean, net.std = 6, (0, 0, 0), (1, 1, 1)
    state = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    torch.manual_seed(4)
    random, threads = torch.get_rng_state(), torch.get_num_threads()
    seen = open_classifier(net)
    first, second = seen(BATCH), seen(BATCH)
    assert first.tolist() == second.tolist()  # no dropout
    assert all(part.training for part in net.modules())
    assert all(one.requires_grad for one in net.parameters())
    assert all(torch.equal(state[name], tensor) for name, tensor in net.state_dict().items())
    assert torch.equal(random, torch.get_rng_state())
    assert torch.get_num_threads() == threads
    assert torch.is_grad_enabled()
    assert seen.name.startswith("Bare#")


def test_a_network_of_a_factory_needs_no_gradients(file):
    found = load_classifier(f"{file}:said", device="cpu")
    assert not found.module.training
    assert not any(one.requires_grad for one in found.module.parameters())


def test_the_name_tells_weights_and_preparation_apart(file):
    names = [
        load_classifier(f"{file}:{factory}", device="cpu").name for factory in ("said", "as_timm", "bare")
    ]
    assert names[0].partition("#")[2] == names[1].partition("#")[2] != names[2].partition("#")[2]
    net = load_classifier(f"{file}:said", device="cpu").module
    net.head.bias[0] = 1e-7
    torch.save(net.state_dict(), file.with_name("w.pt"))
    assert load_classifier(f"{file}:said", device="cpu", weights=file.with_name("w.pt")).name != names[0]


def test_batches_that_do_not_fit_are_halved_and_give_the_same(file):
    found = load_classifier(f"{file}:ready", device="cpu")
    batch = np.random.default_rng(4).random((70, 6, 6, 3)).astype(np.float32)
    plain, sizes = found(batch), []
    forward = found.module.forward

    def scarce(images):
        sizes.append(len(images))
        if len(images) > 9:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return forward(images)

    found.module.forward = scarce
    assert found(batch) == pytest.approx(plain, abs=1e-6)
    assert sizes == [32, 16] + [8] * 8 + [6]
    found.module.forward = lambda images: scarce(images.repeat(10, 1, 1, 1))
    with pytest.raises(RuntimeError, match="out of memory"):
        found(batch)


def test_libraries_of_a_gpu_say_in_their_own_words_that_memory_is_short():
    assert is_short_of_memory(
        RuntimeError("cusolver error: CUSOLVER_STATUS_ALLOC_FAILED, when calling `cusolverDn`")
    )
    assert not is_short_of_memory(RuntimeError("cusolver error: CUSOLVER_STATUS_INVALID_VALUE"))


def test_no_such_device(file):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(SaliencyEvalError, match="device=cuda needs a GPU") as error:
        load_classifier(f"{file}:ready", device="cuda")
    assert (error.value.code, error.value.exit_code) == ("needs_extra", 5)


# ------------------------------------------------------------------ weights


def write_safetensors(path, arrays):
    header, content = {"__metadata__": {"by": "a test"}}, b""
    for name, array in arrays.items():
        raw = np.asarray(array, np.float32).tobytes()
        offsets = [len(content), len(content) + len(raw)]
        header[name] = {"dtype": "F32", "shape": list(np.shape(array)), "data_offsets": offsets}
        content += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content)


@pytest.mark.parametrize("form", ["safetensors", "state", "checkpoint"])
def test_weights_of_a_file(file, form):
    state = {"head.weight": torch.tensor(HEAD[::-1].copy(), dtype=torch.float32), "head.bias": torch.zeros(4)}
    path = file.with_name("w.safetensors" if form == "safetensors" else "w.pth")
    if form == "safetensors":
        write_safetensors(path, {name: tensor.numpy() for name, tensor in state.items()})
    else:
        torch.save(state if form == "state" else {"state_dict": state, "epoch": 3}, path)
    found = load_classifier(f"{file}:said", device="cpu", weights=path)
    assert found.log_probabilities(BATCH) == pytest.approx(expected(BATCH)[:, ::-1], abs=1e-5)


class Evil:
    def __reduce__(self):
        return (exec, ("import sys; sys.evil = True",))


@pytest.mark.parametrize("content", ["nothing", "noise", "evil", "list", "header", "outside"])
def test_weights_that_cannot_be_read(file, content):
    path = file.with_name("w.safetensors" if content in ("header", "outside") else "w.pt")
    if content in ("evil", "list"):
        torch.save({"head.weight": Evil()} if content == "evil" else [torch.zeros(3)], path)
    elif content == "outside":
        text = json.dumps({"head.bias": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
        path.write_bytes(struct.pack("<Q", len(text)) + text)
    elif content != "nothing":
        path.write_bytes(b"\xff" * 40)
    with pytest.raises(SaliencyEvalError) as error:
        load_classifier(f"{file}:said", device="cpu", weights=path)
    assert error.value.code == ("not_available" if content == "nothing" else "unreadable")
    assert error.value.exit_code == 4
    assert "\n" not in str(error.value)
    assert not hasattr(sys, "evil")


@pytest.mark.parametrize(
    "arrays", [{"head.weight": np.zeros((4, 3))}, {"head.weight": np.zeros((5, 3)), "head.bias": np.zeros(5)}]
)
def test_weights_that_do_not_fit(file, arrays):
    path = file.with_name("w.safetensors")
    write_safetensors(path, arrays)
    with pytest.raises(SaliencyEvalError, match="must fit said") as error:
        load_classifier(f"{file}:said", device="cpu", weights=path)
    assert (error.value.code, error.value.exit_code) == ("classifier", 4)
    assert "\n" not in str(error.value)
    assert "head." in str(error.value)


def test_another_number_of_names_than_classes(file, tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("a\nb\nc\n")
    with pytest.raises(SaliencyEvalError, match="must know 3 classes, as many as are named, got 4 columns"):
        load_classifier(f"{file}:said", device="cpu", class_names=names)


def test_torch_is_not_imported_before_it_is_needed():
    code = "import sys, saliency_eval.classifiers, saliency_eval.randomisation; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# ------------------------------------------------------------------ libraries


def saved(module, path):
    torch.save(module.state_dict(), path)
    return path


@pytest.mark.slow
def test_a_network_of_timm(needs_torchvision_operators, tmp_path):
    timm = pytest.importorskip("timm")
    weights = saved(timm.create_model("test_vit.r160_in1k", pretrained=False), tmp_path / "w.pt")
    found = load_classifier("timm:test_vit.r160_in1k", device="cpu", weights=weights)
    assert (found.input_size, found.mean) == ((160, 160), (0.5, 0.5, 0.5))
    assert found.name.startswith("test_vit.r160_in1k#")
    assert found(np.zeros((1, 160, 160, 3), np.float32)).shape == (1, 1000)


@pytest.mark.slow
def test_a_network_of_torchvision(needs_torchvision_operators, tmp_path):
    models = pytest.importorskip("torchvision.models")
    weights = saved(models.squeezenet1_1(num_classes=1000), tmp_path / "w.pt")
    found = load_classifier("torchvision:squeezenet1_1", device="cpu", weights=weights)
    assert (found.input_size, found.mean, found.problems) == ((224, 224), (0.485, 0.456, 0.406), ())
    assert found.name.startswith("squeezenet1_1#")
    with pytest.raises(SaliencyEvalError, match="torchvision:squeezenet9 raised ValueError") as error:
        load_classifier("torchvision:squeezenet9", device="cpu", weights=weights)
    assert error.value.code == "classifier"


# ------------------------------------------------------------------ real networks


def framed(path, size):
    """As `check.py` of the shared classifiers prepares images: shorter side to 8/7, central square."""
    image = Image.open(path).convert("RGB")
    scale = size * 8 / 7 / min(image.size)
    width, height = (max(size, round(side * scale)) for side in image.size)
    left, top = (width - size) // 2, (height - size) // 2
    image = image.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(image.crop((left, top, left + size, top + size)), np.float32) / 255


@pytest.mark.parametrize("name", ["mobilenet_v1_025_128", "squeezenet1_0"])
def test_real_networks_answer_as_recorded(shared, name):
    folder = shared / "classifiers"
    found = load_classifier(f"{folder / 'nets.py'}:{name}", device="cpu")
    assert found.name.startswith(f"{name}#")
    assert len(found.class_names) == 1000
    with open(folder / "expected_100.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))[::10]
    images = [
        framed(shared / "data" / "ImageNet_samples" / row["image"], found.input_size[0]) for row in rows
    ]
    answers = found(np.stack(images))
    for row, p in zip(rows, answers, strict=True):
        assert p.argmax() == int(row[f"{name}_top1"])
        assert p[int(row["class"])] == pytest.approx(float(row[f"{name}_p"]), abs=6e-5)
        assert found.columns[row["image"].partition("_")[0]] == int(row["class"])
