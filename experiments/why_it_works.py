"""What the chapter "Why it works" shows: one part of it, or all.

    python experiments/why_it_works.py [lesions paths identity shattering responses
                                        landscape] [--weights runs/trained]

Writes results/why_it_works.json, one line a run; parts that are not asked for stay as they are.
Some ten minutes of one core for all. `lesions` and `responses` take the networks that
experiments/trained_networks.py has trained; everything else trains on scikit-learn's digits or not
at all.
"""

import argparse
import json
import subprocess
from pathlib import Path

import torch
from degradation import RECIPE, network
from record import RESULTS, write, write_why

import resnet_lab as rl
from resnet_lab import probes
from resnet_lab.data import load, normalise
from resnet_lab.device import machine
from resnet_lab.gradients import alter
from resnet_lab.models import build
from resnet_lab.paths import blocks, lesions, path_shares, responses
from resnet_lab.training import Recipe, fit

FILE = RESULTS / "why_it_works.json"
SEEDS = (0, 1, 2)


def rounded(numbers):
    return [float(f"{number:.4g}") for number in numbers]


def trained_pair(folder):
    """ResNet-20 and plain-20 as trained on the whole of Fashion-MNIST, and 1,000 test images."""
    whole, data = load("fashion-mnist"), load("fashion-mnist-small")
    images = normalise(data.test.images, whole.mean, whole.std)
    for name in ("resnet20", "plain20"):
        model = build(rl.named(name, in_channels=1))
        file = Path(folder, f"{name}-fashion-mnist-seed0", "weights.pt")
        model.load_state_dict(torch.load(file, map_location="cpu"))
        yield name, model, images, data.test.labels


def on_digits(depth, shortcut, seed):
    """A network of the CIFAR family after 200 steps on the digits; its loss in the last 20."""
    torch.manual_seed(seed)
    model, data = build(network(depth, shortcut)), load("digits")
    recipe = Recipe(steps=200, eval_every=10, seed=seed, **RECIPE)
    curve = fit(model, data, recipe, callback=False)["curve"]
    loss = sum(point["loss"] for point in curve[-2:]) / 2
    images = normalise(data.train.images, data.mean, data.std)
    return model, images, data.train.labels, loss


def part_lesions(folder):
    """One block off at a time."""
    for name, model, images, labels in trained_pair(folder):
        found = lesions(model, images, labels)
        yield {
            "network": name,
            "blocks": [each.name for each in found],
            "loss": rounded(each.loss for each in found),
            "error": rounded(each.error for each in found),
        }


def part_paths(folder):
    """Shares of the gradient by path length, at the start and after training."""
    name, model, images, labels = next(trained_pair(folder))
    shares = path_shares(model, images[:64], labels[:64])
    yield {"network": name, "data": "fashion-mnist", "seed": 0, "after": rounded(shares)}
    for depth in (32, 56):
        for seed in SEEDS:
            model, images, labels, _ = on_digits(depth, "A", seed)
            torch.manual_seed(seed)
            fresh = build(network(depth, "A")).train()
            fresh(images[:256])  # BatchNorm has to have seen something
            given = images[:32], labels[:32]
            yield {
                "network": f"residual-{depth}",
                "data": "digits",
                "seed": seed,
                "before": rounded(path_shares(fresh, *given)),
                "after": rounded(path_shares(model, *given)),
            }


def part_identity(folder):
    """The share of each block's branch in the variance of its sum, before training."""
    # 16 channels: He's rule gives the first convolution's outputs a variance of about 1.
    images = torch.randn(64, 16, 16, 16, generator=torch.Generator().manual_seed(0))
    for version in (2, 1):
        for batchnorm in (True, False):
            found = []
            for seed in SEEDS:
                torch.manual_seed(seed)
                net = rl.ResNet("basic", (16,), (32,), version=version, stem="3x3", in_channels=16)
                model, shares = alter(build(net), batchnorm=batchnorm).train(), []
                for block in blocks(model).values():
                    join = block.join

                    def measured(branch, x, join=join, block=block, shares=shares):
                        parts = branch.var(), block.downsample(x).var()
                        shares.append(float(parts[0] / sum(parts)))
                        return join(branch, x)

                    block.join = measured
                with torch.no_grad():
                    model(images)
                found.append(shares)
            means = [sum(values) / len(SEEDS) for values in zip(*found, strict=True)]
            yield {"version": version, "batchnorm": batchnorm, "share": rounded(means)}


def line_gradients(depth, shortcut, seed, batchnorm, points=256, width=64):
    """Of an untrained network of one pixel, the slope at `points` places of a line of inputs."""
    torch.manual_seed(seed)
    net = rl.ResNet("basic", ((depth - 2) // 2,), (width,), shortcut=shortcut, stem="3x3",
                    kernel=1, in_channels=2, classes=1)  # fmt: skip
    model = alter(build(net), batchnorm=batchnorm).double().train()
    place = torch.linspace(-2, 2, points, dtype=torch.float64, requires_grad=True)
    inputs = torch.stack((place, torch.ones_like(place)), 1)[:, :, None, None]
    for module in model.modules():
        module.momentum = 1  # BatchNorm keeps the statistics of this line
    model(inputs)
    (slope,) = torch.autograd.grad(model.eval()(inputs).sum(), place)
    return slope


def autocorrelation(values, lags):
    values = values - values.mean()
    return [float((values[lag:] * values[: len(values) - lag]).sum() / values.square().sum())
            for lag in range(lags)]  # fmt: skip


def part_shattering(folder):
    """How alike the gradients at neighbouring inputs are, by depth and shortcut."""
    for shortcut, batchnorm in (("none", True), ("B", True), ("none", False), ("B", False)):
        for depth in (4, 10, 26, 50) if batchnorm else (26,):
            slopes = [line_gradients(depth, shortcut, seed, batchnorm) for seed in range(20)]
            curves = torch.tensor([autocorrelation(slope, 16) for slope in slopes])
            largest = slopes[0].abs().max()
            yield {
                "shortcut": shortcut,
                "batchnorm": batchnorm,
                "depth": depth,
                "autocorrelation": rounded(curves.nanmean(0).tolist()),
            } | (
                {"slope": [round(float(value), 3) for value in slopes[0] / largest]}
                if batchnorm and depth in (4, 26)
                else {}
            )


def part_responses(folder):
    """Figure 7 of the paper: the standard deviation of every layer's response."""
    for name, model, images, _ in trained_pair(folder):
        found = responses(model, images)
        yield {"network": name, "data": "fashion-mnist", "std": rounded(found.values())}
    for depth in (20, 56):
        for shortcut in ("none", "A"):
            model, images, _, loss = on_digits(depth, shortcut, 0)
            yield {
                "network": f"{'plain' if shortcut == 'none' else 'residual'}-{depth}",
                "data": "digits",
                "loss": loss,
                "std": rounded(responses(model, images[:512]).values()),
            }


RUN = """
import {JOBS} from %s;
const job = %s, results = [...JOBS[job.kind](job, {})];
console.log(JSON.stringify(results.at(-1).planes));
"""


def part_landscape(folder):
    """The plane of the explorer with its start values, by the page's engine: node runs it."""
    task, depth = "spirals", 32
    job = json.dumps(probes.landscape(task, depth))
    module = json.dumps(Path(probes.__file__).with_name("job_runner.mjs").as_uri())
    command = ["node", "--input-type=module", "-"]
    planes = subprocess.run(command, input=RUN % (module, job), text=True, capture_output=True)
    for kind, heights in json.loads(planes.stdout).items():
        by_cell = dict(zip(probes.outwards(21), [10**height for height in heights], strict=True))
        losses = rounded(by_cell[cell] for cell in range(21 * 21))
        yield {"task": task, "depth": depth, "kind": kind, "loss": losses}


PARTS = {name[5:]: part for name, part in globals().items() if name.startswith("part_")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--weights", default="runs/trained")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    for name in chosen.parts or PARTS:
        runs = []
        for found in PARTS[name](chosen.weights):
            runs.append({"part": name, **found})
            print(json.dumps(runs[-1])[:300], flush=True)
            keep(name, runs)


def keep(name, runs):
    """Write a part's runs in the place of those of before."""
    kept = json.loads(FILE.read_text())["runs"] if FILE.exists() else []
    kept = [each for each in kept if each["part"] != name] + runs
    kept.sort(key=lambda each: list(PARTS).index(each["part"]))
    write(FILE, {"machine": machine(torch.device("cpu"), 1), "seeds": SEEDS}, kept)
    write_why()


if __name__ == "__main__":
    main()
