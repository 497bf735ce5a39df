"""What a table consists of: rows, and sections of rows that a network repeats."""

from __future__ import annotations

from dataclasses import dataclass

from .fields import grown, text
from .graph import shifted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .fields import Field
    from .graph import Layer, Numbers


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
            `fields.LOST` where positions are mixed, `fields.PerAxis` where axes differ.
        depth: convolutions and linear layers on the longest path from the input to here.
        on_main_path: False in a projection shortcut and in a gate.
        kernel: the layer's own, 1 where it has none; a tuple where axes differ, as is layer_stride.
        layer_stride: the layer's own, 1 where it has none.
        layer: of the graph; None where rows are added up.
        gated: whether it also sees the whole input, through a gate or an average that `field`
            leaves out.
        unknown: whether MACs (or those of a layer in the group) are not known, and not in `macs`.
    """

    name: str
    kind: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    params: int
    macs: int
    field: Field
    depth: int = 0
    on_main_path: bool = False
    kernel: Numbers = 1
    layer_stride: Numbers = 1
    layer: Layer | None = None

    gated = unknown = False  # no fields of the class: few rows have them

    @property
    def receptive_field(self) -> int:
        """Input pixels, along one axis, that one output pixel depends on; None if it has none."""
        return self.field.size

    @property
    def field_text(self) -> str:
        """The receptive field for a table: along each axis, with and without gates."""
        return text(self.field, self.gated)

    @property
    def macs_text(self) -> str:
        """The MACs for a table, as far as they are known."""
        if self.unknown:
            return f"at least {self.macs:,}" if self.macs else "?"
        return f"{self.macs:,}"

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
        place: of the names' part that is the block's index.
    """

    rows: list[Row]
    copies: int
    growth: Field
    deeper: int
    place: int = 1

    def copy(self, number: int, rows: list[Row]) -> list[Row]:
        """Some of the rows as they are in the copy so many on."""
        if number == 0:
            return rows
        place, copied, field, before = self.place, [], rows[0].field, None
        cut = len(".".join(rows[0].name.split(".")[: place + 1]))
        prefix = shifted(rows[0].name[:cut], number, place)
        for row in rows:
            if row.field is not before:
                before = row.field
                field = grown(before, self.growth, number)
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
            if row.gated:
                copied[-1].gated = True
            if row.unknown:
                copied[-1].unknown = True
        return copied

    def last(self) -> Row:
        """The row that ends the last copy."""
        return self.copy(self.copies - 1, self.rows[-1:])[0]
