"""The whole ResNet-152 table, beside torchinfo's summary of torchvision's model, and beside building that model.

The three take turns in one process, on one thread; the ratios are medians over the turns of theirs / ours. Ours starts
from nothing each time, twenty times a turn: the description is made, walked, and every row written out. torchinfo is handed the built model
and runs it once on a 224 x 224 image.
Run from anywhere: python benchmarks/table.py [turns]. Writes benchmarks/results/table.json.
"""

import json
import platform
import statistics
import sys
import time
from pathlib import Path

import torch
import torchinfo
import torchvision

import resnet_lab as rl


def whole_table():
    table = rl.trace(rl.resnet(152), (3, 224, 224))
    table.rows
    return table


def main(turns=15):
    torch.set_num_threads(1)
    model = torchvision.models.resnet152()
    contestants = {
        "resnet_lab: describe and trace": whole_table,
        "torchinfo: summary of the built model": lambda: torchinfo.summary(
            model, (1, 3, 224, 224), verbose=0
        ),
        "torchvision: build the model": torchvision.models.resnet152,
    }
    table, summary, _ = [
        call() for call in contestants.values()
    ]  # a warm-up, and a check of what is counted
    assert table.params == summary.total_params
    ours, *_ = contestants
    times = {name: [] for name in contestants}
    for _ in range(turns):
        for name, call in contestants.items():
            repeats = 20 if name == ours else 1
            start = time.perf_counter()
            for _ in range(repeats):
                call()
            times[name].append((time.perf_counter() - start) / repeats)

    results = []
    for name, seconds in times.items():
        ratio = statistics.median(other / own for other, own in zip(seconds, times[ours]))
        results.append(
            {
                "what": name,
                "ms": round(1000 * statistics.median(seconds), 3),
                "best_ms": round(1000 * min(seconds), 3),
                "ratio_to_ours": round(ratio, 1),
            }
        )
        print(
            "{what:39} {ms:9.2f} ms (best {best_ms:.2f})   {ratio_to_ours:7.1f} x ours".format(
                **results[-1]
            )
        )
    machine = {
        "cpu": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "torchinfo": torchinfo.__version__,
        "threads": 1,
        "turns": turns,
    }
    target = Path(__file__).parent / "results" / "table.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(
        json.dumps({"machine": machine, "results": results}, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
