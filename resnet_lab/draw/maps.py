"""Numbers as pixels: where a network decides for which class, feature maps, the loss on planes."""

from __future__ import annotations

from .palette import LIGHT
from .svg import WIDTH, figures, svg, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Colour = tuple[int, int, int]

LEVELS = 64
LOWEST, HIGHEST = -3.0, 1.0  # of the logarithm of a loss over that of guessing
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def decision_map(
    values: Sequence[float] | str,
    size: int,
    points: Iterable[tuple[float, float, int]] | str,
    label: str,
) -> str:
    """What a network answers at every place of a plane, orange for class 0 and blue for class 1.

    Args:
        values: the probabilities of class 1 at the middles of `size` × `size` cells, row by row
            from the upper left; or what `levels` makes of them.
        size: cells along each side.
        points: the examples (x, y, class) on it; x and y go from -1 to 1, to the right and up; or
            what `dots` makes of them.
        label: the result, in a sentence.

    Raises:
        ValueError: a value is not from 0 to 1.

    >>> picture = decision_map([0.0, 1.0, 0.0, 1.0], 2, [(-0.5, 0.5, 0)], "Left and right")
    >>> picture.count("<image")
    1
    """
    text = values if isinstance(values, str) else levels(values, size)
    uri = _palette_head(size) + text
    image = _image(uri, 0, 0, WIDTH, WIDTH, "auto", "rl-tint")
    return svg(WIDTH, label, image + (points if isinstance(points, str) else dots(points)))


def levels(values: Sequence[float], size: int) -> str:
    """Probabilities as the short text that a page's worker gives: a byte for each cell, in base64.

    Args:
        values: as in `decision_map`.
        size: cells along each side. A row is filled up to a multiple of four bytes.

    Raises:
        ValueError: a value is not from 0 to 1.

    >>> levels([0.0, 0.5, 1.0, 0.25], 2)
    'ACAAAEAQAAA='
    """
    if not (0 <= min(values) and max(values) <= 1 and sum(values) >= 0):  # the sum finds a NaN
        bad = next(value for value in values if not 0 <= value <= 1)
        raise ValueError(f"a value of the map is {bad}; give probabilities from 0 to 1")
    rest, data = [0] * (-size % 4), []
    for row in range(0, size * size, size):
        data += [int(LEVELS * value + 0.5) for value in values[row : row + size]] + rest
    missing = -len(data) % 3
    data += [0] * missing
    text = "".join(
        [
            letters(data[place] << 16 | data[place + 1] << 8 | data[place + 2])
            for place in range(0, len(data), 3)
        ]
    )
    return text[: len(text) - missing] + "=" * missing


def dots(points: Iterable[tuple[float, float, int]]) -> str:
    """The examples of a `decision_map`, drawn: round ones of class 0, square ones of class 1."""
    paths = ["", ""]
    for x, y, label_of in points:
        paths[label_of] += f"M{(1 + x) * WIDTH / 2:.1f} {(1 - y) * WIDTH / 2:.1f}h0"
    body = ""
    for path, colour, cap in ((paths[0], "linear", "round"), (paths[1], "accent", "square")):
        for stroke in ("stroke:var(--rl-sheet,#fff);stroke-width:8", "stroke-width:5"):
            body += (
                f'<path class="rl-line-{colour}" style="{stroke};stroke-linecap:{cap}" d="{path}"/>'
            )
    return body


HEADS: dict[int, str] = {}


def _palette_head(size: int) -> str:
    """A data URI of a BMP file with a byte for each pixel, up to where these begin: its colours.

    The picture can then be joined from texts: what stands before it has a multiple of three bytes.
    """
    if size not in HEADS:
        colours = two_colours(0.7) + [(0, 0, 0)]
        width, count = size + -size % 4, len(colours)
        begin = 54 + 4 * count
        head = [66, 77, *_bytes(begin + width * size), 0, 0, 0, 0, *_bytes(begin), 40, 0, 0, 0]
        head += [*_bytes(size), *_bytes(-size), 1, 0, 8, 0] + [0] * 16  # from the top down
        head += [*_bytes(count), 0, 0, 0, 0]
        for red, green, blue in colours:
            head += [blue, green, red, 0]
        texts = [
            letters(head[place] << 16 | head[place + 1] << 8 | head[place + 2])
            for place in range(0, begin, 3)
        ]
        HEADS[size] = "data:image/bmp;base64," + "".join(texts)
    return HEADS[size]


def feature_maps(maps: Sequence[tuple[str, Sequence[float], int, int]], label: str) -> str:
    """Feature maps as images on one scale, five to a row.

    They are grey where no value is negative, black being 0; otherwise orange is negative, blue is
    positive, and 0 has no colour.

    Args:
        maps: (caption, values, height, width) each; the values row by row from the upper left.
        label: the result, in a sentence.

    Raises:
        ValueError: a map has more or fewer values than its size says, or one that is no number.

    >>> "black 0, white 3" in feature_maps([("channel 0", [0, 1, 2, 3], 2, 2)], "A ramp")
    True
    """
    for caption, values, height, width in maps:
        if len(values) != height * width:
            raise ValueError(
                f"{caption} has {len(values)} values; {height} × {width} are {height * width}"
            )
        if sum(values) - sum(values) != 0:
            raise ValueError(f"{caption} has a value that is not a number; leave such maps out")
    least = min([min(values) for _, values, *_ in maps])
    signed, reach = least < 0, max([max(values) for _, values, *_ in maps] + [-least]) or 1
    colours = two_colours(1) if signed else [(4 * level - level // 64,) * 3 for level in range(65)]
    columns = min(5, len(maps))
    side = min(120, (WIDTH - 8 * (columns - 1)) / columns)
    tallest = max([height / width for _, _, height, width in maps]) * side
    body = []
    for place, (caption, values, height, width) in enumerate(maps):
        x, y = (side + 8) * (place % columns), (tallest + 20) * (place // columns)
        zero, scale = (LEVELS / 2, LEVELS / 2) if signed else (0, LEVELS)
        levels = [int(zero + scale * (value / reach)) for value in values]
        uri = _bitmap(levels, width, height, colours)
        css = "rl-tint" * signed
        body += [
            _image(uri, x, y, side, side * height / width, "pixelated", css),
            write(x, y + tallest + 12, caption, "rl-small"),
        ]
    y = (tallest + 20) * -(-len(maps) // columns) + 12
    ends = f"orange {figures(-reach)}, blue {figures(reach)}"
    body.append(
        write(0, y, ends if signed else f"black 0, white {figures(reach)}", "rl-small rl-quiet")
    )
    return svg(y + 6, label, "".join(body))


def loss_planes(
    planes: Sequence[tuple[str, Sequence[float | None]]], size: int, reach: float, label: str
) -> str:
    """Planes side by side: blue where the loss is lower than that of guessing, orange where higher.

    Args:
        planes: (name, values) each; a value is log10 of the loss over that of guessing, row by row
            from the upper left, None where nothing is known yet.
        size: cells along each side.
        reach: how far a plane goes to each side.
        label: the result, in a sentence.

    >>> picture = loss_planes([("plain", [0.0, None, -1.0, 2.0])], 2, 1.0, "Four cells")
    >>> picture.count("<image")                      # the plane, and the scale below it
    2
    """
    colours = [*two_colours(1), (205, 205, 205)]
    side = (WIDTH - 16) / 2
    body = []
    for place, (name, values) in enumerate(planes):
        x = place * (side + 16)
        uri = _bitmap([_loss_level(value) for value in values], size, size, colours)
        body += [
            write(x, 11, name, "rl-small rl-strong"),
            _image(uri, x, 18, side, side, "pixelated", "rl-tint"),
            f'<circle class="rl-sign" cx="{x + side / 2:.5g}" cy="{18 + side / 2:.5g}" r="4"/>',
            write(x, side + 31, f"−{reach:g}", "rl-small rl-quiet"),
            write(x + side / 2, side + 31, "0", "rl-small rl-quiet rl-middle"),
            write(x + side, side + 31, f"{reach:g}", "rl-small rl-quiet rl-end"),
        ]
    scale = _bitmap(list(range(LEVELS, -1, -1)) + [0] * 3, LEVELS + 4, 1, colours)
    y = side + 46
    body += [
        _image(scale, 100, y - 8, WIDTH - 200, 9, "auto", "rl-tint"),
        write(94, y, "1/1000 of it", "rl-small rl-quiet rl-end"),
        write(WIDTH / 2, y + 14, "the loss of guessing", "rl-small rl-quiet rl-middle"),
        write(WIDTH - 94, y, "10 times it", "rl-small rl-quiet"),
    ]
    return svg(y + 20, label, "".join(body))


def _loss_level(value: float | None) -> int:
    """The place of a value's colour; the last one for what is not known."""
    if value is None:
        return LEVELS + 1
    half = LEVELS / 2
    share = -min(value, HIGHEST) / HIGHEST if value > 0 else max(value, LOWEST) / LOWEST
    return int(half + half * share)


def two_colours(most: float, steps: int = LEVELS) -> list[Colour]:
    """From orange over white to blue, in so many steps. most: the share of colour at the ends."""
    ends = [
        [int(LIGHT[name][place : place + 2], 16) for place in (1, 3, 5)]
        for name in ("linear", "accent")
    ]
    found = []
    for level in range(steps + 1):
        share = 2 * level / steps - 1
        red, green, blue = [
            round(255 + most * abs(share) * (channel - 255)) for channel in ends[share > 0]
        ]
        found.append((red, green, blue))
    return found


def _image(
    uri: str, x: float, y: float, width: float, height: float, rendering: str, css: str
) -> str:
    return (
        f'<image class="{css}" x="{x:.5g}" y="{y:.5g}" width="{width:.5g}" height="{height:.5g}" '
        f'preserveAspectRatio="none" style="image-rendering:{rendering}" href="{uri}"/>'
    )


def _bitmap(levels: Sequence[int], width: int, height: int, colours: Sequence[Colour]) -> str:
    """An image as a data URI. levels: for every pixel, row by row, the place of its colour.

    Of all formats this is the quickest to write: a BMP file has three bytes for a pixel, and those
    are four letters of base64, whatever stands beside them. Its rows end at a multiple of four
    bytes; where theirs would not, pixels are written twice or four times.
    """
    times = {0: 1, 2: 2}.get(width % 4, 4)
    pixels = [letters(blue << 16 | green << 8 | red) * times for red, green, blue in colours]
    header = [66, 77, *_bytes(54 + 3 * times * width * height), 0, 0, 0, 0, 54, 0, 0, 0]
    header += [40, 0, 0, 0, *_bytes(times * width), *_bytes(-height)]  # from the top down
    header += [1, 0, 24, 0] + [0] * 24
    begin = [
        letters(header[place] << 16 | header[place + 1] << 8 | header[place + 2])
        for place in range(0, 54, 3)
    ]
    return "data:image/bmp;base64," + "".join(begin + [pixels[level] for level in levels])


def _bytes(number: int) -> list[int]:
    """A number as four bytes, the lowest first."""
    return [number >> shift & 255 for shift in (0, 8, 16, 24)]


def letters(number: int) -> str:
    """Three bytes, as one number, as four letters of base64."""
    return (
        BASE64[number >> 18]
        + BASE64[number >> 12 & 63]
        + BASE64[number >> 6 & 63]
        + BASE64[number & 63]
    )
