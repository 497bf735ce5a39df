"""Data sets as tensors: images of bytes in three splits, and batches drawn from them.

Every choice is made on `validation`. `test` stays on the disk until somebody asks for it, which
should happen once, at the end. A whole set of small images fits on the device as bytes, so a batch
is one indexing operation there: no workers, no copies from the host. A folder that does not fit in
memory streams: workers read the images of each batch while the one before it is trained on.

Example:
    data = load("fashion-mnist-small")    # 4,500 + 500 + 1,000 images that come with the package
    data.train.images, data.train.labels  # uint8 (4500, 1, 28, 28) and int64 (4500,)
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from . import sources
from .checks import check_int
from .device import check_memory
from .folders import Files, Pictures, Reader, default_workers, find, is_grey, open_image
from .sources import Split as Split

SAMPLE = 1000  # images that the mean of a streamed set is taken from
IN_USE = 3  # copies of the images at once, when training on them begins


@dataclass
class Data:
    """A data set.

    Attributes:
        name: What it is called in a history.
        classes: The names of the classes, in the order of the labels.
        train: What the weights are trained on.
        validation: What choices are made on; may be empty.
        mean: Of the training pixels, per channel, black being 0 and white 1.
        std: Their standard deviation, per channel.
        read_test: Reads the test images.
        has_test: Whether there are any.
    """

    name: str
    classes: tuple[str, ...]
    train: Split
    validation: Split
    mean: tuple[float, ...]
    std: tuple[float, ...]
    read_test: Callable[[], Split] = field(repr=False)
    has_test: bool = True

    @property
    def test(self) -> Split:
        """The test images, read now: look at them once, when every choice has been made."""
        return self.read_test()

    @property
    def channels(self) -> int:
        """Channels of an image: 1 for grey, 3 for colour."""
        return int(self.train.images.shape[1])

    @property
    def streams(self) -> bool:
        """Whether the images are read while training goes on."""
        return isinstance(self.train.images, Pictures)

    def summary(self) -> dict[str, Any]:
        """What identifies this data set in a history or a checkpoint."""
        labels = torch.cat([self.train.labels, self.validation.labels])
        images = self.train.images
        chosen = torch.linspace(0, len(images) - 1, min(32, len(images))).long()
        some = images.pick(chosen.tolist()) if isinstance(images, Pictures) else images[chosen]
        return {
            "name": self.name,
            "classes": list(self.classes),
            "train": len(self.train.labels),
            "validation": len(self.validation.labels),
            "labels": checksum(labels),
            "images": checksum(some),
            "shape": list(self.train.images.shape[1:]),
            "mean": list(self.mean),
            "std": list(self.std),
        }


def checksum(numbers: Tensor) -> str:
    """Eight digits that other numbers will hardly have."""
    return f"{zlib.crc32(numbers.contiguous().numpy().tobytes()):08x}"


def load(
    name: str | os.PathLike[str] = "fashion-mnist-small",
    folder: str | os.PathLike[str] = "data",
    validation: float = 0.1,
    size: int | None = None,
    stream: bool | None = None,
    workers: int | None = None,
) -> Data:
    """A data set by name, or any folder of images.

    Args:
        name: "fashion-mnist-small" (in the package), "fashion-mnist", "cifar10", "digits"
            (scikit-learn's, 8 x 8), or the path of a folder with one sub-folder of images for
            every class, or of one with such folders `train` and `test`, `val` or both, as ImageNet
            has them. Where there is no `train`, every tenth image of a class is kept for the test,
            at least one.
        folder: Where the files of fashion-mnist and cifar10 are or, failing that, are put.
        validation: The share of every class's training images that is held out; always the same.
            A folder `val` is taken instead.
        size: For a folder of images, cut their middle square and scale it to size x size; None
            takes them as they are.
        stream: For a folder of images, read them while training goes on; None does so if they do
            not fit in the memory there is. Mean and deviation are then those of 1,000 images.
        workers: Processes that read them; None takes one for every core (0 on macOS and Windows,
            where more need a script that may be imported).

    Raises:
        FileNotFoundError: A file is missing; the message names it and says what to do.
        ValueError: A file is damaged, an argument makes no sense, or images of that size do not fit
            in memory.
    """
    if not 0 <= validation < 1:
        raise ValueError(
            f"validation is {validation}; it must be a share from 0 up to, not including, 1"
        )
    name = os.fspath(name)
    if not Path(name).is_dir() or name in sources.SOURCES:
        for option, value in (("size", size), ("stream", stream or None), ("workers", workers)):
            if value is not None:
                raise ValueError(
                    f"{option} is {value}, but only a folder of images can be scaled and read "
                    f"while training goes on, and {name} is none"
                )
    if name in sources.SOURCES:
        classes, whole, read_test = sources.SOURCES[name](Path(folder))
        held_out = validation_mask(whole.labels, len(classes), validation)
        train, validated = [Split(whole.images[m], whole.labels[m]) for m in (~held_out, held_out)]
        return Data(name, classes, train, validated, *statistics(train.images), read_test)
    if Path(name).is_dir():
        size = size if size is None else check_int("size", size)
        workers = default_workers() if workers is None else check_int("workers", workers, 0)
        return load_folder(Path(name), validation, size, stream, workers)
    raise ValueError(
        f"there is no data set called {name!r} and no such folder; known are "
        f"{', '.join(sources.SOURCES)} and the path of any folder with one sub-folder of "
        "images for every class"
    )


def load_folder(
    root: Path, validation: float, size: int | None, stream: bool | None, workers: int
) -> Data:
    """A folder of images; arguments as in `load`."""
    layout, name = find(root), root.resolve().name
    count = len(layout.classes)
    train, validated, test = layout.train, layout.validation, layout.test
    if test is None and validated is None:
        kept = kept_for_test(train, layout.classes)
        train, test = train.part(~kept), train.part(kept)
    if validated is None:
        held_out = validation_mask(train.labels, count, validation)
        train, validated = train.part(~held_out), train.part(held_out)
    # Grey only if all are: one picture in colours makes the grey ones three alike channels.
    parts = [part for part in (train, validated, test) if part]
    grey = all(is_grey(part.path(index)) for part in parts for index in range(len(part.names)))
    first = open_image(train.path(0)) if size is None else None
    sides = (first.height, first.width) if first else (size or 1, size or 1)
    reader = Reader(grey, size, (1 if grey else 3, *sides))
    held = len(train.names) + len(validated.names)
    stream = check_memory(name, held, reader.shape, IN_USE, stream)

    def split(files: Files) -> Split:
        pictures = Pictures(files, reader, workers)
        return Split(pictures if stream else pictures.pick(range(len(pictures))), files.labels)

    ours = split(train)
    some = ours.images
    if stream:
        chosen = torch.linspace(0, len(some) - 1, min(SAMPLE, len(some))).long().tolist()
        some = some.pick(chosen)
    empty = Files(root, train.names[:0], train.labels[:0])
    mean, std = statistics(some)
    read_test = partial(split, test or empty)
    return Data(
        name, layout.classes, ours, split(validated), mean, std, read_test, test is not None
    )


def kept_for_test(files: Files, classes: Sequence[str]) -> Tensor:
    """Which images are kept for the test, bool (N,): every tenth of a class, or its last."""
    kept = torch.zeros(len(files.labels), dtype=torch.bool)
    for label, name in enumerate(classes):
        members = (files.labels == label).nonzero().flatten()
        if len(members) < 2:
            raise ValueError(
                f"{files.base / name} holds one image, but one is needed to train on and one for "
                "the test; add some more, or a folder test beside a folder train"
            )
        kept[members[9::10] if len(members) > 9 else members[-1:]] = True
    return kept


def validation_mask(labels: Tensor, classes: int, share: float) -> Tensor:
    """Which images are held out, bool (N,): the same share of every class, always the same ones.

    Of a small class at least one is, if that leaves one to train on.
    """
    held_out = torch.zeros(len(labels), dtype=torch.bool)
    generator = torch.Generator().manual_seed(0)
    for label in range(classes):
        members = (labels == label).nonzero().flatten()
        order = torch.randperm(len(members), generator=generator)
        count = round(share * len(members)) or int(share > 0 and len(members) > 1)
        held_out[members[order[:count]]] = True
    return held_out


def statistics(images: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of every channel over all pixels, from white = 1.

    They are exact, from the 256 counts.
    """
    levels = torch.arange(256, dtype=torch.float64) / 255
    means, deviations = [], []
    for channel in images.unbind(1):
        share = torch.bincount(channel.flatten(), minlength=256).double() / channel.numel()
        means.append(float(share @ levels))
        deviations.append(float((share @ (levels - means[-1]) ** 2).sqrt()))
    return tuple(means), tuple(deviations)


def sampling_plan(
    examples: int,
    first: int,
    last: int,
    batch: int,
    crop: int = 0,
    flip: bool = False,
    seed: int = 0,
) -> Tensor:
    """What steps `first` to `last` - 1 of a training run look at: int64 (steps, batch, 4).

    The four numbers: which image, how many rows down and columns right its crop starts in the
    image padded by `crop` on every side, and whether it is mirrored. A pure function of the seed
    and the step: every epoch is a new permutation of the images (those left over from the last
    whole batch sit out), and a run that resumes needs no memory of the past.

    Raises:
        ValueError: There are fewer images than a batch takes.
    """
    per_epoch = examples // batch
    if per_epoch == 0:
        raise ValueError(
            f"batch is {batch}, but there are only {examples} training images; "
            "make the batch smaller"
        )
    epochs = range(first // per_epoch, (last - 1) // per_epoch + 1)
    steps = []
    for epoch in epochs:
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        columns = [
            torch.randperm(examples, generator=generator),
            *torch.randint(2 * crop + 1, (2, examples), generator=generator),
            torch.randint(1 + flip, (examples,), generator=generator),
        ]
        choice = torch.stack(columns, 1)
        steps.append(choice[: per_epoch * batch].view(per_epoch, batch, 4))
    start = first - epochs.start * per_epoch
    return torch.cat(steps)[start : start + last - first]


def batches(images: Tensor | Pictures, size: int) -> Iterator[Tensor]:
    """Images in order, so many at once, uint8 (n, C, H, W)."""
    if isinstance(images, Pictures):
        yield from images.batches(size)
    else:
        for start in range(0, len(images), size):
            yield images[start : start + size]


def pad_images(images: Tensor, crop: int) -> Tensor:
    """Images (N, C, H, W) with `crop` black pixels on every side, the channels last in memory.

    Returns:
        (N, H + 2 crop, W + 2 crop, C), contiguous.
    """
    return pad(images, (crop,) * 4).permute(0, 2, 3, 1).contiguous()


def crop_batch(images: Tensor, choice: Tensor, crop: int) -> Tensor:
    """The batch that one step of a plan takes from padded images.

    Args:
        images: What `pad_images` returned.
        choice: (B, 4), a step of `sampling_plan`.
        crop: The padding of both.

    Returns:
        (B, C, H, W), in channels_last memory.
    """
    index, down, right, mirrored = choice.unbind(1)
    height, width = images.shape[1] - 2 * crop, images.shape[2] - 2 * crop
    rows = down[:, None] + torch.arange(height, device=images.device)
    columns = torch.arange(width, device=images.device).expand(len(index), width)
    columns = right[:, None] + torch.where(mirrored[:, None].bool(), columns.flip(1), columns)
    pixels = images[index[:, None, None], rows[:, :, None], columns[:, None, :]]
    return pixels.permute(0, 3, 1, 2)


def normalise(
    images: Tensor, mean: Sequence[float] | Tensor, std: Sequence[float] | Tensor
) -> Tensor:
    """Bytes to torch's default dtype, mean 0 and standard deviation 1.

    Args:
        images: uint8 (..., C, H, W).
        mean: One number a channel, from white = 1.
        std: Likewise.
    """
    dtype = torch.get_default_dtype()
    centre, scale = [
        torch.as_tensor(value, dtype=dtype, device=images.device).view(-1, 1, 1)
        for value in (mean, std)
    ]
    return (images.to(dtype) / 255 - centre) / scale
