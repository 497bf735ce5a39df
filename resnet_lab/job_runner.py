"""Runs the jobs of `jobs` with PyTorch, as `job_runner.mjs` runs them in a page.

Example:
    results = [*run(jobs.race("spirals", depth=32))]
    results[-1]["losses"]["plain"]
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from . import inside_runner, jobs
from .data import Data, Split
from .draw.maps import levels
from .gradients import alter
from .models import build
from .recipe import Recipe


def digits_text() -> str:
    """scikit-learn's digits, exact, a letter a pixel from A, then a space and the labels."""
    from sklearn.datasets import load_digits

    source = load_digits()
    pixels = "".join([chr(65 + int(value)) for value in source.data.ravel()])
    return pixels + " " + "".join([str(label) for label in source.target])


def examples(job: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """All examples of a job, (N, *shape), and their classes, in float64."""
    if job["task"] == "spirals":
        points = jobs.spirals(job["examples"], job["seed"])
        inputs, labels = [[x, y] for x, y, _ in points], [label for *_, label in points]
    else:
        pixels, answers = digits_text().split(" ")
        inputs = [[(ord(letter) - 65) / 16 for letter in pixels]]
        labels = [int(answer) for answer in answers]
    given = torch.tensor(inputs, dtype=torch.float64)
    return given.view(len(labels), *job["shape"]), torch.tensor(labels)


def start(
    model: nn.Module, job: dict[str, Any], kind: str, seed: int | None = None, scheme: str = "He"
) -> None:
    """Give the model the start weights that the page's engine draws.

    Args:
        model: of the job's graph of this kind.
        job: with its graphs.
        kind: "plain" or "residual".
        seed: the job's own if None.
        scheme: of `jobs.start_weights`.
    """
    kinds = {layer["name"]: layer["kind"] for layer in job["graphs"][kind]["layers"]}
    values = dict(model.named_parameters())
    # Parameters in the order of the layers, in which the engine draws them.
    shapes = {
        f"{layer}.{part}": tuple(values[f"{layer}.{part}"].shape)
        for layer in kinds
        for part in ("weight", "bias")
        if f"{layer}.{part}" in values
    }
    with torch.no_grad():
        drawn = jobs.start_weights(shapes, kinds, job["seed"] if seed is None else seed, scheme)
        for name, numbers in drawn.items():
            values[name].copy_(torch.tensor(numbers, dtype=torch.float64).view(shapes[name]))


def start_models(job: dict[str, Any], dtype: torch.dtype = torch.float32) -> dict[str, nn.Module]:
    """The twins of a race before their first step: one start for both."""
    nets = jobs.twins(job["task"], job["depth"], job["shortcut"])
    models = {
        kind: alter(build(net), batchnorm=job["batchnorm"]).to(dtype) for kind, net in nets.items()
    }
    for kind, model in models.items():
        start(model, job, kind)
    # A projection is the residual twin's own.
    models["residual"].load_state_dict(models["plain"].state_dict(), strict=False)
    return models


def race_data(job: dict[str, Any]) -> Data:
    """The examples of a race as a data set for `training.fit`: bytes, all of them to train on."""
    inputs, labels = examples(job)
    low = -1.0 if job["task"] == "spirals" else 0.0  # a black pixel's number; a white one's is 1
    images = ((inputs - low) * 255 / (1 - low)).round().clamp(0, 255).byte()
    channels = images.shape[1]
    nothing = Split(images[:0], labels[:0])
    mean, std = -low / (1 - low), 1 / (1 - low)
    return Data(
        job["task"],
        tuple(str(label) for label in range(int(labels.max()) + 1)),
        Split(images, labels),
        nothing,
        (mean,) * channels,
        (std,) * channels,
        lambda: nothing,
    )


def race_recipe(job: dict[str, Any]) -> Recipe:
    """How `training.fit` trains what a race trains."""
    return Recipe(
        steps=job["steps"],
        batch=job["batch"],
        lr=job["lr"],
        momentum=job["momentum"],
        weight_decay=job["weight_decay"],
        crop=0,
        flip=False,
        eval_every=job["every"],
        seed=job["seed"],
        precision="float32",
    )


Results = Generator[dict[str, Any], Any, Any]


def run(job: dict[str, Any], dtype: torch.dtype = torch.float32) -> Results:
    """Run a job of any kind; see `jobs` for what it is and what it gives.

    Args:
        job: made by a function of `jobs`, such as `jobs.race`.
        dtype: of all numbers.
    """
    return RUNNERS[job["kind"]](job, dtype)


def race(job: dict[str, Any], dtype: torch.dtype = torch.float32) -> Results:
    """Train the twins in turns; give, after every so many steps, all that is known by then.

    Args:
        job: of `jobs.race`.
        dtype: of all numbers. Losses of deep plain networks agree with the page's in float64 alone.

    Returns:
        Of each result "step"; "losses" of "plain" and "residual", each the mean over `job["every"]`
        steps; and "maps", for spirals: the probability of class 1 at the middles of 32 x 32 cells,
        as `draw.maps.levels` writes it.
        In the end, to `yield from`, the trained models.
    """
    inputs, labels = examples(job)
    inputs = inputs.to(dtype)
    models = start_models(job, dtype)
    optimizers = {
        kind: torch.optim.SGD(
            model.parameters(), momentum=job["momentum"], weight_decay=job["weight_decay"], lr=1
        )
        for kind, model in models.items()
    }
    losses: dict[str, list[float]] = {kind: [] for kind in models}
    sums = dict.fromkeys(models, 0.0)
    for step, chosen in enumerate(jobs.batches(job)):
        for kind, model in models.items():
            model.train()
            optimizers[kind].param_groups[0]["lr"] = jobs.rate(job, step)
            optimizers[kind].zero_grad()
            cost = cross_entropy(model(inputs[chosen]), labels[chosen])
            cost.backward()  # type: ignore[no-untyped-call]
            optimizers[kind].step()
            sums[kind] += float(cost.detach())
        if (step + 1) % job["every"] == 0:
            for kind in models:
                loss = sums[kind] / job["every"]
                losses[kind].append(loss if loss < jobs.MOST else jobs.MOST)  # or no number
                sums[kind] = 0.0
            yield {
                "step": step + 1,
                "losses": {kind: list(curve) for kind, curve in losses.items()},
                "maps": {kind: answers(model, job["map"], dtype) for kind, model in models.items()}
                if job["map"]
                else {},
            }
    return models


@torch.no_grad()
def answers(model: nn.Module, cells: int, dtype: torch.dtype) -> str:
    """The probability of class 1 in every cell of a plane, as `draw.maps.levels` writes it."""
    middles = (torch.arange(cells, dtype=torch.float64) + 0.5) * 2 / cells - 1
    y, x = torch.meshgrid(-middles, middles, indexing="ij")
    points = torch.stack((x.flatten(), y.flatten()), 1).to(dtype)
    chances = model.eval()(points[:, :, None, None]).softmax(1)[:, 1].nan_to_num(0.5)
    return levels(chances.tolist(), cells)


def probe(job: dict[str, Any], dtype: torch.dtype) -> Results:
    """Run a job of `probes`."""
    from . import probe_runner  # which begins with a race

    found: Results = getattr(probe_runner, job["kind"])(job, dtype)
    return found


# By a job's kind; `job_runner.mjs` has the same names.
RUNNERS: dict[str, Callable[[dict[str, Any], torch.dtype], Results]] = {
    "race": race,
    "inside": inside_runner.run,
    "signals": probe,
    "paths": probe,
    "landscape": probe,
}
