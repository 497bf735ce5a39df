"""Folders of images against torchvision's and Pillow's readers, and what they must not swallow."""

import os
import shutil

import numpy as np
import pytest
import torch
import torchvision
from bad_input import refused
from PIL import Image
from torchvision.transforms.v2 import functional

from resnet_lab import data, device
from resnet_lab.data import load

GENERATOR = np.random.default_rng(0)


def draw(path, count, size=(6, 5), shape=(3,)):
    """So many PNG images of noise, 6 high and 5 wide."""
    path.mkdir(parents=True)
    for number in range(count):
        noise = GENERATOR.integers(0, 256, (*size, *shape), dtype=np.uint8)
        Image.fromarray(noise).save(path / f"{number:02}.png")


@pytest.fixture
def pictures(tmp_path):
    """Two classes of 20 images."""
    for name in ("bird", "apple"):
        draw(tmp_path / name, 20)
    return tmp_path


def test_folder_of_images(pictures):
    ours, theirs = load(str(pictures), validation=0), torchvision.datasets.ImageFolder(pictures)
    assert list(ours.classes) == theirs.classes == ["apple", "bird"]
    whole = [(functional.pil_to_tensor(image), label) for image, label in theirs]
    for part, held in ((ours.train, False), (ours.test, True)):
        expected = [pair for number, pair in enumerate(whole) if (number % 10 == 9) == held]
        assert torch.equal(part.images, torch.stack([image for image, _ in expected]))
        assert part.labels.tolist() == [label for _, label in expected]


def test_folder_with_train_and_test(pictures):
    classes = [pictures / "apple", pictures / "bird"]
    for part in ("train", "test"):
        (pictures / part).mkdir()
    for folder in classes:
        shutil.copytree(folder, pictures / "test" / folder.name)
        folder.rename(pictures / "train" / folder.name)
    ours = load(str(pictures), validation=0.25)
    assert (len(ours.train.labels), len(ours.validation.labels), len(ours.test.labels)) == (
        30,
        10,
        40,
    )
    (pictures / "test" / "cherry").mkdir()
    with pytest.raises(ValueError, match="cherry is of a class that .*train has no images of"):
        load(str(pictures))


def test_test_images_are_opened_only_when_asked_for(pictures):
    (pictures / "bird" / "09.png").write_bytes(b"not an image")
    ours = load(str(pictures))
    with pytest.raises(ValueError, match="09.png cannot be read as an image .*; replace it"):
        _ = ours.test


def test_imagenets_layout_has_its_own_validation_and_no_test(tmp_path):
    for part, count in (("train", 8), ("val", 3)):
        for name in ("n01440764", "n01443537"):
            draw(tmp_path / part / name, count)
    ours = load(tmp_path)
    theirs = torchvision.datasets.ImageFolder(tmp_path / "val")
    assert ours.classes == ("n01440764", "n01443537") and not ours.has_test
    assert ours.train.labels.tolist() == [0] * 8 + [1] * 8 and len(ours.test.labels) == 0
    expected = torch.stack([functional.pil_to_tensor(image) for image, _ in theirs])
    assert torch.equal(ours.validation.images, expected)
    for name in ours.classes:
        draw(tmp_path / "test" / name, 2)
    ours = load(tmp_path)
    assert [len(part.labels) for part in (ours.train, ours.validation, ours.test)] == [16, 6, 4]


@pytest.mark.parametrize("parts", ["train Val", "training validation", "Train dev", "train"])
def test_a_split_has_other_names_too(parts, tmp_path):
    for part in parts.split():
        for name in ("cat", "dog"):
            draw(tmp_path / part / name, 4)
    ours = load(tmp_path)
    assert ours.classes == ("cat", "dog") and ours.channels == 3
    assert len(ours.train.labels) == (8 if " " in parts else 4)


@pytest.mark.parametrize("count", [2, 3, 9, 10, 11, 25])
def test_every_class_has_images_to_train_validate_and_test_on(count, tmp_path):
    """Every tenth image would leave a small class without any."""
    draw(tmp_path / "few", count), draw(tmp_path / "many", 40)
    ours = load(tmp_path)
    for part, least in ((ours.train, 1), (ours.validation, count > 2), (ours.test, 1)):
        assert part.labels.bincount(minlength=2)[0] >= least
    assert ours.test.labels.bincount()[0] == max(1, count // 10)


def test_size_brings_images_to_one_size(pictures):
    Image.new("RGB", (9, 40), (200, 200, 200)).save(pictures / "apple" / "00.png")
    with pytest.raises(
        ValueError, match="00.png is|01.png is 5 x 6 pixels, others are 9 x 40; give size="
    ):
        load(str(pictures))
    ours = load(str(pictures), size=np.int64(4), validation=0)
    assert ours.train.images.shape == (36, 3, 4, 4) and (ours.train.images[0] == 200).all()


def test_a_grey_image_takes_no_colours_from_others(pictures):
    Image.new("L", (5, 6), 200).save(pictures / "apple" / "00.png")
    ours, plain = load(str(pictures), validation=0), pictures / "apple" / "01.png"
    assert ours.channels == 3 and (ours.train.images[0] == 200).all()
    assert torch.equal(ours.train.images[1], functional.pil_to_tensor(Image.open(plain)))


def test_only_grey_images_have_one_channel(tmp_path):
    draw(tmp_path / "a", 3, shape=()), draw(tmp_path / "b", 3, shape=())
    assert load(tmp_path).channels == 1
    for name in ("a", "b"):
        draw(tmp_path / "split" / "train" / name, 3, shape=())
        draw(tmp_path / "split" / "val" / name, 3)
    assert load(tmp_path / "split").channels == 3


def test_sixteen_bits_are_scaled_to_eight(tmp_path):
    levels = np.array([[0, 257, 32_896, 65_535]], dtype=np.uint16)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(2):
            Image.fromarray(levels).save(tmp_path / name / f"{number}.png")
    ours = load(tmp_path, validation=0).train.images
    assert ours[0].tolist() == [[[0, 1, 128, 255]]]
    Image.fromarray(np.ones((1, 4), np.float32)).save(tmp_path / "a" / "0.tif")
    with pytest.raises(ValueError, match="0.tif has pixels of 32 bits.*save it with 8 or 16"):
        load(tmp_path, validation=0)


def test_a_photograph_taken_sideways_is_upright(tmp_path):
    """Orientation 6 of EXIF: what was on top when it was taken is now at the left."""
    upright = GENERATOR.integers(0, 256, (6, 4), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(2):
            sideways = Image.fromarray(np.ascontiguousarray(np.rot90(upright)))
            sideways.save(tmp_path / name / f"{number}.png", exif=exif)
    assert load(tmp_path, validation=0).train.images[0, 0].tolist() == upright.tolist()


def test_hidden_files_and_folders_hold_no_images(pictures):
    before = load(str(pictures), validation=0).train.images
    for folder in (pictures, pictures / "apple"):
        draw(folder / ".ipynb_checkpoints", 3)
    shutil.copy(pictures / "apple" / "01.png", pictures / "apple" / "._01.png")
    assert torch.equal(load(str(pictures), validation=0).train.images, before)


def test_tiff_is_read_and_what_cannot_be_is_named(pictures):
    tiff = pictures / "apple" / "00.TIF"
    Image.open(pictures / "apple" / "00.png").save(tiff, "TIFF")
    (pictures / "apple" / "00.png").unlink()
    theirs = functional.pil_to_tensor(Image.open(tiff))
    assert torch.equal(load(str(pictures), validation=0).train.images[0], theirs)
    (pictures / "apple" / "notes.txt").write_text("no image")
    load(str(pictures))
    (pictures / "apple" / "IMG_1.HEIC").write_bytes(b"")
    with pytest.raises(ValueError, match="IMG_1.HEIC is of a kind that cannot be read; save it"):
        load(str(pictures))


def test_labels_and_class_names_say_which_data_these_are(pictures):
    before = load(str(pictures)).summary()
    os.rename(pictures / "apple", pictures / "aardvark")
    renamed = load(str(pictures)).summary()
    assert {name for name in before if before[name] != renamed[name]} == {"classes"}
    whole = load(str(pictures))
    whole.train = whole.train._replace(labels=1 - whole.train.labels)
    assert whole.summary()["labels"] != renamed["labels"]


def test_images_of_two_classes_exchanged_are_other_data(tmp_path):
    for name in ("a", "b", "spare"):
        draw(tmp_path / "photos" / name, 20)
    before = load(tmp_path / "photos", validation=0).summary()
    for old, new in (("a", "between"), ("b", "a"), ("between", "b")):
        os.rename(tmp_path / "photos" / old, tmp_path / "photos" / new)
    exchanged = load(tmp_path / "photos", validation=0).summary()
    assert before["labels"] == exchanged["labels"] and before["images"] != exchanged["images"]


def test_images_that_do_not_fit_in_memory_stream_by_themselves(pictures, monkeypatch):
    assert not load(str(pictures)).streams and load(str(pictures), stream=True).streams
    # 36 training images of 90 bytes, three times over while training goes on.
    monkeypatch.setattr(device, "available_memory", lambda: 3 * 36 * 90)
    assert not load(str(pictures)).streams
    monkeypatch.setattr(device, "available_memory", lambda: 3 * 36 * 90 - 1)
    monkeypatch.setattr(data.Pictures, "pick", lambda *_: pytest.fail("an image was read"))
    with pytest.raises(ValueError, match="36 images of 3 x 6 x 5: .* 0.0 MB .*; leave stream out"):
        load(str(pictures), stream=False)
    monkeypatch.undo()
    monkeypatch.setattr(device, "available_memory", lambda: 3 * 36 * 90 - 1)
    assert load(str(pictures)).streams


def test_a_size_that_cannot_work_is_refused_before_anything_is_read(pictures, monkeypatch):
    monkeypatch.setattr(data.Pictures, "pick", lambda *_: pytest.fail("an image was read"))
    with pytest.raises(ValueError, match="3 x 1,000,000 x 1,000,000 pixels, 3,000.0 GB, and there"):
        load(str(pictures), size=1_000_000)


def test_a_class_of_one_image_is_named(tmp_path):
    draw(tmp_path / "few", 1), draw(tmp_path / "many", 4)
    with pytest.raises(ValueError, match="few holds one image, but one is needed to train on"):
        load(tmp_path)


def test_an_empty_class_is_named(pictures):
    (pictures / "cherry").mkdir()
    with pytest.raises(ValueError, match="cherry holds no images; put some there"):
        load(pictures)


test_bad_input_is_refused = refused(
    (lambda: load("digits", stream=True), ValueError, "stream is True", "only a folder"),
    (lambda: load("digits", workers=2), ValueError, "workers is 2", "only a folder"),
    (lambda: load(os.path.dirname(__file__), size=0), ValueError, "size is 0", "at least 1"),
    (lambda: load(os.path.dirname(__file__), size=2.5), TypeError, "2.5", "whole number"),
    (
        lambda: load(os.path.dirname(__file__), workers=-1),
        ValueError,
        "workers is -1",
        "at least 0",
    ),
)
