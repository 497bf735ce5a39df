"""Where images come from: idx files, CIFAR-10, scikit-learn's digits. For folders see `folders`.

Every source gives the names of the classes, the training images, and a function that reads the
test images.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

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


class Split(NamedTuple):
    """Images and their labels.

    Attributes:
        images: A tensor, uint8 (N, C, H, W), or `folders.Pictures` where they do not fit in memory.
        labels: int64 (N,), counted from 0.
    """

    images: Any
    labels: Tensor


Source = tuple[tuple[str, ...], Split, Callable[[], Split]]


# ------------------------------------------------------------------------------- Fashion-MNIST


def fashion_small(folder: Path) -> Source:
    """The package's subset of Fashion-MNIST, wherever `folder` is."""
    return fashion(FASHION_SMALL)


def fashion_whole(folder: Path) -> Source:
    """The whole of Fashion-MNIST."""
    return fashion(fashion_folder(folder))


def fashion(files: Path) -> Source:
    """Fashion-MNIST out of the four idx files in `files`."""
    return FASHION_CLASSES, idx_split(files, "train"), lambda: idx_split(files, "t10k")


def fashion_folder(folder: Path) -> Path:
    """Where the whole of Fashion-MNIST is.

    Looked for in `folder`, in torchvision's layout under it, and in Debian's package; failing
    these, it is downloaded.
    """
    raw = folder / "FashionMNIST" / "raw"
    for candidate in (folder, raw, FASHION_DEBIAN):
        if list(candidate.glob("train-images-idx3-ubyte*")):
            return candidate
    from torchvision.datasets import FashionMNIST

    instead = (
        f"put its four idx files ({FASHION_SOURCE}) in {folder}, "
        "or use fashion-mnist-small, which comes with the package"
    )
    download(FashionMNIST, folder, "Fashion-MNIST", instead)
    return raw


def idx_split(folder: Path, part: str) -> Split:
    """Images and labels of part "train" or "t10k"."""
    arrays = []
    for name in (f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"):
        candidates = (folder / f"{name}.gz", folder / name)
        path = next((path for path in candidates if path.exists()), None)
        if path is None:
            raise FileNotFoundError(f"{candidates[0]} is missing; put it there ({FASHION_SOURCE})")
        arrays.append(read_idx(path))
    images, labels = arrays
    if images.dim() != 3 or labels.dim() != 1 or len(images) != len(labels):
        raise ValueError(
            f"{folder}: the images of {part} have shape {tuple(images.shape)} and the labels "
            f"{tuple(labels.shape)}; the two files do not belong together, fetch both again "
            f"({FASHION_SOURCE})"
        )
    strange = labels[labels >= len(FASHION_CLASSES)]
    if len(strange):
        raise ValueError(
            f"{path} is damaged (one label is {strange[0]}, the last class is 9); "
            f"fetch it again ({FASHION_SOURCE})"
        )
    return Split(images[:, None], labels.long())


def read_idx(path: Path) -> Tensor:
    """The bytes of an idx file, plain or .gz.

    The format: two zeros, 8 for bytes, the number of axes, their sizes, the bytes.
    """
    advice = (
        f"put a fresh copy in its place ({FASHION_SOURCE}), or install resnet_lab again if it is "
        "the package's own"
    )
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
        found = "its first bytes are not those of an idx file"
        if axes:
            found = f"{len(raw):,} bytes instead of {wanted:,}"
        raise ValueError(f"{path} is damaged ({found}); {advice}")
    if 0 in sizes:
        raise ValueError(f"{path} is empty (its sizes are {sizes}); {advice}")
    return torch.frombuffer(bytearray(raw), dtype=torch.uint8, offset=start).view(sizes)


def download(dataset: Callable[..., Any], folder: Path, name: str, instead: str) -> None:
    """Let torchvision fetch a data set; say what to do `instead` where that fails."""
    try:
        dataset(folder, download=True)
    except (OSError, RuntimeError) as error:
        raise FileNotFoundError(
            f"{name} is not in {folder} and could not be downloaded ({error}); {instead}"
        ) from None


# ------------------------------------------------------------------------- CIFAR-10 and digits


def cifar10(folder: Path) -> Source:
    """CIFAR-10 in its original files, each held against its checksum."""
    from torchvision.datasets import CIFAR10
    from torchvision.datasets.utils import check_integrity

    if folder.name == CIFAR10.base_folder:
        folder = folder.parent
    batches = folder / CIFAR10.base_folder
    if not batches.is_dir():
        instead = (
            f"put the folder {CIFAR10.base_folder} of https://www.cs.toronto.edu/~kriz/cifar.html "
            "there, or use fashion-mnist-small, which comes with the package"
        )
        download(CIFAR10, folder, "CIFAR-10", instead)
    files = CIFAR10.train_list + CIFAR10.test_list
    for name, checksum in [*files, (CIFAR10.meta["filename"], CIFAR10.meta["md5"])]:
        if not check_integrity(str(batches / name), checksum):
            state = "damaged" if (batches / name).exists() else "missing"
            raise ValueError(
                f"{batches / name} is {state}; delete {batches} to have it downloaded again"
            )

    def split(source: Any) -> Split:
        images = torch.from_numpy(source.data).permute(0, 3, 1, 2).contiguous()
        return Split(images, torch.tensor(source.targets))

    train = CIFAR10(folder)
    return tuple(train.classes), split(train), lambda: split(CIFAR10(folder, train=False))


def digits(folder: Path) -> Source:
    """scikit-learn's 1,797 digits of 8 x 8 pixels, wherever `folder` is.

    Their 16 grey levels are spread over 0 to 240; every fifth is a test image.
    """
    from sklearn.datasets import load_digits

    source = load_digits()
    images = (torch.from_numpy(source.images) * 15).to(torch.uint8)[:, None]
    labels = torch.from_numpy(source.target).long()
    test = torch.arange(len(labels)) % 5 == 4
    train = Split(images[~test], labels[~test])
    return tuple("0123456789"), train, lambda: Split(images[test], labels[test])


SOURCES: dict[str, Callable[[Path], Source]] = {
    "fashion-mnist-small": fashion_small,
    "fashion-mnist": fashion_whole,
    "cifar10": cifar10,
    "digits": digits,
}
