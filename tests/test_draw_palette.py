"""The palette is legible by WCAG's formula, also for colour-blind readers, and in one place."""

import re
from itertools import combinations
from pathlib import Path

import pytest

from resnet_lab import draw
from resnet_lab.draw import palette
from resnet_lab.draw.svg import STYLE

ROOT = Path(__file__).parent.parent
# What may be behind a picture: a page, a sheet of ours, and the dark of Jupyter and VS Code.
THEMES = [
    (palette.LIGHT, ["#ffffff", palette.LIGHT["sheet"]]),
    (palette.DARK, ["#13171c", palette.DARK["sheet"], "#111111", "#1e1e1e"]),
]
# Linear RGB as it is seen without one kind of cones; Machado, Oliveira and Fernandes (2009).
SEEN = {
    "with all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def linear(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    values = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]


def luminance(colour):
    return sum(
        part * value for part, value in zip((0.2126, 0.7152, 0.0722), linear(colour), strict=True)
    )


def contrast(one, other):
    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


def lab(rgb):
    """CIE L*a*b* of linear sRGB, in which distances are about as large as they look."""
    rows = (0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505)
    white = 0.9505, 1, 1.089
    x, y, z = (
        v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116
        for v in (
            sum(a * b for a, b in zip(row, rgb, strict=True)) / most
            for row, most in zip(rows, white, strict=True)
        )
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def test_contrast():
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#fff") == pytest.approx(4.54, abs=0.01)  # the known limit for text
    for colours, backgrounds in THEMES:
        assert contrast(colours["on-accent"], colours["accent"]) >= 4.5
        for background in backgrounds:
            for name in palette.MARKS:
                assert contrast(colours[name], background) >= 3, (name, background)
            for name in ("muted", "accent"):
                assert contrast(colours[name], background) >= 4.5, (name, background)


@pytest.mark.parametrize("eye", SEEN)
def test_meanings_are_told_apart(eye):
    for colours, _ in THEMES:
        seen = {
            name: lab(
                [
                    min(
                        1,
                        max(0, sum(a * b for a, b in zip(row, linear(colours[name]), strict=True))),
                    )
                    for row in SEEN[eye]
                ]
            )
            for name in palette.MARKS
            if name != "accent"  # stands for no layer
        }
        for one, other in combinations(seen, 2):
            distance = sum((a - b) ** 2 for a, b in zip(seen[one], seen[other], strict=True)) ** 0.5
            assert distance > 12, (one, other, distance)


def test_pictures_fall_back_on_the_light_colours():
    found = dict(re.findall(r"var\(--rl-([\w-]+),(#\w+)\)", STYLE))
    assert found == {name: palette.LIGHT[name] for name in palette.MARKS}


def test_no_other_file_names_a_colour_of_the_palette():
    colours = {*palette.LIGHT.values(), *palette.DARK.values()} - {"#fff"}
    home = Path(palette.__file__)
    for folder in (ROOT / "resnet_lab", ROOT / "_ext"):
        for file in folder.rglob("*"):
            if file.suffix in (".py", ".css", ".js", ".html") and file != home:
                named = set(
                    re.findall(r"#[0-9a-f]{3,8}\b", file.read_text(encoding="utf-8").lower())
                )
                assert not named & colours, f"{file.relative_to(ROOT)} names {named & colours}"


def rgb(colour):
    return f"rgb({', '.join(str(int(colour[place : place + 2], 16)) for place in (1, 3, 5))})"


def fill(page):
    return page.eval_on_selector("rect.rl-conv", "mark => getComputedStyle(mark).fill")


@pytest.mark.parametrize(
    "html, body, theme",
    [
        ("", "", palette.LIGHT),
        ("data-theme=light", "data-jp-theme-light=true", palette.LIGHT),
        ("data-theme=dark", "", palette.DARK),
        ("theme=dark", "", palette.DARK),
        ("", "data-jp-theme-light=false", palette.DARK),
        ("", "class=vscode-dark", palette.DARK),
    ],
)
def test_a_picture_takes_the_colours_of_its_page(browser, html, body, theme):
    picture = draw.bars("Three", [("parameters", [("one", {"3 × 3": 3})])])
    # The reader's system asks for dark: what counts is the page.
    page = browser.new_page(color_scheme="dark")
    page.set_content(f"<html {html}><style>{palette.css()}</style><body {body}>{picture}")
    assert fill(page) == rgb(theme["conv"])
    page.emulate_media(media="print")
    assert fill(page) == rgb(palette.LIGHT["conv"])  # paper is light
    page.close()


@pytest.mark.parametrize("scheme, theme", [("light", palette.LIGHT), ("dark", palette.DARK)])
def test_a_picture_that_stands_alone_asks_the_readers_system(browser, tmp_path, scheme, theme):
    file = tmp_path / "bars.svg"
    picture = draw.bars("Three", [("parameters", [("one", {"3 × 3": 3})])])
    file.write_text(picture, encoding="utf-8")
    page = browser.new_page(color_scheme=scheme)
    page.goto(file.as_uri())
    assert fill(page) == rgb(theme["conv"])
    background, text = page.evaluate(
        "() => [getComputedStyle(document.documentElement).backgroundColor,"
        " getComputedStyle(document.querySelector('text')).fill]"
    )
    hexes = [
        "#" + "".join(f"{int(v):02x}" for v in re.findall(r"\d+", value))
        for value in (background, text)
    ]
    assert contrast(*hexes) >= 7
    page.close()
