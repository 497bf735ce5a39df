"""Recipes: how to train, whatever the network and the data."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .checks import check_choice, check_int
from .device import PRECISIONS

AT_LEAST = {"epochs": 1, "steps": 1, "batch": 1, "eval_every": 1, "warmup": 0, "crop": 0, "seed": 0}


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        epochs: Passes over the training images.
        steps: Of SGD, instead of epochs.
        batch: Images a step, over all processes.
        lr: The highest learning rate.
        schedule: After the warm-up the rate falls to 0 ("cosine"), or is divided by 10 after one
            half and three quarters of all steps ("steps", the paper's 32k and 48k of 64k).
        warmup: Steps in which the rate rises to `lr`.
        momentum: Of SGD.
        nesterov: Whether the gradient is looked at where the momentum leads.
        weight_decay: On every parameter, those of BatchNorm too.
        label_smoothing: The share of the target spread over all classes.
        ema: Decay of a running average of the weights, which then is what is validated and kept;
            0 for none.
        crop: Pixels of padding around the random crop.
        flip: Whether every second image is mirrored.
        eval_every: Steps between two points of the history, each with a validation and a
            checkpoint; an epoch if None.
        seed: Of the order of the images, their crops, and dropout.
        precision: "float32", "bfloat16", or "auto" for bfloat16 where the hardware has it.

    Source:
        lr, batch, momentum and schedule "steps": section 4.2 of the paper, which has
        weight_decay 1e-4.
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
    eval_every: int | None = None
    seed: int = 0
    precision: str = "auto"

    def __post_init__(self) -> None:
        check_choice("schedule", self.schedule, ("cosine", "steps"))
        check_choice("precision", self.precision, PRECISIONS)
        for name, low in AT_LEAST.items():
            value = getattr(self, name)
            if value is not None or name not in ("steps", "eval_every"):
                # NumPy's integers would not go into a history.
                object.__setattr__(self, name, check_int(name, value, low))
        for name in ("lr", "weight_decay", "momentum", "label_smoothing", "ema"):
            object.__setattr__(self, name, check_number(name, getattr(self, name)))
        for name in ("nesterov", "flip"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} is {getattr(self, name)!r}; it must be True or False")
        if self.lr <= 0:
            raise ValueError(f"lr is {self.lr}; it must be above 0")
        if self.weight_decay < 0:
            raise ValueError(f"weight_decay is {self.weight_decay}; it must be at least 0")
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


def check_number(name: str, value: object) -> float:
    """Return `value` as a finite float; raise TypeError or ValueError, naming it, if it is none."""
    if isinstance(value, (bool, str, bytes)) or not hasattr(value, "__float__"):
        kind = type(value).__name__
        raise TypeError(f"{name} must be a number, not {value!r} of type {kind}")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{name} is {number}; it must be a finite number")
    return number
