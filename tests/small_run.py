"""A run small enough to be made many times over.

As a script, with a folder and a number of threads: makes it there, alone or under torchrun.
"""

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch
import torch.distributed as dist

import resnet_lab as rl
from resnet_lab.data import Data, Split, load, statistics
from resnet_lab.models import build
from resnet_lab.training import Recipe, fit

NET = rl.ResNet("basic", (1, 1), (8, 16), shortcut="A", stem="3x3", in_channels=1, classes=10)
RECIPE = Recipe(
    steps=8, batch=16, eval_every=4, crop=2, nesterov=True, warmup=2, precision="float32"
)
NOISY = replace(NET, dropout=0.2)
LONG = Recipe(steps=60, batch=16, eval_every=2, crop=2, ema=0.9)


def sealed():
    raise AssertionError("the test images were read")


def small_data(count=96, size=10):
    """The first images of the package's subset, cut small; reading the test images fails."""
    source = load(validation=0).train
    images = source.images[: count + 32, :, 9 : 9 + size, 9 : 9 + size].clone()
    train, validation = (
        Split(images[part], source.labels[: count + 32][part])
        for part in (slice(count), slice(count, None))
    )
    return Data("small", tuple("0123456789"), train, validation, *statistics(train.images), sealed)


def model(seed=0, net=NET):
    torch.manual_seed(seed)
    return build(net)


def same_weights(one, other):
    one, other = one.state_dict(), other.state_dict()
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def slowly(history, step):
    """A callback that leaves time to kill the run."""
    time.sleep(0.05)


if __name__ == "__main__":
    folder, threads = Path(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(threads)
    if "RANK" in os.environ:
        dist.init_process_group("gloo")
        torch.set_default_dtype(torch.float64)
        fit(model(), small_data(), RECIPE, folder=folder)
        dist.destroy_process_group()
    else:
        fit(model(net=NOISY), small_data(), LONG, folder=folder, callback=slowly)
