"""Images a second in training, on one GPU: `fit`, torchvision's model in it, and tutorials' loop.

    python experiments/throughput.py

Tried small, on a CPU:

    python experiments/throughput.py --networks resnet20 --steps 4 --batch 32 --images 64

The images are random bytes of CIFAR's shape: how they look makes no difference to speed. Prints a
table, with the share of the arithmetic roof that is reached (three times the forward pass's MACs,
two operations each, over the fastest matrix product measured), and a profile of where the time
goes. Writes results/throughput.json, or runs/tried/throughput.json without a GPU.
"""

import argparse
import time

import torch
import torchvision
from record import place, report, write
from torch.nn.functional import cross_entropy
from torchvision.transforms import v2

import resnet_lab as rl
from resnet_lab.data import Data, Split
from resnet_lab.device import machine, resolve_precision
from resnet_lab.models import build
from resnet_lab.training import Recipe, fit


def random_data(count):
    images, labels = (
        torch.randint(256, (count, 3, 32, 32), dtype=torch.uint8),
        torch.randint(10, (count,)),
    )
    return Data(
        "random",
        tuple("0123456789"),
        Split(images, labels),
        Split(images[:0], labels[:0]),
        (0.5,) * 3,
        (0.29,) * 3,
        lambda: None,
    )


def trainer(model, data, batch, steps, compiled):
    """The rate over the second and third third: the first one settles, and records the step."""
    history = fit(
        model,
        data,
        Recipe(steps=3 * steps, eval_every=steps, batch=batch),
        callback=False,
        compile_blocks=compiled,
    )
    return 2 * steps * batch / (history["seconds"][-1] - history["seconds"][0])


def loop(model, data, batch, steps, device):
    """DataLoader with workers, float32, and a loss that is read in every step."""
    change = v2.Compose(
        [
            v2.RandomCrop(32, 4),
            v2.RandomHorizontalFlip(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(data.mean, data.std),
        ]
    )

    class Images(torch.utils.data.Dataset):
        def __len__(self):
            return (steps + 5) * batch

        def __getitem__(self, index):
            index %= len(data.train.labels)
            return change(data.train.images[index]), data.train.labels[index]

    loader = torch.utils.data.DataLoader(
        Images(), batch, shuffle=True, num_workers=4, pin_memory=device.type == "cuda"
    )
    model.to(device)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, 0.9, weight_decay=5e-4)
    for step, (images, labels) in enumerate(loader):
        if step == 5:
            started = time.perf_counter()
        loss = cross_entropy(model(images.to(device)), labels.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()
    return steps * batch / (time.perf_counter() - started)


def torchvision_resnet18():
    """torchvision's ResNet-18 with the stem for small images."""
    model = torchvision.models.resnet18(num_classes=10)
    model.conv1, model.maxpool = (
        torch.nn.Conv2d(3, 64, 3, padding=1, bias=False),
        torch.nn.Identity(),
    )
    return model


def roof(device, size):
    """Operations a second of the fastest of some matrix products."""
    precision = torch.bfloat16 if resolve_precision("auto", device) == "bfloat16" else torch.float32
    left, right = torch.randn(2, size, size, device=device, dtype=precision)
    best = 0
    for _ in range(20):
        torch.cuda.synchronize() if device.type == "cuda" else None
        started = time.perf_counter()
        left @ right
        torch.cuda.synchronize() if device.type == "cuda" else None
        best = max(best, 2 * size**3 / (time.perf_counter() - started))
    return best


def ways(name, net, data, batch, steps, device):
    """What is compared: the name of each way, and a function that gives its images a second."""
    found = {
        "loop": lambda: loop(build(net), data, batch, steps, device),
        "resnet_lab": lambda: trainer(build(net), data, batch, steps, False),
    }
    if device.type == "cuda":
        found["resnet_lab, compiled"] = lambda: trainer(build(net), data, batch, steps, True)
    if name == "resnet18-small":
        theirs = torchvision_resnet18()
        found["torchvision's model, same step"] = lambda: trainer(theirs, data, batch, steps, False)
    return found


def measure(name, data, peak, chosen, device):
    """One row for every way to train this network."""
    net, rows = rl.named(name, classes=10), []
    batch = chosen.batch or (512 if name == "resnet18-small" else 128)
    operations = 6 * rl.trace(net, (3, 32, 32)).macs
    for way, speed in ways(name, net, data, batch, chosen.steps, device).items():
        rate = speed()
        share = rate * operations / peak
        rows.append(
            {
                "network": name,
                "way": way,
                "batch": batch,
                "images_per_second": round(rate),
                "of_the_roof": round(share, 4),
            }
        )
        print(f"{name:15} {way:31} {rate:9,.0f} images/s, {share:6.1%} of the roof", flush=True)
    return rows


def profile(name, data, batch, steps, device):
    """Where the time goes: the share of each of the twelve longest operations."""
    on_gpu = device.type == "cuda"
    kinds = torch.profiler.ProfilerActivity
    with torch.profiler.profile(activities=[kinds.CUDA if on_gpu else kinds.CPU]) as profiler:
        trainer(build(rl.named(name, classes=10)), data, batch, steps, False)
    key = "self_device_time_total" if on_gpu else "self_cpu_time_total"
    times = {event.key[:90]: getattr(event, key) for event in profiler.key_averages()}
    longest = sorted(times, key=lambda event: -times[event])[:12]
    shares = {event: round(times[event] / sum(times.values()), 3) for event in longest}
    lines = [f"{share:6.1%}  {event}" for event, share in shares.items()]
    print(f"where the time goes in {name}:", *lines, sep="\n")
    return shares


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--networks", nargs="+", default=["resnet18-small", "resnet20", "resnet56"])
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument(
        "--batch", type=int, default=0, help="default: 512 for resnet18-small, 128 for the others"
    )
    parser.add_argument("--images", type=int, default=50_000)
    chosen = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    data, peak = random_data(chosen.images), roof(device, 8192 if device.type == "cuda" else 1024)
    print(f"fastest matrix product: {peak / 1e12:.1f} TFLOP/s")
    runs = []
    for name in chosen.networks:
        runs += measure(name, data, peak, chosen, device)
    first = chosen.networks[0]
    shares = profile(first, data, runs[0]["batch"], min(chosen.steps, 20), device)
    about = {
        "machine": machine(device),
        "data": "random bytes, 3 x 32 x 32",
        "peak_flops": peak,
        "profile": shares,
    }
    write(place("throughput.json"), about, runs)
    goals = []
    for name in chosen.networks:
        ours = [run for run in runs if run["network"] == name and "resnet_lab" in run["way"]]
        best = max(ours, key=lambda run: run["images_per_second"])
        goals.append(
            (
                f"{name}, images/s, share of the roof",
                "95,000, 40 %" if name == "resnet18-small" else "none set",
                f"{best['images_per_second']:,}, {best['of_the_roof']:.0%}",
            )
        )
    report(goals)


if __name__ == "__main__":
    main()
