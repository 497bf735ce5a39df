"""The pictures of chapters 10, 11 and 13: what can be measured in them is what PyTorch's layers have."""

import base64
import io
from xml.etree import ElementTree

import pytest
import torch
from PIL import Image
from torch import nn

import resnet_lab as rl
from resnet_lab import draw, explorers
from resnet_lab.convolutions import KINDS, replacement
from resnet_lab.models import build


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
        if path.get("class") == "rl-conv" and not path.get("fill-opacity")
    ]
    kernels = [
        path.get("d").count("M")
        for path in elements(picture, "path")
        if path.get("fill-opacity") == ".45"
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


def test_photographs_are_the_files_that_were_given_each_with_its_caption():
    file = io.BytesIO()
    Image.new("RGB", (30, 20), "teal").save(file, "png")
    html = draw.photographs([("a <b> & c", file.getvalue())] * 2, scale=4)
    page = ElementTree.fromstring(
        html.replace('"><figcaption', '"/><figcaption')
    )  # as XML wants it
    images = list(page.iter("img"))
    assert [image.get("alt") for image in images] == ["a <b> & c"] * 2
    assert base64.b64decode(images[0].get("src").split(",")[1]) == file.getvalue()
    assert [figure.get("style").split(";")[0] for figure in page.iter("figure")] == [
        "flex:0 1 120px"
    ] * 2
