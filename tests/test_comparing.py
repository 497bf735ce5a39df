"""Two networks compared: mistakes phrased, right ones let pass."""

import pytest
import torch
import torchvision
from everything import examples
from hypothesis import given, settings
from networks import NAMED, TORCHVISION, networks, torchvision_model
from torch import nn

import resnet_lab as rl
from resnet_lab.interop import compare, describe
from resnet_lab.models import BasicBlock, build

SMALL = (3, 64, 64)


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvisions_networks_are_the_described_ones(name):
    assert compare(torchvision_model(name), TORCHVISION[name], SMALL).same


@pytest.mark.parametrize("name", NAMED)
def test_named_networks_are_what_is_built(name):
    with torch.device("meta"):
        model = build(rl.named(name))
    assert compare(model, rl.named(name), SMALL).same


@settings(max_examples=examples(100), deadline=None)
@given(networks(heads=("average",)))
def test_no_difference_is_found_where_there_is_none(case):
    net, shape = case
    with torch.device("meta"):
        model = build(rl.ResNet(**net))
    found = compare(model, rl.ResNet(**net), shape)
    assert found.same, found


class Plain(BasicBlock):
    def forward(self, x):
        return self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))))


class AddsItself(BasicBlock):
    def forward(self, x):
        x = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(x + x)


class TurnedRound(BasicBlock):
    """Right, but the shortcut runs first."""

    def forward(self, x):
        short = self.downsample(x)
        return self.relu(short + self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))))


class EarlyReLU(BasicBlock):
    def forward(self, x):
        out = self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))))
        return out + self.downsample(x)


def small(block=None, **settings):
    net = rl.ResNet("basic", (2, 2), (4, 8), classes=3, **settings)
    model = build(net)
    for module in model.modules():
        if block and type(module) is BasicBlock:
            module.__class__ = block
    return model, net


def wide_projection():
    model = torchvision_model("resnet50")
    for stage in (1, 2, 3, 4):
        block = model.get_submodule(f"layer{stage}")[0]
        old = block.downsample[0]
        block.downsample[0] = nn.Conv2d(
            old.in_channels, old.out_channels, 3, old.stride, 1, bias=False, device="meta"
        )
    return model, rl.resnet(50)


def changed(change, name="resnet18"):
    model = torchvision_model(name)
    change(model)
    return model, rl.named(name)


def no_norm(model):
    model.layer2[0].downsample[1] = nn.Identity()


def no_inner_norm(model):
    model.layer3[1].bn1 = nn.Identity()


def with_bias(model):
    model.conv1 = nn.Conv2d(3, 64, 7, 2, 3, device="meta")


def one_block_more():
    with torch.device("meta"):
        blocks = torchvision.models.resnet
        return blocks.ResNet(blocks.BasicBlock, [2, 3, 2, 2]), rl.resnet(18)


def both_strides():
    model, net = small(shortcut="none")
    model.layer2[0].conv2.stride = (2, 2)
    return model, net


def without_the_end():
    model, net = small(version=2)
    del model.bn, model.relu
    return model, net


FAULTS = {
    "3x3 projection": (
        wide_projection,
        ["layer1.0.downsample.0 is a 3×3 convolution", "1×1", "3 more times"],
    ),
    "stride on the first": (
        lambda: (torchvision_model("resnet50"), rl.resnet(50, version=1)),
        ["stride stands elsewhere", "layer2.0.conv2 (3×3)", "layer2.0.conv1 (1×1)"],
    ),
    "no norm in the projection": (
        lambda: changed(no_norm),
        ["BatchNorm is missing after layer2.0.downsample.0", "the shortcut beside it needs one"],
    ),
    "no norm": (lambda: changed(no_inner_norm), ["BatchNorm is missing after layer3.1.conv1"]),
    "bias": (lambda: changed(with_bias), ["conv1 has a bias", "bn1", "never used"]),
    "one block more": (one_block_more, ["One block more here: layer2.2"]),
    # Of the chapter on myths, besides those above.
    "both strides": (both_strides, ["layer2.0.conv2 has stride 2 as well as", "halved twice"]),
    "never adds": (lambda: small(Plain), ["Nothing is added after layer1.0.bn2", "input is lost"]),
    "adds itself": (
        lambda: small(AddsItself),
        ["layer1.0.add adds layer1.0.bn2 to itself", "input is never added"],
    ),
    "pre-activation's end": (
        without_the_end,
        ["A BatchNorm and a ReLU are missing after layer2.1.add", "grows with every block"],
    ),
    "eleven million": (
        lambda: (build(rl.resnet18_small()), rl.cifar_resnet(20)),
        ["conv1", "64 channels where", "16"],
    ),
    "seven by seven": (
        lambda: (nn.Conv2d(3, 3, 7), nn.Sequential(*[nn.Conv2d(3, 3, 3) for _ in range(3)])),
        ["7×7 convolution", "3×3 convolution", "Both see 7 pixels"],
    ),
    "ReLU moved": (
        lambda: small(EarlyReLU),
        ["layer1.0.relu:2 stands before the addition layer1.0.add", "after it"],
    ),
    "classes": (
        lambda: (torchvision_model("resnet18", num_classes=10), rl.resnet(18)),
        ["fc", "10 outputs where ResNet-18 has 1000"],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_put_into_words(fault):
    make, words = FAULTS[fault]
    model, net = make()
    found = compare(model, net, SMALL)
    print(found)
    assert not found.same and all(word in found.sentence for word in words), found.sentence


def test_parameters_and_macs_are_held_against_each_other():
    found = compare(torchvision_model("resnet18"), rl.resnet(34), (3, 224, 224))
    assert found.params == (11_689_512, 21_797_672)
    assert f"{21_797_672 - 11_689_512:,} fewer" in str(found)


def test_the_order_of_the_branches_makes_no_difference():
    model, net = small(TurnedRound)
    assert compare(model, net, SMALL).same
    assert compare(describe(model, SMALL), build(net)).same
