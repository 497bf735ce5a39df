"""Runs from a folder of images, as scripts: under torchrun, and with a count of memory.

streamed_run.py share FOLDER OUT    notes in OUT which images this process has read
streamed_run.py memory FOLDER OUT   streams the folder once; notes the peak of memory, in bytes
"""

import json
import resource
import sys
from pathlib import Path

import torch
import torch.distributed as dist

import resnet_lab as rl
from resnet_lab.data import load
from resnet_lab.folders import Pictures
from resnet_lab.models import build
from resnet_lab.training import Recipe, fit

NET = rl.ResNet("basic", (1,), (4,), shortcut="A", stem="3x3", in_channels=1, classes=2)


def network():
    torch.manual_seed(0)
    return build(NET)


def share(folder, out):
    """Two epochs; which images are asked for, in training."""
    dist.init_process_group("gloo")
    data = load(folder, validation=0, stream=True, workers=0)
    asked = []
    first = Pictures.__getitem__
    Pictures.__getitem__ = lambda self, index: asked.append(index) or first(self, index)
    fit(network(), data, Recipe(epochs=2, batch=8, precision="float32"), callback=False)
    Path(f"{out}-{dist.get_rank()}").write_text(json.dumps(asked))
    dist.destroy_process_group()


def memory(folder, out):
    """One epoch, read by two workers."""
    torch.set_num_threads(1)
    data = load(folder, validation=0, stream=True, workers=2)
    recipe = Recipe(epochs=1, batch=100, crop=0, lr=0.01, precision="float32")
    fit(network(), data, recipe, callback=False)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    Path(out).write_text(json.dumps([1024 * own, 1024 * worker]))


if __name__ == "__main__":
    {"share": share, "memory": memory}[sys.argv[1]](*sys.argv[2:])
