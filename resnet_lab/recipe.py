"""Recipes: how to train, whatever the network and the data."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy
import torch
from torch import Tensor

from .checks import check_choice, check_int
from .device import PRECISIONS

LIMITS = {
    "epochs": (1, 10**6),
    "steps": (1, 10**9),
    "batch": (1, 10**6),
    "accumulate": (1, 10**6),
    "eval_every": (1, 10**9),
    "warmup": (0, 10**9),
    "crop": (0, 10**4),
    "seed": (0, 2**32 - 1),
}
NUMBERS = ("lr", "weight_decay", "momentum", "label_smoothing", "ema", "mixup", "least_area")


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        epochs: Passes over the training images.
        steps: Of SGD, instead of epochs.
        batch: Images a step, over all processes.
        accumulate: Parts that a process's share of a batch is computed in, one after the other,
            where it does not fit in memory at once; BatchNorm sees one part.
        lr: The highest learning rate.
        schedule: After the warm-up the rate falls to 0 ("cosine"), or is divided by 10 after one
            half and three quarters of all steps ("steps", the paper's 32k and 48k of 64k).
        warmup: Steps in which the rate rises to `lr`.
        momentum: Of SGD.
        nesterov: Whether the gradient is looked at where the momentum leads.
        weight_decay: On every parameter, those of BatchNorm too.
        label_smoothing: The share of the target spread over all classes.
        mixup: Alpha of mixup: every image is mixed with another one of its batch, in shares drawn
            from Beta(alpha, alpha); 0 for none.
        ema: Decay of a running average of the weights, which then is what is validated and kept;
            0 for none.
        crop: Pixels of padding around the random crop.
        least_area: Below 1, a random part of each image with at least this share of its area is
            scaled to the whole size instead (0.08 is usual for photographs); the data must stream.
        flip: Whether every second image is mirrored.
        eval_every: Steps between two points of the history, each with a validation and a
            checkpoint; an epoch if None.
        seed: Of the order of the images, their crops, and dropout.
        precision: "float32", "bfloat16", or "auto" for bfloat16 where the hardware has it.

    Source:
        lr, batch, momentum and schedule "steps": section 4.2 of the paper, which has
        weight_decay 1e-4. mixup: Zhang et al., "mixup: beyond empirical risk minimization" (2017).
        least_area: Szegedy et al., "Going deeper with convolutions" (2014), section 6.
    """

    epochs: int = 10
    steps: int | None = None
    batch: int = 128
    accumulate: int = 1
    lr: float = 0.1
    schedule: str = "cosine"
    warmup: int = 0
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 5e-4
    label_smoothing: float = 0.0
    mixup: float = 0.0
    ema: float = 0.0
    crop: int = 4
    least_area: float = 1.0
    flip: bool = True
    eval_every: int | None = None
    seed: int = 0
    precision: str = "auto"

    def __post_init__(self) -> None:
        check_choice("schedule", self.schedule, ("cosine", "steps"))
        check_choice("precision", self.precision, PRECISIONS)
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if value is not None or name not in ("steps", "eval_every"):
                # NumPy's integers would not go into a history.
                object.__setattr__(self, name, check_int(name, value, low))
                if getattr(self, name) > high:
                    raise ValueError(f"{name} is {value}; it must be at most {high:,}")
        for name in NUMBERS:
            object.__setattr__(self, name, check_number(name, getattr(self, name)))
        for name in ("nesterov", "flip"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} is {getattr(self, name)!r}; it must be True or False")
        if self.lr <= 0:
            raise ValueError(f"lr is {self.lr}; it must be above 0")
        for name in ("weight_decay", "mixup"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 0")
        if not 0 < self.least_area <= 1:
            raise ValueError(
                f"least_area is {self.least_area}; it must be above 0 and at most 1, such as 0.08"
            )
        for name in ("momentum", "label_smoothing", "ema"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(
                    f"{name} is {getattr(self, name)}; it must be from 0 up to, not including, 1"
                )
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov is True, but momentum is 0; give a momentum such as 0.9")
        if self.steps is not None and self.warmup > self.steps:
            raise ValueError(
                f"warmup is {self.warmup}, more than the run's {self.steps} steps; make it shorter"
            )

    def rates(self, first: int = 0, last: int | None = None) -> Tensor:
        """The learning rates of steps `first` to `last` - 1, of all if `last` is None.

        Raises:
            ValueError: Only `epochs` says how long the run is.
        """
        if self.steps is None:
            raise ValueError(
                "steps is None; how many steps an epoch has depends on the data, so give steps, too"
            )
        step = torch.arange(first, self.steps if last is None else last, dtype=torch.float64)
        if self.schedule == "cosine":
            share = (step - self.warmup) / max(1.0, float(self.steps - self.warmup))
            rates = self.lr * (1 + torch.cos(math.pi * share)) / 2
        else:
            drops = (step >= self.steps // 2).double() + (step >= self.steps * 3 // 4)
            rates = self.lr * 0.1**drops
        rising = self.lr * (step + 1) / max(1, self.warmup)
        return torch.where(step < self.warmup, rising, rates).float()

    def mixes(self, first: int, last: int) -> Tensor:
        """The share of each image that mixup leaves it in steps `first` to `last` - 1: 0.5 to 1.

        A function of the seed and the step.
        """
        if not self.mixup:
            return torch.ones(last - first)
        drawn = [
            numpy.random.default_rng((self.seed, step)).beta(self.mixup, self.mixup)
            for step in range(first, last)
        ]
        return torch.tensor([max(share, 1 - share) for share in drawn])


def check_number(name: str, value: object) -> float:
    """Return `value` as a finite float; raise TypeError or ValueError, naming it, if it is none."""
    if isinstance(value, (bool, str, bytes)) or not hasattr(value, "__float__"):
        kind = type(value).__name__
        raise TypeError(f"{name} must be a number, not {value!r} of type {kind}")
    try:
        number = float(value)
    except OverflowError:  # a whole number of hundreds of digits
        number = math.inf
    except (TypeError, ValueError):  # an array of several
        raise TypeError(f"{name} must be a number, not {value!r}") from None
    if not math.isfinite(number):
        raise ValueError(f"{name} is {number}; it must be a finite number")
    return number
