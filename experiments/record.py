"""What the experiments share: how results are written, and what the book's pages hold of them.

    python experiments/record.py        # write resnet_lab/recorded.py anew from results/
"""
import json
from math import log10
from pathlib import Path

from resnet_lab.training import replace_file

RESULTS = Path(__file__).with_name("results")
RECORDED = Path(__file__).parents[1] / "resnet_lab" / "recorded.py"


def write(path, about, runs):
    """A JSON file: what the runs have in common, then one run on every line."""
    lines = ",\n".join(json.dumps(run) for run in runs)
    text = json.dumps({**about, "runs": []}, indent=1).removesuffix("[]\n}") + f"[\n{lines}\n]\n}}\n"
    replace_file(Path(path), lambda file: file.write(text.encode()))


def text(values, scale):
    return " ".join(str(round(scale * value)) for value in values)


def write_recorded():
    """The curves that the explorers show, one run on every line of a text, so that a page loads them in no time."""
    lines = ['"""Measured curves, for the explorers. Written by experiments/record.py from experiments/results."""', "",
             "# Shortcut, depth, steps, seed: 100 log10 of the training loss; training error in tenths of a percent; each at 20 points.",
             'DEGRADATION = """']
    for run in json.loads((RESULTS / "degradation.json").read_text())["runs"]:
        key = " ".join(str(run[name]) for name in ("shortcut", "depth", "steps", "seed"))
        lines.append(f"{key}:{text(map(log10, run['loss']), 100)}:{text(run['error'], 1000)}")
    lines += ['"""', "", "# Shortcut, depth, activation, initialisation, BatchNorm: root mean square of the outputs; relative gradient; of each",
              "# 10 log10, for the first layer and then for every second one, up to the last.", 'GRADIENTS = """']
    for run in json.loads((RESULTS / "gradients.json").read_text())["runs"]:
        key = " ".join(str(run[name]) for name in ("shortcut", "depth", "activation", "initialisation", "batchnorm"))
        values = [text([run[name][0], *run[name][1::2]], 10) for name in ("log10_output", "log10_gradient")]
        lines.append(f"{key}:{values[0]}:{values[1]}")
    replace_file(RECORDED, lambda file: file.write("\n".join([*lines, '"""', ""]).encode()))


if __name__ == "__main__":
    write_recorded()
