"""Pictures as SVG text. Nothing is computed here but places on the page.

A picture stands alone: it carries its style, takes the page's colours (`--rl-conv` and its kin)
where the page sets them, works on light and on dark, says what it shows in its label, and is about
400 units wide, so that its text can be read on a phone. There is one file for every subject;
`palette` has the colours, `svg` what all pictures are made of.
"""

from .arithmetic import bars, kernel_positions, kernel_text, receptive_field_cone
from .block import residual_block
from .charts import chart, power, scientific, ticks, training_curves
from .comparison import compare, tallies
from .convolutions import channel_shuffle, channel_tables, shares
from .ideas import class_fit, class_regions, guess
from .images import confusion, decision_map, feature_maps, photographs
from .networks import network
from .signals import signal_shapes
from .svg import WIDTH, figures, short

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
    "photographs",
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
