"""Gradients and outputs of every layer at initialisation.

    python experiments/gradients.py

By depth, shortcut, activation, initialisation, and BatchNorm. Writes results/gradients.json (a few
minutes of one CPU core) and what the book's explorer shows of it, resnet_lab/recorded.py. Geometric
means over three seeds; float64, so that vanishing gradients are small and not zero.
"""

import itertools
import time

import torch
from degradation import network
from record import RESULTS, write, write_recorded

from resnet_lab.data import load, normalise
from resnet_lab.device import machine
from resnet_lab.gradients import ACTIVATIONS, INITIALISATIONS, alter, signals
from resnet_lab.models import build

DEPTHS, SHORTCUTS, SEEDS, BATCH = (8, 20, 32, 56), ("none", "A"), (0, 1, 2), 32


def main():
    torch.set_num_threads(1)
    data, runs, started = load("fashion-mnist-small"), [], time.perf_counter()
    images = normalise(data.train.images[:BATCH], data.mean, data.std).double()
    for depth, shortcut, activation, initialisation, batchnorm in itertools.product(
        DEPTHS, SHORTCUTS, ACTIVATIONS, INITIALISATIONS, (False, True)
    ):
        logarithms = 0
        for seed in SEEDS:
            torch.manual_seed(seed)
            model = alter(
                build(network(depth, shortcut)), activation, initialisation, batchnorm
            ).double()
            layers = signals(model, images, data.train.labels[:BATCH])
            logarithms = logarithms + torch.tensor(
                [layer[1:] for layer in layers], dtype=torch.float64
            ).log10() / len(SEEDS)
        runs.append(
            {
                "depth": depth,
                "shortcut": shortcut,
                "activation": activation,
                "initialisation": initialisation,
                "batchnorm": batchnorm,
                "log10_output": [round(value, 2) for value in logarithms[:, 0].tolist()],
                "log10_gradient": [round(value, 2) for value in logarithms[:, 1].tolist()],
            }
        )
        print(
            f"{time.perf_counter() - started:4.0f} s",
            *list(runs[-1].values())[:5],
            runs[-1]["log10_gradient"][0],
            runs[-1]["log10_gradient"][-2],
            flush=True,
        )
    write(
        RESULTS / "gradients.json",
        {
            "machine": machine(torch.device("cpu"), 1),
            "data": data.summary(),
            "seeds": SEEDS,
            "batch": BATCH,
        },
        runs,
    )
    write_recorded()


if __name__ == "__main__":
    main()
