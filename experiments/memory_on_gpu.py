"""Memory and time of training steps on one GPU, to be held against what the package predicts.

    python experiments/memory_on_gpu.py

Tried small, on a CPU, where bytes that are kept for backward are all that can be counted:

    python experiments/memory_on_gpu.py --networks resnet20 --batches 2 --size 32

A step is forward, cross-entropy, backward and SGD with momentum, one kernel after the other as
PyTorch starts them, in channels_last memory. Prints each figure beside its prediction and writes
results/memory.json, or runs/tried/memory.json without a GPU.
"""

import argparse
import gc
import time

import torch
from record import place, write
from torch import nn
from torch.nn.functional import cross_entropy

import resnet_lab as rl
from resnet_lab.device import autocast, machine
from resnet_lab.models import build
from resnet_lab.saved import saved_bytes

NETWORKS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "plain34", "vgg16")
OTHERS = {"resnet50-v2": rl.resnet(50, version=2), "se-resnet50": rl.resnet(50, se=True)}


class WithLoss(nn.Module):
    """A network and its loss, from images to one number."""

    def __init__(self, model, labels):
        super().__init__()
        self.model, self.labels = model, labels

    def forward(self, images):
        return cross_entropy(self.model(images), self.labels)


def fastest(work, device, rounds=3, times=5):
    """Seconds of one call, the best of some rounds of some."""
    best = float("inf")
    for _ in range(rounds):
        torch.cuda.synchronize() if device.type == "cuda" else None
        started = time.perf_counter()
        for _ in range(times):
            work()
        torch.cuda.synchronize() if device.type == "cuda" else None
        best = min(best, (time.perf_counter() - started) / times)
    return best


def measure(name, batch, size, precision, device):
    """One run: bytes kept, bytes between steps and at most, seconds of a step."""
    net = OTHERS.get(name) or rl.named(name)
    model = build(net).to(device, memory_format=torch.channels_last)
    images = torch.randn(batch, 3, size, size, device=device)
    images = images.contiguous(memory_format=torch.channels_last)
    network = WithLoss(model, torch.randint(net.classes, (batch,), device=device))
    optimizer = torch.optim.SGD(model.parameters(), 0.01, 0.9, fused=True)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with autocast(device, precision):
            loss = network(images)
        loss.backward()
        optimizer.step()

    run = {"network": name, "shape": [3, size, size], "batch": batch, "precision": precision}
    run["saved"] = saved_bytes(network, images, precision)
    for _ in range(3):
        step()
    if device.type == "cuda":
        run["between_steps"] = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        step()
        run["peak"] = torch.cuda.max_memory_allocated(device)
    return {**run, "step_s": round(fastest(step, device), 7)}


def compare(run):
    """The predictions beside a run."""
    net = OTHERS.get(run["network"]) or rl.named(run["network"])
    table = rl.trace(net, tuple(run["shape"]))
    need = table.memory(run["batch"], run["precision"])
    low, high = table.roofline("H100", run["batch"], run["precision"]).seconds
    loss = run["batch"] * (4 * net.classes + 8) + 4  # log-probabilities, labels, their number
    print(
        f"{run['network']:12}{run['batch']:4} {run['precision']:9} kept {run['saved'] - loss:14,} "
        f"predicted {need.kept:14,}; step {1e3 * run['step_s']:7.1f} ms, "
        f"on an H100 from {1e3 * low:.1f} to {1e3 * high:.1f}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--networks", nargs="+", default=[*NETWORKS, *OTHERS])
    parser.add_argument("--batches", nargs="+", type=int, default=[2, 64])
    parser.add_argument("--size", type=int, default=224)
    chosen = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    runs = []
    for name in chosen.networks:
        for batch in chosen.batches:
            for precision in ("float32", "bfloat16"):
                runs.append(measure(name, batch, chosen.size, precision, device))
                compare(runs[-1])
                gc.collect()
                torch.cuda.empty_cache() if device.type == "cuda" else None
    write(place("memory.json"), {"machine": machine(device), "channels_last": True}, runs)


if __name__ == "__main__":
    main()
