"""Ctrl-C and the stop button: whole steps, one sentence, and a run that goes on."""

import signal
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from small_run import LONG, NOISY, RECIPE, model, same_weights, small_data

from resnet_lab.checkpoints import load_checkpoint
from resnet_lab.stopping import Interrupts
from resnet_lab.training import fit


def stop_at(*steps):
    """A callback that stops at the first of these steps that is still to come."""
    left = list(steps)

    def callback(history, step):
        if left and step == left[0]:
            left.pop(0)
            raise KeyboardInterrupt

    return callback


def test_stopped_twice_within_stretches_and_taken_up_ends_with_the_same_bits(tmp_path, capsys):
    """With dropout, an average of the weights, and a stretch that is cut: nothing differs."""
    recipe = replace(LONG, steps=20, eval_every=7)
    whole, cut = model(net=NOISY), model(net=NOISY)
    expected = fit(whole, small_data(), recipe)
    callback, checkpoint = stop_at(3, 16), tmp_path / "checkpoint.pt"
    for step in (3, 16):
        history = fit(cut, small_data(), recipe, folder=tmp_path, callback=callback)
        assert history["stopped"] == step == load_checkpoint(checkpoint)["step"]
        said = capsys.readouterr()
        assert f"Stopped after step {step} of 20: {checkpoint} has all of them" in said.out
        assert "the same line goes on from there." in said.out and not said.err
        cut = model(1, NOISY)  # as in a new process
    history = fit(cut, small_data(), recipe, folder=tmp_path)
    assert "has 16 of 20 steps, from here on" in capsys.readouterr().out
    assert same_weights(whole, cut) and history["curve"] == expected["curve"]
    assert "stopped" not in history and [entry["step"] for entry in history["resumed"]] == [3, 16]
    assert history["seconds"] == sorted(history["seconds"]) and len(history["seconds"]) == 3


@pytest.mark.parametrize("step", [4, 8])
def test_stopped_between_stretches_or_at_the_end(step, tmp_path):
    """A callback is called after the last step, before the point is recorded, and after that."""
    whole, cut, resumed = model(), model(), model(1)
    expected = fit(whole, small_data(), RECIPE)
    assert fit(cut, small_data(), RECIPE, tmp_path, callback=stop_at(step))["stopped"] == step
    history = fit(resumed, small_data(), RECIPE, folder=tmp_path)
    assert same_weights(whole, resumed) and history["curve"] == expected["curve"]


def test_stopped_without_a_folder_keeps_what_was_learnt(capsys):
    network, start = model(), model()
    assert fit(network, small_data(), RECIPE, callback=stop_at(3))["stopped"] == 3
    said = capsys.readouterr().out
    assert "Stopped after step 3 of 8: the model has what it learnt; with folder=" in said
    assert not same_weights(network, start)


def test_a_step_that_was_broken_off_is_not_kept(tmp_path, capsys):
    class Impatient(torch.nn.Module):
        def __init__(self, at):
            super().__init__()
            self.inside, self.steps, self.at = model(), 0, at

        def forward(self, x):
            self.steps += self.training
            if self.training and self.steps == self.at:
                raise KeyboardInterrupt
            return self.inside(x)

    history = fit(Impatient(2), small_data(), RECIPE, folder=tmp_path)
    assert history["stopped"] == 1 and not (tmp_path / "checkpoint.pt").exists()
    assert "Stopped within step 2 of 8: nothing was kept" in capsys.readouterr().out
    fit(Impatient(7), small_data(), RECIPE, folder=tmp_path)
    assert load_checkpoint(tmp_path / "checkpoint.pt")["step"] == 4
    assert "Stopped within step 7 of 8" in capsys.readouterr().out


def test_ctrl_c_waits_for_the_end_of_a_step_and_the_second_one_does_not():
    interrupts, done = Interrupts(), []
    with pytest.raises(KeyboardInterrupt), interrupts, interrupts.held_back():
        signal.raise_signal(signal.SIGINT)
        done.append("the step")
    assert done == ["the step"] and not interrupts.torn
    with pytest.raises(KeyboardInterrupt), interrupts:
        signal.raise_signal(signal.SIGINT)
        done.append("never")
    impatient = Interrupts()
    with pytest.raises(KeyboardInterrupt), impatient, impatient.held_back():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        done.append("never")
    assert done == ["the step"] and impatient.torn
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


INTERRUPTED = """
import signal, sys
from resnet_lab import cli, run

step = run.Run.train_step

def interrupted(self):
    if self.step == 6:
        signal.raise_signal(signal.SIGINT)
    step(self)

run.Run.train_step = interrupted
sys.exit(cli.main(sys.argv[1:]))
"""


def test_ctrl_c_on_the_command_line(tmp_path):
    """A signal in the middle of step 7: a sentence, status 130; the same line goes on there."""
    options = "train --data digits --model resnet8 --steps 20 --batch 16 --eval-every 15".split()
    options += ["--folder", tmp_path]
    command = [sys.executable, "-c", INTERRUPTED, *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "")
    assert done.stdout.startswith("Stopped after step 7 of 20: ") and done.stdout.count("\n") == 1
    assert load_checkpoint(tmp_path / "checkpoint.pt")["step"] == 7
    command = [sys.executable, "-m", "resnet_lab", *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and "test error" in done.stdout
    assert "has 7 of 20 steps, from here on" in done.stdout
