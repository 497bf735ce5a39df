"""What is inside a trained network: its answers, a picture with what was seen of it, and maps.

These pictures follow a slider, in a page too: what does not change is made once.
"""

from __future__ import annotations

from .maps import letters, two_colours
from .svg import WIDTH, figures, rect, svg, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Box = tuple[int, int, int, int]

PICTURE, BIG, LEFT, RIGHT = 136, 112, 222, WIDTH - 34
COLOURS = ("identity", "accent")
PARTS = {"shortcut": "the shortcut", "branch": "the branch", "sum": "their sum"}
FRAME = 'class="rl-line-linear" style="stroke-width:2"'
MADE: dict[object, str] = {}


def answers(
    label: str,
    names: Sequence[str],
    chances: Mapping[str, Sequence[float]],
    picture: str = "",
    field: tuple[Box, str] | None = None,
    spoken: tuple[str, str] | None = None,
) -> str:
    """A picture of 28 × 28 pixels, and beside it what two networks answer.

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
    best = {name: max(each) for name, each in chances.items() if each}
    won = tuple([list(chances[name]).index(most) for name, most in best.items()])
    key = "answers", tuple(names), tuple(chances), won
    if key not in MADE:
        MADE[key] = _beside(names, list(chances), won)
    body = [MADE[key]]
    if picture:
        body.append(image(picture, (28, 28), WHOLE, GREY))
    if field:
        left, top, right, bottom = [round(side * PICTURE / 28, 1) for side in field[0]]
        body += [
            _veil(field[1], 28, "accent"),
            f'<path {FRAME} d="M{left} {top}H{right}V{bottom}H{left}z"/>',
        ]
    if spoken:
        body += [_veil(spoken[0], 7, "accent"), _veil(spoken[1], 7, "linear")]
    step = PICTURE / len(names)
    for number, (each, colour) in enumerate(zip(chances.values(), COLOURS, strict=False)):
        bars = [
            f"M{LEFT} {round(row * step + 4 + 5 * number, 1)}h{round(chance * (RIGHT - LEFT), 1)}"
            for row, chance in enumerate(each)
        ]
        path = "".join(bars)
        body.append(f'<path class="rl-line-{colour}" style="stroke-width:4.5" d="{path}"/>')
    for row in {*won}:
        most = max([most for most, place in zip(best.values(), won, strict=True) if place == row])
        body.append(write(RIGHT + 4, row * step + 9.5, f"{round(100 * most)} %", "rl-small"))
    return svg(PICTURE + 22, label, "".join(body))


def _beside(names: Sequence[str], networks: Sequence[str], won: Sequence[int]) -> str:
    """The classes' names, those that were answered in bold, and the networks'."""
    body, step = [rect(0, 0, PICTURE, PICTURE, "muted", 0.15)], PICTURE / len(names)
    for row, name in enumerate(names):
        css = "rl-small rl-end" + " rl-strong" * (row in won)
        body.append(write(LEFT - 6, row * step + 9.5, name, css))
    for number, (name, colour) in enumerate(zip(networks, COLOURS, strict=False)):
        x = 148 + 88 * number
        body.append(rect(x, PICTURE + 9, 9, 9, colour))
        body.append(write(x + 13, PICTURE + 17, name, "rl-small"))
    return "".join(body)


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
    there = tuple([part for part in PARTS if part in maps or not maps])
    key = "parts", shape, there
    if key not in MADE:
        MADE[key] = _titles(there)
    tall, cell, pixel = BIG * channels // columns // columns, BIG // columns, BIG / side
    body = [MADE[key]]
    for number, part in enumerate(PARTS):
        if part not in there:
            continue
        x, y = number * (BIG + 32), 26 + BIG
        across, down = round(x + column * pixel - 1, 1), round(16 + row * pixel - 1, 1)
        big = f'x="{x}" y="16" width="{BIG}" height="{BIG}"'
        small = f'x="{x}" y="{y}" width="{BIG}" height="{tall}"'
        if maps:
            whole = columns * side, channels // columns * side
            body += [
                image(opened[part], (side, side), big, SIGNED, "rl-tint"),
                image(maps[part], whole, small, SIGNED, "rl-tint"),
            ]
        if part == chosen:
            body.append(_square(across, down, round(pixel + 2, 1)))
        body += [
            _square(x + channel % columns * cell, y + channel // columns * cell, cell),
            f'<rect class="rl-point" data-part="{part}" data-across="1" data-down="1" '
            f'data-first="{channel}" fill-opacity="0" {big}/>'
            f'<rect class="rl-point" data-part="{part}" data-across="{columns}" '
            f'data-down="{channels // columns}" data-first="0" fill-opacity="0" {small}/>',
        ]
    bottom = 26 + BIG + tall + 14
    said = f"{channels} maps of {side} × {side}; the large one is map {channel}"
    ends = f"orange {figures(-reach)}, blue {figures(reach)}"
    body.append(write(0, bottom, said, "rl-small rl-quiet"))
    body.append(write(WIDTH, bottom, ends if maps else "", "rl-small rl-quiet rl-end"))
    return svg(bottom + 4, label, "".join(body))


def _titles(there: Sequence[str]) -> str:
    """What stands above the maps and between them."""
    body = []
    for number, (part, title) in enumerate(PARTS.items()):
        x = number * (BIG + 32)
        body.append(write(x + BIG / 2, 10, title, "rl-label rl-middle"))
        if part in there:
            body.append(rect(x, 16, BIG, BIG, "muted", 0.15))
        else:
            body.append(write(x + BIG / 2, 18 + BIG / 2, "there is none", "rl-small rl-middle"))
        if number:
            body.append(write(x - 16, 20 + BIG / 2, " +="[number], "rl-title rl-middle"))
    return "".join(body)


def _square(x: float, y: float, side: float) -> str:
    return f'<rect {FRAME} x="{x}" y="{y}" width="{side}" height="{side}"/>'


def _veil(text: str, side: int, colour: str) -> str:
    """A colour over the picture, as thick as the bytes say."""
    key = f"rl-veil-{colour}"
    return (
        f'<mask id="{key}">{image(text, (side, side), WHOLE, GREY)}</mask>'
        f'<rect class="rl-{colour}" mask="url(#{key})" {WHOLE}/>'
    )


# --------------------------------------------------------------------------------- bytes as images
def _joined(numbers: Sequence[int]) -> str:
    """Bytes in base64."""
    return "".join(
        [
            letters(numbers[place] << 16 | numbers[place + 1] << 8 | numbers[place + 2])
            for place in range(0, len(numbers), 3)
        ]
    )


def _palette(colours: Sequence[tuple[int, int, int]]) -> str:
    """256 colours as BMP has them, and two bytes more, so that the letters come out even."""
    numbers = [number for red, green, blue in colours for number in (blue, green, red, 0)]
    return _joined([*numbers, 0, 0])


WHOLE = f'x="0" y="0" width="{PICTURE}" height="{PICTURE}"'
GREY, SIGNED = "grey", "signed"


def _header(width: int, height: int, colours: str) -> str:
    """The beginning of a BMP file with a palette, from the top down."""
    size = [1080 + -(-width // 4) * 4 * height, 0, 1080, 40, width, -height]
    numbers = [number >> shift & 255 for number in size for shift in (0, 8, 16, 24)]
    tints = [(level, level, level) for level in range(256)]
    if colours == SIGNED:
        tints = [(255, 255, 255), *two_colours(1, 254)]  # 128 is 0
    return (
        "data:image/bmp;base64,"
        + _joined([66, 77, *numbers, 1, 0, 8, 0, *[0] * 24])
        + _palette(tints)
    )


def image(text: str, size: tuple[int, int], box: str, colours: str, css: str = "") -> str:
    """Bytes as an image in a picture.

    A BMP file with a palette is its header and those bytes: nothing is left to do for a pixel.

    Args:
        text: the bytes in base64, rows filled up to a multiple of four bytes.
        size: width and height, in pixels.
        box: where it stands, as attributes.
        colours: GREY or SIGNED.
        css: of the image.
    """
    key = "image", size, colours
    if key not in MADE:
        MADE[key] = _header(*size, colours)
    rendering = "auto" if size == (7, 7) and colours == GREY else "pixelated"
    return (
        f'<image class="{css}" {box} preserveAspectRatio="none" '
        f'style="image-rendering:{rendering}" href="{MADE[key]}{text}"/>'
    )
