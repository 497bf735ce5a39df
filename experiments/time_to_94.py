"""Seconds to 94 % on CIFAR-10 with ResNet-18 (small stem), on one GPU.

    python experiments/time_to_94.py --data cifar10

Tried small, on a CPU:

    python experiments/time_to_94.py --data fashion-mnist-small --network resnet8 \\
        --epochs 1 --seeds 0

--data takes the path of a folder of images, too, such as a JPEG copy. Looked for: the fewest passes
over the images that are enough. The time is that of training, first step to last, after one short
run that is not counted (it loads the libraries). Every number of passes is trained with several
seeds; the test images are read once for each, at the end. Writes results/time_to_94.json, or
runs/tried/time_to_94.json without a GPU.
"""

import argparse
from statistics import mean

import torch
from record import place, report, write

import resnet_lab as rl
from resnet_lab.data import load
from resnet_lab.models import build
from resnet_lab.training import Recipe, evaluate, fit


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default="cifar10")
    parser.add_argument("--network", default="resnet18-small")
    parser.add_argument("--epochs", type=int, nargs="+", default=[8, 10, 12, 16, 20])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--lr", type=float, default=0.4)
    parser.add_argument("--compile", action="store_true")
    chosen = parser.parse_args()
    data, runs, reached = load(chosen.data, validation=0), [], None
    net = rl.named(chosen.network, in_channels=data.channels, classes=len(data.classes))
    per_epoch = len(data.train.labels) // chosen.batch
    fit(build(net), data, Recipe(steps=10, batch=chosen.batch), compile_blocks=chosen.compile)
    for epochs in chosen.epochs:
        for seed in chosen.seeds:
            torch.manual_seed(seed)
            model = build(net, zero_init_residual=True)
            history = fit(
                model,
                data,
                Recipe(
                    epochs=epochs,
                    eval_every=epochs * per_epoch,
                    batch=chosen.batch,
                    lr=chosen.lr,
                    nesterov=True,
                    seed=seed,
                    warmup=2 * per_epoch,
                    label_smoothing=0.1,
                    ema=0.99,
                    crop=2,
                ),
                compile_blocks=chosen.compile,
            )
            error = evaluate(model, data, "test")["error"]
            runs.append(
                {
                    "epochs": epochs,
                    "seed": seed,
                    "seconds": history["seconds"][-1],
                    "test_accuracy": round(1 - error, 4),
                }
            )
            print(
                f"{epochs:3} epochs, seed {seed}: {history['seconds'][-1]:7.2f} s, {1 - error:.2%}",
                flush=True,
            )
        mine = [run for run in runs if run["epochs"] == epochs]
        accuracy = mean(run["test_accuracy"] for run in mine)
        if accuracy >= 0.94:
            seconds = mean([run["seconds"] for run in mine])
            reached = f"{seconds:.2f} s, {accuracy:.2%} over {len(mine)} seeds"
            break
    write(
        place("time_to_94.json"),
        {key: history[key] for key in ("machine", "data", "recipe")} | {"network": chosen.network},
        runs,
    )
    report([(f"94 % of {data.name}'s test images, {chosen.network}", "under 5 s", reached)])


if __name__ == "__main__":
    main()
