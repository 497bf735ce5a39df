"""Our ResNets beside torchvision's: forward, and forward + backward, on one CPU thread, in both memory layouts.

The two take turns, so that whatever else the machine does hits both alike; the ratio is the median over the turns of
ours / theirs. Run from anywhere: python benchmarks/models.py [turns]. Writes benchmarks/results/models.json.
"""

import json
import platform
import statistics
import sys
import time
from pathlib import Path

import torch
import torchvision

import resnet_lab as rl
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
    """Median milliseconds of each, and the median ratio ours / theirs, after two turns that do not count."""
    times = []
    for turn in range(turns + 2):
        first, second = (ours, theirs) if turn % 2 else (theirs, ours)
        pair = seconds(step, first, x), seconds(step, second, x)
        times.append(pair if turn % 2 else pair[::-1])
    times = times[2:]
    return {
        "ours_ms": round(1000 * statistics.median(mine for mine, _ in times), 2),
        "torchvision_ms": round(1000 * statistics.median(other for _, other in times), 2),
        "ratio": round(statistics.median(mine / other for mine, other in times), 4),
    }


def main(turns=41, batch=2, size=128):
    torch.set_num_threads(1)
    results = []
    for depth in (18, 50):
        ours, theirs = build(rl.resnet(depth)), getattr(torchvision.models, f"resnet{depth}")()
        theirs.load_state_dict(ours.state_dict())
        for layout in (torch.contiguous_format, torch.channels_last):
            x = torch.randn(batch, 3, size, size).to(memory_format=layout)
            ours.to(memory_format=layout), theirs.to(memory_format=layout)
            for step in (forward, forward_backward):
                ours.train(step is forward_backward), theirs.train(step is forward_backward)
                row = {
                    "network": f"resnet{depth}",
                    "layout": str(layout).removeprefix("torch."),
                    "step": step.__name__,
                    **compare(ours, theirs, step, x, turns),
                }
                print(
                    "{network}  {layout:17}  {step:16}  {ours_ms:8} ms  torchvision {torchvision_ms:8} ms  "
                    "ratio {ratio}".format(**row),
                    flush=True,
                )
                results.append(row)
    machine = {
        "cpu": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "threads": 1,
        "batch": batch,
        "size": size,
        "turns": turns,
    }
    target = Path(__file__).parent / "results" / "models.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(
        json.dumps({"machine": machine, "results": results}, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
