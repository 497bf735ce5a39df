"""What the experiments share: how results are written, and what the book's pages hold of them.

python experiments/record.py        # write resnet_lab/recorded_data.py anew from results/
"""

import json
from math import log10
from pathlib import Path
from statistics import mean

import torch

from resnet_lab.checkpoints import replace_file

RESULTS = Path(__file__).with_name("results")
RECORDED = Path(__file__).parents[1] / "resnet_lab" / "recorded_data.py"
WHY = RECORDED.with_name("why_it_works.json")
PAPER_TABLE = RECORDED.with_name("paper_table.json")


def write(path, about, runs):
    """A JSON file: what the runs have in common, then one run on every line."""
    lines = ",\n".join(json.dumps(run) for run in runs)
    text = (
        json.dumps({**about, "runs": []}, indent=1).removesuffix("[]\n}") + f"[\n{lines}\n]\n}}\n"
    )
    replace_file(Path(path), lambda file: file.write(text.encode()))


def place(name):
    """Where a GPU's results go; what a CPU has only tried small goes to runs/."""
    return RESULTS / name if torch.cuda.is_available() else Path("runs", "tried", name)


def report(goals):
    """Print what was aimed at beside what was measured: (what, goal, measured or None) each.

    Without a GPU nothing counts as measured.
    """
    print("\n| on one GPU | goal | measured |\n|---|---|---|")
    for what, goal, measured in goals:
        found = measured if measured and torch.cuda.is_available() else "not measured"
        print(f"| {what} | {goal} | {found} |")
    if not torch.cuda.is_available():
        print(
            "No GPU here: the script was tried small, and what it printed above says nothing about "
            "speed or accuracy."
        )


def text(values, scale):
    return " ".join(str(round(scale * value)) for value in values)


def with_means(runs):
    """The runs, and after them their means over the seeds: geometric for the loss."""
    groups = {}
    for run in runs:
        groups.setdefault((run["shortcut"], run["depth"], run["steps"]), []).append(run)
    means = [
        {
            **group[0],
            "seed": "mean",
            "loss": [
                10 ** mean(map(log10, losses))
                for losses in zip(*[run["loss"] for run in group], strict=True)
            ],
            "error": [
                mean(errors) for errors in zip(*[run["error"] for run in group], strict=True)
            ],
        }
        for group in groups.values()
    ]
    return runs + means


def write_recorded():
    """Put the results, one run on every line, into resnet_lab/recorded_data.py."""
    degradation, gradients, memory = (
        json.loads((RESULTS / f"{name}.json").read_text())["runs"]
        for name in ("degradation", "gradients", "memory")
    )
    source = RECORDED.read_text(encoding="utf-8")
    for name, runs, keys, values in (
        (
            "DEGRADATION",
            with_means(degradation),
            ("shortcut", "depth", "steps", "seed"),
            lambda run: (text(map(log10, run["loss"]), 100), text(run["error"], 1000)),
        ),
        (
            "GRADIENTS",
            gradients,
            ("shortcut", "depth", "activation", "initialisation", "batchnorm"),
            lambda run: (
                text([run[key][0], *run[key][1::2]], 10)
                for key in ("log10_output", "log10_gradient")
            ),
        ),
        (
            "MEMORY",
            memory,
            ("network", "batch", "precision"),
            lambda run: (
                str(run["saved"]),
                str(run["peak"] - run["between_steps"]),
                text([run["step_s"]], 1e6),
            ),
        ),
    ):
        lines = [":".join([" ".join(str(run[key]) for key in keys), *values(run)]) for run in runs]
        before, _, after = source.partition(f'{name} = """\n')
        source = "\n".join([f'{before}{name} = """', *lines, '"""' + after.partition('"""')[2]])
    replace_file(RECORDED, lambda file: file.write(source.encode()))


def write_why():
    """Put the runs of results/why_it_works.json, one on every line, into the package."""
    write_lines(WHY, json.loads((RESULTS / "why_it_works.json").read_text())["runs"])


def write_paper_table():
    """Put the curves of results/paper_table.json, one network on every line, into the package."""
    runs = json.loads((RESULTS / "paper_table.json").read_text())["runs"]
    write_lines(
        PAPER_TABLE,
        [
            {
                "network": run["network"],
                "test_error": run["test_error"],
                "step": [point["step"] for point in run["curve"]],
                "error": [round(point["error"], 5) for point in run["curve"]],
            }
            for run in runs
        ],
    )


def write_lines(path, runs):
    lines = ",\n".join(json.dumps(run, separators=(",", ":")) for run in runs)
    replace_file(path, lambda file: file.write(f"[\n{lines}\n]\n".encode()))


if __name__ == "__main__":
    write_recorded()
    write_why()
    write_paper_table()
