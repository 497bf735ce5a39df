"""Walk a described network once with an input shape: a row for every layer, with what it costs."""

from __future__ import annotations

from dataclasses import dataclass

from .arithmetic import ReceptiveField
from .checks import check_choice, check_int
from .fields import grown, growth
from .graph import Graph, block_name, index_place
from .kinds import HIDDEN
from .rows import Row, Section
from .walking import Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .architecture import VGG, ResNet
    from .blocks import ResidualBlock
    from .devices import Device
    from .fields import Field
    from .memory import Memory
    from .roofline import Roofline

    Network = Graph | ResNet | VGG | ResidualBlock

__all__ = ["Row", "Section", "Trace", "trace"]

MOST_ROWS = 100_000  # that a table is written out in; ResNet-1202 has 4,200
AXES = {
    0: ("channels",),
    1: ("channels", "length"),
    2: ("channels", "height", "width"),
    3: ("channels", "depth", "height", "width"),
}


@dataclass
class Trace:
    """The rows of a network in order of execution, and their totals.

    A stage repeats its second block: `rows`, len and iteration have every copy, written out when
    they are first asked for.

    Attributes:
        net: the description.
        input_shape: channels first, without the batch.
        sections: the rows, repeated ones once.
        field: of the last convolution, pooling or join before the global average or the classifier.

    Example:
        >>> from resnet_lab import resnet
        >>> table = trace(resnet(50), (3, 224, 224))
        >>> table.params, table.macs, table.receptive_field, table.weight_layers
        (25557032, 4089184256, 427, 50)
        >>> [row.name for row in table][:4]
        ['conv1', 'bn1', 'relu', 'maxpool']
    """

    net: Network
    input_shape: tuple[int, ...]
    sections: list[Section]
    field: Field

    def __post_init__(self) -> None:
        self._groups: dict[str, list[Row]] = {}

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def rows(self) -> list[Row]:
        """A row for every layer."""
        return self.groups("layer")

    @property
    def params(self) -> int:
        """Trainable numbers."""
        return sum([group.params for group in self.groups()])

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one input, without those of `unknown` layers."""
        return sum([group.macs for group in self.groups()])

    @property
    def unknown(self) -> list[Row]:
        """The layers whose MACs are not known, each with its line in `row.layer.line`."""
        if not any([row.unknown for section in self.sections for row in section.rows]):
            return []  # without writing out every copy
        return [row for row in self.rows if row.unknown]

    @property
    def receptive_field(self) -> int:
        """Of the last layer before the global average or the classifier; None if it has none."""
        return self.field.size

    @property
    def gated(self) -> bool:
        """Whether gates see the whole input, which `field` leaves out."""
        return any([row.gated for section in self.sections for row in section.rows])

    @property
    def notes(self) -> list[str]:
        """Sentences on what the table does not show."""
        from .tables import notes

        return notes(self)

    @property
    def weight_layers(self) -> int:
        """Convolutions and linear layers on the longest path: the number in a network's name."""
        return self.sections[-1].last().depth

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Of the last layer."""
        return self.sections[-1].rows[-1].output_shape

    def at(self, name: str) -> Row:
        """The row that ends a stage ("layer3") or a block ("layer3.0"), or is a layer ("conv1").

        Raises:
            ValueError: for a name that no layer has or begins with.
        """
        for row in reversed(self.rows):
            if row.name == name or row.name.startswith(f"{name}."):
                return row
        raise ValueError(
            f"{self.net.name} has nothing called {name!r}; its parts are "
            f"{', '.join([group.name for group in self.groups('stage')])}"
        )

    def groups(self, level: str = "stage") -> list[Row]:
        """The rows added up by "stage", "block" or "layer": each Row named after its group.

        A group's shape and field are those of its last row; its parameters and MACs are sums.

        Raises:
            ValueError: for another level.
        """
        if level not in self._groups:
            if level not in ("stage", "block", "layer"):
                raise ValueError(f"level is {level!r}; it must be 'stage', 'block' or 'layer'")
            count = sum([section.copies * len(section.rows) for section in self.sections])
            if count > MOST_ROWS and level != "stage":
                raise ValueError(
                    f"{self.net.name} has {count:,} rows, too many to write out (at most "
                    f"{MOST_ROWS:,}); take level 'stage', which adds them up"
                )
            rows = self._written_out() if level == "layer" else self._added_up(level)
            self._groups[level] = rows
        return self._groups[level]

    def _written_out(self) -> list[Row]:
        rows = []
        for section in self.sections:
            shown = [row for row in section.rows if row.kind not in HIDDEN]
            for number in range(section.copies):
                rows += section.copy(number, shown)
        return rows

    def _added_up(self, level: str) -> list[Row]:
        groups: list[Row] = []
        prefix = "."
        sections = self.sections
        if level == "block":
            sections = [Section(self.rows, 1, ReceptiveField(0, 1, 0), 0)]
        for section in sections:  # a stage needs its copies' number only
            copies = section.copies
            for row in section.rows:
                if row.name.startswith(prefix):
                    group = groups[-1]
                    group.params += copies * row.params
                    group.macs += copies * row.macs
                    group.kind, group.output_shape, group.field = level, row.output_shape, row.field
                    if row.gated or row.unknown:
                        group.gated = row.gated
                        group.unknown = group.unknown or row.unknown
                else:
                    name = row.name.split(".")[0] if level == "stage" else block_name(row.name)
                    prefix = name + "."
                    groups.append(
                        Row(
                            name,
                            row.kind if name == row.name else level,
                            row.input_shape,
                            row.output_shape,
                            copies * row.params,
                            copies * row.macs,
                            row.field,
                            row.depth,
                        )
                    )
                    groups[-1].gated, groups[-1].unknown = row.gated, row.unknown
            if copies > 1:
                groups[-1].field = grown(groups[-1].field, section.growth, copies - 1)
        return groups

    def memory(
        self,
        batch: int,
        precision: str = "float32",
        optimizer: str = "momentum",
        checkpointing: bool = False,
    ) -> Memory:
        """The bytes that training with `batch` images takes: see `memory.memory`."""
        from .memory import memory

        return memory(self, batch, precision, optimizer, checkpointing)

    def roofline(
        self, device: str | Device, batch: int = 1, precision: str = "float32"
    ) -> Roofline:
        """Every layer under a device's roof, and the time of a step: see `roofline.roofline`."""
        from .roofline import roofline

        return roofline(self, device, batch, precision)

    def to_text(self, level: str = "layer") -> str:
        """The table as aligned text."""
        from .tables import to_text

        return to_text(self, level)

    def to_html(self, level: str = "stage") -> str:
        """The table as an HTML element, with numbers in cells of class "num"."""
        from .tables import to_html

        return to_html(self, level)

    def to_json(self) -> str:
        """The network and its input shape as text, which `graph_json.from_json` reads."""
        from .graph_json import to_json

        return to_json(self)

    def __repr__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        return self.to_html("block")


def trace(net: Network, input_shape: tuple[int, ...]) -> Trace:
    """Walk `net` with one input of `input_shape`, (channels, height, width) or (channels, length).

    Raises:
        TypeError, ValueError: naming what does not fit: rank, channels, a size of 0, an input too
            small for `net`, a kind of layer that is not known, an input that is no layer before it.

    Example:
        >>> from resnet_lab import resnet
        >>> trace(resnet(50), (3, 224, 224)).at("layer4").output_shape
        (2048, 7, 7)
    """
    if not hasattr(net, "graph"):
        raise TypeError(
            f"net is {net!r}; it must be a description such as resnet(50) or named('vgg16')"
        )
    graph = net.graph()
    shape = _checked(input_shape, graph)
    walk, sections = Walk(graph.name, shape), []
    for first, stop, copies in graph.sections():
        before, place = walk.last[0], len(walk.rows)
        for layer in graph.layers[first:stop]:
            walk.run(layer)
        after, rows = walk.last[0], walk.rows[place:]
        place = index_place(graph.layers[first:stop]) if copies > 1 else 1
        added = growth(before.field, after.field)
        section = Section(rows, copies, added, after.depth - before.depth, place)
        sections.append(section)
        if copies > 1:
            if (before.output_shape, before.field.stride) != (
                after.output_shape,
                after.field.stride,
            ):
                raise ValueError(
                    f"the block that begins with {rows[0].name!r} stands for {copies} in a row, "
                    "but its output has another shape or stride than its input; write them out"
                )
            walk.skip(section)
    walk.mark_main_path()
    return Trace(net, shape, sections, walk.field)


def _checked(input_shape: object, graph: Graph) -> tuple[int, ...]:
    """The input's shape as a tuple, if it is one that `graph` takes."""
    if not isinstance(input_shape, (tuple, list)):
        raise TypeError(f"input_shape is {input_shape!r}; it must be a tuple such as (3, 224, 224)")
    check_choice("dims", graph.dims, tuple(AXES))
    shape, axes = tuple(input_shape), AXES[graph.dims]
    if len(shape) != len(axes):
        raise ValueError(
            f"input_shape is {shape}; {graph.name} takes ({', '.join(axes)}), "
            "one input without a batch"
        )
    shape = tuple(
        [check_int(f"input {axis}", side) for axis, side in zip(axes, shape, strict=True)]
    )
    if shape[0] != graph.in_channels:
        raise ValueError(
            f"input_shape {shape} has {shape[0]} channels; {graph.name} takes {graph.in_channels}"
        )
    return shape
