"""The machine a network is trained on: the device, its arithmetic, and steps recorded for it."""

from __future__ import annotations

import functools
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from .checks import check_choice

PRECISIONS = ("auto", "float32", "bfloat16")
# Since then SGD is one kernel on CPUs as well, and takes its rate from a tensor.
FUSED = tuple([int(part) for part in str(torch.__version__).split(".")[:2]]) >= (2, 4)


def choose_device(device: str | torch.device | None = None) -> torch.device:
    """The device of this name; without one "cuda" if there is one, else "cpu".

    Raises:
        ValueError: PyTorch knows no such device, or finds none here.
    """
    try:
        chosen = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    except RuntimeError:
        raise ValueError(
            f'device is {device!r}, which PyTorch does not know; leave it out, or take "cpu" or '
            '"cuda"'
        ) from None
    if chosen.type != "cuda":
        return chosen
    if not torch.cuda.is_available():
        raise ValueError(
            f'device is {device}, but PyTorch finds no GPU here; leave it out, or take "cpu"'
        )
    if chosen.index is None:  # under torchrun, each process of a machine has a GPU of its own
        chosen = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
    if chosen.index >= torch.cuda.device_count():
        raise ValueError(
            f"device is {chosen}, but PyTorch finds {torch.cuda.device_count()} GPUs here, counted "
            "from 0; take one of those"
        )
    return chosen


def resolve_precision(precision: str, device: torch.device) -> str:
    """What "auto" means on this device: bfloat16 where the hardware computes in it.

    Elsewhere it is imitated, and slow.
    """
    check_choice("precision", precision, PRECISIONS)
    if precision != "auto":
        return precision
    if device.type == "cuda":
        native = torch.cuda.get_device_capability(device) >= (8, 0)
    else:
        flags = cpu_info("flags").split()
        native = "avx512_bf16" in flags or "amx_bf16" in flags
    return "bfloat16" if native else "float32"


@functools.cache
def cpu_info(field: str) -> str:
    """The first line of this name in Linux's description of the processor; elsewhere empty."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith(field)), "")


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """The context in which a network computes in this precision."""
    # The cache of converted weights would outlive a recorded step.
    return torch.autocast(
        device.type, torch.bfloat16, enabled=precision == "bfloat16", cache_enabled=False
    )


def seed_generators(seed: int, device: torch.device) -> None:
    """Seed PyTorch's random numbers on the host and on this device."""
    if device.type not in ("cpu", "cuda"):
        torch.manual_seed(seed)
        return
    # torch.manual_seed takes 70 microseconds without a GPU, which every step would pay.
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)


def can_record(device: torch.device) -> bool:
    """Whether a step can be recorded: on a GPU, if the optimizer reads its rate there, too."""
    return device.type == "cuda" and FUSED


def as_graph(train_step: Callable[[], None]) -> Callable[[], None]:
    """`train_step` as a CUDA graph.

    A few steps run as they are, for the libraries to settle; one is recorded; from then on it is
    only replayed. A step of ResNet-20 is some 400 small kernels, which a host launches more slowly
    than a GPU works them off.
    """
    graph, aside, calls = torch.cuda.CUDAGraph(), torch.cuda.Stream(), 0  # type: ignore[no-untyped-call]

    def run() -> None:
        nonlocal calls
        calls += 1
        if calls <= 5:
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                train_step()
            torch.cuda.current_stream().wait_stream(aside)
            return
        if calls == 6:
            with torch.cuda.graph(graph):  # records, without running
                train_step()
        graph.replay()

    return run


def machine(device: torch.device, processes: int = 1) -> dict[str, Any]:
    """What a run ran on, for its history."""
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
    else:
        name = cpu_info("model name") or platform.machine()
    return {
        "device": name,
        "processes": processes,
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": str(torch.__version__),
    }
