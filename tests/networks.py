"""The networks that tests try: named, of the paper's table 1, torchvision's, and random ones."""

import torch
import torchvision
from hypothesis import strategies as st

import resnet_lab as rl

IMAGENET = (3, 224, 224)
RESNETS = (18, 34, 50, 101, 152)
TORCHVISION = {
    name: rl.named(name) for name in (*(f"resnet{depth}" for depth in RESNETS), "vgg16", "vgg19")
}
TABLE_1 = {
    18: ("basic", (2, 2, 2, 2)),
    34: ("basic", (3, 4, 6, 3)),
    50: ("bottleneck", (3, 4, 6, 3)),
    101: ("bottleneck", (3, 4, 23, 3)),
    152: ("bottleneck", (3, 8, 36, 3)),
}
NAMED = [
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "vgg16",
    "vgg19",
    "plain18",
    "plain34",
    "resnet18-small",
    "resnet20",
    "resnet32",
    "resnet44",
    "resnet56",
    "resnet110",
    "plain20",
    "plain56",
]


def torchvision_model(name, **arguments):
    """torchvision's network of that name, without numbers."""
    with torch.device("meta"):
        return getattr(torchvision.models, name)(**arguments)


@st.composite
def networks(draw, stages=4, blocks=3, width=6, heads=("average", "flatten"), gates=(False, True)):
    """Settings of any ResNet that can be built, and the shape of an input that fits it."""
    count = draw(st.integers(1, stages))
    shortcut, fusion = draw(
        st.sampled_from(
            [
                ("A", "add"),
                ("B", "add"),
                ("C", "add"),
                ("none", "add"),
                ("B", "concat"),
                ("C", "concat"),
            ]
        )
    )
    widths = draw(st.lists(st.integers(1, width), min_size=count, max_size=count))
    stem_width = draw(st.none() | st.integers(1, width))
    if shortcut == "A":  # zero-padding only adds channels
        widths = sorted(widths)
        stem_width = stem_width and min(stem_width, widths[0])
    block = draw(st.sampled_from(["single", "basic", "bottleneck"]))
    net = dict(
        block=block,
        widths=tuple(widths),
        stem_width=stem_width,
        depths=tuple(draw(st.lists(st.integers(1, blocks), min_size=count, max_size=count))),
        version=draw(st.sampled_from([1, 1.5] if block == "single" else [1, 1.5, 2])),
        shortcut=shortcut,
        fusion=fusion,
        stem=draw(st.sampled_from(["7x7", "3x3"])),
        kernel=draw(st.sampled_from([1, 3, 5])),
        in_channels=draw(st.integers(1, 3)),
        classes=draw(st.integers(1, 5)),
        dims=draw(st.integers(1, 2)),
        dropout=draw(st.sampled_from([0.0, 0.5])),
        head=draw(st.sampled_from(heads)),
        se=draw(st.sampled_from(gates)),
    )
    if net["head"] == "flatten":
        least = 4 * 2 ** (count - 1) * (4 if net["stem"] == "7x7" else 1)
        net["input_size"] = draw(st.integers(least, least + 40))
        sides = [net["input_size"]] * net["dims"]
    else:
        sides = [draw(st.integers(1, 70)) for _ in range(net["dims"])]
    return net, (net["in_channels"], *sides)
