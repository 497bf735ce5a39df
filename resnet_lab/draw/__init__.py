"""Pictures as SVG text. Nothing is computed here but places on the page.

A picture stands alone: it carries its style, takes the page's colours (`--rl-conv` and its kin)
where the page sets them, works on light and on dark, says what it shows in its label, and is about
400 units wide, so that its text can be read on a phone. There is one file for every subject;
`palette` has the colours, `svg` what all pictures are made of.
"""

from __future__ import annotations

from .arithmetic import bars, kernel_positions, kernel_text, receptive_field_cone
from .block import residual_block
from .charts import chart, power, scientific, ticks
from .convolutions import channel_shuffle, channel_tables, shares
from .ideas import class_fit, class_regions, guess
from .networks import network
from .signals import signal_shapes
from .svg import WIDTH, figures, short
from .tallies import tallies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .comparison import compare
    from .images import confusion
    from .maps import decision_map, feature_maps
    from .training import training_curves

# What no explorer draws is loaded when it is asked for, so that pages need not carry it.
LATER = {
    "compare": "comparison",
    "confusion": "images",
    "decision_map": "maps",
    "feature_maps": "maps",
    "training_curves": "training",
}

__all__ = [
    "WIDTH",
    "bars",
    "channel_shuffle",
    "channel_tables",
    "chart",
    "class_fit",
    "class_regions",
    "compare",
    "confusion",
    "decision_map",
    "feature_maps",
    "figures",
    "guess",
    "kernel_positions",
    "kernel_text",
    "network",
    "power",
    "receptive_field_cone",
    "residual_block",
    "scientific",
    "shares",
    "short",
    "signal_shapes",
    "tallies",
    "ticks",
    "training_curves",
]


def __getattr__(name: str) -> Any:
    if name not in LATER:
        raise AttributeError(f"there is no drawing called {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{LATER[name]}", __name__), name)
