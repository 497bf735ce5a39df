"""Curves measured by the scripts in experiments/, for explorers and chapters.

`recorded_data` holds them as short texts, which a page loads in no time; experiments/results has
all the figures, with their machine and versions.
"""

from __future__ import annotations

from .recorded_data import DEGRADATION, GRADIENTS, MEMORY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def find_rows(text: str, key: tuple[object, ...]) -> list[list[int]]:
    """The rows of numbers that stand under `key`; raises ValueError if nothing was recorded."""
    head = "\n" + " ".join([str(part) for part in key]) + ":"
    start = text.find(head)
    if start < 0:
        raise ValueError(f"nothing was recorded for {', '.join([str(part) for part in key])}")
    start += len(head)
    return [
        [int(number) for number in row.split(" ")]
        for row in text[start : text.index("\n", start)].split(":")
    ]


def degradation(shortcut: str, depth: int, steps: int, seed: int | str) -> dict[str, list[float]]:
    """A run on scikit-learn's digits, at 20 points.

    Args:
        shortcut: "none" or "A".
        depth: 8, 14, 20, 32 or 56.
        steps: 200, 600 or 1500.
        seed: 0, 1, 2 or "mean", of the logarithms.

    Returns:
        "loss", log10 of the training loss, and "error", the training error in percent.

    Example:
        >>> ends = [degradation(kind, 56, 200, "mean")["loss"][-1] for kind in ("none", "A")]
        >>> ends[0] > ends[1]                       # the deep plain network does worse in training
        True
    """
    losses, errors = find_rows(DEGRADATION, (shortcut, depth, steps, seed))
    return {"loss": [value / 100 for value in losses], "error": [value / 10 for value in errors]}


def gradients(
    shortcut: str, depth: int, activation: str, initialisation: str, batchnorm: bool
) -> dict[str, list[float]]:
    """Networks before training, in layers 1, 2, 4 ... depth.

    Args:
        shortcut: "none" or "A".
        depth: 8, 20, 32 or 56.
        activation, initialisation, batchnorm: as in `gradients.alter`, whose module says what is
            measured.

    Returns:
        "layer", their numbers; "output" and "gradient", log10 of the size of the outputs and of
        the relative gradient.

    Example:
        >>> gradients("none", 8, "ReLU", "He", batchnorm=True)["layer"]
        [1, 2, 4, 6, 8]
    """
    outputs, relative = find_rows(
        GRADIENTS, (shortcut, depth, activation, initialisation, batchnorm)
    )
    return {
        "layer": [1, *range(2, depth + 1, 2)],
        "output": [value / 10 for value in outputs],
        "gradient": [value / 10 for value in relative],
    }


def memory() -> list[dict[str, Any]]:
    """Training steps of 224 x 224 images on an H100, as experiments/memory_on_gpu.py runs them.

    Returns:
        For each run "network", "batch", "precision"; "saved", bytes that backward and the loss
        keep; "added", the most that a step needs beyond what is there between steps, in which the
        gradients stand; "seconds" of a step.

    Example:
        >>> memory()[0]["network"], memory()[0]["saved"]
        ('resnet18', 44406100)
    """
    runs: list[dict[str, Any]] = []
    for line in MEMORY.strip().split("\n"):
        head, saved, added, micros = line.split(":")
        network, batch, precision = head.split(" ")
        runs.append(
            {
                "network": network,
                "batch": int(batch),
                "precision": precision,
                "saved": int(saved),
                "added": int(added),
                "seconds": int(micros) / 1e6,
            }
        )
    return runs


def why_it_works(part: str, **wanted: object) -> list[dict[str, Any]]:
    """What experiments/why_it_works.py has measured, for the chapter of that name.

    Args:
        part: "lesions", "paths", "identity", "shattering", "responses" or "landscape".
        wanted: what a run must say of itself, such as network="resnet20".

    Returns:
        The runs, as the script's parts make them.

    Raises:
        ValueError: there is no such run.

    Example:
        >>> (run,) = why_it_works("lesions", network="resnet20")
        >>> run["blocks"][:2]
        ['', 'layer1.0']
    """
    found = [
        run
        for run in runs_of("why_it_works")
        if run["part"] == part and all(run.get(key) == value for key, value in wanted.items())
    ]
    if not found:
        raise ValueError(f"nothing was recorded for {part} with {wanted}")
    return found


def paper_table(network: str) -> dict[str, Any]:
    """The paper's training on CIFAR-10 (section 4.2), repeated on a JPEG copy of the images.

    Args:
        network: "plain20", "plain56", "resnet20" or "resnet56".

    Returns:
        "step", where the curve has its points; "error", the share of wrong answers on the training
        images since the one before; "test_error", the share on the test images after the last.

    Raises:
        ValueError: the network was not trained.

    Example:
        >>> paper_table("plain56")["error"][-1] > paper_table("plain20")["error"][-1]
        True
    """
    runs = {run.pop("network"): run for run in runs_of("paper_table")}
    if network not in runs:
        raise ValueError(f"network is {network!r}; take one of {', '.join(runs)}")
    return runs[network]


def runs_of(name: str) -> list[dict[str, Any]]:
    """The runs of a file beside this one."""
    import json  # pages have none, and ask for nothing of this
    from pathlib import Path

    runs: list[dict[str, Any]] = json.loads(
        Path(__file__).with_name(f"{name}.json").read_text(encoding="utf-8")
    )
    return runs
