"""What tests hold the package against: the papers' networks in plain torch.nn, counted by hooks.

Nothing in this file uses resnet_lab. Module names are torchvision's; additions, concatenations and
zero-padded shortcuts are modules too, so that hooks see them.
"""

import functools
from collections import namedtuple

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  (PyTorch's own name for it)

CONV = {1: nn.Conv1d, 2: nn.Conv2d}
NORM = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}
MAX_POOL = {1: nn.MaxPool1d, 2: nn.MaxPool2d}
AVERAGE_POOL = {1: nn.AvgPool1d, 2: nn.AvgPool2d}
GLOBAL_POOL = {1: nn.AdaptiveAvgPool1d, 2: nn.AdaptiveAvgPool2d}


class Add(nn.Module):
    def forward(self, branch, shortcut):
        return branch + shortcut


class Concat(nn.Module):
    def forward(self, branch, shortcut):
        return torch.cat([branch, shortcut], dim=1)


class Subsample(nn.Module):
    """Shortcut A: every stride-th pixel, new channels filled with zeros. No parameters."""

    def __init__(self, new_channels, stride, dims):
        super().__init__()
        self.new_channels, self.index = new_channels, (..., *[slice(None, None, stride)] * dims)

    def forward(self, x):
        x = x[self.index]
        return F.pad(x, [0, 0] * (x.dim() - 2) + [0, self.new_channels])


class Multiply(nn.Module):
    def forward(self, features, gate):
        return features * gate


class SqueezeExcitation(nn.Module):
    """Hu, Shen and Sun 2017, figure 3, with a reduction of 16."""

    def __init__(self, channels, dims):
        super().__init__()
        narrow = max(1, channels // 16)
        self.avgpool = GLOBAL_POOL[dims](1)
        self.fc1, self.fc2 = CONV[dims](channels, narrow, 1), CONV[dims](narrow, channels, 1)
        self.relu, self.sigmoid, self.multiply = nn.ReLU(), nn.Sigmoid(), Multiply()

    def forward(self, x):
        squeezed = self.relu(self.fc1(self.avgpool(x)))
        return self.multiply(x, self.sigmoid(self.fc2(squeezed)))


class Block(nn.Module):
    """One, two (basic) or three (bottleneck) convolutions; version 2 is pre-activation."""

    def __init__(
        self, channels, width, stride, block, version, shortcut, kernel, dims, fusion, se=False
    ):
        super().__init__()
        conv, norm = CONV[dims], NORM[dims]
        if block == "single":
            outs, kernels, strides = [width], [kernel], [stride]
        elif block == "basic":
            outs, kernels, strides = [width, width], [kernel, kernel], [stride, 1]
        else:
            outs, kernels = [width, width, 4 * width], [1, kernel, 1]
            strides = [stride, 1, 1] if version == 1 else [1, stride, 1]
        ins = [channels] + outs[:-1]
        self.count, self.preactivated = len(outs), version == 2
        for n in range(self.count):
            self.add_module(
                f"conv{n + 1}",
                conv(ins[n], outs[n], kernels[n], strides[n], kernels[n] // 2, bias=False),
            )
            self.add_module(f"bn{n + 1}", norm(ins[n] if version == 2 else outs[n]))
        self.relu = nn.ReLU()

        out = outs[-1]
        self.se = SqueezeExcitation(out, dims) if se else nn.Identity()
        changes = stride != 1 or (channels != out and fusion == "add")
        self.plain, self.downsample = shortcut == "none", None
        if shortcut == "C" or shortcut == "B" and changes:
            layers = [conv(channels, out, 1, stride, bias=False)]
            self.downsample = nn.Sequential(*layers if version == 2 else [*layers, norm(out)])
        elif shortcut == "A" and changes:
            self.downsample = Subsample(out - channels, stride, dims)
        if not self.plain:
            self.add_module(fusion, Add() if fusion == "add" else Concat())
        self.fuse = getattr(self, fusion, None)
        if fusion == "concat":
            out += channels if self.downsample is None else out
        self.out_channels = out

    def forward(self, x):
        out = x
        for n in range(1, self.count + 1):
            conv, bn = getattr(self, f"conv{n}"), getattr(self, f"bn{n}")
            if self.preactivated:
                out = self.relu(bn(out))
                if (
                    n == 1 and self.downsample is not None
                ):  # where the shape changes, the shortcut starts here
                    x = out
                out = conv(out)
            else:
                out = bn(conv(out))
                if n < self.count:
                    out = self.relu(out)
        out = self.se(out)
        if not self.plain:
            out = self.fuse(out, x if self.downsample is None else self.downsample(x))
        return out if self.preactivated else self.relu(out)


class ResNet(nn.Module):
    """He et al. 2015 (versions 1, 1.5) and 2016 (2); settings as in resnet_lab.ResNet."""

    def __init__(
        self,
        block,
        depths,
        widths=(64, 128, 256, 512),
        version=1.5,
        shortcut="B",
        stem="7x7",
        stem_width=None,
        kernel=3,
        in_channels=3,
        classes=1000,
        dims=2,
        fusion="add",
        head="average",
        dropout=0.0,
        input_size=None,
        se=False,
    ):
        super().__init__()
        channels = stem_width or widths[0]
        self.version, self.small = version, stem == "3x3"
        self.conv1 = CONV[dims](
            in_channels, channels, *(3, 1, 1) if self.small else (7, 2, 3), bias=False
        )
        if version != 2:
            self.bn1 = NORM[dims](channels)
        self.relu = nn.ReLU()
        if not self.small:
            self.maxpool = MAX_POOL[dims](3, 2, 1)
        for stage, (depth, width) in enumerate(zip(depths, widths, strict=True)):
            blocks = []
            for index in range(depth):
                stride = 2 if stage > 0 and index == 0 else 1
                options = block, version, shortcut, kernel, dims, fusion, se
                blocks.append(Block(channels, width, stride, *options))
                channels = blocks[-1].out_channels
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.stages = len(depths)
        if version == 2:
            self.bn = NORM[dims](channels)
        features = channels
        if head == "average":
            self.avgpool = GLOBAL_POOL[dims](1)
        else:
            self.avgpool = AVERAGE_POOL[dims](4)
            side = input_size if self.small else -(-input_size // 4)
            for _ in depths[1:]:
                side = -(-side // 2)
            features *= (side // 4) ** dims
        self.flatten = nn.Flatten()
        self.dropout = nn.Dropout(dropout) if dropout else None
        self.fc = nn.Linear(features, classes)

    def forward(self, x):
        x = self.conv1(x)
        if self.version != 2:
            x = self.relu(self.bn1(x))
        if not self.small:
            x = self.maxpool(x)
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        if self.version == 2:
            x = self.relu(self.bn(x))
        x = self.flatten(self.avgpool(x))
        return self.fc(x if self.dropout is None else self.dropout(x))


KINDS = {
    nn.Conv1d: "conv",
    nn.Conv2d: "conv",
    nn.BatchNorm1d: "batchnorm",
    nn.BatchNorm2d: "batchnorm",
    nn.ReLU: "relu",
    nn.Sigmoid: "sigmoid",
    Multiply: "multiply",
    nn.MaxPool1d: "maxpool",
    nn.MaxPool2d: "maxpool",
    nn.AvgPool1d: "avgpool",
    nn.AvgPool2d: "avgpool",
    nn.AdaptiveAvgPool1d: "avgpool",
    nn.AdaptiveAvgPool2d: "avgpool",
    nn.Flatten: "flatten",
    nn.Dropout: "dropout",
    nn.Linear: "linear",
    Add: "add",
    Concat: "concat",
}

Call = namedtuple("Call", "name kind kernel stride input_shape output_shape params macs")


def on_every_call(model, x, record):
    """Run the model once; after each call of a module of a kind, call `record`."""
    hooks = []
    for name, module in model.named_modules():
        if kind := KINDS.get(type(module)):
            hooks.append(module.register_forward_hook(functools.partial(record, name, kind)))
    model(x)
    for hook in hooks:
        hook.remove()


def side(size):
    return size if isinstance(size, int) else size[0]


def calls(model, input_shape) -> list:
    """Every layer of `model` in the order it ran, counted as it ran, on the meta device too.

    A convolution's weight is used once at every output position, a linear layer's once.
    """
    found = []

    def record(name, kind, module, inputs, output):
        kernel, stride = (
            (module.kernel_size, module.stride) if kind in ("conv", "maxpool") else (1, 1)
        )
        macs = module.weight.numel() * output[0, 0].numel() if kind in ("conv", "linear") else 0
        params = sum(p.numel() for p in module.parameters(recurse=False))
        found.append(
            Call(
                name,
                kind,
                side(kernel),
                side(stride),
                tuple(inputs[0].shape[1:]),
                tuple(output.shape[1:]),
                params,
                macs,
            )
        )

    device = next(model.parameters()).device
    with torch.no_grad():
        on_every_call(model.eval(), torch.zeros(1, *input_shape, device=device), record)
    return found


Seen = namedtuple("Seen", "name kind receptive_field stride padding")


def linearise(model):
    """Make the model linear with positive weights, in float64: averages for maxima, no biases.

    ReLU then passes everything and nothing can cancel: a gradient's support is just what is seen.
    """
    for name, module in list(model.named_modules()):
        kind = KINDS.get(type(module))
        if kind in ("conv", "linear"):
            nn.init.constant_(module.weight, 1 / module.weight[0].numel())
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif kind == "maxpool":
            average = AVERAGE_POOL[1 if isinstance(module, nn.MaxPool1d) else 2]
            replace(model, name, average(module.kernel_size, module.stride, module.padding))
    return model.double().eval()


def fields(model, length, height=1) -> list:
    """What a pixel of every convolution, pooling and addition sees along the last axis, measured.

    The model is changed.     The global average and what follows are left out: they see everything.
    """
    kinds = {
        name: KINDS[type(module)] for name, module in model.named_modules() if type(module) in KINDS
    }
    stem = next(module for module in model.modules() if KINDS.get(type(module)) == "conv")
    heights = [height] if isinstance(stem, nn.Conv2d) else []
    x = torch.ones(1, stem.in_channels, *heights, length, dtype=torch.float64, requires_grad=True)
    outputs = []

    def record(name, kind, module, inputs, output):
        if kind in ("conv", "add", "concat") or isinstance(module, tuple(AVERAGE_POOL.values())):
            outputs.append((name, output))

    on_every_call(linearise(model), x, record)
    return [Seen(name, kinds[name], *seen(x, output)) for name, output in outputs]


def seen(x, output) -> tuple:
    """(receptive field, stride, padding) of `output`, from the gradients of two middle pixels."""
    middle, edges = output.shape[-1] // 2, []
    for position in (middle - 1, middle):
        (gradient,) = torch.autograd.grad(output[..., position].sum(), x, retain_graph=True)
        pixels = gradient.flatten(0, -2).sum(0).nonzero()
        edges.append((pixels[0].item(), pixels[-1].item()))
    (left, right), (next_left, next_right) = edges
    assert 0 < left and next_right < x.shape[-1] - 1, (
        "the field touches the edge: measure on a longer input"
    )
    assert right - left == next_right - next_left, (
        "two pixels of one layer see the same number of pixels"
    )
    stride = next_left - left
    return right - left + 1, stride, (middle - 1) * stride - left


def replace(model, name, module):
    parent, _, leaf = name.rpartition(".")
    setattr(model.get_submodule(parent), leaf, module)


def thin(model):
    """The same 2-D network with one channel everywhere: the same fields, at next to no cost."""
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Conv2d):
            geometry = module.kernel_size, module.stride, module.padding, module.dilation
            replace(model, name, nn.Conv2d(1, 1, *geometry))
        elif isinstance(module, nn.BatchNorm2d):
            replace(model, name, nn.BatchNorm2d(1))
        elif isinstance(module, nn.Linear):
            replace(model, name, nn.Identity())
    return model
