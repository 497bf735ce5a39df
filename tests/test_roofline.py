"""Rooflines: bytes as PyTorch's tensors have them, figures as the data sheets, steps on an H100."""

import json
from pathlib import Path

import pytest
import torch
from bad_input import refused
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import resnet_lab as rl
from resnet_lab import recorded
from resnet_lab.devices import DEVICES, Device
from resnet_lab.models import build

TABLE = rl.trace(rl.resnet(50), (3, 224, 224))
RESULTS = Path(__file__).parents[1] / "experiments" / "results"
MEASURED = recorded.memory()
NETS = {"resnet50-v2": rl.resnet(50, version=2), "se-resnet50": rl.resnet(50, se=True)}


def table_of(name, shape=(3, 224, 224), **settings):
    return rl.trace(NETS.get(name) or rl.named(name, **settings), shape)


def every(cost):
    return sum(row.copies * row.bytes for row in cost.rows)


def test_layers_move_what_pytorchs_tensors_hold():
    net, moved = rl.cifar_resnet(20, "B"), {}
    model = build(net)

    def count(name):
        def hook(module, inputs, output):
            tensors = [*inputs, *module.parameters(), output]
            moved[name] = sum(tensor.numel() * 4 for tensor in tensors)

        return hook

    for name, module in model.named_modules():
        if isinstance(module, (nn.Conv2d, nn.Linear, nn.BatchNorm2d)):
            module.register_forward_hook(count(name))
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(4, 3, 32, 32))
    rows = rl.trace(net, (3, 32, 32)).roofline("H100", 4).rows
    ours = {row.name: row.bytes for row in rows if row.name in moved}
    assert len(ours) > 25 and ours == {name: moved[name] for name in ours}
    assert sum(2 * row.copies * row.macs for row in rows) == counter.get_total_flops()


def test_a_layer_does_what_the_lower_of_two_roofs_lets_it():
    device = Device("mine", "a device for a test", 1e9, 100.0, {"float32": 1000.0}, 0.0, "none")
    assert device.ridge("float32") == 10
    for row in TABLE.roofline(device).rows:
        assert row.seconds == pytest.approx(max(2 * row.macs / 1000, row.bytes / 100))
        assert row.bound == ("arithmetic" if row.intensity > 10 else "memory")
    by_name = {row.name: row for row in TABLE.roofline(device).rows}
    assert by_name["fc"].intensity == pytest.approx(0.5, abs=0.001)
    weights, pixels = 9 * 128 * 128, 28 * 28
    expected = 2 * weights * pixels / (4 * (weights + 2 * 128 * pixels))
    assert by_name["layer2.1.conv2"].intensity == pytest.approx(expected)


def test_16_bits_halve_the_bytes_and_a_batch_shares_the_weights():
    one, half = TABLE.roofline("T4"), TABLE.roofline("T4", precision="float16")
    assert every(half) * 2 == every(one)
    assert every(TABLE.roofline("T4", 8)) == 8 * every(one) - 7 * 4 * TABLE.params
    assert one.seconds[0] > half.seconds[0]


def test_a_gpu_takes_tf32_for_convolutions_alone():
    """As PyTorch does unless it is told otherwise."""
    a100 = DEVICES["A100"]
    assert not torch.backends.cuda.matmul.allow_tf32 and torch.backends.cudnn.allow_tf32
    assert (a100.rate("conv", "float32"), a100.rate("linear", "float32")) == (156e12, 19.5e12)
    assert DEVICES["T4"].rate("conv", "bfloat16") == DEVICES["T4"].rate("conv", "float32")


@pytest.mark.parametrize("device", DEVICES.values(), ids=list(DEVICES))
def test_every_device_has_a_source_and_a_range(device):
    assert len(device.source) > 15 and device.memory > 1e9
    for precision in ("float32", "bfloat16", "float16"):
        for batch in (1, 256):
            cost = TABLE.roofline(device.name, batch, precision)
            assert 0 < cost.forward[0] < cost.forward[1]
            assert cost.forward[0] < cost.seconds[0] < cost.seconds[1]


@pytest.mark.parametrize(
    "run", MEASURED, ids=lambda run: "{network} {batch} {precision}".format(**run)
)
def test_a_step_on_an_h100(run):
    """What backward keeps is exact; what a step adds at most within a tenth; its time in range."""
    table = table_of(run["network"])
    need = table.memory(run["batch"], run["precision"])
    loss = run["batch"] * (4 * 1000 + 8) + 4  # log-probabilities, labels, and how many they are
    mask = 0
    if run["network"] == "vgg16":  # a GPU keeps a dropout's mask in a byte a number
        mask = 2 * 4096 * run["batch"] * ({"float32": 4}.get(run["precision"], 2) - 1)
    assert run["saved"] == need.kept + loss - mask
    images = run["batch"] * 4 * 3 * 224 * 224  # they are there between steps
    predicted = need.kept + need.gradients - images * (need.inputs == 0)
    assert run["added"] + need.gradients == pytest.approx(predicted, rel=0.1)
    low, high = table.roofline("H100", run["batch"], run["precision"]).seconds
    assert low < run["seconds"] < high


def test_recorded_steps_are_in_range_too():
    """`fit` replays a recorded step, which Python need not start kernel by kernel."""
    runs = json.loads((RESULTS / "throughput.json").read_text())["runs"]
    ours = [run for run in runs if run["way"].startswith("resnet_lab")]
    assert len(ours) == 6
    for run in ours:
        table = table_of(run["network"], (3, 32, 32), classes=10)
        low, high = table.roofline("H100", run["batch"], "bfloat16").seconds
        assert low < run["batch"] / run["images_per_second"] < high


test_bad_input_is_refused = refused(
    (lambda: TABLE.roofline("H1000"), ValueError, "'H1000'", "'H100'"),
    (lambda: TABLE.roofline(3), TypeError, "device is 3", "such as 'H100'"),
    (lambda: TABLE.roofline("H100", 0), ValueError, "batch is 0", "at least 1"),
    (lambda: TABLE.roofline("H100", 1, "fp16"), ValueError, "'fp16'", "'float16'"),
)
