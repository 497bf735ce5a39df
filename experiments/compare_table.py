"""The whole ResNet-152 table, beside torchinfo's summary, and beside building the model.

    python experiments/compare_table.py [--turns 15] [--write]

The three take turns in one process, on one thread; the ratios are medians over the turns of theirs
/ ours. Ours starts from nothing each time, twenty times a turn: the description is made, walked,
and every row written out. torchinfo is handed torchvision's built model and runs it once on a
224 x 224 image. With --write the numbers go to results/compare_table.json.
"""

import argparse
import statistics
import time

import torch
import torchinfo
import torchvision
from record import RESULTS, write

import resnet_lab as rl
from resnet_lab.device import machine


def whole_table():
    table = rl.trace(rl.resnet(152), (3, 224, 224))
    _ = table.rows
    return table


def measure(contestants, turns):
    """Seconds of every call: a list of each contestant's, one a turn."""
    ours, times = next(iter(contestants)), {name: [] for name in contestants}
    for _ in range(turns):
        for name, call in contestants.items():
            repeats = 20 if name == ours else 1
            start = time.perf_counter()
            for _ in range(repeats):
                call()
            times[name].append((time.perf_counter() - start) / repeats)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--write", action="store_true", help="keep the numbers in results/")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    model = torchvision.models.resnet152()
    contestants = {
        "resnet_lab: describe and trace": whole_table,
        "torchinfo: summary of the built model": lambda: torchinfo.summary(
            model, (1, 3, 224, 224), verbose=0
        ),
        "torchvision: build the model": torchvision.models.resnet152,
    }
    # A warm-up, and a check of what is counted.
    table, summary, _ = [call() for call in contestants.values()]
    assert table.params == summary.total_params
    times, runs = measure(contestants, chosen.turns), []
    ours = next(iter(times.values()))
    for name, seconds in times.items():
        ratio = statistics.median([other / own for other, own in zip(seconds, ours, strict=True)])
        runs.append(
            {
                "what": name,
                "ms": round(1000 * statistics.median(seconds), 3),
                "best_ms": round(1000 * min(seconds), 3),
                "ratio_to_ours": round(ratio, 1),
            }
        )
        line = "{what:39} {ms:9.2f} ms (best {best_ms:.2f})   {ratio_to_ours:7.1f} x ours"
        print(line.format(**runs[-1]))
    if chosen.write:
        versions = {"torchvision": torchvision.__version__, "torchinfo": torchinfo.__version__}
        about = {"machine": machine(torch.device("cpu")) | versions, "turns": chosen.turns}
        write(RESULTS / "compare_table.json", about, runs)


if __name__ == "__main__":
    main()
