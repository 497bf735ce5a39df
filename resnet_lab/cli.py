"""The command line: resnet-lab table resnet50 --input 3,224,224, and resnet-lab train --help."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from . import __version__, tables
from .blocks import BLOCK_OPTIONS
from .tracing import trace
from .zoo import named

INSTALL = "training needs PyTorch; install it with: pip install torch torchvision tqdm"
NO_TEST = "there are no test images: a folder test beside train would hold them"
STOPPED = 130  # what a shell makes of Ctrl-C
# Recipe's fields in the words of somebody who chooses.
RECIPE = {
    "epochs": "passes over the training images",
    "steps": "steps of SGD, instead of epochs",
    "batch": "images a step, over all processes",
    "accumulate": "parts that a batch is computed in, where it does not fit in memory at once",
    "lr": "highest learning rate",
    "schedule": "how the rate falls: cosine, or steps for a tenth at one half and three quarters",
    "warmup": "steps in which the rate rises to its highest",
    "momentum": "share of the last step that goes into the next",
    "nesterov": "look at the gradient where the momentum leads",
    "weight_decay": "pull of every weight towards 0",
    "label_smoothing": "share of the target that is spread over all classes",
    "mixup": "alpha of mixup, which mixes every image with another one; 0 for none",
    "ema": "decay of a running average of the weights, which is then what is kept; 0 for none",
    "crop": "pixels of padding from which a random crop is cut; 0 for no crops",
    "least_area": "below 1, cut random parts of at least this share of an image, such as 0.08",
    "flip": "mirror every second image",
    "eval_every": "steps between two validations, each with a checkpoint (default: an epoch)",
    "seed": "of the weights, the order of the images and their crops",
    "precision": "float32, bfloat16, or auto for bfloat16 where the hardware has it",
}


def main(argv: list[str] | None = None, prog: str = "resnet-lab") -> int:
    """Run a command; return the exit status: 0, 2 after a mistake, 130 after Ctrl-C."""
    argv = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(
        prog=prog, description="Describe, count and train residual networks."
    )
    parser.add_argument("--version", action="version", version=f"resnet-lab {__version__}")
    commands = parser.add_subparsers(dest="command")
    add_table(commands.add_parser("table", help="print a network layer by layer"))
    describing = commands.add_parser("describe", help="print any PyTorch model's layers")
    if argv[:1] == ["describe"]:
        try:
            from .interop.command import add_describe
        except ModuleNotFoundError as error:
            if error.name != "torch":
                raise
            print(
                "error: describe needs PyTorch; install it with: pip install torch", file=sys.stderr
            )
            return 2
        add_describe(describing)
    training = commands.add_parser(
        "train",
        help="train a network, and read its test error once",
        formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=30),
    )
    if argv[:1] == ["train"]:
        try:
            add_train(training)
        except ModuleNotFoundError as error:
            if error.name not in ("torch", "torchvision"):
                raise
            print(f"error: {INSTALL}", file=sys.stderr)
            return 2
    arguments = parser.parse_args(argv)
    if not arguments.command:
        parser.print_help()
        return 0
    try:
        run: Callable[[argparse.Namespace], int] = arguments.run
        return run(arguments)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return STOPPED
    except (FloatingPointError, ModuleNotFoundError, OSError, TypeError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
    except RuntimeError as error:
        if type(error).__name__ != "OutOfMemoryError":  # of PyTorch, on a GPU
            raise
        remedy = "try --accumulate 2, or a smaller --batch or --size"
        print(f"error: the GPU's memory is full; {remedy}", file=sys.stderr)
    return 2


# ---------------------------------------------------------------------------------------- table


def add_table(parser: argparse.ArgumentParser) -> None:
    """The options of `table`."""
    parser.add_argument(
        "network", help="resnet50, plain34, vgg16, resnet20, plain56, resnet18-small, signal ..."
    )
    parser.add_argument(
        "--input",
        type=input_shape,
        help="channels first, such as 3,224,224 (default: what the network was made for)",
    )
    parser.add_argument(
        "--level",
        choices=("stage", "block", "layer"),
        default="layer",
        help="what one line stands for (default: layer)",
    )
    parser.add_argument(
        "--format",
        choices=("text", "html", "csv", "markdown"),
        default="text",
        help="what is printed (default: text)",
    )
    add_block_options(parser)
    parser.add_argument("--classes", type=int, help="outputs of the classifier")
    parser.set_defaults(run=table)


def add_block_options(parser: argparse.ArgumentParser) -> None:
    """What a ResNet's blocks may be; a name such as resnet50 says which block it has."""
    for name, words in BLOCK_OPTIONS.items():
        *others, last = [str(value) for value in words]
        if list(words) == [False, True]:
            parser.add_argument(f"--{name}", action="store_true", default=None, help=words[True])
        elif name != "block":
            numbers = all(isinstance(value, (int, float)) for value in words)
            known = f"{', '.join(others)} or {last} (ResNets)"
            parser.add_argument(f"--{name}", type=float if numbers else str, help=known)


def block_options(arguments: argparse.Namespace) -> dict[str, object]:
    """Those that were given."""
    values = {name: getattr(arguments, name, None) for name in BLOCK_OPTIONS}
    return {name: value for name, value in values.items() if value is not None}


def input_shape(text: str) -> tuple[int, ...]:
    """(3, 224, 224) from "3,224,224"."""
    try:
        return tuple([int(side) for side in text.split(",")])
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a shape; write whole numbers with commas, such as 3,224,224"
        ) from None


def table(arguments: argparse.Namespace) -> int:
    """Print a network's table."""
    given = block_options(arguments)
    if arguments.classes is not None:
        given["classes"] = arguments.classes
    net = named(arguments.network, **given)
    side = 32 if getattr(net, "stem", None) == "3x3" else 224
    made_for = (1, 1000) if net.dims == 1 else (net.in_channels, side, side)
    result = trace(net, arguments.input or made_for)
    write = {
        "text": tables.to_text,
        "html": tables.to_html,
        "csv": tables.to_csv,
        "markdown": tables.to_markdown,
    }[arguments.format]
    print(write(result, arguments.level))
    return 0


# ---------------------------------------------------------------------------------------- train


def add_train(parser: argparse.ArgumentParser) -> None:
    """The options of `train`, those of a recipe among them."""
    from .training import Recipe

    parser.description = "Train a network, and read its test error once, at the end."
    parser.add_argument(
        "--model",
        help="resnet20, plain20, resnet18-small ... (default: resnet20, with --weights imagenet "
        "resnet18)",
    )
    parser.add_argument(
        "--data",
        default="fashion-mnist-small",
        help="fashion-mnist-small (default), fashion-mnist, cifar10, digits, or a folder of images "
        "by class",
    )
    parser.add_argument(
        "--data-folder",
        default="data",
        help="where whole data sets are, or are downloaded to (default: data)",
    )
    parser.add_argument(
        "--validation",
        type=float,
        default=0.1,
        help="share of the training images held out (default: 0.1)",
    )
    parser.add_argument("--size", type=int, help="scale a folder's images to this many pixels")
    parser.add_argument(
        "--stream",
        action=argparse.BooleanOptionalAction,
        help="read a folder's images while training goes on (default: if they do not fit in "
        "memory)",
    )
    parser.add_argument(
        "--workers", type=int, help="processes that read them (default: one for every core)"
    )
    add_block_options(parser)
    parser.add_argument(
        "--weights", help="to begin with: imagenet, fashion-mnist, or a file (default: none)"
    )
    parser.add_argument(
        "--freeze",
        nargs="*",
        metavar="PART",
        help="train the head alone, or all but these parts, such as conv1 layer1",
    )
    parser.add_argument(
        "--folder", help="checkpoint and history; a run that was cut off is taken up again"
    )
    parser.add_argument(
        "--log",
        nargs="+",
        default=[],
        metavar="FORM",
        help="write the history as csv, tensorboard or both, too",
    )
    parser.add_argument("--device", help="cuda or cpu (default: cuda if there is one)")
    parser.add_argument("--compile", action="store_true", help="on a GPU, compile each block")
    recipe = parser.add_argument_group("recipe")
    for field in fields(Recipe):
        name, words = "--" + field.name.replace("_", "-"), RECIPE[field.name]
        if field.type == "bool":
            if field.default:
                words += f", unless --no-{field.name}"
            action = argparse.BooleanOptionalAction
            recipe.add_argument(name, default=field.default, help=words, action=action)
            continue
        if field.default is not None:
            words += f" (default: {field.default})"
        kind, metavar = {"int": (int, "N"), "float": (float, "X"), "str": (str, "NAME")}[
            str(field.type).split()[0]
        ]
        recipe.add_argument(name, default=field.default, help=words, type=kind, metavar=metavar)
    parser.set_defaults(run=train)


def train(arguments: argparse.Namespace) -> int:
    """Train, alone or as one of torchrun's processes."""
    import torch
    import torch.distributed as dist

    several = int(os.environ.get("WORLD_SIZE", 1)) > 1
    if several:
        on_gpus = torch.cuda.is_available() and arguments.device != "cpu"
        dist.init_process_group("nccl" if on_gpus else "gloo")
    try:
        return train_once(arguments, first=not several or dist.get_rank() == 0)
    finally:
        if several:
            dist.destroy_process_group()


def train_once(arguments: argparse.Namespace, first: bool) -> int:
    """Train; in the first process also read the test error, and print the end of it."""
    import torch

    from .checkpoints import write_json
    from .data import load
    from .models import build
    from .progress import summary_line
    from .training import Recipe, evaluate, fit

    recipe = Recipe(**{field.name: getattr(arguments, field.name) for field in fields(Recipe)})
    size, given = arguments.size, block_options(arguments)
    name = arguments.model or ("resnet18" if arguments.weights == "imagenet" else "resnet20")
    check_images(name, given, size)
    data = load(
        arguments.data,
        arguments.data_folder,
        arguments.validation,
        size,
        arguments.stream,
        arguments.workers,
    )
    net = named(name, in_channels=data.channels, classes=len(data.classes), **given)
    torch.manual_seed(recipe.seed)
    model = build(net, weights=arguments.weights)
    history = fit(
        model,
        data,
        recipe,
        arguments.folder,
        arguments.device,
        compile_blocks=arguments.compile,
        freeze=arguments.freeze or arguments.freeze is not None,
        log=arguments.log,
    )
    if "stopped" in history:
        return STOPPED
    if first and not data.has_test:
        print(f"{summary_line(history, history['curve'][-1]['step'])}; {NO_TEST}")
    elif first:
        test = evaluate(model, data, "test", precision=history["recipe"]["precision"])
        history |= {"network": name, "test_loss": test["loss"], "test_error": test["error"]}
        if arguments.folder:
            write_json(Path(arguments.folder, "history.json"), history)
        print(
            f"{summary_line(history, history['curve'][-1]['step'])}, "
            f"test error {100 * test['error']:.2f} %, {history['seconds'][-1]:.0f} s"
        )
    return 0


def check_images(name: str, given: dict[str, object], size: int | None) -> None:
    """Raise ValueError if the network takes no images, or none so small: before any is read."""
    net = named(name, **given)
    if net.dims != 2:
        raise ValueError(f"{name} takes signals, but these data are images; take resnet20, say")
    if size is not None:
        trace(net, (net.in_channels, size, size))
