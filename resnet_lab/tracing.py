"""Walk a described network once with an input shape: a row for every layer, its shape, cost and receptive field."""

from __future__ import annotations

from dataclasses import dataclass

from .architecture import Block, Layer
from .arithmetic import (
    ReceptiveField,
    batchnorm_params,
    conv_macs,
    conv_output_size,
    conv_params,
    linear_params,
    product,
)
from .checks import check_int


@dataclass
class Row:
    """One layer as it was executed. Shapes are channels first, without the batch.

    kind: conv, batchnorm, relu, maxpool, avgpool, add, concat, flatten, dropout or linear.
    params: trainable numbers; macs: multiply-accumulates of convolutions and linear layers, for one input.
    receptive_field, stride, padding: of the whole path from the input (see `arithmetic.ReceptiveField`); from an average over
    several positions on, the receptive field spans all of them, without the limit that the image's edge sets.
    on_main_path: False in a projection shortcut. kernel, own_stride: the layer's own, 1 where it has none.
    """

    name: str
    kind: str
    input_shape: tuple
    output_shape: tuple
    params: int
    macs: int
    receptive_field: int
    stride: int
    padding: int
    on_main_path: bool = True
    kernel: int = 1
    own_stride: int = 1


@dataclass
class Piece:
    """A layer or a block with its rows, which stands for `copies` alike: they differ in name, receptive field and padding."""

    part: object
    rows: list
    copies: int
    wider: int  # what one of them adds to the receptive field
    further: int  # and to the padding


@dataclass
class Trace:
    """The rows of a network in order of execution, and their totals. len, iteration and `rows` have every row.

    A stage repeats its second block: the rows of copies are written out when they are asked for.
    receptive_field is that of the last convolution or pooling before the global average or the classifier.

    >>> from resnet_lab import resnet
    >>> table = trace(resnet(50), (3, 224, 224))
    >>> table.params, table.macs, table.receptive_field, table.weight_layers
    (25557032, 4089184256, 427, 50)
    >>> [row.name for row in table][:4]
    ['conv1', 'bn1', 'relu', 'maxpool']
    """

    net: object
    input_shape: tuple
    pieces: list
    receptive_field: int

    def __post_init__(self):
        self._groups = {}

    def __iter__(self):
        return iter(self.rows)

    def __len__(self):
        return len(self.rows)

    @property
    def rows(self) -> list:
        return self.groups("layer")

    @property
    def params(self) -> int:
        return sum([group.params for group in self.groups()])

    @property
    def macs(self) -> int:
        return sum([group.macs for group in self.groups()])

    @property
    def weight_layers(self) -> int:
        """Convolutions and fully connected layers on the main path: the number in a network's name."""
        return sum(
            [
                piece.copies
                * sum([row.on_main_path and row.kind in ("conv", "linear") for row in piece.rows])
                for piece in self.pieces
            ]
        )

    @property
    def output_shape(self) -> tuple:
        return self.pieces[-1].rows[-1].output_shape

    def at(self, name: str) -> Row:
        """The row that ends a stage ("layer3"), a block ("layer3.0") or a layer ("layer3.0.conv2")."""
        for row in reversed(self.rows):
            if row.name == name or row.name.startswith(f"{name}."):
                return row
        raise ValueError(
            f"{self.net.name} has nothing called {name!r}; its parts are "
            f"{', '.join(group.name for group in self.groups('stage'))}"
        )

    def groups(self, level: str = "stage") -> list:
        """The rows added up by "stage", "block" or "layer": a list of Row, each named after its group.

        A group's shape and receptive field are those of its last row; its parameters and MACs are sums.
        """
        if level not in ("stage", "block", "layer"):
            raise ValueError(f"level is {level!r}; it must be 'stage', 'block' or 'layer'")
        if level not in self._groups:
            self._groups[level] = self._written_out() if level == "layer" else self._added_up(level)
        return self._groups[level]

    def _written_out(self) -> list:
        rows = []
        for piece in self.pieces:
            rows += piece.rows
            for copy in range(1, piece.copies):
                for row in piece.rows:
                    stage, index, layer = row.name.split(".", 2)
                    rows.append(
                        Row(
                            f"{stage}.{int(index) + copy}.{layer}",
                            row.kind,
                            row.input_shape,
                            row.output_shape,
                            row.params,
                            row.macs,
                            row.receptive_field + copy * piece.wider,
                            row.stride,
                            row.padding + copy * piece.further,
                            row.on_main_path,
                            row.kernel,
                            row.own_stride,
                        )
                    )
        return rows

    def _added_up(self, level) -> list:
        groups, prefix = [], None
        # A stage needs its copies' number only.
        for piece in (
            self.pieces if level == "stage" else [Piece(None, [row], 1, 0, 0) for row in self.rows]
        ):
            copies = piece.copies
            for row in piece.rows:
                if prefix and row.name.startswith(prefix):
                    group = groups[-1]
                    group.params += copies * row.params
                    group.macs += copies * row.macs
                else:
                    parts = row.name.split(".")
                    name = (
                        parts[0]
                        if level == "stage" or len(parts) == 1
                        else f"{parts[0]}.{parts[1]}"
                    )
                    prefix = name + "."
                    groups.append(
                        Row(
                            name,
                            row.kind,
                            row.input_shape,
                            row.output_shape,
                            copies * row.params,
                            copies * row.macs,
                            row.receptive_field,
                            row.stride,
                            row.padding,
                        )
                    )
            if row.name.startswith(prefix):
                group = groups[-1]
                group.kind, group.output_shape, group.stride = level, row.output_shape, row.stride
                group.receptive_field = row.receptive_field + (copies - 1) * piece.wider
                group.padding = row.padding + (copies - 1) * piece.further
        return groups

    def cells(self, level: str = "stage") -> list:
        """The table as rows of strings: a heading, one row for every group, the totals."""
        rows = [("name", "kind", "output shape", "receptive field", "parameters", "MACs")]
        for row in self.groups(level):
            rows.append(
                (
                    row.name,
                    row.kind,
                    shape_text(row.output_shape),
                    f"{row.receptive_field:,}",
                    f"{row.params:,}",
                    f"{row.macs:,}",
                )
            )
        rows.append(
            (
                "total",
                f"{self.weight_layers} weight layers",
                shape_text(self.output_shape),
                f"{self.receptive_field:,}",
                f"{self.params:,}",
                f"{self.macs:,}",
            )
        )
        return rows

    def to_text(self, level: str = "layer") -> str:
        """The table as aligned text."""
        rows = self.cells(level)
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines = []
        for row in rows:
            cells = [
                cell.ljust(width) if column < 3 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths))
            ]
            lines.append("  ".join(cells).rstrip())
        rule = "-" * max(len(line) for line in lines)
        title = f"{self.net.name}, input {shape_text(self.input_shape)}"
        return "\n".join([title, rule, lines[0], rule, *lines[1:-1], rule, lines[-1]])

    def to_html(self, level: str = "stage") -> str:
        """The table as an HTML element, with numbers in cells of class "num"."""
        head, *body, total = self.cells(level)

        def line(row):
            return (
                f"<tr><th scope='row'>{row[0]}</th>"
                + "".join(
                    f"<td{' class=num' if column > 1 else ''}>{cell}</td>"
                    for column, cell in enumerate(row[1:], 1)
                )
                + "</tr>"
            )

        return (
            "<table class='rl-table'><thead><tr>"
            + "".join(f"<th scope='col'>{cell}</th>" for cell in head)
            + "</tr></thead><tbody>"
            + "".join(line(row) for row in body)
            + f"</tbody><tfoot>{line(total)}</tfoot></table>"
        )

    def __repr__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        return self.to_html("block")


def shape_text(shape) -> str:
    """A shape as the book prints it: 64 × 56 × 56."""
    text = str(shape[0])
    for side in shape[1:]:
        text += f" × {side}"
    return text


def trace(net, input_shape) -> Trace:
    """Walk `net` with one input of `input_shape` (channels, height, width) or (channels, length).

    Raises TypeError or ValueError naming what does not fit: rank, channels, a size of 0, an input too small for `net`.

    >>> from resnet_lab import resnet
    >>> trace(resnet(50), (3, 224, 224)).at("layer4").output_shape
    (2048, 7, 7)
    """
    if not hasattr(net, "parts"):
        raise TypeError(
            f"net is {net!r}; it must be a description such as resnet(50) or named('vgg16')"
        )
    if not isinstance(input_shape, (tuple, list)):
        raise TypeError(f"input_shape is {input_shape!r}; it must be a tuple such as (3, 224, 224)")
    shape = tuple(input_shape)
    axes = {1: "(channels, length)", 2: "(channels, height, width)"}[net.dims]
    if len(shape) != 1 + net.dims:
        raise ValueError(
            f"input_shape is {shape}; {net.name} takes {axes}, one input without a batch"
        )
    for name, value in zip(
        ("channels", "length") if net.dims == 1 else ("channels", "height", "width"), shape
    ):
        check_int(f"input {name}", value)
    if shape[0] != net.in_channels:
        raise ValueError(
            f"input_shape {shape} has {shape[0]} channels; {net.name} takes {net.in_channels}"
        )
    walk, pieces = _Walk(net, shape), []
    for part, copies in (
        net.outline() if hasattr(net, "outline") else [(part, 1) for part in net.parts()]
    ):
        before, first = walk.field, len(walk.rows)
        walk.run([part])
        after = walk.field
        wider, further = after.size - before.size, after.padding - before.padding
        pieces.append(Piece(part, walk.rows[first:], copies, wider, further))
        if copies > 1:
            walk.field = ReceptiveField(
                after.size + (copies - 1) * wider,
                after.stride,
                after.padding + (copies - 1) * further,
            )
            walk.receptive_field = walk.field.size
    return Trace(net, shape, pieces, walk.receptive_field)


class _Walk:
    """The state of one walk: the rows so far, and the shape and field that the next layer sees."""

    def __init__(self, net, shape):
        self.net, self.rows = net, []
        self.shape, self.field = shape, ReceptiveField()
        self.receptive_field = 1

    def run(self, parts, on_main_path=True):
        for part in parts:
            if isinstance(part, Block):
                self.branches(part)
            else:
                self.layer(part, on_main_path)

    def branches(self, block: Block):
        self.run(block.before)
        start = self.shape, self.field
        self.run(block.main)
        if block.shortcut is not None:
            branch, branch_field = self.shape, self.field
            self.shape, self.field = start
            if block.shortcut == "zero-pad":
                self.field = self.field.through(1, block.stride)
            self.run(block.projection, on_main_path=False)
            channels = branch[0] + (self.shape[0] if block.fusion == "concat" else 0)
            self.shape, self.field = (channels,) + branch[1:], branch_field.beside(self.field)
            self.receptive_field = self.field.size
            self.add_row(f"{block.name}.{block.fusion}", block.fusion, branch, 0, 0, True)
        self.run(block.after)

    def layer(self, layer: Layer, on_main_path):
        before, kind, kernel, stride, params, macs = (
            self.shape,
            layer.kind,
            layer.kernel,
            layer.stride,
            0,
            0,
        )
        if kind == "batchnorm":
            params = batchnorm_params(layer.in_channels)
        elif kind == "linear":
            params = linear_params(layer.in_channels, layer.out_channels, layer.bias)
            macs = linear_params(layer.in_channels, layer.out_channels, bias=False)
            self.shape = (layer.out_channels,)
        elif kind == "flatten":
            features = product("shape", before)
            if features != layer.out_channels:
                raise ValueError(
                    f"{self.net.name} was described for {layer.out_channels} features before its "
                    f"classifier, but this input leaves {features}; describe it with the new input_size"
                )
            self.shape = (features,)
            self.field = self.field.through(max(before[1:]))
        elif layer.output_size is not None:
            # Window i runs from floor(i n / windows) to ceil((i + 1) n / windows); the widest one counts.
            size, windows = max(before[1:]), layer.output_size
            kernel = max(
                [-(-(i + 1) * size // windows) - i * size // windows for i in range(windows)]
            )
            stride = max(1, size // windows)
            self.shape = (before[0],) + (windows,) * self.net.dims
            self.field = self.field.through(kernel, stride)
        elif kind in ("conv", "maxpool", "avgpool"):
            self.shape, params, macs = self.window(layer)
            self.field = self.field.through(kernel, stride, layer.padding)
            self.receptive_field = self.field.size
        self.add_row(layer.name, kind, before, params, macs, on_main_path, kernel, stride)

    def window(self, layer: Layer) -> tuple:
        """Output shape, parameters and MACs of a convolution or pooling."""
        try:
            sizes = tuple(
                [
                    conv_output_size(size, layer.kernel, layer.stride, layer.padding)
                    for size in self.shape[1:]
                ]
            )
        except ValueError as error:
            raise ValueError(
                f"the input is too small for {self.net.name}: at {layer.name}, {error}"
            ) from None
        if layer.kind != "conv":
            return self.shape[:1] + sizes, 0, 0
        kernel = (layer.kernel,) * self.net.dims
        return (
            (layer.out_channels,) + sizes,
            conv_params(layer.in_channels, layer.out_channels, kernel, layer.groups, layer.bias),
            conv_macs(layer.in_channels, layer.out_channels, kernel, sizes, layer.groups),
        )

    def add_row(self, name, kind, before, params, macs, on_main_path, kernel=1, stride=1):
        field = self.field
        self.rows.append(
            Row(
                name,
                kind,
                before,
                self.shape,
                params,
                macs,
                field.size,
                field.stride,
                field.padding,
                on_main_path,
                kernel,
                stride,
            )
        )
