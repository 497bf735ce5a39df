"""Drawn things for a reader who has no photographs at hand: a folder of ten kinds, and a ball.

Every drawing of the folder is turned, scaled, moved, lit and covered with a pattern of its own.
"""

from __future__ import annotations

import math
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Points = list[tuple[float, float]]


def oval(
    x: float, y: float, width: float, height: float, first: float = 0, last: float = 1
) -> Points:
    """Points of an ellipse around (x, y), clockwise from the right, in shares of a full turn."""
    turns = [2 * math.pi * (first + (last - first) * step / 24) for step in range(25)]
    return [(x + width / 2 * math.cos(turn), y + height / 2 * math.sin(turn)) for turn in turns]


def box(left: float, top: float, right: float, bottom: float) -> Points:
    """The corners of a rectangle."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


# Outlines from -1 to 1, the first ones behind; with the brightness of each, where 0 is a hole.
THINGS: dict[str, list[tuple[float, Points]]] = {
    "bottle": [
        (1.0, box(-0.15, -0.9, 0.15, -0.3)),
        (
            0.8,
            [(-0.15, -0.4), (0.15, -0.4), (0.35, -0.1), (0.35, 0.9), (-0.35, 0.9), (-0.35, -0.1)],
        ),
        (0.5, box(-0.35, 0.1, 0.35, 0.6)),
    ],
    "cup": [
        (0.8, oval(0.5, 0.05, 0.7, 0.8)),
        (0.0, oval(0.5, 0.05, 0.4, 0.5)),
        (1.0, [(-0.7, -0.6), (0.5, -0.6), (0.4, 0.7), (-0.6, 0.7)]),
        (0.5, oval(-0.1, -0.6, 1.2, 0.25)),
    ],
    "fish": [
        (0.9, oval(-0.15, 0, 1.4, 0.8)),
        (0.7, [(0.4, 0), (0.9, -0.5), (0.8, 0), (0.9, 0.5)]),
        (0.0, oval(-0.55, -0.1, 0.14, 0.14)),
    ],
    "glasses": [
        (1.0, oval(-0.48, 0, 0.8, 0.7)),
        (0.2, oval(-0.48, 0, 0.6, 0.5)),
        (1.0, oval(0.48, 0, 0.8, 0.7)),
        (0.2, oval(0.48, 0, 0.6, 0.5)),
        (1.0, box(-0.12, -0.1, 0.12, 0.02)),
    ],
    "hat": [
        (0.8, oval(0, 0.45, 1.8, 0.4)),
        (1.0, [*oval(0, -0.1, 1.0, 1.1, 0.5, 1), (0.5, 0.45), (-0.5, 0.45)]),
        (0.4, box(-0.5, 0.15, 0.5, 0.35)),
    ],
    "house": [
        (0.8, box(-0.6, -0.1, 0.6, 0.8)),
        (1.0, [(-0.8, -0.1), (0, -0.8), (0.8, -0.1)]),
        (0.3, box(-0.15, 0.3, 0.15, 0.8)),
        (0.4, box(0.25, 0.1, 0.5, 0.35)),
    ],
    "key": [
        (1.0, oval(-0.55, 0, 0.7, 0.7)),
        (0.0, oval(-0.6, 0, 0.35, 0.35)),
        (1.0, box(-0.25, -0.1, 0.9, 0.1)),
        (1.0, box(0.45, 0.1, 0.57, 0.35)),
        (1.0, box(0.72, 0.1, 0.84, 0.35)),
    ],
    "leaf": [
        (0.9, [*oval(0, -0.1, 0.9, 1.5, 0.75, 1.25), *oval(0, -0.1, 0.9, 1.5, 0.25, 0.75)]),
        (0.5, box(-0.04, -0.6, 0.04, 0.95)),
    ],
    "sock": [
        (
            0.9,
            [
                (-0.5, -0.9),
                (0.1, -0.9),
                (0.15, 0.1),
                (0.75, 0.4),
                (0.8, 0.8),
                (-0.4, 0.8),
                (-0.5, 0.3),
            ],
        ),
        (0.5, box(-0.5, -0.9, 0.1, -0.65)),
    ],
    "umbrella": [
        (0.9, oval(0, 0, 1.8, 1.5, 0.5, 1)),
        (0.7, box(-0.05, 0, 0.05, 0.75)),
        (0.7, oval(0.14, 0.72, 0.38, 0.4, 0, 0.5)),
        (0.0, oval(0.14, 0.72, 0.18, 0.2, 0, 0.5)),
    ],
}


def draw_things(
    folder: str | os.PathLike[str], count: int = 20, size: int = 56, seed: int = 0
) -> None:
    """Draw `count` things of each kind, one folder a kind, as grey PNG files of size x size pixels.

    Example:
        >>> draw_things("things")  # doctest: +SKIP
        >>> data = load("things", size=28)  # doctest: +SKIP
    """
    for name, outlines in THINGS.items():
        Path(folder, name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            chance = random.Random(f"{seed} {name} {number}")
            drawn(outlines, size, chance).save(Path(folder, name, f"{number:02}.png"))


def drawn(outlines: list[tuple[float, Points]], size: int, chance: random.Random) -> Any:
    """One thing, as nobody has drawn it before."""
    from PIL import Image, ImageDraw, ImageFilter

    fine = 4 * size  # drawn large and scaled down, so that edges are smooth
    background = chance.randrange(0, 60)
    image = Image.new("L", (fine, fine), background)
    place, light = placement(chance, fine), chance.uniform(0.55, 1)
    for brightness, points in outlines:
        shade = round(255 * light * brightness) if brightness else background
        ImageDraw.Draw(image).polygon([place(*point) for point in points], fill=shade)
    pattern = Image.new("L", (fine, fine), 255)
    for line in stripes(chance, fine):
        ImageDraw.Draw(pattern).line(line, fill=chance.randrange(120, 220), width=fine // 24)
    image = Image.composite(image, Image.new("L", (fine, fine), 0), pattern)
    blurred = image.filter(ImageFilter.GaussianBlur(chance.uniform(0, 1.5) * fine / size))
    return blurred.resize((size, size), Image.Resampling.BOX)


def placement(chance: random.Random, size: int) -> Any:
    """A turn, a size, a slant and a shift: from an outline's coordinates to pixels."""
    turn, slant = chance.gauss(0, 0.35), chance.gauss(0, 0.15)
    wide, high = [0.4 * chance.uniform(0.65, 1) for _ in range(2)]
    middle = [0.5 + chance.uniform(-0.1, 0.1) for _ in range(2)]
    mirror = chance.choice((-1, 1))

    def place(x: float, y: float) -> tuple[float, float]:
        x, y = mirror * wide * (x + slant * y), high * y
        across = x * math.cos(turn) - y * math.sin(turn)
        down = x * math.sin(turn) + y * math.cos(turn)
        return size * (middle[0] + across), size * (middle[1] + down)

    return place


def stripes(chance: random.Random, size: int) -> Iterator[list[tuple[float, float]]]:
    """Lines across the whole picture, in any direction; often none."""
    turn, gap = chance.uniform(0, math.pi), chance.uniform(0.1, 0.3)
    x, y = math.cos(turn), math.sin(turn)
    for number in range(-9, 10) if chance.random() < 0.5 else ():
        along = [
            (0.5 - y * number * gap + side * 2 * x, 0.5 + x * number * gap + side * 2 * y)
            for side in (-1, 1)
        ]
        yield [(size * a, size * b) for a, b in along]


def ball(width: int = 480, height: int = 360) -> Any:
    """A basketball on a floor of boards, lit from the upper left, as a PIL image."""
    import torch
    from PIL import Image
    from torch import Tensor

    def colour(red: float, green: float, blue: float) -> Tensor:
        return torch.tensor((red, green, blue))[:, None, None]

    y, x = torch.meshgrid(
        torch.linspace(0.75, -0.75, height), torch.linspace(-1, 1, width), indexing="ij"
    )
    far = 1 / (0.12 - y).clamp(min=0.06)  # of the floor's points
    boards = 0.9 + 0.1 * torch.sin((x * far * 4).floor() * 12.9)
    wall = colour(0.82, 0.84, 0.86) * (0.8 + 0.3 * y)
    photo = torch.where(y < 0, colour(0.78, 0.56, 0.36) * boards, wall)
    shadow = ((x - 0.12) / 0.5) ** 2 + ((y + 0.47) / 0.12) ** 2 < 1
    photo = torch.where(shadow, 0.45 * photo, photo)

    x, y = x / 0.42, (y + 0.08) / 0.42  # now from the ball
    z = (1 - x**2 - y**2).clamp(0).sqrt()
    light = (0.6 * y - 0.45 * x + 0.66 * z).clamp(0)
    seams = (x + 0.3 * y).abs() < 0.03
    seams |= ((x + 0.3 * y).abs() - 0.6 - 0.3 * y**2).abs() < 0.03
    seams |= (y - 0.3 * x).abs() < 0.03
    skin = torch.where(seams, colour(0.12, 0.07, 0.05), colour(0.86, 0.42, 0.13))
    lit = skin * (0.3 + 0.75 * light) + 0.3 * light**30
    photo = torch.where(x**2 + y**2 < 1, lit, photo).clamp(0, 1)
    return Image.fromarray((photo.permute(1, 2, 0) * 255).byte().numpy())
