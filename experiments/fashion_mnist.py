"""ResNet-18 (small stem) on the whole of Fashion-MNIST: test accuracy over three seeds, on one GPU.

    python experiments/fashion_mnist.py

Tried small, on a CPU:

    python experiments/fashion_mnist.py --data fashion-mnist-small --network resnet8 \\
        --epochs 1 --seeds 0

Augmented by crops and mirror images only. Settings are chosen on the validation images
(--validation 0.1 prints their error and leaves the test images alone); the final runs train on all
training images and read the test images once. Writes results/fashion_mnist.json, or
runs/tried/fashion_mnist.json without a GPU.
"""

import argparse
from statistics import mean, pstdev

import torch
from record import place, report, write

import resnet_lab as rl
from resnet_lab.data import load
from resnet_lab.models import build
from resnet_lab.training import Recipe, evaluate, fit


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--network", default="resnet18-small")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--validation", type=float, default=0.0)
    chosen = parser.parse_args()
    data, runs = load(chosen.data, validation=chosen.validation), []
    for seed in chosen.seeds:
        torch.manual_seed(seed)
        model = build(
            rl.named(chosen.network, in_channels=data.channels, classes=len(data.classes))
        )
        history = fit(
            model,
            data,
            Recipe(
                epochs=chosen.epochs,
                lr=chosen.lr,
                nesterov=True,
                warmup=500,
                label_smoothing=0.1,
                ema=0.999,
                crop=2,
                seed=seed,
            ),
        )
        part = "validation" if chosen.validation else "test"
        accuracy = 1 - evaluate(model, data, part)["error"]
        runs.append(
            {
                "seed": seed,
                f"{part}_accuracy": round(accuracy, 4),
                "curve": history["curve"],
                "seconds": history["seconds"][-1],
            }
        )
        print(
            f"seed {seed}: {part} accuracy {accuracy:.2%}, {history['seconds'][-1]:.0f} s",
            flush=True,
        )
    if not chosen.validation:
        write(
            place("fashion_mnist.json"),
            {key: history[key] for key in ("machine", "data", "recipe")}
            | {"network": chosen.network},
            runs,
        )
        accuracies = [run["test_accuracy"] for run in runs]
        report(
            [
                (
                    f"{chosen.network}, test accuracy on {data.name}, {len(runs)} seeds",
                    "95.5 %",
                    f"{mean(accuracies):.2%} +- {pstdev(accuracies):.2%}",
                )
            ]
        )


if __name__ == "__main__":
    main()
