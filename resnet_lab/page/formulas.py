"""A Sphinx extension that sets formulas while the book is built: pages carry pictures with MathML beside them.

No page loads a typesetter, nothing jumps when it arrives, and a formula looks the same everywhere. MathJax does the work,
in an engine without a page; `resnet_lab.page` loads this extension.
"""

import atexit
import json
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

MATHJAX = Path(find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"
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
    a11y["assistive-mml"].AssistiveMmlHandler(handlers.html_ts.RegisterHTMLHandler(adaptor));
    const tex = new input.tex_ts.TeX({packages: ["base", "ams"], formatError(jax, error) { throw Error(error.message); }});
    const svg = new output.svg_ts.SVG({fontCache: "global", font: new output.svg.fonts.tex_ts.TeXFont()});
    const page = mathjax.mathjax.document("", {InputJax: tex, OutputJax: svg});
    const typeset = (text, display) => adaptor.outerHTML(page.convert(text, {display}));
"""


@cache
def engine():
    from py_mini_racer import MiniRacer

    racer = MiniRacer()
    atexit.register(racer.close)  # it would keep Python from ending
    racer.eval("var global = globalThis;")
    for part in PARTS:
        racer.eval((MATHJAX / f"{part}.js").read_text(encoding="utf-8"))
    racer.eval(START)
    return racer


@cache
def typeset(text: str, display: bool) -> str:
    """HTML for a formula in TeX, on a line of its own if `display`. Raises ValueError if MathJax cannot read it."""
    if display and "\\\\" in text and "\\begin" not in text:
        text = f"\\begin{{split}}{text}\\end{{split}}"
    try:
        return engine().eval(f"typeset({json.dumps(text)}, {json.dumps(display)})")
    except Exception as error:
        raise ValueError(
            f"{text!r} is no formula that MathJax can read: {str(error).splitlines()[0]}"
        ) from None


def visit(self, node):
    display = isinstance(node, nodes.math_block)
    try:
        formula = typeset(node.astext(), display)
    except ValueError as error:
        logging.getLogger(__name__).warning(str(error), location=node)
        formula = self.encode(node.astext())
    tag = "div" if display else "span"
    number = (
        f'<span class="eqno">({node["number"]})</span>' if display and node.get("number") else ""
    )
    self.body.append(self.starttag(node, tag, "", CLASS="math") + number + formula + f"</{tag}>")
    raise nodes.SkipNode


def add_glyphs(app, pagename, templatename, context, doctree):
    """Give a page the outlines of the letters that its formulas use, each of them once."""
    used = sorted(set(re.findall(r'"#(MJX-[^"]+)"', context.get("body", ""))))
    if used:
        outlines = engine().eval("adaptor.innerHTML(svg.fontCache.getCache())")
        outlines = [re.search(f'<path id="{letter}" [^>]*></path>', outlines)[0] for letter in used]
        context["body"] += (
            f'<svg style="display: none" aria-hidden="true"><defs>{"".join(outlines)}</defs></svg>'
        )


def write_style(app):
    if app.builder.format == "html":
        style = engine().eval("adaptor.textContent(svg.styleSheet(page))")
        Path(app.outdir, "_static", "resnet_lab", "formulas.css").write_text(
            style, encoding="utf-8"
        )


def setup(app):
    app.add_html_math_renderer(
        "formulas", inline_renderers=(visit, None), block_renderers=(visit, None)
    )
    app.add_css_file("resnet_lab/formulas.css")
    app.connect("html-page-context", add_glyphs)
    app.connect(
        "builder-inited", write_style, priority=600
    )  # after resnet_lab.page has made the folder
    return {"parallel_read_safe": True, "parallel_write_safe": True}
