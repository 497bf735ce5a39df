"""A walk along a graph: each layer's row from those that it reads."""

from __future__ import annotations

from .arithmetic import ReceptiveField
from .graph import INPUT, Layer, shifted
from .kinds import JOINS, KINDS, TooSmallError
from .kinds_more import ANY, DEPTHS, SOURCES, WHOLE
from .rows import Row, Section

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .fields import Field
    from .kinds import Count

# What a table's receptive field is that of: not of an average over everything, nor of a classifier.
SEES = ("conv", "maxpool", "avgpool", *JOINS)
SEVERAL = {**JOINS, **ANY}


class Walk:
    """The rows so far, and by name what the layers to come may read: rows with their places."""

    def __init__(self, net: str, shape: tuple[int, ...]) -> None:
        self.net = net
        self.rows: list[Row] = []
        self.origins: list[int] = []  # for every row the place of the one before it on its path
        self.last = Row(INPUT, INPUT, shape, shape, 0, 0, ReceptiveField()), -1
        self.named = {INPUT: self.last}
        self.field: Field = ReceptiveField()

    def run(self, layer: Layer) -> None:
        """Add the row of `layer`."""
        name, kind = layer.name, layer.kind
        if name in self.named:
            raise ValueError(f"{self.net} has two layers called {name!r}; give each its own name")
        if kind not in KINDS:
            raise ValueError(f"{name} is of kind {kind!r}; known are {', '.join(KINDS)}")
        gated = kind in WHOLE
        try:
            if kind in SEVERAL:
                source, origin, count, gate = self.join(layer)
                gated = gated or gate
            elif kind in SOURCES:
                source, origin, count = self.named[INPUT][0], -1, KINDS[kind](layer)
            else:
                if len(layer.inputs) > 1:
                    raise ValueError(
                        f"{name} has {len(layer.inputs)} inputs; a layer of kind {kind!r} takes "
                        "one input"
                    )
                source, origin = self.find(layer, layer.inputs[0]) if layer.inputs else self.last
                count = KINDS[kind](layer, source)
        except TooSmallError as error:
            raise ValueError(f"the input is too small for {self.net}: {error}") from None
        shape, params, macs, field, kernel = count
        row = Row(
            name.split(":")[0] if ":" in name else name,  # tables show no mark of a second run
            kind,
            source.output_shape,
            shape,
            params if layer.params is None else layer.params,
            macs,
            field,
            source.depth + DEPTHS[kind] if kind in DEPTHS else source.depth,
            False,
            kernel,
            layer.stride,
            layer,
        )
        if gated or source.gated:
            row.gated = True
        if kind == "unknown":
            row.unknown = True
        self.last = self.named[name] = row, len(self.rows)
        self.rows.append(row)
        self.origins.append(origin)
        if kind in SEES and layer.output_size is None:
            self.field = field
        elif (
            field.size is None and source.field.size and max(source.output_shape[1:], default=1) > 1
        ):
            self.field = field

    def join(self, layer: Layer) -> tuple[Row, int, Count, bool]:
        """Of a layer with several inputs: the main one, where it stands, its count, gates."""
        if layer.kind in JOINS and len(layer.inputs) < 2:
            raise ValueError(
                f"{layer.name} has 1 input; a layer of kind {layer.kind!r} takes two inputs or more"
            )
        sources = [self.find(layer, read) for read in layer.inputs] or [self.last]
        count = KINDS[layer.kind](layer, *[row for row, _ in sources])
        main, origin = self.main_source(layer.kind, count[0], sources)
        gates = [read.gated or is_gate(read, count[0]) for read, _ in sources]
        return main, origin, count, any(gates)

    def find(self, layer: Layer, name: str) -> tuple[Row, int]:
        """The row of that name, which `layer` reads."""
        if name not in self.named:
            raise ValueError(
                f"{layer.name} reads {name!r}, which is no layer before it; name one, or {INPUT!r}"
            )
        return self.named[name]

    @staticmethod
    def main_source(
        kind: str, shape: tuple[int, ...], sources: list[tuple[Row, int]]
    ) -> tuple[Row, int]:
        """The deepest input, of several such the one that ran first; gates follow features."""
        if kind == "multiply":
            sources = [each for each in sources if each[0].output_shape == shape][:1] or sources
        return max(sources, key=lambda source: (source[0].depth, -source[1]))

    def skip(self, section: Section) -> None:
        """Go on behind the last copy of a repeated block."""
        layer = section.rows[-1].layer
        assert layer is not None
        self.last = section.last(), self.last[1]
        self.named[shifted(layer.name, section.copies - 1, section.place)] = self.last
        self.field = self.last[0].field

    def mark_main_path(self) -> None:
        """Mark the rows on the longest path, from the last one back."""
        place = self.last[1]
        while place >= 0:
            self.rows[place].on_main_path = True
            place = self.origins[place]


def is_gate(read: Row, shape: tuple[int, ...]) -> bool:
    """Whether what goes into an output of that shape has no positions, having seen them all."""
    several = read.output_shape != shape and max(shape[1:], default=1) > 1
    return several and max(read.output_shape[1:], default=1) == 1 and read.field.size != 0
