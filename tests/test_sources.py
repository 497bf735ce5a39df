"""Data sets against their originals, torchvision's readers and scikit-learn."""

import gzip
import hashlib
import pickle
import shutil

import numpy as np
import pytest
import torch
import torchvision
from torchvision.transforms.v2 import functional

from resnet_lab import sources
from resnet_lab.data import load


def plain_copy(folder):
    """The package's subset, unpacked, where torchvision looks for the whole of Fashion-MNIST."""
    raw = folder / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for path in sources.FASHION_SMALL.glob("*.gz"):
        (raw / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    return raw


def test_subset_is_what_torchvision_reads(tmp_path):
    plain_copy(tmp_path)
    ours = load("fashion-mnist-small", validation=0)
    for part, train in ((ours.train, True), (ours.test, False)):
        theirs = torchvision.datasets.FashionMNIST(tmp_path, train=train)
        assert torch.equal(part.images[:, 0], theirs.data) and torch.equal(
            part.labels, theirs.targets
        )
    assert torch.equal(
        load("fashion-mnist", tmp_path, validation=0).train.images, ours.train.images
    )
    assert (
        ours.train.labels.bincount().tolist() == [500] * 10
        and ours.test.labels.bincount().tolist() == [100] * 10
    )
    assert [name.lower() for name in ours.classes] == [
        name.lower() for name in torchvision.datasets.FashionMNIST.classes
    ]


@pytest.mark.skipif(
    not sources.FASHION_DEBIAN.exists(), reason="Debian's dataset-fashion-mnist is not installed"
)
def test_subset_is_part_of_the_original(tmp_path):
    small, whole = (
        load("fashion-mnist-small", validation=0),
        load("fashion-mnist", tmp_path, validation=0),
    )
    for small_part, whole_part, count in (
        (small.train, whole.train, 60_000),
        (small.test, whole.test, 10_000),
    ):
        assert len(whole_part.labels) == count
        known = {
            (bytes(image.numpy().tobytes()), int(label))
            for image, label in zip(*whole_part, strict=True)
        }
        assert all(
            (bytes(image.numpy().tobytes()), int(label)) in known
            for image, label in zip(*small_part, strict=True)
        )
    # The mean and deviation that the data set's users quote.
    assert whole.mean == pytest.approx((0.2860,), abs=5e-5) and whole.std == pytest.approx(
        (0.3530,), abs=5e-5
    )


def test_digits_are_scikit_learns():
    sklearn_datasets = pytest.importorskip("sklearn.datasets")
    source, ours = sklearn_datasets.load_digits(), load("digits", validation=0)
    whole = sorted(
        (*image.flatten().int().tolist(), int(label))
        for part in (ours.train, ours.test)
        for image, label in zip(*part, strict=True)
    )
    assert whole == sorted(
        (*(15 * image.flatten()).astype(int).tolist(), int(label))
        for image, label in zip(source.images, source.target, strict=True)
    )


@pytest.fixture
def cifar(tmp_path, monkeypatch):
    """A little CIFAR-10 in the original's format, under the checksums that torchvision expects."""
    generator = np.random.default_rng(0)
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    lists = {"train_list": [], "test_list": []}
    for name in ("data_batch_1", "data_batch_2", "test_batch", "batches.meta"):
        content = (
            {"label_names": ["cat", "dog"]}
            if name == "batches.meta"
            else {
                "data": generator.integers(0, 256, (20, 3072), dtype=np.uint8),
                "labels": [number % 2 for number in range(20)],
            }
        )
        (folder / name).write_bytes(pickle.dumps(content))
        entry = [name, hashlib.md5((folder / name).read_bytes()).hexdigest()]
        if name == "batches.meta":
            monkeypatch.setattr(
                torchvision.datasets.CIFAR10,
                "meta",
                {"filename": name, "key": "label_names", "md5": entry[1]},
            )
        else:
            lists["test_list" if name == "test_batch" else "train_list"].append(entry)
    for name, value in lists.items():
        monkeypatch.setattr(torchvision.datasets.CIFAR10, name, value)
    return tmp_path


def test_cifar10_is_torchvisions(cifar):
    ours = load("cifar10", cifar, validation=0)
    assert ours.classes == ("cat", "dog")
    for part, train in ((ours.train, True), (ours.test, False)):
        theirs = torchvision.datasets.CIFAR10(cifar, train=train)
        assert part.labels.tolist() == theirs.targets
        assert all(
            torch.equal(image, functional.pil_to_tensor(theirs[number][0]))
            for number, image in enumerate(part.images)
        )
    assert torch.equal(
        load("cifar10", cifar / "cifar-10-batches-py", validation=0).train.images, ours.train.images
    )


def test_damaged_cifar10_is_named(cifar):
    for name in ("batches.meta", "data_batch_2"):
        path = cifar / "cifar-10-batches-py" / name
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        with pytest.raises(ValueError, match=f"{name} is damaged; delete .* downloaded again"):
            load("cifar10", cifar)
        path.unlink()
        with pytest.raises(ValueError, match=f"{name} is missing; delete"):
            load("cifar10", cifar)
        path.write_bytes(whole)


@pytest.mark.parametrize(
    "name, dataset", [("cifar10", "CIFAR10"), ("fashion-mnist", "FashionMNIST")]
)
def test_without_files_or_network_says_what_to_do(name, dataset, tmp_path, monkeypatch):
    class NoNetwork:
        base_folder = "cifar-10-batches-py"

        def __init__(self, folder, download):
            raise OSError("no route to host")

    monkeypatch.setattr(torchvision.datasets, dataset, NoNetwork)
    monkeypatch.setattr(sources, "FASHION_DEBIAN", tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="no route to host.*; put .* fashion-mnist-small"):
        load(name, tmp_path / "empty")


@pytest.mark.parametrize("harm", ["cut .gz", "byte .gz", "cut", "longer", "head"])
def test_damaged_idx_file_is_named(harm, tmp_path):
    raw = plain_copy(tmp_path)
    path = raw / "train-images-idx3-ubyte"
    content = path.read_bytes()
    if harm.endswith(".gz"):
        path.unlink()
        path = raw / "train-images-idx3-ubyte.gz"
        content = (sources.FASHION_SMALL / path.name).read_bytes()
    middle = len(content) // 2
    path.write_bytes(
        {
            "cut": content[:-1],
            "longer": content + b"\0",
            "head": b"\x89PNG" + content[4:],
            "byte": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        }[harm.split()[0]]
    )
    with pytest.raises(
        ValueError, match=f"{path.name} is damaged .*; put a fresh copy in its place"
    ):
        load("fashion-mnist", tmp_path)


def test_missing_or_mixed_up_idx_files_are_named(tmp_path):
    raw = plain_copy(tmp_path)
    labels = raw / "train-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1] + b"\x0b")
    with pytest.raises(ValueError, match="train-labels-idx1-ubyte is damaged .one label is 11"):
        load("fashion-mnist", tmp_path)
    shutil.copy(raw / "t10k-labels-idx1-ubyte", labels)
    with pytest.raises(ValueError, match="do not belong together"):
        load("fashion-mnist", tmp_path)
    labels.unlink()
    with pytest.raises(
        FileNotFoundError, match="train-labels-idx1-ubyte.gz is missing; put it there"
    ):
        load("fashion-mnist", tmp_path)


def test_idx_file_without_images_is_named(tmp_path):
    raw = plain_copy(tmp_path)
    path = raw / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:4] + bytes(4) + path.read_bytes()[8:16])
    with pytest.raises(ValueError, match="train-images-idx3-ubyte is empty .*; put a fresh copy"):
        load("fashion-mnist", tmp_path)
