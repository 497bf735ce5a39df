"""The picture of a block, read back as XML, against the shapes that PyTorch computes."""

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pictures import assert_fits, of_class, read, texts
from torch import nn

import resnet_lab as rl
from resnet_lab import draw
from resnet_lab.models import build

CHANNELS = st.sampled_from((64, 128, 256, 512))


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(("single", "basic", "bottleneck")),
    CHANNELS,
    CHANNELS,
    st.sampled_from((1, 2)),
    st.sampled_from((1, 1.5, 2)),
    st.sampled_from("ABC") | st.just("none"),
    st.sampled_from(("add", "concat")),
    st.sampled_from((1, 2)),
    st.integers(1, 112),
    st.booleans(),
)
def test_a_block_shows_the_shapes_that_pytorch_computes(
    kind, channels, width, stride, version, shortcut, fusion, dims, size, se
):
    try:
        net = rl.ResidualBlock(
            kind, channels, width, stride, version, shortcut, fusion, dims=dims, se=se
        )
    except ValueError:
        assume(False)
    shape = (channels, *[size] * dims)
    root = read(draw.residual_block(rl.trace(net, shape)))
    assert_fits(root)

    shapes = [shape]
    with torch.device("meta"):
        block, x = build(net).eval(), torch.zeros(1, *shape)
        for layer in block.children():
            if isinstance(layer, (nn.Conv1d, nn.Conv2d)):
                layer.register_forward_hook(lambda layer, inputs, out: shapes.append(out.shape[1:]))
        out = block(x)
        if shortcut != "none":
            shapes.append(block.downsample(x).shape[1:])
    shapes.append(out.shape[1:])
    assert [text for text in texts(root) if " × " in text] == [
        " × ".join(map(str, shape)) for shape in shapes
    ]
    projected = isinstance(block.downsample, nn.Sequential)
    assert bool(of_class(root, "rl-line-projection")) == projected
    assert bool(of_class(root, "rl-line-identity")) == (not projected and shortcut != "none")


def test_only_one_block():
    with pytest.raises(ValueError, match="ResNet-18 is more than one block.*`network`"):
        draw.residual_block(rl.trace(rl.resnet(18), (3, 64, 64)))
