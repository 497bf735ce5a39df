"""Folders of images, one sub-folder a class: what is in them, and how a file becomes pixels.

`find` lists the files and opens none; `Pictures` reads them when they are asked for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

IMAGE_FILES = tuple(
    ".png .jpg .jpeg .jpe .jfif .mpo .bmp .webp .gif .ppm .pgm .pbm .pnm .tga .tif .tiff".split()
)
UNREADABLE = tuple(".heic .heif .avif .jxl .jp2 .svg .psd .raw .dng .cr2 .nef .arw".split())
GREY = ("1", "L", "LA", "I", "F")  # and those that begin with I;
SPLITS = {  # what the folder of a part may be called, in small or in large letters
    "train": ("train", "training"),
    "validation": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing"),
}
RATIOS = (3 / 4, 4 / 3)  # of a random-resized crop's sides, torchvision's


class Files(NamedTuple):
    """Image files and their labels.

    Attributes:
        base: The folder of the classes.
        names: The paths below it, bytes of one array: a list of a million strings would be copied
            into every worker.
        labels: int64 (N,).
    """

    base: Path
    names: np.ndarray[Any, Any]
    labels: Tensor

    def path(self, index: int) -> Path:
        """Of one image."""
        return self.base / os.fsdecode(bytes(self.names[index]))

    def part(self, chosen: Tensor) -> Files:
        """Those that `chosen`, bool (N,), has."""
        return Files(self.base, self.names[chosen.numpy()], self.labels[chosen])


class Layout(NamedTuple):
    """What a folder holds; None where it says nothing of a split."""

    classes: tuple[str, ...]
    train: Files
    validation: Files | None
    test: Files | None


def find(root: Path) -> Layout:
    """The classes and files of a folder.

    Either one sub-folder a class, or such folders `train` and, beside it, `test`, `val` or both,
    as ImageNet has them; SPLITS has other names for them.

    Raises:
        ValueError: It has no classes, a class has no images, or a split has a class of its own.
    """
    names = class_folders(root)
    parts = {
        part: name for part, known in SPLITS.items() for name in names if name.lower() in known
    }
    train, base = parts.pop("train", ""), root
    if train and (parts or names == [train]):
        base = root / train
    else:
        parts = {}
    classes = class_folders(base)
    if not classes:
        raise ValueError(
            f"{base} holds no folders; make one for every class and put its images there"
        )
    found: dict[str, Files] = {}
    for part, name in parts.items():
        for other in class_folders(root / name):
            if other not in classes:
                raise ValueError(
                    f"{root / name / other} is of a class that {base} has no images of; add some "
                    "there or remove the folder"
                )
        found[part] = image_files(root / name, classes)
    train_files = image_files(base, classes)
    return Layout(tuple(classes), train_files, found.get("validation"), found.get("test"))


def class_folders(base: Path) -> list[str]:
    """The names of the folders in `base`, but for hidden ones."""
    folders = [path.name for path in base.iterdir() if path.is_dir()]
    return sorted([name for name in folders if not name.startswith(".")])


def image_files(base: Path, classes: Sequence[str]) -> Files:
    """Every image below `base`, as torchvision's ImageFolder finds them, but for hidden ones."""
    from torchvision.datasets.folder import make_dataset

    above = len(base.parts)

    def is_image(text: str) -> bool:
        path = Path(text)
        if any([part.startswith(".") for part in path.parts[above:]]):
            return False
        if path.suffix.lower() in UNREADABLE:
            raise ValueError(
                f"{path} is of a kind that cannot be read; save it as .jpg or .png, or take it out "
                "of the folder"
            )
        return path.suffix.lower() in IMAGE_FILES

    numbers = {name: label for label, name in enumerate(classes)}
    empty = next((name for name in classes if not (base / name).is_dir()), None)
    try:
        found = [] if empty else make_dataset(str(base), numbers, is_valid_file=is_image)
    except FileNotFoundError:
        found = []
    if not found:
        empty = empty or next(name for name in classes if not any_image(base / name, is_image))
        raise ValueError(
            f"{base / empty} holds no images; put some there ({', '.join(IMAGE_FILES)}) "
            "or remove the folder"
        )
    names = np.array([os.fsencode(os.path.relpath(path, base)) for path, _ in found])
    return Files(base, names, torch.tensor([label for _, label in found]))


def any_image(folder: Path, is_image: Any) -> bool:
    """Whether there is an image anywhere below `folder`."""
    walk = os.walk(folder, followlinks=True)
    return any(is_image(os.path.join(at, name)) for at, _, names in walk for name in names)


# ---------------------------------------------------------------------------------------- reading


def open_image(path: Path) -> Any:
    """A file as Pillow has it, upright, with at most eight bits a channel.

    Raises:
        ValueError: It cannot be read; the message names it.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file)  # a camera's note which side is up
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(
            f"{path} cannot be read as an image ({error}); replace it or take it out of the folder"
        ) from None
    if image.mode.startswith("I"):  # 16 bits: Pillow would cut them off at 255
        wide: Any = image.convert("I")
        low, high = wide.getextrema()
        if 0 <= low and high < 2**16:
            return wide.point(lambda level: level * (1 / 257) + 0.5).convert("L")
    if image.mode.startswith(("I", "F")):
        raise ValueError(
            f"{path} has pixels of 32 bits, and nothing says which of them are white; save it with "
            "8 or 16 bits"
        )
    return image


def is_grey(path: Path) -> bool:
    """Whether the head of a file says that it has no colours."""
    from PIL import Image

    try:
        with Image.open(path) as file:
            mode = str(file.mode)
            return mode in GREY or mode.startswith("I;")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return True  # reading it will say what is the matter


class Reader(NamedTuple):
    """How files become pixels.

    Attributes:
        grey: One channel instead of three.
        size: Their middle square is scaled to size x size; None takes them as they are.
        shape: (C, H, W), which all must have.
    """

    grey: bool
    size: int | None
    shape: tuple[int, ...]

    def read(self, path: Path) -> Tensor:
        """One file, uint8 (C, H, W)."""
        image = open_image(path).convert("L" if self.grey else "RGB")
        if self.size is not None:
            side = min(image.size)
            left, top = (image.width - side) // 2, (image.height - side) // 2
            image = scaled(image, self.size, (left, top, left + side, top + side))
        if (image.height, image.width) != self.shape[1:]:
            raise ValueError(
                f"{path} is {image.width} x {image.height} pixels, others are {self.shape[2]} x "
                f"{self.shape[1]}; give size=32, say, to bring all to one size"
            )
        return pixels(image)

    def read_crop(self, path: Path, least: float, seed: int) -> Tensor:
        """A random part of a file, of at least this share of its area, scaled: a function of seed.

        Source:
            Szegedy et al., "Going deeper with convolutions" (2014), section 6; torchvision's
            RandomResizedCrop.
        """
        from torchvision.transforms import RandomResizedCrop

        image = open_image(path).convert("L" if self.grey else "RGB")
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            top, left, height, width = RandomResizedCrop.get_params(image, (least, 1.0), RATIOS)
        box = (left, top, left + width, top + height)
        return pixels(scaled(image, self.shape[1:], box))


def scaled(image: Any, size: int | Sequence[int], box: tuple[int, int, int, int]) -> Any:
    """The part of an image in `box` (left, top, right, bottom), of a new size (height, width)."""
    from PIL import Image

    height, width = (size, size) if isinstance(size, int) else size
    return image.resize((width, height), Image.Resampling.BICUBIC, box)


def pixels(image: Any) -> Tensor:
    """An image as uint8 (C, H, W)."""
    flat = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return flat.view(image.height, image.width, -1).permute(2, 0, 1).contiguous()


class Pictures(Dataset[Tensor]):
    """Images in files: like a tensor (N, C, H, W), but read when they are asked for.

    Attributes:
        files: Where they are.
        reader: What makes pixels of them.
        workers: Processes that read ahead where many are asked for.
    """

    def __init__(self, files: Files, reader: Reader, workers: int) -> None:
        self.files, self.reader, self.workers = files, reader, workers

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, C, H, W)."""
        return (len(self), *self.reader.shape)

    def __len__(self) -> int:
        return len(self.files.names)

    def __getitem__(self, index: int) -> Tensor:
        return self.reader.read(self.files.path(index))

    def pick(self, indices: Sequence[int]) -> Tensor:
        """Some of them, uint8 (n, C, H, W)."""
        chosen = torch.empty((len(indices), *self.reader.shape), dtype=torch.uint8)
        for place, index in enumerate(indices):
            chosen[place] = self[index]
        return chosen

    def batches(self, size: int) -> Iterator[Tensor]:
        """All of them in order, so many at once."""
        yield from read_ahead(self, self.workers, batch_size=size)


def read_ahead(pictures: Dataset[Any], workers: int, **settings: Any) -> Iterator[Any]:
    """What PyTorch's DataLoader gives, as it is used here.

    Its workers outlive Ctrl-C, as the run decides, and it takes nothing from PyTorch's global
    random numbers. What a worker finds wrong with a file is said without its traceback.
    """
    try:
        yield from DataLoader(
            pictures,
            num_workers=workers,
            worker_init_fn=ignore_interrupts,
            generator=torch.Generator(),
            **settings,
        )
    except ValueError as error:
        raise ValueError(str(error).rstrip().rpartition("ValueError: ")[2]) from None


def ignore_interrupts(worker: int) -> None:
    """Leave Ctrl-C to the process that asked for the images."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def default_workers() -> int:
    """A process for every core that this one may use; elsewhere than on Linux none.

    There every worker runs the reader's own script again from its top, which only works if that
    script is written for it.
    """
    if not sys.platform.startswith("linux"):
        return 0
    return max(1, len(os.sched_getaffinity(0)) // int(os.environ.get("LOCAL_WORLD_SIZE", 1)))
