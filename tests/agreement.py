"""What a table and a module say of the same network, in a form that can be compared."""

import reference
import torch
from torch import nn

from resnet_lab import modules


def counted(table, without=()):
    return [
        (
            row.name,
            row.kind,
            *((row.kernel, row.layer_stride) if row.kind in ("conv", "maxpool") else (1, 1)),
            row.input_shape,
            row.output_shape,
            row.params,
            row.macs,
        )
        for row in table
        if row.kind not in without
    ]


def seen(table, kinds=("conv", "maxpool", "add", "concat")):
    return [
        (row.name, row.kind, row.receptive_field, row.stride, row.padding)
        for row in table
        if row.kind in kinds
    ]


def assert_agrees(model, table):
    """What PyTorch executes is what the table says: every layer, every join, every stage, the end.

    Modules add and concatenate in a block's forward, so a join's shape is that of the block.
    """
    shapes, hooks = {}, []

    def container(name):
        return lambda module, inputs, output: shapes.update({name: tuple(output.shape[1:])})

    for name, module in model.named_modules():
        if type(module) not in reference.KINDS and not isinstance(
            module, (nn.Identity, modules.ZeroPad)
        ):
            hooks.append(module.register_forward_hook(container(name)))
    assert counted(table, without=("add", "concat", "multiply")) == reference.calls(
        model, table.input_shape
    )
    for hook in hooks:
        hook.remove()
    for row in table:
        if row.kind in ("add", "concat"):
            assert shapes[row.name.rpartition(".")[0]] == row.output_shape
    for row in table.groups("stage"):
        if row.name.startswith("layer"):
            assert shapes[row.name] == row.output_shape
    assert shapes[""] == table.output_shape
    assert sum(parameter.numel() for parameter in model.parameters()) == table.params


def shapes_after(model, x):
    """The shape after every part of a model."""
    found = []
    with torch.no_grad():
        for part in model.eval():
            x = part(x)
            found.append(tuple(x.shape))
    return found
