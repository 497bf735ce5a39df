"""The paper's CIFAR-10 table, plain and residual, with the paper's recipe: 64,000 steps each.

    python experiments/paper_table.py --data cifar10 --at-once 3

Tried small, on a CPU:

    python experiments/paper_table.py --data digits --networks resnet8 plain8 --steps 20

Several run at once on one GPU. Each network is a run of `python -m resnet_lab train` in
runs/paper-table, so that what was cut off is taken up again and what is there is not repeated.
Prints the table beside the paper's, and writes results/paper_table.json with every run's whole
history, or runs/tried/paper_table.json without a GPU.
"""

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from record import place, report, write

# Test error in percent: table 6; plain nets roughly, off figure 6.
PAPER = {
    "resnet20": 8.75,
    "plain20": 9.5,
    "resnet56": 6.97,
    "plain56": 13.5,
    "resnet32": 7.51,
    "plain32": 10,
    "resnet44": 7.17,
    "plain44": 12,
    "resnet110": 6.43,
}


def train(network, chosen):
    folder = Path(
        "runs",
        "paper-table",
        Path(chosen.data).name,
        f"{network}-seed{chosen.seed}-steps{chosen.steps}",
    )
    command = [
        sys.executable,
        "-m",
        "resnet_lab",
        "train",
        "--model",
        network,
        "--data",
        chosen.data,
        "--validation",
        "0",
        "--folder",
        folder,
        "--steps",
        chosen.steps,
        "--eval-every",
        max(1, chosen.steps // 64),
        "--schedule",
        "steps",
        "--batch",
        128,
        "--lr",
        0.1,
        "--weight-decay",
        1e-4,
        "--seed",
        chosen.seed,
    ]
    if network == "resnet110":  # the paper has 400 steps at 0.01; we rise to 0.1 within 400
        command += ["--warmup", 400]
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    print(f"{network}: {(result.stdout or result.stderr).strip()}", flush=True)
    history = folder / "history.json"
    return network, json.loads(history.read_text()) if history.exists() else {
        "failed": result.stderr.strip()
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default="cifar10")
    parser.add_argument("--called", help='in the record, say "CIFAR-10, JPEG copy" for a folder')
    parser.add_argument("--networks", nargs="+", default=list(PAPER))
    parser.add_argument("--steps", type=int, default=64_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--at-once", type=int, default=3)
    chosen = parser.parse_args()
    with ThreadPoolExecutor(chosen.at_once) as pool:
        histories = dict(pool.map(lambda network: train(network, chosen), chosen.networks))
    name = chosen.called or Path(chosen.data).name
    print(f"{name}, {chosen.steps:,} steps: test error, training error in percent, minutes")
    for network, history in histories.items():
        if "test_error" in history:
            training_error = 100 * history["curve"][-1]["error"]
            print(
                f"{network:10} {100 * history['test_error']:6.2f} {training_error:6.2f} "
                f"{history['seconds'][-1] / 60:6.1f}"
            )
    write(
        place("paper_table.json"),
        {"data": name, "steps": chosen.steps, "seed": chosen.seed},
        [{"network": network, **history} for network, history in histories.items()],
    )
    complete = name == "cifar10" and chosen.steps == 64_000
    report(
        [
            (
                f"{network}, test error on CIFAR-10",
                f"paper: {error} %",
                f"{100 * histories[network]['test_error']:.2f} %"
                if complete and "test_error" in histories.get(network, ())
                else None,
            )
            for network, error in PAPER.items()
        ]
    )


if __name__ == "__main__":
    main()
