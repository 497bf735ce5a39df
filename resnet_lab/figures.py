"""A matplotlib figure as the book shows it: sharp, on light and on dark, and with words.

The style is `plt.style.use("resnet_lab.book")`, which matplotlib finds in this package.
"""

from __future__ import annotations

import re
from hashlib import sha256
from io import BytesIO, StringIO

from .draw.palette import DARK, LIGHT, MARKS, properties
from .draw.svg import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from matplotlib.figure import Figure

# A picture that is a document of its own asks the reader's system for light or dark.
_ALONE = (
    ".rl-plot.rl-plot{display:block;width:100%;max-width:max(34rem,544px);height:auto;"
    "margin:0 auto}"
    ".rl-plot text{font-family:system-ui,sans-serif!important}"
    "@media screen and (prefers-color-scheme:dark){.rl-plot:root{"
    + properties([(name, DARK[name]) for name in MARKS])
    + "}}"
)


class Plot:
    """A figure as SVG, in the palette's colours, with words for those who cannot see it.

    Attributes:
        alt: what the figure shows.
        svg: the picture.
    """

    def __init__(self, svg: str, alt: str) -> None:
        self.svg, self.alt = svg, alt

    def __repr__(self) -> str:
        return self.alt

    def _repr_html_(self) -> str:
        return self.svg


def show(figure: Figure, alt: str) -> Plot:
    """A figure for the end of a cell; it is closed, so that no notebook shows it twice.

    Args:
        figure: with `plt.style.use("resnet_lab.book")`, whose colours change with the page.
        alt: what the figure shows with its result, in a sentence.

    Raises:
        ValueError: `alt` says nothing.
    """
    from matplotlib import pyplot

    if not isinstance(alt, str) or len(alt.split()) < 3:
        raise ValueError(f"alt is {alt!r}; say in a sentence what the figure shows")
    text = StringIO()
    figure.savefig(text, format="svg", metadata=_NO_METADATA)
    pyplot.close(figure)
    return Plot(_for_pages(text.getvalue(), alt), alt)


def photographs(shown: Iterable[tuple[str, Any]], columns: int = 5) -> Plot:
    """Images side by side at one scale, each below its caption.

    Args:
        shown: (caption, image) each; an image is one of Pillow's, or an array or a tensor of bytes,
            (C, H, W), with 1 or 3 channels.
        columns: so many stand in a row.

    Raises:
        ValueError: there is none.
    """
    import numpy as np
    from matplotlib import pyplot
    from PIL import Image

    pairs = [
        (caption, np.asarray(image))
        if isinstance(image, Image.Image)
        else (caption, np.asarray(image).transpose(1, 2, 0))
        for caption, image in shown
    ]
    if not pairs:
        raise ValueError("shown is empty; give at least one caption with its image")
    rows = [pairs[first : first + columns] for first in range(0, len(pairs), columns)]
    longest = max(rows, key=len)
    heights, widths = zip(*[image.shape[:2] for _, image in longest], strict=True)
    with pyplot.style.context("resnet_lab.book"):
        figure, places = pyplot.subplots(
            len(rows),
            len(longest),
            squeeze=False,
            figsize=(4.8, len(rows) * (4.8 * max(heights) / sum(widths) + 0.25)),
            width_ratios=widths,
        )
        for axes in places.flat:
            axes.axis("off")
            axes.set_anchor("N")
        for row, axes_of_row in zip(rows, places, strict=True):
            for (caption, image), axes in zip(row, axes_of_row, strict=False):
                axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="none")
                axes.set_title(caption, fontsize=8, loc="center", fontweight="normal")
        plot = show(figure, "Images: " + ", ".join([caption for caption, _ in pairs]))
    return Plot(re.sub(r"(?<=base64,)[\w+/=\s]+", _opaque, plot.svg), plot.alt)


def _opaque(png: re.Match[str]) -> str:
    """The same PNG, in base64, without the transparency that matplotlib gives every image."""
    from base64 import b64decode, b64encode

    from PIL import Image

    smaller = BytesIO()
    Image.open(BytesIO(b64decode(png[0]))).convert("RGB").save(smaller, "png", optimize=True)
    return b64encode(smaller.getvalue()).decode()


_NO_METADATA: dict[str, Any] = {"Date": None, "Creator": None, "Format": None, "Type": None}


def _for_pages(svg: str, alt: str) -> str:
    """matplotlib's SVG as a part of a page: named, as wide as its column, in the page's colours."""
    svg = svg[svg.index("<svg") :].rstrip()
    head, _, body = svg.partition(">")
    box = head.partition('viewBox="')[2].partition('"')[0]
    for name in MARKS:
        body = body.replace(LIGHT[name], f"var(--rl-{name},{LIGHT[name]})")
    # In a page ids are of all pictures, and so is a rule for every element.
    body = re.sub(r'<g id="[\w.]+"', "<g", body).replace("*{stroke", ".rl-plot *{stroke")
    mark = sha256(svg.encode()).hexdigest()[:6]
    body = re.sub(r'(id="|url\(#|href="#)(?=[mp]\w{10})', rf"\g<1>{mark}", body)
    words = escape(alt)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'class="rl-plot" viewBox="{box}" role="img" aria-label="{words}">'
        f"<title>{words}</title><style>{_ALONE}</style>{body}"
    )
