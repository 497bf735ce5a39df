"""Before a run: whether network, data and machine go together, and what the recipe leaves open."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from .data import Data, normalise
from .device import available_memory, gigabytes, resolve_precision
from .recipe import Recipe


def check_fits(model: nn.Module, data: Data, device: torch.device) -> None:
    """Raise ValueError unless the network takes these images and has an output for every class."""
    images, classes = first_images(data).to(device), len(data.classes)
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


def first_images(data: Data) -> Tensor:
    """Two training images, or the only one."""
    images = data.train.images
    some: Tensor = images.pick(range(min(2, len(images)))) if data.streams else images[:2]
    return some


def resolve_recipe(recipe: Recipe, data: Data, device: torch.device, processes: int) -> Recipe:
    """The recipe with everything said that depends on the data and the machine."""
    if recipe.batch % (processes * recipe.accumulate):
        parts = f" times {recipe.accumulate} parts" if recipe.accumulate > 1 else ""
        raise ValueError(
            f"batch is {recipe.batch}; it must be a multiple of the {processes} processes{parts}"
        )
    side = min(data.train.images.shape[2:])
    if recipe.crop >= side and recipe.least_area == 1:
        raise ValueError(
            f"crop is {recipe.crop}, but an image of {data.name} has only {side} pixels a side, so "
            "that some crops would miss it; make it smaller"
        )
    per_epoch = max(1, len(data.train.labels) // recipe.batch)
    steps = recipe.steps or recipe.epochs * per_epoch
    every = min(recipe.eval_every or per_epoch, steps)
    plan, free = every * (recipe.batch * 32 + 16), available_memory()
    if free is not None and plan > free:
        raise ValueError(
            f"eval_every is {every:,} steps, whose plan takes {gigabytes(plan)}, and there are "
            f"{gigabytes(free)} of memory; validate more often"
        )
    precision = resolve_precision(recipe.precision, device)
    return replace(recipe, steps=steps, eval_every=every, precision=precision)
