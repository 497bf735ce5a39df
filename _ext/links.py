"""Plain Markdown links reach glossary terms and references, as in `glossary.md#term-stride`.

A term's target is an anchor, `<a id="term-stride"></a>`, which GitHub and JupyterLab know as well.
MyST looks for the part after # among a page's headings only; here it is told of the others.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

ANCHOR = re.compile(r'<a id="([\w-]+)">')


def find_anchors(app: Sphinx, doctree: nodes.document) -> None:
    for node in doctree.findall(nodes.raw):
        for target in ANCHOR.findall(node.astext()):
            slugs(app.env, app.env.docname)[target] = (0, target, "")


def find_references(app: Sphinx, env: BuildEnvironment) -> None:
    for citation in env.get_domain("cite").citations:  # type: ignore[attr-defined]
        target = citation.citation_id
        slugs(env, citation.bibliography_key.docname)[target] = (0, target, "")


def slugs(env: BuildEnvironment, docname: str) -> dict[str, tuple[int, str, str]]:
    """Where MyST keeps the places in a page that links may name."""
    places: dict[str, tuple[int, str, str]] = env.metadata[docname].setdefault("myst_slugs", {})
    return places


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", find_anchors)
    # After sphinxcontrib.bibtex has numbered its entries.
    app.connect("env-updated", find_references, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
