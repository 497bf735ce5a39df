"""What hands a run the images of each step: from the device's memory, or from files as they come.

Both follow `data.sampling_plan`, so that a streamed run sees what one from memory would, in the
same order, and one that was cut off goes on with the batch that was next. Under torchrun every
process takes its share of each step's plan, so that together they see each image once an epoch, as
with PyTorch's DistributedSampler.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from .data import Data, crop_batch, pad_images, sampling_plan
from .device import available_memory, gigabytes
from .folders import Pictures, read_ahead
from .recipe import Recipe

AHEAD = 2  # batches that each worker has ready


class Resident:
    """All images on the device, as bytes: a batch is one indexing operation there.

    Attributes:
        waited: Seconds spent waiting for images.
    """

    waited = 0.0

    def __init__(
        self, data: Data, recipe: Recipe, device: torch.device, share: tuple[int, int], length: int
    ) -> None:
        self.data, self.recipe, self.device = data, recipe, device
        self.rank, self.world = share
        self.images = pad_images(data.train.images.to(device), recipe.crop)
        self.labels = data.train.labels.to(device)
        shape = (length, recipe.batch // self.world, 4)
        self.choices = torch.zeros(shape, dtype=torch.int64, device=device)

    def begin(self, first: int, step: int, last: int) -> None:
        """A stretch of steps `first` to `last` - 1 begins, or goes on after `step`."""
        plan = planned(self.data, self.recipe, first, last)
        self.choices[: len(plan)] = plan[:, self.rank :: self.world].to(self.device)

    def advance(self) -> None:
        """Have the images of the next step ready: here they always are."""

    def batch(self, position: Tensor) -> tuple[Tensor, Tensor]:
        """Images, uint8 (B, C, H, W), and labels (B,) of the step at this place of the stretch."""
        choice = self.choices[position][0]
        return crop_batch(self.images, choice, self.recipe.crop), self.labels[choice[:, 0]]

    def close(self) -> None:
        """There is nothing to close."""


class Streamed:
    """Images read by workers while the step before is done, and copied to one place on the device.

    Attributes: as of `Resident`.
    """

    def __init__(
        self, data: Data, recipe: Recipe, device: torch.device, share: tuple[int, int], length: int
    ) -> None:
        self.data, self.recipe, self.device = data, recipe, device
        self.rank, self.world = share
        self.waited = 0.0
        pictures: Pictures = data.train.images
        batch = recipe.batch // self.world
        check_batch(data.name, batch, pictures)
        self.pixels = torch.zeros((batch, *pictures.shape[1:]), dtype=torch.uint8, device=device)
        self.target = torch.zeros(batch, dtype=torch.int64, device=device)
        self.batches: Iterator[tuple[Tensor, Tensor]] | None = None

    def begin(self, first: int, step: int, last: int) -> None:
        """Start the workers, unless they run already: they know all steps to come."""
        if self.batches is not None:
            return
        pictures: Pictures = self.data.train.images
        workers = pictures.workers
        settings: dict[str, Any] = {"prefetch_factor": AHEAD} if workers else {}
        self.batches = read_ahead(
            Steps(pictures, self.data.train.labels, self.recipe),
            workers,
            batch_size=None,
            sampler=self.steps(step),
            pin_memory=self.device.type == "cuda",
            **settings,
        )

    def steps(self, step: int) -> Iterator[tuple[int, list[list[int]]]]:
        """Every step to come, with this process's share of its plan."""
        per_epoch = max(1, len(self.data.train.labels) // self.recipe.batch)
        end = self.recipe.steps or step
        while step < end:
            last = min(end, (step // per_epoch + 1) * per_epoch)
            for choice in planned(self.data, self.recipe, step, last):
                yield step, choice[self.rank :: self.world].tolist()
                step += 1

    def advance(self) -> None:
        """Wait for the images of the next step, and have them copied."""
        assert self.batches is not None
        began = time.perf_counter()
        pixels, target = next(self.batches)
        self.waited += time.perf_counter() - began
        self.pixels.copy_(pixels, non_blocking=True)
        self.target.copy_(target, non_blocking=True)

    def batch(self, position: Tensor) -> tuple[Tensor, Tensor]:
        """Images and labels of the step, as `advance` left them."""
        return self.pixels, self.target

    def close(self) -> None:
        """End the workers."""
        self.batches = None


Feed = Resident | Streamed


class Steps(Dataset[tuple[Tensor, Tensor]]):
    """Asked for a step and its plan, reads the images, cropped and mirrored, and their labels.

    What it gives depends on these alone, whichever worker is asked.
    """

    def __init__(self, pictures: Pictures, labels: Tensor, recipe: Recipe) -> None:
        self.pictures, self.labels, self.recipe = pictures, labels, recipe

    def __getitem__(self, asked: Any) -> tuple[Tensor, Tensor]:
        step, plan = asked
        choice = torch.tensor(plan)
        indices, recipe = choice[:, 0].tolist(), self.recipe
        target, crop = self.labels[choice[:, 0]], recipe.crop
        choice[:, 0] = torch.arange(len(plan))
        if recipe.least_area < 1:
            images, crop = self.random_parts(step, indices), 0
            choice[:, 1:3] = 0
        else:
            images = self.pictures.pick(indices)
        return crop_batch(pad_images(images, crop), choice, crop).contiguous(), target

    def random_parts(self, step: int, indices: list[int]) -> Tensor:
        """A random part of each image."""
        pictures, recipe = self.pictures, self.recipe
        images = torch.empty((len(indices), *pictures.shape[1:]), dtype=torch.uint8)
        for place, index in enumerate(indices):
            seed = ((recipe.seed * 1_000_003 + step) * 1_000_003 + index) % 2**63
            path = pictures.files.path(index)
            images[place] = pictures.reader.read_crop(path, recipe.least_area, seed)
        return images


def planned(data: Data, recipe: Recipe, first: int, last: int) -> Tensor:
    """What steps `first` to `last` - 1 look at, over all processes."""
    return sampling_plan(
        len(data.train.labels), first, last, recipe.batch, recipe.crop, recipe.flip, recipe.seed
    )


def make_feed(
    data: Data, recipe: Recipe, device: torch.device, share: tuple[int, int], length: int
) -> Feed:
    """The feed that this data needs.

    Args:
        data: Resident or streamed.
        recipe: Whose steps are known.
        device: Where the images go.
        share: Which process this is, of how many.
        length: Steps between two points of the history, at most.

    Raises:
        ValueError: The recipe or the batch asks for what these data cannot give.
    """
    if data.streams:
        return Streamed(data, recipe, device, share, length)
    if recipe.least_area < 1:
        raise ValueError(
            f"least_area is {recipe.least_area}, but random parts are cut from the files: load the "
            "folder with stream=True"
        )
    if device.type == "cuda":
        images, free = data.train.images, torch.cuda.mem_get_info(device)[0]
        if 3 * images.numel() > free:
            raise ValueError(
                f"{data.name} takes {gigabytes(3 * images.numel())} on the GPU, which has "
                f"{gigabytes(free)}; load the folder with stream=True"
            )
    return Resident(data, recipe, device, share, length)


def check_batch(name: str, batch: int, pictures: Pictures) -> None:
    """Raise ValueError if the batches that are read ahead do not fit in memory."""
    ready = 2 + AHEAD * pictures.workers
    _, *sides = pictures.shape
    taken, free = ready * batch * torch.Size(sides).numel(), available_memory()
    if free is not None and taken > free:
        raise ValueError(
            f"batch is {batch}; {ready} batches of {name}'s images, {tuple(sides)}, take "
            f"{gigabytes(taken)}, and there are {gigabytes(free)} of memory; make the batch "
            "smaller, or load the folder with fewer workers or a smaller size"
        )
