"""Explorers: a few controls and one pure function from their values to a view; two hosts show them.

In a notebook the controls are ipywidgets (`notebook`); in the built page they are native inputs
(`form`), and the files here run there as they are. Nothing here computes or draws: the views ask
the other modules. Each explorer has a file named as its link, and is an attribute here;
`ALL` finds it by the name it has in links.
"""

from __future__ import annotations

# Every module's name is replaced here by the explorer in it.
from .batch_norm import batch_norm
from .budget import budget
from .building_blocks import building_blocks
from .cheaper_convolutions import cheaper_convolutions
from .controls import Choice, Range, Real, Switch, Text
from .cross_entropy import cross_entropy
from .degradation import degradation
from .explorer import ALL, Explorer
from .family import family, family_network
from .function_class import function_class
from .gradients import gradients
from .inside import inside
from .landscape import landscape
from .output_size import output_size
from .own_network import own_network
from .paths import paths
from .race import race
from .receptive_field import receptive_field
from .residual_block import residual_block
from .residual_error import residual_error
from .signal_shapes import signal_shapes
from .steps import steps

__all__ = [
    "ALL",
    "Choice",
    "Explorer",
    "Range",
    "Real",
    "Switch",
    "Text",
    "batch_norm",
    "budget",
    "building_blocks",
    "cheaper_convolutions",
    "cross_entropy",
    "degradation",
    "family",
    "family_network",
    "function_class",
    "gradients",
    "inside",
    "landscape",
    "output_size",
    "own_network",
    "paths",
    "race",
    "receptive_field",
    "residual_block",
    "residual_error",
    "signal_shapes",
    "steps",
]
