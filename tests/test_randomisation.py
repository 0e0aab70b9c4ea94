"""The randomisation check: what ignores the network stays, what looks at it goes, and the network is as before."""

import itertools

import numpy as np
import pytest
from scipy.stats import spearmanr

import saliency_eval as se
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.randomisation import spearman

torch = pytest.importorskip("torch")
nn = torch.nn


@pytest.fixture
def net():
    with torch.random.fork_rng([]):
        torch.manual_seed(2)
        found = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4),
        )  # fmt: skip
        found(torch.rand(16, 3, 12, 12))  # running statistics that are not those of a new layer
    return found


IMAGES = torch.from_numpy(np.random.default_rng(1).normal(size=(4, 3, 12, 12)).astype(np.float32))
LABELS = torch.tensor([0, 1, 2, 3])
ORDER = ("7", "3", "1", "0")


def gradient(module, images, labels):
    images = images.clone().requires_grad_()
    chosen = module(images).gather(1, labels[:, None]).sum()
    [found] = torch.autograd.grad(chosen, images)
    return found.abs().amax(1)


def magnitude(module, images, labels):
    return images.abs().amax(1)


def test_a_method_that_ignores_the_network_scores_one_everywhere(net):
    found = se.randomisation_check(magnitude, net, IMAGES, LABELS)
    assert found.layers == ORDER
    assert found.spearman.tolist() == found.absolute.tolist() == found.reference.tolist() == [[1.0] * 4] * 4
    assert (found.average, found.average_absolute, found.undefined) == (1.0, 1.0, 0)


def test_the_gradient_loses_what_the_network_had_learned(net):
    found = se.randomisation_check(gradient, net, IMAGES, LABELS)
    assert found.average < 0.5
    assert (found.spearman[-1] < 0.5).all()
    assert found.average == pytest.approx(found.spearman.mean())  # of randomised states alone
    assert (found.reference == 1).all()


def test_correlations_are_those_of_scipy(net):
    before = gradient(net.eval(), IMAGES, LABELS).numpy()
    states = []

    def watched(module, images, labels):
        states.append(gradient(module, images, labels).numpy())
        return states[-1]

    found = se.randomisation_check(watched, net, IMAGES, LABELS)
    assert (states[0] == before).all()
    for state, own in zip(states[1:], found.spearman, strict=True):
        expected = [spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(before, state, strict=True)]
        assert own == pytest.approx(expected, abs=1e-12)


def test_signs_count_unless_the_magnitude_is_compared(net):
    signs = iter([1, -1, 1, -1, -1])

    def turning(module, images, labels):
        return images[:, 0] * next(signs)

    found = se.randomisation_check(turning, net, IMAGES, LABELS)
    assert found.spearman[:, 0].tolist() == [-1, 1, -1, -1]
    assert (found.absolute == 1).all()
    assert found.average == -0.5


def weights_seen(net, order, seed=0):
    """The state of the network in each state of the check."""
    seen = []

    def method(module, images, labels):
        seen.append({name: tensor.clone() for name, tensor in module.state_dict().items()})
        return images[:, 0]

    found = se.randomisation_check(method, net, IMAGES, LABELS, order=order, seed=seed)
    return seen, found


def changed(one, other):
    return {name.partition(".")[0] for name in one if not torch.equal(one[name], other[name])}


def test_orders(net):
    cascade, _ = weights_seen(net, "cascade")
    assert [changed(cascade[0], state) for state in cascade] == [
        set(), {"7"}, {"7", "3"}, {"7", "3", "1"}, {"7", "3", "1", "0"},
    ]  # fmt: skip
    independent, found = weights_seen(net, "independent")
    assert [changed(independent[0], state) for state in independent] == [set(), {"7"}, {"3"}, {"1"}, {"0"}]
    assert found.layers == ORDER
    full, found = weights_seen(net, "full")
    assert len(full) == 2
    assert changed(full[1], cascade[-1]) == set()
    assert found.layers == ("0",)
    assert changed(weights_seen(net, "full", seed=1)[0][1], full[1]) >= {"7", "3", "0"}
    assert changed(independent[2], cascade[2]) == {"7"}  # a layer is drawn alike in every order


def test_new_layers_are_as_their_initialiser_makes_them(net):
    state = weights_seen(net, "full")[0][1]
    assert state["7.weight"].abs().max() <= 8**-0.5
    assert state["1.running_mean"].tolist() == [0] * 8
    assert state["1.running_var"].tolist() == [1] * 8
    assert state["1.num_batches_tracked"] == 0


def test_values_are_shuffled_where_there_is_no_initialiser():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.arange(20.0).view(4, 5))

        def forward(self, images):
            return images

    seen, found = weights_seen(Scaled(), "cascade")
    before, after = (state["scale"] for state in seen)
    assert found.layers == ("network",)
    assert not torch.equal(before, after)
    assert sorted(after.ravel().tolist()) == sorted(before.ravel().tolist())


@pytest.mark.parametrize("order", ["cascade", "independent", "full"])
def test_network_and_random_state_are_as_before(net, order):
    net.train()
    net[3].eval()
    state = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    flags = [part.training for part in net.modules()]
    torch.manual_seed(11)
    np.random.seed(11)
    random, numbers = torch.get_rng_state(), np.random.get_state()[1].tolist()

    def drawing(module, images, labels):
        torch.rand(3)
        np.random.rand(3)
        assert not any(part.training for part in module.modules())
        return gradient(module, images, labels)

    se.randomisation_check(drawing, net, IMAGES, LABELS, order=order)
    assert changed(state, net.state_dict()) == set()
    assert [part.training for part in net.modules()] == flags
    assert torch.equal(torch.get_rng_state(), random)
    assert np.random.get_state()[1].tolist() == numbers
    assert all(one.requires_grad for one in net.parameters())

    def fails(module, images, labels):
        if torch.equal(module[7].weight, state["7.weight"]):
            return images[:, 0]
        raise ValueError("method failed")

    with pytest.raises(ValueError, match="method failed"):
        se.randomisation_check(fails, net, IMAGES, LABELS, order="cascade")
    assert changed(state, net.state_dict()) == set()


def test_what_a_method_draws_is_the_same_in_every_state(net):
    def noise(module, images, labels):
        return torch.rand(images.shape[0], 5, 5) + torch.from_numpy(np.random.rand(5, 5))

    assert (se.randomisation_check(noise, net, IMAGES, LABELS).spearman == 1).all()


def test_maps_of_one_value_are_undefined_and_counted(net):
    def partly(module, images, labels):
        maps = gradient(module, images, labels)
        maps[0] = 3
        return maps

    found = se.randomisation_check(partly, net, IMAGES, LABELS)
    assert np.isnan(found.spearman[:, 0]).all()
    assert np.isfinite(found.spearman[:, 1:]).all()
    assert found.undefined == 4
    assert found.average == pytest.approx(found.spearman[:, 1:].mean())
    said = f"<cascade randomisation of 4 images, 4 states: rank correlation {found.average:.4g}>"
    assert repr(found) == said
    table = found.summary()
    assert table.index.tolist() == list(ORDER)
    assert table["undefined"].tolist() == [1] * 4
    assert table["reference"].tolist() == [1.0] * 4
    own = found.spearman[2, 1:]
    assert table["spearman"].iloc[2] == pytest.approx(own.mean())
    assert table["spearman_se"].iloc[2] == pytest.approx(own.std(ddof=1) / 3**0.5)


def test_ranks():
    assert spearman(np.array([1.0, 1, 2, 3]), np.array([2.0, 1, 3, 4])) == pytest.approx(
        spearmanr([1, 1, 2, 3], [2, 1, 3, 4]).statistic, abs=1e-15
    )
    assert np.isnan(spearman(np.ones(3), np.arange(3.0)))


SIZES = itertools.count(5)


def growing(module, images, labels):
    """Maps of another size each time."""
    return torch.rand(len(images), 5, next(SIZES))


@pytest.mark.parametrize(
    ("method", "options", "code"),
    [
        (magnitude, {"order": "top_down"}, "usage"),
        (lambda module, images, labels: images, {}, "shape"),
        (lambda module, images, labels: images[:2, 0], {}, "shape"),
        (growing, {}, "shape"),
        (lambda module, images, labels: images[:, 0] / 0, {}, "non_finite"),
    ],
)
def test_what_is_refused(net, method, options, code):
    with pytest.raises(SaliencyEvalError) as error:
        se.randomisation_check(method, net, IMAGES, LABELS, **options)
    assert error.value.code == code


def test_a_network_without_weights():
    with pytest.raises(
        SaliencyEvalError, match="a network must have weights to be randomised, ReLU has none"
    ):
        se.randomisation_check(magnitude, nn.ReLU(), IMAGES, LABELS)


def test_what_is_no_network():
    with pytest.raises(SaliencyEvalError, match="module must be a network of torch, got function") as error:
        se.randomisation_check(magnitude, lambda batch: batch, IMAGES, LABELS)
    assert error.value.code == "usage"
