"""Reads pictures back as XML and measures them with the metrics of a wide font."""

from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
from PIL import ImageFont

from resnet_lab import draw

SIZES = {"rl-title": 15, "rl-small": 10}


def read(picture):
    """The SVG's root; a picture is XML, fits its column, says the same aloud as on hovering."""
    root = ElementTree.fromstring(picture.replace(' xmlns="http://www.w3.org/2000/svg"', ""))
    assert root.tag == "svg" and root.get("role") == "img"
    assert root.get("aria-label") == root.find("title").text and len(root.get("aria-label")) > 20
    assert root.get("width") is None and root.get("viewBox").startswith(f"0 0 {draw.WIDTH} ")
    return root


def texts(root):
    return ["".join(text.itertext()) for text in root.iter("text")]


def of_class(root, *names):
    return [node for node in root.iter() if set(names) <= set(node.get("class", "").split())]


@lru_cache
def font(size, bold):
    name = f"DejaVuSans{'-Bold' * bold}.ttf"
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts/ttf" / name, 20 * size)


def boxes(root):
    """Each text's (left, right, baseline, text) in DejaVu Sans, wider than a system's own font."""
    for text in root.iter("text"):
        width = 0
        for part in [text, *text]:
            css = f"{text.get('class', '')} {part.get('class', '')}".split()
            size = next((SIZES[name] for name in css if name in SIZES), 12)
            bold = "rl-strong" in css or "rl-title" in css
            width += font(size, bold).getlength(part.text or "") / 20 + float(part.get("dx", 0))
        width = float(text.get("textLength", width))
        left = float(text.get("x")) - width * ("rl-end" in css or "rl-middle" in css) / (
            2 if "rl-middle" in css else 1
        )
        yield left, left + width, float(text.get("y")), "".join(text.itertext())


def assert_fits(root):
    """No text leaves the picture, and no two texts on one line meet."""
    width, height = map(float, root.get("viewBox").split()[2:])
    placed = sorted(boxes(root), key=lambda box: (box[2], box[0]))
    for left, right, baseline, text in placed:
        assert left >= 0 and right <= width and 8 <= baseline <= height - 2, text
    for (_, end, line, text), (start, _, next_line, after) in pairwise(placed):
        assert line != next_line or end <= start, (text, after)
