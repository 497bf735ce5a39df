"""Modules from elsewhere, recorded: against torchvision, FlopCounterMode, hooks and gradients."""

import random
import warnings

import pytest
import torch
import torchvision
from everything import EVERYTHING, examples
from hypothesis import example, given, settings
from networks import networks
from torch import nn
from torch.nn import functional as F  # noqa: N812  (PyTorch's own name for it)
from torch.utils.flop_counter import FlopCounterMode

import resnet_lab as rl
from resnet_lab.fields import PerAxis
from resnet_lab.interop import DescribeError, describe, from_json
from resnet_lab.models import build

CLASSIFIERS = torchvision.models.list_models(module=torchvision.models)
CHOSEN = CLASSIFIERS if EVERYTHING else CLASSIFIERS[::7]


def on_meta(name):
    """torchvision's model of that name, without numbers."""
    settings = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    if name.startswith("regnet"):  # asks its settings for numbers while it is built
        return torchvision.models.get_model(name, **settings).to("meta").eval()
    with torch.device("meta"):
        return torchvision.models.get_model(name, **settings).eval()


def counted_by_hooks(model, shape):
    """(MACs of convolutions and linear layers by name, all FLOPs by PyTorch)."""
    macs = {}

    def record(module, inputs, output, name):
        weight = module.weight
        macs.setdefault(name, []).append(weight.numel() * output.numel() // weight.shape[0])

    for name, module in model.named_modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.register_forward_hook(lambda *call, name=name: record(*call, name=name))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(1, *shape, device="meta"))
    return macs, counter.get_total_flops()


@pytest.mark.slow
def test_classifiers_of_torchvision():
    """Parameters, and MACs layer by layer as hooks see them and in all as PyTorch counts them."""
    print(f"\n{'':22}{'parameters':>13}{'MACs':>17}  field")
    for name in CHOSEN:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = on_meta(name)
        shape = (3, 224, 224)
        table = describe(model, shape, name)
        macs, flops = counted_by_hooks(model, shape)
        left = sum(
            parameter.numel()
            for key, parameter in model.named_parameters()
            if key.startswith(("aux", "AuxLogits"))
        )
        print(
            f"{name:22}{table.params:13,}{table.macs:17,}  {table.rows[-1].field_text:>8} "
            f"{table.receptive_field}"
        )
        assert not table.unknown, name
        assert table.params + left == sum(p.numel() for p in model.parameters()), name
        assert 2 * table.macs == flops, name
        rows = {}
        for row in table:
            if row.kind in ("conv", "linear"):
                rows.setdefault(row.name, []).append(row.macs)
        # Projections inside of an attention are part of its row, or run without their module.
        assert all(rows[key] == each for key, each in macs.items() if key in rows), name
        assert all("attn" in key or "attention" in key for key in macs.keys() - rows.keys()), name
        assert bool(left) == bool(table.net.notes)
    assert len(CLASSIFIERS) == 80


WITH_FIELDS = (
    "alexnet resnet18 resnet50 vgg11 densenet121 googlenet inception_v3 mobilenet_v2 "
    "mobilenet_v3_small efficientnet_b0 shufflenet_v2_x1_0 convnext_tiny"
).split()


def average_pool(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, **_):
    return F.avg_pool2d(x, kernel_size, stride, padding, ceil_mode)


class Average(nn.Module):
    """A smooth stand-in for a max pooling."""

    def __init__(self, pool):
        super().__init__()
        self.window = pool.kernel_size, pool.stride, pool.padding, 1, pool.ceil_mode

    def forward(self, x):
        return average_pool(x, *self.window)


def smooth(name):
    """The model with positive weights and no maxima: a gradient's support is what is seen."""
    model = on_meta(name).to_empty(device="cpu").double()
    gates = torchvision.ops.SqueezeExcitation
    for key, module in list(model.named_modules()):
        stand_in = None
        if isinstance(module, (nn.LayerNorm, nn.ReLU6, gates)):
            stand_in = nn.Identity()
        elif isinstance(module, nn.MaxPool2d):
            stand_in = Average(module)
        if stand_in:
            parent, _, leaf = key.rpartition(".")
            setattr(model.get_submodule(parent), leaf, stand_in)
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            nn.init.constant_(parameter, 1 / max(1, parameter[0].numel()))
        if isinstance(module, (nn.Conv2d, nn.Linear, nn.BatchNorm2d)) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
    return model


@pytest.mark.parametrize("name", WITH_FIELDS)
def test_fields_are_the_support_of_the_gradient(name, monkeypatch):
    """Ten layers each, both axes, on an input that is no square."""
    monkeypatch.setattr(F, "max_pool2d", average_pool)
    sides = (160, 176)
    table = describe(on_meta(name), (3, *sides))
    model, outputs = smooth(name), {}
    modules, names = dict(model.named_modules()), [row.name for row in table]
    rows = [
        row
        for row in table
        if row.kind in ("conv", "maxpool", "avgpool", "relu", "batchnorm")
        and row.name in modules
        and names.count(row.name) == 1
        and len(row.output_shape) == 3
        and all(0 < first <= last < side - 1 for first, last, side in ends(row, sides))
    ]
    chosen = random.Random(0).sample(rows, min(10, len(rows)))
    assert len(chosen) == 10 or name == "convnext_tiny" and len(chosen) > 5  # it grows fast
    for row in chosen:
        modules[row.name].register_forward_hook(
            lambda module, inputs, output, key=row.name: outputs.update({key: output})
        )
    x = torch.ones(1, 3, *sides, dtype=torch.float64, requires_grad=True)
    model(x)
    for row in chosen:
        out = outputs[row.name]
        middle = [side // 2 for side in out.shape[2:]]
        value = out[0, :, middle[0], middle[1]].sum()
        (gradient,) = torch.autograd.grad(value, x, retain_graph=True)
        for axis, (first, last, _) in enumerate(ends(row, sides)):
            seen = gradient[0].sum(0).sum(1 - axis).nonzero().flatten()
            assert (seen[0].item(), seen[-1].item()) == (first, last), row.name


def ends(row, sides):
    """Along each axis the first and the last pixel that the middle of a layer sees."""
    fields = row.field.axes if isinstance(row.field, PerAxis) else (row.field,) * 2
    for field, side, out in zip(fields, sides, row.output_shape[1:], strict=True):
        first = out // 2 * field.stride - field.padding
        yield first, first + field.size - 1, side


def mobilenet_v1():
    """Howard et al. (2017), table 1: depthwise and pointwise convolutions in turn."""

    def block(ins, outs, stride=1, groups=1, kernel=1):
        conv = nn.Conv2d(ins, outs, kernel, stride, kernel // 2, groups=groups, bias=False)
        return [conv, nn.BatchNorm2d(outs), nn.ReLU()]

    layers, channels = block(3, 32, 2, kernel=3), 32
    plan = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
    for outs, stride in [*plan, *[(512, 1)] * 5, (1024, 2), (1024, 1)]:
        layers += block(channels, channels, stride, channels, 3) + block(channels, outs)
        channels = outs
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1024, 1000)]
    return nn.Sequential(*layers, *head)


def test_distills_table():
    """Araujo, Norris and Sim (2019), where their networks are the same."""
    fields = {name: describe(on_meta(name)).receptive_field for name in ("alexnet", "inception_v3")}
    fields["vgg16"] = describe(on_meta("vgg16")).receptive_field
    fields["mobilenet_v1"] = describe(mobilenet_v1()).receptive_field
    assert fields == {"alexnet": 195, "inception_v3": 1311, "vgg16": 212, "mobilenet_v1": 315}


def facts(table):
    return [
        (
            row.name,
            row.kind,
            row.output_shape,
            row.params,
            row.macs,
            row.field,
            row.depth,
            row.gated,
            row.on_main_path,
        )
        for row in table
    ]


# Of one pixel a stride leaves one: two stages are alike in all but the field's stride.
ONE_PIXEL = {
    "block": "single",
    "widths": (1, 1, 1),
    "depths": (2, 2, 2),
    "stem": "7x7",
    "kernel": 1,
}


@settings(max_examples=examples(60), deadline=None)
@given(networks())
@example(({**ONE_PIXEL, "in_channels": 1, "classes": 1, "dims": 1}, (1, 1)))
def test_what_is_built_is_recorded_as_it_was_described(case):
    net, shape = case
    net = rl.ResNet(**net)
    with torch.device("meta"):
        model = build(net) if net.head == "average" else None
    model = model or build(net)
    wanted, found = rl.trace(net, shape), describe(model, shape)
    assert facts(found) == facts(wanted)
    if net.fusion == "add":  # what is put side by side a description always writes out
        assert found.net.graph().repeats == wanted.net.graph().repeats
    assert facts(from_json(found.to_json())) == facts(wanted)


def test_a_model_is_left_as_it_was():
    model = torchvision.models.resnet18()
    model.layer1.eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    describe(model, (3, 64, 64))
    assert [model.training, model.layer1.training, model.layer2.training] == [True, False, True]
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


class Strange(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, (1, 7), padding=(0, 3))
        self.lstm = nn.LSTM(8, 5, batch_first=True)
        self.idle = nn.Linear(9, 9)

    def forward(self, x):
        x = torch.fft.fft2(self.conv(x)).real  # nobody knows this
        return self.lstm(x.flatten(2).transpose(1, 2))[0].mean(1)


def test_what_is_not_known_is_named_with_its_line():
    table = describe(Strange(), (3, 12, 16))
    assert table.at("conv").field.axes[1].size == table.at("conv").receptive_field == 7
    assert [row.name for row in table.unknown] == ["fft_fft2", "real", "lstm"]
    assert table.params == sum(p.numel() for p in Strange().parameters()) - 90
    assert table.macs == 8 * 12 * 16 * 3 * 7  # the convolution's alone
    text = table.to_text()
    assert "at least 32,256" in text and "  ?\n" in text
    assert "test_interop.py, line" in text and "# nobody knows this" in text
    assert "90 parameters took no part in this run: those of idle." in text
    assert table.receptive_field is None


def test_a_module_that_runs_twice_counts_its_parameters_once():
    conv = nn.Conv2d(4, 4, 3, padding=1)
    table = describe(nn.Sequential(conv, nn.ReLU(), conv), (4, 8, 8))
    assert table.params == sum(p.numel() for p in conv.parameters())
    assert table.macs == 2 * conv.weight.numel() * 64
    assert table.receptive_field == 5


def test_a_gate_is_told_apart():
    table = describe(on_meta("efficientnet_b0"))
    assert table.rows[0].field_text == "3" and table.gated
    assert "all: through gates" in table.to_text()
    assert " / all" in table.at("features.8").field_text


def test_a_failure_gives_the_layers_up_to_there():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Linear(5, 2))
    with pytest.raises(DescribeError, match="did not run on an input of .3, 8, 8.*in 2") as failed:
        describe(model, (3, 8, 8))
    assert [row.kind for row in failed.value.table] == ["conv", "relu"]


def test_a_model_that_looks_at_its_numbers():
    class Looks(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x):
            return self.conv(x) if x.sum().item() == 0 else x

    assert describe(Looks(), (3, 8, 8)).params == 112


@pytest.mark.parametrize(
    "model, shape, error",
    [
        (rl.resnet(18), (3, 8, 8), TypeError),
        (nn.Identity(), 7, TypeError),
        (nn.Identity(), (3, 0), ValueError),
    ],
)
def test_bad_input(model, shape, error):
    with pytest.raises(error):
        describe(model, shape)
