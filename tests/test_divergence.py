"""Runs whose numbers are lost: they stop, name the step, and leave the last good checkpoint."""

import math
from dataclasses import replace

import pytest
import torch
from small_run import RECIPE, model, small_data

from resnet_lab.checkpoints import load_checkpoint
from resnet_lab.training import fit


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
        match="nan at step 11; the last good checkpoint is .*checkpoint.pt, of step 8. A sm",
    ):
        fit(Poisoned(), data, recipe, folder=tmp_path)
    state = load_checkpoint(tmp_path / "checkpoint.pt")
    assert state["step"] == 8 and all(tensor.isfinite().all() for tensor in state["model"].values())
    calls = 0
    with pytest.raises(FloatingPointError, match="step 11; no checkpoint has been written"):
        fit(Poisoned(), data, replace(recipe, eval_every=20))


def test_weights_that_break_in_a_last_step_are_not_kept(tmp_path):
    """The loss of step 8 is sound, its gradient is not; no later step would show it."""

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
        match="weights are no longer finite after step 8; the last good .*, of step 4",
    ):
        fit(Poisoned(), small_data(), RECIPE, folder=tmp_path)
    assert load_checkpoint(tmp_path / "checkpoint.pt")["step"] == 4


def test_diverging_run_stops():
    with pytest.raises(FloatingPointError, match="step [1-8]; no checkpoint"):
        fit(model(), small_data(), replace(RECIPE, lr=1e30, warmup=0))


def test_a_finite_loss_far_beyond_that_of_guessing_has_diverged(tmp_path):
    """Guessing among ten classes costs ln 10 = 2.3."""

    class Far(torch.nn.Module):
        def __init__(self, factor):
            super().__init__()
            self.inside, self.factor, self.steps = model(), factor, 0

        def forward(self, x):
            self.steps += self.training
            return self.inside(x) * (self.factor if self.training and self.steps == 8 else 1)

    with pytest.raises(
        FloatingPointError, match="at step 8, far beyond .*checkpoint.pt, of step 4"
    ) as caught:
        fit(Far(1e9), small_data(), RECIPE, folder=tmp_path)
    assert "smaller learning rate" in str(caught.value)
    fit(Far(100), small_data(), RECIPE)
