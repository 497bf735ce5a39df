"""Runs the jobs of `probes` with PyTorch, as `probe_runner.mjs` runs them in a page.

Example:
    from resnet_lab.job_runner import run

    results = [*run(probes.signals(20, "tanh", "Xavier", batchnorm=False))]
    results[-1]["runs"][0]["plain"]["gradient"]
"""

from __future__ import annotations

import base64
import copy
from math import floor, log10
from typing import Any

import torch
from torch import Tensor, nn

from . import gradients, jobs, probes
from . import landscape as planes
from .data import load, normalise
from .job_runner import Results, examples, race, start
from .models import build
from .paths import lesions, path_shares


def garments() -> tuple[Tensor, Tensor]:
    """32 images of small Fashion-MNIST, normalised, (32, 1, 28, 28), and their classes."""
    data = load("fashion-mnist-small")
    images = data.train.images[:32]
    return normalise(images, data.mean, data.std).double(), data.train.labels[:32]


def garments_text() -> str:
    """The same for a page: bytes as base64, classes, mean and deviation, with spaces between."""
    data = load("fashion-mnist-small")
    pixels = base64.b64encode(bytes(data.train.images[:32].flatten().tolist())).decode()
    labels = "".join([str(int(label)) for label in data.train.labels[:32]])
    return f"{pixels} {labels} {data.mean[0]!r} {data.std[0]!r}"


def signals(job: dict[str, Any], dtype: torch.dtype = torch.float64) -> Results:
    """For one seed after the other, log10 of outputs and relative gradients, layer by layer.

    Args:
        job: of `probes.signals`.
        dtype: is float64 whatever is asked for: what vanishes is to be small, not zero.

    Returns:
        Of each result "step", how many seeds are done; and "runs", for each of these {"plain":
        {"output": [...], "gradient": [...]}, "residual": ...}, main path only.
    """
    images, labels = garments()
    runs = []
    for step, seed in enumerate(job["seeds"], 1):
        found = {}
        for kind, net in jobs.twins("digits", job["depth"], job["shortcut"]).items():
            model = signal_model(job, kind, net, seed)
            layers = {layer.name: layer for layer in gradients.signals(model, images, labels)}
            found[kind] = {
                what: [logarithm(getattr(layers[name], what)) for name in job["measured"]]
                for what in ("output", "gradient")
            }
        runs.append(found)
        yield {"step": step, "runs": list(runs)}


def signal_model(job: dict[str, Any], kind: str, net: Any, seed: int) -> nn.Module:
    """One of the networks with its start."""
    large = job["initialisation"] == "large"
    model = gradients.alter(build(net), job["activation"], "He", job["batchnorm"]).double()
    start(model, job, kind, seed, "He" if large else job["initialisation"])
    if large:
        with torch.no_grad():
            for module in model.modules():
                if isinstance(module, nn.Conv2d):
                    module.weight *= 2
    return model


def logarithm(value: float) -> float:
    """log10, or what stands for that of zero and of what is no number."""
    return log10(value) if 0 < value < float("inf") else probes.NOTHING


def paths(job: dict[str, Any], dtype: torch.dtype = torch.float32) -> Results:
    """Train the twins; then the share of the gradient on paths of each length, and the lesions.

    Returns:
        Of each result "step" and, as soon as they are known, "losses" as in a race; "shares" as of
        `paths.path_shares`; "lesions" of "plain" and "residual": the loss of the whole, then with
        one block off after the other.
    """
    models = yield from race(job["race"], dtype)
    inputs, labels = examples(job["race"])
    inputs, count, back = inputs.to(dtype), job["looked_at"], job["sent_back"]
    exact = copy.deepcopy(models["residual"])  # which becomes float64
    results: dict[str, Any] = {
        "step": job["race"]["steps"] + 1,
        "shares": path_shares(exact, inputs[:back], labels[:back]),
        "lesions": {},
    }
    yield dict(results)
    found = {
        kind: [each.loss for each in lesions(model, inputs[:count], labels[:count])]
        for kind, model in models.items()
    }
    for number in range(len(job["blocks"])):
        results["step"] += 1
        results["lesions"] = {kind: losses[: number + 2] for kind, losses in found.items()}
        yield dict(results)


def landscape(job: dict[str, Any], dtype: torch.dtype = torch.float32) -> Results:
    """Train the twins; then the loss on a plane through each, from the middle outwards.

    Returns:
        Of each result "step" and, after the training, "planes" of "plain" and "residual": log10 of
        the losses in the order of `probes.outwards`, as many as are known.
    """
    models = yield from race(job["race"], dtype)
    inputs, labels = examples(job["race"])
    inputs, labels = inputs[: job["looked_at"]].to(dtype), labels[: job["looked_at"]]
    axes = {kind: planes.directions(model, job["directions"]) for kind, model in models.items()}
    found: dict[str, list[float]] = {kind: [] for kind in models}
    middle = job["cells"] // 2
    for done, cell in enumerate(probes.outwards(job["cells"]), 1):
        at = (
            job["reach"] * (cell % job["cells"] - middle) / middle,
            -job["reach"] * (cell // job["cells"] - middle) / middle,
        )
        for kind, model in models.items():
            loss = planes.loss_at(model, inputs, labels, axes[kind], at)
            found[kind].append(floor(1e4 * logarithm(loss) + 0.5) / 1e4)
        if done % job["cells"] == 0:
            yield {
                "step": job["race"]["steps"] + done // job["cells"],
                "planes": {kind: list(losses) for kind, losses in found.items()},
            }
