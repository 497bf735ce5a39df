"""The arithmetic's pictures show what counting finds, by sliding and by following pixels back."""

import re
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_lab import draw

SVG = "{http://www.w3.org/2000/svg}"


def picture(text):
    """The parsed picture, one whole SVG with a text alternative, whose marks are at numbers."""
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg" and root.get("role") == "img"
    assert root.get("aria-label") == root.find(f"{SVG}title").text != ""
    assert not re.search(
        r"nan|inf\b|e[-+]\d", "".join(path.get("d") for path in root.iter(f"{SVG}path"))
    )
    return root


def paths(root, css):
    return [path for path in root.iter(f"{SVG}path") if path.get("class").split()[0] == css]


def texts(root):
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


def slide(size, kernel, stride, padding, dilation, ceil_mode):
    """The pixels that each position reads, found by moving the kernel along until it has no room.

    With ceil_mode it may hang over the end by less than a stride, if it begins before the padding
    on the right.
    """
    positions, start = [], -padding
    while True:
        pixels = [start + tap * dilation for tap in range(kernel)]
        overhang = pixels[-1] - (size + padding - 1)
        if overhang > 0 and not (ceil_mode and overhang < stride and start < size):
            return positions
        positions.append(pixels)
        start += stride


layer = st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(0, 3), st.integers(1, 3))


@given(
    st.integers(1, 300),
    st.integers(1, 11),
    st.integers(1, 5),
    st.integers(0, 5),
    st.integers(1, 4),
    st.booleans(),
)
def test_the_row_shows_every_position_and_the_pixels_it_reads(
    size, kernel, stride, padding, dilation, ceil_mode
):
    if ceil_mode:
        padding = min(padding, kernel // 2)  # as PyTorch's pooling demands
    arguments = size, kernel, stride, padding, dilation, ceil_mode
    positions = slide(*arguments)
    if not positions:
        with pytest.raises(ValueError, match=f"spans {dilation * (kernel - 1) + 1} pixels"):
            draw.kernel_positions(*arguments)
        return
    root = picture(draw.kernel_positions(*arguments))
    unread = set(range(size)) - {pixel for position in positions for pixel in position}
    label = root.get("aria-label")
    assert f"Input: {size} pixel" in label and f"output: {len(positions)} pixel" in label
    assert (f"{len(unread)} of the input never read" in label) == bool(unread)

    pixels, outputs = [
        path.get("d").count("z") for path in paths(root, "rl-muted") + paths(root, "rl-conv")
    ]
    spans, taps = [path.get("d") for path in paths(root, "rl-line-conv")]
    (crosses,) = [path.get("d").count("M") for path in paths(root, "rl-line-projection")]
    assert spans.count("M") == outputs and taps.count("h0") == outputs * kernel
    if "⋯" in texts(root):
        assert 0 < outputs < len(positions) and pixels < size and crosses <= len(unread)
    else:
        assert outputs == len(positions) and pixels == size and crosses == len(unread)
        beyond = {pixel for position in positions for pixel in position if pixel >= size + padding}
        (empty,) = [
            path for path in paths(root, "rl-line-muted") if path.get("style") == "stroke-width:0.8"
        ]
        assert empty.get("d").count("z") == 2 * padding + (
            max(beyond) + 1 - size - padding if beyond else 0
        )


def test_positions_stand_under_the_pixels_they_read():
    root = picture(draw.kernel_positions(7, kernel=3, stride=2, dilation=2))
    cells = [float(x) for x in re.findall(r"M([\d.]+) ", paths(root, "rl-muted")[0].get("d"))]
    side = float(re.search(r"h([\d.]+)v", paths(root, "rl-muted")[0].get("d"))[1])
    rows = re.findall(
        r"M([\d.]+) [\d.]+h0m([\d.]+) 0h0m([\d.]+) 0h0", paths(root, "rl-line-conv")[1].get("d")
    )
    dots = [[float(x), float(x) + float(a), float(x) + float(a) + float(b)] for x, a, b in rows]
    assert dots == [
        [cells[0] + side / 2, cells[2] + side / 2, cells[4] + side / 2],
        [cells[2] + side / 2, cells[4] + side / 2, cells[6] + side / 2],
    ]
    assert re.findall(r"M([\d.]+) ", paths(root, "rl-conv")[0].get("d")) == [
        str(cells[2]),
        str(cells[4]),
    ]


def follow(layers, output):
    """For every row, from the input on, the pixels that an output pixel depends on."""
    rows = [{output}]
    for kernel, stride, padding, dilation in reversed(layers):
        rows.append(
            {
                pixel * stride - padding + tap * dilation
                for pixel in rows[-1]
                for tap in range(kernel)
            }
        )
    return rows[::-1]


def lit(path):
    """How many cells a path of dashes shows, in units of its own dash and gap."""
    dash, gap = [
        float(length)
        for length in re.search(r"dasharray:([\d.]+) ([\d.]+)", path.get("style")).groups()
    ]
    ends = re.findall(r"M(-?[\d.]+) [\d.]+H(-?[\d.]+)", path.get("d"))
    return sum(float(end) - float(start) for start, end in ends) / (dash + gap)


@given(st.lists(layer, min_size=1, max_size=5), st.integers(0, 3))
@settings(deadline=None)
def test_the_cone_holds_the_pixels_that_the_output_depends_on(layers, output):
    rows = follow(layers, output)
    root = picture(draw.receptive_field_cone(layers, output=output))
    assert [lit(path) for path in paths(root, "rl-line-conv")] == pytest.approx(
        [len(row) for row in rows]
    )
    widths = [max(row) - min(row) + 1 for row in rows]
    assert [text for text in texts(root) if text.replace(",", "").isdigit()] == [
        f"{width:,}" for width in widths
    ]
    assert f"sees {widths[0]:,} pixel" in root.get("aria-label")
    assert ("of them read" in root.get("aria-label")) == (len(rows[0]) < widths[0])


@given(st.lists(layer, min_size=1, max_size=4), st.integers(1, 120), st.data())
@settings(deadline=None)
def test_the_cone_knows_the_edges_of_an_image(layers, size, data):
    sizes = [size]
    for kernel, stride, padding, dilation in layers:
        sizes.append(len(slide(sizes[-1], kernel, stride, padding, dilation, False)))
        if not sizes[-1]:
            with pytest.raises(ValueError, match="the kernel spans"):
                draw.receptive_field_cone(layers, size)
            return
    output = data.draw(st.integers(0, sizes[-1] - 1))
    rows = follow(layers, output)
    root = picture(draw.receptive_field_cone(layers, size, output))
    everywhere, inside = paths(root, "rl-line-conv")[::2], paths(root, "rl-line-conv")[1::2]
    assert [lit(path) for path in everywhere] == pytest.approx([len(row) for row in rows])
    assert [lit(path) for path in inside] == pytest.approx(
        [len(row & set(range(n))) for row, n in zip(rows, sizes, strict=True)]
    )
    outside = sum(not 0 <= pixel < size for pixel in range(min(rows[0]), max(rows[0]) + 1))
    assert (f"{outside} of them outside the image" in root.get("aria-label")) == bool(outside)


def test_an_output_pixel_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="output is 112; the stack has output pixels 0 to 111"):
        draw.receptive_field_cone([(7, 2, 3)], size=224, output=112)


def test_a_cone_takes_names_and_leaves_empty_ones_out():
    root = picture(draw.receptive_field_cone([(7, 2, 3), (3, 2, 1)], names=["conv1", ""]))
    assert "conv1" in texts(root) and not [
        text for text in texts(root) if "layer" in text or not text
    ]


parts = st.fixed_dictionaries({"3 × 3": st.integers(1, 10**10), "1 × 1": st.integers(0, 10**10)})


@given(st.lists(st.tuples(st.text("abc & <\"'", min_size=1), parts), min_size=1, max_size=5))
def test_bars_are_as_long_as_their_values(lines):
    root = picture(draw.bars('bars & < " more', [("MACs", lines)]))
    bars = [float(bar.get("width")) for bar in root.iter(f"{SVG}rect") if bar.get("height") == "14"]
    longest = max(sum(values.values()) for _, values in lines)
    wanted = [draw.WIDTH * value / longest for _, values in lines for value in values.values()]
    assert bars == pytest.approx(wanted, rel=1e-4)
    assert all(
        f"{sum(values.values()):,}" in texts(root) and text in texts(root) for text, values in lines
    )
    assert {"MACs", "3 × 3", "1 × 1"} <= set(texts(root))
