"""Paths, lesions and the landscape, against single paths by autograd and what must not change."""

import itertools

import pytest
import torch
from bad_input import refused
from torch import nn
from torch.nn.functional import cross_entropy

import resnet_lab as rl
from resnet_lab.landscape import directions, loss_at, plane
from resnet_lab.models import build
from resnet_lab.paths import blocks, branches, lesions, path_shares, responses

IMAGES = torch.randn(6, 1, 8, 8, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(6)


def network(shortcut="A", depths=(2, 1), **settings):
    torch.manual_seed(1)
    net = rl.ResNet("basic", depths, (8, 16)[: len(depths)], shortcut=shortcut, stem="3x3",
                    in_channels=1, classes=10, **settings)  # fmt: skip
    model = build(net).train()
    model(IMAGES)  # BatchNorm has seen something
    return model.eval()


@pytest.mark.parametrize("settings", [{}, {"shortcut": "B"}, {"version": 2}])
def test_shares_are_the_sums_over_single_paths(settings):
    """Each of the eight paths is followed by itself: what it does not take is detached."""
    model = network(**settings).double()
    kept = []
    parts = list(blocks(model).values())
    parts[0].register_forward_pre_hook(lambda _, inputs: kept.append(inputs[0]))
    sums = [0.0] * 4
    for taken in itertools.product((False, True), repeat=3):
        for block, through in zip(parts, taken, strict=True):

            def join(branch, x, block=block, through=through):
                shortcut = block.downsample(x)
                return branch + shortcut.detach() if through else branch.detach() + shortcut

            block.join = join
        loss = cross_entropy(model(IMAGES.double()), LABELS)
        (found,) = torch.autograd.grad(loss, kept.pop())
        sums[sum(taken)] = sums[sum(taken)] + found.flatten()
    for block in parts:
        del block.join
    whole = sum(sums)
    expected = [float(part @ whole / (whole @ whole)) for part in sums]
    assert path_shares(model, IMAGES, LABELS) == pytest.approx(expected, abs=1e-9)
    assert sum(expected) == pytest.approx(1)


def test_a_residual_block_that_is_off_is_one_whose_last_scale_is_zero():
    model, same = network("B"), network("B")
    found = {each.name: each for each in lesions(model, IMAGES, LABELS)}
    for name in ("layer1.1", "layer2.0"):
        same.load_state_dict(model.state_dict())
        last = same.get_submodule(name).bn2
        nn.init.zeros_(last.weight), nn.init.zeros_(last.bias)
        with torch.no_grad():
            logits = same(IMAGES)
        assert found[name].loss == pytest.approx(float(cross_entropy(logits, LABELS)), rel=1e-5)
        assert found[name].error == pytest.approx(
            float((logits.argmax(1) != LABELS).float().mean())
        )
    with torch.no_grad():
        assert found[""].loss == pytest.approx(float(cross_entropy(model(IMAGES), LABELS)))


def test_a_plain_block_that_is_off_hands_its_input_on():
    model = network("none")
    found = {each.name: each.loss for each in lesions(model, IMAGES, LABELS)}
    model.layer1[1] = nn.Identity()  # its input is not negative: the ReLU does nothing
    with torch.no_grad():
        assert found["layer1.1"] == pytest.approx(float(cross_entropy(model(IMAGES), LABELS)))
    assert len(found) == 4


def test_responses_are_what_batchnorm_gives():
    model = network("none", (2,))
    found = responses(model, IMAGES)
    with torch.no_grad():
        x = model.relu(model.bn1(model.conv1(IMAGES)))
        first = model.layer1[0]
        middle = first.bn1(first.conv1(x))
        last = first.bn2(first.conv2(torch.relu(middle)))
    assert list(found)[:2] == ["layer1.0.bn1", "layer1.0.bn2"] and len(found) == 4
    assert list(found.values())[:2] == pytest.approx([float(middle.std()), float(last.std())])


def test_directions_are_as_long_as_the_filters_and_the_model_stays():
    model = network()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    axes = directions(model, 3)
    for axis in axes:
        assert "bn1.weight" not in axis and "fc.bias" not in axis
        for name, numbers in axis.items():
            own = model.get_parameter(name).detach().flatten(1).norm(dim=1)
            assert torch.allclose(numbers.flatten(1).norm(dim=1), own, rtol=1e-5)
    assert not torch.equal(axes[0]["conv1.weight"], axes[1]["conv1.weight"])
    loss_at(model, IMAGES, LABELS, axes, (0.3, -0.2))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    with torch.no_grad():
        expected = float(cross_entropy(model.train()(IMAGES), LABELS))
    assert loss_at(model, IMAGES, LABELS, axes, (0, 0)) == pytest.approx(expected)


def test_under_batchnorm_the_length_of_the_filters_does_not_change_the_picture():
    model = network().double()
    pictures = []
    for factor in (1, 10):
        with torch.no_grad():
            for module in model.modules():
                if isinstance(module, nn.Conv2d):
                    module.weight *= factor
                if isinstance(module, nn.BatchNorm2d):
                    module.eps = 1e-12
        pictures.append(torch.tensor(plane(model, IMAGES.double(), LABELS, 3, 0.5)))
    assert torch.allclose(*pictures, rtol=1e-6)
    assert pictures[0].std() > 0.01


def off(name):
    with branches(network(), 0, name):
        pass


test_bad_input_is_refused = refused(
    (lambda: off("layer9.0"), ValueError, "'layer9.0'", "layer1.0, layer1.1, layer2.0"),
    (lambda: plane(network(), IMAGES, LABELS, 4), ValueError, "4", "odd"),
)
