"""NumPy's integers are as good as Python's wherever a whole number is asked for."""

import json
from dataclasses import asdict

import numpy as np
import pytest

import resnet_lab as rl
from resnet_lab import arithmetic, convolutions, draw
from resnet_lab.explorers.controls import Range, Real


@pytest.mark.parametrize(
    "call",
    [
        lambda number: arithmetic.conv_output_size(number(120), number(100), number(2), number(50)),
        lambda number: arithmetic.conv_params(number(100), number(50), number(3), number(5)),
        lambda number: arithmetic.conv_macs(number(99), number(9), number(3), (number(90),) * 2),
        lambda number: arithmetic.linear_params(number(100), number(100)),
        lambda number: arithmetic.batchnorm_params(number(100)),
        lambda number: arithmetic.receptive_field([(number(100), number(100)), (number(100),)]),
        lambda number: convolutions.replacement("separable", number(100), number(3))[1].params,
        lambda number: convolutions.Convolution(number(100), number(100), (number(3),) * 2).macs(
            99
        ),
        lambda number: rl.trace(rl.resnet(number(50)), (number(3), number(99), number(99))).macs,
        lambda number: rl.trace(rl.vgg(number(16), number(9)), (3, 32, 32)).params,
        lambda number: rl.trace(rl.cifar_resnet(number(20), classes=number(9)), (3, 9, 9)).params,
        lambda number: rl.trace(rl.cifar_resnet(20), (3, 9, 9)).memory(number(100)).kept,
        lambda number: rl.trace(rl.cifar_resnet(20), (3, 9, 9)).roofline("T4", number(99)).seconds,
        lambda number: asdict(rl.resnet(50, version=number(2))),
        lambda number: draw.kernel_positions(number(99), number(3), number(2), number(1)),
        lambda number: draw.receptive_field_cone([(number(3),) * 2] * 3, number(99), number(2)),
        lambda number: draw.channel_shuffle(number(12), number(3)),
        lambda number: Range("depth", "Depth", 0, 120, 1).check(number(99)),
        lambda number: Real("rate", "Rate", 0, 1, 0.5, 0.5).check(number(1)),
    ],
)
def test_results_are_those_of_pythons_integers(call):
    """In eight bits they would overflow, and none of them would go into JSON."""
    assert json.dumps(call(np.int8)) == json.dumps(call(int))


def test_descriptions_hold_pythons_integers():
    ours = rl.ResNet("basic", (2,), (8,), stem_width=8, classes=5, input_size=64, head="flatten")
    theirs = rl.ResNet(
        "basic",
        (np.int64(2),),
        (np.int64(8),),
        stem_width=np.int64(8),
        classes=np.int32(5),
        kernel=np.int8(3),
        dims=np.int64(2),
        in_channels=np.uint8(3),
        input_size=np.int16(64),
        head="flatten",
    )
    assert json.dumps(asdict(ours)) == json.dumps(asdict(theirs))
    block = rl.ResidualBlock(in_channels=np.int64(8), width=np.int64(8), stride=np.int64(1))
    assert json.dumps(asdict(block)) == json.dumps(asdict(rl.ResidualBlock("basic", 8, 8, 1)))
