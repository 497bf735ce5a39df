"""Two processes against one."""

import subprocess
import sys

import pytest
import small_run
import torch
from small_run import RECIPE, model, small_data
from torch.nn.functional import batch_norm

from resnet_lab.checkpoints import load_checkpoint
from resnet_lab.training import fit


class HalvedBatchNorm(torch.nn.BatchNorm2d):
    """BatchNorm as two processes do it: each half by itself, the first one's statistics kept."""

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
            "1",
        ],
        check=True,
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
