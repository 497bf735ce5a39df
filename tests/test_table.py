"""The table as an object: its parts add up, and bad input is refused."""

import pytest
import reference
import torch
from agreement import counted
from bad_input import refused
from networks import IMAGENET, torchvision_model
from torchvision.models.resnet import Bottleneck

import resnet_lab as rl


def test_rows_stages_and_blocks_add_up():
    table = rl.trace(rl.resnet(50), IMAGENET)
    model = torchvision_model("resnet50")
    stages = {row.name: row for row in table.groups("stage")}
    assert [name for name in stages if name != "flatten"] == [
        name for name, _ in model.named_children()
    ]
    for name, module in model.named_children():
        assert stages[name].params == sum(p.numel() for p in module.parameters())
    blocks = {row.name: row for row in table.groups("block") if row.kind == "block"}
    theirs = {
        name: module for name, module in model.named_modules() if isinstance(module, Bottleneck)
    }
    assert list(blocks) == list(theirs)
    for name, module in theirs.items():
        assert blocks[name].params == sum(p.numel() for p in module.parameters())
    for level in ("stage", "block", "layer"):
        groups = table.groups(level)
        assert (
            sum(row.params for row in groups) == table.params
            and sum(row.macs for row in groups) == table.macs
        )
        assert groups[-1].output_shape == table.output_shape
    assert len(table) == len(list(table)) == len(table.groups("layer"))


def test_at_gives_the_row_that_ends_a_part():
    table = rl.trace(rl.resnet(50), IMAGENET)
    assert table.at("layer3").name == table.at("layer3.5").name == "layer3.5.relu"
    assert table.at("layer3.0.conv1").output_shape == (256, 28, 28)
    assert table.at("layer3.0.conv2").output_shape == (256, 14, 14)
    assert table.at("layer1.0.downsample.0").on_main_path is False
    assert table.at("layer1.0.relu") is [row for row in table if row.name == "layer1.0.relu"][2]


@pytest.mark.parametrize("size", [16, 31, 32, 33])
def test_vgg_needs_32_pixels(size):
    """Five poolings by 2; torchvision refuses the same inputs."""
    model, shape = torchvision_model("vgg16"), (3, size, size)
    if size < 32:
        with pytest.raises(RuntimeError):
            model(torch.zeros(1, *shape, device="meta"))
        with pytest.raises(
            ValueError, match=r"too small for VGG-16: at features\.\d+, .* at least 2"
        ):
            rl.trace(rl.vgg(16), shape)
    else:
        assert counted(rl.trace(rl.vgg(16), shape), without=("flatten",)) == reference.calls(
            model, shape
        )


TABLE = rl.trace(rl.resnet(18), IMAGENET)
LONG = rl.trace(rl.cifar_resnet(999_998), (3, 32, 32))


def test_a_table_of_stages_has_room_for_any_depth():
    short = rl.trace(rl.cifar_resnet(20), (3, 32, 32)).to_text("stage").splitlines()
    long = LONG.to_text("stage").splitlines()
    assert len(long) == len(short) and f"{LONG.params:,}" in long[-1]


test_bad_input = refused(
    (lambda: LONG.rows, ValueError, "3,499,", "take level 'stage'"),
    (lambda: LONG.to_text("block"), ValueError, "3,499,", "take level 'stage'"),
    (
        lambda: rl.trace(rl.resnet(50), (1, 224, 224)),
        ValueError,
        "(1, 224, 224) has 1 channels",
        "takes 3",
    ),
    (
        lambda: rl.trace(rl.resnet(50), (224, 224)),
        ValueError,
        "(224, 224)",
        "(channels, height, width)",
    ),
    (
        lambda: rl.trace(rl.resnet(50), (1, 3, 224, 224)),
        ValueError,
        "(1, 3, 224, 224)",
        "without a batch",
    ),
    (lambda: rl.trace(rl.resnet(50), ()), ValueError, "()", "(channels, height, width)"),
    (
        lambda: rl.trace(rl.signal_resnet(), (1, 1, 1000)),
        ValueError,
        "(1, 1, 1000)",
        "(channels, length)",
    ),
    (lambda: rl.trace(rl.resnet(50), (3, 0, 224)), ValueError, "height is 0", "at least 1"),
    (lambda: rl.trace(rl.resnet(50), (3, 224, -1)), ValueError, "width is -1", "at least 1"),
    (lambda: rl.trace(rl.resnet(50), (3, 224.0, 224)), TypeError, "224.0", "whole number"),
    (lambda: rl.trace(rl.resnet(50), (True, 224, 224)), TypeError, "True", "whole number"),
    (lambda: rl.trace(rl.resnet(50), 224), TypeError, "224", "(3, 224, 224)"),
    (lambda: rl.trace(rl.resnet(50), "3,224,224"), TypeError, "'3,224,224'", "(3, 224, 224)"),
    (lambda: rl.trace(rl.resnet(50), None), TypeError, "None", "(3, 224, 224)"),
    (lambda: rl.trace("resnet50", IMAGENET), TypeError, "'resnet50'", "resnet(50)"),
    (lambda: rl.trace(50, IMAGENET), TypeError, "50", "resnet(50)"),
    (
        lambda: rl.trace(rl.signal_resnet(1000), (1, 500)),
        ValueError,
        "15872 features",
        "new input_size",
    ),
    (lambda: rl.trace(rl.signal_resnet(1000), (1, 20)), ValueError, "at avgpool", "at least 4"),
    (lambda: rl.trace(rl.ResidualBlock(), (3, 56, 56)), ValueError, "3 channels", "takes 64"),
    (lambda: TABLE.at("layer5"), ValueError, "'layer5'", "layer4"),
    (lambda: TABLE.at(""), ValueError, "''", "layer4"),
    (lambda: TABLE.groups("module"), ValueError, "'module'", "'stage', 'block' or 'layer'"),
)
