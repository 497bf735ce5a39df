"""ResNet-20 trained by `fit` and by the loop of most tutorials: images a second, error, memory.

    python experiments/compare_training.py [--seeds 3] [--epochs 4] [--write]

The loop: a DataLoader over PIL images with torchvision's transforms, float32, and `.item()` on the
loss in every step. Same network, images, recipe and number of steps; every run is a process of its
own, and they take turns. The loop is measured without and with two worker processes, and the faster
one counts. With --write the numbers go to results/compare_training.json.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import replace

import torch
from record import RESULTS, write

import resnet_lab as rl
from resnet_lab.data import Split, load
from resnet_lab.device import machine
from resnet_lab.models import build
from resnet_lab.training import Recipe, evaluate, fit

WAYS = ("loop, no workers", "loop, 2 workers", "resnet_lab, float32", "resnet_lab")


def loop(model, data, recipe, workers):
    """Train as tutorials do."""
    from PIL import Image
    from torchvision import transforms

    change = transforms.Compose(
        [
            transforms.RandomCrop(28, padding=recipe.crop),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize(data.mean, data.std),
        ]
    )

    class Images(torch.utils.data.Dataset):
        def __len__(self):
            return len(data.train.labels)

        def __getitem__(self, index):
            image = change(Image.fromarray(data.train.images[index, 0].numpy()))
            return image, int(data.train.labels[index])

    loader = torch.utils.data.DataLoader(
        Images(), recipe.batch, shuffle=True, drop_last=True, num_workers=workers
    )
    optimizer = torch.optim.SGD(
        model.parameters(), recipe.lr, recipe.momentum, weight_decay=recipe.weight_decay
    )
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, recipe.epochs * len(loader))
    criterion = torch.nn.CrossEntropyLoss()
    for _ in range(recipe.epochs):
        running_loss = 0.0
        for images, labels in loader:
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
            scheduler.step()
            running_loss += loss.item()


def one(way, seed, epochs):
    """Train once, in this process; what came of it as a dict."""
    precision = "float32" if "float32" in way else "auto"
    data, recipe = load(), Recipe(epochs=epochs, seed=seed, precision=precision)
    torch.manual_seed(seed)
    model = build(rl.cifar_resnet(20, in_channels=1))
    none = Split(data.validation.images[:0], data.validation.labels[:0])
    start = time.perf_counter()
    if way.startswith("loop"):
        loop(model, data, recipe, 2 if "2" in way else 0)
    else:
        fit(model, replace(data, validation=none), recipe, callback=False)
    seconds = time.perf_counter() - start
    users = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peak = sum([resource.getrusage(user).ru_maxrss for user in users])
    steps = epochs * (len(data.train.labels) // recipe.batch)
    return {
        "way": way,
        "seed": seed,
        "images_per_second": round(steps * recipe.batch / seconds, 1),
        "peak_mib": peak // 1024,
        "validation_error": evaluate(model, data, precision="float32")["error"],
    }


def summarise(runs):
    """A row for every way: the median speed, the highest memory, the mean error."""
    summary = {}
    for way in WAYS:
        mine = [run for run in runs if run["way"] == way]
        errors = [run["validation_error"] for run in mine]
        summary[way] = {
            "images_per_second": statistics.median([run["images_per_second"] for run in mine]),
            "peak_mib": max([run["peak_mib"] for run in mine]),
            "validation_error": round(statistics.mean(errors), 4),
            "validation_error_std": round(statistics.pstdev(errors), 4),
        }
    fastest_loop = max([summary[way]["images_per_second"] for way in WAYS[:2]])
    for row in summary.values():
        row["times_the_loop"] = round(row["images_per_second"] / fastest_loop, 2)
    return summary


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--write", action="store_true", help="keep the numbers in results/")
    parser.add_argument("--one", nargs=2, metavar=("WAY", "SEED"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(one(chosen.one[0], int(chosen.one[1]), chosen.epochs)))
        return
    runs = []
    for seed in range(chosen.seeds):
        for way in WAYS if seed % 2 == 0 else WAYS[::-1]:
            command = [sys.executable, __file__, "--one", way, str(seed)]
            command += ["--epochs", str(chosen.epochs)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            runs.append(json.loads(done.stdout))
            line = (
                "{way:20} seed {seed}: {images_per_second:7.1f} images/s, "
                "validation error {validation_error:.3f}, peak memory {peak_mib} MiB"
            )
            print(line.format(**runs[-1]), flush=True)
    summary = summarise(runs)
    print(f"{'':20} images/s  times the loop  validation error  peak MiB")
    for way, row in summary.items():
        print(
            f"{way:20} {row['images_per_second']:8.1f}  {row['times_the_loop']:14.2f}  "
            f"{row['validation_error']:.3f} +- {row['validation_error_std']:.3f}  "
            f"{row['peak_mib']:10}"
        )
    if chosen.write:
        about = {
            "machine": machine(torch.device("cpu")),
            "network": "resnet20",
            "data": "fashion-mnist-small",
            "epochs": chosen.epochs,
            "summary": summary,
        }
        write(RESULTS / "compare_training.json", about, runs)


if __name__ == "__main__":
    main()
