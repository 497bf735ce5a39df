"""Mistakes that circulate: each is made here, and the other tests' checks find it."""

import pytest
import torch
import torchvision
from agreement import assert_agrees, shapes_after
from torch import nn

import resnet_lab as rl
from resnet_lab import modules
from resnet_lab.models import BasicBlock, build

pytestmark = pytest.mark.usefixtures("one_thread")


SMALL = rl.ResNet("bottleneck", (2, 2), (4, 8), classes=3)


def refused(model, net, shape=(3, 32, 32)):
    """Whether the comparison with trace finds something wrong."""
    try:
        assert_agrees(model, rl.trace(net, shape))
    except AssertionError:
        return True
    return False


def test_a_1x1_convolution_with_kernel_3(monkeypatch):
    right = build(SMALL)
    monkeypatch.setattr(
        modules, "conv1x1", lambda a, b, stride=1, dims=2: nn.Conv2d(a, b, 3, stride, 1, bias=False)
    )
    wrong, x = build(SMALL), torch.zeros(1, 3, 32, 32)
    assert shapes_after(right, x) == shapes_after(wrong, x)  # nothing shows from outside
    assert not refused(right, SMALL) and refused(wrong, SMALL)


@pytest.mark.parametrize("misspelt", [dict(kernel=3), dict(kernel_size=3, biase=False)])
def test_misspelt_arguments(misspelt):
    with pytest.raises(TypeError):
        nn.Conv2d(4, 4, **misspelt)


def test_the_stride_in_both_convolutions():
    net = rl.ResNet("basic", (1, 1), (4, 8), classes=3)
    model = build(net)
    model.layer2[0].conv2.stride = (2, 2)
    with pytest.raises(RuntimeError, match="must match"):
        model(torch.zeros(2, 3, 32, 32))
    # Without a shortcut nothing complains, and the image is a quarter of what it should be.
    net = rl.ResNet("basic", (1, 1), (4, 8), classes=3, shortcut="none")
    model = build(net)
    assert not refused(model, net)
    model.layer2[0].conv2.stride = (2, 2)
    assert refused(model, net)


class AddsTooEarly(BasicBlock):
    def forward(self, x):
        out += x  # noqa: F821
        out = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(out)))


class NeverAdds(BasicBlock):
    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(out)))


def test_the_input_is_never_added():
    x = torch.randn(2, 4, 6, 6)
    with pytest.raises(UnboundLocalError):
        AddsTooEarly(4, 4)(x)
    for block, adds in ((BasicBlock(4, 4), True), (NeverAdds(4, 4), False)):
        nn.init.zeros_(block.bn2.weight)
        assert torch.equal(block(x), x.relu()) == adds


def test_pre_activation_without_the_final_batchnorm_and_relu():
    net = rl.ResNet("basic", (1, 1), (4, 8), classes=3, version=2)
    model = build(net)
    assert not refused(model, net)
    del model.bn, model.relu
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 3)  # it runs
    assert refused(model, net)


def test_a_bias_before_batchnorm():
    net = rl.ResNet("basic", (1,), (4,), classes=3)
    model = build(net)
    model.conv1 = nn.Conv2d(3, 4, 7, 2, 3, bias=True)
    assert refused(model, net)
    # It is dead weight: BatchNorm removes whatever it is, and so it has no gradient.
    x = torch.randn(4, 3, 16, 16)
    before = model.train()(x)
    nn.init.constant_(model.conv1.bias, 10)
    torch.testing.assert_close(model(x), before, rtol=1e-4, atol=1e-4)
    model(x).square().sum().backward()
    assert model.conv1.bias.grad.abs().max() < 1e-4 * model.conv1.weight.grad.abs().max()


def test_a_projection_without_batchnorm():
    with torch.device("meta"):
        model, other = build(rl.resnet(18)), torchvision.models.resnet18()
    del model.layer2[0].downsample[1]
    with pytest.raises(RuntimeError, match="layer2.0.downsample.1"):
        other.load_state_dict(model.state_dict(), strict=True, assign=True)


def test_seven_by_seven_costs_what_three_3x3_cost():
    one = nn.Conv2d(10, 10, 7, bias=False)
    three = nn.Sequential(*[nn.Conv2d(10, 10, 3, bias=False) for _ in range(3)])
    x = torch.zeros(1, 10, 20, 20)
    assert one(x).shape == three(x).shape
    assert [sum(p.numel() for p in model.parameters()) for model in (one, three)] == [
        49 * 100,
        27 * 100,
    ]


def test_eleven_million_parameters_called_the_papers_cifar_network():
    """The paper's table 6: ResNet-20 has 0.27 million."""
    millions = [
        sum(parameter.numel() for parameter in build(net).parameters()) / 1e6
        for net in (rl.cifar_resnet(20), rl.resnet18_small())
    ]
    assert [f"{count:.2f}" for count in millions] == ["0.27", "11.17"]
