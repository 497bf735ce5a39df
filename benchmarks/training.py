"""ResNet-20 trained by `resnet_lab.training` and by the loop that most tutorials have: images a second, error, peak memory.

The loop: a DataLoader over PIL images with torchvision's transforms, float32, and `.item()` on the loss in every step. Same network,
images, recipe and number of steps; every run is a process of its own, and they take turns. The loop is measured without and
with two worker processes, and the faster one counts. Run from anywhere: python benchmarks/training.py [seeds] [epochs]. Writes
benchmarks/results/training.json.
"""

import json
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

import resnet_lab as rl
from resnet_lab.data import Part, load
from resnet_lab.models import build
from resnet_lab.training import Recipe, evaluate, fit, machine

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
            return change(Image.fromarray(data.train.images[index, 0].numpy())), int(
                data.train.labels[index]
            )

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
    data, recipe = (
        load(),
        Recipe(epochs=epochs, seed=seed, precision="float32" if "float32" in way else "auto"),
    )
    torch.manual_seed(seed)
    model = build(rl.cifar_resnet(20, in_channels=1))
    unvalidated = replace(
        data, validation=Part(data.validation.images[:0], data.validation.labels[:0])
    )
    start = time.perf_counter()
    if way.startswith("loop"):
        loop(model, data, recipe, 2 if "2" in way else 0)
    else:
        fit(model, unvalidated, recipe, watch=False)
    seconds = time.perf_counter() - start
    peak = sum(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    steps = epochs * (len(data.train.labels) // recipe.batch)
    return {
        "way": way,
        "seed": seed,
        "images_per_second": round(steps * recipe.batch / seconds, 1),
        "peak_mib": peak // 1024,
        "validation_error": evaluate(model, data, precision="float32")["error"],
    }


def main(seeds=3, epochs=4):
    runs = []
    for seed in range(seeds):
        for way in WAYS if seed % 2 == 0 else WAYS[::-1]:
            command = [sys.executable, __file__, "one", way, str(seed), str(epochs)]
            runs.append(
                json.loads(
                    subprocess.run(command, check=True, capture_output=True, text=True).stdout
                )
            )
            print(
                "{way:20} seed {seed}: {images_per_second:7.1f} images/s, validation error {validation_error:.3f}, "
                "peak memory {peak_mib} MiB".format(**runs[-1]),
                flush=True,
            )
    summary = {}
    for way in WAYS:
        mine = [run for run in runs if run["way"] == way]
        errors = [run["validation_error"] for run in mine]
        summary[way] = {
            "images_per_second": statistics.median(run["images_per_second"] for run in mine),
            "peak_mib": max(run["peak_mib"] for run in mine),
            "validation_error": round(statistics.mean(errors), 4),
            "validation_error_std": round(statistics.pstdev(errors), 4),
        }
    fastest_loop = max(summary[way]["images_per_second"] for way in WAYS[:2])
    print(f"{'':20} images/s  times the loop  validation error  peak MiB")
    for way, row in summary.items():
        row["times_the_loop"] = round(row["images_per_second"] / fastest_loop, 2)
        print(
            f"{way:20} {row['images_per_second']:8.1f}  {row['times_the_loop']:14.2f}  {row['validation_error']:.3f} +- "
            f"{row['validation_error_std']:.3f}  {row['peak_mib']:10}"
        )
    target = Path(__file__).parent / "results" / "training.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(
        json.dumps(
            {
                "machine": machine(torch.device("cpu"), 1),
                "network": "resnet20",
                "data": "fashion-mnist-small",
                "epochs": epochs,
                "summary": summary,
                "runs": runs,
            },
            indent=1,
        )
        + "\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        print(json.dumps(one(sys.argv[2], *map(int, sys.argv[3:]))))
    else:
        main(*map(int, sys.argv[1:]))
