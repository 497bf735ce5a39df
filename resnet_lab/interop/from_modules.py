"""What a module of PyTorch is as a layer of the package's graph: its kind and its own numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from torch import nn

from ..modules import ZeroPad

Settings = dict[str, Any]

ACTIVATIONS: dict[type[nn.Module], str] = {
    nn.ReLU: "relu",
    nn.ReLU6: "relu6",
    nn.LeakyReLU: "leaky-relu",
    nn.ELU: "elu",
    nn.GELU: "gelu",
    nn.SiLU: "silu",
    nn.Mish: "mish",
    nn.Softplus: "softplus",
    nn.Hardswish: "hardswish",
    nn.Hardsigmoid: "hardsigmoid",
    nn.Hardtanh: "relu6",
    nn.Sigmoid: "sigmoid",
    nn.Tanh: "tanh",
    nn.Dropout: "dropout",
    nn.Dropout1d: "dropout",
    nn.Dropout2d: "dropout",
    nn.Dropout3d: "dropout",
    nn.AlphaDropout: "dropout",
}


def window(axes: int, kernel: Any, stride: Any, padding: Any, dilation: Any = 1) -> Settings:
    """Kernel, stride, padding and dilation as a layer has them: numbers, or a tuple for each."""
    kernel, dilation = axis_numbers(kernel, axes), axis_numbers(dilation, axes)
    stride = axis_numbers(stride, axes) if stride not in (None, [], ()) else kernel
    if padding == "same":
        padding = tuple([d * (k - 1) // 2 for d, k in zip(dilation, kernel, strict=True)])
    elif padding == "valid":
        padding = 0
    numbers = [kernel, stride, axis_numbers(padding, axes), dilation]
    alike = all(len(set(each)) == 1 for each in numbers)
    names = ("kernel", "stride", "padding", "dilation")
    return {name: each[0] if alike else each for name, each in zip(names, numbers, strict=True)}


def axis_numbers(value: Any, axes: int) -> tuple[int, ...]:
    """One whole number for each axis."""
    if isinstance(value, (tuple, list)):
        return tuple([int(each) for each in value]) * (axes if len(value) == 1 else 1)
    return (int(value),) * axes


def _conv(axes: int) -> Callable[[Any], tuple[str, Settings]]:
    def read(module: Any) -> tuple[str, Settings]:
        numbers = window(axes, module.kernel_size, module.stride, module.padding, module.dilation)
        own = {"channels": module.out_channels, "groups": module.groups}
        return "conv", {**own, "bias": module.bias is not None, **numbers}

    return read


def _transposed(axes: int) -> Callable[[Any], tuple[str, Settings]]:
    def read(module: Any) -> tuple[str, Settings]:
        _, settings = _conv(axes)(module)
        return "transposed-conv", settings

    return read


def _pool(kind: str, axes: int) -> Callable[[Any], tuple[str, Settings]]:
    def read(module: Any) -> tuple[str, Settings]:
        dilation = getattr(module, "dilation", 1)
        numbers = window(axes, module.kernel_size, module.stride, module.padding, dilation)
        return kind, {**numbers, "ceil_mode": bool(module.ceil_mode)}

    return read


def _adaptive(kind: str, axes: int) -> Callable[[Any], tuple[str, Settings]]:
    def read(module: Any) -> tuple[str, Settings]:
        return kind, adaptive(axes, module.output_size)

    return read


def adaptive(axes: int, size: Any) -> Settings:
    """The number of windows of an adaptive pooling; the size itself where it keeps an axis's."""
    sizes = tuple(size) if isinstance(size, (tuple, list)) else (size,) * axes
    return {"output_size": sizes[0] if len(set(sizes)) == 1 and sizes[0] else sizes}


def _batchnorm(module: Any) -> tuple[str, Settings]:
    return "batchnorm", {}


def _linear(module: Any) -> tuple[str, Settings]:
    return "linear", {"channels": module.out_features, "bias": module.bias is not None}


def _layernorm(module: Any) -> tuple[str, Settings]:
    return "layernorm", {"channels": math.prod(module.normalized_shape)}


def _attention(module: Any) -> tuple[str, Settings]:
    bias = module.in_proj_bias is not None
    return "attention", {"channels": module.embed_dim, "bias": bias}


def _zero_pad(module: Any) -> tuple[str, Settings]:
    return "zero-pad", {"channels": module.out_channels, "stride": module.stride}


READERS: dict[type[nn.Module], Callable[[Any], tuple[str, Settings]]] = {
    nn.Linear: _linear,
    nn.LayerNorm: _layernorm,
    nn.GroupNorm: lambda module: ("groupnorm", {}),
    nn.Flatten: lambda module: ("flatten", {}),
    nn.PReLU: lambda module: ("prelu", {"channels": module.num_parameters}),
    nn.Softmax: lambda module: ("softmax", {}),
    nn.MultiheadAttention: _attention,
    nn.RNNBase: lambda module: ("unknown", {}),
    ZeroPad: _zero_pad,
    **{
        kind: (lambda module, name=name: (name, {}))  # type: ignore[misc]
        for kind, name in ACTIVATIONS.items()
    },
}
for _axes in (1, 2, 3):
    READERS[getattr(nn, f"Conv{_axes}d")] = _conv(_axes)
    READERS[getattr(nn, f"ConvTranspose{_axes}d")] = _transposed(_axes)
    READERS[getattr(nn, f"BatchNorm{_axes}d")] = _batchnorm
    READERS[getattr(nn, f"InstanceNorm{_axes}d")] = lambda module: ("instancenorm", {})
    for _kind, _name in (("maxpool", "MaxPool"), ("avgpool", "AvgPool")):
        READERS[getattr(nn, f"{_name}{_axes}d")] = _pool(_kind, _axes)
        READERS[getattr(nn, f"Adaptive{_name}{_axes}d")] = _adaptive(_kind, _axes)


def reader(module: nn.Module) -> Callable[[Any], tuple[str, Settings]] | None:
    """What reads such a module; None where its own forward has to be watched instead."""
    for kind in type(module).__mro__:
        if kind in READERS:
            known = kind is nn.RNNBase or type(module).forward is kind.forward
            return READERS[kind] if known else None
    return None
