"""Bars of bytes and the roofline: they fit, and marks stand where they should."""

import pytest
from pictures import assert_fits, of_class, read, texts

from resnet_lab.draw.budget import bytes_text, memory_bars, roofline
from resnet_lab.explorers import budget
from resnet_lab.explorers.budget import duration

PARTS = [("weights", 100_000_000), ("activations", 900_000_000), ("the rest", 0)]


def test_bars_lie_end_to_end_and_a_part_of_nothing_is_left_out():
    root = read(memory_bars("training needs 1 GB of 80 GB", PARTS, 80e9, "H100"))
    assert_fits(root)
    weights, activations, together = [
        (float(bar.get("x")), float(bar.get("width"))) for bar in root.iter("rect")
    ]
    assert activations[1] == pytest.approx(9 * weights[1], rel=1e-3)
    assert weights[0] + weights[1] == pytest.approx(activations[0], abs=0.1)
    assert together[1] == pytest.approx(weights[1] + activations[1], abs=0.1)
    assert "the rest" not in texts(root) and "1.00 GB" in texts(root)


@pytest.mark.parametrize("memory, drawn", [(0.5e9, True), (1.5e9, True), (80e9, False)])
def test_the_devices_memory_is_drawn_where_the_parts_come_near_it(memory, drawn):
    root = read(memory_bars("training needs 1 GB, not all there", PARTS, memory, "T4"))
    assert_fits(root)
    assert bool([text for text in texts(root) if text.startswith("T4 has")]) is drawn
    if drawn:
        line = of_class(root, "rl-dashed")[0].get("d")
        together = list(root.iter("rect"))[-1]
        left, width = float(together.get("x")), float(together.get("width"))
        assert float(line[1:].split()[0]) == pytest.approx(left + width * memory / 1e9, abs=0.2)


def test_dots_stand_on_the_roof():
    dots = [("conv", 0, 12), ("conv", 3, 15), ("linear", 1, 13)]
    root = read(roofline("three layers, two of them bound by memory", dots, 15, 12, "H100"))
    assert_fits(root)
    roof = of_class(root, "rl-line-muted")[0].get("d")[1:].split("L")
    (x0, y0), (x1, y1), (x2, y2) = [map(float, point.split()) for point in roof]
    assert y1 == y2
    marks = "".join(mark.get("d") for mark in of_class(root, "rl-round"))
    for mark in marks[1:].split("M"):
        x, y = map(float, mark.removesuffix("h0").split())
        assert y == pytest.approx(y1 if x > x1 else y0 + (x - x0) * (y1 - y0) / (x1 - x0), abs=0.2)


def test_every_presets_pictures_fit():
    for values in ({}, *budget.presets.values()):
        for part in budget.render(values).split("<svg ")[1:]:
            assert_fits(read("<svg " + part.partition("</svg>")[0] + "</svg>"))


def test_bytes_and_times_in_words():
    assert [bytes_text(size) for size in (12, 1500, 102_228_128, 8e10)] == [
        "12 bytes",
        "1.50 kB",
        "102 MB",
        "80.0 GB",
    ]
    times = [duration(seconds) for seconds in (3e-6, 0.0123, 0.15, 4.5, 1234)]
    assert times == ["0.003 ms", "12 ms", "150 ms", "4.5 s", "1,234 s"]
