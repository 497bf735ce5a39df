"""Splits and their statistics; batches against torchvision's crops and flips."""

import pytest
import torch
from bad_input import refused
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from resnet_lab import data, sources
from resnet_lab.data import crop_batch, load, normalise, pad_images, sampling_plan


def test_validation_is_held_out_of_every_class():
    whole, split, again = load(validation=0), load(), load()
    assert torch.equal(split.validation.images, again.validation.images)
    assert (
        split.validation.labels.bincount().tolist() == [50] * 10
        and split.train.labels.bincount().tolist() == [450] * 10
    )
    parts = [
        sorted(image.numpy().tobytes() for image in images)
        for images in (torch.cat([split.train.images, split.validation.images]), whole.train.images)
    ]
    assert parts[0] == parts[1]


def test_statistics_are_of_the_training_images_alone():
    ours = load()
    pixels = ours.train.images.double() / 255
    assert ours.mean == pytest.approx((float(pixels.mean()),)) and ours.std == pytest.approx(
        (float(pixels.std(unbiased=False)),)
    )
    assert ours.mean != load(validation=0).mean
    colours = torch.randint(256, (7, 3, 5, 4), dtype=torch.uint8)
    mean, std = data.statistics(colours)
    assert mean == pytest.approx((colours.double() / 255).mean((0, 2, 3)).tolist())
    assert std == pytest.approx((colours.double() / 255).std((0, 2, 3), unbiased=False).tolist())
    expected = v2.Normalize(mean, std)(v2.functional.to_dtype(colours, torch.float32, scale=True))
    assert torch.allclose(normalise(colours, mean, std), expected, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.data())
def test_sampling_plan_is_a_function_of_seed_and_step(examples, drawn):
    batch, crop, seed = (
        drawn.draw(st.integers(1, examples)),
        drawn.draw(st.integers(0, 3)),
        drawn.draw(st.integers(0, 99)),
    )
    whole = sampling_plan(examples, 0, 30, batch, crop, True, seed)
    assert whole.shape == (30, batch, 4)
    first, last = sorted(
        drawn.draw(st.lists(st.integers(0, 30), min_size=2, max_size=2, unique=True))
    )
    assert torch.equal(
        sampling_plan(examples, first, last, batch, crop, True, seed), whole[first:last]
    )
    per_epoch = examples // batch
    for epoch in range(30 // per_epoch):
        seen = whole[epoch * per_epoch : (epoch + 1) * per_epoch, :, 0].flatten().tolist()
        assert len(set(seen)) == len(seen) == per_epoch * batch and set(seen) <= set(
            range(examples)
        )


def test_sampling_plan_draws_evenly_and_depends_on_the_seed():
    moves = sampling_plan(5_000, 0, 100, 100, crop=4, flip=True)[..., 1:].reshape(-1, 3)
    for column, outcomes in ((0, 9), (1, 9), (2, 2)):
        counts = moves[:, column].bincount()
        assert (
            len(counts) == outcomes
            and (counts - 10_000 / outcomes).abs().max() < 5 * (10_000 / outcomes) ** 0.5
        )
    assert not torch.equal(sampling_plan(50, 0, 1, 50, seed=0), sampling_plan(50, 0, 1, 50, seed=1))
    first, second = sampling_plan(50, 0, 2, 50, crop=4)  # two epochs
    assert not torch.equal(first[:, 0], second[:, 0]) and not torch.equal(
        first[:, 1:], second[:, 1:]
    )
    assert (sampling_plan(50, 0, 2, 25)[..., 1:] == 0).all()


def test_crop_batch_crops_and_mirrors_as_torchvision_does():
    images = torch.randint(256, (6, 3, 7, 5), dtype=torch.uint8)
    choice = sampling_plan(6, 0, 4, 6, crop=3, flip=True)
    for step in choice:
        batch = crop_batch(pad_images(images, 3), step, 3)
        assert batch.is_contiguous(memory_format=torch.channels_last)
        for result, (index, down, right, mirrored) in zip(batch, step.tolist(), strict=True):
            expected = functional.crop(functional.pad(images[index], [3]), down, right, 7, 5)
            assert torch.equal(
                result, functional.horizontal_flip(expected) if mirrored else expected
            )
    assert choice[..., 3].float().mean() not in (0, 1)


test_bad_input_is_refused = refused(
    (lambda: load("imagenet"), ValueError, "'imagenet'", "known are fashion-mnist-small"),
    (lambda: load(validation=1), ValueError, "validation is 1", "must be a share from 0"),
    (lambda: load("digits", size=9), ValueError, "size is 9", "only a folder of images"),
    (lambda: sampling_plan(5, 0, 1, 6), ValueError, "batch is 6", "make the batch smaller"),
    (
        lambda: load(str(sources.FASHION_SMALL)),
        ValueError,
        "holds no folders",
        "make one for every class",
    ),
)
