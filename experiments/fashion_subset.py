"""Cut the package's subset of Fashion-MNIST from the whole set, in the original file format.

    python experiments/fashion_subset.py [folder with the four original idx files]

500 + 100 images of every class. Without a folder: where the book's `fashion-mnist` is found or
downloaded to. The images are drawn with a fixed seed and keep the order of the original files.
"""

import gzip
import sys
from pathlib import Path

import torch

from resnet_lab.sources import FASHION_SMALL, fashion_folder, idx_split


def idx(array):
    """The bytes of an idx file that holds a uint8 tensor."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.dim()]) + sizes + array.to(torch.uint8).numpy().tobytes()


def main():
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else fashion_folder(Path("data"))
    generator = torch.Generator().manual_seed(0)
    for part, per_class in (("train", 500), ("t10k", 100)):
        images, labels = idx_split(source, part)
        drawn = torch.randperm(len(labels), generator=generator)
        kept = (
            torch.cat([drawn[labels[drawn] == label][:per_class] for label in range(10)])
            .sort()
            .values
        )
        for name, array in (
            (f"{part}-images-idx3-ubyte", images[kept, 0]),
            (f"{part}-labels-idx1-ubyte", labels[kept]),
        ):
            path = FASHION_SMALL / f"{name}.gz"
            path.write_bytes(gzip.compress(idx(array), 9, mtime=0))
            print(f"{path.name}: {tuple(array.shape)}, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
