"""Recipes: their rates against PyTorch's schedulers, and what they refuse."""

import json
import math
from dataclasses import asdict

import numpy as np
import pytest
import torch
from bad_input import refused

from resnet_lab.training import Recipe


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
    assert torch.equal(Recipe(steps=50, warmup=10).rates(7, 31), torch.tensor(warm)[7:31])


def test_numpys_numbers_are_as_good_as_pythons():
    plain, theirs = Recipe(steps=5, lr=0.5), Recipe(steps=np.int64(5), lr=np.float64(0.5))
    assert json.dumps(asdict(theirs)) == json.dumps(asdict(plain))


test_bad_input_is_refused = refused(
    (lambda: Recipe(schedule="linear"), ValueError, "'linear'", "'cosine', 'steps'"),
    (lambda: Recipe(precision="float16"), ValueError, "'float16'", "'bfloat16'"),
    (lambda: Recipe(precision="bf16"), ValueError, "'bf16'", "'auto', 'float32', 'bfloat16'"),
    (lambda: Recipe(lr=0), ValueError, "lr is 0", "above 0"),
    (lambda: Recipe(lr=math.nan), ValueError, "lr is nan", "finite"),
    (lambda: Recipe(lr=math.inf), ValueError, "lr is inf", "finite"),
    (lambda: Recipe(lr=None), TypeError, "lr", "a number, not None"),
    (lambda: Recipe(momentum="0.9"), TypeError, "momentum", "a number, not '0.9'"),
    (lambda: Recipe(weight_decay=-1e-4), ValueError, "weight_decay is -0.0001", "at least 0"),
    (lambda: Recipe(weight_decay=math.inf), ValueError, "weight_decay is inf", "finite"),
    (lambda: Recipe(weight_decay=None), TypeError, "weight_decay", "a number, not None"),
    (lambda: Recipe(batch=0), ValueError, "batch is 0", "at least 1"),
    (lambda: Recipe(batch=None), TypeError, "batch", "whole number"),
    (lambda: Recipe(epochs=1.5), TypeError, "1.5", "whole number"),
    (lambda: Recipe(steps=math.inf), TypeError, "inf", "whole number"),
    (lambda: Recipe(ema=1), ValueError, "ema is 1", "not including, 1"),
    (lambda: Recipe(flip=1), TypeError, "flip is 1", "True or False"),
    (lambda: Recipe(momentum=0, nesterov=True), ValueError, "momentum is 0", "such as 0.9"),
    (lambda: Recipe(steps=10, warmup=11), ValueError, "warmup is 11", "10 steps; make it shorter"),
    (lambda: Recipe().rates(), ValueError, "steps is None", "give steps"),
)
