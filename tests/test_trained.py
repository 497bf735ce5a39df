"""The weights that come with the package: their format, and how well they do."""

import json
from pathlib import Path

import pytest
from everything import only_with_everything

import resnet_lab as rl
from resnet_lab import trained

torch = pytest.importorskip("torch")

from resnet_lab.data import load  # noqa: E402
from resnet_lab.models import build  # noqa: E402
from resnet_lab.sources import FASHION_DEBIAN  # noqa: E402
from resnet_lab.training import evaluate  # noqa: E402

RESULTS = Path(__file__).parents[1] / "experiments" / "results" / "trained_networks.json"
EVERY = pytest.mark.parametrize("name", ["plain20", "resnet20"])


def recorded(name):
    """The run of that network, as it was recorded."""
    runs = json.loads(RESULTS.read_text())["runs"]
    return next(run for run in runs if run["network"] == name)


def opened(name):
    model = build(rl.named(name, in_channels=1))
    model.load_state_dict(trained.load_weights(name))
    return model


@EVERY
def test_the_packages_test_images_are_answered_as_the_whole_set_was(name):
    """A thousand of the ten thousand: the error may differ by four standard deviations."""
    found = evaluate(opened(name), load("fashion-mnist-small"), "test", precision="float32")
    expected = recorded(name)["test_error_int8"]
    print(f"{name}: {found['error']:.1%} of 1,000 wrong, {expected:.2%} of 10,000")
    assert abs(found["error"] - expected) < 4 * (expected * (1 - expected) / 1000) ** 0.5


@pytest.mark.slow
@pytest.mark.skipif(not FASHION_DEBIAN.exists(), reason="it needs the whole of Fashion-MNIST")
@pytest.mark.parametrize("name", ["resnet20", pytest.param("plain20", marks=only_with_everything)])
def test_the_whole_set_is_answered_as_recorded(name):
    found = evaluate(opened(name), load("fashion-mnist"), "test", precision="float32")
    assert found["error"] == pytest.approx(recorded(name)["test_error_int8"], abs=3e-4)


@EVERY
def test_rounding_costs_next_to_nothing(name):
    run = recorded(name)
    assert abs(run["test_error_int8"] - run["test_error"]) < 0.002
    assert run["test_error_int8"] < 0.08  # the goal
    assert run["bytes"] == (trained.FOLDER / f"{name}.weights").stat().st_size < 290_000


def test_a_weight_moves_by_half_a_step_at_most(tmp_path):
    torch.manual_seed(0)
    model = build(rl.named("resnet20", in_channels=1))
    model(torch.randn(4, 1, 28, 28))
    state = model.state_dict()
    state["conv1.weight"][3] = 0
    file = tmp_path / "a.weights"
    file.write_bytes(trained.pack(state, {"network": "resnet20"}))
    again = trained.unpack(file)
    assert again.keys() == state.keys()
    for name, tensor in state.items():
        if tensor.dim() < 2:
            assert torch.equal(again[name], tensor), name
        else:
            steps = tensor.flatten(1).abs().amax(1) / 127
            moved = (again[name] - tensor).flatten(1).abs().amax(1)
            assert (moved <= steps * 0.5001).all(), name


def test_other_names_are_refused():
    with pytest.raises(ValueError, match="'resnet18'; there are plain20, resnet20"):
        trained.load_weights("resnet18")
