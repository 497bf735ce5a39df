"""The machine a network is trained on: the device, its arithmetic, and steps recorded for it."""

from __future__ import annotations

import functools
import math
import os
import platform
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from .checks import check_choice

PRECISIONS = ("auto", "float32", "bfloat16")
ROOM = 16  # images that must fit in memory for anything to work: a decoded file takes several times
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
        try:
            if torch.ones(1, device=chosen).isfinite().all():
                return chosen
        except (AssertionError, AttributeError, NotImplementedError, RuntimeError):
            pass
        raise ValueError(
            f'device is {device}, on which PyTorch cannot compute here; leave it out, or take "cpu"'
        )
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


def available_memory() -> int | None:
    """Bytes of memory that this process may still take; None where the system does not say."""
    free = []
    meminfo, limit = Path("/proc/meminfo"), Path("/sys/fs/cgroup/memory.max")
    if meminfo.exists():
        lines = meminfo.read_text().splitlines()
        free += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")]
    elif hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        free.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    if limit.exists() and limit.read_text().strip().isdigit():  # a container has less
        free.append(int(limit.read_text()) - int(limit.with_name("memory.current").read_text()))
    return min(free, default=None)


def check_memory(
    name: str, count: int, shape: Sequence[int], copies: int, stream: bool | None
) -> bool:
    """Whether so many images are to be streamed, as they do not fit in memory.

    Args:
        name: What they are called in an error.
        count: Of the images.
        shape: (C, H, W) of each, in bytes.
        copies: Of them at once.
        stream: What was asked for; None leaves it to the memory.

    Raises:
        ValueError: Held in memory as was asked, or one by one, they do not fit.
    """
    one, free = math.prod(shape), available_memory()
    if free is None:
        return bool(stream)
    sizes = " x ".join([f"{side:,}" for side in shape])
    if one * ROOM > free:
        raise ValueError(
            f"an image of {name} has {sizes} pixels, {gigabytes(one)}, and there are "
            f"{gigabytes(free)} of memory; give a smaller size"
        )
    whole = one * count * copies
    if stream is False and whole > free:
        raise ValueError(
            f"{name} has {count:,} images of {sizes}: training on them takes {gigabytes(whole)}, "
            f"and there are {gigabytes(free)} of memory; leave stream out, or give a smaller size"
        )
    return whole > free if stream is None else stream


def gigabytes(count: float) -> str:
    """Bytes in words."""
    return f"{count / 1e9:,.1f} GB" if count >= 1e8 else f"{count / 1e6:,.1f} MB"


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
    graph = torch.cuda.CUDAGraph()
    aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    calls = 0

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
