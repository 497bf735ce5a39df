"""The command line: python -m resnet_lab table resnet50 --input 3,224,224."""

from __future__ import annotations

import argparse
import sys

from .zoo import named
from .tracing import trace


def input_shape(text: str) -> tuple:
    """(3, 224, 224) from "3,224,224"."""
    try:
        return tuple(int(side) for side in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a shape; write whole numbers with commas, such as 3,224,224"
        ) from None


def markdown(cells: list) -> str:
    """A table's cells as Markdown, figures aligned to the right."""
    head, *body = ["| " + " | ".join(row) + " |" for row in cells]
    return "\n".join([head, "|---|---|---|---:|---:|---:|", *body])


def csv(cells: list) -> str:
    """A table's cells as CSV, figures without thousands separators."""
    return "\n".join(",".join(cell.replace(",", "") for cell in row) for row in cells)


def table(arguments) -> str:
    given = {name: getattr(arguments, name) for name in ("version", "shortcut", "classes")}
    net = named(
        arguments.network, **{name: value for name, value in given.items() if value is not None}
    )
    side = 32 if getattr(net, "stem", None) == "3x3" else 224
    made_for = (1, 1000) if net.dims == 1 else (net.in_channels, side, side)
    result = trace(net, arguments.input or made_for)
    if arguments.format == "text":
        return result.to_text(arguments.level)
    if arguments.format == "html":
        return result.to_html(arguments.level)
    return {"csv": csv, "markdown": markdown}[arguments.format](result.cells(arguments.level))


def main(argv=None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["train"]:  # needs PyTorch, and has its own options
        from .training import main as train

        return train(argv[1:])
    parser = argparse.ArgumentParser(
        prog="python -m resnet_lab", description="Describe, count and train residual networks."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("table", help="print a network layer by layer")
    command.add_argument(
        "network", help="resnet50, plain34, vgg16, resnet20, plain56, resnet18-small, signal ..."
    )
    command.add_argument(
        "--input",
        type=input_shape,
        help="channels first, such as 3,224,224 (default: what the network was made for)",
    )
    command.add_argument(
        "--level",
        choices=("stage", "block", "layer"),
        default="layer",
        help="what one line stands for (default: layer)",
    )
    command.add_argument("--format", choices=("text", "html", "csv", "markdown"), default="text")
    command.add_argument("--version", type=float, help="1, 1.5 or 2 (ResNets; default 1.5)")
    command.add_argument("--shortcut", help="A, B or C (ResNets)")
    command.add_argument("--classes", type=int, help="outputs of the classifier")
    command.set_defaults(run=table)
    commands.add_parser("train", help="train a network (train --help for its options)")
    arguments = parser.parse_args(argv)
    try:
        print(arguments.run(arguments))
    except (TypeError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
