"""Our ResNets beside torchvision's: forward, and forward and backward, in both memory layouts.

    python experiments/compare_models.py [--turns 41] [--write]

On one CPU thread. The two take turns, so that whatever else the machine does hits both alike; the
ratio is the median over the turns of ours / theirs. With --write the numbers go to
results/compare_models.json.
"""

import argparse
import statistics
import time

import torch
import torchvision
from record import RESULTS, write

import resnet_lab as rl
from resnet_lab.device import machine
from resnet_lab.models import build


def forward(model, x):
    with torch.no_grad():
        model(x)


def forward_backward(model, x):
    model(x).sum().backward()


def seconds(step, model, x):
    start = time.perf_counter()
    step(model, x)
    return time.perf_counter() - start


def compare(ours, theirs, step, x, turns):
    """Median milliseconds of each, and of ours / theirs, after two turns that do not count."""
    times = []
    for turn in range(turns + 2):
        first, second = (ours, theirs) if turn % 2 else (theirs, ours)
        pair = seconds(step, first, x), seconds(step, second, x)
        times.append(pair if turn % 2 else pair[::-1])
    times = times[2:]
    return {
        "ours_ms": round(1000 * statistics.median([mine for mine, _ in times]), 2),
        "torchvision_ms": round(1000 * statistics.median([other for _, other in times]), 2),
        "ratio": round(statistics.median([mine / other for mine, other in times]), 4),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--turns", type=int, default=41)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--write", action="store_true", help="keep the numbers in results/")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    runs = []
    for depth in (18, 50):
        ours, theirs = build(rl.resnet(depth)), getattr(torchvision.models, f"resnet{depth}")()
        theirs.load_state_dict(ours.state_dict())
        for layout in (torch.contiguous_format, torch.channels_last):
            x = torch.randn(chosen.batch, 3, chosen.size, chosen.size).to(memory_format=layout)
            for step in (forward, forward_backward):
                for model in (ours, theirs):
                    model.to(memory_format=layout).train(step is forward_backward)
                row = {
                    "network": f"resnet{depth}",
                    "layout": str(layout).removeprefix("torch."),
                    "step": step.__name__,
                    **compare(ours, theirs, step, x, chosen.turns),
                }
                line = (
                    "{network}  {layout:17}  {step:16}  {ours_ms:8} ms  "
                    "torchvision {torchvision_ms:8} ms  ratio {ratio}"
                )
                print(line.format(**row), flush=True)
                runs.append(row)
    if chosen.write:
        about = {
            "machine": machine(torch.device("cpu")) | {"torchvision": torchvision.__version__},
            "batch": chosen.batch,
            "size": chosen.size,
            "turns": chosen.turns,
        }
        write(RESULTS / "compare_models.json", about, runs)


if __name__ == "__main__":
    main()
