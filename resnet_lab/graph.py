"""A network as a graph: layers in order of execution, each with its inputs by name.

Adding, concatenating and multiplying are layers with several inputs, so that a shortcut is nothing
special. Blocks and stages are prefixes of names. A block that a stage repeats stands here once,
with how many there are. Nothing is counted here: `tracing` does that.
"""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Numbers = Any  # an int, or a tuple of one for each axis

INPUT = "input"


@dataclass
class Layer:
    """One layer.

    Attributes:
        name: as PyTorch names the module; where a module runs a second time, with ":2" behind it.
        kind: of `kinds.KINDS`, such as "conv", "batchnorm", "relu" or "add".
        inputs: names of layers before it, or "input"; empty for the layer just before.
        channels: of the output; None where the kind keeps them.
        kernel: along every axis, as are stride, padding and dilation; or a tuple, one number an
            axis, and then all four are.
        stride: from one position of the kernel to the next.
        padding: zeros on each side.
        dilation: from one of the kernel's taps to the next.
        groups: of a convolution.
        bias: whether a convolution or a linear layer has one.
        output_size: of an adaptive pooling, its windows along every axis, or a tuple of them.
        ceil_mode: of a pooling, whether its size is rounded up.
        shape: of the output, without the batch, where kind and inputs do not say it.
        params: trainable numbers where the kind does not say them; 0 for those counted before.
        line: of the code that does what is not known.
    """

    name: str
    kind: str
    inputs: tuple[str, ...] = ()
    channels: int | None = None
    kernel: Numbers = 1
    stride: Numbers = 1
    padding: Numbers = 0
    dilation: Numbers = 1
    groups: int = 1
    bias: bool = False
    output_size: Numbers | None = None
    ceil_mode: bool = False
    shape: tuple[int, ...] | None = None
    params: int | None = None
    line: str = ""

    def settings(self) -> dict[str, Any]:
        """What is not as usual, by name.

        Example:
            >>> Layer("conv1", "conv", channels=8, kernel=3, stride=1).settings()
            {'name': 'conv1', 'kind': 'conv', 'channels': 8, 'kernel': 3}
        """
        return {name: value for name, value in vars(self).items() if value != USUAL[name]}


USUAL = vars(Layer("", ""))


@dataclass
class Graph:
    """A network's layers.

    Attributes:
        name: of the network.
        layers: in order of execution, a repeated block once.
        dims: 1 for signals, 2 for images, 3 for volumes, 0 for numbers in a row.
        in_channels: of the input.
        repeats: (first, stop, copies) each: layers[first:stop] are a block, "layer1.1" say, that
            stands for so many in a row, "layer1.1", "layer1.2" ..., each reading the one before.
        notes: sentences on what the layers do not show.

    Example:
        >>> layers = [Layer("conv1", "conv", (), 8, 3, padding=1)]
        >>> layers.append(Layer("add", "add", ("conv1", "input")))
        >>> Graph("one block", layers, in_channels=8).graph().written_out() == layers
        True
    """

    name: str
    layers: list[Layer]
    dims: int = 2
    in_channels: int = 3
    repeats: tuple[tuple[int, int, int], ...] = ()
    notes: tuple[str, ...] = ()

    def graph(self) -> Graph:
        """Itself: a graph can stand where a description can."""
        return self

    def sections(self) -> list[tuple[int, int, int]]:
        """All layers as (first, stop, copies), what is not repeated between what is."""
        found, end = [], 0
        for first, stop, copies in [*self.repeats, (len(self.layers), len(self.layers), 1)]:
            if end < first:
                found.append((end, first, 1))
            if first < stop:
                found.append((first, stop, copies))
            end = stop
        return found

    def copied(self) -> list[tuple[Layer, str, list[str]]]:
        """Every layer with its name and inputs; a copy's have its own index."""
        found = []
        for first, stop, copies in self.sections():
            block = self.layers[first:stop]
            found += [(layer, layer.name, list(layer.inputs)) for layer in block]
            if copies == 1:
                continue
            place = index_place(block)
            names = [
                (layer, divided(layer.name, place), [divided(name, place) for name in layer.inputs])
                for layer in block
            ]
            for copy in range(1, copies):
                for layer, (head, index, tail), inputs in names:
                    read = [f"{head}{index + copy}{tail}" for head, index, tail in inputs]
                    found.append((layer, f"{head}{index + copy}{tail}", read))
        return found

    def written_out(self) -> list[Layer]:
        """Every layer, copies of repeated blocks included."""
        return [
            layer
            if name == layer.name
            else Layer(
                name,
                layer.kind,
                tuple(inputs),
                layer.channels,
                layer.kernel,
                layer.stride,
                layer.padding,
                layer.dilation,
                layer.groups,
                layer.bias,
                layer.output_size,
                layer.ceil_mode,
                layer.shape,
                layer.params,
                layer.line,
            )
            for layer, name, inputs in self.copied()
        ]

    def stages(self) -> dict[str, dict[str, list[Layer]]]:
        """For every stage its blocks by name, and for every block its layers."""
        found: dict[str, dict[str, list[Layer]]] = {}
        for layer in self.written_out():
            block = block_name(layer.name)
            if block != layer.name and "." in block:
                blocks = found.setdefault(block.split(".")[0], {})
                blocks.setdefault(block, []).append(layer)
        return found

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON: every layer written out, with its inputs and what is not usual."""
        layers, before = [], INPUT
        settings = {layer.name: layer.settings() for layer in self.layers}
        for layer, name, inputs in self.copied():
            layers.append({**settings[layer.name], "name": name, "inputs": inputs or [before]})
            before = name
        return {
            "name": self.name,
            "dims": self.dims,
            "in_channels": self.in_channels,
            "layers": layers,
        }


def divided(name: str, place: int) -> tuple[str, int, str]:
    """A name around the index that ends its part at `place`: ("layer1.", 1, ".conv1")."""
    parts = name.split(".", place + 1)
    word = parts[place]
    stem = word.rstrip("0123456789")
    tail = "".join([f".{part}" for part in parts[place + 1 :]])
    return ".".join([*parts[:place], stem]), int(word[len(stem) :]), tail


def shifted(name: str, copies: int, place: int = 1) -> str:
    """The name of the same layer so many blocks on: "layer1.1.conv1" becomes "layer1.3.conv1".

    `place` is that of the part with the block's index, which may end a word: "layer_1".
    """
    head, index, tail = divided(name, place)
    return f"{head}{index + copies}{tail}"


def index_place(block: list[Layer]) -> int:
    """Which part of a repeated block's names is its index: the last that all of them share."""
    first = block[0].name.split(".")
    shared = len(first) - 1
    for layer in block:
        parts = layer.name.split(".")
        while parts[:shared] != first[:shared]:
            shared -= 1
    while shared > 0 and not first[shared - 1][-1:].isdigit():
        shared -= 1
    return shared - 1


def block_name(name: str) -> str:
    """The block of a layer, or the layer's own name where it is in none.

    "layer1.0" of "layer1.0.conv2", "block" of "block.conv2", "features.3" of "features.3".
    """
    parts = name.split(".")
    return f"{parts[0]}.{parts[1]}" if len(parts) > 1 and parts[1].isdigit() else parts[0]


@dataclass
class Branches:
    """The layers of a residual block by the part they play.

    Attributes:
        before: what both branches share (pre-activation, where the shape changes).
        main: the residual branch.
        shortcut: what stands in the shortcut: nothing, a zero-padding, or a projection's layers.
        join: the addition or concatenation; None in a plain block.
        after: what follows the join.
    """

    before: list[Layer]
    main: list[Layer]
    shortcut: list[Layer]
    join: Layer | None
    after: list[Layer]

    @property
    def kind(self) -> str | None:
        """The shortcut: "identity", "zero-pad", "projection", or None in a plain block."""
        if self.join is None:
            return None
        kinds = [layer.kind for layer in self.shortcut]
        return "projection" if "conv" in kinds else "zero-pad" if kinds else "identity"


def branches(layers: list[Layer]) -> Branches:
    """Take a block's layers apart, the residual branch being the one that is executed first.

    Example:
        >>> layers = [Layer("conv1", "conv", (), 8, 3, padding=1)]
        >>> layers.append(Layer("add", "add", ("conv1", "input")))
        >>> branches(layers).kind
        'identity'
    """
    join = -1
    for place in range(len(layers)):  # a page has no quick enumerate, nor sets, nor sorted by key
        if layers[place].kind in ("add", "concat"):
            join = place
    if join < 0 or len(layers[join].inputs) != 2:
        return Branches([], layers, [], None, [])
    places = {layers[place].name: place for place in range(join)}
    one, other = [_behind(name, layers, places) for name in layers[join].inputs]
    main_first = True
    for place in range(join):
        if one[place] != other[place]:
            main_first = one[place]
            break
    main, shortcut = (one, other) if main_first else (other, one)
    return Branches(
        [layers[place] for place in range(join) if main[place] and shortcut[place]],
        [layers[place] for place in range(join) if main[place] and not shortcut[place]],
        [layers[place] for place in range(join) if shortcut[place] and not main[place]],
        layers[join],
        layers[join + 1 :],
    )


def _behind(name: str, layers: list[Layer], places: dict[str, int]) -> list[bool]:
    """Whether `name` is, or depends on, each of the layers at `places`."""
    found = [False] * len(places)
    waiting = [name]
    while waiting:
        read = waiting.pop()
        if read not in places:
            continue
        place = places[read]
        if not found[place]:
            found[place] = True
            waiting += layers[place].inputs or ([layers[place - 1].name] if place else [])
    return found
