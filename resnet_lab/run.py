"""A run: what `training.fit` does again and again, and what it needs for that.

Read `Run.train_step` and `Run.stretch` first: they are the loop.
"""

from __future__ import annotations

import copy
import math
import time
import zlib
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

from .checks import check_int
from .data import Data, normalise
from .device import FUSED, as_graph, autocast, can_record, machine, seed_generators
from .feeds import make_feed
from .freezing import Frozen
from .preparation import check_fits, resolve_recipe
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
        frozen: Frozen,
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
        self.frozen = frozen
        average = copy.deepcopy(model).requires_grad_(False) if recipe.ema else None
        self.eval_model = model if average is None else average
        self.step, self.first, self.spent = 0, 0, 0.0
        self.history: History = {
            "recipe": asdict(self.recipe),
            "data": data.summary(),
            "machine": machine(device, self.world),
            "parameters": sum([parameter.numel() for parameter in model.parameters()]),
            "structure": f"{zlib.crc32(str(model).encode()):08x}",
            "frozen": self.frozen.names,
            "curve": [],
            "seconds": [],
            "waiting": [],
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
            [parameter for parameter in self.model.parameters() if parameter.requires_grad],
            self.rate,
            recipe.momentum,
            weight_decay=recipe.weight_decay,
            nesterov=recipe.nesterov,
            **({"fused": True} if FUSED else {}),
        )

    def make_memory(self) -> None:
        """What a step reads: the data and the stretch's plan. What it writes: losses and errors."""
        device, length = self.device, self.eval_every
        self.feed = make_feed(self.data, self.recipe, device, (self.rank, self.world), length)
        self.mean = torch.tensor(self.data.mean, device=device)
        self.std = torch.tensor(self.data.std, device=device)
        self.rates, self.mixes, self.losses, self.errors = [
            torch.zeros(length, device=device) for _ in range(4)
        ]
        self.position = torch.zeros(1, dtype=torch.int64, device=device)
        self.last_stretch: list[tuple[int, float, float]] = []

    def train_step(self) -> None:
        """One step of SGD: the images that the plan names, at the rate that the recipe names."""
        recipe, position = self.recipe, self.position
        images, target = self.feed.batch(position)
        parts = recipe.accumulate
        self.optimizer.zero_grad(set_to_none=True)
        losses, errors = [], []
        for number, (pixels, answers) in enumerate(
            zip(images.chunk(parts), target.chunk(parts), strict=True), 1
        ):
            # The processes wait for each other once, when the last part has been done.
            waits = self.world == 1 or number == parts
            with nullcontext() if waits else self.forward.no_sync():  # type: ignore[operator]
                loss, error = self.gradients(pixels, answers)
            losses.append(loss)
            errors.append(error)
        self.rate.copy_(self.rates[position][0])
        self.optimizer.step()
        if recipe.ema:
            torch._foreach_lerp_(self.averaged, self.current, 1 - recipe.ema)
        self.losses.index_copy_(0, position, torch.stack(losses).sum(0, keepdim=True))
        self.errors.index_copy_(0, position, torch.stack(errors).mean(0, keepdim=True))
        position.add_(1)

    def gradients(self, pixels: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Add the gradients of one part of a batch; give its share of the loss, and its error."""
        recipe, images = self.recipe, normalise(pixels, self.mean, self.std)
        if recipe.mixup:
            share = self.mixes[self.position][0]
            images = share * images + (1 - share) * images.flip(0)
        with autocast(self.device, recipe.precision):
            logits = self.forward(images)
            loss = cross_entropy(logits, target, label_smoothing=recipe.label_smoothing)
            if recipe.mixup:
                other = cross_entropy(
                    logits, target.flip(0), label_smoothing=recipe.label_smoothing
                )
                loss = share * loss + (1 - share) * other
        loss = loss / recipe.accumulate
        loss.backward()  # type: ignore[no-untyped-call]
        wrong = (logits.detach().argmax(1) != target).to(self.errors.dtype).mean()
        return loss.detach().to(self.losses.dtype), wrong

    def stretch(self, interrupts: Interrupts) -> Iterator[int]:
        """Train up to the next point of the history; gives the number of every step done."""
        recipe = self.recipe
        last = min(self.first + self.eval_every, self.steps)
        count = last - self.first
        self.feed.begin(self.first, self.step, last)
        self.rates[:count] = recipe.rates(self.first, last).to(self.device)
        self.mixes[:count] = recipe.mixes(self.first, last).to(self.device)
        self.position.fill_(self.step - self.first)
        self.model.train()
        self.frozen.as_in_evaluation()
        self.feed.waited, self.walked = 0.0, time.perf_counter()
        with torch.random.fork_rng([self.device] if self.on_gpu else []):
            while self.step < last:
                self.feed.advance()
                # Dropout, too, depends on seed and step alone.
                seed = (recipe.seed * 1_000_003 + self.step) * self.world + self.rank
                with interrupts.held_back():
                    seed_generators(seed, self.device)
                    self.run_step()
                    self.step += 1
                yield self.step
        self.walked = max(time.perf_counter() - self.walked, 1e-9)
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
        self.history["waiting"].append(round(self.feed.waited / self.walked, 3))
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
