"""Where the time of some work in PyTorch goes, by kind of operation."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable

import torch
from torch.profiler import ProfilerActivity, profile

# Parts of the names that PyTorch and cuDNN give their operations; the first that fits counts.
KINDS = {
    "BatchNorm": ("batch_norm", "bn_"),
    "convolutions": ("conv", "gemm", "xmma"),
    "ReLU": ("threshold", "clamp", "relu"),
    "all else": ("",),
}


def time_by_kind(work: Callable[[], object]) -> dict[str, float]:
    """Run `work()` under PyTorch's profiler.

    Returns:
        Seconds of the device, a GPU where there is one, in "BatchNorm", "convolutions", "ReLU" and
        "all else".

    Example:
        >>> from torch import nn
        >>> convolution, x = nn.Conv2d(3, 64, 7), torch.randn(4, 3, 64, 64)
        >>> spent = time_by_kind(lambda: convolution(x))
        >>> max(spent, key=spent.get)
        'convolutions'
    """
    on_gpu = torch.cuda.is_available()
    os.environ.setdefault("KINETO_LOG_LEVEL", "6")  # no messages of its own
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="torch.profiler")
        with profile(
            activities=[ProfilerActivity.CUDA if on_gpu else ProfilerActivity.CPU]
        ) as record:
            work()
        events = record.key_averages()
    key = "self_device_time_total" if on_gpu else "self_cpu_time_total"
    spent = dict.fromkeys(KINDS, 0.0)
    for event in events:
        name = event.key.lower()
        kind = next(kind for kind, words in KINDS.items() if any(word in name for word in words))
        spent[kind] += getattr(event, key) / 1e6
    return spent
