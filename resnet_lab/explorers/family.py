"""The ResNet family: any network of the paper's design, drawn, counted and named."""

from __future__ import annotations

from .. import draw
from ..architecture import ResNet
from ..blocks import BLOCK_OPTIONS
from ..fields import text
from ..tables import shape_text
from ..tracing import trace
from ..zoo import IMAGENET_DEPTHS, cifar_resnet, named, resnet
from .controls import Choice, Range, block_controls
from .explorer import Explorer, formula, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def family_network(
    stage1: int,
    stage2: int,
    stage3: int,
    stage4: int,
    width: int,
    size: int | None = None,
    **settings: Any,
) -> ResNet:
    """The network that the explorer's values describe: `family_network(**family.value)`.

    Args:
        stage1, stage2, stage3, stage4: blocks in each stage; a stage of 0 is left out.
        width: of the first stage; each one after it is twice as wide.
        size: of the input, which makes no difference to the network.
        settings: of `ResNet`.
    """
    depths = tuple([depth for depth in (stage1, stage2, stage3, stage4) if depth])
    widths = tuple([width * 2**stage for stage in range(len(depths))])
    return ResNet(depths=depths, widths=widths, **settings)


def member(net: ResNet) -> tuple[str, int] | None:
    """The call that builds `net` by its name, if it is of the paper's family: ("rl.resnet", 50)."""
    settings: dict[str, Any] = {
        "version": net.version,
        "shortcut": net.shortcut,
        "classes": net.classes,
    }
    for depth, (block, depths) in IMAGENET_DEPTHS.items():
        if (net.block, net.depths) == (block, depths) and net == resnet(depth, **settings):
            return "rl.resnet", depth
    if len(net.depths) == 3 and net.depth % 6 == 2 and net == cifar_resnet(net.depth, **settings):
        return "rl.cifar_resnet", net.depth
    return None


def sentence(net: ResNet) -> str:
    """Which network of the paper this is."""
    found = member(net)
    if not found:
        return f"{net.depth} weight layers; the paper has no such network."
    call, depth = found
    where = {"rl.resnet": "table 1", "rl.cifar_resnet": "CIFAR experiments"}[call]
    text = f"This is <strong>ResNet-{depth}</strong> of the paper's {where}"
    if net.shortcut == "none":
        text += ", without its shortcuts"
    if net.version == 2:
        text += ", in the pre-activation form of the second paper"
    elif net.block == "bottleneck":
        place = "first 1 × 1, as printed" if net.version == 1 else "3 × 3, as in torchvision"
        text += f", with the stride on the {place}"
    return text + "."


COMPARED = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "vgg19")
OTHERS: list[tuple[str, int, int]] = []


def view(size: int, **values: Any) -> str:
    """The network's picture, its name, its totals beside others, and a row for every stage."""
    net = family_network(**values)
    traced = trace(net, (3, size, size))
    if not OTHERS:
        tables = [trace(named(name), (3, 224, 224)) for name in COMPARED]
        OTHERS.extend([(other.net.name, other.params, other.macs) for other in tables])
    params, macs = traced.params, traced.macs
    rows = [
        (row.name, shape_text(row.output_shape), f"{row.params:,}", f"{row.macs:,}", row.field_text)
        for row in traced.groups("stage")
        if row.kind not in ("relu", "flatten")
    ]
    field = text(traced.field, traced.gated)
    rows.append(("total", f"{net.depth} layers", f"{params:,}", f"{macs:,}", field))
    return (
        draw.network(traced)
        + formula(sentence(net))
        + draw.tallies([("this network", params, macs), *OTHERS], "others at 224 × 224")
        + table(("", "output", "parameters", "MACs", "field"), rows)
    )


def python(size: int, **values: Any) -> str:
    """The shortest call that builds the network."""
    net = family_network(**values)
    found = member(net)
    usual = {**USUAL, "stem": "7x7", "classes": 1000}
    if found:
        call, fields = found[0], [str(found[1])]
        del usual["stem"]
        if call == "rl.cifar_resnet":
            usual.update(shortcut="A", classes=10)
    else:
        call, fields = "rl.ResNet", [repr(net.block), repr(net.depths), repr(net.widths)]
    fields += [
        f"{name}={getattr(net, name)!r}"
        for name, value in usual.items()
        if getattr(net, name) != value
    ]
    return f"{call}({', '.join(fields)})"


OWN = {
    "block": ("Block", {"basic": "two 3 × 3", "bottleneck": "bottleneck"}, "bottleneck"),
    "version": ("Version", None, 1.5),
    "shortcut": ("Shortcut", None, "B"),
}
# The paper's networks add their branches, and their blocks have two convolutions or three.
OPTIONS = block_controls(
    {
        field: {value: text for value, text in words.items() if value != "single"}
        for field, words in BLOCK_OPTIONS.items()
        if field != "fusion"
    },
    OWN,
)
SETTINGS = {control.name: control.start for control in OPTIONS}
USUAL = {field: value for field, value in SETTINGS.items() if field != "block"}


def preset(block: str, *depths: int, **values: Any) -> dict[str, Any]:
    """The values of all controls; those not given are ResNet's on ImageNet."""
    stages = {f"stage{number}": depth for number, depth in enumerate(depths, 1)}
    usual = {"width": 64, "stem": "7x7", "classes": 1000, "size": 224}
    return {**SETTINGS, "block": block, **stages, **usual, **values}


CIFAR = {"stage4": 0, "width": 16, "stem": "3x3", "shortcut": "A", "classes": 10, "size": 32}

family = Explorer(
    "family",
    "The ResNet family",
    [
        Range("stage1", "Blocks, stage 1", 1, 36, 3),
        Range("stage2", "Blocks, stage 2", 1, 36, 4),
        Range("stage3", "Blocks, stage 3", 1, 36, 6),
        Range("stage4", "Blocks, stage 4", 0, 36, 3),
        *OPTIONS,
        Choice("stem", "Stem", {"7x7": "7 × 7, pooling", "3x3": "3 × 3"}, "7x7"),
        Choice("width", "Width of stage 1", (16, 32, 64, 128), 64),
        Choice("classes", "Classes", (10, 100, 1000), 1000),
        Range("size", "Input size", 32, 448, 224, 32),
    ],
    view,
    python,
    chapter="10-resnet-family",
    presets={
        **{
            f"ResNet-{depth}": preset(block, *depths)
            for depth, (block, depths) in IMAGENET_DEPTHS.items()
        },
        "plain-34": preset("basic", 3, 4, 6, 3, shortcut="none"),
        "ResNet-20": preset("basic", 3, 3, 3, **CIFAR),
        "ResNet-110": preset("basic", 18, 18, 18, **CIFAR),
        "ResNet-18, small stem": preset("basic", 2, 2, 2, 2, stem="3x3", classes=10, size=32),
    },
)
