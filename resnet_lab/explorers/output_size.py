"""Output sizes: the kernel's positions on a row of pixels."""

from __future__ import annotations

from .. import draw
from ..arithmetic import ReceptiveField, conv_output_size
from .controls import Range, Switch
from .explorer import Explorer, formula, table


def view(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> str:
    """The picture, the formula with its numbers, and the sizes."""
    out = conv_output_size(size, kernel, stride, padding, dilation, ceil_mode)
    span = ReceptiveField().through(kernel, dilation=dilation).size
    fraction = f"({size} + 2·{padding} − {dilation}·({kernel} − 1) − 1) / {stride}"
    text = (
        f"⌈{fraction}⌉ + 1, less a position that would begin beyond the last pixel:"
        if ceil_mode
        else f"⌊{fraction}⌋ + 1 ="
    )
    return (
        draw.kernel_positions(size, kernel, stride, padding, dilation, ceil_mode)
        + formula(f"{text} <strong>{out}</strong>")
        + table(
            ("", "input", "padded", "kernel spans", "output"),
            [("pixels", size, size + 2 * padding, span, out)],
        )
    )


output_size = Explorer(
    "output-size",
    "The kernel's positions on a row of pixels",
    [
        Range("size", "Input size n", 1, 256, 14),
        Range("kernel", "Kernel k", 1, 11, 3),
        Range("stride", "Stride s", 1, 5, 2),
        Range("padding", "Padding p", 0, 5, 1),
        Range("dilation", "Dilation d", 1, 4, 1),
        Switch("ceil_mode", "Round up (ceil mode)"),
    ],
    view,
    lambda size, kernel, stride, padding, dilation, ceil_mode: (
        f"rl.conv_output_size({size}, kernel={kernel}, stride={stride}, padding={padding}, "
        f"dilation={dilation}, ceil_mode={ceil_mode})"
    ),
    chapter="05-output-sizes",
    presets={
        name: {"size": n, "kernel": k, "stride": s, "padding": p, "dilation": d, "ceil_mode": False}
        for name, n, k, s, p, d in [
            ("ResNet's first layer", 224, 7, 2, 3, 1),
            ("its max pooling", 112, 3, 2, 1, 1),
            ("same size", 14, 3, 1, 1, 1),
            ("a kernel with holes", 14, 3, 1, 0, 4),
            ("pixels never read", 14, 2, 4, 0, 1),
        ]
    },
)
