"""Outputs of the built book for notebooks that nobody has run: pictures that GitHub shows.

GitHub draws no SVG inside of HTML and runs no widget. An explorer becomes the picture and the table
it starts with. An exercise leaves nothing: its form holds the answer.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

Output = dict[str, Any]
WIDGET = "application/vnd.jupyter.widget-view+json"
# A picture may hold others, which hold none.
INSIDE = r"(?:(?!</?svg\b).)*"
SVG = rf"<svg\b{INSIDE}(?:<svg\b{INSIDE}</svg>{INSIDE})*</svg>"
PICTURE = re.compile(rf"{SVG}|data:image/png;base64,([\w+/=]+)", re.DOTALL)
SCALE = 1.2  # a picture is about 400 units wide, and 480 pixels in the page
TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)


def stored_outputs(path: Path, cache: Path) -> list[list[Output]]:
    """What each code cell of a notebook gave when the book was built.

    Raises:
        SystemExit: if the book has not been built with the notebook as it is now.
    """
    import nbformat
    from jupyter_cache import get_cache

    try:
        text = path.read_text(encoding="utf-8")
        source = nbformat.reads(text, 4)  # type: ignore[no-untyped-call]
        _, done = get_cache(cache).merge_match_into_notebook(source)
    except KeyError:
        sys.exit(f"{path} has no outputs in {cache}: build the book first, with `make book`")
    code = [cell for cell in done.cells if cell.cell_type == "code"]
    return [[still for output in cell.outputs for still in stills(dict(output))] for cell in code]


def stills(output: Output) -> list[Output]:
    """An output as notebooks show it that nobody has run."""
    data = {kind: value for kind, value in output.get("data", {}).items() if kind != WIDGET}
    html = data.get("text/html", "")
    if 'class="rl-exercise' in html:
        return []
    pictures = list(PICTURE.finditer(html))
    if not pictures:
        return [{**output, "data": data}] if data else [output]
    found = [
        {"image/png": picture[1]} if picture[1] else {"image/svg+xml": alone(picture[0])}
        for picture in pictures
    ]
    found += [{"text/html": table} for table in TABLE.findall(html)]
    return [{"output_type": "display_data", "data": each, "metadata": {}} for each in found]


def alone(svg: str) -> str:
    """A picture that needs no page around it. Its colours carry their light value with them.

    It is as large as the page shows it, since without a size it would fill the window.
    """
    head = svg.partition(">")[0]
    space = "" if "xmlns=" in head else ' xmlns="http://www.w3.org/2000/svg"'
    box = re.search(r'viewBox="\S+ \S+ (\S+) (\S+)"', head)
    size = ""
    if box and " width=" not in head:
        width, height = [round(SCALE * float(side)) for side in box.groups()]
        size = f' width="{width}" height="{height}"'
    return svg.replace("<svg", f'<svg{space}{size} style="background: #fff"', 1)
