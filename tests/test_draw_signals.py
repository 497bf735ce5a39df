"""A signal's way through a network is drawn with the lengths and channels of PyTorch's tensors."""

from xml.etree import ElementTree

import pytest
import torch

import resnet_lab as rl
from resnet_lab import draw
from resnet_lab.models import build


def elements(picture, tag):
    return [
        element
        for element in ElementTree.fromstring(picture).iter()
        if element.tag.endswith("}" + tag)
    ]


def test_a_signals_bars_have_the_lengths_and_channels_of_pytorchs_tensors():
    net = rl.ResNet(
        "basic",
        (1, 2, 1, 1),
        (8, 16, 32, 64),
        stem="3x3",
        in_channels=1,
        classes=10,
        dims=1,
        head="flatten",
        input_size=500,
    )
    picture = draw.signal_shapes(rl.trace(net, (1, 500)), "label")
    bars = [
        (float(bar.get("width")), float(bar.get("height"))) for bar in elements(picture, "rect")
    ]
    model = build(net)
    x, shapes = torch.zeros(2, 1, 500), [(1, 500)]
    for name, part in model.named_children():
        x = part(x)
        if name in ("conv1", "layer1", "layer2", "layer3", "layer4", "avgpool"):
            shapes.append(tuple(x.shape[1:]))
    *signal, before, classifier = bars
    assert [width / signal[0][0] * 500 for width, _ in signal] == pytest.approx(
        [length for _, length in shapes], abs=0.5
    )
    assert [(height / 26) ** 2 * 64 for _, height in signal[1:]] == pytest.approx(
        [channels for channels, _ in shapes[1:]], rel=1e-2
    )
    head = sum(p.numel() for p in model.fc.parameters())
    assert classifier[0] / (before[0] + classifier[0]) == pytest.approx(
        head / sum(p.numel() for p in model.parameters()), abs=1e-3
    )
