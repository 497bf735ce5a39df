"""Devices and precisions, where there is no GPU to ask."""

import pytest
import torch
from bad_input import refused

from resnet_lab import device
from resnet_lab.device import choose_device, resolve_precision

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize(
    "flags, expected",
    [
        ("fpu avx512_bf16 sse", "bfloat16"),
        ("fpu amx_bf16", "bfloat16"),
        ("fpu avx512f", "float32"),
        ("", "float32"),
    ],
)
def test_auto_on_a_cpu_is_bfloat16_where_the_hardware_computes_in_it(flags, expected, monkeypatch):
    monkeypatch.setattr(device, "cpu_info", lambda field: flags)
    assert resolve_precision("auto", CPU) == expected
    assert resolve_precision("bfloat16", CPU) == "bfloat16"


@pytest.mark.parametrize(
    "capability, expected", [((7, 5), "float32"), ((8, 0), "bfloat16"), ((9, 0), "bfloat16")]
)
def test_auto_on_a_gpu_is_bfloat16_from_ampere_on(capability, expected, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert resolve_precision("auto", GPU) == expected
    assert resolve_precision("float32", GPU) == "float32"


def test_seeds_are_pytorchs():
    torch.manual_seed(7)
    expected = torch.rand(3)
    device.seed_generators(7, CPU)
    assert torch.equal(torch.rand(3), expected)


test_bad_input_is_refused = refused(
    (lambda: choose_device("gpu"), ValueError, "'gpu'", 'take "cpu"'),
    (lambda: resolve_precision("bf16", CPU), ValueError, "'bf16'", "'bfloat16'"),
    *[(lambda: choose_device("cuda"), ValueError, "device is cuda", 'take "cpu"')]
    * (not torch.cuda.is_available()),
)
