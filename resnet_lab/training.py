"""Training, in one file: a recipe in, a trained model and its history out; on a GPU where there is one, on the CPU otherwise.

    history = fit(model, data, Recipe(epochs=10), folder="runs/first")
    evaluate(model, data, "test")["error"]         # once, at the end

What makes it fast: the whole data set lies on the device as bytes and is cropped and mirrored there; memory is
channels_last, arithmetic bfloat16 where the hardware has it, SGD one fused kernel; nothing in a step waits for the host,
so that on a GPU the step is recorded once as a CUDA graph and replayed. What makes it safe: the order of the data is a
function of the seed and the step, checkpoints replace each other atomically, and the test images are not read by `fit`.
Several GPUs or machines: start the same command with torchrun, and every process takes its share of each batch.
"""

from __future__ import annotations

import argparse
import copy
import functools
import inspect
import json
import math
import os
import platform
import sys
import time
import zipfile
import zlib
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import torch
import torch.distributed as dist
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

from .zoo import named
from .checks import check_choice, check_int
from .data import Data, load, normalise, padded, plan, take

FUSED = torch.__version__ >= (
    2,
    4,
)  # since then SGD is one kernel on CPUs as well, and takes its rate from a tensor


@dataclass(frozen=True)
class Recipe:
    """How to train, whatever the network and the data.

    epochs: passes over the training images; steps: of SGD, instead of epochs. batch: images a step, over all processes.
    lr: the highest learning rate, reached after `warmup` steps; from there it falls to 0 ("cosine") or is divided by
    10 after one half and three quarters of all steps ("steps", the paper's 32k and 48k of 64k).
    label_smoothing: the share of the target spread over all classes. ema: decay of a running average of the weights, which then
    is what is validated and kept; 0 for none. crop: pixels of padding around the random crop; flip: mirror every second image.
    every: steps between two points of the history, each with a validation and a checkpoint; an epoch if None.
    weight_decay: on every parameter, those of BatchNorm too. precision: "float32", "bfloat16", or "auto" for bfloat16 where the
    hardware has it.

    Source of lr, batch, momentum and schedule "steps": section 4.2 of the paper, which has weight_decay 1e-4.
    """

    epochs: int = 10
    steps: int | None = None
    batch: int = 128
    lr: float = 0.1
    schedule: str = "cosine"
    warmup: int = 0
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 5e-4
    label_smoothing: float = 0.0
    ema: float = 0.0
    crop: int = 4
    flip: bool = True
    every: int | None = None
    seed: int = 0
    precision: str = "auto"

    def __post_init__(self):
        check_choice("schedule", self.schedule, ("cosine", "steps"))
        check_choice("precision", self.precision, ("auto", "float32", "bfloat16"))
        for name, low in (
            ("epochs", 1),
            ("steps", 1),
            ("batch", 1),
            ("every", 1),
            ("warmup", 0),
            ("crop", 0),
            ("seed", 0),
        ):
            if getattr(self, name) is not None:
                check_int(name, getattr(self, name), low)
        if not self.lr > 0:
            raise ValueError(f"lr is {self.lr}; it must be above 0")
        for name in ("momentum", "label_smoothing", "ema"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(
                    f"{name} is {getattr(self, name)}; it must be from 0 up to, not including, 1"
                )

    def rates(self) -> torch.Tensor:
        """The learning rate of every step, (steps,). Raises ValueError while only `epochs` says how long."""
        if self.steps is None:
            raise ValueError(
                "steps is None; how many steps an epoch has depends on the data, so give steps as well"
            )
        step = torch.arange(self.steps, dtype=torch.float64)
        if self.schedule == "cosine":
            rates = (
                self.lr
                * (1 + torch.cos(math.pi * (step - self.warmup) / max(1, self.steps - self.warmup)))
                / 2
            )
        else:
            rates = self.lr * 0.1 ** (
                (step >= self.steps // 2).double() + (step >= self.steps * 3 // 4)
            )
        return torch.where(
            step < self.warmup, self.lr * (step + 1) / max(1, self.warmup), rates
        ).float()


def fit(
    model,
    data: Data,
    recipe: Recipe = Recipe(),
    folder=None,
    device=None,
    watch=None,
    compile_blocks=False,
) -> dict:
    """Train `model` in place; return the history, which is plain JSON.

    folder: where checkpoint.pt and history.json go, and where a run that was cut off is taken up again; a run with the same
    recipe and data ends with the same weights whether it was cut off or not (bitwise on a CPU). Processes share the folder.
    device: "cuda" if there is one, else "cpu". watch: called as watch(history, step) after every step; None shows a progress bar in
    a terminal; `live_curves()` draws in a notebook. compile_blocks: on a GPU, fuse the layers of each block (half a minute's wait).

    Raises FloatingPointError, naming the step and the last good checkpoint, when the loss or the weights are no longer
    finite; ValueError when `folder` holds a damaged checkpoint or one of another run.
    """
    world, rank = (dist.get_world_size(), dist.get_rank()) if dist.is_initialized() else (1, 0)
    device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    on_gpu = device.type == "cuda"
    if on_gpu:
        if not torch.cuda.is_available():
            raise ValueError(
                f'device is {device}, but PyTorch finds no GPU here; leave it out, or take "cpu"'
            )
        if device.index is None:  # under torchrun, each process of a machine has a GPU of its own
            device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
        torch.backends.cudnn.benchmark = True
    examples = len(data.train.labels)
    if recipe.batch % world:
        raise ValueError(f"batch is {recipe.batch}; it must be a multiple of the {world} processes")
    per_epoch = max(1, examples // recipe.batch)
    recipe = replace(
        recipe,
        steps=recipe.steps or recipe.epochs * per_epoch,
        every=recipe.every or per_epoch,
        precision=resolve(recipe.precision, device),
    )

    model.to(device, memory_format=torch.channels_last)
    average = copy.deepcopy(model).requires_grad_(False) if recipe.ema else None
    kept = average or model
    # The rate is a tensor, so that a recorded step reads it anew each time.
    rate = torch.zeros((), device=device)
    optimizer = torch.optim.SGD(
        model.parameters(),
        rate,
        recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=recipe.nesterov,
        **({"fused": True} if FUSED else {}),
    )
    history = {
        "recipe": asdict(recipe),
        "data": data.summary(),
        "machine": machine(device, world),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "structure": f"{zlib.crc32(str(model).encode()):08x}",
        "curve": [],
        "seconds": [],
    }
    step, checkpoint = 0, Path(folder, "checkpoint.pt") if folder else None
    if checkpoint and checkpoint.exists():
        state = load_checkpoint(checkpoint)
        same_run(checkpoint, state["history"], history)
        step, history = state["step"], state["history"]
        kept.load_state_dict(state["model"])
        model.load_state_dict(state["trained"] or state["model"])
        optimizer.load_state_dict(state["optimizer"])
        optimizer.param_groups[0]["lr"] = rate
    spent = history["seconds"][-1] if history["seconds"] else 0.0
    if watch is None and rank == 0 and sys.stderr.isatty():
        watch = progress_bar()

    # What a step reads and writes stays at the same place, as a recorded step needs it.
    images, labels = padded(data.train.images.to(device), recipe.crop), data.train.labels.to(device)
    mean, std = torch.tensor(data.mean, device=device), torch.tensor(data.std, device=device)
    every, share = recipe.every, slice(rank, None, world)
    choices = torch.zeros(every, recipe.batch // world, 4, dtype=torch.int64, device=device)
    rates, losses, wrong = (torch.zeros(every, device=device) for _ in range(3))
    position = torch.zeros(1, dtype=torch.int64, device=device)
    averaged, current = (
        [tensor for tensor in module.state_dict().values() if tensor.is_floating_point()]
        for module in (kept, model)
    )
    if compile_blocks and on_gpu:
        for block in model.modules():
            if hasattr(block, "downsample"):
                block.compile()
    forward = model
    if (
        world > 1
    ):  # BatchNorm sees each process's share by itself; its running statistics are those of the first process
        forward = DistributedDataParallel(model, device_ids=[device] if on_gpu else None)

    def train_step():
        choice = choices[position][0]
        target = labels[choice[:, 0]]
        with autocast(device, recipe.precision):
            logits = forward(normalise(take(images, choice, recipe.crop), mean, std))
            loss = cross_entropy(logits, target, label_smoothing=recipe.label_smoothing)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        rate.copy_(rates[position][0])
        optimizer.step()
        if average:
            torch._foreach_lerp_(averaged, current, 1 - recipe.ema)
        losses.index_copy_(0, position, loss.detach()[None].to(losses.dtype))
        wrong.index_copy_(
            0, position, (logits.detach().argmax(1) != target).to(wrong.dtype).mean()[None]
        )
        position.add_(1)

    run_step = recorded(train_step) if world == 1 and can_record(device) else train_step
    model.train()
    started = time.perf_counter()
    while step < recipe.steps:
        last = min(step + every, recipe.steps)
        count = last - step
        choices[:count] = plan(
            examples, step, last, recipe.batch, recipe.crop, recipe.flip, recipe.seed
        )[:, share].to(device)
        rates[:count] = recipe.rates()[step:last].to(device)
        position.zero_()
        with torch.random.fork_rng(
            [device] if on_gpu else []
        ):  # dropout too depends on seed and step alone
            torch.manual_seed((recipe.seed * 1_000_003 + step) * world + rank)
            for step in range(step + 1, last + 1):
                run_step()
                if watch:
                    watch(history, step)

        if world > 1:
            for tensor in (losses, wrong):
                dist.all_reduce(tensor)
                tensor /= world
        check_finite(
            model,
            losses[:count].tolist(),
            step - count,
            checkpoint if len(history["curve"]) else None,
        )
        held = {"loss": None, "error": None}
        if len(data.validation.labels):
            held = evaluate(kept, data, "validation", precision=recipe.precision)
        history["curve"].append(
            {
                "step": step,
                "loss": float(losses[:count].mean()),
                "error": float(wrong[:count].mean()),
                "validation_loss": held["loss"],
                "validation_error": held["error"],
            }
        )
        history["seconds"].append(round(spent + time.perf_counter() - started, 3))
        if checkpoint and rank == 0:
            save(
                checkpoint,
                {
                    "step": step,
                    "model": kept.state_dict(),
                    "trained": model.state_dict() if average else None,
                    "optimizer": optimizer.state_dict(),
                    "history": history,
                },
            )
            write_json(checkpoint.with_name("history.json"), history)
        if watch:
            watch(history, step)
    if average:
        model.load_state_dict(average.state_dict())
    return history


@torch.no_grad()
def evaluate(
    model, data: Data, part: str = "validation", batch: int = 500, precision: str = "auto"
) -> dict:
    """Mean loss and error (the share of wrong answers) over "train", "validation" or "test", and the classes predicted, (N,).

    Images as they are, neither cropped nor mirrored; BatchNorm with its running statistics. Sums over all images, so that a short
    last batch counts no more than it should.
    """
    check_choice("part", part, ("train", "validation", "test"))
    images, labels = getattr(data, part)
    if len(labels) == 0:
        raise ValueError(f"{data.name} has no {part} images; load it with validation=0.1, say")
    device = next(model.parameters()).device
    loss, predictions, was_training = torch.zeros((), device=device), [], model.training
    model.eval()
    for start in range(0, len(labels), batch):
        pixels = normalise(images[start : start + batch].to(device), data.mean, data.std)
        with autocast(device, resolve(precision, device)):
            logits = model(pixels.contiguous(memory_format=torch.channels_last))
        loss += cross_entropy(
            logits.float(), labels[start : start + batch].to(device), reduction="sum"
        )
        predictions.append(logits.argmax(1))
    model.train(was_training)
    predictions = torch.cat(predictions).cpu()
    return {
        "loss": float(loss) / len(labels),
        "error": float((predictions != labels).double().mean()),
        "predictions": predictions,
    }


def resolve(precision: str, device) -> str:
    """What "auto" means on this device: bfloat16 where the hardware computes in it; elsewhere it is imitated, and slow."""
    if precision != "auto":
        return precision
    if device.type == "cuda":
        native = torch.cuda.get_device_capability(device) >= (8, 0)
    else:
        native = any(flag in cpu_info("flags").split() for flag in ("avx512_bf16", "amx_bf16"))
    return "bfloat16" if native else "float32"


@functools.cache
def cpu_info(field: str) -> str:
    """The first line of this name in Linux's description of the processor; elsewhere an empty text."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith(field)), "")


def autocast(device, precision: str):
    # The cache of converted weights would outlive a recorded step.
    return torch.autocast(
        device.type, torch.bfloat16, enabled=precision == "bfloat16", cache_enabled=False
    )


def can_record(device) -> bool:
    """Whether a step can be recorded: on a GPU, if the optimizer reads its rate there, too."""
    return device.type == "cuda" and FUSED


def recorded(train_step):
    """`train_step` as a CUDA graph: a few steps as they are, for the libraries to settle; one recorded; then only replayed.

    A step of ResNet-20 is some 400 small kernels, which a host launches more slowly than a GPU works them off.
    """
    graph, aside, calls = torch.cuda.CUDAGraph(), torch.cuda.Stream(), 0

    def run():
        nonlocal calls
        calls += 1
        if calls <= 5:
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                train_step()
            torch.cuda.current_stream().wait_stream(aside)
            return
        if calls == 6:
            with torch.cuda.graph(graph):  # records, without running
                train_step()
        graph.replay()

    return run


def check_finite(model, losses: list, before: int, checkpoint):
    """Raise FloatingPointError if a loss, the first being of step `before` + 1, or a weight is not finite."""
    bad = next(
        (before + number for number, loss in enumerate(losses, 1) if not math.isfinite(loss)), None
    )
    if bad is None and bool(
        torch.stack([parameter.isfinite().all() for parameter in model.parameters()]).all()
    ):
        return
    what = (
        "the weights are no longer finite after"
        if bad is None
        else f"the loss is {losses[bad - before - 1]} at"
    )
    kept = (
        f"the last good checkpoint is {checkpoint}, of step {before}"
        if checkpoint
        else "no checkpoint has been written"
    )
    raise FloatingPointError(
        f"{what} step {bad or before + len(losses)}; {kept}. A smaller learning rate or a warm-up usually helps"
    )


def machine(device, world: int) -> dict:
    """What the run ran on."""
    name = (
        torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else cpu_info("model name") or platform.machine()
    )
    return {
        "device": name,
        "processes": world,
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": str(torch.__version__),
    }


# -------------------------------------------------------------------------------------------------------- checkpoints


def replace_file(path: Path, write):
    """Let `write` fill a file beside `path`, then put it in its place: whoever looks finds the old one or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    with open(beside, "wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def save(path, state: dict):
    replace_file(Path(path), lambda file: torch.save(state, file))


def write_json(path, content):
    replace_file(
        Path(path), lambda file: file.write((json.dumps(content, indent=1) + "\n").encode())
    )


def load_checkpoint(path) -> dict:
    """A checkpoint that `fit` wrote, its tensors on the CPU: "model" (the weights to use), "history", "step", and what resuming needs.

    Raises FileNotFoundError, or ValueError naming the file if it was cut short, altered, or written by something else. Nothing in
    the file is executed.
    """
    path, bad = Path(path), None
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; there is no checkpoint of that name")
    try:
        with zipfile.ZipFile(path) as archive:  # torch writes checksums, but does not look at them
            bad = archive.testzip()
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file can fail anywhere
        bad = str(error).split("\n")[0] or type(error).__name__
    if bad is not None:
        raise ValueError(
            f"{path} is damaged ({bad}); delete it to start again, or put a sound copy in its place"
        )
    if not isinstance(state, dict) or not {
        "model",
        "trained",
        "optimizer",
        "history",
        "step",
    } <= set(state):
        raise ValueError(f"{path} is no checkpoint of resnet_lab.training")
    return state


def same_run(checkpoint: Path, old: dict, new: dict):
    """Raise ValueError, naming what differs, unless both histories belong to the same run."""
    before, now = (
        {
            **history["recipe"],
            **history["data"],
            "parameters": history["parameters"],
            "structure": history.get("structure"),
        }
        for history in (old, new)
    )
    for name in now:
        if before.get(name) != now[name]:
            raise ValueError(
                f"{checkpoint} is of another run: its {name} is {before.get(name)!r}, now it is {now[name]!r}; "
                "choose another folder, or delete it to start again"
            )


# ----------------------------------------------------------------------------------------------------------- watching


def summary_line(history: dict, step: int) -> str:
    """Step 300 of 4690, loss 0.412, training error 14.3 %, validation error 13.9 %."""
    text = f"step {step:,} of {history['recipe']['steps']:,}"
    if history["curve"]:
        last = history["curve"][-1]
        text += f", loss {last['loss']:.3f}, training error {100 * last['error']:.1f} %"
        if last["validation_error"] is not None:
            text += f", validation error {100 * last['validation_error']:.1f} %"
    return text


def progress_bar(seconds: float = 0.2):
    """A watcher that keeps one line of the terminal up to date, at most every so many seconds."""
    shown, began = 0.0, None

    def watch(history, step):
        nonlocal shown, began
        now, steps = time.perf_counter(), history["recipe"]["steps"]
        began = began or (now, step)
        done = history["curve"] and history["curve"][-1]["step"] == steps
        if now - shown < seconds and not done:
            return
        shown = now
        bar = "#" * (20 * step // steps)
        speed = (step - began[1]) * history["recipe"]["batch"] / max(now - began[0], 1e-9)
        print(
            f"\r[{bar:<20}] {summary_line(history, step)}, {speed:,.0f} images/s\033[K",
            end="\n" if done else "",
            file=sys.stderr,
            flush=True,
        )

    return watch


def live_curves(seconds: float = 1.0):
    """A watcher for notebooks: loss and errors as a picture that is redrawn at most every so many seconds."""
    from IPython.display import HTML, display

    from .draw import training_curves

    handle, shown, points = display(HTML("training ..."), display_id=True), 0.0, 0

    def watch(history, step):
        nonlocal shown, points
        done = step == history["recipe"]["steps"]
        if len(history["curve"]) > points and (done or time.perf_counter() - shown > seconds):
            shown, points = time.perf_counter(), len(history["curve"])
            handle.update(HTML(training_curves(history)))

    return watch


# ----------------------------------------------------------------------------------------------------- command line


def main(argv=None) -> int:
    """python -m resnet_lab train --model resnet20 --data fashion-mnist --epochs 10 --folder runs/first"""
    from .models import build

    parser = argparse.ArgumentParser(
        prog="python -m resnet_lab train",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Train a network and read its test error once, at the end.",
    )
    parser.add_argument(
        "--model",
        default="resnet20",
        help="resnet20, plain20, resnet18-small ... (default: resnet20)",
    )
    parser.add_argument(
        "--data",
        default="fashion-mnist-small",
        help="fashion-mnist-small, fashion-mnist, cifar10, digits, or a folder of images by class",
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
    parser.add_argument("--shortcut", help="A, B or C")
    parser.add_argument(
        "--folder", help="checkpoint and history; a run that was cut off is taken up again"
    )
    parser.add_argument("--device", help="cuda or cpu (default: cuda if there is one)")
    parser.add_argument("--compile", action="store_true", help="on a GPU, compile each block")
    kinds = {"int": int, "float": float, "str": str}
    recipe = parser.add_argument_group("recipe", inspect.cleandoc(Recipe.__doc__))
    for option in fields(Recipe):
        settings = (
            {"action": argparse.BooleanOptionalAction}
            if option.type == "bool"
            else {"type": kinds[option.type.split()[0]]}
        )
        recipe.add_argument(
            "--" + option.name.replace("_", "-"),
            default=option.default,
            help=f"(default: {option.default})",
            **settings,
        )
    chosen = parser.parse_args(argv)
    several = int(os.environ.get("WORLD_SIZE", 1)) > 1
    if several:
        dist.init_process_group(
            "nccl" if torch.cuda.is_available() and chosen.device != "cpu" else "gloo"
        )
    try:
        recipe = Recipe(**{option.name: getattr(chosen, option.name) for option in fields(Recipe)})
        data = load(chosen.data, chosen.data_folder, chosen.validation, chosen.size)
        settings = {"shortcut": chosen.shortcut} if chosen.shortcut else {}
        torch.manual_seed(recipe.seed)
        model = build(
            named(chosen.model, in_channels=data.channels, classes=len(data.classes), **settings)
        )
        history = fit(
            model, data, recipe, chosen.folder, chosen.device, compile_blocks=chosen.compile
        )
        if not several or dist.get_rank() == 0:
            test = evaluate(model, data, "test", precision=history["recipe"]["precision"])
            history |= {
                "network": chosen.model,
                "test_loss": test["loss"],
                "test_error": test["error"],
            }
            if chosen.folder:
                write_json(Path(chosen.folder, "history.json"), history)
            print(
                f"{summary_line(history, history['curve'][-1]['step'])}, test error {100 * test['error']:.2f} %, "
                f"{history['seconds'][-1]:.0f} s"
            )
    except (FloatingPointError, OSError, TypeError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    finally:
        if several:
            dist.destroy_process_group()
    return 0
