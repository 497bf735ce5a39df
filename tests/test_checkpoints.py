"""Checkpoints: whole or not there, of one run, harmless; and runs that were cut off and go on."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import small_run
import torch
from small_run import LONG, NET, NOISY, RECIPE, model, same_weights, small_data

import resnet_lab as rl
from resnet_lab.checkpoints import load_checkpoint, replace_file, save_checkpoint, write_json
from resnet_lab.training import fit


def test_killed_and_resumed_run_ends_with_the_same_weights(tmp_path):
    checkpoint, steps = tmp_path / "cut" / "checkpoint.pt", []
    threads = str(torch.get_num_threads())  # as bits depend on them
    for _ in range(2):
        seen = checkpoint.stat().st_mtime_ns if steps else 0
        command = [sys.executable, small_run.__file__, tmp_path / "cut", threads]
        process = subprocess.Popen(command)
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
    # One flipped bit anywhere: refused, unless it lies in the padding and changes nothing.
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


@pytest.mark.parametrize("named", ["labels", "classes"])
def test_other_data_with_the_same_images_are_another_run(named, tmp_path):
    one, other = small_data(), small_data()
    if named == "labels":
        other.train = other.train._replace(labels=other.train.labels.flip(0))
    else:
        other.classes = other.classes[::-1]
    fit(model(), one, RECIPE, folder=tmp_path)
    with pytest.raises(ValueError, match=f"its {named} is .*, now it is .*; choose another folder"):
        fit(model(), other, RECIPE, folder=tmp_path)


@pytest.mark.parametrize("trouble", [ZeroDivisionError(), KeyboardInterrupt()])
def test_interrupted_write_leaves_the_old_checkpoint(trouble, tmp_path):
    class Unwritable:
        def __reduce__(self):
            raise trouble

    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, {"step": 1, "history": {}})
    with pytest.raises(type(trouble)):
        save_checkpoint(path, {"step": Unwritable(), "history": {}})
    assert torch.load(path, weights_only=True)["step"] == 1
    assert {file.name for file in tmp_path.iterdir()} == {"checkpoint.pt", "history.json"}


def test_full_disk_leaves_the_old_file_and_no_part_of_the_new(tmp_path):
    path = tmp_path / "history.json"
    write_json(path, {"step": 1})

    def write(file):
        file.write(b"{")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(
        OSError, match="history.json could not be written .No space left.*as it was"
    ):
        replace_file(path, write)
    assert json.loads(path.read_text()) == {"step": 1} and list(tmp_path.iterdir()) == [path]


def test_full_disk_gives_a_sentence_on_the_command_line(tmp_path):
    """A limit on the size of a file stands for a full disk: a checkpoint needs more."""
    limited = (
        "import resource, sys; from resnet_lab.cli import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000)); sys.exit(main(sys.argv[1:]))"
    )
    options = "--data digits --model resnet8 --steps 2 --batch 16".split()
    command = [sys.executable, "-c", limited, "train", *options, "--folder", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert f"error: {tmp_path / 'checkpoint.pt'} could not be written" in done.stderr
    assert "nothing was kept" in done.stderr and not list(tmp_path.iterdir())


def test_two_processes_in_one_folder_do_not_meet(tmp_path):
    """While one is writing, another one does, too; the last to end is what stays."""
    path = tmp_path / "history.json"

    def write(file):
        file.write(b"the outer ")
        replace_file(path, lambda inner: inner.write(b"the inner"))
        assert path.read_bytes() == b"the inner"
        file.write(b"one")

    replace_file(path, write)
    assert path.read_bytes() == b"the outer one" and list(tmp_path.iterdir()) == [path]


def test_folder_that_cannot_be_written_is_refused_before_the_first_step(tmp_path):
    (tmp_path / "file").touch()
    steps = []
    with pytest.raises(OSError, match="folder .*file.*choose another"):
        fit(
            model(),
            small_data(),
            RECIPE,
            folder=tmp_path / "file",
            callback=lambda history, step: steps.append(step),
        )
    assert not steps


def test_other_threads_are_noted_and_warned_of_once(tmp_path):
    path = tmp_path / "checkpoint.pt"

    def stop(history, step):
        if step == 4:
            raise KeyboardInterrupt

    fit(model(), small_data(), RECIPE, folder=tmp_path, callback=stop)
    state = load_checkpoint(path)
    machine = state["history"]["machine"]
    threads = machine["threads"]
    machine["threads"] += 1
    save_checkpoint(path, state)
    with pytest.warns(UserWarning, match=f"had {threads + 1} threads, now {threads};") as caught:
        history = fit(model(1), small_data(), RECIPE, folder=tmp_path)
    assert len(caught) == 1 and "not bit for bit" in str(caught[0].message)
    assert history["resumed"] == [{"step": 4, "threads": threads, "processes": 1}]
