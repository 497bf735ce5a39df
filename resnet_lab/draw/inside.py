"""What is inside a trained network: its answers, a picture with what was seen of it, and maps."""

from __future__ import annotations

from .maps import letters, two_colours
from .svg import WIDTH, figures, rect, svg, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Box = tuple[int, int, int, int]

PICTURE, BIG = 136, 112
COLOURS = ("identity", "accent")
SIGNS = {"shortcut": "", "branch": "+", "sum": "="}
WORDS = {"shortcut": "the shortcut", "branch": "the branch", "sum": "their sum"}


def answers(
    label: str,
    names: Sequence[str],
    chances: Mapping[str, Sequence[float]],
    picture: str = "",
    field: tuple[Box, str] | None = None,
    spoken: tuple[str, str] | None = None,
) -> str:
    """A picture of 28 × 28 pixels, and beside it what networks answer.

    Args:
        label: the result, in a sentence.
        names: of the classes.
        chances: for each network one number a class, from 0 to 1; none before it has answered.
        picture: bytes in base64, as are those below; empty before there is one.
        field: the box that a place can see, (left, top, right, bottom), and how strongly it does.
        spoken: what speaks for a class and what against, 7 × 7.

    >>> answers("Nothing yet", ["cat", "dog"], {"ResNet": []}).count("cat")
    1
    """
    scale = PICTURE / 28
    body = [rect(0, 0, PICTURE, PICTURE, "muted", 0.15)]
    if picture:
        body.append(image(picture, 28, (0, 0, PICTURE, PICTURE), GREY))
    if field:
        left, top, right, bottom = field[0]
        body += [
            _veil(field[1], 28, "accent"),
            f'<rect class="rl-line-linear" style="stroke-width:2" x="{left * scale:.4g}" '
            f'y="{top * scale:.4g}" width="{(right - left) * scale:.4g}" '
            f'height="{(bottom - top) * scale:.4g}"/>',
        ]
    if spoken:
        body += [_veil(spoken[0], 7, "accent"), _veil(spoken[1], 7, "linear")]
    step, left, right = PICTURE / len(names), 222, WIDTH - 34
    best = {name: max(each) for name, each in chances.items() if each}
    for row, name in enumerate(names):
        y = row * step
        said = [each[row] for each in chances.values() if each]
        won = [chances[network][row] == best[network] for network in best]
        body.append(
            write(left - 6, y + 9.5, name, "rl-small rl-end" + " rl-strong" * (True in won))
        )
        body += [
            rect(left, y + 1.5 + 5 * number, max(chance * (right - left), 0.5), 4.5, colour)
            for number, (chance, colour) in enumerate(zip(said, COLOURS, strict=False))
        ]
        if True in won:
            body.append(write(right + 4, y + 9.5, f"{100 * max(said):.0f} %", "rl-small"))
    x = 148.0
    for network, colour in zip(chances, COLOURS, strict=False):
        body += [rect(x, PICTURE + 9, 9, 9, colour)]
        body.append(write(x + 13, PICTURE + 17, network, "rl-small"))
        x += 88
    return svg(PICTURE + 22, label, "".join(body))


def parts(
    label: str,
    shape: tuple[int, int, int],
    place: tuple[str, int, int, int],
    maps: Mapping[str, str],
    opened: Mapping[str, str],
    reach: float,
) -> str:
    """A block's shortcut, its branch and their sum: one channel large, below it all of them.

    Orange is negative, blue positive, white 0. The large maps and the small ones carry what a page
    needs to know which place of which map a reader points at.

    Args:
        label: the result, in a sentence.
        shape: how many maps, how large, and how many stand in a row.
        place: the part, and the channel, the row and the column in it.
        maps: for each part all its maps, bytes in base64; a part may be missing.
        opened: for each part the one channel.
        reach: the largest size of a number in them.

    >>> "16 maps of 28 × 28" in parts("None", (16, 28, 4), ("sum", 0, 0, 0), {}, {}, 1)
    True
    """
    channels, side, columns = shape
    chosen, channel, row, column = place
    cell, tall = BIG / columns, BIG * channels // columns // columns
    body = []
    for number, (part, sign) in enumerate(SIGNS.items()):
        x, pixel = number * (BIG + 32), BIG / side
        body.append(write(x + BIG / 2, 10, WORDS[part], "rl-label rl-middle"))
        if number:
            body.append(write(x - 16, 18 + BIG / 2, sign, "rl-title rl-middle"))
        if maps and part not in maps:
            body.append(write(x + BIG / 2, 18 + BIG / 2, "there is none", "rl-small rl-middle"))
            continue
        big, small = (x, 16, BIG, BIG), (x, 26 + BIG, BIG, tall)
        for (_, y, width, height), texts, count in ((big, opened, 1), (small, maps, columns)):
            body.append(rect(x, y, width, height, "muted", 0.15))
            if texts:
                where = (x, y, width, height)
                body.append(image(texts[part], count * side, where, SIGNED, "rl-tint"))
        css = 'class="rl-line-linear" style="stroke-width:2"'
        if part == chosen:
            body.append(
                f'<rect {css} x="{x + column * pixel - 1:.4g}" y="{16 + row * pixel - 1:.4g}" '
                f'width="{pixel + 2:.4g}" height="{pixel + 2:.4g}"/>'
            )
        body.append(
            f'<rect {css} x="{x + channel % columns * cell:.4g}" '
            f'y="{small[1] + channel // columns * cell:.4g}" width="{cell:g}" height="{cell:g}"/>'
            f"{_target(part, big, (1, 1), channel)}"
            f"{_target(part, small, (columns, channels // columns), 0)}"
        )
    bottom = 26 + BIG + tall + 14
    said = f"{channels} maps of {side} × {side}; the large one is map {channel}"
    ends = f"orange {figures(-reach)}, blue {figures(reach)}"
    body.append(write(0, bottom, said, "rl-small rl-quiet"))
    body.append(write(WIDTH, bottom, ends if maps else "", "rl-small rl-quiet rl-end"))
    return svg(bottom + 4, label, "".join(body))


def _target(part: str, box: tuple[float, float, float, float], grid: tuple[int, int], first: int) -> str:
    """What a reader points at: `grid` maps, across and down, of which the first has this number."""
    x, y, width, height = box
    return (
        f'<rect class="rl-point" fill="transparent" data-part="{part}" data-across="{grid[0]}" '
        f'data-down="{grid[1]}" data-first="{first}" x="{x}" y="{y}" width="{width}" '
        f'height="{height}"/>'
    )


def _veil(text: str, side: int, colour: str) -> str:
    """A colour over the picture, as thick as the bytes say."""
    where, key = (0, 0, PICTURE, PICTURE), f"rl-veil-{colour}"
    return (
        f'<mask id="{key}">{image(text, side, where, GREY)}</mask>'
        f'<rect class="rl-{colour}" mask="url(#{key})" width="{PICTURE}" height="{PICTURE}"/>'
    )


# --------------------------------------------------------------------------------- bytes as images
def _palette(colours: Sequence[tuple[int, int, int]]) -> str:
    """256 colours as BMP has them, and two bytes more, so that the letters come out even."""
    numbers = [number for red, green, blue in colours for number in (blue, green, red, 0)] + [0, 0]
    return _joined(numbers)


def _joined(numbers: Sequence[int]) -> str:
    return "".join(
        [
            letters(numbers[place] << 16 | numbers[place + 1] << 8 | numbers[place + 2])
            for place in range(0, len(numbers), 3)
        ]
    )


GREY = _palette([(level, level, level) for level in range(256)])
SIGNED = _palette([(255, 255, 255), *two_colours(1, 254)])  # 128 is 0
HEADERS: dict[tuple[int, int], str] = {}


def image(
    text: str, width: int, where: tuple[float, float, float, float], colours: str, css: str = ""
) -> str:
    """Bytes as an image in a picture.

    A BMP file with a palette is its header and those bytes: nothing is left to do for a pixel.

    Args:
        text: the bytes in base64, rows filled up to a multiple of four bytes.
        width: of the image, in pixels.
        where: x, y, width and height in the picture.
        colours: GREY or SIGNED.
        css: of the image.
    """
    row = -(-width // 4) * 4
    height = (len(text) * 3 // 4 - text[-2:].count("=")) // row
    if (width, height) not in HEADERS:
        size = [1080 + row * height, 0, 1080, 40, width, -height]
        numbers = [number >> shift & 255 for number in size for shift in (0, 8, 16, 24)]
        numbers = [66, 77, *numbers, 1, 0, 8, 0, *[0] * 24]
        HEADERS[width, height] = "data:image/bmp;base64," + _joined(numbers)
    x, y, across, down = where
    rendering = "auto" if width == 7 and colours == GREY else "pixelated"
    return (
        f'<image class="{css}" x="{x:.5g}" y="{y:.5g}" width="{across:.5g}" height="{down:.5g}" '
        f'preserveAspectRatio="none" style="image-rendering:{rendering}" '
        f'href="{HEADERS[width, height]}{colours}{text}"/>'
    )
