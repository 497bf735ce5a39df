"""Training: a recipe in, a trained model and its history out; on a GPU where there is one.

What makes it fast: the whole data set lies on the device as bytes and is cropped and mirrored
there, or, if it does not fit, is read by workers meanwhile; memory is channels_last, arithmetic
bfloat16 where the hardware has it, SGD one fused kernel; nothing in a step waits for the host, so
that on a GPU the step is recorded once as a CUDA graph and replayed. What makes it safe: what a
step does is a function of the seed and the step, checkpoints replace each other atomically, and the
test images are not read by `fit`. Several GPUs or machines: start the same command with torchrun,
and every process takes its share of each batch.

Example:
    history = fit(model, data, Recipe(epochs=10), folder="runs/first")
    evaluate(model, data, "test")["error"]  # once, at the end
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from .checkpoints import check_folder, load_checkpoint, same_run, save_checkpoint
from .checks import check_choice, check_int
from .data import Data, batches, normalise
from .device import autocast, choose_device, resolve_precision
from .freezing import Freeze, Frozen
from .logs import Logs
from .preparation import check_fits
from .progress import Callback, History, default_progress, watching
from .recipe import Recipe as Recipe
from .run import Run
from .stopping import Interrupts


def fit(
    model: nn.Module,
    data: Data,
    recipe: Recipe = Recipe(),  # noqa: B008, it is frozen
    folder: str | os.PathLike[str] | None = None,
    device: str | torch.device | None = None,
    callback: Callback | Literal[False] | None = None,
    compile_blocks: bool = False,
    freeze: Freeze = False,
    log: str | Collection[str] = (),
) -> History:
    """Train `model` in place; return the history, which is plain JSON.

    Ctrl-C and a notebook's stop button end it after the step being done, with a sentence: the
    history then has "stopped", the number of steps done, and the same line goes on from there. A
    run that was cut off, however it happened, ends with the same weights as one that was not: bit
    for bit on a CPU, with the same number of threads and processes. The history's "waiting" is, for
    each point, the share of the time before it that was spent waiting for images.

    Args:
        model: Takes images (N, C, H, W), gives logits (N, classes).
        data: What it is trained and validated on.
        recipe: How.
        folder: Where checkpoint.pt and history.json go, and where a run that was cut off is taken
            up again. Processes share it.
        device: "cuda" if there is one, else "cpu".
        callback: Called as callback(history, step) after every step and every validation. None
            shows a progress bar in a terminal and in a notebook, unless the environment has
            RESNET_LAB_PROGRESS=0; False shows nothing. `progress.live_curves()` draws.
        compile_blocks: On a GPU, fuse the layers of each block (half a minute's wait).
        freeze: Keep these parts as they are: True for all but the head, the last linear layer; or
            their names, such as ("conv1", "bn1", "layer1"). BatchNorm in them is as in evaluation.
        log: "csv" keeps history.csv in `folder`, too, "tensorboard" writes its events there.

    Raises:
        FloatingPointError: The loss or the weights are no longer finite, or the loss is 10,000
            times what guessing costs; the message names the step and the last good checkpoint.
        ValueError: The network does not fit the data, or `folder` holds a damaged checkpoint or
            one of another run.
        OSError: Nothing can be written to `folder`.
        ModuleNotFoundError: `log` has "tensorboard", which is not installed.
    """
    check_arguments(model=model, data=data, recipe=recipe)
    logs, checkpoint = Logs(log, folder), Path(folder, "checkpoint.pt") if folder else None
    with Frozen(model, freeze) as frozen:
        run = Run(model, data, recipe, choose_device(device), compile_blocks, frozen)
        try:
            return to_the_end(run, checkpoint, callback, logs)
        finally:
            run.feed.close()


def to_the_end(
    run: Run, checkpoint: Path | None, callback: Callback | Literal[False] | None, logs: Logs
) -> History:
    """Take a run up where it was, and train; arguments as of `fit`."""
    if checkpoint:
        take_up(run, checkpoint)
    if callback is None and run.rank == 0:
        callback = default_progress()
    interrupts = Interrupts()
    try:
        with interrupts, watching(callback, lambda: (run.history, run.step), run.recent):
            while run.first < run.steps:
                for step in run.stretch(interrupts):
                    if callback:
                        callback(run.history, step)
                run.check_converging(checkpoint)
                validation = validate(run)
                with interrupts.held_back():
                    run.record(validation)
                if checkpoint and run.rank == 0:
                    save_checkpoint(checkpoint, run.state())
                    logs.write(run.history)
                if callback:
                    callback(run.history, run.step)
    except KeyboardInterrupt:
        if run.world > 1:  # the others are in the middle of something
            raise
        return stopped(run, checkpoint, interrupts.torn)
    run.use_average()
    return run.history


def validate(run: Run) -> dict[str, Any]:
    """Loss and error on the validation images; None without any."""
    if len(run.data.validation.labels) == 0:
        return {"loss": None, "error": None}
    return measure(run.eval_model, run.data, "validation", 500, run.recipe.precision)


def take_up(run: Run, checkpoint: Path) -> None:
    """Go on where the checkpoint was made, if there is one; say so."""
    if checkpoint.exists():
        state = load_checkpoint(checkpoint)
        same_run(checkpoint, state["history"], run.history)
        now = run.history["machine"]
        run.restore(state)
        steps, say = run.steps, "all of them: nothing is trained again"
        if run.first < steps:
            say = "from here on"
            note_machine(run.history, run.step, now, run.device)
        if run.rank == 0:
            print(f"{checkpoint} has {run.step:,} of {steps:,} steps, {say}", flush=True)
    if run.rank == 0 and run.first < run.steps:
        check_folder(checkpoint.parent)


def note_machine(history: History, step: int, now: dict[str, Any], device: torch.device) -> None:
    """Note how many threads and processes go on; warn if they were others before."""
    before = [history["machine"], *history["resumed"]][-1]
    kinds = ("threads", "processes") if device.type == "cpu" else ("processes",)
    changed = [
        f"{before[kind]} {kind}, now {now[kind]}" for kind in kinds if before[kind] != now[kind]
    ]
    history["resumed"].append(
        {"step": step, "threads": now["threads"], "processes": now["processes"]}
    )
    if changed:
        warnings.warn(
            f"this run had {' and '.join(changed)}; it will end near where it would have ended, "
            "but not bit for bit",
            stacklevel=4,
        )


def stopped(run: Run, checkpoint: Path | None, torn: bool) -> History:
    """Keep what has been done, say so in a sentence, and return the history with "stopped"."""
    done = f"Stopped after step {run.step:,} of {run.steps:,}"
    if torn:
        done = f"Stopped within step {run.step + 1:,} of {run.steps:,}"
    elif checkpoint and run.step:
        run.check_converging(checkpoint)
        save_checkpoint(checkpoint, run.state())
    if checkpoint and checkpoint.exists():
        kept = f"{checkpoint} has "
        kept += f"the {run.first:,} before the last validation" if torn else "all of them"
        kept += ", and the same line goes on from there"
    elif checkpoint:
        kept = "nothing was kept, and the same line starts again"
    else:
        kept = 'the model has what it learnt; with folder="runs/first" the same line would go on'
    print(f"{done}: {kept}.", flush=True)
    run.use_average()
    return {**run.history, "stopped": run.step}


WANTED: dict[str, tuple[type, str]] = {
    "model": (nn.Module, "build it first: resnet_lab.models.build(resnet_lab.resnet(50))"),
    "data": (Data, 'load it first: resnet_lab.data.load("fashion-mnist-small")'),
    "recipe": (Recipe, "write Recipe(epochs=10), say"),
}


def check_arguments(**given: object) -> None:
    """Raise TypeError, saying what would do, for anything but a network, data and a recipe."""
    for name, value in given.items():
        kind, instead = WANTED[name]
        if not isinstance(value, kind):
            shown = repr(value) if len(repr(value)) < 60 else "something"
            raise TypeError(
                f"{name} is {shown} of type {type(value).__name__}, no {kind.__name__}; {instead}"
            )


def evaluate(
    model: nn.Module,
    data: Data,
    split: str = "validation",
    batch: int = 500,
    precision: str = "auto",
) -> dict[str, Any]:
    """Mean loss and error (the share of wrong answers) over one split of the data.

    Images as they are, neither cropped nor mirrored; BatchNorm with its running statistics. Sums
    over all images, so that a short last batch counts no more than it should.

    Args:
        model: Trained or not.
        data: What it is tried on.
        split: "train", "validation" or "test".
        batch: Images at once.
        precision: "float32", "bfloat16" or "auto".

    Returns:
        "loss" and "error", numbers, and "predictions", the classes (N,).

    Raises:
        ValueError: The network does not fit the data, or there are no such images.
    """
    check_arguments(model=model, data=data)
    check_choice("split", split, ("train", "validation", "test"))
    batch = check_int("batch", batch)
    device = next(model.parameters()).device
    precision = resolve_precision(precision, device)
    check_fits(model, data, device)
    return measure(model, data, split, batch, precision)


def measure(model: nn.Module, data: Data, split: str, batch: int, precision: str) -> dict[str, Any]:
    """What `evaluate` returns, of arguments that have been checked."""
    images, labels = getattr(data, split)
    if len(labels) == 0:
        raise ValueError(f"{data.name} has no {split} images; load it with validation=0.1, say")
    device = next(model.parameters()).device
    loss, predictions, was_training = torch.zeros((), device=device), [], model.training
    try:
        model.eval()
        answers = labels.split(batch)
        for chunk, answer in zip(batches(images, batch), answers, strict=True):
            pixels = normalise(chunk.to(device), data.mean, data.std)
            target = answer.to(device)
            with torch.no_grad(), autocast(device, precision):
                logits = model(pixels.contiguous(memory_format=torch.channels_last))
            loss += cross_entropy(logits.float(), target, reduction="sum")
            predictions.append(logits.argmax(1))
    finally:
        model.train(was_training)
    predicted = torch.cat(predictions).cpu()
    return {
        "loss": float(loss) / len(labels),
        "error": float((predicted != labels).double().mean()),
        "predictions": predicted,
    }
