"""A run: what `training.fit` does again and again, and what it needs for that.

Read `Run.train_step` and `Run.stretch` first: they are the loop.
"""

from __future__ import annotations

import copy
import math
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

from .checks import check_int
from .data import Data, crop_batch, normalise, pad_images, sampling_plan
from .device import (
    FUSED,
    as_graph,
    autocast,
    can_record,
    machine,
    resolve_precision,
    seed_generators,
)
from .progress import History
from .recipe import Recipe
from .stopping import Interrupts

DIVERGED = 1e4  # times the loss of guessing, which is ln(classes)


class Run:
    """A run: the network, the optimizer, and the memory that a step reads and writes.

    That memory stays at the same place, as a recorded step needs it. Losses are on the device and
    are read at the end of a stretch, which lies between two points of the history.

    Attributes:
        step: Steps done.
        first: Steps done at the last point of the history.
        eval_model: What is validated and kept: the average of the weights, if the recipe has one.
    """

    def __init__(
        self,
        model: nn.Module,
        data: Data,
        recipe: Recipe,
        device: torch.device,
        compile_blocks: bool,
    ) -> None:
        several = dist.is_initialized()
        self.world, self.rank = (dist.get_world_size(), dist.get_rank()) if several else (1, 0)
        self.model, self.data, self.device = model, data, device
        self.on_gpu = device.type == "cuda"
        if self.on_gpu:
            torch.cuda.set_device(device)
            torch.backends.cudnn.benchmark = True
        self.recipe = resolve_recipe(recipe, data, device, self.world)
        self.steps = check_int("steps", self.recipe.steps)
        self.eval_every = check_int("eval_every", self.recipe.eval_every)
        model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        check_fits(model, data, device)
        average = copy.deepcopy(model).requires_grad_(False) if recipe.ema else None
        self.eval_model = model if average is None else average
        self.step, self.first, self.spent = 0, 0, 0.0
        self.history: History = {
            "recipe": asdict(self.recipe),
            "data": data.summary(),
            "machine": machine(device, self.world),
            "parameters": sum([parameter.numel() for parameter in model.parameters()]),
            "structure": f"{zlib.crc32(str(model).encode()):08x}",
            "curve": [],
            "seconds": [],
            "resumed": [],
        }
        self.averaged, self.current = [
            [tensor for tensor in module.state_dict().values() if tensor.is_floating_point()]
            for module in (self.eval_model, model)
        ]
        if compile_blocks and self.on_gpu:
            for block in model.modules():
                if hasattr(block, "downsample"):
                    block.compile()
        self.forward: nn.Module = model
        if self.world > 1:
            # BatchNorm sees each process's share; its running statistics are the first one's.
            self.forward = DistributedDataParallel(model, [device] if self.on_gpu else None)
        self.make_optimizer()
        self.make_memory()
        record = self.world == 1 and can_record(device)
        self.run_step = as_graph(self.train_step) if record else self.train_step
        self.began = time.perf_counter()

    def make_optimizer(self) -> None:
        """SGD, whose rate is a tensor, so that a recorded step reads it anew each time."""
        recipe = self.recipe
        self.rate = torch.zeros((), device=self.device)
        self.optimizer = torch.optim.SGD(
            self.model.parameters(),
            self.rate,
            recipe.momentum,
            weight_decay=recipe.weight_decay,
            nesterov=recipe.nesterov,
            **({"fused": True} if FUSED else {}),
        )

    def make_memory(self) -> None:
        """What a step reads: the data and the stretch's plan. What it writes: losses and errors."""
        device, recipe, length = self.device, self.recipe, self.eval_every
        self.images = pad_images(self.data.train.images.to(device), recipe.crop)
        self.labels = self.data.train.labels.to(device)
        self.mean = torch.tensor(self.data.mean, device=device)
        self.std = torch.tensor(self.data.std, device=device)
        share = (length, recipe.batch // self.world, 4)
        self.choices = torch.zeros(share, dtype=torch.int64, device=device)
        self.rates, self.losses, self.errors = [
            torch.zeros(length, device=device) for _ in range(3)
        ]
        self.position = torch.zeros(1, dtype=torch.int64, device=device)
        self.last_stretch: list[tuple[int, float, float]] = []

    def train_step(self) -> None:
        """One step of SGD: the images that the plan names, at the rate that the recipe names."""
        recipe, position = self.recipe, self.position
        choice = self.choices[position][0]
        target = self.labels[choice[:, 0]]
        images = normalise(crop_batch(self.images, choice, recipe.crop), self.mean, self.std)
        with autocast(self.device, recipe.precision):
            logits = self.forward(images)
            loss = cross_entropy(logits, target, label_smoothing=recipe.label_smoothing)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.rate.copy_(self.rates[position][0])
        self.optimizer.step()
        if recipe.ema:
            torch._foreach_lerp_(self.averaged, self.current, 1 - recipe.ema)
        wrong = (logits.detach().argmax(1) != target).to(self.errors.dtype).mean()
        self.losses.index_copy_(0, position, loss.detach()[None].to(self.losses.dtype))
        self.errors.index_copy_(0, position, wrong[None])
        position.add_(1)

    def stretch(self, interrupts: Interrupts) -> Iterator[int]:
        """Train up to the next point of the history; gives the number of every step done."""
        recipe = self.recipe
        last = min(self.first + self.eval_every, self.steps)
        plan = sampling_plan(
            len(self.labels), self.first, last, recipe.batch, recipe.crop, recipe.flip, recipe.seed
        )
        self.choices[: len(plan)] = plan[:, self.rank :: self.world].to(self.device)
        self.rates[: len(plan)] = recipe.rates(self.first, last).to(self.device)
        self.position.fill_(self.step - self.first)
        self.model.train()
        with torch.random.fork_rng([self.device] if self.on_gpu else []):
            while self.step < last:
                # Dropout, too, depends on seed and step alone.
                seed = (recipe.seed * 1_000_003 + self.step) * self.world + self.rank
                with interrupts.held_back():
                    seed_generators(seed, self.device)
                    self.run_step()
                    self.step += 1
                yield self.step
        if self.world > 1:
            for tensor in (self.losses, self.errors):
                dist.all_reduce(tensor)
                tensor /= self.world

    def check_converging(self, checkpoint: Path | None) -> None:
        """Raise FloatingPointError if the losses since the last point, or the weights, are lost."""
        losses = self.losses[: self.step - self.first].tolist()
        finite = torch.stack([weight.isfinite().all() for weight in self.model.parameters()])
        step = self.step
        limit = DIVERGED * math.log(max(2, len(self.data.classes)))
        broken = [number for number, loss in enumerate(losses, 1) if not math.isfinite(loss)]
        if broken:
            step = self.first + broken[0]
            what = f"the loss is {losses[broken[0] - 1]} at step {step}"
        elif not bool(finite.all()):
            what = f"the weights are no longer finite after step {step}"
        elif losses and losses[-1] > limit:
            what = f"the loss is {losses[-1]:.3g} at step {step}, far beyond that of guessing"
        else:
            return
        good = "no checkpoint has been written"
        if checkpoint and self.first:
            good = f"the last good checkpoint is {checkpoint}, of step {self.first}"
        raise FloatingPointError(
            f"{what}; {good}. A smaller learning rate or a warm-up usually helps"
        )

    def record(self, validation: dict[str, Any]) -> None:
        """Add a point to the history."""
        count = self.step - self.first
        self.last_stretch = self.means(count)
        self.history["curve"].append(
            {
                "step": self.step,
                "loss": float(self.losses[:count].mean()),
                "error": float(self.errors[:count].mean()),
                "validation_loss": validation["loss"],
                "validation_error": validation["error"],
            }
        )
        self.history["seconds"].append(round(self.seconds(), 3))
        self.first = self.step

    def seconds(self) -> float:
        """Seconds since the beginning, with those before the run was taken up again."""
        return self.spent + time.perf_counter() - self.began

    def means(self, count: int, most: int = 50) -> list[tuple[int, float, float]]:
        """Step, loss and error of the stretch's first steps, in at most so many means."""
        values = torch.stack([self.losses[:count], self.errors[:count]]).cpu()
        parts = torch.split(values, max(1, math.ceil(count / most)), dim=1)
        ends = torch.tensor([part.shape[1] for part in parts]).cumsum(0) + self.first
        points = [part.mean(1).tolist() for part in parts if part.shape[1]]
        return [(end, *point) for end, point in zip(ends.tolist(), points, strict=False)]

    def recent(self) -> list[tuple[int, float, float]]:
        """Loss and error since the last point; on a GPU up to it, as reading would wait."""
        if self.device.type == "cpu" and self.step > self.first:
            return self.means(self.step - self.first)
        return self.last_stretch

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        averages = self.eval_model is not self.model
        count = self.step - self.first
        return {
            "step": self.step,
            "model": self.eval_model.state_dict(),
            "trained": self.model.state_dict() if averages else None,
            "optimizer": self.optimizer.state_dict(),
            "history": self.history,
            "stretch": {
                "losses": self.losses[:count].clone(),
                "errors": self.errors[:count].clone(),
                "seconds": self.seconds(),
            },
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Be where a checkpoint was made."""
        self.step, self.history, stretch = state["step"], state["history"], state["stretch"]
        count = len(stretch["losses"])
        self.first, self.spent = self.step - count, stretch["seconds"]
        self.losses[:count], self.errors[:count] = stretch["losses"], stretch["errors"]
        self.eval_model.load_state_dict(state["model"])
        self.model.load_state_dict(state["trained"] or state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.optimizer.param_groups[0]["lr"] = self.rate

    def use_average(self) -> None:
        """Leave the model with the weights that were validated."""
        if self.eval_model is not self.model:
            self.model.load_state_dict(self.eval_model.state_dict())


def check_fits(model: nn.Module, data: Data, device: torch.device) -> None:
    """Raise ValueError unless the network takes these images and has an output for every class."""
    images, classes = data.train.images[:2].to(device), len(data.classes)
    shape, was_training = tuple(images.shape[1:]), model.training
    first = next((layer for layer in model.modules() if isinstance(layer, nn.Conv2d)), None)
    try:
        with torch.no_grad(), torch.random.fork_rng([device] if device.type == "cuda" else []):
            logits = model.eval()(normalise(images, data.mean, data.std))
    except RuntimeError as error:
        what = str(error).split("\n")[0]
        if first and first.in_channels != data.channels:
            what = f"its first convolution takes {first.in_channels} channels"
        raise ValueError(
            f"the network does not take the images of {data.name}, {shape}: {what}; build one for "
            f"them, with in_channels={data.channels} and no more poolings than they have room for"
        ) from None
    finally:
        model.train(was_training)
    if not isinstance(logits, Tensor) or logits.shape != (len(images), classes):
        made = tuple(logits.shape[1:]) if isinstance(logits, Tensor) else type(logits).__name__
        raise ValueError(
            f"the network gives {made} for an image, but {data.name} has {classes} classes; "
            f"build it with classes={classes}"
        )


def resolve_recipe(recipe: Recipe, data: Data, device: torch.device, processes: int) -> Recipe:
    """The recipe with everything said that depends on the data and the machine."""
    if recipe.batch % processes:
        raise ValueError(
            f"batch is {recipe.batch}; it must be a multiple of the {processes} processes"
        )
    per_epoch = max(1, len(data.train.labels) // recipe.batch)
    steps = recipe.steps or recipe.epochs * per_epoch
    return replace(
        recipe,
        steps=steps,
        eval_every=min(recipe.eval_every or per_epoch, steps),
        precision=resolve_precision(recipe.precision, device),
    )
