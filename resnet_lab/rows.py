"""What a table consists of: rows, and sections of rows that a network repeats."""

from __future__ import annotations

from dataclasses import dataclass

from .arithmetic import ReceptiveField

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .graph import Layer


@dataclass
class Row:
    """One layer as it was executed. Shapes are channels first, without the batch.

    Attributes:
        name: of the layer.
        kind: of `kinds.KINDS`; "stage" or "block" where rows are added up.
        input_shape: of the first input, or of a multiplication's features.
        output_shape: of what comes out.
        params: trainable numbers.
        macs: multiply-accumulates of convolutions and linear layers, for one input.
        field: what an output pixel sees of the input along one axis. From an average over several
            positions on it spans all of them, without the limit that the image's edge sets.
        depth: convolutions and linear layers on the longest path from the input to here.
        on_main_path: False in a projection shortcut and in a gate.
        kernel: the layer's own, 1 where it has none.
        layer_stride: the layer's own, 1 where it has none.
        layer: of the graph; None where rows are added up.
    """

    name: str
    kind: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    params: int
    macs: int
    field: ReceptiveField
    depth: int = 0
    on_main_path: bool = False
    kernel: int = 1
    layer_stride: int = 1
    layer: Layer | None = None

    @property
    def receptive_field(self) -> int:
        """Input pixels, along one axis, that one output pixel depends on."""
        return self.field.size

    @property
    def stride(self) -> int:
        """Input pixels from one output pixel's field to the next one's: of the whole path."""
        return self.field.stride

    @property
    def padding(self) -> int:
        """How far the first output pixel's field begins before the first input pixel."""
        return self.field.padding


@dataclass
class Section:
    """Rows that stand for `copies` alike in a row: they differ in name, depth and field alone.

    Attributes:
        rows: of the first.
        copies: how many there are.
        growth: what one of them adds to the field's size and padding.
        deeper: what one of them adds to the depth.
    """

    rows: list[Row]
    copies: int
    growth: ReceptiveField
    deeper: int

    def copy(self, number: int, rows: list[Row]) -> list[Row]:
        """Some of the rows as they are in the copy so many on."""
        if number == 0:
            return rows
        stage, index, _ = rows[0].name.split(".", 2)
        cut, prefix = len(stage) + len(index) + 2, f"{stage}.{int(index) + number}."
        size, padding = number * self.growth.size, number * self.growth.padding
        copied, field, before = [], rows[0].field, None
        for row in rows:
            if row.field is not before:
                before = row.field
                field = ReceptiveField(before.size + size, before.stride, before.padding + padding)
            copied.append(
                Row(
                    prefix + row.name[cut:],
                    row.kind,
                    row.input_shape,
                    row.output_shape,
                    row.params,
                    row.macs,
                    field,
                    row.depth + number * self.deeper,
                    row.on_main_path,
                    row.kernel,
                    row.layer_stride,
                    row.layer,
                )
            )
        return copied

    def last(self) -> Row:
        """The row that ends the last copy."""
        return self.copy(self.copies - 1, self.rows[-1:])[0]
