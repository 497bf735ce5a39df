"""What pictures of networks share: layers in words and signs, and a table's blocks taken apart."""

from __future__ import annotations

from dataclasses import dataclass

from ..graph import Branches, Layer, block_name, branches
from ..rows import Row
from ..tracing import Trace

KINDS = {
    "conv": "conv",
    "transposed-conv": "conv",
    "linear": "linear",
    "attention": "linear",
    "maxpool": "pool",
    "avgpool": "pool",
}

MEANINGS = {
    "conv": "convolution",
    "pool": "pooling",
    "linear": "fully connected",
    "batchnorm": "BatchNorm",
    "relu": "ReLU",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "multiply": "times a gate",
    "identity": "identity shortcut",
    "projection": "projection shortcut",
    "dashed": "shape changes",
}

# What has no box. Each: how the line runs on beside it, its drawing, its width.
SIGNS = {
    "batchnorm": ("h3m4 0h3", "m3 -5h4v10h-4z", 10),
    "relu": ("h2m9 0h2", "m3 4h3l5 -8", 13),
    "sigmoid": ("h2m9 0h2", "m2 4q4 0 4.5 -4t4.5 -4", 13),
    "tanh": ("h2m9 0h2", "m2 4q4 0 4.5 -4t4.5 -4", 13),
    "multiply": ("h2m9 0h2", "m3.5 -3l6 6m0 -6l-6 6", 13),
}


def layer_text(layer: Layer, dims: int = 2, strided: bool = True) -> str:
    """A layer in the paper's words: 3×3, 128, /2; in a net for signals 1×3, 128, /2."""
    if isinstance(layer.kernel, tuple):
        kernel = "×".join([str(side) for side in layer.kernel])
    else:
        kernel = f"{layer.kernel if dims == 2 else 1}×{layer.kernel}"
    steps = layer.stride if isinstance(layer.stride, tuple) else (layer.stride,)
    step = f", /{max(steps)}" if max(steps) > 1 and strided else ""
    if layer.kind in ("conv", "transposed-conv"):
        return f"{kernel}, {layer.channels}{step}"
    if layer.kind in ("linear", "attention"):
        return f"{layer.kind}, {layer.channels}"
    if layer.kind not in KINDS:
        return MEANINGS.get(layer.kind, layer.kind)
    if layer.output_size == 1:
        return "global average"
    return f"{'max' if layer.kind == 'maxpool' else 'average'} pool {kernel}{step}"


@dataclass
class Block:
    """A block of a traced network, which stands for `copies` alike, or a layer outside of blocks.

    Attributes:
        name: the prefix of its layers' names, or the layer's name.
        rows: of its layers, in order of execution.
        copies: how many such follow each other.
        known: its layers by the part they play, once `parts` was asked.
    """

    name: str
    rows: list[Row]
    copies: int
    known: Branches | None = None

    def parts(self) -> Branches:
        """Its layers by the part they play."""
        if self.known is None:
            self.known = branches([row.layer for row in self.rows if row.layer])
        return self.known

    def named(self) -> dict[str, Row]:
        """The rows by their layers' names."""
        return {row.layer.name: row for row in self.rows if row.layer}

    def main_path(self, layers: list[Layer]) -> list[Layer]:
        """Those of `layers` that are on the main path: not those that make a gate."""
        rows = self.named()
        return [layer for layer in layers if rows[layer.name].on_main_path]

    def changes_shape(self) -> bool:
        """Whether what goes out has another shape than what comes in."""
        return self.rows[0].input_shape != self.rows[-1].output_shape


def blocks(table: Trace) -> list[Block]:
    """A table's blocks and the layers between them, in order of execution."""
    found: list[Block] = []
    for section in table.sections:
        within = "."  # no name begins so
        for row in section.rows:
            layer = row.layer
            if layer is None:
                continue
            if not layer.name.startswith(within):
                prefix = block_name(layer.name)
                within = prefix + "."
                found.append(Block(prefix, [], section.copies))
            found[-1].rows.append(row)
    return found


def line_css(block: Block, parts: Branches) -> str:
    """How a shortcut is drawn: its colour says what stands in it, dashes that the shape changes."""
    colour = "projection" if parts.kind == "projection" else "identity"
    return f"rl-line-{colour}" + " rl-dashed" * block.changes_shape()
