"""Layers in words and signs, the same in every picture of a network."""

from __future__ import annotations

KINDS = {"conv": "conv", "linear": "linear", "maxpool": "pool", "avgpool": "pool"}

MEANINGS = {
    "conv": "convolution",
    "pool": "pooling",
    "linear": "fully connected",
    "batchnorm": "BatchNorm",
    "relu": "ReLU",
    "identity": "identity shortcut",
    "projection": "projection shortcut",
    "dashed": "shape changes",
}

# What has no box. Each: how the line runs on beside it, its drawing, its width.
SIGNS = {"batchnorm": ("h3m4 0h3", "m3 -5h4v10h-4z", 10), "relu": ("h2m9 0h2", "m3 4h3l5 -8", 13)}


def layer_text(layer, dims: int = 2) -> str:
    """A layer in the paper's words: 3×3, 128, /2. A layer of a signal's net is named as its image form, 1×3."""
    kernel = f"{layer.kernel if dims == 2 else 1}×{layer.kernel}"
    step = f", /{layer.stride}" if layer.stride > 1 else ""
    if layer.kind == "conv":
        return f"{kernel}, {layer.out_channels}{step}"
    if layer.kind == "linear":
        return f"linear, {layer.out_channels}"
    if layer.output_size == 1:
        return "global average"
    return f"{'max' if layer.kind == 'maxpool' else 'average'} pool {kernel}{step}"
