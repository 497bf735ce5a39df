"""The command `resnet-lab describe module:function --shape 3 224 224 --json out.json`."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path


def add_describe(parser: argparse.ArgumentParser) -> None:
    """The options of `describe`."""
    parser.add_argument(
        "model", help="module:name of a function or class that makes a model, or of a model"
    )
    parser.add_argument(
        "--shape",
        type=int,
        nargs="+",
        default=(3, 224, 224),
        metavar="N",
        help="of one input, channels first (default: 3 224 224)",
    )
    parser.add_argument("--json", metavar="FILE", help="keep the network in a file")
    parser.add_argument(
        "--level",
        choices=("stage", "block", "layer"),
        default="layer",
        help="what one line stands for (default: layer)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print a model's table, and keep it if asked."""
    from torch import nn

    from .describing import describe

    module, colon, name = arguments.model.partition(":")
    if not colon or not name:
        raise ValueError(f"model is {arguments.model!r}; it must be module:name, as mynets:Net")
    sys.path.insert(0, os.getcwd())
    made = importlib.import_module(module)
    for part in name.split("."):
        if not hasattr(made, part):
            raise ValueError(f"{module} has nothing called {name!r}")
        made = getattr(made, part)
    model = made if isinstance(made, nn.Module) else made()  # type: ignore[operator]
    table = describe(model, tuple(arguments.shape), name)
    print(table.to_text(arguments.level))
    if arguments.json:
        Path(arguments.json).write_text(table.to_json() + "\n", encoding="utf-8")
    return 0
