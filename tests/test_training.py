"""The trainer against hand-written loops, and against itself."""

import copy
from contextlib import nullcontext
from dataclasses import replace
from statistics import mean
from unittest.mock import Mock

import pytest
import torch
from bad_input import refused
from small_run import LONG, NET, NOISY, RECIPE, model, same_weights, small_data
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten
from torchvision.transforms.v2 import functional

import resnet_lab as rl
from resnet_lab import device, run
from resnet_lab.data import load, sampling_plan
from resnet_lab.models import build
from resnet_lab.training import Recipe, evaluate, fit

fused = pytest.mark.skipif(
    not device.FUSED, reason="before PyTorch 2.4 the optimizer reads its rate on the host"
)


def test_fit_equals_a_loop_written_out():
    data, recipe = (
        small_data(),
        Recipe(
            steps=7,
            batch=16,
            eval_every=4,
            lr=0.05,
            crop=2,
            nesterov=True,
            label_smoothing=0.1,
            ema=0.9,
            weight_decay=1e-3,
            precision="float32",
            seed=3,
        ),
    )
    ours, theirs = model(), model()
    history = fit(ours, data, recipe, device="cpu")

    optimizer = torch.optim.SGD(theirs.parameters(), 0.05, 0.9, weight_decay=1e-3, nesterov=True)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 7)
    average, losses, errors = (
        {name: value.clone() for name, value in theirs.state_dict().items()},
        [],
        [],
    )
    for step in sampling_plan(96, 0, 7, 16, crop=2, flip=True, seed=3):
        batch = []
        for index, down, right, mirrored in step.tolist():
            image = functional.crop(
                functional.pad(data.train.images[index], [2]), down, right, 10, 10
            )
            image = functional.horizontal_flip(image) if mirrored else image
            batch.append(
                functional.normalize(
                    functional.to_dtype(image, torch.float32, scale=True), data.mean, data.std
                )
            )
        target = data.train.labels[step[:, 0]]
        logits = theirs(torch.stack(batch))
        loss = cross_entropy(logits, target, label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
        errors.append((logits.argmax(1) != target).float().mean().item())
        for name, value in theirs.state_dict().items():
            average[name] = (
                0.9 * average[name] + 0.1 * value if value.is_floating_point() else value
            )
    for point, steps in zip(history["curve"], (slice(0, 4), slice(4, 7)), strict=True):
        assert point["loss"] == pytest.approx(mean(losses[steps]), rel=1e-4) and point[
            "error"
        ] == pytest.approx(mean(errors[steps]))
    for name, value in ours.state_dict().items():
        if value.is_floating_point():
            assert torch.allclose(value, average[name], atol=1e-5), name
    validation = evaluate(ours, data, "validation", precision="float32")
    assert (history["curve"][-1]["validation_loss"], history["curve"][-1]["validation_error"]) == (
        validation["loss"],
        validation["error"],
    )


def test_evaluate_counts_every_image_once():
    data = small_data()
    network = model().train()
    whole = evaluate(network, data, "train", precision="float32")
    with torch.no_grad():
        reference = copy.deepcopy(network).eval()
        logits = reference(
            functional.normalize(data.train.images.float() / 255, data.mean, data.std)
        )
    assert torch.equal(whole["predictions"], logits.argmax(1))
    assert whole["error"] == pytest.approx(
        float((logits.argmax(1) != data.train.labels).float().mean())
    )
    assert whole["loss"] == pytest.approx(float(cross_entropy(logits, data.train.labels)), rel=1e-5)
    # 96 images in batches of 7 leave a last batch of 5.
    parts = evaluate(network, data, "train", batch=7, precision="float32")
    assert parts["error"] == whole["error"] and parts["loss"] == pytest.approx(
        whole["loss"], rel=1e-5
    )
    assert network.training


def test_overfits_64_images():
    data = small_data(64, 16)
    network = model(net=rl.cifar_resnet(8, in_channels=1))
    fit(network, data, Recipe(steps=80, batch=32, lr=0.05, crop=0, flip=False))
    assert evaluate(network, data, "train")["error"] == 0


def test_same_accuracy_in_bfloat16():
    data, errors = load(), {}
    for precision in ("float32", "bfloat16"):
        network = model(
            net=rl.ResNet("basic", (1,), (8,), shortcut="A", stem="7x7", in_channels=1, classes=10)
        )
        fit(network, data, Recipe(steps=60, batch=64, crop=2, precision=precision))
        errors[precision] = evaluate(network, data, "validation", precision=precision)["error"]
    assert abs(errors["float32"] - errors["bfloat16"]) < 0.06 and max(errors.values()) < 0.65


def test_identical_runs_have_identical_histories():
    runs = []
    for _ in range(2):
        network = model(net=NOISY)
        runs.append((fit(network, small_data(), RECIPE), network))
    (one, first), (other, second) = runs
    assert one["curve"] == other["curve"] and same_weights(first, second)
    assert fit(model(net=NOISY), small_data(), replace(RECIPE, seed=1))["curve"] != one["curve"]


def test_random_numbers_are_new_in_every_step():
    class Draws(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inside, self.drawn = model(), []

        def forward(self, x):
            if self.training:
                self.drawn.append(torch.rand(()).item())
            return self.inside(x)

    one, other = Draws(), Draws()
    fit(one, small_data(), RECIPE)
    fit(other, small_data(), replace(RECIPE, seed=1))
    assert len({*one.drawn, *other.drawn}) == 16


def test_fit_leaves_the_callers_random_numbers_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    network = model(net=NOISY)
    torch.manual_seed(5)
    fit(network, small_data(), RECIPE)
    assert torch.equal(torch.rand(3), expected)


@fused
def test_no_step_waits_for_the_host():
    """As many values are read or sent for 30 steps as for 10, between two points of the history.

    A value read on the host is `_local_scalar_dense`, one sent from there `lift_fresh`.
    """

    class Waits(TorchDispatchMode):
        def __init__(self):
            super().__init__()
            self.count, self.calls = 0, 0

        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            self.calls += 1
            self.count += any(
                name in str(function) for name in ("_local_scalar_dense", "nonzero", "lift_fresh")
            )
            return function(*args, **(kwargs or {}))

    ten, thirty = Waits(), Waits()
    for steps, waits in ((10, ten), (30, thirty)):
        with waits:
            fit(
                model(),
                small_data(),
                Recipe(steps=steps, batch=16, eval_every=steps, ema=0.9, precision="float32"),
            )
    assert thirty.calls > 2 * ten.calls and thirty.count == ten.count > 0


class Tape(TorchDispatchMode):
    """A CUDA graph for a CPU: notes the operations without their effects.

    Replayed, they read and write the same memory again.
    """

    def __init__(self):
        super().__init__()
        self.calls, self.memory = [], {}

    def __enter__(self):
        self.random = torch.get_rng_state()
        return super().__enter__()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        for tensor in tree_flatten((args, kwargs))[0]:
            if isinstance(tensor, torch.Tensor):
                storage = tensor.untyped_storage()
                self.memory.setdefault(storage.data_ptr(), (storage, storage.clone()))
        result = function(*args, **(kwargs or {}))
        self.calls.append((function, args, kwargs or {}, result))
        return result

    def __exit__(self, *error):
        super().__exit__(*error)
        torch.set_rng_state(self.random)
        for storage, before in self.memory.values():
            storage.copy_(before)

    @torch.no_grad()
    def replay(self):
        for function, args, kwargs, result in self.calls:
            again = function(*args, **kwargs)
            for old, new in zip(tree_flatten(result)[0], tree_flatten(again)[0], strict=True):
                if isinstance(old, torch.Tensor) and old.data_ptr() != new.data_ptr():
                    old.copy_(new)  # neither in place nor a view


@fused
def test_a_recorded_step_is_the_step(monkeypatch):
    """What changes from step to step must lie in memory: a replayed graph runs no Python."""
    recipe, tapes = replace(LONG, steps=20, eval_every=7, warmup=3), []
    network, again = model(net=NOISY), model(net=NOISY)
    history = fit(network, small_data(), recipe)
    for name, fake in (
        ("CUDAGraph", lambda: tapes.append(Tape()) or tapes[0]),
        ("graph", lambda tape: tape),
        ("Stream", Mock),
        ("current_stream", Mock),
        ("stream", lambda stream: nullcontext()),
    ):
        monkeypatch.setattr(torch.cuda, name, fake)
    monkeypatch.setattr(run, "can_record", lambda device: True)
    assert fit(again, small_data(), recipe)["curve"] == history["curve"] and same_weights(
        network, again
    )
    assert len(tapes) == 1 and len(tapes[0].calls) > 100


def test_validation_never_touches_the_test_images(tmp_path):
    data = small_data()
    with pytest.raises(AssertionError, match="were read"):
        _ = data.test
    fit(model(), data, RECIPE, folder=tmp_path)  # would raise
    evaluate(model(), data, "validation")


test_bad_input_is_refused = refused(
    (lambda: evaluate(model(), small_data(), "exam"), ValueError, "'exam'", "'validation'"),
    (lambda: evaluate(model(), small_data(), precision="bf16"), ValueError, "'bf16'", "'bfloat16'"),
    (
        lambda: fit(model(), small_data(), Recipe(batch=97)),
        ValueError,
        "batch is 97",
        "make the batch smaller",
    ),
    (
        lambda: fit(model(), small_data(), Recipe(epochs=1, batch=16, warmup=7)),
        ValueError,
        "warmup is 7",
        "6 steps; make it shorter",
    ),
    (lambda: evaluate(model(), small_data(), batch=0), ValueError, "batch is 0", "at least 1"),
    (lambda: evaluate(NET, small_data()), TypeError, "of type ResNet", "build it first"),
    (lambda: evaluate(model(), "digits"), TypeError, "'digits'", "load it first"),
    (
        lambda: evaluate(model(net=replace(NET, classes=9)), small_data()),
        ValueError,
        "gives (9,)",
        "classes=10",
    ),
    (lambda: fit(NET, small_data(), RECIPE), TypeError, "of type ResNet", "build it first"),
    (lambda: fit("resnet20", small_data(), RECIPE), TypeError, "'resnet20'", "build it first"),
    (lambda: fit(model(), "digits", RECIPE), TypeError, "'digits'", "load it first"),
    (lambda: fit(model(), small_data(), {"lr": 0.1}), TypeError, "{'lr': 0.1}", "write Recipe("),
    (
        lambda: fit(model(net=replace(NET, in_channels=3)), small_data(), RECIPE),
        ValueError,
        "takes 3 channels",
        "in_channels=1",
    ),
    (
        lambda: fit(model(net=replace(NET, classes=9)), small_data(), RECIPE),
        ValueError,
        "gives (9,)",
        "classes=10",
    ),
    (
        lambda: fit(build(rl.vgg(16, in_channels=1, classes=10)), small_data(), RECIPE),
        ValueError,
        "small, (1, 10, 10)",
        "no more poolings",
    ),
)
