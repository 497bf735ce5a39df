"""The theme, without what no page needs and what screen readers stumble over."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx

TEMPLATES = Path(__file__).parent / "templates"
# The theme's icons that pages show, each one line in a box of 16 by 16.
ICONS = {
    ".fa-bars": "M2 4h12M2 8h12M2 12h12",
    ":is(.fa-list, .fa-outdent)": "M2 4h.1M2 8h.1M2 12h.1M6 4h8M6 8h8M6 12h8",
    ".fa-magnifying-glass": "M2.5 7a4.5 4.5 0 1 0 9 0 4.5 4.5 0 1 0-9 0m7.7 3.5 3.8 3.8",
    ".fa-circle-half-stroke": "M2 8a6 6 0 1 0 12 0A6 6 0 1 0 2 8"
    "M8.8 2v12M10 2.6v10.8M11.4 3.5v9M12.6 5v6",
    ".fa-sun": "M5 8a3 3 0 1 0 6 0 3 3 0 1 0-6 0M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1"
    "M12 12l1 1M3 13l1-1M12 4l1-1",
    ".fa-moon": "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z",
    ".fa-angle-left": "M10 3 5 8l5 5",
    ".fa-angle-right": "m6 3 5 5-5 5",
    ".fa-arrow-up": "M8 14V2M3 7l5-5 5 5",
    ".fa-chevron-down": "m3 6 5 5 5-5",
    ".fa-download": "M8 2v8M4 7l4 4 4-4M2 14h12",
}
FONT_AWESOME = re.compile(r"<(?:link|script)\b[^>]*/fontawesome/[^>]*>(?:</script>)?\n?")


def icons() -> str:
    """The style of the icons, as masks: they take the colour of the text around them."""
    rules = []
    for selector, path in ICONS.items():
        svg = (
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' fill='none' "
            f"stroke='#000' stroke-width='1.6' stroke-linecap='round'><path d='{path}'/></svg>"
        )
        address = quote(svg, safe=" ='/:,.")
        rules.append(f'{selector} {{ --icon: url("data:image/svg+xml,{address}"); }}\n')
    return "".join(rules)


def write_icons(app: Sphinx) -> None:
    if app.builder.format == "html":
        Path(app.outdir, "_static", "resnet_lab", "icons.css").write_text(icons(), encoding="utf-8")


def drop_icons(app: Sphinx, exception: Exception | None) -> None:
    """The theme loads every icon of Font Awesome, half a megabyte compressed; ours are a few."""
    if Path(app.outdir, "_static", "vendor", "fontawesome").exists():  # the theme of Python 3.10
        for page in Path(app.outdir).rglob("*.html"):
            text = page.read_text(encoding="utf-8")
            page.write_text(FONT_AWESOME.sub("", text), encoding="utf-8")
    script = Path(app.outdir, "_static", "scripts", "fontawesome.js")
    if script.exists():
        script.write_text("")
        style = Path(app.outdir, "_static", "styles", "pydata-sphinx-theme.css")
        rules = re.sub(r"[^{}]*\.fa-[^{}]*\{[^{}]*\}", "", style.read_text(encoding="utf-8"))
        style.write_text(rules, encoding="utf-8")


def mend_roles(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """A table's heading without a word is a cell, a reference is an item of its list."""
    if "body" in context:
        body = re.sub(r'<th class="head[^>]*><p></p></th>', "<td></td>", context["body"])
        context["body"] = body.replace('role="doc-biblioentry"', 'role="listitem"')


def setup(app: Sphinx) -> dict[str, bool]:
    app.config.templates_path.append(str(TEMPLATES))
    app.add_css_file("resnet_lab/icons.css")
    app.connect("builder-inited", write_icons, priority=600)  # `live` makes the folder
    app.connect("html-page-context", mend_roles)
    app.connect("build-finished", drop_icons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
