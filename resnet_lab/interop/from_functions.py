"""What a function of PyTorch does to a recorded network: which layers stand for a call of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from .from_modules import adaptive, axis_numbers
from .from_modules import window as window

if TYPE_CHECKING:
    from .recording import Recorder

Call = dict[str, Any]
Handler = Callable[["Recorder", Any, Call, Tensor], None]

# Functions that change each number by itself, by name without underscores, and their kinds.
EACH = {
    **{name: name for name in ("relu", "relu6", "elu", "gelu", "silu", "mish", "softplus")},
    **{name: name for name in ("hardswish", "hardsigmoid", "sigmoid", "tanh", "dropout")},
    "leaky_relu": "leaky-relu",
    "hardtanh": "relu6",
    "feature_dropout": "dropout",
    "dropout2d": "dropout",
    **{
        name: "arithmetic"
        for name in (
            "neg exp log log2 log1p sqrt rsqrt abs pow square sin cos erf clamp clip round "
            "floor sign gt lt ge le eq ne where logical_not reciprocal masked_fill rpow "
            "nan_to_num normalize local_response_norm"
        ).split()
    },
}
JOINED = {
    **{name: "add" for name in ("add", "radd", "iadd")},
    **{name: "subtract" for name in ("sub", "subtract", "rsub", "isub")},
    **{name: "multiply" for name in ("mul", "multiply", "rmul", "imul")},
    **{name: "divide" for name in ("div", "divide", "truediv", "rtruediv", "itruediv", "rdiv")},
    "maximum": "maximum",
    "matmul": "matmul",
    "bmm": "matmul",
    "mm": "matmul",
    "mv": "matmul",
}
SAME = (
    "contiguous clone detach to float double half bfloat16 type type_as cuda cpu expand "
    "broadcast_to expand_as alias requires_grad"
).split()
RESHAPES = ("view reshape flatten unflatten squeeze unsqueeze ravel view_as reshape_as").split()
PERMUTES = "permute transpose swapaxes swapdims movedim moveaxis t T mT H channel_shuffle".split()
# What makes numbers of its own, or changes them where they stand.
CONSTANTS = (
    "new_zeros new_ones new_full new_empty new_tensor zeros_like ones_like full_like empty_like "
    "rand_like randn_like zero fill copy setitem arange normal uniform"
).split()
SLICES = (
    "getitem chunk split unbind select narrow tensor_split split_with_sizes unsafe_chunk "
    "unsafe_split index_select roll flip"
).split()


def spatial_kernel(recorder: Recorder, call: Call, out: Tensor, kind: str) -> None:
    """A pooling."""
    axes = out.dim() - 2
    numbers = window(
        axes,
        call["kernel_size"],
        call.get("stride"),
        call.get("padding", 0),
        call.get("dilation", 1),
    )
    recorder.add(kind, [call["input"]], out, ceil_mode=bool(call.get("ceil_mode")), **numbers)


def convolution(recorder: Recorder, call: Call, out: Tensor) -> None:
    weight, axes = call["weight"], out.dim() - 2
    numbers = window(
        axes,
        tuple(weight.shape[2:]),
        call.get("stride", 1),
        call.get("padding", 0),
        call.get("dilation", 1),
    )
    own = {"channels": weight.shape[0], "groups": call.get("groups", 1)}
    recorder.add_weighted("conv", call, out, **own, **numbers)


def linear(recorder: Recorder, call: Call, out: Tensor) -> None:
    recorder.add_weighted("linear", call, out, channels=call["weight"].shape[0])


def norm(recorder: Recorder, call: Call, out: Tensor, kind: str) -> None:
    channels = math.prod(call["normalized_shape"]) if kind == "layernorm" else out.shape[1]
    affine = call.get("weight") is not None
    recorder.add_weighted(kind, call, out, **({"channels": channels} if affine else {}))


def mean(recorder: Recorder, call: Call, out: Tensor) -> None:
    source, dims = call["input"], call.get("dim")
    axes = recorder.axes_of(source)
    wanted = range(source.dim()) if dims is None else dims
    chosen = {
        d % source.dim() for d in (wanted if isinstance(wanted, (tuple, list, range)) else [wanted])
    }
    if axes and chosen >= set(axes):
        recorder.add("mean", [source], out, at=())
    else:
        recorder.add("gather", [source], out, at=())


def attention(recorder: Recorder, call: Call, out: Tensor) -> None:
    recorder.add("dot-product", [call["query"], call["key"], call["value"]], out, at=())


def einsum(recorder: Recorder, call: Call, out: Tensor) -> None:
    """A product whose letters say what is multiplied and summed."""
    equation, operands = call["equation"], list(call["operands"])
    letters = equation.replace(" ", "").partition("->")[0].split(",")
    if len(operands) != 2 or "." in equation or not isinstance(equation, str):
        recorder.add("unknown", operands, out, at=())
        return
    sides: dict[str, int] = {}
    for names, operand in zip(letters, operands, strict=True):
        sides.update(zip(names, operand.shape, strict=True))
    summed = math.prod(sides.values()) // max(1, out.numel())
    recorder.add("einsum", operands, out, at=(), channels=summed)


def concat(recorder: Recorder, call: Call, out: Tensor) -> None:
    parts, dim = list(call["tensors"]), call.get("dim", 0)
    if len(parts) == 1:
        recorder.track_again(parts[0], out)
        return
    lead = 1 if recorder.shape(out) == tuple(out.shape[1:]) else 0
    settings: Call = {} if dim % out.dim() == lead else {"shape": recorder.shape(out)}
    kept = recorder.axes_of(parts[0]) if not settings else ()
    recorder.add("concat", parts, out, at=kept, **settings)


def pad(recorder: Recorder, call: Call, out: Tensor) -> None:
    source, amounts = call["input"], list(call["pad"])
    axes, before = recorder.axes_of(source), {}
    for place in range(len(amounts) // 2):
        before[source.dim() - 1 - place] = amounts[2 * place]
    lefts = tuple([before.get(axis, 0) for axis in axes])
    numbers = _alike(len(axes), (1,) * len(axes), (1,) * len(axes), lefts)
    recorder.add("pad", [source], out, at=axes, shape=recorder.shape(out), **numbers)


def _alike(axes: int, kernel: Any, stride: Any, padding: Any) -> Call:
    return window(axes, kernel, stride, padding) if axes else {}


SIGNATURES = {
    "pool": "input kernel_size stride padding dilation ceil_mode return_indices",
    "avgpool": "input kernel_size stride padding ceil_mode count_include_pad",
    "conv": "input weight bias stride padding dilation groups",
    "linear": "input weight bias",
    "batch": "input running_mean running_var weight bias",
    "layer": "input normalized_shape weight bias eps",
    "group": "input num_groups weight bias eps",
    "mean": "input dim keepdim",
    "adaptive": "input output_size",
    "attention": "query key value",
    "cat": "tensors dim",
    "pad": "input pad mode value",
    "softmax": "input dim",
}
HANDLERS: dict[str, tuple[str, Any]] = {
    "linear": ("linear", linear),
    "batch_norm": ("batch", lambda r, call, out: norm(r, call, out, "batchnorm")),
    "layer_norm": ("layer", lambda r, call, out: norm(r, call, out, "layernorm")),
    "group_norm": ("group", lambda r, call, out: norm(r, call, out, "groupnorm")),
    "mean": ("mean", mean),
    "scaled_dot_product_attention": ("attention", attention),
    "einsum": ("einsum", einsum),
    "cat": ("cat", concat),
    "concat": ("cat", concat),
    "concatenate": ("cat", concat),
    "pad": ("pad", pad),
}
for _axes in (1, 2, 3):
    HANDLERS[f"conv{_axes}d"] = ("conv", convolution)
    for _name in ("max", "avg"):
        _kind = f"{_name}pool"
        HANDLERS[f"{_name}_pool{_axes}d"] = (
            "pool" if _name == "max" else "avgpool",
            lambda r, call, out, kind=_kind: spatial_kernel(r, call, out, kind),
        )
        HANDLERS[f"adaptive_{_name}_pool{_axes}d"] = (
            "adaptive",
            lambda r, call, out, kind=_kind: r.add(
                kind, [call["input"]], out, **adaptive(out.dim() - 2, call["output_size"])
            ),
        )


def bound(signature: str, args: tuple[Any, ...], kwargs: Call) -> Call:
    """A call's arguments by name."""
    if signature == "einsum":
        operands = args[1] if isinstance(args[1], (tuple, list)) else args[1:]
        return {"equation": args[0], "operands": operands}
    names = SIGNATURES[signature].split()
    return {**dict(zip(names, args, strict=False)), **kwargs}


def permuted(func: Any, args: tuple[Any, ...], kwargs: Call, source: Tensor) -> list[int]:
    """Which axis of the input each axis of the output is, tried out on an input of other sides."""
    sides = [2, 3, 5, 7, 11, 13, 17, 19][: source.dim()]
    out = func(torch.empty(sides, device="meta"), *args[1:], **kwargs)
    return [sides.index(side) for side in out.shape]


def kept_by_reshape(axes: tuple[int, ...], source: Tensor, out: Tensor) -> tuple[int, ...] | None:
    """Where each axis is in another shape of the same numbers; None where one is taken apart.

    An axis stays if its size and the number of what stands behind it do.
    """
    found = []
    for axis in axes:
        behind = math.prod(source.shape[axis + 1 :])
        fits = [
            place
            for place in range(out.dim())
            if out.shape[place] == source.shape[axis]
            and math.prod(out.shape[place + 1 :]) == behind
            and place not in found
        ]
        if not fits:
            return None
        found.append(fits[0])
    return tuple(found)


def kept_by_slice(
    func: Any,
    args: tuple[Any, ...],
    kwargs: Call,
    source: Tensor,
    axes: tuple[int, ...],
    which: int,
) -> tuple[tuple[int, ...], list[int], list[int]] | None:
    """Of a slice: where each axis is, its step and its first position; None where that is not so.

    Tried out on a dense input of the same sides, whose strides tell.
    """
    dense = torch.empty(tuple(source.shape), device="meta")
    try:
        out = func(dense, *args[1:], **kwargs)
        out = out[which] if isinstance(out, (tuple, list)) else out
        offset = out.storage_offset()
    except (RuntimeError, TypeError, NotImplementedError):
        return None
    if out._base is not dense and out is not dense:
        return None
    starts = []
    for stride in dense.stride():
        starts.append(offset // stride if stride else 0)
        offset -= starts[-1] * stride
    places, steps = [], []
    for axis in axes:
        own = dense.stride(axis)
        following = dense.stride(axis - 1) if axis else math.inf
        fits = [
            place
            for place in range(out.dim())
            if out.stride(place) % own == 0 and own <= out.stride(place) < following
        ]
        if source.shape[axis] == 1:
            fits = [axis + out.dim() - source.dim()]
        if not fits:
            return None
        places.append(fits[0])
        steps.append(max(1, out.stride(fits[0]) // own) if source.shape[axis] > 1 else 1)
    return tuple(places), steps, [starts[axis] for axis in axes]


def size(value: Any, axes: int) -> tuple[int, ...]:
    return axis_numbers(value, axes)
