"""The field of every row against gradients, measured in networks that are made linear."""

import pytest
import reference
import torch
from agreement import seen
from everything import examples, only_with_everything
from hypothesis import given, settings
from networks import IMAGENET, TABLE_1, TORCHVISION, networks, torchvision_model

import resnet_lab as rl


@settings(max_examples=examples(100), deadline=None)
@given(networks(stages=3, blocks=2, width=2, heads=("average",), gates=(False,)))
def test_fields_of_a_random_network(case):
    net, shape = case
    table = rl.trace(rl.ResNet(**net), shape)
    length = 2 * table.receptive_field + 4 * table.at("avgpool").stride
    assert seen(table) == reference.fields(reference.ResNet(**net), length)


# The last layer's field. Araujo, Norris and Sim (Distill, 2019) list version 1 of 50, 101 and 152.
LAST_FIELDS = [
    (18, 1, 435),
    (34, 1, 899),
    (50, 1, 483),
    (101, 1, 1027),
    (152, 1, 1507),
    (18, 1.5, 435),
    (34, 1.5, 899),
    (50, 1.5, 427),
    (101, 1.5, 971),
    (152, 1.5, 1451),
]
LONG = [(101, 1), (152, 1), (152, 1.5)]


@pytest.mark.parametrize(
    "depth, version, last",
    [
        pytest.param(*each, marks=only_with_everything if each[:2] in LONG else ())
        for each in LAST_FIELDS
    ],
)
def test_fields_of_the_papers_networks(depth, version, last):
    """Every layer of the 2-D network against the gradients of a thin 1-D one."""
    model = reference.ResNet(*TABLE_1[depth], (1, 1, 1, 1), version=version, dims=1)
    table = rl.trace(rl.resnet(depth, version=version), IMAGENET)
    measured = reference.fields(model, length=2 * last + 256)
    assert seen(table) == measured
    assert table.receptive_field == measured[-1].receptive_field == last


@pytest.mark.parametrize("name", TORCHVISION)
def test_fields_of_torchvisions_networks(name):
    """torchvision's own modules with one channel each; VGG's five poolings need 32 rows."""
    table, model = rl.trace(TORCHVISION[name], IMAGENET), reference.thin(torchvision_model(name))
    height = 32 if name.startswith("vgg") else 1
    measured = reference.fields(model, length=2 * table.receptive_field + 256, height=height)
    assert seen(table, ("conv", "maxpool")) == measured
    if name == "vgg16":
        assert measured[-1].receptive_field == 212


@pytest.mark.parametrize("n", [1, 2, 3, 5, 9, 18])
def test_fields_of_the_cifar_networks(n):
    """The last layer of the 6n + 2 network sees 28n - 3 pixels."""
    table = rl.trace(rl.cifar_resnet(6 * n + 2), (3, 32, 32))
    model = reference.ResNet("basic", (n, n, n), (1, 1, 1), shortcut="A", stem="3x3", dims=1)
    measured = reference.fields(model, length=80 * n + 64)
    assert seen(table) == measured
    assert table.receptive_field == measured[-1].receptive_field == 28 * n - 3


@pytest.mark.parametrize("width", [448, 896])
def test_field_of_an_adaptive_pooling(width):
    """VGG pools whatever size is left to 7 x 7: here windows of 2 and of 4."""
    row = rl.trace(rl.vgg(16), (3, 32, width)).at("avgpool")
    model = reference.linearise(reference.thin(torchvision_model("vgg16")))
    x = torch.ones(1, 1, 32, width, dtype=torch.float64, requires_grad=True)
    assert reference.seen(x, model.avgpool(model.features(x))) == (
        row.receptive_field,
        row.stride,
        row.padding,
    )


@pytest.mark.parametrize("head", ["average", "flatten"])
@pytest.mark.parametrize("kernel", [3, 5])
def test_what_the_classifier_sees(head, kernel):
    """All that the positions before it see; the average pooling by 4 may leave out the last few."""
    for length in range(8, 60):
        net = dict(
            block="basic",
            depths=(1, 1),
            widths=(1, 1),
            stem="3x3",
            dims=1,
            in_channels=1,
            classes=1,
            kernel=kernel,
            head=head,
            input_size=length,
        )
        table, model = rl.trace(rl.ResNet(**net), (1, length)), reference.ResNet(**net)
        reference.linearise(model)
        x = torch.ones(1, 1, length, dtype=torch.float64, requires_grad=True)
        (gradient,) = torch.autograd.grad(model(x).sum(), x)
        pixels = gradient.flatten().nonzero()
        for name in ("flatten", "fc"):
            row = table.at(name)
            assert pixels[0] == 0 <= row.padding
            assert pixels[-1] == min(length, row.receptive_field - row.padding) - 1
