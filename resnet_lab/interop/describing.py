"""Any PyTorch module as the package's table."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ..checks import check_int
from ..comparing import Comparison, compare_tables
from ..graph import Graph
from ..tracing import Trace, trace
from .folding import folded
from .recording import Recorder


class DescribeError(ValueError):
    """A model did not run to its end.

    Attributes:
        table: of the layers that did run; None if there are none.
    """

    table: Trace | None = None


def describe(
    model: nn.Module, input_shape: tuple[int, ...] = (3, 224, 224), name: str = ""
) -> Trace:
    """Run a model once and count its layers: a table as `trace` makes one of a description.

    The model runs as it does in evaluation, with a batch of one, on tensors without numbers (on the
    meta device); it is left as it was. A layer that is not known, or an operation, is of kind
    "unknown": its parameters count, its MACs do not, and the table says so.

    Args:
        model: any module that takes one tensor.
        input_shape: of one input, (channels, height, width) or (channels, length).
        name: of the network; its class's if it is empty.

    Returns:
        The table. Its text, HTML, rows and pictures are those that a description gives.

    Raises:
        TypeError: for what is no module, or no shape.
        DescribeError: if the model does not run; its `table` has the layers up to there.

    Example:
        >>> import torchvision
        >>> table = describe(torchvision.models.resnet18(), (3, 224, 224))
        >>> table.params, table.macs, table.receptive_field
        (11689512, 1814073344, 435)
    """
    if not isinstance(model, nn.Module):
        raise TypeError(
            f"model is {model!r}; it must be a torch.nn.Module "
            "(a description such as resnet(50) is counted by resnet_lab.trace)"
        )
    if not isinstance(input_shape, (tuple, list)) or not input_shape:
        raise TypeError(f"input_shape is {input_shape!r}; it must be a tuple such as (3, 224, 224)")
    shape = tuple([check_int("a side of input_shape", side) for side in input_shape])
    model = getattr(model, "_orig_mod", model)  # what torch.compile has wrapped
    if isinstance(model, nn.DataParallel):
        model = model.module
    title = name or type(model).__name__
    try:
        recorder = recorded(model, shape, title, "meta")
    except DescribeError:
        recorder = recorded(model, shape, title, "")  # one that looks at its numbers
    return counted(recorder, shape, title, unused_parameters(model, recorder))


def compare(model: Any, other: Any, input_shape: tuple[int, ...] | None = None) -> Comparison:
    """Where two networks part: the first place in a sentence, then parameters and MACs.

    Which branch of a block runs first makes no difference, nor do the names of layers.

    Args:
        model: a module, a description such as `resnet(50)`, or a table.
        other: what it is held against, also one of these.
        input_shape: of one input; that of a table if one of the two is one, else (3, 224, 224).

    Example:
        >>> import torchvision
        >>> from resnet_lab import resnet
        >>> print(compare(torchvision.models.resnet18(), resnet(18)).sentence)
        No difference: layer for layer the two networks are the same.
    """
    given = [each.input_shape for each in (model, other) if isinstance(each, Trace)]
    shape = input_shape or (given[0] if given else (3, 224, 224))
    return compare_tables(_table(model, shape), _table(other, shape))


def _table(net: Any, shape: tuple[int, ...]) -> Trace:
    if isinstance(net, Trace):
        return net
    return describe(net, shape) if isinstance(net, nn.Module) else trace(net, shape)


def counted(recorder: Recorder, shape: tuple[int, ...], name: str, notes: list[str]) -> Trace:
    """The table of what a recorder has seen."""
    graph = Graph(name, recorder.layers, len(shape) - 1, shape[0], notes=tuple(notes))
    return trace(folded(graph, recorder.walk.rows), shape)


def recorded(model: nn.Module, shape: tuple[int, ...], name: str, device: str) -> Recorder:
    """Record a run of `model` on a device; on its own with its own numbers if `device` is empty."""
    tensors = [*model.named_parameters(), *model.named_buffers()]
    state: dict[str, Tensor] = {}
    own = next((tensor.device for _, tensor in tensors), torch.device("cpu"))
    if device:
        state = {key: torch.empty_like(tensor, device=device) for key, tensor in tensors}
    else:
        state = dict(tensors)
    parameters = dict(model.named_parameters())
    named = {id(state[key]): key for key in parameters}
    dtype = next((p.dtype for p in parameters.values() if p.is_floating_point()), torch.float32)
    x = torch.zeros(1, *shape, dtype=dtype, device=device or own)
    recorder = Recorder(name, x, named)
    try:
        with torch.no_grad(), evaluation(model), hooked(model, recorder), recorder:
            if device:
                with torch.device(device):
                    functional_call(model, state, (x,))
            else:
                model(x)
    except Exception as error:
        where = recorder.modules[-1] if recorder.modules else ""
        failed = DescribeError(
            f"{name} did not run on an input of {shape}: in {where or 'its forward'}, "
            f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        )
        if recorder.layers:
            failed.table = counted(recorder, shape, name, [])
        raise failed from error
    return recorder


@contextlib.contextmanager
def evaluation(model: nn.Module) -> Iterator[None]:
    """As in evaluation, and afterwards as before."""
    before = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        yield
    finally:
        for module, training in before:
            module.training = training


@contextlib.contextmanager
def hooked(model: nn.Module, recorder: Recorder) -> Iterator[None]:
    """Every module tells the recorder when it begins and when it has run."""
    handles: list[Any] = []
    try:
        for name, module in model.named_modules():
            handles.append(module.register_forward_pre_hook(partial(recorder.enter, name)))
            handles.append(module.register_forward_hook(partial(recorder.leave, name)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def unused_parameters(model: nn.Module, recorder: Recorder) -> list[str]:
    """A sentence on parameters that took no part in the run."""
    left = {
        name: parameter.numel()
        for (name, parameter), key in zip(model.named_parameters(), recorder.named, strict=True)
        if key not in recorder.counted
    }
    if not left:
        return []
    parts = list(dict.fromkeys([name.split(".")[0] for name in left]))
    shown = ", ".join(parts[:5]) + " ..." * (len(parts) > 5)
    return [f"{sum(left.values()):,} parameters took no part in this run: those of {shown}."]
