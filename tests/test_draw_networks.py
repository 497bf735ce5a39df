"""Pictures of networks, read back as XML, against torchvision and the paper's figure 3."""

import pytest
import torchvision
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pictures import assert_fits, of_class, read, texts
from torch import nn

import resnet_lab as rl
from resnet_lab import draw


@st.composite
def networks(draw):
    stages = draw(st.integers(1, 4))
    width = draw(st.sampled_from((4, 16, 64, 128)))
    shortcut, fusion = draw(
        st.sampled_from(
            [("A", "add"), ("B", "add"), ("C", "add"), ("none", "add"), ("B", "concat")]
        )
    )
    return rl.ResNet(
        draw(st.sampled_from(("basic", "bottleneck"))),
        draw(st.lists(st.integers(1, 40), min_size=stages, max_size=stages)),
        [width * 2**stage for stage in range(stages)],
        draw(st.sampled_from((1, 1.5, 2))),
        shortcut,
        draw(st.sampled_from(("7x7", "3x3"))),
        dims=draw(st.sampled_from((1, 2))),
        fusion=fusion,
    )


@settings(max_examples=40, deadline=None)
@given(networks(), st.integers(32, 448))
@example(  # its last heading and shape have the least room
    rl.ResNet("bottleneck", (1, 1, 24), (64, 128, 256), stem="3x3", fusion="concat"), 397
)
def test_any_network(net, size):
    table = rl.trace(net, (3, *[size] * net.dims))
    root = read(draw.network(table))
    assert_fits(root)
    blocks = of_class(root, "rl-block")
    assert len(blocks) == sum(net.depths)
    for block in blocks:
        assert (
            len(block.find("path").get("d").split("z")) - 1
            == {"basic": 2, "bottleneck": 3}[net.block]
        )

    changed = [
        group.input_shape != group.output_shape
        for group in table.groups("block")
        if group.name.startswith("layer")
    ]
    dashed = ["rl-dashed" in block[-1].get("class") for block in blocks]
    assert dashed == ([False] * len(blocks) if net.shortcut == "none" else changed)
    assert all((len(block) == 1) == (net.shortcut == "none") for block in blocks)

    written = texts(root)
    stages = [row for row in table.groups("stage") if row.name.startswith("layer")]
    assert [text.split(",")[0] for text in written if text.startswith("stage ")] == [
        f"stage {number}{depth} block{'s' * (depth > 1)}"
        for number, depth in enumerate(net.depths, 1)
    ]
    for row in stages:
        assert " × ".join(map(str, row.output_shape)) in written
    for number in (table.params, table.macs, table.receptive_field):
        assert f"{number:,}" in root.get("aria-label")


@pytest.mark.parametrize("depth", (18, 34, 50, 101, 152))
def test_the_picture_shows_what_torchvision_builds(depth):
    model = getattr(torchvision.models, f"resnet{depth}")(weights=None)
    stages = [model.layer1, model.layer2, model.layer3, model.layer4]
    root = read(draw.network(rl.trace(rl.resnet(depth), (3, 224, 224))))
    blocks = [block for stage in stages for block in stage]

    projected = [block.downsample is not None for block in blocks]
    assert [
        bool(of_class(block, "rl-line-projection")) for block in of_class(root, "rl-block")
    ] == projected
    assert [bool(of_class(block, "rl-dashed")) for block in of_class(root, "rl-block")] == projected

    opened = [text for text in texts(root) if text.count("×") == 1 and "pool" not in text]
    named = [name(model.conv1)] + [
        name(layer) for stage in stages for layer in first_block(stage[0])
    ]
    assert sorted(opened) == sorted(named)
    assert "linear, 1000" in texts(root) and "max pool 3×3, /2" in texts(root)
    assert sum(parameter.numel() for parameter in model.parameters()) == int(
        root.get("aria-label").split(" parameters")[0].split()[-1].replace(",", "")
    )


def name(conv):
    (height, width), (stride, _) = conv.kernel_size, conv.stride
    return f"{height}×{width}, {conv.out_channels}" + f", /{stride}" * (stride > 1)


def first_block(block):
    return [layer for layer in block.modules() if isinstance(layer, nn.Conv2d)]


def test_a_longer_stage_makes_a_larger_picture():
    def height(blocks):
        root = read(
            draw.network(rl.trace(rl.ResNet("bottleneck", (3, 4, blocks, 3)), (3, 224, 224)))
        )
        return float(root.get("viewBox").split()[3])

    assert height(6) < height(12) < height(24) < height(36)


def test_pre_activation_is_visible():
    """Version 2 has BatchNorm and ReLU before the head, and none behind the stem."""

    def signs(version):
        root = read(draw.network(rl.trace(rl.resnet(18, version=version), (3, 224, 224))))
        stem, *_, head = of_class(root, "rl-sign")[:-2]  # the last two are the legend's
        return bool(stem.get("d")), bool(head.get("d"))

    assert signs(1.5) == (True, False) and signs(2) == (False, True)


def test_only_networks_of_blocks():
    with pytest.raises(TypeError, match="VGG-16 has no residual blocks"):
        draw.network(rl.trace(rl.vgg(16), (3, 224, 224)))


def test_compare_is_the_papers_figure_3():
    nets = rl.vgg(19), rl.plain(34), rl.resnet(34)
    root = read(draw.compare([rl.trace(net, (3, 224, 224)) for net in nets]))
    assert_fits(root)
    # VGG-19: 16 convolutions, 5 poolings, 3 linear layers; the others: 33, 2 and 1.
    bars = [len(of_class(root, "rl-layer", kind)) for kind in ("rl-conv", "rl-pool", "rl-linear")]
    assert bars == [16 + 33 + 33, 5 + 2 + 2, 3 + 1 + 1]
    arcs = [node for node in root.iter("path") if "V" in node.get("d") and "H" in node.get("d")]
    assert len(arcs) == 16 and sum("rl-dashed" in node.get("class") for node in arcs) == 3
    sizes = [int(text) for text in texts(root) if text.isdigit()]
    assert sizes == [224, 112, 56, 28, 14, 7, 1]
    assert {"19.6 G MACs", "3.64 G MACs", "3.66 G MACs", "144 M parameters"} <= set(texts(root))


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.sampled_from(("vgg16", "resnet18", "resnet50", "plain34", "resnet20", "resnet18-small")),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from((64, 224, 320)),
)
def test_compare_aligns_by_size(names, size):
    tables = [rl.trace(rl.named(name), (3, size, size)) for name in names]
    root = read(draw.compare(tables))
    assert_fits(root)
    rules = [float(node.get("d").split()[1].split("H")[0]) for node in of_class(root, "rl-rule")]
    sizes = [int(text) for text in texts(root) if text.isdigit()]
    bars = of_class(root, "rl-layer")
    bands = [sizes[sum(rule < float(bar.get("y")) for rule in rules) - 1] for bar in bars]
    kinds = {"conv": "rl-conv", "maxpool": "rl-pool", "avgpool": "rl-pool", "linear": "rl-linear"}
    rows = [row for table in tables for row in table if row.on_main_path and row.kind in kinds]
    drawn = [
        (kinds[row.kind], row.output_shape[-1] if len(row.output_shape) > 1 else 1)
        for row in rows
        if row.kind in ("conv", "linear") or row.input_shape != row.output_shape
    ]
    assert [
        (bar.get("class").split()[1], band) for bar, band in zip(bars, bands, strict=True)
    ] == drawn


def test_tallies_are_to_scale():
    rows = [
        ("mine", 25_557_032, 4_089_184_256),
        ("ResNet-18", 11_689_512, 1_814_073_344),
        ("VGG-19", 143_667_240, 19_632_062_464),
    ]
    root = read(draw.tallies(rows, "others at 224 × 224"))
    assert_fits(root)
    widths = [float(bar.get("width")) for bar in root.iter("rect")]
    for column in (0, 1):
        for row, width in zip(rows, widths[column::2], strict=True):
            assert width / widths[4 + column] == pytest.approx(
                row[1 + column] / rows[2][1 + column], abs=0.01
            )


def test_a_title_cannot_break_the_picture():
    net = rl.resnet(18, title='<b>"A & B"</b>')
    root = read(draw.network(rl.trace(net, (3, 64, 64))))
    assert net.name in texts(root) and root.get("aria-label").startswith(net.name)
