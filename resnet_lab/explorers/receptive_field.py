"""Receptive fields: the pixels that one output pixel sees."""

from __future__ import annotations

from .. import draw
from ..arithmetic import ReceptiveField
from .controls import Choice, Switch
from .explorer import Explorer, table

# For each option its layer: kernel, stride, dilation. Padding keeps the size where the stride is 1.
LAYERS = {
    "1": (1, 1, 1),
    "1s2": (1, 2, 1),
    "2s2": (2, 2, 1),
    "3": (3, 1, 1),
    "3s2": (3, 2, 1),
    "3d2": (3, 1, 2),
    "3d4": (3, 1, 4),
    "5": (5, 1, 1),
    "5s2": (5, 2, 1),
    "7": (7, 1, 1),
    "7s2": (7, 2, 1),
    "11s4": (11, 4, 1),
}


def chosen_layers(**layers: str) -> list[tuple[int, int, int, int]]:
    """The chosen layers, as (kernel, stride, padding, dilation)."""
    chosen = [LAYERS[layer] for layer in layers.values() if layer != "none"]
    if not chosen:
        raise ValueError("every layer is none; choose a kernel for at least one")
    return [
        (kernel, stride, dilation * (kernel - 1) // 2, dilation)
        for kernel, stride, dilation in chosen
    ]


def view(edge: bool, **layers: str) -> str:
    """The cone above the chosen layers, and the field after each."""
    stack, field = chosen_layers(**layers), ReceptiveField()
    rows: list[tuple[object, ...]] = [("input", 1, 1, 0)]
    for number, (kernel, stride, padding, dilation) in enumerate(stack, 1):
        grown = field.through(kernel, stride, padding, dilation)
        growth = f"{field.size} + {dilation * (kernel - 1)}·{field.stride} = {grown.size}"
        rows.append((number, growth, grown.stride, grown.padding))
        field = grown
    picture = draw.receptive_field_cone(stack, 224, 0) if edge else draw.receptive_field_cone(stack)
    return picture + table(("layer", "field", "stride", "padding"), rows)


receptive_field = Explorer(
    "receptive-field",
    "The pixels that one output pixel sees",
    [
        Choice(
            f"layer{number}",
            f"Layer {number}",
            {"none": "none", **{name: draw.kernel_text(*layer) for name, layer in LAYERS.items()}},
            "3" if number < 4 else "none",
        )
        for number in range(1, 7)
    ]
    + [Switch("edge", "Follow the first output pixel")],
    view,
    lambda edge, **layers: f"rl.receptive_field({chosen_layers(**layers)})",
    chapter="06-receptive-fields",
    presets={
        name: {
            f"layer{number}": layer
            for number, layer in enumerate((layers + " none" * 6).split()[:6], 1)
        }
        for name, layers in {
            "three 3 × 3": "3 3 3",
            "one 7 × 7": "7",
            "ResNet's stem": "7s2 3s2",
            "stem and two blocks": "7s2 3s2 3 3 3 3",
            "a bottleneck": "1 3 1",
            "dilations 1, 2, 4": "3 3d2 3d4",
        }.items()
    },
)
