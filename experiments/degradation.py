"""The degradation experiment on scikit-learn's digits: plain and residual twins of growing depth.

    python experiments/degradation.py [--seeds 0 1 2] [--shortcuts none A B]

Adds the runs that are not yet in results/degradation.json (about an hour of one CPU core for all of
them: delete the file to repeat them), and writes what the book's explorer shows of them to
resnet_lab/recorded.py.
"""

import argparse
import itertools
import json

import torch
from record import RESULTS, write, write_recorded

from resnet_lab import ResNet
from resnet_lab.data import load
from resnet_lab.models import build
from resnet_lab.training import Recipe, fit

DEPTHS, SHORTCUTS, STEPS = (8, 14, 20, 32, 56), ("none", "A", "B"), (200, 600, 1500)
POINTS = 20  # of each curve: the last two are the mean over the last tenth of the steps
RECIPE = {
    "batch": 64,
    "lr": 0.1,
    "momentum": 0.9,
    "weight_decay": 1e-4,
    "schedule": "cosine",
    "crop": 0,
    "flip": False,
    "precision": "float32",
}


def network(depth, shortcut):
    """A network of the paper's CIFAR family, half as wide: 6n + 2 layers of 8, 16, 32 channels."""
    return ResNet(
        "basic",
        ((depth - 2) // 6,) * 3,
        (8, 16, 32),
        shortcut=shortcut,
        stem="3x3",
        in_channels=1,
        classes=10,
    )


def run(data, depth, shortcut, steps, seed):
    torch.manual_seed(seed)
    history = fit(
        build(network(depth, shortcut)),
        data,
        Recipe(steps=steps, eval_every=steps // POINTS, seed=seed, **RECIPE),
        callback=False,
    )
    columns = {
        name: [float(f"{point[name]:.4g}") for point in history["curve"]]
        for name in ("loss", "error", "validation_error")
    }
    return {
        "depth": depth,
        "shortcut": shortcut,
        "steps": steps,
        "seed": seed,
        **columns,
        "seconds": history["seconds"][-1],
    }, history


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--shortcuts", choices=SHORTCUTS, nargs="+", default=SHORTCUTS)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    data = load("digits")
    path = RESULTS / "degradation.json"
    runs = json.loads(path.read_text())["runs"] if path.exists() else []
    done = {(run["depth"], run["shortcut"], run["steps"], run["seed"]) for run in runs}
    for seed, steps, depth, shortcut in itertools.product(
        chosen.seeds, STEPS, DEPTHS, chosen.shortcuts
    ):
        if (depth, shortcut, steps, seed) in done:
            continue
        result, history = run(data, depth, shortcut, steps, seed)
        runs.append(result)
        write(
            path, {"machine": history["machine"], "data": history["data"], "recipe": RECIPE}, runs
        )
        print(
            f"{shortcut:>4}-{depth}, {steps} steps, seed {seed}: loss {result['loss'][-1]:.4f}, "
            f"{result['seconds']:.0f} s",
            flush=True,
        )
    write_recorded()


if __name__ == "__main__":
    main()
