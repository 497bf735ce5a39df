"""Data sets as tensors: images of bytes, split into training, validation and test, and batches drawn from them.

    data = load("fashion-mnist-small")         # 4,500 + 500 + 1,000 images that come with the package
    data.train.images, data.train.labels       # uint8 (4500, 1, 28, 28) and int64 (4500,)

Every choice is made on `validation`. `test` stays on the disk until somebody asks for it, which should happen once, at the
end. A whole set of small images fits on the device as bytes, so a batch is one indexing operation there: no workers,
no copies from the host.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

FASHION_CLASSES = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
FASHION_SOURCE = "https://github.com/zalandoresearch/fashion-mnist"
FASHION_SMALL = Path(__file__).with_name("fashion_mnist")
FASHION_DEBIAN = Path("/usr/share/datasets/fashion-mnist")
IMAGE_FILES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".ppm", ".pgm")


class Part(NamedTuple):
    """images: uint8 (N, C, H, W); labels: int64 (N,), counted from 0."""

    images: Tensor
    labels: Tensor


@dataclass
class Data:
    """A data set. mean and std: of the training pixels, per channel, black being 0 and white 1."""

    name: str
    classes: tuple
    train: Part
    validation: Part
    mean: tuple
    std: tuple
    read_test: Callable = field(repr=False)

    @property
    def test(self) -> Part:
        """The test images, read now: look at them once, when every choice has been made."""
        return self.read_test()

    @property
    def channels(self) -> int:
        return self.train.images.shape[1]

    def summary(self) -> dict:
        """What identifies this data set in a history or a checkpoint."""
        return {
            "name": self.name,
            "train": len(self.train.labels),
            "validation": len(self.validation.labels),
            "shape": list(self.train.images.shape[1:]),
            "mean": list(self.mean),
            "std": list(self.std),
        }


def load(
    name: str = "fashion-mnist-small",
    folder="data",
    validation: float = 0.1,
    size: int | None = None,
) -> Data:
    """A data set by name, or any folder of images.

    name: "fashion-mnist-small" (in the package), "fashion-mnist", "cifar10", "digits" (scikit-learn's, 8 x 8), or the path of a
    folder with one sub-folder of images for every class, or of one with such folders `train` and `test`; without
    `test`, every tenth image of a class is kept for it.
    folder: where the files of fashion-mnist and cifar10 are or, failing that, are downloaded to.
    validation: the share of every class's training images that is held out; always the same images.
    size: for a folder of images, cut their middle square and scale it to size x size; None takes them as they are.

    Raises FileNotFoundError or ValueError naming the file that is missing or damaged, and what to do.
    """
    if not 0 <= validation < 1:
        raise ValueError(
            f"validation is {validation}; it must be a share from 0 up to, not including, 1"
        )
    if size is not None and not Path(name).is_dir():
        raise ValueError(
            f"size is {size}, but only a folder of images can be scaled, and {name} is none"
        )
    folder = Path(folder)
    if name == "fashion-mnist-small":
        classes, train, test = (
            FASHION_CLASSES,
            idx_part(FASHION_SMALL, "train"),
            lambda: idx_part(FASHION_SMALL, "t10k"),
        )
    elif name == "fashion-mnist":
        files = fashion_folder(folder)
        classes, train, test = (
            FASHION_CLASSES,
            idx_part(files, "train"),
            lambda: idx_part(files, "t10k"),
        )
    elif name == "cifar10":
        classes, train, test = cifar10(folder)
    elif name == "digits":
        classes, train, test = digits()
    elif Path(name).is_dir():
        classes, train, test = image_folder(Path(name), size)
        name = Path(name).resolve().name
    else:
        raise ValueError(
            f"there is no data set called {name!r} and no such folder; known are fashion-mnist-small, fashion-mnist, "
            "cifar10, digits and the path of any folder with one sub-folder of images for every class"
        )
    held = torch.zeros(len(train.labels), dtype=torch.bool)
    generator = torch.Generator().manual_seed(0)
    for label in range(len(classes)):
        members = (train.labels == label).nonzero().flatten()
        order = torch.randperm(len(members), generator=generator)
        held[members[order[: round(validation * len(members))]]] = True
    kept = Part(train.images[~held], train.labels[~held])
    mean, std = statistics(kept.images)
    return Data(name, classes, kept, Part(train.images[held], train.labels[held]), mean, std, test)


def statistics(images: Tensor) -> tuple:
    """Mean and standard deviation of every channel over all pixels, from white = 1; exact, from the 256 counts."""
    levels = torch.arange(256, dtype=torch.float64) / 255
    means, deviations = [], []
    for channel in images.unbind(1):
        share = torch.bincount(channel.flatten(), minlength=256).double() / channel.numel()
        means.append(float(share @ levels))
        deviations.append(float((share @ (levels - means[-1]) ** 2).sqrt()))
    return tuple(means), tuple(deviations)


def read_idx(path: Path) -> Tensor:
    """The bytes of an idx file, plain or .gz: two zeros, 8 for bytes, the number of axes, their sizes, the bytes."""
    advice = f"put a fresh copy in its place ({FASHION_SOURCE}), or install resnet_lab again if it is the package's own"
    try:
        raw = path.read_bytes()
        if path.suffix == ".gz":
            raw = gzip.decompress(raw)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is damaged ({error}); {advice}") from None
    axes = raw[3] if raw[:3] == b"\0\0\x08" and len(raw) > 3 else 0
    start = 4 + 4 * axes
    sizes = [int.from_bytes(raw[at : at + 4], "big") for at in range(4, start, 4)]
    wanted = start
    if axes and len(raw) >= start:
        wanted += int(torch.tensor(sizes).prod())
    if not axes or len(raw) != wanted:
        found = (
            f"{len(raw):,} bytes instead of {wanted:,}"
            if axes
            else "its first bytes are not those of an idx file"
        )
        raise ValueError(f"{path} is damaged ({found}); {advice}")
    return torch.frombuffer(bytearray(raw), dtype=torch.uint8, offset=start).view(sizes)


def idx_part(folder: Path, part: str) -> Part:
    """Images and labels of part "train" or "t10k"."""
    arrays = []
    for name in (f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"):
        path = next(
            (path for path in (folder / f"{name}.gz", folder / name) if path.exists()), None
        )
        if path is None:
            raise FileNotFoundError(
                f"{folder / name}.gz is missing; put it there ({FASHION_SOURCE})"
            )
        arrays.append(read_idx(path))
    images, labels = arrays
    if images.dim() != 3 or labels.dim() != 1 or len(images) != len(labels):
        raise ValueError(
            f"{folder}: the images of {part} have shape {tuple(images.shape)} and the labels {tuple(labels.shape)}; "
            f"the two files do not belong together, fetch both again ({FASHION_SOURCE})"
        )
    strange = labels[labels >= len(FASHION_CLASSES)]
    if len(strange):
        raise ValueError(
            f"{path} is damaged (one label is {strange[0]}, the last class is 9); fetch it again ({FASHION_SOURCE})"
        )
    return Part(images[:, None], labels.long())


def fashion_folder(folder: Path) -> Path:
    """Where the whole of Fashion-MNIST is: `folder`, torchvision's layout under it, Debian's package, or downloaded now."""
    raw = folder / "FashionMNIST" / "raw"
    for candidate in (folder, raw, FASHION_DEBIAN):
        if list(candidate.glob("train-images-idx3-ubyte*")):
            return candidate
    from torchvision.datasets import FashionMNIST

    download(
        FashionMNIST,
        folder,
        "Fashion-MNIST",
        f"put its four idx files ({FASHION_SOURCE}) in {folder}, "
        "or use fashion-mnist-small, which comes with the package",
    )
    return raw


def download(dataset, folder: Path, name: str, instead: str):
    try:
        dataset(folder, download=True)
    except (OSError, RuntimeError) as error:
        raise FileNotFoundError(
            f"{name} is not in {folder} and could not be downloaded ({error}); {instead}"
        ) from None


def cifar10(folder: Path) -> tuple:
    from torchvision.datasets import CIFAR10
    from torchvision.datasets.utils import check_integrity

    if folder.name == CIFAR10.base_folder:
        folder = folder.parent
    batches = folder / CIFAR10.base_folder
    if not batches.is_dir():
        download(
            CIFAR10,
            folder,
            "CIFAR-10",
            f"put the folder {CIFAR10.base_folder} of https://www.cs.toronto.edu/~kriz/cifar.html there, "
            "or use fashion-mnist-small, which comes with the package",
        )
    for name, checksum in (
        CIFAR10.train_list + CIFAR10.test_list + [(CIFAR10.meta["filename"], CIFAR10.meta["md5"])]
    ):
        if not check_integrity(str(batches / name), checksum):
            state = "damaged" if (batches / name).exists() else "missing"
            raise ValueError(
                f"{batches / name} is {state}; delete {batches} to have it downloaded again"
            )

    def part(source):
        return Part(
            torch.from_numpy(source.data).permute(0, 3, 1, 2).contiguous(),
            torch.tensor(source.targets),
        )

    train = CIFAR10(folder)
    return tuple(train.classes), part(train), lambda: part(CIFAR10(folder, train=False))


def digits() -> tuple:
    """scikit-learn's 1,797 digits of 8 x 8 pixels, 16 grey levels spread over 0 to 240; every fifth is a test image."""
    from sklearn.datasets import load_digits

    source = load_digits()
    images = (torch.from_numpy(source.images) * 15).to(torch.uint8)[:, None]
    labels = torch.from_numpy(source.target).long()
    test = torch.arange(len(labels)) % 5 == 4
    return (
        tuple("0123456789"),
        Part(images[~test], labels[~test]),
        lambda: Part(images[test], labels[test]),
    )


def image_folder(root: Path, size: int | None) -> tuple:
    """A folder of images by class: classes in alphabetical order; the test images are opened only when asked for."""

    def folders(base):
        return sorted(
            path.name for path in base.iterdir() if path.is_dir() and not path.name.startswith(".")
        )

    split = (root / "train").is_dir() and (root / "test").is_dir()
    base = root / "train" if split else root
    classes = folders(base)
    if not classes:
        raise ValueError(
            f"{base} holds no folders; make one for every class and put its images there"
        )
    for name in set(folders(root / "test")) - set(classes) if split else ():
        raise ValueError(
            f"{root / 'test' / name} is of a class that {base} has no images of; add some there or remove the folder"
        )

    def files(base):
        found = []
        for label, name in enumerate(classes):
            images = sorted(
                path for path in (base / name).rglob("*") if path.suffix.lower() in IMAGE_FILES
            )
            if not images:
                raise ValueError(
                    f"{base / name} holds no images; put some there ({', '.join(IMAGE_FILES)}) or remove the folder"
                )
            found += [(path, label, number) for number, path in enumerate(images)]
        return found

    every = files(base)
    if split:
        train, test = every, files(root / "test")
    else:
        train, test = (
            [file for file in every if (file[2] % 10 == 9) == held] for held in (False, True)
        )
        if not test:
            raise ValueError(
                f"{root} has no folder test and fewer than 10 images in every class; add a folder test or more images"
            )
    shape = read_image(train[0][0], size, None).shape

    def part(files):
        return Part(
            torch.stack([read_image(path, size, shape) for path, _, _ in files]),
            torch.tensor([label for _, label, _ in files]),
        )

    return tuple(classes), part(train), lambda: part(test)


def read_image(path: Path, size: int | None, shape) -> Tensor:
    """One image file as uint8 (C, H, W); grey files have one channel, or as many as `shape`, which they must agree with."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            grey = image.mode in ("1", "L", "I;16") if shape is None else shape[0] == 1
            image = image.convert("L" if grey else "RGB")
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(
            f"{path} cannot be read as an image ({error}); replace it or take it out of the folder"
        ) from None
    if size is not None:
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.resize(
            (size, size), Image.Resampling.BICUBIC, (left, top, left + side, top + side)
        )
    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    pixels = pixels.view(image.height, image.width, -1).permute(2, 0, 1).contiguous()
    if shape is not None and pixels.shape != shape:
        raise ValueError(
            f"{path} is {image.width} x {image.height} pixels, others are {shape[2]} x {shape[1]}; give size=32, say, "
            "to bring all to one size"
        )
    return pixels


def plan(
    examples: int,
    first: int,
    last: int,
    batch: int,
    crop: int = 0,
    flip: bool = False,
    seed: int = 0,
) -> Tensor:
    """What steps `first` to `last` - 1 of a training run look at: int64 (steps, batch, 4).

    The four numbers: which image, how many rows down and columns right its crop starts in the image padded by `crop` on
    every side, and whether it is mirrored. A pure function of the seed and the step: every epoch is a new permutation of the
    images (those left over from the last whole batch sit out), and a run that resumes needs no memory of the past.
    """
    per_epoch = examples // batch
    if per_epoch == 0:
        raise ValueError(
            f"batch is {batch}, but there are only {examples} training images; make the batch smaller"
        )
    epochs = range(first // per_epoch, (last - 1) // per_epoch + 1)
    steps = []
    for epoch in epochs:
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        choice = torch.stack(
            [
                torch.randperm(examples, generator=generator),
                *torch.randint(2 * crop + 1, (2, examples), generator=generator),
                torch.randint(1 + flip, (examples,), generator=generator),
            ],
            1,
        )
        steps.append(choice[: per_epoch * batch].view(per_epoch, batch, 4))
    start = first - epochs.start * per_epoch
    return torch.cat(steps)[start : start + last - first]


def padded(images: Tensor, crop: int) -> Tensor:
    """Images (N, C, H, W) with `crop` black pixels on every side, the channels last in memory: (N, H + 2 crop, W + 2 crop, C)."""
    return pad(images, (crop,) * 4).permute(0, 2, 3, 1).contiguous()


def take(images: Tensor, choice: Tensor, crop: int) -> Tensor:
    """The batch (B, C, H, W), in channels_last memory, that `choice` (B, 4), a step of `plan`, takes from `padded` images."""
    index, down, right, mirrored = choice.unbind(1)
    height, width = images.shape[1] - 2 * crop, images.shape[2] - 2 * crop
    rows = down[:, None] + torch.arange(height, device=images.device)
    columns = torch.arange(width, device=images.device).expand(len(index), width)
    columns = right[:, None] + torch.where(mirrored[:, None].bool(), columns.flip(1), columns)
    return images[index[:, None, None], rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def normalise(images: Tensor, mean, std) -> Tensor:
    """Bytes to torch's default dtype, mean 0 and standard deviation 1. mean, std: one number a channel, from white = 1."""
    dtype = torch.get_default_dtype()
    mean, std = (
        torch.as_tensor(value, dtype=dtype, device=images.device).view(-1, 1, 1)
        for value in (mean, std)
    )
    return (images.to(dtype) / 255 - mean) / std
