"""Formulas set while the book is built: pages carry pictures with MathML beside them.

No page loads a typesetter, nothing jumps when it arrives, and a formula looks the same everywhere.
MathJax does the work, in an engine without a page.
"""

from __future__ import annotations

import atexit
import json
import re
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

if TYPE_CHECKING:
    from py_mini_racer import MiniRacer

PACKAGE = "sphinx-mathjax-offline"
KNOWN = "0.0.2, with MathJax 3.2"
PARTS = (
    "core",
    "adaptors/liteDOM",
    "input/tex-base",
    "input/tex/extensions/ams",
    "output/svg",
    "output/svg/fonts/tex",
    "a11y/assistive-mml",
)
START = """
    const {adaptors, handlers, a11y, input, output, mathjax} = MathJax._;
    const adaptor = adaptors.liteAdaptor.liteAdaptor();
    const handler = handlers.html_ts.RegisterHTMLHandler(adaptor);
    a11y["assistive-mml"].AssistiveMmlHandler(handler);
    const formatError = (jax, error) => { throw Error(error.message); };
    const tex = new input.tex_ts.TeX({packages: ["base", "ams"], formatError});
    const font = new output.svg.fonts.tex_ts.TeXFont();
    const svg = new output.svg_ts.SVG({fontCache: "global", font});
    const page = mathjax.mathjax.document("", {InputJax: tex, OutputJax: svg});
    const typeset = (text, display) => adaptor.outerHTML(page.convert(text, {display}));
"""


@cache
def engine() -> MiniRacer:
    """MathJax in an engine of its own.

    Raises:
        ExtensionError: if the offline package does not hold what is needed here.
    """
    from py_mini_racer import MiniRacer

    found = find_spec(PACKAGE)
    if not found or not found.origin:
        raise ExtensionError(f"formulas need MathJax: pip install {PACKAGE}")
    folder = Path(found.origin).parent / "static" / "mathjax"
    racer = MiniRacer()
    atexit.register(racer.close)  # it would keep Python from ending
    racer.eval("var global = globalThis;")
    for part in PARTS:
        file = folder / f"{part}.js"
        if not file.is_file():
            raise broken(f"there is no {file}")
        racer.eval(file.read_text(encoding="utf-8"))
    try:
        racer.eval(START)
    except Exception as error:
        raise broken(f"its parts do not fit together: {str(error).splitlines()[0]}") from error
    return racer


def broken(what: str) -> ExtensionError:
    return ExtensionError(
        f"{PACKAGE} {version(PACKAGE)} is not as _ext/formulas.py takes it to be: {what}. "
        f"Known to work: {KNOWN}"
    )


@cache
def typeset(text: str, display: bool) -> str:
    """HTML for a formula in TeX.

    Args:
        text: the formula.
        display: whether it stands on a line of its own.

    Raises:
        ValueError: if MathJax cannot read it.
    """
    if display and "\\\\" in text and "\\begin" not in text:
        text = f"\\begin{{split}}{text}\\end{{split}}"
    try:
        return str(engine().eval(f"typeset({json.dumps(text)}, {json.dumps(display)})"))
    except ExtensionError:
        raise
    except Exception as error:
        raise ValueError(
            f"{text!r} is no formula that MathJax can read: {str(error).splitlines()[0]}"
        ) from None


def visit(self: HTML5Translator, node: nodes.Element) -> None:
    display = isinstance(node, nodes.math_block)
    try:
        formula = typeset(node.astext(), display)
    except ValueError as error:
        logging.getLogger(__name__).warning(str(error), location=node)
        formula = self.encode(node.astext())
    tag = "div" if display else "span"
    number = ""
    if display and node.get("number"):
        number = f'<span class="eqno">({node["number"]})</span>'
    self.body.append(self.starttag(node, tag, "", CLASS="math") + number + formula + f"</{tag}>")
    raise nodes.SkipNode


def add_glyphs(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Give a page the outlines of the letters that its formulas use, each of them once."""
    used = sorted(set(re.findall(r'"#(MJX-[^"]+)"', context.get("body", ""))))
    if not used:
        return
    cached = str(engine().eval("adaptor.innerHTML(svg.fontCache.getCache())"))
    outlines = dict(re.findall(r'(?=<path id="([^"]+)")(<path [^>]*></path>)', cached))
    context["body"] += (
        '<svg style="display: none" aria-hidden="true"><defs>'
        f"{''.join([outlines[letter] for letter in used])}</defs></svg>"
    )


def write_style(app: Sphinx) -> None:
    if app.builder.format == "html":
        style = str(engine().eval("adaptor.textContent(svg.styleSheet(page))"))
        file = Path(app.outdir, "_static", "resnet_lab", "formulas.css")
        file.write_text(style, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    renderer = (visit, None)
    app.add_html_math_renderer("formulas", inline_renderers=renderer, block_renderers=renderer)
    app.add_css_file("resnet_lab/formulas.css")
    app.connect("html-page-context", add_glyphs)
    app.connect("builder-inited", write_style, priority=600)  # `live` makes the folder
    return {"parallel_read_safe": True, "parallel_write_safe": True}
