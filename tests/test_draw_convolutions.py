"""Cheaper convolutions: what can be measured in their pictures is what PyTorch's layers have."""

from xml.etree import ElementTree

import pytest
import torch
from torch import nn

from resnet_lab import draw, explorers
from resnet_lab.convolutions import KINDS, replacement


def elements(picture, tag):
    return [
        element
        for element in ElementTree.fromstring(picture).iter()
        if element.tag.endswith("}" + tag)
    ]


def texts(picture):
    return ["".join(element.itertext()) for element in elements(picture, "text")]


def filled_area(path):
    """Area of the rectangles that a path such as M0 0h2v3h-2z draws."""
    rectangles = [part.split("h")[1].split("v") for part in path.split("z") if part]
    return sum(float(width) * float(height) for width, height in rectangles)


@pytest.mark.parametrize("kind", ["standard", "stacked", "factorised", "bottleneck", "grouped"])
@pytest.mark.parametrize("kernel", [3, 7])
def test_filled_area_times_the_kernels_cells_is_the_number_of_weights(kind, kernel):
    layers = replacement(kind, 64, kernel, groups=8)
    picture = draw.channel_tables(layers, {"standard": 1}, "standard", "label")
    tables = [
        path.get("d")
        for path in elements(picture, "path")
        if path.get("class") == "rl-conv" and path.get("fill-opacity") == "1"
    ]
    kernels = [
        path.get("d").count("M")
        for path in elements(picture, "path")
        if path.get("fill-opacity") == "0.45"
    ]
    assert sum(kernels) == sum(conv.kernel[0] * conv.kernel[1] for conv in layers)
    unit = (96 / 64) ** 2
    for conv, table in zip(layers, tables, strict=True):
        weights = nn.Conv2d(
            conv.in_channels, conv.out_channels, conv.kernel, groups=conv.groups, bias=False
        ).weight.numel()
        assert filled_area(table) / unit * conv.kernel[0] * conv.kernel[1] == pytest.approx(
            weights, rel=1e-4
        )


def test_bars_of_the_bill_are_as_long_as_the_modules_have_weights():
    explorer = explorers.cheaper_convolutions
    view = explorer.render({"kind": "separable", "channels": 64, "kernel": 3, "groups": 4})
    picture = view[: view.index("</svg>") + 6]
    bars = [
        float(bar.get("width")) for bar in elements(picture, "rect") if bar.get("height") == "12"
    ]
    separable = (
        nn.Conv2d(64, 64, 3, groups=64, bias=False).weight.numel()
        + nn.Conv2d(64, 64, 1, bias=False).weight.numel()
    )
    standard = nn.Conv2d(64, 64, 3, bias=False).weight.numel()
    names = list(KINDS)
    assert bars[names.index("separable")] / bars[names.index("standard")] == pytest.approx(
        separable / standard, abs=1e-3
    )
    assert f"{standard:,}" in texts(picture) and f"{separable:,}" in texts(picture)


@pytest.mark.parametrize("channels, groups", [(12, 3), (8, 4), (6, 1)])
def test_the_shuffle_is_drawn_in_pytorchs_order(channels, groups):
    numbers = torch.arange(float(channels)).view(1, channels, 1, 1)
    order = (nn.ChannelShuffle(groups)(numbers) if groups > 1 else numbers).flatten().int().tolist()
    picture = draw.channel_shuffle(channels, groups)
    below = [
        (float(text.get("x")), int(text.text))
        for text in elements(picture, "text")
        if text.get("y") == "106" and text.text.isdigit()
    ]
    assert [channel for _, channel in sorted(below)] == order
    # Each line leaves its channel's place above and arrives at its place below.
    place = {channel: x for x, channel in below}
    above = {
        int(text.text): float(text.get("x"))
        for text in elements(picture, "text")
        if text.get("y") == "20" and text.text.isdigit()
    }
    ends = [
        [float(number.split(" ")[0]) for number in line.get("d")[1:].split("L")]
        for line in elements(picture, "path")
    ]
    assert sum(sorted(ends), []) == pytest.approx(
        [end for channel in range(channels) for end in (above[channel], place[channel])], abs=0.1
    )


def test_shares_are_drawn_on_one_scale():
    picture = draw.shares("label", ("MACs", "time"), [("whole", 1, 1), ("part", 0.25, 1.5)])
    widths = [
        float(bar.get("width")) for bar in elements(picture, "rect") if bar.get("height") == "9"
    ]
    assert [width / max(widths) for width in widths] == pytest.approx(
        [1 / 1.5, 1 / 1.5, 0.25 / 1.5, 1], rel=1e-3
    )
    assert texts(picture)[-2:] == ["25 %", "150 %"]
