"""The trainer against hand-written loops, against itself cut off and resumed, and against itself in two processes."""

import copy
import json
import math
import os
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from statistics import mean
from unittest.mock import Mock

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")
from bad_input import refused
from torch.nn.functional import batch_norm, cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten
from torchvision.transforms.v2 import functional

import resnet_lab as rl
import small_run
from resnet_lab import training
from resnet_lab.data import Part, load, plan
from resnet_lab.training import Recipe, evaluate, fit, load_checkpoint
from small_run import LONG, NET, NOISY, RECIPE, model, small_data

fused = pytest.mark.skipif(
    not training.FUSED, reason="before PyTorch 2.4 the optimizer reads its rate on the host"
)


def same_weights(one, other):
    one, other = one.state_dict(), other.state_dict()
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


# ------------------------------------------------------------------------------------------------ what a run computes


def test_fit_equals_a_loop_written_out():
    data, recipe = (
        small_data(),
        Recipe(
            steps=7,
            batch=16,
            every=4,
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
    history = fit(ours, data, recipe)

    optimizer = torch.optim.SGD(theirs.parameters(), 0.05, 0.9, weight_decay=1e-3, nesterov=True)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 7)
    average, losses, wrong = (
        {name: value.clone() for name, value in theirs.state_dict().items()},
        [],
        [],
    )
    for step in plan(96, 0, 7, 16, crop=2, flip=True, seed=3):
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
        wrong.append((logits.argmax(1) != target).float().mean().item())
        for name, value in theirs.state_dict().items():
            average[name] = (
                0.9 * average[name] + 0.1 * value if value.is_floating_point() else value
            )
    for point, steps in zip(history["curve"], (slice(0, 4), slice(4, 7)), strict=True):
        assert point["loss"] == pytest.approx(mean(losses[steps]), rel=1e-4) and point[
            "error"
        ] == pytest.approx(mean(wrong[steps]))
    for name, value in ours.state_dict().items():
        if value.is_floating_point():
            assert torch.allclose(value, average[name], atol=1e-5), name
    held = evaluate(ours, data, "validation", precision="float32")
    assert (history["curve"][-1]["validation_loss"], history["curve"][-1]["validation_error"]) == (
        held["loss"],
        held["error"],
    )


def test_rates_are_those_of_pytorchs_schedulers():
    def theirs(make, steps):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.1)
        scheduler, rates = make(optimizer), []
        for _ in range(steps):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return pytest.approx(rates, rel=1e-5)

    schedulers = torch.optim.lr_scheduler
    assert Recipe(steps=50).rates().tolist() == theirs(
        lambda optimizer: schedulers.CosineAnnealingLR(optimizer, 50), 50
    )
    # The paper: divided by 10 at 32k and 48k of 64k.
    assert Recipe(steps=64, schedule="steps").rates().tolist() == theirs(
        lambda optimizer: schedulers.MultiStepLR(optimizer, [32, 48]), 64
    )
    warm = Recipe(steps=50, warmup=10).rates().tolist()
    assert warm[:10] == pytest.approx([0.01 * step for step in range(1, 11)])
    assert warm[10:] == theirs(lambda optimizer: schedulers.CosineAnnealingLR(optimizer, 40), 40)


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


def test_auto_is_bfloat16_where_the_hardware_computes_in_it(monkeypatch):
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    for flags, expected in (
        ("fpu avx512_bf16 sse", "bfloat16"),
        ("fpu amx_bf16", "bfloat16"),
        ("fpu avx512f", "float32"),
        ("", "float32"),
    ):
        monkeypatch.setattr(training, "cpu_info", lambda field: flags)
        assert (
            training.resolve("auto", cpu) == expected
            and training.resolve("bfloat16", cpu) == "bfloat16"
        )
    for capability, expected in (((7, 5), "float32"), ((8, 0), "bfloat16"), ((9, 0), "bfloat16")):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
        assert (
            training.resolve("auto", gpu) == expected
            and training.resolve("float32", gpu) == "float32"
        )


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
    """A value read on the host is `_local_scalar_dense`, one sent from there `lift_fresh`: as many for 30 steps as for 10, between two
    points of the history."""

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
                Recipe(steps=steps, batch=16, every=steps, ema=0.9, precision="float32"),
            )
    assert thirty.calls > 2 * ten.calls and thirty.count == ten.count > 0


class Tape(TorchDispatchMode):
    """A CUDA graph for a CPU: notes the operations without their effects; replayed, they read and write the same memory again."""

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
            for old, new in zip(
                tree_flatten(result)[0], tree_flatten(function(*args, **kwargs))[0]
            ):
                if (
                    isinstance(old, torch.Tensor) and old.data_ptr() != new.data_ptr()
                ):  # neither in place nor a view
                    old.copy_(new)


@fused
def test_a_recorded_step_is_the_step(monkeypatch):
    """What changes from step to step must lie in memory: a replayed graph runs no line of Python."""
    recipe, tapes = replace(LONG, steps=20, every=7, warmup=3), []
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
    monkeypatch.setattr(training, "can_record", lambda device: True)
    assert fit(again, small_data(), recipe)["curve"] == history["curve"] and same_weights(
        network, again
    )
    assert len(tapes) == 1 and len(tapes[0].calls) > 100


def test_validation_never_touches_the_test_images(tmp_path, monkeypatch, capsys):
    data = small_data()
    with pytest.raises(AssertionError, match="were read"):
        data.test
    fit(model(), data, RECIPE, folder=tmp_path / "api")  # would raise
    evaluate(model(), data, "validation")

    readings, source = [], load()
    source.train, source.validation = data.train, data.validation
    read = source.read_test
    source.read_test = lambda: readings.append(1) or Part(*(tensor[:50] for tensor in read()))
    monkeypatch.setattr(training, "load", lambda *_: source)
    command = [
        "--model",
        "resnet8",
        "--steps",
        "4",
        "--every",
        "2",
        "--batch",
        "16",
        "--folder",
        str(tmp_path / "cli"),
    ]
    assert training.main(command) == 0 and len(readings) == 1
    assert "test error" in capsys.readouterr().out
    assert 0 <= json.loads((tmp_path / "cli" / "history.json").read_text())["test_error"] <= 1


# -------------------------------------------------------------------------------------------------- checkpoint, resume


def test_killed_and_resumed_run_ends_with_the_same_weights(tmp_path):
    checkpoint, steps = tmp_path / "cut" / "checkpoint.pt", []
    for _ in range(2):
        seen = checkpoint.stat().st_mtime_ns if steps else 0
        process = subprocess.Popen([sys.executable, small_run.__file__, tmp_path / "cut"])
        while process.poll() is None and not (
            checkpoint.exists() and checkpoint.stat().st_mtime_ns > seen
        ):
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "the run ended before it could be killed"
        steps.append(load_checkpoint(checkpoint)["step"])
    assert 0 < steps[0] < steps[1] < LONG.steps
    whole, cut = model(net=NOISY), model(1, NOISY)
    histories = [
        fit(network, small_data(), LONG, folder=tmp_path / name)
        for network, name in ((whole, "whole"), (cut, "cut"))
    ]
    assert same_weights(whole, cut) and histories[0]["curve"] == histories[1]["curve"]
    assert histories[1]["seconds"] == sorted(
        histories[1]["seconds"]
    )  # what was spent before the cut counts
    assert (
        json.loads((tmp_path / "cut" / "history.json").read_text())
        == load_checkpoint(checkpoint)["history"]
        == histories[1]
    )


def test_finished_run_is_not_repeated(tmp_path):
    network, again = model(), model(1)
    history = fit(network, small_data(), RECIPE, folder=tmp_path)
    assert fit(again, small_data(), RECIPE, folder=tmp_path) == history and same_weights(
        network, again
    )


def test_damaged_checkpoint_is_refused_by_name(tmp_path):
    path = tmp_path / "checkpoint.pt"
    fit(model(), small_data(), RECIPE, folder=tmp_path)
    sound, content = load_checkpoint(path), path.read_bytes()
    for length in (0, 1, 1000, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match="checkpoint.pt is damaged .*; delete it"):
            load_checkpoint(path)
    # One flipped bit anywhere: refused, unless it lies in the padding and nothing that is read has changed.
    refusals = 0
    for place in range(0, len(content), len(content) // 100):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        try:
            state = load_checkpoint(path)
        except ValueError as error:
            refusals += "checkpoint.pt is" in str(error)
        else:
            assert state["history"] == sound["history"] and state["step"] == sound["step"]
            assert all(
                torch.equal(state["model"][name], sound["model"][name]) for name in sound["model"]
            )
    assert refusals > 50
    with pytest.raises(ValueError, match="checkpoint.pt is damaged"):
        path.write_bytes(content[:-100])
        fit(model(), small_data(), RECIPE, folder=tmp_path)
    torch.save({"weights": 1}, path)
    with pytest.raises(ValueError, match="checkpoint.pt is no checkpoint"):
        load_checkpoint(path)
    with pytest.raises(FileNotFoundError, match="other.pt is missing"):
        load_checkpoint(tmp_path / "other.pt")


def test_checkpoint_executes_nothing(tmp_path):
    class Harm:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harmed"),)

    torch.save({"model": Harm()}, tmp_path / "checkpoint.pt")
    with pytest.raises(ValueError, match="is damaged"):
        load_checkpoint(tmp_path / "checkpoint.pt")
    assert not (tmp_path / "harmed").exists()


@pytest.mark.parametrize(
    "recipe, count, net, named",
    [
        (replace(RECIPE, lr=0.2), 96, NET, "its lr is 0.1, now it is 0.2"),
        (RECIPE, 80, NET, "its train is 96, now it is 80"),
        (RECIPE, 96, rl.cifar_resnet(8, in_channels=1), "its parameters is"),
        (RECIPE, 96, replace(NET, shortcut="none"), "its structure is"),
    ],
    ids=["recipe", "data", "network", "twin"],
)
def test_checkpoint_of_another_run_is_refused(recipe, count, net, named, tmp_path):
    fit(model(), small_data(), RECIPE, folder=tmp_path)
    with pytest.raises(ValueError, match=named):
        fit(model(net=net), small_data(count), recipe, folder=tmp_path)


def test_interrupted_write_leaves_the_old_checkpoint(tmp_path):
    path = tmp_path / "checkpoint.pt"
    training.save(path, {"step": 1})
    with pytest.raises(Exception, match="pickle"):
        training.save(path, {"step": lambda: 2})
    assert torch.load(path, weights_only=True) == {"step": 1}


# ------------------------------------------------------------------------------------------------------------------ NaN


def test_nan_stops_with_the_step_and_the_last_good_checkpoint(tmp_path):
    data, calls = small_data(), 0

    class Poisoned(torch.nn.Module):
        """A network whose 11th training step has a loss of NaN."""

        def __init__(self):
            super().__init__()
            self.inside = model()

        def forward(self, x):
            nonlocal calls
            calls += self.training
            return self.inside(x) * (math.nan if calls == 11 else 1)

    recipe = replace(RECIPE, steps=20)
    with pytest.raises(
        FloatingPointError,
        match="nan at step 11; the last good checkpoint is .*checkpoint.pt, of step 8. A smaller",
    ):
        fit(Poisoned(), data, recipe, folder=tmp_path)
    state = load_checkpoint(tmp_path / "checkpoint.pt")
    assert state["step"] == 8 and all(tensor.isfinite().all() for tensor in state["model"].values())
    calls = 0
    with pytest.raises(FloatingPointError, match="step 11; no checkpoint has been written"):
        fit(Poisoned(), data, replace(recipe, every=20))


def test_weights_that_break_in_a_last_step_are_not_kept(tmp_path):
    """The loss of step 8 is sound, its gradient is not; no later step of that stretch would show it."""

    class Poisoned(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inside, self.steps = model(), 0

        def forward(self, x):
            logits = self.inside(x)
            if self.training:
                self.steps += 1
                logits.register_hook(
                    lambda gradient: gradient * (math.nan if self.steps == 8 else 1)
                )
            return logits

    with pytest.raises(
        FloatingPointError,
        match="weights are no longer finite after step 8; the last good checkpoint is .*, of step 4",
    ):
        fit(Poisoned(), small_data(), RECIPE, folder=tmp_path)
    assert load_checkpoint(tmp_path / "checkpoint.pt")["step"] == 4


def test_diverging_run_stops():
    with pytest.raises(FloatingPointError, match="step [1-8]; no checkpoint"):
        fit(model(), small_data(), replace(RECIPE, lr=1e30, warmup=0))


# --------------------------------------------------------------------------------------------------- several processes


class HalvedBatchNorm(torch.nn.BatchNorm2d):
    """BatchNorm as two processes do it: each half of the batch by itself, the first one's running statistics being kept."""

    def forward(self, x):
        if not self.training:
            return super().forward(x)
        halves = (
            super().forward(x[0::2]),
            batch_norm(x[1::2], None, None, self.weight, self.bias, True),
        )
        return torch.stack(halves, 1).flatten(0, 1)


@pytest.fixture
def float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_two_processes_equal_one(tmp_path, float64):
    """In float64, so that rounding does not tip a ReLU: what is compared is the arithmetic."""
    subprocess.run(
        [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            "--nproc-per-node",
            "2",
            small_run.__file__,
            tmp_path,
        ],
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    one, two = model(), load_checkpoint(tmp_path / "checkpoint.pt")
    for module in one.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.__class__ = HalvedBatchNorm
    history = fit(one, small_data(), RECIPE)
    for name, value in one.state_dict().items():
        assert (value - two["model"][name]).abs().max() <= 1e-9, name
    for ours, theirs in zip(history["curve"], two["history"]["curve"], strict=True):
        assert ours == pytest.approx(theirs, abs=1e-6)


# ------------------------------------------------------------------------------------------------ watching, bad input


def test_watchers_see_every_step_and_say_the_numbers(capsys):
    seen = []
    history = fit(
        model(),
        small_data(),
        RECIPE,
        watch=lambda history, step: seen.append((step, len(history["curve"]))),
    )
    assert [step for step, _ in seen] == [1, 2, 3, 4, 4, 5, 6, 7, 8, 8] and seen[-1][1] == 2
    fit(model(), small_data(), RECIPE, watch=training.progress_bar())
    last = capsys.readouterr().err.split("\r")[-1]
    assert (
        f"step 8 of 8, loss {history['curve'][-1]['loss']:.3f}" in last
        and "#" * 20 in last
        and last.endswith("\n")
    )


test_bad_input_is_refused = refused(
    (lambda: Recipe(schedule="linear"), ValueError, "'linear'", "'cosine', 'steps'"),
    (lambda: Recipe(precision="float16"), ValueError, "'float16'", "'bfloat16'"),
    (lambda: Recipe(lr=0), ValueError, "lr is 0", "above 0"),
    (lambda: Recipe(lr=math.nan), ValueError, "lr is nan", "above 0"),
    (lambda: Recipe(batch=0), ValueError, "batch is 0", "at least 1"),
    (lambda: Recipe(epochs=1.5), TypeError, "1.5", "whole number"),
    (lambda: Recipe(ema=1), ValueError, "ema is 1", "not including, 1"),
    (lambda: Recipe().rates(), ValueError, "steps is None", "give steps"),
    (lambda: evaluate(model(), small_data(), "exam"), ValueError, "'exam'", "'validation'"),
    (
        lambda: fit(model(), small_data(), Recipe(batch=97)),
        ValueError,
        "batch is 97",
        "make the batch smaller",
    ),
    *[
        (
            lambda: fit(model(), small_data(), RECIPE, device="cuda"),
            ValueError,
            "device is cuda",
            'take "cpu"',
        )
    ]
    * (not torch.cuda.is_available()),
)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--data", "imagenet"], "there is no data set called 'imagenet'"),
        (["--model", "resnet19"], "no network called 'resnet19'"),
        (["--lr", "-1"], "lr is -1.0; it must be above 0"),
    ],
)
def test_command_line_says_what_is_wrong(arguments, message, capsys):
    assert training.main(arguments) == 2
    assert message in capsys.readouterr().err
