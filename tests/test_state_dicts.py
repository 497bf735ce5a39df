"""State dicts, logits and gradients against torchvision's own networks."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812  (PyTorch's own name for it)
import torchvision
from networks import NAMED
from random_weights import made
from torch import nn
from torchvision.models import resnet as theirs

import resnet_lab as rl
from resnet_lab.models import build

pytestmark = pytest.mark.usefixtures("one_thread")


class Zero(nn.Module):
    def forward(self, x):
        return 0


class SubsampleAndPad(nn.Module):
    def __init__(self, channels, stride):
        super().__init__()
        self.channels, self.stride = channels, stride

    def forward(self, x):
        x = F.max_pool2d(x, 1, self.stride)
        zeros = x.new_zeros(x.shape[0], self.channels - x.shape[1], *x.shape[2:])
        return torch.cat((x, zeros), 1)


def twin(net):
    """The network that `net` describes, put together from torchvision's ResNet and its blocks."""
    if isinstance(net, rl.VGG):
        return getattr(torchvision.models, f"vgg{net.depth}")(num_classes=net.classes)
    block = {"basic": theirs.BasicBlock, "bottleneck": theirs.Bottleneck}[net.block]
    model = theirs.ResNet(block, (*net.depths, 1)[:4], num_classes=net.classes)
    if net.widths != (64, 128, 256, 512):
        model.inplanes = net.widths[0]
        model.bn1 = nn.BatchNorm2d(net.widths[0])
        for number in (1, 2, 3):
            stage = model._make_layer(
                block, net.widths[number - 1], net.depths[number - 1], min(number, 2)
            )
            setattr(model, f"layer{number}", stage)
        model.layer4 = nn.Identity()
        model.fc = nn.Linear(model.inplanes, net.classes)
    if net.stem == "3x3":
        model.conv1 = nn.Conv2d(net.in_channels, net.widths[0], 3, padding=1, bias=False)
        model.maxpool = nn.Identity()
    elif net.in_channels != 3:
        model.conv1 = nn.Conv2d(net.in_channels, 64, 7, 2, 3, bias=False)
    for module in model.modules():
        if isinstance(module, block):
            if net.version == 1 and isinstance(module, theirs.Bottleneck):
                module.conv1.stride, module.conv2.stride = module.conv2.stride, (1, 1)
            if net.shortcut == "none":
                module.downsample = Zero()
            elif net.shortcut == "A" and module.downsample is not None:
                module.downsample = SubsampleAndPad(
                    module.downsample[0].out_channels, module.downsample[0].stride
                )
            elif net.shortcut == "C" and module.downsample is None:
                width = module.conv1.in_channels
                module.downsample = nn.Sequential(
                    nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width)
                )
    return model


def both(net):
    """Our model and torchvision's with the same numbers, loaded there and back, strictly."""
    ours = made(lambda: build(net))
    with torch.device("meta"):
        other = twin(net)
    other.load_state_dict(ours.state_dict(), strict=True, assign=True)
    ours.load_state_dict(other.state_dict(), strict=True)
    return ours, other


VARIANTS = {
    "resnet50, version 1": rl.resnet(50, version=1),
    "resnet34, A": rl.resnet(34, shortcut="A"),
    "resnet34, C": rl.resnet(34, shortcut="C"),
    "resnet20, B": rl.cifar_resnet(20, shortcut="B"),
    "resnet18, one channel": rl.resnet(18, in_channels=1, classes=10),
}


@pytest.mark.parametrize(
    "net", [*map(rl.named, NAMED), *VARIANTS.values()], ids=[*NAMED, *VARIANTS]
)
def test_state_dict_logits_and_gradients_are_torchvisions(net):
    ours, other = both(net)
    x = torch.randn(2, net.in_channels, 64, 64)
    with torch.no_grad():
        logits = ours.eval()(x)
        torch.testing.assert_close(logits, other.eval()(x), rtol=1e-5, atol=1e-5)
    assert logits.std() > 0.01  # and not only equal because nothing arrives

    for model in (ours.train(), other.train()):
        torch.manual_seed(1)  # for VGG's dropout
        model(x).square().mean().backward()
    expected = dict(other.named_parameters())
    for name, parameter in ours.named_parameters():
        scale = expected[name].grad.abs().max().item() + 1e-12
        torch.testing.assert_close(
            parameter.grad / scale, expected[name].grad / scale, rtol=1e-4, atol=1e-4, msg=name
        )


def test_logits_at_224():
    ours, other = both(rl.resnet(50))
    x = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(x), other.eval()(x), rtol=1e-5, atol=1e-5)


def test_parameters_stand_in_torchvisions_order():
    """So that the states of optimizers, which go by position, fit as well."""
    with torch.device("meta"):
        assert [name for name, _ in build(rl.resnet(50)).named_parameters()] == [
            name for name, _ in torchvision.models.resnet50().named_parameters()
        ]
