"""Weights to begin with, frozen parts, parts of a batch, mixup: against loops written out."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from bad_input import refused
from random_weights import randomise
from small_run import NET, RECIPE, model, same_weights, small_data
from torch import nn
from torch.nn.functional import cross_entropy

import resnet_lab as rl
from resnet_lab import weights as weights_module
from resnet_lab.checkpoints import save_checkpoint
from resnet_lab.data import crop_batch, normalise, pad_images, sampling_plan
from resnet_lab.freezing import frozen_names, head_name
from resnet_lab.models import build
from resnet_lab.training import Recipe, fit
from resnet_lab.weights import torchvision_name, with_channels

THREE = replace(NET, in_channels=3)


def test_a_head_of_another_size_stays_new_and_all_else_is_the_trained_networks():
    trained = randomise(build(NET))
    torch.manual_seed(7)
    fresh = build(replace(NET, classes=4))
    torch.manual_seed(7)
    ours = build(replace(NET, classes=4), weights=trained.state_dict())
    for name, value in ours.state_dict().items():
        expected = fresh if name.startswith("fc") else trained
        assert torch.equal(value, expected.state_dict()[name]), name
    again = build(NET, weights=trained.state_dict())
    assert same_weights(trained, again)


def test_a_grey_image_gives_the_same_in_one_channel_and_in_three():
    grey = torch.randn(2, 1, 12, 12)
    for net, x, other in ((NET, grey, THREE), (THREE, grey.expand(-1, 3, -1, -1), NET)):
        trained = randomise(build(net)).eval()
        adapted = build(other, weights=trained.state_dict()).eval()
        y = grey if other is NET else grey.expand(-1, 3, -1, -1)
        torch.testing.assert_close(adapted(y), trained(x), atol=1e-5, rtol=1e-5)
    assert with_channels(torch.ones(2, 5, 3, 3), 1).shape == (2, 5, 3, 3)


def test_weights_come_from_files(tmp_path):
    trained = randomise(build(NET))
    torch.save(trained.state_dict(), tmp_path / "weights.pth")
    fit(trained, small_data(), RECIPE, folder=tmp_path)
    assert same_weights(build(NET, weights=tmp_path / "checkpoint.pt"), trained)
    before = torch.load(tmp_path / "weights.pth", weights_only=True)
    assert torch.equal(
        build(NET, weights=str(tmp_path / "weights.pth")).fc.weight, before["fc.weight"]
    )


@pytest.mark.parametrize("net", [rl.resnet(18), rl.resnet(50, classes=3), rl.vgg(16, 7, 1)])
def test_imagenets_weights_are_torchvisions(net, monkeypatch, tmp_path):
    """Without a network: torchvision's own constructor makes what would be downloaded."""
    name = torchvision_name(net)
    with torch.random.fork_rng():
        theirs = getattr(torchvision.models, name)().state_dict()
    url = torchvision.models.get_model_weights(name).IMAGENET1K_V1.url
    file = tmp_path / "checkpoints" / Path(url).name
    file.parent.mkdir()
    torch.save(theirs, file)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    ours = build(net, weights="imagenet").state_dict()
    different = (
        [key for key in theirs if not torch.equal(ours[key], theirs[key])]
        if (net.in_channels == 3 and net.classes == 1000)
        else []
    )
    assert not different and torch.equal(ours[list(theirs)[6]], theirs[list(theirs)[6]])


def test_our_own_weights_are_asked_for_by_name(monkeypatch):
    net, asked = rl.cifar_resnet(20, in_channels=1), []
    state = randomise(build(net)).state_dict()
    monkeypatch.setattr(weights_module, "our_weights", lambda name: asked.append(name) or state)
    build(net, weights="fashion-mnist"), build(net, weights="resnet20")
    build(rl.cifar_resnet(20, classes=3), weights="fashion-mnist")
    build(rl.cifar_plain(20, in_channels=1), weights="fashion-mnist")
    assert asked == ["resnet20", "resnet20", "resnet20", "plain20"]


def test_what_is_frozen_stays_and_the_rest_is_trained_as_by_hand():
    data, recipe = small_data(), replace(RECIPE, ema=0.0, flip=False, crop=0, warmup=0)
    ours = model()
    theirs, before = copy.deepcopy(ours), copy.deepcopy(ours.state_dict())
    history = fit(ours, data, recipe, freeze=True)
    assert history["frozen"] == [name for name, _ in ours.named_parameters() if name[:2] != "fc"]
    for name, value in ours.state_dict().items():  # BatchNorm's statistics among them
        assert torch.equal(value, before[name]) is not name.startswith("fc."), name
    assert all(parameter.requires_grad for parameter in ours.parameters())
    # The features of a network in evaluation, and a linear layer trained on them.
    theirs.eval()
    head = theirs.fc
    optimizer = torch.optim.SGD(
        head.parameters(), 0.1, 0.9, weight_decay=recipe.weight_decay, nesterov=True
    )
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, recipe.steps)
    for step in sampling_plan(96, 0, recipe.steps, recipe.batch):
        images = normalise(data.train.images[step[:, 0]], data.mean, data.std)
        with torch.no_grad():
            features = nn.Sequential(*list(theirs)[:-1])(images)
        optimizer.zero_grad()
        cross_entropy(head(features), data.train.labels[step[:, 0]]).backward()
        optimizer.step()
        scheduler.step()
    torch.testing.assert_close(ours.fc.weight, head.weight, atol=1e-5, rtol=1e-4)


def test_parts_are_frozen_by_name(tmp_path):
    ours, before = model(), model().state_dict()
    fit(ours, small_data(), RECIPE, freeze=("conv1", "layer1"), folder=tmp_path)
    for name, value in ours.state_dict().items():
        frozen = name.startswith(("conv1.", "layer1."))
        assert torch.equal(value, before[name]) is frozen, name
    with pytest.raises(ValueError, match="its frozen is .*, now it is "):
        fit(model(), small_data(), RECIPE, folder=tmp_path)
    assert head_name(build(rl.vgg(16, 3))) == "classifier.6"


def test_a_failed_start_leaves_nothing_frozen():
    network = model()
    with pytest.raises(ValueError, match="least_area"):
        fit(network, small_data(), replace(RECIPE, least_area=0.5), freeze=True)
    assert all(parameter.requires_grad for parameter in network.parameters())


class Split(nn.BatchNorm2d):
    """BatchNorm that sees a batch in four parts, one after the other."""

    def forward(self, x):
        if not self.training:
            return super().forward(x)
        return torch.cat([super(Split, self).forward(part) for part in x.chunk(4)])


@pytest.fixture
def float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_four_parts_of_a_batch_are_the_batch(float64):
    data, ours, theirs = small_data(), model(), model()
    for module in theirs.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.__class__ = Split
    parts = fit(ours, data, replace(RECIPE, accumulate=4))["curve"]
    whole = fit(theirs, data, RECIPE)["curve"]
    for name, value in ours.state_dict().items():
        assert name.endswith("tracked") or (value - theirs.state_dict()[name]).abs().max() < 1e-9
    for one, other in zip(parts, whole, strict=True):
        assert one == pytest.approx(other, abs=1e-6)


def test_mixup_mixes_images_and_answers():
    data, network = small_data(), model()
    recipe = Recipe(
        steps=4, batch=16, lr=0.05, crop=2, mixup=0.4, momentum=0, precision="float32", eval_every=4
    )
    theirs = copy.deepcopy(network)
    history = fit(network, data, recipe)
    shares, losses = recipe.mixes(0, 4).tolist(), []
    optimizer = torch.optim.SGD(theirs.parameters(), weight_decay=5e-4, lr=0.05)
    padded = pad_images(data.train.images, 2)
    for step, share in enumerate(shares):
        choice = sampling_plan(96, step, step + 1, 16, 2, True)[0]
        images = normalise(crop_batch(padded, choice, 2), data.mean, data.std)
        answers = nn.functional.one_hot(data.train.labels[choice[:, 0]], 10).float()
        images, answers = [share * x + (1 - share) * x.flip(0) for x in (images, answers)]
        optimizer.param_groups[0]["lr"] = float(recipe.rates(step, step + 1))
        optimizer.zero_grad()
        loss = cross_entropy(theirs.train()(images), answers)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert history["curve"][0]["loss"] == pytest.approx(sum(losses) / 4, rel=1e-4)
    torch.testing.assert_close(network.fc.weight, theirs.fc.weight, atol=1e-5, rtol=1e-4)


def test_mixups_shares_follow_its_distribution_and_no_past():
    drawn = Recipe(mixup=0.3, steps=2000).mixes(0, 2000)
    generator = np.random.default_rng(1)
    expected = generator.beta(0.3, 0.3, 100_000)
    expected = np.maximum(expected, 1 - expected)
    assert float(drawn.mean()) == pytest.approx(expected.mean(), abs=0.015)
    assert float(drawn.std()) == pytest.approx(expected.std(), abs=0.01)
    assert torch.equal(Recipe(mixup=0.3, steps=2000).mixes(700, 900), drawn[700:900])
    assert not torch.equal(Recipe(mixup=0.3, seed=1).mixes(0, 9), drawn[:9])
    assert (Recipe().mixes(0, 9) == 1).all()


def saved(folder, state):
    torch.save(state, folder / "file.pt")
    return str(folder / "file.pt")


def test_weights_that_do_not_fit_are_refused_by_name(tmp_path):
    wide = build(replace(NET, widths=(8, 32))).state_dict()
    with pytest.raises(ValueError, match=r"have \(32, 8, 3, 3\) numbers at layer2.0.conv1.weight"):
        build(NET, weights=wide)
    with pytest.raises(ValueError, match="have no layer2.0.conv1.weight: they are of another"):
        build(NET, weights=build(replace(NET, depths=(1,), widths=(8,))).state_dict())
    with pytest.raises(ValueError, match="have layer2.1.conv1.weight, which .* has not"):
        build(NET, weights=build(replace(NET, depths=(1, 2))).state_dict())
    with pytest.raises(ValueError, match="file.pt holds no weights; it must be a state dict"):
        build(NET, weights=saved(tmp_path, {"weights": 1}))
    (tmp_path / "file.pt").write_bytes(b"no such thing")
    with pytest.raises(ValueError, match="file.pt is damaged"):
        build(NET, weights=str(tmp_path / "file.pt"))
    save_checkpoint(tmp_path / "other.pt", {"step": 1, "history": {}})
    with pytest.raises(ValueError, match="other.pt holds no weights"):
        build(NET, weights=tmp_path / "other.pt")


test_bad_input_is_refused = refused(
    (lambda: build(NET, weights="image-net"), ValueError, "'image-net'", "'imagenet'"),
    (lambda: build(NET, weights="imagenet"), ValueError, "ResNet-6", "resnet(18)"),
    (lambda: frozen_names(model(), "layer9"), ValueError, "'layer9'", "its parts are conv1, bn1"),
    (lambda: frozen_names(nn.Conv2d(1, 1, 1), True), ValueError, "no linear layer", "name the"),
    (
        lambda: frozen_names(model(), ["conv1", "bn1", "layer1", "layer2", "fc"]),
        ValueError,
        "'fc'",
        "freeze less",
    ),
    (lambda: Recipe(mixup=-1), ValueError, "mixup is -1", "at least 0"),
    (lambda: Recipe(least_area=0), ValueError, "least_area is 0", "such as 0.08"),
    (lambda: Recipe(accumulate=0), ValueError, "accumulate is 0", "at least 1"),
    (
        lambda: fit(model(), small_data(), replace(RECIPE, accumulate=5)),
        ValueError,
        "batch is 16",
        "multiple of the 1 processes times 5 parts",
    ),
)
