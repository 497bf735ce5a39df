"""Streamed runs against runs from memory; crops against torchvision's; memory and processes."""

import json
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import streamed_run
import torch
from bad_input import refused
from everything import EVERYTHING
from PIL import Image
from small_run import NOISY, RECIPE, model, same_weights, small_data
from torchvision.transforms import InterpolationMode, RandomResizedCrop
from torchvision.transforms.functional import pil_to_tensor

from resnet_lab import feeds
from resnet_lab.data import load
from resnet_lab.feeds import Steps
from resnet_lab.folders import Reader
from resnet_lab.training import Recipe, evaluate, fit

RUN = replace(RECIPE, steps=18, eval_every=5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The images of `small_data`, written as files."""
    base, data = tmp_path_factory.mktemp("images"), small_data(160)
    for number, (image, label) in enumerate(zip(*data.train, strict=True)):
        (base / str(int(label))).mkdir(exist_ok=True)
        Image.fromarray(image[0].numpy()).save(base / str(int(label)) / f"{number:03}.png")
    return base


@pytest.mark.parametrize("workers", [0, 2])
def test_a_streamed_run_is_the_run_from_memory(workers, folder):
    """The same images, crops and mirrorings in the same order: equal to the last bit."""
    resident, streamed = load(folder), load(folder, stream=True, workers=workers)
    assert streamed.streams and not resident.streams
    assert streamed.summary() == resident.summary()
    one, other = model(net=NOISY), model(net=NOISY)
    histories = [fit(one, resident, RUN), fit(other, streamed, RUN)]
    assert same_weights(one, other) and histories[0]["curve"] == histories[1]["curve"]
    for split in ("train", "validation", "test"):
        expected, found = evaluate(one, resident, split), evaluate(other, streamed, split, batch=7)
        assert torch.equal(found["predictions"], expected["predictions"])
        assert found["error"] == expected["error"]


def test_a_streamed_run_that_was_cut_off_goes_on_with_the_next_batch(folder, tmp_path):
    data, cut = load(folder, stream=True, workers=2), model(net=NOISY)

    def stop(history, step):
        if step == 8:
            raise KeyboardInterrupt

    assert fit(cut, data, RUN, folder=tmp_path, callback=stop)["stopped"] == 8
    whole, again = model(net=NOISY), model(1, NOISY)
    recipe = replace(RUN, least_area=0.3)
    assert fit(again, data, RUN, folder=tmp_path)["curve"] == fit(whole, data, RUN)["curve"]
    assert same_weights(whole, again)
    # Random parts depend on neither the number of workers nor on where the run was cut.
    fit(model(net=NOISY), data, recipe, folder=tmp_path / "parts", callback=stop)
    one, other = model(1, NOISY), model(net=NOISY)
    fit(one, data, recipe, folder=tmp_path / "parts")
    fit(other, load(folder, stream=True, workers=0), recipe)
    assert same_weights(one, other)


def test_streaming_leaves_the_callers_random_numbers_alone(folder):
    data, network = load(folder, stream=True, workers=0), model(net=NOISY)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    fit(network, data, replace(RUN, least_area=0.3))
    assert torch.equal(torch.rand(3), expected)


def test_random_parts_are_torchvisions(tmp_path):
    """A picture whose red is its column and whose green is its row says where a part lay."""
    across, down = np.meshgrid(np.arange(240), np.arange(180))
    image = Image.fromarray(np.stack([across, down, 0 * down], 2).astype(np.uint8))
    image.save(tmp_path / "picture.png")
    reader, areas = Reader(False, 32, (3, 32, 32)), []
    for seed in range(200):
        ours = reader.read_crop(tmp_path / "picture.png", 0.2, seed)
        if seed < 5:
            theirs = RandomResizedCrop(32, (0.2, 1.0), interpolation=InterpolationMode.BICUBIC)
            torch.manual_seed(seed)
            difference = ours.int() - pil_to_tensor(theirs(image)).int()
            assert difference.abs().max() <= 1  # it cuts and scales in two steps, and rounds twice
        spans = [ours[channel].max() - ours[channel].min() for channel in (0, 1)]
        areas.append(float(spans[0]) * float(spans[1]) / (240 * 180))
    assert 0.15 < min(areas) < 0.3 and 0.7 < max(areas) <= 1


def test_the_share_of_time_spent_waiting_is_in_the_history(folder, monkeypatch):
    assert set(fit(model(), small_data(), RUN)["waiting"]) == {0.0}
    data, read = load(folder, stream=True, workers=0), Steps.__getitem__
    quick = fit(model(), data, RUN)["waiting"]
    monkeypatch.setattr(
        feeds.Steps, "__getitem__", lambda self, asked: time.sleep(0.5) or read(self, asked)
    )
    slow = fit(model(), data, RUN)["waiting"]
    assert len(quick) == len(slow) == 4 and all(0 <= share <= 1 for share in quick + slow)
    assert min(slow) > max(quick)


def test_two_processes_read_each_image_once_an_epoch(tmp_path):
    generator = np.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(20):
            noise = generator.integers(0, 256, (8, 8), dtype=np.uint8)
            Image.fromarray(noise).save(tmp_path / "images" / name / f"{number}.png")
    subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
            *("--nproc-per-node", "2", streamed_run.__file__, "share"),
            *(tmp_path / "images", tmp_path / "asked"),
        ],
        check=True,
    )
    # 36 training images, four steps of eight an epoch; before, each tries the network on two and
    # takes 32 to tell these data from others.
    shares = [json.loads((tmp_path / f"asked-{rank}").read_text())[34:] for rank in (0, 1)]
    for epoch in (0, 1):
        parts = [set(share[16 * epoch : 16 * (epoch + 1)]) for share in shares]
        assert len(parts[0]) == len(parts[1]) == 16 and len(parts[0] | parts[1]) == 32
    assert len(shares[0]) == len(shares[1]) == 32 and set(shares[0]) != set(shares[1])


@pytest.mark.parametrize("workers", [0, 1])
def test_a_file_that_cannot_be_read_is_named_without_a_traceback(workers, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(9):
            Image.new("L", (8, 8)).save(tmp_path / name / f"{number}.png")
    data = load(tmp_path, validation=0, stream=True, workers=workers)
    (tmp_path / "b" / "4.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match="^.*4.png cannot be read as an image .*of the folder$"):
        fit(model(net=replace(NOISY, classes=2)), data, replace(RUN, batch=4, crop=1))


@pytest.mark.slow
def test_many_more_images_take_no_more_memory(tmp_path):
    """2,500 and 50,000 images of 64 x 64 pixels; or fewer that are larger, which is quicker."""
    side, *counts = (64, 2_500, 50_000) if EVERYTHING else (128, 500, 3_000)
    peaks, picture = [], f"P5 {side} {side} 255\n".encode() + side**2 // 256 * bytes(range(256))
    for count in counts:
        images = tmp_path / str(count)
        for name in ("a", "b"):
            (images / name).mkdir(parents=True)
            for number in range(count // 2):
                (images / name / f"{number:05}.pgm").write_bytes(picture)
        command = [sys.executable, streamed_run.__file__, "memory", images, tmp_path / "peak"]
        subprocess.run(command, check=True)
        peaks.append(json.loads((tmp_path / "peak").read_text()))
        main, worker = [peak / 1e6 for peak in peaks[-1]]
        print(f"{count:,} images streamed: peak {main:.0f} MB, its largest worker {worker:.0f} MB")
    # 2,500 large images more are 41 MB, 47,500 small ones 195 MB.
    assert all(after < before + 25e6 for before, after in zip(*peaks, strict=True))


test_bad_input_is_refused = refused(
    (
        lambda: fit(model(), small_data(), replace(RECIPE, least_area=0.5)),
        ValueError,
        "least_area is 0.5",
        "stream=True",
    ),
    (
        lambda: fit(model(), small_data(), replace(RECIPE, crop=10)),
        ValueError,
        "crop is 10",
        "make it smaller",
    ),
    (
        lambda: fit(model(), small_data(), Recipe(steps=10**9, eval_every=10**9)),
        ValueError,
        "eval_every is 1,000,000,000",
        "validate more often",
    ),
)


def test_a_batch_that_does_not_fit_is_refused(folder, monkeypatch):
    monkeypatch.setattr(feeds, "available_memory", lambda: 6_000)
    with pytest.raises(ValueError, match="batch is 16; 4 batches of .* take .*fewer workers"):
        fit(model(), load(folder, stream=True, workers=1), RECIPE)
