"""What training a network takes of a device's memory, to the byte, as PyTorch would hold it.

Backward needs some of what forward computed, and PyTorch keeps just that: each layer's rule is in
`KEEPS`. A tensor that several layers keep is held once; one that none keeps is freed at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from .checks import check_choice, check_int
from .graph import INPUT, block_name, shifted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .rows import Row
    from .tracing import Trace

# By kind: what of its tensors a layer keeps, and further bytes a channel and an output number.
# BatchNorm keeps each channel's mean and deviation, 4 bytes each; max pooling where each maximum
# was, 8 bytes.
KEEPS: dict[str, tuple[str, int, int]] = {
    "conv": ("input", 0, 0),
    "linear": ("input", 0, 0),
    "batchnorm": ("input", 8, 0),
    "relu": ("output", 0, 0),
    "tanh": ("output", 0, 0),
    "sigmoid": ("output", 0, 0),
    "maxpool": ("input", 0, 8),
    "avgpool": ("input", 0, 0),  # but nothing where it averages everything: see `_Walk.keep`
    "multiply": ("inputs", 0, 0),
    "relu6": ("copy", 0, 0),  # of the input, which is overwritten in place
    "hardswish": ("copy", 0, 0),
    "silu": ("copy", 0, 0),
    "hardsigmoid": ("input", 0, 0),
    "dropout": ("mask", 0, 0),
    "zero-pad": ("nothing", 0, 0),
    "flatten": ("nothing", 0, 0),
    "add": ("nothing", 0, 0),
    "concat": ("nothing", 0, 0),
    "mean": ("nothing", 0, 0),
    "reshape": ("nothing", 0, 0),
    "slice": ("nothing", 0, 0),
}
WEIGHTED = ("conv", "linear")
VIEWS = ("flatten", "reshape", "slice")  # their output is a part of their input's memory

PRECISIONS = {"float32": 4, "bfloat16": 2, "float16": 2}
"""Bytes of an activation. In the latter two PyTorch's autocast computes; weights stay float32."""

OPTIMIZERS = {"sgd": 0, "momentum": 1, "adam": 2, "adamw": 2}
"""Numbers that an optimizer remembers of each weight. "momentum" is SGD with it, as in `Recipe`."""


@dataclass
class Memory:
    """Bytes that a training step needs. A gradient in flight and a library's workspace come on top.

    Attributes:
        batch: images in a step.
        precision: of `PRECISIONS`.
        weights: all parameters, in float32.
        buffers: BatchNorm's running statistics.
        gradients: of the parameters, in float32.
        optimizer: what it remembers.
        inputs: the batch, unless the first layer keeps it and `activations` hold it.
        activations: what forward computes and backward keeps.
        copies: weights in 16 bits, which autocast makes and backward keeps.
        recomputed: with checkpointing, what the largest block keeps while it is computed again.
        layers: (name, bytes, copies) each: what a layer is the first to keep, activations and
            copies of its weights, and how many such layers there are in a row.
    """

    batch: int
    precision: str
    weights: int
    buffers: int
    gradients: int
    optimizer: int
    inputs: int
    activations: int
    copies: int
    recomputed: int
    layers: list[tuple[str, int, int]]

    @property
    def kept(self) -> int:
        """What backward keeps: activations, and copies of weights."""
        return self.activations + self.copies

    @property
    def total(self) -> int:
        """The sum of all."""
        return sum([value for _, value in self.parts()])

    def parts(self) -> list[tuple[str, int]]:
        """Each part's name and bytes."""
        return [
            ("weights", self.weights),
            ("buffers", self.buffers),
            ("gradients", self.gradients),
            ("optimizer", self.optimizer),
            ("inputs", self.inputs),
            ("activations", self.activations),
            ("copies", self.copies),
            ("recomputed", self.recomputed),
        ]

    def __repr__(self) -> str:
        lines = [f"{name:12}{value:>19,}" for name, value in [*self.parts(), ("total", self.total)]]
        return "\n".join([f"bytes, batch {self.batch}, {self.precision}", *lines])


def memory(
    table: Trace,
    batch: int,
    precision: str = "float32",
    optimizer: str = "momentum",
    checkpointing: bool = False,
) -> Memory:
    """What training with `batch` images takes; also `table.memory(...)`.

    Dropout's mask is counted as a CPU keeps it, a number for each of the input's; a GPU keeps a
    byte.

    Args:
        table: of the network with an input of the size it will train on.
        batch: images in a step.
        precision: "float32", or "bfloat16" or "float16" under autocast.
        optimizer: "sgd" (without momentum), "momentum", "adam" or "adamw".
        checkpointing: whether each block keeps its input only and is computed again for backward.

    Raises:
        TypeError, ValueError: for a value that is none of these; for checkpointing in a network
            without blocks; for a kind of layer whose needs are not known.

    Source:
        What `torch.autograd.graph.saved_tensors_hooks` sees, which the tests compare.
        Checkpointing: Chen, Xu, Zhang and Guestrin, "Training deep nets with sublinear memory cost"
        (2016).

    Example:
        >>> from resnet_lab import resnet, trace
        >>> need = trace(resnet(50), (3, 224, 224)).memory(2)
        >>> need.weights, need.activations
        (102228128, 172031488)
    """
    batch = check_int("batch", batch)
    check_choice("precision", precision, PRECISIONS)
    check_choice("optimizer", optimizer, OPTIMIZERS)
    check_choice("checkpointing", checkpointing, (False, True))
    walk = _Walk(table, batch, PRECISIONS[precision], checkpointing)
    params = tensors = buffers = 0
    for section in table.sections:
        for row in section.rows:
            if row.params:
                params += section.copies * row.params
                tensors += section.copies * _tensors(row)
            if row.kind == "batchnorm":  # a mean and a variance, and how many batches there were
                buffers += section.copies * (8 * row.output_shape[0] + 8)
    remembered = OPTIMIZERS[optimizer]
    return Memory(
        batch,
        precision,
        4 * params,
        buffers,
        4 * params,
        # Adam counts each tensor's steps, too.
        4 * remembered * params + (4 * tensors if remembered == 2 else 0),
        0 if walk.input.kept else walk.input.bytes,
        walk.activations,
        walk.copies,
        walk.recomputed,
        walk.layers,
    )


def _tensors(row: Row) -> int:
    """How many tensors a layer's parameters are."""
    layer = row.layer
    return 2 if row.kind == "batchnorm" or (layer is not None and layer.bias) else 1


class _Tensor:
    """What a layer has made, in one piece of memory."""

    def __init__(self, count: int, size: int, has_gradient: bool) -> None:
        self.bytes = count * size
        self.size = size  # of a number
        self.has_gradient = has_gradient
        self.kept = False


class _Walk:
    """Every layer in order, and which tensors are kept by now."""

    def __init__(self, table: Trace, batch: int, size: int, checkpointing: bool) -> None:
        self.batch, self.size = batch, size
        self.activations = self.copies = self.recomputed = 0
        self.layers: list[tuple[str, int, int]] = []
        shape = table.input_shape
        self.input = self.last = _Tensor(batch * numbers(shape), 4, False)
        self.named = {INPUT: self.input}
        for section in table.sections:
            blocks = _blocks(section.rows) if checkpointing else [section.rows]
            for rows in blocks:
                if checkpointing and _in_block(rows[0]):
                    self.checkpoint(rows, section.copies)
                else:
                    self.run(rows, section.copies)
            layer = section.rows[-1].layer
            if section.copies > 1 and layer is not None:
                self.named[shifted(layer.name, section.copies - 1, section.place)] = self.last
        if checkpointing and not self.recomputed:
            raise ValueError(
                f"checkpointing is True, but {table.net.name} has no blocks to compute again; "
                "leave it False"
            )

    def run(self, rows: list[Row], copies: int) -> None:
        """Add what these layers keep, which stand for `copies` times as many."""
        for row in rows:
            kept, weights = self.keep(row)
            self.activations += copies * kept
            self.copies += copies * weights
            if kept or weights:
                self.layers.append((row.name, kept + weights, copies))

    def checkpoint(self, rows: list[Row], copies: int) -> None:
        """Add what a block keeps that is computed again: its input, for a while all the rest."""
        before, first = self.last, 0
        if not before.kept:
            before.kept, first = True, before.bytes
        self.activations += copies * first
        if first:
            self.layers.append((rows[0].name, first, copies))
        self.recomputed = max(self.recomputed, sum([sum(self.keep(row)) for row in rows]))
        self.last.kept = False  # by the block; what comes after it may keep it

    def keep(self, row: Row) -> tuple[int, int]:
        """Bytes that this layer is the first to keep: of activations, and of its weights' copy."""
        layer, kind = row.layer, row.kind
        if layer is None or kind not in KEEPS:
            raise ValueError(
                f"what {row.name} of kind {kind!r} keeps is not known; known are {', '.join(KEEPS)}"
            )
        sources = [self.named[name] for name in layer.inputs] if layer.inputs else [self.last]
        source, kept = sources[0], 0
        has_gradient = row.params > 0 or any([each.has_gradient for each in sources])
        weights = 0
        if kind in WEIGHTED:
            if self.size < source.size:  # a copy in 16 bits, which every such layer makes anew
                source = _Tensor(source.bytes // source.size, self.size, False)
            if self.size == 2 and (kind == "conv" or sources[0].has_gradient):
                weights = 2 * (row.params - row.output_shape[0] * layer.bias)
        size = max([each.size for each in sources]) if kind not in WEIGHTED else self.size
        out = _Tensor(self.batch * numbers(row.output_shape), size, has_gradient)
        if kind in VIEWS:
            out = source
        what, a_channel, a_number = KEEPS[kind]
        if has_gradient and not (kind == "avgpool" and layer.output_size in (1, (1, 1))):
            kept = a_channel * row.output_shape[0] + a_number * (out.bytes // size)
            if what in ("mask", "copy"):
                kept += out.bytes
            else:
                kept += _keep(what, source, sources, out)
        self.last = self.named[layer.name] = out
        return kept, weights


def _keep(what: str, source: _Tensor, sources: list[_Tensor], out: _Tensor) -> int:
    """Mark the tensors that a layer keeps. Returns the bytes of those that nothing kept before."""
    tensors = {"input": [source], "output": [out], "inputs": sources, "nothing": []}[what]
    if what == "inputs":  # each is kept for the gradients of the others
        tensors = [
            each
            for each in sources
            if any([other.has_gradient for other in sources if other is not each])
        ]
    fresh = 0
    for tensor in tensors:
        if not tensor.kept:
            tensor.kept = True
            fresh += tensor.bytes
    return fresh


def numbers(shape: tuple[int, ...]) -> int:
    """How many numbers an array of this shape has."""
    found = 1
    for side in shape:
        found *= side
    return found


def _in_block(row: Row) -> bool:
    return "." in row.name and block_name(row.name) != row.name


def _blocks(rows: list[Row]) -> list[list[Row]]:
    """The rows in runs: those of a block together."""
    runs: list[list[Row]] = []
    before = ""
    for row in rows:
        name = block_name(row.name) if _in_block(row) else ""
        if not runs or name != before:
            runs.append([])
        runs[-1].append(row)
        before = name
    return runs
